import TestSupport
import Testing

@testable import DNSFormat

@Suite("RFC 1035 §4.1, RFC 6891 §6.1: reading a request")
struct QueryTests {
  private static let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0]  // UDP size 1232, DO

  /// A query for `a.Example. A`, with counts and what follows the question.
  private static func request(
    flags: UInt16 = 0x0100, counts: [UInt16] = [1, 0, 0, 0], name: [UInt8] = [1, 97, 7] + Array("Example".utf8) + [0],
    _ rest: [UInt8] = []
  ) -> [UInt8] {
    var octets: [UInt8] = [0xab, 0xcd]
    for field in [flags] + counts { octets.append(integer: field) }
    return octets + name + [0, 1, 0, 1] + rest
  }

  @Test func `a plain query`() throws {
    let (query, error, length) = read(Self.request())
    #expect(error == nil)
    #expect(query.id == 0xabcd && query.flags == 0x0100 && query.type == .a && query.qclass == 1)
    #expect(length == 11 && query.questionEnd == 12 + 11 + 4)
    #expect(!query.hasEDNS && query.udpSize == 512 && !query.isDNSSECOK)
  }

  @Test func `a query with an OPT`() throws {
    let (query, error, _) = read(Self.request(counts: [1, 0, 0, 1], Self.opt))
    #expect(error == nil)
    #expect(query.hasEDNS && query.udpSize == 1232 && query.ednsVersion == 0 && query.isDNSSECOK)
  }

  @Test(arguments: [(0, 512), (511, 512), (512, 512), (4096, 4096), (65535, 65535)] as [(UInt16, Int)])
  func `a UDP size below 512 is 512 (RFC 6891 §6.2.3)`(written: UInt16, size: Int) {
    var opt = Self.opt
    (opt[3], opt[4]) = (UInt8(written >> 8), UInt8(written & 255))
    #expect(read(Self.request(counts: [1, 0, 0, 1], opt)).query.udpSize == size)
  }

  @Test func `every query cut short is an error, never a trap`() {
    let options: [UInt8] = [0, 3, 0, 0, 0, 12, 0, 2, 1, 2]
    let opt: [UInt8] = Self.opt.prefix(9) + [0, UInt8(options.count)] + options
    let whole = Self.request(counts: [1, 0, 0, 1], opt)
    #expect(read(whole).error == nil)
    for size in 0..<whole.count {
      #expect(read(Array(whole[..<size])).error == (size < 12 ? .short : .malformed), "\(size) octets")
    }
  }

  @Test(arguments: [0, 2, 65535] as [UInt16]) func `QDCOUNT is 1 (RFC 9619)`(count: UInt16) {
    let (query, error, _) = read(Self.request(counts: [count, 0, 0, 0]))
    #expect(error == .questionCount)
    #expect(query.questionEnd == 12 && query.id == 0xabcd)
  }

  @Test func `a response is not a request, whatever it holds`() {
    #expect(read(Self.request(flags: 0x8180)).error == .isResponse)
    #expect(read([0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]).error == .isResponse)
  }

  @Test(arguments: 1...15 as ClosedRange<UInt16>) func `another opcode is not implemented`(opcode: UInt16) {
    #expect(read(Self.request(flags: opcode << 11)).error == .opcode)
  }

  @Test func `octets behind the last record are malformed`() {
    #expect(read(Self.request([0])).error == .malformed)
    #expect(read(Self.request(counts: [1, 0, 0, 1], Self.opt + [0])).error == .malformed)
  }

  @Test func `a QNAME with a pointer is malformed: there is nothing before it`() {
    #expect(read(Self.request(name: [0xc0, 12])).error == .malformed)
    #expect(read(Self.request(name: [1, 97, 0xc0, 12])).error == .malformed)
    #expect(read(Self.request(name: [1, 97, 0xc0, 0])).error == .malformed)
  }

  @Test func `a QNAME has at most 255 octets`() {
    let long = [UInt8](repeating: 1, count: 254)
    #expect(read(Self.request(name: long + [0])).nameLength == 255)
    #expect(read(Self.request(name: [2, 1] + long + [0])).error == .malformed)
    #expect(read(Self.request(name: [64] + [UInt8](repeating: 97, count: 64) + [0])).error == .malformed)
  }

  @Test func `the OPT stands once, at the root, in the additional section`() {
    #expect(read(Self.request(counts: [1, 0, 0, 2], Self.opt + Self.opt)).error == .malformed)
    #expect(read(Self.request(counts: [1, 0, 0, 1], [1, 97] + Self.opt)).error == .malformed)
    #expect(read(Self.request(counts: [1, 0, 0, 1], [0xc0, 12] + Self.opt.dropFirst())).error == .malformed)
    #expect(read(Self.request(counts: [1, 1, 0, 0], Self.opt)).error == .malformed)
    #expect(read(Self.request(counts: [1, 0, 1, 0], Self.opt)).error == .malformed)
  }

  @Test func `the OPT need not come last, and other records are skipped`() {
    let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
    #expect(read(Self.request(counts: [1, 1, 1, 2], record + record + Self.opt + record)).query.hasEDNS)
    #expect(read(Self.request(counts: [1, 0, 0, 2], Self.opt + record)).query.udpSize == 1232)
  }

  @Test func `a record's owner may point back, not forward or at itself`() {
    let rest: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    let at = UInt8(Self.request().count)
    #expect(read(Self.request(counts: [1, 0, 0, 1], [0xc0, 12] + rest)).error == nil)
    #expect(read(Self.request(counts: [1, 0, 0, 1], [0xc0, at] + rest)).error == .malformed)
    #expect(read(Self.request(counts: [1, 0, 0, 1], [0xc0, at + 1] + rest)).error == .malformed)
    #expect(read(Self.request(counts: [1, 0, 0, 1], [0x80, 12] + rest)).error == .malformed)
  }

  @Test(arguments: [[0], [0, 3, 0], [0, 3, 0, 1], [0, 3, 0, 1, 1, 0], [0, 3, 255, 255]] as [[UInt8]])
  func `options that do not fill their OPT are malformed`(options: [UInt8]) {
    let opt: [UInt8] = Self.opt.prefix(9) + [0, UInt8(options.count)] + options
    #expect(read(Self.request(counts: [1, 0, 0, 1], opt)).error == .malformed)
  }

  @Test func `another EDNS version is read, for BADVERS`() {
    var opt = Self.opt
    opt[6] = 1
    let (query, error, _) = read(Self.request(counts: [1, 0, 0, 1], opt))
    #expect(error == nil && query.ednsVersion == 1)
  }

  @Test(arguments: [51, 52] as [UInt64]) func `any octets are a query or an error`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let whole = Self.request(counts: [1, 0, 0, 1], Self.opt)
    for _ in 0..<rounds(5000) {
      var octets = random.number(0...9) == 0 ? random.octets(random.number(0...80)) : whole
      for _ in 0..<random.number(1...4) where !octets.isEmpty {
        octets[random.number(0...(octets.count - 1))] = UInt8(random.number(0...255))
      }
      let (query, error, _) = read(octets)
      #expect(query.questionEnd <= max(12, octets.count), "seed \(seed)")
      if error == nil { #expect(octets.count >= 17, "seed \(seed)") }
    }
  }
}
