import Testing

@testable import ZoneFile

@Suite("$GENERATE: a record for each number of a range, as BIND makes them (Golden/zonefile/generate.txt)")
struct GenerateTests {
  @Test func `records stand where their $GENERATE does`() throws {
    let reading = try read("$TTL 5\n\n$GENERATE 1-2 a$ A (\n 192.0.2.$ )\nb A 192.0.2.1\n")
    #expect(
      reading.zone.records.map { reading.zone.location(of: $0).description } == [
        "zones/example.zone:3:1", "zones/example.zone:3:1", "zones/example.zone:5:1",
      ])
  }

  @Test func `an owner left out after it is the one before it`() throws {
    #expect(
      try records("a 5 A 192.0.2.1\n$GENERATE 7-7 b$ A 192.0.2.$\n  A 192.0.2.2\n") == [
        "a.example. 5 A 192.0.2.1", "b7.example. 5 A 192.0.2.7", "a.example. 5 A 192.0.2.2",
      ])
  }

  @Test func `it takes the origin in effect, in an included file too`() throws {
    #expect(
      try records("$INCLUDE a sub\n", files: ["zones/a": "$GENERATE 1-1 $ 5 CNAME h$"]) == [
        "1.sub.example. 5 CNAME h1.sub.example."
      ])
  }

  @Test(arguments: [
    ("$", 5, "5"), ("a$b$", 0, "a0b0"), ("$$", 5, #"\$"#), (#"\$"#, 5, #"\$"#), (#"\\$"#, 5, #"\\5"#), ("${3}", 5, "8"),
    ("${-5}", 5, "0"), ("${+1,4}", 5, "0006"), ("${0,1}", 123, "123"), ("${0,0,d}", 5, "5"), ("${0,4,x}", 255, "00ff"),
    ("${0,0,X}", 255, "FF"), ("${0,0,o}", 8, "10"), ("${0,0,n}", 0x1f, "f.1"), ("${0,1,N}", 0x1f, "F.1"),
    ("${0,3,n}", 1, "1.0"), ("${0,4,n}", 1, "1.0."), ("${0,7,n}", 0x12, "2.1.0.0"), ("{1}", 5, "{1}"), ("", 5, ""),
    (#"\"#, 5, #"\"#),
  ]) func `a template`(template: String, number: Int, expected: String) throws {
    let text = Array(template.utf8)
    var made: [UInt8] = []
    try appendGenerated(text.span, 0..<text.count, number: number, to: &made)
    #expect(String(decoding: made, as: UTF8.self) == expected)
  }

  @Test func `all ranges of a zone make at most 16,777,216 records`() throws {
    // Ranges that end at their first mistake count whole, so this need not make them.
    let reading = try read("$TTL 5\n" + String(repeating: "$GENERATE 0-65535 a A x$\n", count: 257))
    #expect(reading.records.isEmpty)
    #expect(reading.diagnostics.count == 257)
    #expect(reading.diagnostics.last?.hasSuffix("in a zone; use fewer") == true)
  }

  @Test func `an owner that lacks its dot is told once`() throws {
    let reading = try read("$TTL 5\n$GENERATE 1-9 h$.example A 192.0.2.$\n")
    #expect(
      reading.diagnostics == [
        "zones/example.zone:2:1: warning: owner reads as h1.example.example.; end it with a dot if not meant"
      ])
  }

  @Test func `a whole range of 65,536`() throws {
    let reading = try read("$TTL 5\n$GENERATE 0-65535 h${0,5} AAAA 2001:db8::${0,4,x}\n")
    #expect(reading.records.count == 65_536 && reading.diagnostics.isEmpty)
    #expect(reading.records.last == "h65535.example. 5 AAAA 2001:db8::ffff")
  }
}
