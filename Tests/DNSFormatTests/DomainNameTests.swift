import TestSupport
import Testing

@testable import DNSFormat

@Suite("RFC 1035 §2.3.4, §3.1, §5.1: domain names in text and on the wire")
struct DomainNameTests {
  private let label63 = String(repeating: "a", count: 63)

  @Test func `a label has at most 63 octets`() throws {
    #expect(try DomainName("\(label63).").wire.count == 65)
    #expect(throws: NameError.longLabel) { try DomainName("\(label63)a.") }
    #expect(throws: NameError.longLabel) { try DomainName("\(label63)a") }
    #expect(throws: NameError.longLabel) { try DomainName(wire: [64] + [UInt8](repeating: 97, count: 64) + [0]) }
  }

  @Test func `a name has at most 255 octets, the root's included`() throws {
    let three = "\(label63).\(label63).\(label63)."
    let last = String(repeating: "b", count: 61)
    #expect(try DomainName(three + last + ".").wire.count == 255)
    #expect(throws: NameError.longName) { try DomainName(three + last + "b.") }
    // The origin counts too.
    let origin = try DomainName("b.")
    #expect(try DomainName(three + String(last.dropLast(2)), relativeTo: origin).wire.count == 255)
    #expect(throws: NameError.longName) { try DomainName(three + last.dropLast(), relativeTo: origin) }
    let most = String(repeating: "x.", count: 127)
    #expect(try DomainName(most).labelCount == 127)
    #expect(throws: NameError.longName) { try DomainName(most + "x.") }
  }

  @Test(arguments: ["a..b.", ".a.", "..", "", "a.."])
  func `an empty label is an error`(text: String) {
    #expect(throws: NameError.emptyLabel) { try DomainName(text) }
  }

  @Test(arguments: [#"a\"#, #"\1."#, #"\12a."#, #"\256."#, #"\300."#, #"a\12"#])
  func `a bad escape is an error`(text: String) {
    #expect(throws: NameError.badEscape) { try DomainName(text) }
  }

  @Test(
    arguments: [
      (#"a\.b."#, [3, 97, 46, 98, 0]), (#"\000."#, [1, 0, 0]), (#"\255."#, [1, 255, 0]), (#"\097\."#, [2, 97, 46, 0]),
      (#"\\."#, [1, 92, 0]), (#"\a."#, [1, 97, 0]), (".", [0]), ("@", [0]), (#"\@."#, [1, 64, 0]),
    ] as [(String, [UInt8])])
  func `an escape is the octet it means`(text: String, wire: [UInt8]) throws {
    #expect(try DomainName(text).wire == wire)
  }

  @Test func `an escaped octet counts once towards the limits`() throws {
    #expect(try DomainName(String(repeating: #"\000"#, count: 63) + ".").wire.count == 65)
    #expect(throws: NameError.longLabel) { try DomainName(String(repeating: #"\."#, count: 64) + ".") }
  }

  @Test func `a name without a final dot is relative to the origin`() throws {
    let origin = try DomainName("Example.")
    #expect(try DomainName("a.b", relativeTo: origin) == DomainName("a.b.example."))
    #expect(try DomainName(#"a\."#, relativeTo: origin).labelCount == 2)
    #expect(try DomainName("@", relativeTo: origin) == origin)
    #expect(try DomainName("a.b.example.").description(relativeTo: origin) == "a.b")
    #expect(origin.description(relativeTo: origin) == "@")
    #expect(try DomainName("other.").description(relativeTo: origin) == "other.")
  }

  @Test func `names are equal whatever the case of ASCII letters, and of those only`() throws {
    #expect(try DomainName("WWW.Example.") == DomainName("www.eXAMPLE."))
    #expect(try DomainName("WWW.Example.").hashValue == DomainName("www.example.").hashValue)
    #expect(try DomainName(#"\091."#) != DomainName(#"\123."#))  // [ and {
    #expect(try DomainName(#"\064."#) != DomainName(#"\096."#))  // @ and `
    #expect(try DomainName(#"\193."#) != DomainName(#"\225."#))
    #expect(try DomainName("ab.c.") != DomainName("a.bc."))
  }

  @Test func `a name is below its ancestors and no others`() throws {
    let name = try DomainName("a.b.c.")
    #expect(try name.isAtOrBelow(name) && name.isAtOrBelow(DomainName("B.c.")) && name.isAtOrBelow(.root))
    #expect(try !name.isAtOrBelow(DomainName("x.a.b.c.")) && !name.isAtOrBelow(DomainName("b.")))
    #expect(try !DomainName("ab.c.").isAtOrBelow(DomainName("b.c.")))
    #expect(name.parent.description == "b.c." && DomainName.root.parent == .root)
  }

  @Test(arguments: [[], [1, 97], [0, 0], [2, 97, 0], [0xc0, 0], [1, 97, 0, 1]] as [[UInt8]])
  func `octets that are not one whole name are an error`(wire: [UInt8]) {
    #expect(throws: NameError.self) { try DomainName(wire: wire) }
  }

  @Test func `a label is put in front within the limits`() throws {
    let name = try DomainName("b.")
    #expect(try name.prepending(label: [97]).description == "a.b.")
    #expect(throws: NameError.emptyLabel) { try name.prepending(label: []) }
    #expect(throws: NameError.longLabel) { try name.prepending(label: [UInt8](repeating: 97, count: 64)) }
    let long = DomainName(validWire: [UInt8](repeating: 1, count: 254) + [0])
    #expect(throws: NameError.longName) { try long.prepending(label: [97]) }
  }

  @Test func `a wildcard is a first label that is a lone asterisk`() throws {
    #expect(try DomainName("*.a.").isWildcard && DomainName("*.").isWildcard)
    #expect(try !DomainName("**.a.").isWildcard && !DomainName("a.*.").isWildcard && !DomainName.root.isWildcard)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `text to wire to text to wire gives the same`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(400) {
      let name = random.name(atMost: random.number(1...255))
      let read = try DomainName(name.description)
      #expect(read.wire == name.wire, "seed \(seed)")
      #expect(read.description == name.description, "seed \(seed)")
    }
  }
}
