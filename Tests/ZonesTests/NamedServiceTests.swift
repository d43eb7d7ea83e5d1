import DNSFormat
import TestSupport
import Testing

@testable import Zones

@Suite("Which services a zone has a record for")
struct NamedServiceTests {
  @Test(arguments: [1, 2] as [UInt64])
  func `the sieve lets every name of its set through, and few others`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    func name() throws -> DomainName {
      let labels = (0..<random.number(1...6)).map { _ in
        String(
          (0..<random.number(1...12)).map { _ in "abcdefghijklmnopqrstuvwxyzABC".randomElement(using: &random) ?? "a" })
      }
      return try DomainName(labels.joined(separator: ".") + ".")
    }
    for count in [0, 1, 3, 60, 1000] {
      let names = Set(try (0..<count).map { _ in try name() })
      let sieve = NameSieve(names)
      for known in names {
        let text = Array([7, 7] + known.wire.map { random.chance(50) ? uppercased($0) : $0 } + [7, 65])
        let mayBe = sieve.mayHold(text.span, 2..<(2 + known.wire.count))
        #expect(mayBe)
      }
      let others = try (0..<2000).map { _ in try name() }.filter { !names.contains($0) }
      let passed = others.filter { sieve.mayHold($0.wire.span, $0.wire.indices) }.count
      #expect(passed * 5 < others.count, "\(passed) of \(others.count)")
    }
  }

  private func uppercased(_ octet: UInt8) -> UInt8 { (97...122).contains(octet) ? octet - 32 : octet }

  @Test func `a service with a record at or below its name is named, one that an overlay only hides too`() throws {
    let services =
      ["own", "below", "hidden", "none", "BELOW.x", "deep", "a.deep"].map { "\($0).z.test." } + ["own.y.test."]
    let fixture = try Fixture(
      contexts: ["in"], base: zoneHead + "own A 192.0.2.1\n_http._tcp.below TXT x\nq.below.X TXT y\nb.A.deep TXT z\n",
      ["in": "hidden 60 CNAME .\n"], services: services)
    let named = Set(fixture.namedServices.map { services[Int($0)] })
    #expect(named == Set(services).subtracting(["none.z.test.", "own.y.test."]))
  }
}
