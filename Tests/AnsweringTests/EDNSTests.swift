import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 6891, RFC 1035 §4.2.1, RFC 2181 §9: EDNS, sizes and truncation")
struct EDNSTests {
  private let fixture: Fixture

  init() throws {
    let many = (0..<90).map { "many A 10.1.\($0).1\n" }.joined()
    let text = "big TXT \"\(String(repeating: "x", count: 250))\" \"\(String(repeating: "y", count: 250))\"\n"
    let mx = (0..<20).map {
      "mail MX \($0) a-rather-long-name-for-a-host-number-\($0)\na-rather-long-name-for-a-host-number-\($0) A 192.0.2.\($0)\n"
    }
    let glue = (0..<12).map { "sub NS server-number-\($0).sub\nserver-number-\($0).sub AAAA 2001:db8::\($0)\n" }
    fixture = try Fixture([
      "e.test.zone": zoneHead + "a A 192.0.2.1\nalias CNAME many\n" + many + text + mx.joined() + glue.joined()
    ])
  }

  @Test func `an OPT answers an OPT, and only that`() throws {
    let with = try fixture.ask("a.e.test.")
    #expect(with.message?.udpSize == 1232 && with.message?.options?.isEmpty == true)
    #expect(try fixture.ask("a.e.test.", udpSize: nil).message?.options == nil)
    // In errors too.
    #expect(try fixture.ask("a.elsewhere.").message?.options != nil)
    #expect(try fixture.ask("b.e.test.").message?.options != nil)
  }

  @Test func `the DO bit comes back (RFC 3225 §3)`() throws {
    var request = try query("a.e.test.")
    request[request.count - 4] = 0x80
    let reply = try fixture.send(request)
    #expect(reply.octets[reply.octets.count - 4] == 0x80)
  }

  @Test func `another version is BADVERS, with our version and no data (RFC 6891 §6.1.3)`() throws {
    var request = try query("a.e.test.")
    request[request.count - 5] = 1
    let reply = try fixture.send(request)
    #expect(reply.rcode == "BADVERS" && reply.answer.isEmpty && reply.outcome.decision == .failed)
    #expect(reply.message?.questions.count == 1)
    #expect(reply.octets[reply.octets.count - 5] == 0)
  }

  @Test(arguments: [nil, 0, 512, 600, 1000, 1232, 4096, 65535] as [UInt16?])
  func `a response over UDP is within 512, what the asker takes, and 1232`(udpSize: UInt16?) throws {
    let limit = min(1232, max(512, Int(udpSize ?? 512)))
    for (name, type) in [("many", .a), ("mail", .mx), ("big", .txt), ("x.sub", .a), ("alias", .a)] as [(String, RRType)]
    {
      let reply = try fixture.ask("\(name).e.test.", type, udpSize: udpSize.map { max($0, 512) })
      #expect(reply.octets.count <= limit, "\(name)")
      #expect(reply.outcome.isTruncated == reply.isTruncated)
      let whole = try fixture.ask("\(name).e.test.", type, transport: .tcp)
      #expect(!whole.isTruncated)
      // Whole RRsets only: a section is all there or, of the last RRset, nothing.
      for (found, all) in [(reply.answer, whole.answer), (reply.authority, whole.authority)] {
        #expect(found == Array(all.prefix(found.count)))
        let cutOwner = found.count < all.count ? all[found.count].prefix { $0 != " " } : ""
        #expect(!found.contains { $0.prefix { $0 != " " } == cutOwner }, "\(name)")
      }
    }
  }

  @Test func `TC is set where what was asked for does not fit, and nothing else of it is sent`() throws {
    let reply = try fixture.ask("many.e.test.")
    #expect(reply.isTruncated && reply.answer.isEmpty && reply.rcode == "NOERROR" && reply.message?.options != nil)
    let chain = try fixture.ask("alias.e.test.")
    #expect(chain.isTruncated && chain.answer == ["alias.e.test. 300 CNAME many.e.test."])
    #expect(try fixture.ask("many.e.test.", transport: .tcp).answer.count == 90)
  }

  @Test func `additional data that does not fit is left out without TC`() throws {
    let reply = try fixture.ask("mail.e.test.", .mx)
    #expect(!reply.isTruncated && reply.answer.count == 20)
    #expect(reply.additional.count < 20)
    #expect(try fixture.ask("mail.e.test.", .mx, transport: .tcp).additional.count == 20)
  }

