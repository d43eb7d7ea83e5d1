import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 2181 §11: any octets in a label, and names of every length")
struct OddNameTests {
  @Test(arguments: [
    "\\000", "a\\.b", "a\\ b", "\\009", "\\255\\254", "\\\"", "\\;", "\\(", "\\@", "@x", "\\\\", "a\\000b", "_", "-",
    "xn--nxasmq6b",
  ])
  func `an owner is found by its octets, and no other is`(label: String) throws {
    let fixture = try Fixture(["o.test.zone": zoneHead + "x\(label) A 192.0.2.1\n*.x\(label) TXT \"wild\"\n"])
    #expect(try fixture.ask("x\(label).o.test.").data == ["192.0.2.1"])
    #expect(try fixture.ask("X\(label).O.TEST.").data == ["192.0.2.1"])
    #expect(try fixture.ask("y.x\(label).o.test.", .txt).answer.count == 1)
    #expect(try fixture.ask("x\(label)y.o.test.").rcode == "NXDOMAIN")
    #expect(try fixture.ask("x.o.test.").rcode == "NXDOMAIN")
  }

  @Test func `a dot in a label is no boundary`() throws {
    let fixture = try Fixture(["o.test.zone": zoneHead + "a\\.b A 192.0.2.1\nb TXT \"b\"\na.b A 192.0.2.2\n"])
    #expect(try fixture.ask("a\\.b.o.test.").data == ["192.0.2.1"])
    #expect(try fixture.ask("a.b.o.test.").data == ["192.0.2.2"])
    #expect(try fixture.ask("c\\.b.o.test.").rcode == "NXDOMAIN")
  }

  @Test func `only letters have case`() throws {
    // @ [ ` { are next to the letters; 0xC1 is no letter of ASCII.
    let fixture = try Fixture(["o.test.zone": zoneHead + "q\\064 A 192.0.2.1\nq\\091 A 192.0.2.2\nq\\193 A 192.0.2.3\n"]
    )
    #expect(try fixture.ask("q\\096.o.test.").rcode == "NXDOMAIN")
    #expect(try fixture.ask("q\\123.o.test.").rcode == "NXDOMAIN")
    #expect(try fixture.ask("q\\225.o.test.").rcode == "NXDOMAIN")
    #expect(try fixture.ask("Q\\193.o.test.").data == ["192.0.2.3"])
  }

  @Test func `127 labels in every section`() throws {
    let deepest = String(repeating: "a.", count: 126) + "t."
    let fixture = try Fixture([
      "t.zone": zoneHead + "\(deepest) A 192.0.2.1\nto CNAME \(deepest)\nmx MX 1 \(deepest)\n\(deepest) TXT \"deep\"\n"
    ])
    #expect(try fixture.ask(deepest).answer == ["\(deepest) 300 A 192.0.2.1"])
    #expect(try fixture.ask("to.t.").answer.last == "\(deepest) 300 A 192.0.2.1")
    #expect(try fixture.ask("mx.t.", .mx).additional == ["\(deepest) 300 A 192.0.2.1"])
    #expect(try fixture.ask(deepest, .mx).authority == [soa("t.")])
    #expect(try fixture.ask("b." + deepest.dropFirst(2)).rcode == "NXDOMAIN")
  }

  @Test func `labels of 63 octets, a name of 255`() throws {
    let long = (0..<3).map { _ in String(repeating: "m", count: 63) + "." }.joined()
    let longest = String(repeating: "n", count: 59) + "." + long + "t."
    #expect(try DomainName(longest).wire.count == 255)
    let fixture = try Fixture(["t.zone": zoneHead + "\(longest) A 192.0.2.1\n*.\(long)t. A 192.0.2.2\n"])
    #expect(try fixture.ask(longest).data == ["192.0.2.1"])
    #expect(try fixture.ask("w." + long + "t.").data == ["192.0.2.2"])
  }

  @Test func `unknown types: data by number, and NODATA where there is none`() throws {
    let fixture = try Fixture(["o.test.zone": zoneHead + "u TYPE65280 \\# 3 010203\n*.w TYPE65281 \\# 0\n"])
    #expect(try fixture.ask("u.o.test.", RRType(65_280)).message?.answer.first?.rdata == [1, 2, 3])
    #expect(try fixture.ask("x.w.o.test.", RRType(65_281)).message?.answer.first?.rdata == [])
    for number in [3, 7, 11, 99, 127, 256, 4096, 32_767, 65_279, 65_535] as [UInt16] {
      for name in ["u", "ns", "x.w"] {
        let reply = try fixture.ask("\(name).o.test.", RRType(number))
        #expect(reply.rcode == "NOERROR" && reply.answer.isEmpty && reply.authority == [soa("o.test.")], "\(number)")
      }
      #expect(try fixture.ask("none.o.test.", RRType(number)).rcode == "NXDOMAIN")
    }
  }

  @Test func `duplicates are dropped, one RR comes once`() throws {
    let fixture = try Fixture([
      "o.test.zone": zoneHead + "d A 192.0.2.1\nd A 192.0.2.1\nd 300 IN A 192.0.2.2\nD A 192.0.2.1\n"
        + "m MX 1 ns\nm MX 2 NS\nm MX 1 ns\n"
    ])
    #expect(try fixture.ask("d.o.test.").data == ["192.0.2.1", "192.0.2.2"])
    let mail = try fixture.ask("m.o.test.", .mx)
    // Two that point to one name have its addresses once.
    #expect(mail.data.map { $0.lowercased() } == ["1 ns.o.test.", "2 ns.o.test."])
    #expect(mail.additional.map { $0.lowercased() } == ["ns.o.test. 300 a 192.0.2.53"])
  }
}
