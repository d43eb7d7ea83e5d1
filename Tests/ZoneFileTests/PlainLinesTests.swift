import DNSFormat
import TestSupport
import Testing

@testable import ZoneFile

@Suite("Plain lines read the short way are what the full reader reads")
struct PlainLinesTests {
  /// All that a reading gives: octets, records with their places, TTL, files, and what was said.
  private struct Everything: Equatable {
    var octets: [UInt8]
    var records: [[UInt32]]
    var ownTTL: UInt32?
    var files: [String]
    var diagnostics: [String]

    init(_ text: [UInt8], origin: String, baseTTL: UInt32?, readsPlainLines: Bool) throws {
      let included = Array("i A 192.0.2.7\n A 192.0.2.8\nj.x MX 5 i\n".utf8)
      let (zone, found) = ZoneFileReader.read(
        text, path: "zones/example.zone", origin: try DomainName(origin), baseTTL: baseTTL,
        readsPlainLines: readsPlainLines, open: { _ in .success(included) })
      octets = zone.octets
      records = zone.records.map {
        [
          $0.owner, $0.rdata, $0.ttl, $0.line, UInt32($0.rdataCount), UInt32($0.type.rawValue), UInt32($0.column),
          UInt32($0.file),
        ]
      }
      (ownTTL, files) = (zone.ownTTL, zone.files)
      diagnostics = found.map(\.description)
    }
  }

  private static let owners = [
    "a", "a", "a", "www", "_http._tcp.a", "*", "@", "", "", " ", "\t\t", "a.example.", "a.example", "b.c.d.e", "IN",
    "A",
    "x.", ".", "..", "a..b", "caf\u{e9}", "\\065", "a\\.b", "\"a\"", "x;y", "a(b", "$x", "1", "192.0.2.1.", "x@y",
    "a!b",
    String(repeating: "m", count: 63), String(repeating: "n", count: 64),
    String(repeating: "abcdefg.", count: 30) + "z",
    String(repeating: "abcdefg.", count: 31) + "y", "B", "client", "t.example", "x.tEST.EXAMPLE",
  ]
  private static let middles = [
    "", "", "", "300", "IN", "300 IN", "in 300", "0", "1h30m", "2147483647", "9999999", "99999999", "CH", "IN IN",
    "5 5",
    "3x", "in", "CLASS1", "\"7\"",
  ]
  private static let datas = [
    "A 192.0.2.1", "A 10.255.0.255", "a 1.2.3.4", "A 1.2.3", "A 1.2.3.04", "A 1.2.3.4.5", "A 256.1.1.1", "A 1.2.3.4 x",
    "A\t1.2.3.4", "A 1.2.3.4;c", "A 1.2.3.4 ; c", "A 1.2.3.4\t\t", "A (1.2.3.4)", "A ( 1.2.3.4\n )", "A \"1.2.3.4\"",
    "A", "A \\# 4 01020304", "AAAA ::", "AAAA ::1", "AAAA 1::", "AAAA 2001:db8::1", "AAAA fd00:0::3c6e:f36a",
    "AAAA 1:2:3:4:5:6:7:8", "AAAA 1:2:3:4:5:6:7", "AAAA 1:2:3:4:5:6:7::", "AAAA ::2:3:4:5:6:7:8", "AAAA 1::2::3",
    "AAAA :1::", "AAAA 1:", "AAAA :::", "AAAA 12345::", "AAAA 1:2:3:4:5:6:7:8:9", "AAAA ::1.2.3.4", "AAAA g::",
    "AAAA ABCD::eF",
    "NS ns1", "NS ns1.example.", "NS ns1.example", "ns @", "NS .", "NS 192.0.2.1", "CNAME a", "CNAME @", "CNAME \\@",
    "CNAME a.b.c.d.e.f", "CNAME 1:2:3", "CNAME de.ad.be.ef", "CNAME 1.2.3.4.", "CNAME *.", "CNAME .", "Cname x\\046y",
    "PTR host", "PTR host.example", "PTR host.example.com", "PTR host.example.com.", "MX 10 mail", "MX 65535 mail",
    "MX 65536 mail",
    "MX 010 mail", "MX mail", "MX 0 .", "MX 10 192.0.2.1", "MX 10 mail.example", "SRV 0 10 8080 a", "SRV 0 10 8080 .",
    "SRV 0 10 8080", "SRV 0 10 8080 a b", "SRV 0 10 80800 a", "SRV -1 0 0 a", "TXT \"v=mesh1 rev=4\"", "TXT plain",
    "TXT a b \"c\"",
    "TXT", "TXT \"\"", "TXT \"a\"b", "TXT a\"b\"", "TXT \"a;b\"", "TXT a;b", "TXT \"a\\\"b\"", "TXT \"open",
    "TXT \u{201c}x\u{201d}",
    "TXT \"\u{201c}x\u{201d}\"", "TXT \"" + String(repeating: "x", count: 255) + "\"",
    "TXT \"" + String(repeating: "x", count: 256) + "\"", "TXT " + String(repeating: "y", count: 255),
    "TXT " + String(repeating: "y", count: 256), "TXT " + String(repeating: "\"some text\" ", count: 300),
    "TXT \"a\tb\rc\"", "TXT \"nul\0\"", "TXT a=b (c d)", "TXT \"a\" ; comment", "TYPE1 \\# 4 01020304",
    "SOA a b 1 2 3 4 5",
    "HINFO x y", "AXFR x", "BOGUS x", "CAA 0 issue \"x\"", "SPF x", "DNAME x", "RP a b", "Txt \\# 2 0161", "TXT \\",
  ]
  private static let others = [
    "", "   ", "; comment", "  ; comment", "\t", "$TTL 60", "$TTL 1x", "$ORIGIN sub", "$ORIGIN example.",
    "$ORIGIN b.test.",
    "$INCLUDE x", "$INCLUDE x sub", "$GENERATE 1-3 g$ A 192.0.2.$", "$BOGUS", ")", "(", "\"", "@", "@ ", "a", "a b",
    "\u{feff}a A 1.2.3.4", "; c\rd", "a A 1.2.3.4\r", "\\", "a A 1.2.3.4 ( ; c\n)\n b A 1.2.3.4",
  ]
  private static let ends = ["\n", "\n", "\n", "\n", "\r\n", "\n\n", " \n", "", "\r", " ; c\n", "\0\n"]