  @Test func `glue that does not fit sets TC (RFC 9471 §3.1)`() throws {
    let reply = try fixture.ask("x.sub.e.test.", udpSize: 512)
    #expect(reply.isTruncated && reply.authority.count == 12 && reply.additional.count < 12)
    #expect(try !fixture.ask("x.sub.e.test.").isTruncated)
  }
}

@Suite("Requests that are none, and questions that are not answered")
struct RejectionTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture(["e.test.zone": zoneHead + "a A 192.0.2.1\n"]) }

  @Test func `fewer than twelve octets, or a response, get silence`() throws {
    for size in 0..<12 {
      #expect(try fixture.send([UInt8](repeating: 0, count: size)).octets.isEmpty)
    }
    var request = try query("a.e.test.")
    request[2] |= 0x80
    let reply = try fixture.send(request)
    #expect(reply.octets.isEmpty && reply.outcome.decision == .silent && reply.outcome.wireError == .isResponse)
  }

  @Test func `QDCOUNT other than 1 is FORMERR without a question`() throws {
    for count in [0, 2] as [UInt8] {
      var request = try query("a.e.test.")
      request[5] = count
      let reply = try fixture.send(request)
      #expect(reply.rcode == "FORMERR" && reply.message?.questions.isEmpty == true && reply.message?.id == 0x4d2)
    }
    #expect(try fixture.send([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).rcode == "FORMERR")
  }

  @Test func `a malformed request is FORMERR with what of it was understood`() throws {
    let trailing = try fixture.send(query("a.e.test.") + [0])
    #expect(trailing.rcode == "FORMERR" && trailing.message?.questions.count == 1 && trailing.message?.options != nil)
    let whole = try query("a.e.test.")
    for size in 12..<whole.count {
      let reply = try fixture.send(Array(whole[..<size]))
      #expect(reply.rcode == "FORMERR" && reply.outcome.wireError == .malformed, "\(size) octets")
      #expect(reply.message?.questions.count == (size >= 26 ? 1 : 0), "\(size) octets")
    }
  }

  @Test(arguments: 1...15 as ClosedRange<UInt8>) func `another opcode is NOTIMP and comes back`(opcode: UInt8) throws {
    var request = try query("a.e.test.")
    request[2] = opcode << 3
    let reply = try fixture.send(request)
    #expect(reply.rcode == "NOTIMP" && reply.octets[2] == 0x80 | opcode << 3 && reply.message?.id == 0x4d2)
  }

  @Test func `RD comes back; RA, AD, CD and Z do not`() throws {
    var request = try query("a.e.test.")
    (request[2], request[3]) = (0x01, 0xf0)
    #expect(try fixture.send(request).message?.flags == 0x8500)
    (request[2], request[3]) = (0x06, 0x0f)
    #expect(try fixture.send(request).message?.flags == 0x8400)
  }

  @Test func `a name outside our zones is REFUSED, with EDE 20`() throws {
    for name in ["elsewhere.org.", ".", "test.", "xe.test."] {
      let reply = try fixture.ask(name)
      #expect(reply.rcode == "REFUSED" && reply.answer.isEmpty && reply.authority.isEmpty && !reply.isAuthoritative)
      #expect(reply.ede == "20" && reply.outcome.decision == .refused)
    }
    #expect(try fixture.ask("elsewhere.org.", udpSize: nil).ede == nil)
  }

  @Test(arguments: [3, 4, 254, 255, 0] as [UInt8]) func `a class other than IN is REFUSED`(qclass: UInt8) throws {
    var request = try query("a.e.test.", udpSize: nil)
    request[request.count - 1] = qclass
    #expect(try fixture.send(request).rcode == "REFUSED")
  }

  @Test(arguments: [251, 252] as [UInt16]) func `zone transfers are REFUSED`(type: UInt16) throws {
    #expect(try fixture.ask("e.test.", RRType(type)).rcode == "REFUSED")
  }

  @Test(arguments: [41, 253, 254, 249, 128, 0] as [UInt16])
  func `types that no zone has are NODATA, as with NSD and Knot`(type: UInt16) throws {
    let reply = try fixture.ask("e.test.", RRType(type))
    #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.isAuthoritative)
  }

  @Test func `the question comes back octet by octet, case and all`() throws {
    for name in ["A.e.TEST.", "a.E.test.", "NoSuch.E.Test.", "Elsewhere.ORG."] {
      let reply = try fixture.ask(name)
      let wire = try DomainName(name).wire
      #expect(Array(reply.octets[12..<(12 + wire.count)]) == wire)
    }
  }
}
