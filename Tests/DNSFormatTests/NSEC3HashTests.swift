import FlatMemory
import Testing

@testable import DNSFormat

@Suite("RFC 5155 §5, Appendix A: hashed owner names")
struct NSEC3HashTests {
  /// The hash of a name's ancestor as the first label of an NSEC3 record's owner.
  private func hash(_ name: DomainName, labels: Int? = nil, salt: [UInt8], iterations: Int) -> String {
    let rdata: [UInt8] = [1, 0, UInt8(iterations >> 8), UInt8(iterations & 0xff), UInt8(salt.count)] + salt
    let memory = FlatArray(rdata)
    let parameters = NSEC3Parameters(memory, rdataAt: 0)
    var hash = SHA1()
    var key = OrderKey()
    var nameKey = NameKey()
    nameKey.load(name)
    key.load(nsec3Of: nameKey, labels: labels ?? name.labelCount, parameters, memory, using: &hash)
    let octets = (0..<key.count).map { key[$0] }
    #expect(octets.last == 0, "a label of an order key ends in a zero")
    return String(decoding: octets.dropLast(), as: UTF8.self)
  }

  private static let salt: [UInt8] = [0xaa, 0xbb, 0xcc, 0xdd]

  @Test(arguments: [
    ("example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"), ("a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
    ("ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"), ("ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"),
    ("ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r"), ("w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"),
    ("*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"), ("x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"),
    ("y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"), ("x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"),
    ("xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"),
    ("2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi"),
    // In capitals it is the same name (§5: in canonical form).
    ("X.Y.w.EXAMPLE.", "2vptu5timamqttgl4luu9kg21e0aor3s"),
  ])
  func `the names of Appendix A`(name: String, expected: String) throws {
    #expect(try hash(DomainName(name), salt: Self.salt, iterations: 12) == expected)
  }

  @Test(arguments: [(1, "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"), (2, "k8udemvp1j2f7eg6jebps17vp3n8i58h")])
  func `an ancestor is hashed as the same name alone is`(labels: Int, expected: String) throws {
    #expect(try hash(DomainName("x.y.w.example."), labels: labels, salt: Self.salt, iterations: 12) == expected)
  }

  @Test(arguments: [
    ("example.", "3msev9usmd4br9s97v51r2tdvmr9iqo1"), ("com.", "ck0pojmg874ljref7efn8430qvit8bsm"),
    (".", "bekjp7dgpvsjukll47bk43i3urmq4u2f"),
  ])
  func `no salt and no iterations, as RFC 9276 wants it`(name: String, expected: String) throws {
    #expect(try hash(DomainName(name), salt: [], iterations: 0) == expected)
  }

  @Test func `names of 255 octets, the longest salt, many iterations`() throws {
    let manyLabels = try DomainName(String(repeating: "a.", count: 127))
    #expect(hash(manyLabels, salt: [], iterations: 0) == "v6c38lv9jmd78cg1523dq8nftfaddi5u")
    #expect(hash(manyLabels, salt: Array(0...254), iterations: 3) == "ik4q8fld1sn049tgrtmvi0a4dk6v3v6m")
    let fewLabels = try DomainName(
      String(repeating: String(repeating: "x", count: 63) + ".", count: 3) + String(repeating: "y", count: 61) + ".")
    #expect(fewLabels.wire.count == 255)
    #expect(hash(fewLabels, salt: Self.salt, iterations: 12) == "mc50csqm3fmp739mm8u655ea5v6gg1ur")
    #expect(try hash(DomainName("example."), salt: Self.salt, iterations: 2500) == "vlmimde2077mlgvgb72lmnh9hmlg01tc")
  }

  @Test func `a NUL and a dot in a label are octets like others`() {
    let name = DomainName(validWire: [1, 0, 1, 1, 3, 0x61, 0x2e, 0x62, 0])
    #expect(hash(name, salt: Self.salt, iterations: 1) == "4n8csesc8f6ng5eqjbpfmths67cebuls")
  }

  @Test func `answers rest on an NSEC3PARAM of SHA-1 without flags (RFC 5155 §4.1.2)`() {
    let sets: [[UInt8]] = [[1, 0, 0, 12, 1, 0xaa], [1, 1, 0, 12, 1, 0xaa], [2, 0, 0, 12, 1, 0xaa]]
    let usable = sets.map { NSEC3Parameters(FlatArray($0), rdataAt: 0).isUsable }
    #expect(usable == [true, false, false])
  }
}