  private func text(_ random: inout SeededGenerator) -> [UInt8] {
    var text: [UInt8] = []
    let plainness = random.number(0...100)
    for _ in 0..<random.number(1...14) {
      if random.chance(plainness) {
        let line = ["h\(random.number(0...3))", "", "_s._tcp.h1"].randomElement(using: &random) ?? ""
        text +=
          "\(line) \(["A 192.0.2.9", "TXT \"x\"", "SRV 1 2 3 h1", "AAAA ::5"].randomElement(using: &random) ?? "")\n"
          .utf8
      } else if random.chance(25) {
        text += (Self.others.randomElement(using: &random) ?? "").utf8
        text += (Self.ends.randomElement(using: &random) ?? "").utf8
      } else {
        let parts = [Self.owners, Self.middles, Self.datas].map { $0.randomElement(using: &random) ?? "" }
        let blank = random.chance(80) ? " " : "\t  "
        let line = parts[1].isEmpty ? [parts[0], parts[2]] : parts
        text += line.joined(separator: blank).utf8
        text += (Self.ends.randomElement(using: &random) ?? "").utf8
      }
    }
    for _ in 0..<(random.chance(30) ? random.number(1...3) : 0) where !text.isEmpty {
      let at = random.number(0...(text.count - 1))
      switch random.number(0...2) {
      case 0: text[at] = UInt8(random.number(0...255))
      case 1: text.remove(at: at)
      default: text.insert(" \t\n\r;\"\\.@$()0aA:".utf8.randomElement(using: &random) ?? 0, at: at)
      }
    }
    return text
  }

  @Test(arguments: [1, 2] as [UInt64]) func `for texts of plain and other lines, changed here and there`(seed: UInt64)
    throws
  {
    var random = SeededGenerator(seed: seed)
    var records = 0
    for round in 0..<rounds(500) {
      let text = text(&random)
      let origin = ["example.", "b.test.", "2.0.192.in-addr.arpa.", "."].randomElement(using: &random) ?? "."
      let baseTTL: UInt32? = random.chance(70) ? 77 : nil
      let short = try Everything(text, origin: origin, baseTTL: baseTTL, readsPlainLines: true)
      let full = try Everything(text, origin: origin, baseTTL: baseTTL, readsPlainLines: false)
      records += full.records.count
      #expect(short == full, "seed \(seed), round \(round), \(origin): \(String(decoding: text, as: UTF8.self))")
      if short != full { return }
    }
    #expect(records > 3 * rounds(500))
  }

  @Test func `each kind of data alone, behind each owner`() throws {
    for data in Self.datas {
      for owner in Self.owners {
        let text = Array("$TTL 9\n@ A 1.1.1.1\n\(owner) \(data)\n\(owner) 5 IN \(data)".utf8)
        #expect(
          try Everything(text, origin: "example.", baseTTL: nil, readsPlainLines: true)
            == Everything(text, origin: "example.", baseTTL: nil, readsPlainLines: false), "\(owner) \(data)")
      }
    }
  }

  @Test func `a zone of more octets than are reserved at once`() throws {
    var text = "$TTL 30\n"
    for number in 0..<30_000 { text += "s\(number) A 10.0.0.\(number & 255)\n TXT \"v=\(number)\" \"x\"\n" }
    let octets = Array(text.utf8)
    let short = try Everything(octets, origin: "example.", baseTTL: nil, readsPlainLines: true)
    #expect(short == (try Everything(octets, origin: "example.", baseTTL: nil, readsPlainLines: false)))
    #expect(short.records.count == 60_000)
    #expect(short.diagnostics.isEmpty)
  }

  @Test func `plain lines are read the short way at all`() {
    let text = Array(
      "a 300 IN A 192.0.2.1\n  AAAA ::1\n; comment\n\nb.c SRV 1 2 3 a\nc TXT \"x y\" z\nd MX 5 a ( )\n".utf8)
    var plain = PlainLines(
      at: .init(offset: 0, line: 1), used: 0, lastOwner: nil, isOriginNew: false, ttl: (7, nil, nil), file: 0,
      origin: [0], doubts: NameDoubts(apex: [0], origin: [0]))
    var octets = [UInt8](repeating: 0, count: 4096)
    var records: [ZoneRecords.Record] = []
    var memory = octets.mutableSpan
    plain.read(text.span, into: &memory, &records)
    #expect(records.map(\.line) == [1, 2, 5, 6])
    #expect(plain.position.line == 7)
    #expect(!plain.needsRoom)
  }
}
