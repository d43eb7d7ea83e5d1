import FlatMemory
import TestSupport
import Testing

@testable import DNSFormat

/// Writes messages of RRsets that it keeps in flat memory, as a zone does.
private struct Writing: ~Copyable {
  struct Entry {
    var owner: DomainName?
    var record: Message.Record
    var rrset: Int
    var ownerAt: Int
    var count: Int
  }

  var builder = OctetBuilder(capacity: 64)
  var entries: [Entry] = []

  /// Adds an RRset; an owner of nil is the question's name.
  mutating func add(_ owner: DomainName?, _ type: RRType, _ rdata: [[UInt8]], ttl: UInt32 = 300) {
    let ownerAt = builder.count
    builder.append(((owner ?? .root).wire)[...])
    let start = builder.count
    let dataSize = rdata.reduce(0) { $0 + 2 + $1.count }
    RRsetImage.begin(RRsetImage.Layout(type), ttl: ttl, count: rdata.count, dataSize: dataSize, in: &builder)
    for each in rdata { RRsetImage.append(rdata: each[...], in: &builder) }
    for each in rdata {
      entries.append(
        Entry(
          owner: owner,
          record: Message.Record(owner: owner ?? .root, type: type, rclass: 1, ttl: ttl, rdata: each), rrset: start,
          ownerAt: ownerAt, count: rdata.count))
    }
  }

  /// The message, and for every RRset whether it fitted.
  consuming func write(question: DomainName, limit: Int = 65535) throws -> (octets: [UInt8], fitted: [Bool]) {
    builder.append(host: UInt64(0))
    let entries = entries
    let memory = builder.finish()
    let request = Message.query(question, .a, id: 7, udpSize: nil)
    var query = Query()
    var name = NameKey()
    try query.read(request.span, name: &name)
    var buffer = OctetBuffer(capacity: 65535)
    buffer.reset(limit: limit)
    var writer = ResponseWriter()
    writer.begin(query, request: request.span, into: &buffer)
    var fitted: [Bool] = []
    var last = -1
    for entry in entries where entry.rrset != last {
      last = entry.rrset
      fitted.append(
        writer.append(
          RRsetImage(memory, at: entry.rrset), of: memory, owner: entry.owner == nil ? .question : .name(entry.ownerAt),
          in: memory, made: OctetBuffer(capacity: 0), ttl: entry.record.ttl, section: .answer, into: &buffer,
          keep: { _ in true }))
    }
    return (buffer.octets.octets(0..<buffer.count), fitted)
  }
}

@Suite("RFC 1035 §4.1.4: compression")
struct CompressionTests {
  private func name(_ text: String) throws -> DomainName { try DomainName(text) }

  private func soa(_ server: DomainName, _ mailbox: DomainName) -> [UInt8] {
    server.wire + mailbox.wire + [UInt8](repeating: 9, count: 20)
  }

  @Test func `at any limit, two names of one RR that share labels fit or leave nothing`() throws {
    let question = try name("a.example.")
    let data = soa(try name("ns1.provider.net."), try name("hostmaster.provider.net."))
    func writing() throws -> Writing {
      var writing = Writing()
      writing.add(nil, .txt, [[3, 97, 98, 99]])
      writing.add(try name("far.test."), .soa, [data])
      return writing
    }
    let whole = try writing().write(question: question).octets
    for limit in 27...whole.count {
      let (octets, fitted) = try writing().write(question: question, limit: limit)
      let message = try Message(octets)
      #expect(message.answer.count == fitted.filter(\.self).count && octets.count <= limit, "\(limit)")
      #expect(fitted.last == (limit == whole.count), "\(limit)")
    }
  }

  @Test func `a name that is there already is a pointer to it`() throws {
    var writing = Writing()
    writing.add(nil, RRType(15), [[0, 10] + (try name("mail.example.").wire)])
    writing.add(try name("mail.example."), .a, [[192, 0, 2, 1]])
    let (octets, _) = try writing.write(question: name("example."))
    // Header 12, question 13; the MX: 2 + 10 + (2 + "mail" 5 + pointer 2); the A: 2 + 10 + 4.
    #expect(octets.count == 12 + 13 + 21 + 16)
    let message = try Message(octets)
    #expect(message.answer.map(\.owner) == [try name("example."), try name("mail.example.")])
    #expect(message.answer[0].text == "10 mail.example.")
  }

  @Test func `case does not matter for compression, and the question keeps its own`() throws {
    var writing = Writing()
    writing.add(nil, .ns, [try name("NS.example.").wire])
    let (octets, _) = try writing.write(question: name("eXaMpLe."))
    #expect(octets.count == 12 + 13 + 12 + 5)
    #expect(try Message(octets).questions[0].name.description == "eXaMpLe.")
  }

  @Test func `a type not of RFC 1035 is not compressed (RFC 3597 §4)`() throws {
    var writing = Writing()
    let target = try name("a.example.").wire
    writing.add(nil, RRType(33), [[0, 0, 0, 0, 0, 80] + target])
    let (octets, _) = try writing.write(question: name("example."))
    #expect(octets.suffix(target.count) == target[...])
  }

