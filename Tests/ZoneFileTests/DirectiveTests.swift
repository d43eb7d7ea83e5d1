import DNSFormat
import Testing

@testable import ZoneFile

@Suite("RFC 1035 §5.1, RFC 2308 §4: $ORIGIN, $TTL and $INCLUDE")
struct DirectiveTests {
  @Test func `an origin that ends in the zone's top-level domain lacks its dot; others may be relative`() throws {
    let apex = try DomainName("ex.net.").wire
    let doubts = NameDoubts(apex: apex, origin: apex)
    func isDoubted(_ origin: String) -> Bool {
      let text = Array(origin.utf8)
      return doubts.lacksDotAsOrigin(text.span, 0..<text.count)
    }
    #expect(["foo.net", "FOO.NET", "sub.ex.net", "ex.net"].allSatisfy(isDoubted))
    #expect(!["foo.net.", "net", "sub", "_tcp.sub", "xnet", "a.xnet", "foo.org"].contains(where: isDoubted))
  }

  @Test func `an $ORIGIN holds until the next, and may itself be relative`() throws {
    let text = """
      $TTL 60
      $ORIGIN sub
      a A 192.0.2.1
      @ NS a
      $origin deep
      @ A 192.0.2.2
      $ORIGIN @
      b A 192.0.2.3
      $ORIGIN .
      c A 192.0.2.4
      """
    #expect(
      try records(text) == [
        "a.sub.example. 60 A 192.0.2.1", "sub.example. 60 NS a.sub.example.", "deep.sub.example. 60 A 192.0.2.2",
        "b.deep.sub.example. 60 A 192.0.2.3", "c. 60 A 192.0.2.4",
      ])
  }

  @Test func `an owner left out after $ORIGIN is the one before it all the same, with a warning`() throws {
    let reading = try read("a 5 A 192.0.2.1\n$ORIGIN sub\n$TTL 6\n  A 192.0.2.2\n  A 192.0.2.3\n")
    #expect(
      reading.records == [
        "a.example. 5 A 192.0.2.1", "a.example. 6 A 192.0.2.2", "a.example. 6 A 192.0.2.3",
      ])
    #expect(
      reading.diagnostics == [
        "zones/example.zone:4:3: warning: the owner is still a.example., $ORIGIN does not change it; write @ if the origin is meant"
      ])
  }

  @Test func `an $INCLUDE takes its own origin, and the origin and owner of before hold after it`() throws {
    let text = """
      $TTL 60
      a A 192.0.2.1
      $INCLUDE hosts.inc sub
        A 192.0.2.2
      b A 192.0.2.3
      $INCLUDE hosts.inc
      """
    let hosts = "h A 192.0.2.9\n$ORIGIN other.\nk A 192.0.2.8\n"
    #expect(
      try records(text, files: ["zones/hosts.inc": hosts]) == [
        "a.example. 60 A 192.0.2.1", "h.sub.example. 60 A 192.0.2.9", "k.other. 60 A 192.0.2.8",
        "a.example. 60 A 192.0.2.2", "b.example. 60 A 192.0.2.3", "h.example. 60 A 192.0.2.9",
        "k.other. 60 A 192.0.2.8",
      ])
  }

  @Test func `a path is relative to the file that includes, unless it starts with a slash`() throws {
    let files = [
      "zones/parts/one.inc": "$INCLUDE two.inc\n$INCLUDE /etc/three.inc\n", "zones/parts/two.inc": "two A 192.0.2.2\n",
      "/etc/three.inc": "$INCLUDE four.inc\n", "/etc/four.inc": "four A 192.0.2.4\n",
    ]
    #expect(
      try records("$TTL 60\n$INCLUDE parts/one.inc\n", files: files) == [
        "two.example. 60 A 192.0.2.2", "four.example. 60 A 192.0.2.4",
      ])
  }

  @Test func `a mistake in an included file names that file`() throws {
    let reading = try read("$INCLUDE a.inc\nb 60 A 192.0.2.1\n", files: ["zones/a.inc": "\nx 60 A 1.2.3\n"])
    #expect(reading.diagnostics.count == 1)
    #expect(reading.diagnostics.first?.hasPrefix("zones/a.inc:2:8: error: \"1.2.3\" is no IPv4 address") == true)
    #expect(reading.records == ["b.example. 60 A 192.0.2.1"])
  }

  @Test func `a record of an included file knows its place`() throws {
    let reading = try read("$INCLUDE a.inc\n", files: ["zones/a.inc": "\nx 60 A 192.0.2.1\n"])
    #expect(reading.zone.records.map { reading.zone.location(of: $0).description } == ["zones/a.inc:2:1"])
  }

  @Test func `a circle of includes is a mistake, the same file twice is not`() throws {
    let circle = try read(
      "$INCLUDE a.inc\n", files: ["zones/a.inc": "$INCLUDE b.inc\n", "zones/b.inc": "$INCLUDE a.inc\n"])
    #expect(
      circle.diagnostics == [
        "zones/b.inc:1:10: error: $INCLUDE goes round in a circle: zones/example.zone includes zones/a.inc includes "
          + "zones/b.inc includes zones/a.inc; remove one of them"
      ])
    let own = try read("$INCLUDE example.zone\n", files: ["zones/example.zone": ""])
    #expect(own.diagnostics.count == 1)
    #expect(try records("$INCLUDE a\n$INCLUDE a\n", files: ["zones/a": "a 1 A 192.0.2.1\n"]).count == 2)
  }

  @Test func `a circle through other spellings of a path is a circle`() throws {
    let circle = try read("$INCLUDE .//a.inc\n", files: ["zones/a.inc": "$INCLUDE ././/example.zone\n"])
    #expect(
      circle.diagnostics == [
        "zones/a.inc:1:10: error: $INCLUDE goes round in a circle: zones/example.zone includes zones/a.inc includes "
          + "zones/example.zone; remove one of them"
      ])
  }

  @Test func `a zone has at most 65,534 $INCLUDEs, which is not their depth`() throws {
    let text = String(repeating: "$INCLUDE a\n", count: 65535)
    let reading = try read(text, files: ["zones/a": ""])
    #expect(
      reading.diagnostics == [
        "zones/example.zone:65535:10: error: a zone has more than 65534 $INCLUDEs; put more records into one file"
      ])
  }

  @Test func `includes are nested at most sixteen deep`() throws {
    var files: [String: String] = [:]
    for depth in 0...40 { files["zones/\(depth)"] = "n\(depth) 1 A 192.0.2.1\n$INCLUDE \(depth + 1)\n" }
    let reading = try read("$INCLUDE 0\n", files: files)
    #expect(reading.records.count == 16)
    #expect(reading.diagnostics.first?.contains("zones/15:2:10: error: $INCLUDE is nested more than 16 deep") == true)
  }

  @Test func `a path of more than 200 octets is opened whole`() throws {
    let path = String(repeating: "d/", count: 150) + "a.inc"
    #expect(try records("$INCLUDE \(path)\n", files: ["zones/" + path: "a 1 A 192.0.2.1\n"]).count == 1)
  }

  @Test func `a missing file is a mistake at its name`() throws {
    #expect(
      try read("$INCLUDE nowhere.inc\n").diagnostics == [
        "zones/example.zone:1:10: error: cannot include \"nowhere.inc\": no such file; paths are relative to this file's folder"
      ])
  }

  @Test func `a directive stands at the start of a line; elsewhere it is a word`() throws {
    #expect(try records("a 60 A 192.0.2.1\nb 60 TXT $TTL\n").count == 2)
    let reading = try read("a 60 A 192.0.2.1\n $TTL 60\n")
    #expect(reading.diagnostics.first?.hasPrefix("zones/example.zone:2:2: error: \"$TTL\" is no type") == true)
  }
}
