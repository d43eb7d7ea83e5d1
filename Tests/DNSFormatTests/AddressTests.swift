import Addresses
import TestSupport
import Testing

@Suite("RFC 4291 §2.2, RFC 5952: addresses and prefixes in text")
struct AddressTests {
  @Test(arguments: [
    // RFC 5952 §1 and §4: one address, many texts, one canonical form.
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("2001:0db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:0:1::1", "2001:db8::1:0:0:1"),
    ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"),
    ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
    ("2001:db8:aaaa:bbbb:cccc:dddd:0:1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"),
    ("2001:db8::aaaa:bbbb:cccc:dddd:1", "2001:db8:0:aaaa:bbbb:cccc:dddd:1"),  // §4.2.2: one group is not shortened
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"),
    ("0:0:0:0:0:0:0:0", "::"), ("0:0:0:0:0:0:0:1", "::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("fe80::", "fe80::"), ("1::8", "1::8"), ("::1.2.3.4", "::102:304"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    // RFC 4291 §2.5.5.2: a mapped address is the IPv4 address.
    ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:201", "192.0.2.1"),
    ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("192.0.2.1", "192.0.2.1"),
  ])
  func `an address is printed in its one canonical form`(text: String, canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == canonical)
    #expect(IPAddress(canonical) == address)
  }

  @Test(arguments: [
    "", ".", ":", ":::", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4.", ".1.2.3.4", "1..2.3",
    "1.2.3.-4",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1::", "1::2::3", "12345::", "g::", ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:", "1:", ":1", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "fe80::1%eth0",
    " ::1",
    "::1 ", "1.2.3.4/32",
  ])
  func `what is no address is none`(text: String) { #expect(IPAddress(text) == nil) }

  @Test(arguments: [
    ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3/32", "10.1.2.3"), ("10.1.2.3", "10.1.2.3"), ("10.1.2.3/0", "0.0.0.0/0"),
    ("2001:db8::1/32", "2001:db8::/32"), ("::/0", "::/0"), ("2001:db8::ff/127", "2001:db8::fe/127"),
    ("2001:db8:0:1::/64", "2001:db8:0:1::/64"), ("2001:db8:0:1:8000::/65", "2001:db8:0:1:8000::/65"),
    ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
  ])
  func `a prefix keeps its own bits only`(text: String, canonical: String) throws {
    #expect(try #require(Prefix(text)).description == canonical)
  }

  @Test(arguments: [
    "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "::ffff:10.0.0.0/95", "",
  ])
  func `what is no prefix is none`(text: String) { #expect(Prefix(text) == nil) }

  @Test func `a prefix contains the addresses that share its bits`() throws {
    for (text, inside, outside) in [
      ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"), ("10.1.2.3", "10.1.2.3", "10.1.2.2"),
      ("0.0.0.0/0", "1.2.3.4", "::1"),
      ("2001:db8::/63", "2001:db8:0:1::1", "2001:db8:0:2::"),
      ("2001:db8::/65", "2001:db8::7fff:0:0:1", "2001:db8::8000:0:0:0"),
      ("::/0", "ffff::", "1.2.3.4"),
    ] {
      let prefix = try #require(Prefix(text))
      #expect(try prefix.contains(#require(IPAddress(inside))), "\(text) \(inside)")
      #expect(try !prefix.contains(#require(IPAddress(outside))), "\(text) \(outside)")
    }
  }

  @Test(arguments: [1] as [UInt64])
  func `any address printed is read back`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(2000) {
      // Masks make zero groups common.
      let address = IPAddress(
        high: random.next() & random.next() & (random.next() & 1 == 0 ? 0xffff_0000_ffff_0000 : .max),
        low: random.next() & (random.next() & 1 == 0 ? 0xffff_0000_0000_ffff : .max))
      #expect(IPAddress(address.description) == address, "seed \(seed)")
      let v4 = IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
      #expect(IPAddress(v4.description) == v4, "seed \(seed)")
    }
  }

  @Test(arguments: [
    ("127.0.0.1:5300", "127.0.0.1:5300"), ("[::1]:5300", "[::1]:5300"), ("127.0.0.1", "127.0.0.1:53"),
    ("::1", "[::1]:53"),
    ("[::1]", "[::1]:53"), ("1.2.3.4:0", "1.2.3.4:0"),
  ])
  func `a socket address has a port, written or not`(text: String, canonical: String) throws {
    #expect(try #require(SocketAddress(text, defaultPort: 53)).description == canonical)
  }

  @Test(arguments: [
    "", "[127.0.0.1]:53", "127.0.0.1:", "127.0.0.1:65536", "[::1", "::1]:53", "[::1]53", "host:53", "1.2.3.4:+5",
  ])
  func `what is no socket address is none`(text: String) { #expect(SocketAddress(text, defaultPort: 53) == nil) }
}
