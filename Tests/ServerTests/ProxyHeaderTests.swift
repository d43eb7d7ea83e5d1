import Addresses
import FlatMemory
import Policy
import TestSupport
import Testing

@testable import Server

@Suite("PROXY protocol §2.2: the header of version 2")
struct ProxyHeaderTests {
  private func read(_ octets: [UInt8]) -> ProxyHeader.Reading { ProxyHeader.read(octets.span) }

  /// The header, where the octets are one and nothing else.
  private func header(_ octets: [UInt8]) throws -> ProxyHeader {
    guard case .header(let header) = read(octets), header.length == octets.count else { throw NoHeader() }
    return header
  }
  private struct NoHeader: Error {}

  private func name(_ octets: [UInt8]) throws -> [UInt8]? { try header(octets).commonName.map { Array(octets[$0]) } }

  // The layout of §2.2, field by field: 203.0.113.7 port 51000 asks 192.0.2.1 port 53.
  private let overTCP4: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,  // signature
    0x21, 0x11, 0x00, 0x0c,  // version 2, PROXY; TCP over IPv4; 12 octets follow
    203, 0, 113, 7, 192, 0, 2, 1, 0xc7, 0x38, 0x00, 0x35,
  ]

  @Test func `an IPv4 header tells the client's address and port`() throws {
    let client = SocketAddress(IPAddress(v4: 0xcb00_7107), port: 51000)
    for transport in [0x11, 0x12] as [UInt8] {
      var octets = overTCP4
      octets[13] = transport
      #expect(try header(octets) == ProxyHeader(length: 28, client: .address(client), commonName: nil))
    }
  }

  @Test func `an IPv6 header tells the client's address, and a mapped one is IPv4`() throws {
    let six = try IPAddress("2001:db8::7").orThrow()
    #expect(try header(made(family: 0x21, six)).client == .address(SocketAddress(six, port: 4242)))
    #expect(try header(made(family: 0x22, six)).source == six)
    let mapped = made(family: 0x21, addresses: [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 30, 1, 5])
    #expect(try header(mapped).source == IPAddress(v4: 0x0a1e_0105))
  }

  @Test func `LOCAL is the proxy's own, whatever else is in the header`() throws {
    for (family, rest) in [(0x00, []), (0x11, overTCP4[16...].map { $0 }), (0xff, [1, 2, 3])] as [(UInt8, [UInt8])] {
      let octets = made(command: 0x20, family: family, rest)
      #expect(try header(octets).client == .proxy && header(octets).source == nil)
    }
  }

  @Test func `a client without an address is unknown and has the unspecified one`() throws {
    let unix = [UInt8](repeating: 0x2f, count: 216)
    let cases: [(UInt8, [UInt8])] = [
      (0x00, []), (0x01, []), (0x31, unix), (0x32, unix), (0x30, unix), (0x10, overTCP4[16...].map { $0 }),
    ]
    for (family, rest) in cases {
      let found = try header(made(family: family, rest))
      #expect(found.client == .unknown && found.source == IPAddress(high: 0, low: 0))
    }
  }

  @Test(arguments: [
    (12, 0x11), (12, 0x31), (12, 0x01), (12, 0x22), (12, 0x2f), (13, 0x41), (13, 0x13), (13, 0x1f), (13, 0x21),
    (13, 0x31),
    (15, 11), (0, 0x0e), (11, 0x0b),
  ])
  func `another version, command, family or transport, or too short a length, is malformed`(offset: Int, octet: UInt8) {
    var octets = overTCP4
    octets[offset] = octet
    #expect(read(octets) == .malformed)
  }

  @Test func `every beginning of a header is incomplete, whatever is behind one is not its own`() throws {
    let octets = made(family: 0x11, overTCP4[16...] + [4, 0, 1, 0xff] + tls(commonName: Array("web.prod".utf8)))
    for end in 0..<octets.count { #expect(read(Array(octets[..<end])) == .incomplete, "\(end) octets") }
    #expect(read(octets + [0, 12, 1, 2]) == .header(try header(octets)))
    #expect(try name(octets) == Array("web.prod".utf8))
  }

  @Test func `what is cut inside a header makes it malformed, not another header`() {
    let octets = made(family: 0x11, overTCP4[16...] + tls(commonName: Array("web.prod".utf8)))
    // Ends are good where an item ends: behind the addresses, and at the end.
    for end in 16..<octets.count {
      var cut = Array(octets[..<end])
      cut[15] = UInt8(end - 16)
      let isWhole = end == 28
      #expect((read(cut) != .malformed) == isWhole, "\(end) octets")
    }
  }

  @Test func `a header is at most 4096 octets`() throws {
    let most = made(family: 0x11, overTCP4[16...] + item(0xe0, [UInt8](repeating: 0, count: 4096 - 31)))
    #expect(try header(most).length == 4096)
    let more = made(family: 0x11, overTCP4[16...] + item(0xe0, [UInt8](repeating: 0, count: 4097 - 31)))
    #expect(read(more) == .malformed && read(Array(more[..<16])) == .malformed)
    #expect(read(Array(more[..<12]) + [0x21, 0x11, 0xff, 0xff]) == .malformed)
  }

  @Test func `unknown items are passed over`() throws {
    let others = [0x01, 0x02, 0x04, 0x05, 0x30, 0xe0, 0xff].flatMap { item($0, [1, 2, 3]) } + item(0x04, [])
    #expect(try header(made(family: 0x11, overTCP4[16...] + others)).commonName == nil)
  }

  // MARK: - The checksum

  @Test func `the checksum is CRC32c`() throws {
    // RFC 3720 §B.4 has this checksum for 32 octets of zero; a header cannot be those, so its own is computed twice.
    #expect(crc([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    var octets = made(family: 0x11, overTCP4[16...] + item(0x03, [0, 0, 0, 0]) + tls(commonName: Array("a".utf8)))
    let sum = crc(octets)
    for index in 0..<4 { octets[31 + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index))) }
    #expect(try name(octets) == Array("a".utf8))
    for index in octets.indices where index != 28 {  // its type: another is no checksum
      var changed = octets
      changed[index] ^= 0x10
      if case .header = read(changed) { Issue.record("octet \(index) was changed, and the header is taken") }
    }
  }

  @Test func `a checksum of another length, or two of them, are malformed`() {
    for items in [item(0x03, [0, 0, 0]), item(0x03, []), item(0x03, [0, 0, 0, 0, 0])] {
      #expect(read(made(family: 0x11, overTCP4[16...] + items)) == .malformed)
    }
    var octets = made(family: 0x11, overTCP4[16...] + item(0x03, [0, 0, 0, 0]))
    let sum = crc(octets)
    for index in 0..<4 { octets[31 + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index))) }
    #expect(read(octets) != .malformed)
    #expect(read(made(family: 0x11, Array(octets[16...]) + item(0x03, [0, 0, 0, 0]))) == .malformed)
  }

  // MARK: - The certificate

  @Test(
    arguments: [
      (0x03, 0, true), (0x05, 0, true), (0x07, 0, true), (0x02, 0, true), (0x01, 0, false), (0x00, 0, false),
      (0xf8, 0, false), (0x07, 1, false), (0x07, 0x0100_0000, false), (0x07, 0xffff_ffff, false),
    ] as [(UInt8, UInt32, Bool)])
  func `a common name is believed of a certificate that was shown and verified`(
    client: UInt8, verify: UInt32, isBelieved: Bool
  ) throws {
    let octets = made(family: 0x11, overTCP4[16...] + tls(client, verify, commonName: Array("web.prod".utf8)))
    #expect(try name(octets) == (isBelieved ? Array("web.prod".utf8) : nil))
  }

  @Test func `a name that can be none is told apart from no certificate`() throws {
    func name(ofItems items: [UInt8]) throws -> [UInt8]? { try self.name(made(family: 0x11, overTCP4[16...] + items)) }
    let long = [UInt8](repeating: 0x61, count: 256)
    #expect(try name(ofItems: tls(commonName: long)) == long)
    #expect(try name(ofItems: tls(commonName: long + [0x61])) == [])
    #expect(try name(ofItems: tls(commonName: [UInt8](repeating: 0x61, count: 3900))) == [])
    #expect(try name(ofItems: tls(commonName: [])) == [])
    #expect(try name(ofItems: tls(commonName: [1]) + tls(commonName: [1])) == [])
    #expect(try name(ofItems: tls(commonName: [1]) + tls(0, 1, commonName: nil)) == [])
    #expect(try name(ofItems: item(0x20, [7, 0, 0, 0, 0] + item(0x22, [1]) + item(0x22, [1]))) == [])
    #expect(try name(ofItems: tls(commonName: nil)) == nil)
    let strange: [UInt8] = [0, 0xff, 0xfe, 0x80, 0x0a, 0x22]
    #expect(try name(ofItems: tls(commonName: strange)) == strange)
  }

  @Test func `a certificate's item that ends too early is malformed`() {
    for value in [[], [7], [7, 0, 0, 0], [7, 0, 0, 0, 0, 0x22], [7, 0, 0, 0, 0, 0x22, 0, 2, 1]] as [[UInt8]] {
      #expect(read(made(family: 0x11, overTCP4[16...] + item(0x20, value))) == .malformed)
    }
  }

  // MARK: - Any octets

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `any octets are read, and what is told of them is within them`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var octets = made(
        command: [0x20, 0x21, 0x21, 0x21].randomElement(using: &random)!,
        family: [0x00, 0x11, 0x12, 0x21, 0x31, UInt8.random(in: 0...255, using: &random)].randomElement(
          using: &random)!,
        overTCP4[16...] + tls(UInt8.random(in: 0...7, using: &random), 0, commonName: Array("web".utf8))
          + item(3, [1, 2, 3, 4]))
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        octets[Int.random(in: 12..<octets.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      octets = Array(octets.prefix(Int.random(in: 0...octets.count, using: &random)))
      guard case .header(let header) = read(octets) else { continue }
      #expect((16...octets.count).contains(header.length), "seed \(seed)")
      if let name = header.commonName { #expect(name.upperBound <= header.length && name.count <= 256, "seed \(seed)") }
      #expect(read(Array(octets[..<header.length])) == .header(header), "seed \(seed)")
    }
  }
}

