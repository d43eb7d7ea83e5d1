import TestSupport
import Testing

@testable import ZoneFile

@Suite("Any text gives records or mistakes, never a trap")
struct ZoneFileFuzzTests {
  private static let seeds = [
    """
    $ORIGIN example.
    $TTL 1h
    @ IN SOA ns1 hostmaster ( 1 ; serial
        3600 600 86400 5 )
      NS ns1
      MX 10 mail
    ns1 A 192.0.2.1
        AAAA 2001:db8::1
    www 300 IN CNAME web
    _http._tcp SRV 10 60 80 web.other.
    t TXT "quoted ; \\" text" plain \\255\\.
    $INCLUDE self.inc sub
    u TYPE65280 \\# 4 0A000001
    """,
    """
    $TTL 5
    $GENERATE 1-9/2 h${0,3,d} A 192.0.2.$
    $GENERATE 0-3 ${1,4,n}.x 60 IN MX "1$ m\\$$"
    $GENERATE 1-2 t$ TXT ( "a b" c$
      ) ; end
    www.example CNAME web.example
    @ NS 192.0.2.1
    """, "a 60 A 192.0.2.1\n", "",
  ].map { Array($0.utf8) }

  private static let pieces = [
    "(", ")", "\"", ";", "\\", "\n", "\r\n", "\0", "$", "$TTL", "$INCLUDE self.inc", "@", ".", "\\#", "\\256", "IN",
    "CH", "99999999999",
    "SOA", " ", "\t", "\\# 65535 00", "TYPE0", "\u{feff}", "\n\n", "a.", String(repeating: "x", count: 300), "((((",
    "))))", "\r", "$GENERATE 1-5 ", "${", "${-1,2,x}", "}", "$$", "\\$", "0-65535", "/2", "$ORIGIN x\n", "\u{c}",
    "example",
  ].map { Array($0.utf8) }

  private func mutated(_ random: inout SeededGenerator) -> [UInt8] {
    var text = Self.seeds.randomElement(using: &random) ?? []
    for _ in 0..<random.number(1...6) {
      let at = random.number(0...text.count)
      let end = min(text.count, at + random.number(0...8))
      switch random.number(0...4) {
      case 0: text.replaceSubrange(at..<end, with: [])
      case 1: text.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: at)
      case 2: text.insert(UInt8(random.number(0...255)), at: at)
      case 3: if at < text.count { text[at] = UInt8(random.number(0...255)) }
      default: text.insert(contentsOf: text[at..<end], at: random.number(0...text.count))
      }
    }
    return text
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `mutated zone texts`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for round in 0..<min(rounds(5000), 30_000) {
      let text = mutated(&random)
      let reading = try read(text, files: ["zones/self.inc": "i 5 A 192.0.2.7\n( $INCLUDE"])
      // Every record and every mistake has its place in the text or the file it includes.
      let lines = text.count { $0 == 0x0a } + 1
      for record in reading.zone.records where record.file == 0 {
        #expect(record.line >= 1 && record.line <= lines, "seed \(seed), round \(round)")
      }
      // A short $GENERATE is the only thing that gives more records than there are octets.
      #expect(reading.records.count <= text.count + 4 * 65_536, "seed \(seed), round \(round)")
    }
  }
}
