import DNSFormat
import Testing

@testable import Answering

/// A request, built as dig's switches build it.
struct Request {
  var name = "e.test."
  var type: RRType = .soa
  var rclass: UInt16 = 1
  var flags: UInt16 = 0
  var questions: UInt16 = 1
  /// Nil for a request without OPT.
  var edns: EDNS?
  /// Whole records behind the question or the OPT, that the additional section counts.
  var additional: [[UInt8]] = []

  struct EDNS {
    var version: UInt8 = 0
    var flags: UInt16 = 0
    var udpSize: UInt16 = 1232
    var options: [(code: UInt16, data: [UInt8])] = []
  }

  var octets: [UInt8] {
    get throws {
      var octets: [UInt8] = []
      let count = UInt16(additional.count + (edns == nil ? 0 : 1))
      for field in [0x4d2, flags, questions, 0, 0, count] { octets.append(integer: field) }
      if questions > 0 {
        octets += try DomainName(name).wire
        for field in [type.rawValue, rclass] { octets.append(integer: field) }
      }
      if let edns {
        octets += [0, 0, 41]
        for field in [edns.udpSize, UInt16(edns.version), edns.flags] { octets.append(integer: field) }
        let options = edns.options.flatMap { option in
          [
            UInt8(option.code >> 8), UInt8(option.code & 255), UInt8(option.data.count >> 8),
            UInt8(option.data.count & 255),
          ]
            + option.data
        }
        octets.append(integer: UInt16(options.count))
        octets += options
      }
      return octets + additional.joined()
    }
  }
}

extension Reply {
  /// The header's flags without QR, as dig names them.
  var flags: [String] {
    let names: [(UInt16, String)] = [
      (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z"), (0x0020, "ad"), (0x0010, "cd"),
    ]
    return names.filter { (message?.flags ?? 0) & $0.0 != 0 }.map(\.1)
  }

  /// The OPT's version and flags; nil where there is none.
  var ednsHead: (version: UInt8, flags: UInt16)? {
    guard message?.options != nil else { return nil }
    // The OPT is the last record, and its options are at its end.
    let size = (message?.options ?? []).reduce(0) { $0 + 4 + $1.data.count }
    let ttl = octets.count - size - 6
    return (octets[ttl + 1], UInt16(octets[ttl + 2]) << 8 | UInt16(octets[ttl + 3]))
  }

  /// The data of an option; nil where there is none.
  func option(_ code: UInt16) -> [UInt8]? { message?.options?.first { $0.code == code }?.data }
}

@Suite("RFC 8906 §8: every query, and the response that it expects")
struct RFC8906Tests {
  /// What a response must be.
  struct Expected {
    var rcode = "NOERROR"
    /// The SOA in the answer section.
    var hasSOA = true
    var flags = ["aa"]
    /// The OPT's flags; its version is always 0. Nil for a response without OPT.
    var edns: UInt16?
    var transport = Arrival.Transport.udp
    var isTruncated = false
  }

  struct Case: CustomTestStringConvertible {
    let title: String
    let request: Request
    let expected: Expected
    var testDescription: String { title }
    init(_ title: String, _ request: Request, _ expected: Expected = Expected()) {
      (self.title, self.request, self.expected) = (title, request, expected)
    }
  }

  private static let badVersion = Expected(rcode: "BADVERS", hasSOA: false, flags: [], edns: 0)
  private static let options: [(code: UInt16, data: [UInt8])] = [
    (10, [1, 2, 3, 4, 5, 6, 7, 8]), (3, []), (9, []), (8, [0, 1, 0, 0]),
  ]