/// A header, its length filled in.
func made(command: UInt8 = 0x21, family: UInt8, _ rest: some Sequence<UInt8>) -> [UInt8] {
  let rest = Array(rest)
  let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  return signature + [command, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xff)] + rest
}

/// A header of a client at an address, port 4242, who asks the same address, port 53.
private func made(family: UInt8, _ address: IPAddress) -> [UInt8] { made(family: family, addresses: address.octets) }
private func made(family: UInt8, addresses: [UInt8]) -> [UInt8] {
  made(family: family, addresses + addresses + [0x10, 0x92, 0, 53])
}

private func item(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
  [type, UInt8(value.count >> 8), UInt8(value.count & 0xff)] + value
}

/// What a proxy tells of TLS: the version, and the certificate's common name.
private func tls(_ client: UInt8 = 7, _ verify: UInt32 = 0, commonName: [UInt8]?) -> [UInt8] {
  let verify = (0..<4).map { UInt8(truncatingIfNeeded: verify >> (24 - 8 * UInt32($0))) }
  return item(
    0x20, [client] + verify + item(0x21, Array("TLSv1.3".utf8)) + (commonName.map { item(0x22, $0) } ?? []))
}

/// CRC32c another way: by a table, as RFC 4960 §B computes it. HAProxy writes it in network byte order.
private func crc(_ octets: [UInt8]) -> UInt32 {
  let table = (0..<256 as Range<UInt32>).map { index in
    (0..<8).reduce(index) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82f6_3b78 : sum >> 1 }
  }
  return ~octets.reduce(UInt32.max) { sum, octet in table[Int((sum ^ UInt32(octet)) & 0xff)] ^ sum >> 8 }
}

extension Optional {
  fileprivate func orThrow() throws -> Wrapped { try #require(self) }
}
