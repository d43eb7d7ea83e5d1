import Addresses
import Testing

@testable import DNSFormat

/// `e5e9…` as octets.
private func octets(_ hex: String) -> [UInt8] {
  var octets: [UInt8] = []
  var rest = hex[...]
  while !rest.isEmpty {
    octets.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
    rest = rest.dropFirst(2)
  }
  return octets
}

/// Two words, their first octets the highest, as 32 hexadecimal digits.
private func hex(_ cookie: ServerCookie) -> String {
  [cookie.head, cookie.hash].map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }.joined()
}

private func word(_ hex: some StringProtocol) -> UInt64 { UInt64(hex, radix: 16) ?? 0 }

@Suite("SipHash-2-4: the reference implementation's vectors")
struct SipHash24Tests {
  /// Key 00 01 … 0f; the input of row n is 00 01 … n-1.
  private static let vectors = [
    "310e0edd47db6f72", "fd67dc93c539f874", "5a4fa9d909806c0d", "2d7efbd796666785", "b7877127e09427cf",
    "8da699cd64557618", "cee3fe586e46c9cb", "37d1018bf50002ab", "6224939a79f5f593", "b0e4a90bdf82009e",
    "f3b9dd94c5bb5d7a", "a7ad6b22462fb3f4", "fbe50e86bc8f1e75", "903d84c02756ea14", "eef27a8e90ca23f7",
    "e545be4961ca29a1",
  ]

  @Test func `inputs of 0 to 15 octets`() throws {
    let key = try #require(SipHash24.Key(Array(0...15)))
    for (count, vector) in Self.vectors.enumerated() {
      var hash = SipHash24(key)
      let little = { (range: Range<Int>) in range.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
      if count >= 8 { hash.combine(little(0..<8)) }
      let result = hash.finish(tail: little((count >= 8 ? 8 : 0)..<count), octetCount: count)
      #expect(result.byteSwapped == word(vector), "\(count) octets")
    }
  }

  @Test(arguments: [0, 15, 17]) func `a key has 16 octets`(count: Int) {
    #expect(SipHash24.Key([UInt8](repeating: 0, count: count)) == nil)
  }
}

@Suite("RFC 9018 Appendix A, §4.3, §5: server cookies")
struct ServerCookieTests {
  /// One exchange of the appendix.
  struct Example: CustomTestStringConvertible {
    let title: String
    let client: String
    let address: String
    /// The server cookie that came; empty for none.
    let received: String
    let time: UInt32
    let secrets: [String]
    let sent: String
    let isValid: Bool
    var testDescription: String { title }
  }

  static let examples = [
    Example(
      title: "A.1, a client's first", client: "2464c4abcf10c957", address: "198.51.100.100", received: "",
      time: 1_559_731_985, secrets: ["e5e973e5a6b2a43f48e7dc849e37bfcf"], sent: "010000005cf79f111f8130c3eee29480",
      isValid: false),
    Example(
      title: "A.2, renewed after 40 minutes", client: "2464c4abcf10c957", address: "198.51.100.100",
      received: "010000005cf79f111f8130c3eee29480", time: 1_559_734_385,
      secrets: ["e5e973e5a6b2a43f48e7dc849e37bfcf"], sent: "010000005cf7a871d4a564a1442aca77", isValid: true),
    // The reserved octets that came are hashed as they came; this cookie is older than an hour, so it does not count.
    Example(
      title: "A.3, another client's", client: "fc93fc62807ddb86", address: "203.0.113.203",
      received: "01abcdef5cf78f71a314227b6679ebf5", time: 1_559_734_700,
      secrets: ["e5e973e5a6b2a43f48e7dc849e37bfcf"], sent: "010000005cf7a9acf73a7810aca2381e", isValid: false),
    Example(
      title: "A.3, had it come in time", client: "fc93fc62807ddb86", address: "203.0.113.203",
      received: "01abcdef5cf78f71a314227b6679ebf5", time: 1_559_727_985,
      secrets: ["e5e973e5a6b2a43f48e7dc849e37bfcf"], sent: "01abcdef5cf78f71a314227b6679ebf5", isValid: true),
    Example(
      title: "A.4, IPv6, made with the secret before", client: "22681ab97d52c298",
      address: "2001:db8:220:1:59de:d0f4:8769:82b8", received: "010000005cf7c57926556bd0934c72f8",
      time: 1_559_741_961, secrets: ["445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715"],
      sent: "010000005cf7c609a6bb79d16625507a", isValid: true),
    Example(
      title: "A.4, when the secret before is forgotten", client: "22681ab97d52c298",
      address: "2001:db8:220:1:59de:d0f4:8769:82b8", received: "010000005cf7c57926556bd0934c72f8",
      time: 1_559_741_961, secrets: ["445536bcd2513298075a5d379663c962"],
      sent: "010000005cf7c609a6bb79d16625507a", isValid: false),
  ]

