import DNSFormat
import Testing

@testable import Answering

extension Fixture {
  /// Asks with the DO bit set (RFC 3225), and room enough that nothing is left out.
  func askSigned(_ name: String, _ type: RRType = .a, from source: String = "127.0.0.1") throws -> Reply {
    var request = Message.query(try DomainName(name), type, id: 0x4d2, udpSize: 4096)
    request[request.count - 4] |= 0x80
    return try send(request, from: source, transport: .tcp)
  }
}

extension Reply {
  /// The lines of a section that are not signatures.
  static func unsigned(_ lines: [String]) -> [String] { lines.filter { $0.split(separator: " ")[2] != "RRSIG" } }

  /// `owner TYPE` for what a section has a signature over, sorted.
  static func signed(_ lines: [String]) -> [String] {
    lines.compactMap { line in
      let fields = line.split(separator: " ").map(String.init)
      return fields.count > 3 && fields[2] == "RRSIG" ? "\(fields[0]) \(fields[3])" : nil
    }.sorted()
  }

  /// True where a record of DNSSEC that nobody asked for is anywhere in the response.
  var hasProofs: Bool {
    (answer + authority + additional).contains { ["RRSIG", "NSEC", "NSEC3"].contains($0.split(separator: " ")[2]) }
  }
}

/// What a response has to be, section by section, signatures apart.
struct Expected: Sendable {
  var question: String
  var type: RRType
  var rcode = "NOERROR"
  var isAuthoritative = true
  var answer: [String] = []
  var authority: [String] = []
  var additional: [String] = []
  /// `owner TYPE` of each signature in the three sections.
  var signatures: [String] = []

  /// Checks a response to the question asked with DO, and that without DO the proofs and signatures are not there.
  /// - Parameter unproven: what stays in the authority section without DO.
  func check(_ fixture: Fixture, unproven: [String]) throws {
    let reply = try fixture.askSigned(question, type)
    #expect(reply.rcode == rcode && reply.isAuthoritative == isAuthoritative && !reply.isTruncated)
    #expect(Reply.unsigned(reply.answer) == answer)
    #expect(Reply.unsigned(reply.authority).sorted() == authority.sorted())
    #expect(Reply.unsigned(reply.additional).sorted() == additional.sorted())
    let lines = reply.answer + reply.authority + reply.additional
    #expect(Reply.signed(lines) == signatures.sorted())
    #expect(Set(lines).count == lines.count, "no RR comes twice")
    let plain = try fixture.ask(question, type)
    #expect(plain.rcode == rcode && plain.isAuthoritative == isAuthoritative && !plain.hasProofs)
    #expect(plain.answer == answer && plain.authority.sorted() == unproven.sorted())
    #expect(plain.additional.sorted() == additional.sorted())
  }
}
