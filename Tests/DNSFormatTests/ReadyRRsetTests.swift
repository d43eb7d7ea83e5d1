import FlatMemory
import TestSupport
import Testing

@testable import DNSFormat

@Suite("An RRset made ready beforehand says what one written for the question says")
struct ReadyRRsetTests {
  private func memory(_ type: RRType, _ rdata: [UInt8], ttl: UInt32) -> FlatArray<UInt8> {
    var builder = OctetBuilder(capacity: 64)
    builder.append(host: UInt64(0))
    RRsetImage.begin(RRsetImage.Layout(type), ttl: ttl, count: 1, dataSize: rdata.count + 2, in: &builder)
    RRsetImage.append(rdata: rdata[...], in: &builder)
    builder.append(host: UInt64(0))
    return builder.finish()
  }

  /// What a response to a question has where the set is appended ready, and where it is written.
  private func answers(
    to question: DomainName, _ memory: borrowing FlatArray<UInt8>, of owner: DomainName, ttl: UInt32,
    limit: Int = 1232
  ) throws -> (ready: [UInt8], written: [UInt8], fits: Bool) {
    let rrset = RRsetImage(memory, at: 8)
    let ready = ReadyRRset(rrset, memory, owner: owner)
    let request = Message.query(question, .a, id: 7, udpSize: nil)
    var query = Query()
    var name = NameKey()
    try query.read(request.span, name: &name)
    var writer = ResponseWriter()
    var first = OctetBuffer(capacity: 2000)
    writer.begin(query, request: request.span, into: &first)
    first.limit = max(limit, first.count)
    let fits = writer.append(
      ready, owner: 12 + question.wire.count - owner.wire.count, ttl: ttl, section: .authority, into: &first)
    var second = OctetBuffer(capacity: 2000)
    writer.begin(query, request: request.span, into: &second)
    let owners = FlatArray(owner.wire)
    _ = writer.append(
      rrset, of: memory, owner: .name(0), in: owners, made: OctetBuffer(capacity: 0), ttl: ttl, section: .authority,
      into: &second)
    return (first.octets.octets(0..<first.count), second.octets.octets(0..<second.count), fits)
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func `for any names, below any question that ends with the owner`(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    var shorter = 0
    for _ in 0..<rounds(2000) {
      let owner = random.name(atMost: 60)
      if owner == .root { continue }
      func any() -> DomainName {
        var name = [owner, owner, .root, random.name(atMost: 60)].randomElement(using: &random) ?? owner
        for _ in 0..<random.number(0...2) {
          name = (try? name.prepending(label: Array((random.chance(50) ? "ns" : "Aa").utf8))) ?? name
        }
        return name
      }
      var question = owner
      for _ in 0..<random.number(0...2) {
        question = (try? question.prepending(label: Array((random.chance(50) ? "x" : "ns").utf8))) ?? question
      }
      let data = any().wire + any().wire + random.octets(20)
      let memory = memory(.soa, data, ttl: 300)
      let (ready, written, fits) = try answers(to: question, memory, of: owner, ttl: 77)
      #expect(fits)
      let (one, other) = (try Message(ready), try Message(written))
      #expect(one.authority == other.authority && one.authority.count == 1, "seed \(seed), \(question), \(owner)")
      #expect(one.authority.first?.owner == owner && one.authority.first?.ttl == 77)
      // A question that has more of a name than the owner is pointed to further in front.
      #expect(ready.count >= written.count)
      if question == owner { #expect(ready == written) }
      if ready.count < question.wire.count + 16 + 12 + data.count { shorter += 1 }
    }
    #expect(shorter > rounds(2000) / 4)
  }

  @Test func `one that does not fit leaves nothing`() throws {
    let owner = try DomainName("mesh.test.")
    let data = try DomainName("ns.mesh.test.").wire + DomainName("x.mesh.test.").wire + [UInt8](repeating: 1, count: 20)
    let memory = memory(.soa, data, ttl: 5)
    let (whole, _, _) = try answers(to: owner, memory, of: owner, ttl: 5)
    let (cut, _, fits) = try answers(to: owner, memory, of: owner, ttl: 5, limit: whole.count - 1)
    #expect(try !fits && Message(cut).authority.isEmpty && cut.count == 12 + owner.wire.count + 4)
    #expect(try answers(to: owner, memory, of: owner, ttl: 5, limit: whole.count).fits)
  }

  @Test func `there is none of no set, of the root, and of several RRs`() throws {
    let memory = memory(.soa, [0, 0] + [UInt8](repeating: 1, count: 20), ttl: 5)
    let none = ReadyRRset(nil, memory, owner: try DomainName("a."))
    let root = ReadyRRset(RRsetImage(memory, at: 8), memory, owner: .root)
    #expect(none.offset == 0 && none.size == 0 && root.offset == 0)
    var buffer = OctetBuffer(capacity: 10)
    #expect(!none.append(owner: 12, ttl: 1, into: &buffer) && buffer.count == 0)
  }
}
