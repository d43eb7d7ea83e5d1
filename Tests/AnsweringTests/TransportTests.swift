import DNSFormat
import Policy
import Testing

@testable import Answering

@Suite("Protocol bugs seen in the wild: what must hold of every response")
struct TransportTests {
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture(policy: "nsid \"ns1.example\"", ["e.test.zone": zoneHead + "a A 192.0.2.1\n"])
  }

  private func ask(
    _ options: [(code: UInt16, data: [UInt8])], transport: Arrival.Transport = .udp, type: RRType = .a,
    rclass: UInt16 = 1
  ) throws -> Reply {
    try fixture.send(
      try Request(name: "a.e.test.", type: type, rclass: rclass, edns: .init(options: options)).octets,
      transport: transport)
  }

  // MARK: - RFC 5001

  @Test func `NSID answers who asks for it, whatever data the question has, and nobody else`() throws {
    #expect(try ask([(3, [])]).option(3) == Array("ns1.example".utf8))
    #expect(try ask([(3, [1, 2])]).option(3) == Array("ns1.example".utf8))
    #expect(try ask([]).option(3) == nil)
    let silent = try Fixture(["e.test.zone": zoneHead])
    let request = try Request(edns: .init(options: [(3, [])])).octets
    #expect(try silent.send(request).message?.options?.isEmpty == true)
  }

  @Test func `nsid host-name is the server's, and nothing where it has none`() throws {
    let policy = try #require(Policy.read([("p", Array("nsid host-name".utf8))]).policy)
    #expect(ServerFacts(hostName: "ns7").nsid(for: policy) == Array("ns7".utf8))
    #expect(ServerFacts().nsid(for: policy).isEmpty)
    #expect(ServerFacts(hostName: String(repeating: "n", count: 300)).nsid(for: policy).count == 128)
  }

  // MARK: - RFC 7828

  @Test func `the idle time answers who asks for it over TCP, in units of 100 ms`() throws {
    #expect(try ask([(11, [])], transport: .tcp).option(11) == [0, 100])
    // RFC 7828 §3.2.1 wants no time in a query; as with BIND, one is passed over.
    #expect(try ask([(11, [1, 2])], transport: .tcp).option(11) == [0, 100])
    #expect(try ask([], transport: .tcp).option(11) == nil)
  }

  @Test func `over UDP the idle time is not answered (RFC 7828 §3.3.2)`() throws {
    #expect(try ask([(11, [])]).message?.options?.isEmpty == true)
  }

  // MARK: - Options and EDNS

  @Test func `padding, Client Subnet, EXPIRE, CHAIN and unknown options do not come back`() throws {
    let options: [(code: UInt16, data: [UInt8])] = [
      (12, [UInt8](repeating: 0, count: 40)), (8, [0, 1, 24, 0, 192, 0, 2]), (9, []), (13, [0]), (15, [0, 1]),
      (4711, [1]), (65001, []),
    ]
    for transport in [Arrival.Transport.udp, .tcp] {
      let reply = try ask(options, transport: transport)
      #expect(reply.message?.options?.isEmpty == true && reply.data == ["192.0.2.1"])
    }
  }

  @Test func `the OPT may stand before other records`() throws {
    let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
    let request = try Request(name: "a.e.test.", type: .a, edns: .init(), additional: [record]).octets
    #expect(try fixture.send(request).data == ["192.0.2.1"])
  }

  @Test func `a second OPT, one that is not at the root, and one with broken options are FORMERR with an OPT`() throws {
    let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
    let second = try fixture.send(try Request(edns: .init(), additional: [opt]).octets)
    #expect(second.rcode == "FORMERR" && second.message?.options?.isEmpty == true)
    let elsewhere = try fixture.send(try Request(additional: [[1, 120] + opt]).octets)
    #expect(elsewhere.rcode == "FORMERR" && elsewhere.message?.options == nil)
    let broken = try fixture.send(try Request(additional: [opt.dropLast(2) + [0, 4, 0, 3, 0, 9]]).octets)
    #expect(broken.rcode == "FORMERR" && broken.message?.options?.isEmpty == true)
  }

  @Test func `the EDNS size does not limit TCP`() throws {
    let many = try Fixture(["e.test.zone": zoneHead + (0..<90).map { "m A 10.1.\($0).1\n" }.joined()])
    let request = try Request(name: "m.e.test.", type: .a, edns: .init(udpSize: 512)).octets
    #expect(try many.send(request, transport: .tcp).answer.count == 90)
    #expect(try many.send(request).isTruncated)
  }

  // MARK: - Extended DNS Errors

  @Test(arguments: [(252, 1), (251, 1), (1, 3), (1, 4), (1, 254), (1, 999)] as [(UInt16, UInt16)])
  func `zone transfers and other classes are REFUSED as not supported`(type: UInt16, rclass: UInt16) throws {
    let reply = try ask([], type: RRType(type), rclass: rclass)
    #expect(reply.rcode == "REFUSED" && reply.ede == "21" && reply.outcome.decision == .refused)
  }

  // MARK: - RFC 8945

  private static let key: [UInt8] = [3, 107, 101, 121, 7] + Array("example".utf8) + [0]
  private static let tsigHead: [UInt8] = [0, 250, 0, 255, 0, 0, 0, 0]
  private static let algorithm: [UInt8] = [11] + Array("hmac-sha256".utf8) + [0]
  private static let time: [UInt8] = [0, 0, 0x65, 0x53, 0xf1, 0, 1, 44]

  private static var tsig: [UInt8] {
    let data = algorithm + time + [0, 32] + [UInt8](repeating: 7, count: 32) + [4, 210, 0, 0, 0, 0]
    return key + tsigHead + [0, UInt8(data.count)] + data
  }

  @Test(arguments: [false, true]) func `a signed query is NOTAUTH with BADKEY: we have no keys`(hasEDNS: Bool) throws {
    let request = Request(name: "a.e.test.", type: .a, edns: hasEDNS ? .init() : nil, additional: [Self.tsig])
    let reply = try fixture.send(request.octets)
    #expect(reply.rcode == "NOTAUTH" && reply.answer.isEmpty && !reply.isAuthoritative)
    #expect((reply.message?.options != nil) == hasEDNS)
    // Key, algorithm and time as they came; no MAC, the message's ID, BADKEY, nothing more.
    let data = Self.algorithm + Self.time + [0, 0, 4, 210, 0, 17, 0, 0]
    #expect(
      Array(reply.octets.suffix(Self.key.count + 10 + data.count)) == Self.key + Self.tsigHead + [0, UInt8(data.count)]
        + data)
    #expect(reply.message?.additional.count == 1 && reply.outcome.wireError == .signed)
  }

  @Test func `a signature that leaves no room gets NOTAUTH alone`() throws {
    let label = [63] + [UInt8](repeating: 97, count: 63)
    let long = label + label + label + [61] + [UInt8](repeating: 98, count: 61) + [0]
    let data = long + Self.time + [0, 0, 4, 210, 0, 0, 0, 0]
    let tsig = long + Self.tsigHead + [UInt8(data.count >> 8), UInt8(data.count & 255)] + data
    let reply = try fixture.send(try Request(name: "a.e.test.", additional: [tsig]).octets)
    #expect(reply.rcode == "NOTAUTH" && reply.message?.additional.isEmpty == true && reply.octets.count <= 512)
  }

  // MARK: - Other opcodes

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 15] as [UInt16])
  func `NOTIMP has an OPT where the request has one`(opcode: UInt16) throws {
    var request = Request(flags: opcode << 11 | 0x0100, edns: .init(flags: 0x8000))
    let reply = try fixture.send(request.octets)
    #expect(reply.rcode == "NOTIMP" && reply.ednsHead?.flags == 0x8000 && reply.message?.questions.count == 1)
    #expect(reply.octets[2] == 0x81 | UInt8(opcode) << 3 && reply.octets[3] == 4)
    request.edns = nil
    #expect(try fixture.send(request.octets).message?.options == nil)
    // A message that does not read as a query: its header is all there is to answer.
    let garbage = try fixture.send(request.octets.prefix(12) + [0xff, 0xff, 1, 2, 3])
    #expect(garbage.rcode == "NOTIMP" && garbage.octets.count == 12)
  }
}
