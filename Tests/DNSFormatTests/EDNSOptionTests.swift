import Testing

@testable import DNSFormat

/// A query for `a. A` whose OPT has these options.
private func request(_ options: [UInt8], questions: UInt16 = 1, version: UInt8 = 0, rest: [UInt8] = []) -> [UInt8] {
  var octets: [UInt8] = []
  for field in [0xabcd, 0, questions, 0, 0, 1] as [UInt16] { octets.append(integer: field) }
  if questions == 1 { octets += [1, 97, 0, 0, 1, 0, 1] }
  octets += [0, 0, 41, 4, 208, 0, version, 0, 0]
  octets.append(integer: UInt16(options.count))
  return octets + options + rest
}

/// An option.
private func option(_ code: UInt16, _ data: [UInt8] = []) -> [UInt8] {
  var octets: [UInt8] = []
  octets.append(integer: code)
  octets.append(integer: UInt16(data.count))
  return octets + data
}

@Suite("RFC 6891 §6.1.2, RFC 7873 §5.2, RFC 5001 §2.1, RFC 7828 §3: a request's options")
struct EDNSOptionTests {
  @Test func `what is asked for is known, whatever stands around it`() {
    let all = option(100, [1, 2, 3]) + option(3) + option(12, [0, 0]) + option(11) + option(8, [0, 1, 0, 0])
    let (query, error, _) = read(request(all + option(10, Array(1...8)) + option(65001)))
    #expect(error == nil && query.options == [.nsid, .keepalive, .cookie, .clientSubnet])
    #expect(read(request([])).query.options == [])
    #expect(read(request(option(9) + option(13, [0]) + option(15, [0, 1]))).query.options == [])
  }

  @Test(arguments: 0...60) func `a cookie has 8 octets, or 16 to 40`(size: Int) {
    let (query, error, _) = read(request(option(10, [UInt8](repeating: 1, count: size))))
    let isGood = size == 8 || (16...40).contains(size)
    #expect(error == (isGood ? nil : .malformed))
    #expect(query.options.contains(.cookie) == isGood)
    #expect(query.hasEDNS && query.udpSize == 1232, "the OPT itself was understood, so one goes back")
  }

  @Test func `only a server cookie as long as ours is one`() {
    for size in [8, 16, 23, 24, 25, 40] {
      let octets = request(option(10, (0..<size).map { UInt8($0) }))
      let query = read(octets).query
      #expect(query.clientCookie(octets.span) == 0x0001_0203_0405_0607)
      let expected = ServerCookie(head: 0x0809_0a0b_0c0d_0e0f, hash: 0x1011_1213_1415_1617)
      #expect(query.serverCookie(octets.span) == (size == 24 ? expected : nil), "\(size) octets")
    }
  }

  @Test func `of several cookies the first counts (RFC 7873 §4)`() {
    let octets = request(option(10, [1, 2, 3, 4, 5, 6, 7, 8]) + option(10, [9]) + option(10, Array(1...24)))
    let (query, error, _) = read(octets)
    #expect(error == nil && query.clientCookie(octets.span) == 0x0102_0304_0506_0708)
    #expect(query.serverCookie(octets.span) == nil)
  }

  @Test func `options of another EDNS version are not looked at`() {
    let (query, error, _) = read(request([0, 10, 0, 99, 1], version: 1))
    #expect(error == nil && query.ednsVersion == 1 && query.options == [])
  }

  @Test func `QDCOUNT 0 is a request for a cookie, and else FORMERR (RFC 7873 §5.4)`() {
    let (query, error, _) = read(request(option(10, Array(1...8)), questions: 0))
    #expect(error == nil && !query.hasQuestion && query.questionEnd == 12 && query.options == .cookie)
    #expect(read(request([], questions: 0)).error == .questionCount)
    #expect(read(request(option(3), questions: 0)).error == .questionCount)
    #expect(read(request(option(10, [1]), questions: 0)).error == .questionCount)
    #expect(read(request(option(10, Array(1...8)), questions: 0, rest: [0])).error == .questionCount)
  }

  @Test func `another opcode's message that reads as a query keeps its question and OPT, any other only its header`() {
    var octets = request(option(10, Array(1...8)))
    octets[2] = 5 << 3
    let (query, error, _) = read(octets)
    #expect(error == .opcode && query.hasQuestion && query.hasEDNS && query.options == .cookie)
    for damaged in [octets + [0], Array(octets.dropLast()), Array(octets.prefix(12))] {
      let (query, error, _) = read(damaged)
      #expect(error == .opcode && query.questionEnd == 12 && !query.hasEDNS && query.options == [])
      #expect(query.id == 0xabcd && query.opcode == 5)
    }
  }
}

@Suite("RFC 8945 §5: a signed request, to a server without keys")
struct TSIGTests {
  private static let data: [UInt8] =
    [3, 97, 108, 103, 0] + [0, 0, 1, 2, 3, 4, 1, 44] + [0, 4, 9, 9, 9, 9] + [0xab, 0xcd, 0, 0, 0, 0]

  /// A TSIG of key `k.e.`
  private static func tsig(_ data: [UInt8] = data, owner: [UInt8] = [1, 107, 1, 101, 0], rclass: UInt16 = 255)
    -> [UInt8]
  {
    var octets = owner
    for field in [250, rclass, 0, 0, UInt16(data.count)] { octets.append(integer: field) }
    return octets + data
  }

  private static func error(_ rest: [UInt8], counts: [UInt16] = [1, 0, 0, 1]) -> WireError? {
    var octets: [UInt8] = []
    for field in [0xabcd, 0] + counts { octets.append(integer: field) }
    return read(octets + [1, 97, 0, 0, 1, 0, 1] + rest).error
  }

  @Test func `well-formed and last: signed`() {
    let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
    #expect(Self.error(Self.tsig()) == .signed)
    #expect(Self.error(opt + Self.tsig(), counts: [1, 0, 0, 2]) == .signed)
  }

  @Test func `anywhere else, twice, or not to be interpreted: malformed, as NSD, Knot and BIND have it`() {
    let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
    #expect(Self.error(Self.tsig() + opt, counts: [1, 0, 0, 2]) == .malformed)
    #expect(Self.error(Self.tsig() + Self.tsig(), counts: [1, 0, 0, 2]) == .malformed)
    #expect(Self.error(Self.tsig(), counts: [1, 1, 0, 0]) == .malformed)
    #expect(Self.error(Self.tsig(), counts: [1, 0, 1, 0]) == .malformed)
    #expect(Self.error(Self.tsig(rclass: 1)) == .malformed)
    #expect(Self.error(Self.tsig(owner: [0xc0, 12])) == .malformed)
    #expect(Self.error(Self.tsig(Self.data + [0])) == .malformed)
    for size in 0..<Self.data.count {
      #expect(Self.error(Self.tsig(Array(Self.data[..<size]))) == .malformed, "\(size) octets")
    }
  }
}