  static let cases: [Case] = [
    Case("§8.1.1 is the zone there?", Request()),
    Case("§8.1.2 an unknown type", Request(type: RRType(1000)), Expected(hasSOA: false)),
    Case("§8.1.3.1 CD", Request(flags: 0x0010)),
    Case("§8.1.3.2 AD", Request(flags: 0x0020)),
    Case("§8.1.3.3 the reserved bit", Request(flags: 0x0040)),
    Case("§8.1.3.4 RD", Request(flags: 0x0100), Expected(flags: ["aa", "rd"])),
    Case(
      "§8.1.4 an unknown opcode, header only", Request(flags: 15 << 11, questions: 0),
      Expected(rcode: "NOTIMP", hasSOA: false, flags: [])),
    Case("§8.1.5 TCP", Request(), Expected(transport: .tcp)),
    Case("§8.2.1 plain EDNS", Request(edns: .init()), Expected(edns: 0)),
    Case("§8.2.2 EDNS version 1", Request(edns: .init(version: 1)), badVersion),
    Case("§8.2.3 an unknown option", Request(edns: .init(options: [(100, [])])), Expected(edns: 0)),
    Case("§8.2.4 an unknown flag", Request(edns: .init(flags: 0x0040)), Expected(edns: 0)),
    Case("§8.2.5 version 1 and an unknown flag", Request(edns: .init(version: 1, flags: 0x0040)), badVersion),
    Case("§8.2.6 version 1 and an unknown option", Request(edns: .init(version: 1, options: [(100, [])])), badVersion),
    Case(
      "§8.2.7 a response that is cut", Request(name: "big.e.test.", type: .txt, edns: .init(udpSize: 512)),
      Expected(hasSOA: false, flags: ["aa", "tc"], edns: 0, isTruncated: true)),
    Case("§8.2.8 DO", Request(edns: .init(flags: 0x8000)), Expected(edns: 0x8000)),
    Case(
      "§8.2.9 version 1 and DO", Request(edns: .init(version: 1, flags: 0x8000)),
      Expected(rcode: "BADVERS", hasSOA: false, flags: [], edns: 0x8000)),
    Case("§8.2.10 several options that are defined", Request(edns: .init(options: options)), Expected(edns: 0)),
    // Beyond the RFC's list: the same for every other thing that a request may have set.
    Case("every unknown EDNS flag", Request(edns: .init(flags: 0x7fff)), Expected(edns: 0)),
    Case("every EDNS flag with version 255", Request(edns: .init(version: 255, flags: 0xffff)), badVersionDO),
    Case("every header flag", Request(flags: 0x07f0), Expected(flags: ["aa", "rd"])),
    Case("an RCODE in the header", Request(flags: 0x000f)),
    Case(
      "an unknown opcode, header and OPT", Request(flags: 15 << 11, questions: 0, edns: .init()),
      Expected(rcode: "NOTIMP", hasSOA: false, flags: [], edns: 0)),
    Case(
      "an unknown opcode in a message that reads as a query", Request(flags: 15 << 11, edns: .init(flags: 0x8000)),
      Expected(rcode: "NOTIMP", hasSOA: false, flags: [], edns: 0x8000)),
  ]
  private static let badVersionDO = Expected(rcode: "BADVERS", hasSOA: false, flags: [], edns: 0x8000)

  private let fixture: Fixture

  init() throws {
    let text = String(repeating: "x", count: 250)
    fixture = try Fixture(["e.test.zone": zoneHead + "big TXT \"\(text)\" \"\(text)\"\n"])
  }

  @Test(arguments: cases) func `the response that is expected`(_ example: Case) throws {
    let expected = example.expected
    let reply = try fixture.send(try example.request.octets, transport: expected.transport)
    #expect(reply.rcode == expected.rcode && reply.flags == expected.flags)
    #expect(reply.answer.contains { $0.contains(" SOA ") } == expected.hasSOA)
    #expect(reply.ednsHead?.version == (expected.edns == nil ? nil : 0))
    #expect(reply.ednsHead?.flags == expected.edns)
    #expect(reply.isTruncated == expected.isTruncated)
    #expect(reply.option(100) == nil && reply.option(8) == nil && reply.option(9) == nil)
    #expect(reply.message?.id == 0x4d2 && reply.message?.questions.count == Int(example.request.questions))
  }
}
