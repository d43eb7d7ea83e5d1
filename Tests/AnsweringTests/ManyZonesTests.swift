import Addresses
import Contexts
import DNSFormat
import Policy
import Testing
import ZoneFile
import Zones

@testable import Answering

@Suite("A server of more zones than 16 bits can number")
struct ManyZonesTests {
  @Test func `the last zone is answered from as the first is`() throws {
    let text = Array("@ 60 SOA . . 1 2 3 4 5\n@ 60 NS ns\n@ 60 A 192.0.2.1\na 60 CNAME @\n".utf8)
    let asked = [0, 65_535, 65_536, 65_999]
    // The others are there to be many: each has what a zone must have.
    let soa: [UInt8] = [0, 0] + (1...5).flatMap { [UInt8](arrayLiteral: 0, 0, 0, $0) }
    let options = ZoneBuildOptions(contexts: ContextTree(), services: [], seed: 1)
    let zones = try (0..<66_000).flatMap { number in
      let origin = try DomainName("z\(number).")
      var records = ZoneRecords(origin: origin, file: "z")
      if asked.contains(number) {
        records = ZoneFileReader.read(text, path: "z", origin: origin, open: { _ in .failure(.init(reason: "")) }).zone
      } else {
        records.append(owner: origin.wire, .soa, ttl: 60, rdata: soa)
      }
      return ZoneBuilder.build(ZoneSource(origin: origin, layers: [.init(context: 0, records: records)]), options).zones
    }
    let policy = try #require(Policy.read([]).policy)
    let fixture = Fixture(
      snapshot: Snapshot(
        policy: CompiledPolicy(policy), zones: ZoneDirectory(zones, contexts: policy.contexts, seed: 1)))
    for number in asked {
      #expect(try fixture.ask("a.z\(number).").data == ["192.0.2.1", "z\(number)."])
      #expect(try fixture.ask("b.z\(number).").rcode == "NXDOMAIN")
      #expect(try fixture.ask("z\(number).", .aaaa).authority == ["z\(number). 5 SOA . . 1 2 3 4 5"])
    }
  }
}
