import Testing

@testable import ZoneFile

@Suite("RFC 1035 §5.1: the entries of a master file")
struct EntryTests {
  private let a = "a.example. 60 A \"192.0.2.1\""

  @Test func `an owner is relative to the origin, absolute, the origin itself, or the one before`() throws {
    let text = "$TTL 60\na A 192.0.2.1\n  A 192.0.2.2\nb.test. A 192.0.2.3\n@ A 192.0.2.4\n\tA 192.0.2.5\n"
    #expect(
      try records(text) == [
        "a.example. 60 A 192.0.2.1", "a.example. 60 A 192.0.2.2", "b.test. 60 A 192.0.2.3", "example. 60 A 192.0.2.4",
        "example. 60 A 192.0.2.5",
      ])
  }

  @Test func `a first record without an owner is a mistake`() throws {
    let reading = try read("  60 A 192.0.2.1\nb 60 A 192.0.2.2\n")
    #expect(reading.records == ["b.example. 60 A 192.0.2.2"])
    #expect(
      reading.diagnostics == [
        "zones/example.zone:1:3: error: the first record has no owner; write a name, or @ for the apex"
      ])
  }

  @Test(arguments: [
    "a 60 IN A 192.0.2.1", "a IN 60 A 192.0.2.1", "a in 1m a 192.0.2.1", "a 60 A 192.0.2.1",
    "A\t60\tIn\tTYPE1\t192.0.2.1 ; c",
    "a (60 IN A\n 192.0.2.1)", "a ( 60 ; (\n  A ; comment )\n ( 192.0.2.1 ) ) ; end", "(a 60 A 192.0.2.1)",
    "a 60 A(192.0.2.1)",
    "a 60 A 192.0.2.1;comment", "a 60 A \"192.0.2.1\"", "a.EXAMPLE. 60 A 192.0.2.1", #"\097 60 A 192.0.2.1"#,
    "a 60 A \\# 4 c0000201", "\n\n ; only a comment\n   \na 60 A 192.0.2.1\n\n",
  ])
  func `TTL, class, case, parentheses, comments and white space may vary`(text: String) throws {
    for ending in ["", "\n", "\r\n", " ", "\t ; end"] {
      let found = try records(text + ending)
      #expect(found.map { $0.lowercased() } == ["a.example. 60 a 192.0.2.1"], "\(text)")
    }
    #expect(try records(text.replacing("\n", with: "\r\n")).count == 1)
  }

  @Test func `CRLF, a byte order mark and a missing final newline do not matter`() throws {
    let text = "$TTL 60\r\na A 192.0.2.1\r\n  A 192.0.2.2"
    let expected = ["a.example. 60 A 192.0.2.1", "a.example. 60 A 192.0.2.2"]
    #expect(try records(text) == expected)
    let marked = try read([0xef, 0xbb, 0xbf] + Array(text.utf8))
    #expect(marked.records == expected && marked.diagnostics.isEmpty)
    #expect(try records("") == [] && records("\n") == [] && records(";") == [] && records(" ") == [])
    #expect(try read([0xef, 0xbb, 0xbf]).diagnostics.isEmpty)
  }

  @Test func `a carriage return without a line feed is a mistake, in a comment too`() throws {
    let old = try read("; an old file\r$TTL 60\ra A 192.0.2.1\r\nb 60 A 192.0.2.2\r\r\nc 60 A 192.0.2.3\r")
    #expect(
      old.diagnostics == [
        "zones/example.zone:1:14: error: a carriage return stands here without a line feed; end lines with LF or CR LF"
      ])
    #expect(old.records == ["b.example. 60 A 192.0.2.2", "c.example. 60 A 192.0.2.3"])
  }

  @Test func `a form feed is no white space`() throws {
    #expect(try read("a 60 A 192.0.2.1\n\u{c}\nb 60 A 192.0.2.2\n").diagnostics.count == 1)
  }

  @Test func `octets above 127 are octets of a name like any other`() throws {
    #expect(try records("é 60 TXT ü\n") == [#"\195\169.example. 60 TXT "\195\188""#])
  }

  @Test func `an entry has a bound of fields, and what follows is read`() throws {
    let many = String(repeating: "x ", count: 150_001)
    let reading = try read("a 60 TXT ( \(many)\n \(many) )\nb 60 A 192.0.2.1\n")
    #expect(
      reading.diagnostics == [
        "zones/example.zone:1:300006: error: more than 150000 fields are no record; split the line"
      ])
    #expect(reading.records == ["b.example. 60 A 192.0.2.1"])
  }

  @Test func `parentheses may be nested without end, and those never closed cost no time`() throws {
    let open = String(repeating: "(", count: 200_000), close = String(repeating: ")", count: 200_000)
    #expect(try records("a 60 A \(open) 192.0.2.1 \(close)\n").count == 1)
    let lines = try read(String(repeating: "a 60 A ( 192.0.2.1\n", count: 20_000))
    #expect(lines.diagnostics.count == 17)
    #expect(try read(open).diagnostics.count == 1)
    #expect(try read(close).diagnostics.count == 1)
  }

  @Test func `a NUL is an octet of a name or string like any other`() throws {
    let reading = try read(Array("a\0b 60 TXT x\0y\n".utf8))
    #expect(reading.diagnostics.isEmpty)
    #expect(reading.records == [#"a\000b.example. 60 TXT "x\000y""#])
  }

  @Test func `quotes hold a string together, and what is special in it is not`() throws {
    #expect(
      try records(#"t 60 TXT "a ; b (c) \" \\ @ $" d\;e "" "#) == [
        #"t.example. 60 TXT "a ; b (c) \" \\ @ $" "d;e" """#
      ])
    #expect(try records(#"t 60 TXT a"b"c"#) == [#"t.example. 60 TXT "a" "b" "c""#])
    #expect(try records("t 60 TXT \"a\tb\"") == [#"t.example. 60 TXT "a\009b""#])
  }

  @Test func `escapes in owners and names`() throws {
    #expect(try records(#"a\.b\;\(\"\@ 60 CNAME \$x\ y\010."#) == [#"a\.b\;\(\"\@.example. 60 CNAME \$x\032y\010."#])
    #expect(try records(#"\@ 60 A 192.0.2.1"#) == [#"\@.example. 60 A 192.0.2.1"#])
    #expect(try records(#""@" 60 A 192.0.2.1"#) == [#"\@.example. 60 A 192.0.2.1"#])
    #expect(try records(#"\$TTL 60 A 192.0.2.1"#) == [#"\$TTL.example. 60 A 192.0.2.1"#])
  }

  @Test func `an owner may be called as a type or class is`() throws {
    #expect(
      try records("IN IN A 192.0.2.1\nA 60 A 192.0.2.2\n60 60 A 192.0.2.3\n".replacing("IN A", with: "IN 5 A")).count
        == 3)
    let doubtful = try read("IN 60 A 192.0.2.1\n")
    #expect(doubtful.records == ["IN.example. 60 A 192.0.2.1"])
    #expect(
      doubtful.diagnostics == [
        "zones/example.zone:1:1: warning: owner reads as IN.example.; put white space before IN if it is the class"
      ])
    #expect(try records("x 60 CNAME A") == ["x.example. 60 CNAME A.example."])
  }

  @Test(arguments: [
    ("0", 0), ("1", 1), ("1s", 1), ("1M", 60), ("1h30m", 5400), ("1W2d", 777_600), ("2147483647", 2_147_483_647),
    ("1h1h", 7200), ("0007", 7),
  ])
  func `a TTL may have units`(text: String, seconds: Int) throws {
    #expect(try records("a \(text) A 192.0.2.1") == ["a.example. \(seconds) A 192.0.2.1"])
    #expect(try records("$TTL \(text)\na A 192.0.2.1") == ["a.example. \(seconds) A 192.0.2.1"])
  }

  @Test(arguments: ["2147483648", "4294967296", "1x", "1h30", "99999999999999999999999", "4000w", "1-"])
  func `a TTL is at most 2147483647 seconds (RFC 2181 §8)`(text: String) throws {
    #expect(try read("a \(text) A 192.0.2.1").diagnostics.first?.contains("is no TTL (RFC 2181 §8)") == true)
    #expect(try read("$TTL \(text)\n").diagnostics.first?.contains(":1:6: error: \"\(text)\" is no TTL") == true)
  }

  @Test func `a TTL comes from the record, from $TTL, from the record before, or from the SOA it is`() throws {
    let soa = "@ SOA . . 1 2 3 4 77\n"
    #expect(try records(soa + "a A 192.0.2.1\n").map { $0.split(separator: " ")[1] } == ["77", "77"])
    #expect(
      try records("a 5 A 192.0.2.1\n A 192.0.2.2\n$TTL 9\n A 192.0.2.3\n 6 A 192.0.2.4\n A 192.0.2.5\n").map {
        $0.split(separator: " ")[1]
      } == ["5", "5", "9", "6", "9"])
    #expect(
      try read("a A 192.0.2.1\nb 60 A 192.0.2.2").diagnostics == [
        "zones/example.zone:1:3: error: no TTL is known for this record (RFC 1035 §5.1); put $TTL 300 at the top"
      ])
  }

  @Test func `a record's place is the line of its type and the column of its first field`() throws {
    let reading = try read("\n a\n$TTL 60\nb A 192.0.2.1\n   A 192.0.2.2\nc (\n  A\n 192.0.2.3 )\n")
    #expect(
      reading.zone.records.map { reading.zone.location(of: $0).description } == [
        "zones/example.zone:4:1", "zones/example.zone:5:4", "zones/example.zone:7:1",
      ])
  }
}