  @Test func `labels that look alike with other names behind them are not mistaken`() throws {
    var writing = Writing()
    for text in ["a.b.", "b.a.", "a.b.a.b.", "b.b.a.", "ab.", "a.a.a.", ".", "b."] {
      writing.add(nil, .ns, [try name(text).wire])
    }
    let entries = writing.entries
    let (octets, _) = try writing.write(question: name("a.a.b."))
    #expect(try Message(octets).answer.map(\.rdata) == entries.map(\.record.rdata))
  }

  @Test func `the question at the root and the longest question`() throws {
    for question in [
      ".", String(repeating: "a.", count: 127), String(repeating: "\(String(repeating: "x", count: 62)).", count: 4),
    ] {
      guard let question = try? name(question) else { continue }
      var writing = Writing()
      writing.add(nil, .ns, [question.wire, question.parent.wire, try name("a.a.").wire])
      writing.add(question.parent, .ns, [question.wire])
      let entries = writing.entries
      let (octets, _) = try writing.write(question: question)
      #expect(try Message(octets).answer.map(\.rdata) == entries.map(\.record.rdata))
    }
  }

  @Test(arguments: [61, 62, 63, 64] as [UInt64])
  func `what is decoded is what was written, and pointers only go back`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(40) {
      // Few labels, so that suffixes meet.
      let labels = ["a", "B", "b", "A", "mail", "example", "test", String(repeating: "l", count: 63)]
      func pick() throws -> DomainName {
        var text = ""
        for _ in 0..<random.number(0...5) {
          let next = (labels.randomElement(using: &random) ?? "a") + "."
          if text.utf8.count + next.utf8.count < 250 { text += next }
        }
        return text.isEmpty ? .root : try DomainName(text)
      }
      let question = try pick()
      var writing = Writing()
      for _ in 0..<random.number(1...40) {
        let owner = random.number(0...3) == 0 ? nil : try pick()
        switch random.number(0...4) {
        case 0: writing.add(owner, .ns, try (0...random.number(0...3)).map { _ in try pick().wire })
        case 1: writing.add(owner, .soa, [soa(try pick(), try pick())])
        case 2: writing.add(owner, RRType(15), [[0, 1] + (try pick().wire)])
        case 3: writing.add(owner, .txt, [[3, 1, 97, 0]])
        default: writing.add(owner, RRType(33), [[0, 0, 0, 0, 0, 0] + (try pick().wire)])
        }
      }
      let entries = writing.entries
      let (octets, fitted) = try writing.write(question: question)
      #expect(fitted.allSatisfy { $0 })
      let message = try Message(octets)  // its reader takes only pointers that go back
      #expect(message.questions[0].name.wire == question.wire, "seed \(seed)")
      #expect(message.answer.count == entries.count)
      for (found, entry) in zip(message.answer, entries) {
        #expect(found.owner == entry.owner ?? question, "seed \(seed)")
        #expect(found.type == entry.record.type && found.ttl == entry.record.ttl)
        #expect(found.rdata.map(lowercased) == entry.record.rdata.map(lowercased), "seed \(seed)")
      }
    }
  }

  @Test func `a pointer reaches 16383 and no further`() throws {
    var writing = Writing()
    let late = try name("late.name.far.behind.")
    for index in 0..<100 {
      writing.add(nil, .txt, [[UInt8](repeating: 250, count: 1) + [UInt8](repeating: 97, count: 250)])
      if index == 61 || index == 62 || index == 63 || index == 70 || index == 90 {
        writing.add(late, .ns, [late.wire, late.parent.wire])
      }
    }
    let entries = writing.entries
    let (octets, _) = try writing.write(question: name("example."))
    #expect(octets.count > 0x4000 + 4000)
    let message = try Message(octets)
    #expect(message.answer.map(\.rdata) == entries.map(\.record.rdata))
    #expect(message.answer.map(\.owner) == entries.map { $0.owner ?? (message.questions[0].name) })
  }

  @Test(arguments: [71] as [UInt64])
  func `an RRset that does not fit is left out whole, and what follows still decodes`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for limit in stride(from: 30, through: 400, by: 7) {
      var writing = Writing()
      for _ in 0..<6 {
        let count = random.number(1...6)
        writing.add(
          try name("o\(random.number(0...2)).example."), .ns,
          try (0..<count).map { try name("ns\($0).x\(random.number(0...3)).example.").wire })
      }
      let entries = writing.entries
      let (octets, fitted) = try writing.write(question: name("example."), limit: limit)
      #expect(octets.count <= limit)
      var expected: [[UInt8]] = []
      var index = 0
      for isThere in fitted {
        let count = entries[index].count
        if isThere { expected += entries[index..<(index + count)].map(\.record.rdata) }
        index += count
      }
      #expect(try Message(octets).answer.map(\.rdata) == expected, "seed \(seed), limit \(limit)")
    }
  }
}
