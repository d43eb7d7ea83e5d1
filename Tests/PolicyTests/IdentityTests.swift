import Addresses
import FlatMemory
import Testing

@testable import Policy

@Suite("DESIGN §3.1: who calls, by a certificate or a user")
struct IdentityTests {
  private func compiled() throws -> CompiledPolicy {
    var policy = try policy(
      """
      origin a.test
      service web { identity "web.prod" "web canary"; uid 33 }
      service orders { identity orders.prod; uid 1000 1001; runs-at 10.0.0.0/8 }
      service café { identity "caf\u{e9}" }
      """)
    policy.services[2].users = [ServiceUser(text: "absent", number: nil, location: policy.services[2].location)]
    return CompiledPolicy(policy)
  }

  private func caller(
    _ compiled: CompiledPolicy, name: [UInt8]? = nil, user: UInt32? = nil, from source: String = "10.1.1.1"
  ) throws -> (service: String, by: Identification, basis: String) {
    var evidence = Evidence(source: try #require(IPAddress(source)), user: user)
    if let name { compiled.callers.note(commonName: name.span, in: &evidence) }
    let caller = compiled.callers.caller(evidence)
    var basis = OctetBuffer(capacity: 200)
    compiled.callers.appendBasis(caller.serviceBasis, to: &basis)
    return (compiled.serviceName(caller.service), caller.identification, text(basis))
  }

  @Test func `a certificate's name decides before a user, and a user before an address`() throws {
    let compiled = try compiled()
    let web = Array("web.prod".utf8)
    #expect(try caller(compiled) == ("orders", .address, "runs-at 10.0.0.0/8 (p:3)"))
    #expect(try caller(compiled, user: 33) == ("web", .user, "uid 33 (p:2)"))
    #expect(try caller(compiled, name: web, user: 1000) == ("web", .certificate, "identity \"web.prod\" (p:2)"))
    #expect(
      try caller(compiled, name: Array("web canary".utf8))
        == ("web", .certificate, "identity \"web canary\" (p:2)"))
  }

  @Test func `a certificate of nobody's makes nobody of who an address or a user says`() throws {
    let compiled = try compiled()
    for name in ["", "web", "web.pro", "web.prod.", "WEB.PROD", "web.prod\0", "cafe\u{301}"] {
      #expect(try caller(compiled, name: Array(name.utf8), user: 33) == ("", .certificate, ""), "\(name)")
    }
    #expect(try caller(compiled, name: [0xff, 0, 0x80]) == ("", .certificate, ""))
    #expect(try caller(compiled, name: Array("caf\u{e9}".utf8)).service == "café")
  }

  @Test func `a user who is no service leaves it to the address`() throws {
    let compiled = try compiled()
    #expect(compiled.callers.hasUsers && compiled.callers.isService(user: 1001) && !compiled.callers.isService(user: 0))
    for user in [0, 32, 34, 999, 1002, .max] as [UInt32] {
      #expect(try caller(compiled, user: user) == ("orders", .address, "runs-at 10.0.0.0/8 (p:3)"))
      #expect(try caller(compiled, user: user, from: "192.0.2.1") == ("", .none, ""))
    }
    #expect(try caller(compiled, user: 1001, from: "192.0.2.1").by == .user)
  }

  @Test func `evidence without a line has the service's first`() throws {
    let compiled = try compiled()
    let evidence = Evidence(source: IPAddress(v4: 1), certificateService: 1)
    #expect(compiled.callers.basis(compiled.callers.caller(evidence).serviceBasis)?.text == "identity \"web.prod\"")
    let orders = Array("orders.prod".utf8)
    let service = compiled.callers.service(ofCommonName: orders.span)
    #expect(service == 2)
  }

  @Test func `any number of names is found, and no other`() {
    func line(of name: String, in table: borrowing IdentityTable) -> UInt32 {
      let octets = Array(name.utf8)
      return table.line(of: octets.span)
    }
    let names = (0..<5000).map { "service-\($0).prod" }
    let table = IdentityTable(names.enumerated().map { ($1, UInt32($0 + 1)) })
    var wrong: [String] = []
    for (index, name) in names.enumerated() where line(of: name, in: table) != UInt32(index + 1) { wrong.append(name) }
    for index in 5000..<6000 where line(of: "service-\(index).prod", in: table) != 0 { wrong.append("\(index)") }
    #expect(wrong.isEmpty)
    let none = line(of: "", in: IdentityTable([]))
    let hasNoUsers = UserTable([]).isEmpty
    #expect(none == 0 && hasNoUsers)
  }

  @Test func `a policy without uid lines asks for no user`() throws {
    #expect(!CompiledPolicy(try policy("origin a.test; service web { identity a }")).callers.hasUsers)
  }
}