  @Test(arguments: examples) func `the appendix's cookies`(example: Example) throws {
    let keys = try example.secrets.map { try #require(SipHash24.Key(octets($0))) }
    let secrets = CookieSecrets(keys[0], other: keys.count > 1 ? keys[1] : nil)
    let received = example.received
    let (cookie, isValid) = secrets.exchange(
      received.isEmpty ? nil : ServerCookie(head: word(received.prefix(16)), hash: word(received.suffix(16))),
      of: word(example.client), at: try #require(IPAddress(example.address)), time: example.time)
    #expect(hex(cookie) == example.sent)
    #expect(isValid == example.isValid)
  }

  /// Age in seconds; whether the cookie is good; whether it comes back as it is.
  private static let ages: [(Int32, Bool, Bool)] = [
    (0, true, true), (1799, true, true), (1800, true, false), (3600, true, false), (3601, false, false),
    (.max, false, false), (-300, true, true), (-301, false, false), (.min, false, false),
  ]

  @Test(arguments: [1_559_731_985, 0, 100, .max] as [UInt32])
  func `good for an hour and five minutes ahead, renewed after half an hour, whenever the clock wraps`(now: UInt32)
    throws
  {
    let secrets = CookieSecrets.random()
    let address = try #require(IPAddress("192.0.2.1"))
    for (age, isGood, comesBack) in Self.ages {
      let cookie = ServerCookie(for: 7, at: address, time: now &- UInt32(bitPattern: age), by: secrets.current)
      let (sent, isValid) = secrets.exchange(cookie, of: 7, at: address, time: now)
      #expect(isValid == isGood && (sent == cookie) == (comesBack || age == 0), "\(age) s")
      #expect(comesBack || sent.time == now)
    }
  }

  @Test func `a cookie is for one client cookie, one address, one secret, and as it was made`() throws {
    let secrets = CookieSecrets.random()
    let address = try #require(IPAddress("192.0.2.1"))
    let cookie = ServerCookie(for: 7, at: address, time: 50, by: secrets.current)
    func isValid(_ cookie: ServerCookie, _ client: UInt64 = 7, _ text: String = "192.0.2.1") throws -> Bool {
      secrets.exchange(cookie, of: client, at: try #require(IPAddress(text)), time: 50).isValid
    }
    #expect(try isValid(cookie))
    #expect(try isValid(cookie, 7, "::ffff:192.0.2.1"))
    #expect(try !isValid(cookie, 8))
    #expect(try !isValid(cookie, 7, "192.0.2.2"))
    #expect(try !isValid(cookie, 7, "2001:db8::1"))
    for bit in 0..<64 {
      #expect(try !isValid(ServerCookie(head: cookie.head ^ 1 << bit, hash: cookie.hash)), "head, bit \(bit)")
      #expect(try !isValid(ServerCookie(head: cookie.head, hash: cookie.hash ^ 1 << bit)), "hash, bit \(bit)")
    }
    let foreign = ServerCookie(for: 7, at: address, time: 50, by: CookieSecrets.random().current)
    #expect(try !isValid(foreign))
  }
}
