import Addresses
import DNSFormat
import LinuxIO
import Policy
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("DESIGN §2, reload guard: what was asked lately is remembered, and how often")
struct RecentQueriesTests {
  private let source = IPAddress(v4: 0x7f00_0242)

  private func note(
    _ recent: RecentQueries, _ name: String, _ type: RRType = .a, from evidence: Evidence? = nil,
    _ way: QueryWay? = nil, for subnet: ClientSubnet? = nil, at time: UInt32 = 5000, generation: UInt64 = 1
  ) throws {
    let request = Message.query(try DomainName(name), type, clientSubnet: subnet)
    recent.note(
      evidence ?? Evidence(source: source), way ?? QueryWay(listener: 3, peer: source, hasHeader: false),
      request: request.span, time: time, generation: generation)
  }

  private func read(_ recent: RecentQueries, at time: UInt32 = 5000) -> [RecentQuery: UInt64] {
    var counts: [RecentQuery: UInt64] = [:]
    recent.read(at: time, into: &counts)
    return counts
  }

  private func count(_ recent: RecentQueries, _ name: String, at time: UInt32 = 5000) throws -> UInt64? {
    let name = try DomainName(name)
    return read(recent, at: time).first { $0.key.name == name }?.value
  }

  @Test(arguments: [".", "orders.mesh.test.", String(repeating: "a.", count: 127), "x\\000y.\\255.test.", "1234567."])
  func `what goes in comes out, a name in small letters`(name: String) throws {
    let recent = RecentQueries(capacity: 4)
    try note(recent, name.uppercased(), .aaaa)
    try note(recent, name)
    let found = read(recent)
    #expect(Set(found.keys.map(\.type)) == [.a, .aaaa] && found.values.allSatisfy { $0 == 1 })
    for query in found.keys {
      #expect(query.name.description == (try DomainName(name).description))
      #expect(query.source == source && query.way.listener == 3 && query.certificate == nil && query.user == nil)
    }
  }

  @Test func `callers differ by every part of the evidence`() throws {
    let recent = RecentQueries(capacity: 16)
    let six = IPAddress(high: 0x2001_0db8 << 32, low: 0x7f00_0242)
    let evidence = [
      Evidence(source: source), Evidence(source: six), Evidence(source: IPAddress(v4: 1)),
      Evidence(source: source, addressSource: .proxy), Evidence(source: source, addressSource: .clientSubnet),
      Evidence(source: source, certificateService: 0), Evidence(source: source, certificateService: 7),
      Evidence(source: source, user: 0), Evidence(source: source, user: 0xffff_fffe),
    ]
    for evidence in evidence + evidence { try note(recent, "x.test.", from: evidence) }
    try note(recent, "x.test.", from: evidence[6], generation: 2)
    let found = read(recent)
    #expect(found.count == 10)
    #expect(found.filter { $0.value == 2 }.count == 9)
    for one in evidence {
      let isThere = found.keys.contains {
        $0.source == one.source && $0.addressSource == one.addressSource && $0.user == one.user
          && $0.certificate?.service == one.certificateService
      }
      #expect(isThere, "\(one)")
    }
    #expect(Set(found.keys.compactMap(\.certificate).filter { $0.service == 7 }.map(\.generation)) == [1, 2])
  }

  @Test func `the way that a query came and the client subnet that it tells come out as they went in`() throws {
    let recent = RecentQueries(capacity: 64)
    let six = IPAddress(high: 0x2001_0db8 << 32, low: 0)
    let ways = [
      QueryWay(listener: 3, peer: source, hasHeader: false), QueryWay(listener: 3, peer: source, hasHeader: true),
      QueryWay(listener: 3, peer: six, hasHeader: true), QueryWay(listener: 4, peer: IPAddress(v4: 9), hasHeader: true),
    ]
    let subnets = [
      ClientSubnet(IPAddress(v4: 0x0a01_0200), bits: 24), ClientSubnet(IPAddress(v4: 0x0a01_0200), bits: 23),
      ClientSubnet(six, bits: 128), ClientSubnet(family: 2, IPAddress(v4: 0x0a01_0203), sourceLength: 128),
      ClientSubnet(family: 0, IPAddress(high: 0, low: 0), sourceLength: 0), nil,
    ]
    for way in ways {
      for subnet in subnets { try note(recent, "x.test.", from: nil, way, for: subnet) }
    }
    let found = read(recent)
    #expect(found.count == ways.count * subnets.count)
    for way in ways {
      for subnet in subnets {
        let isThere = found.keys.contains { $0.way == way && $0.clientSubnet == subnet }
        #expect(isThere, "\(way) \(String(describing: subnet))")
      }
    }
  }

  @Test(arguments: 1...8)
  func `of fewer questions than there are entries every one is kept, and counted exactly`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let recent = RecentQueries(capacity: 1024, seed: seed)
    var asked: [String: UInt64] = [:]
    var time: UInt32 = 10_240  // a second has no more of them than are kept whole, and all are of one period
    for round in 0..<5000 {
      if round % 250 == 0 { time += 1 }
      let name = "n\(random.number(0...random.number(0...999))).test."
      asked[name, default: 0] += 1
      try note(recent, name, at: time)
    }
    let found = read(recent, at: time)
    #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.key.name.description, $0.value) }) == asked)
  }

  @Test(arguments: 1...8)
  func `of more in a second than are kept whole, the counts add up and the shares are right`(seed: UInt64) throws {
    let recent = RecentQueries(capacity: 64, seed: seed)
    // Three names in turn: thinned out by a fixed step, one of them might be all that is seen.
    let total = 30_000
    for round in 0..<total { try note(recent, "n\(round % 3).test.") }
    try note(recent, "after.test.", at: 5001)
    #expect(read(recent).values.reduce(0, +) == UInt64(total + 1))
    #expect(try count(recent, "after.test.") == 1)
    for number in 0..<3 {
      let share = Double(try count(recent, "n\(number).test.") ?? 0) / Double(total)
      #expect(abs(share - 1 / 3) < 0.06)
    }
  }

  @Test func `a flood of one question leaves all others where they are`() throws {
    let recent = RecentQueries(capacity: 64)
    for number in 0..<40 { try note(recent, "n\(number).test.") }
    for round in 0..<20_000 { try note(recent, "flood.test.", at: 5001 + UInt32(round / 2000)) }
    #expect(read(recent, at: 5010).count == 41)
  }

  @Test func `a flood of random names leaves what is asked again and again`() throws {
    let recent = RecentQueries(capacity: 256)
    for round in 0..<3 {
      for number in 0..<100 { try note(recent, "n\(number).test.", at: 5000 + UInt32(round)) }
    }
    for round in 0..<8000 { try note(recent, "r\(round).test.", at: 5010 + UInt32(round / 200)) }
    let names = Set(read(recent, at: 5060).keys.map(\.name.description))
    #expect(names.count == 256)
    #expect((0..<100).allSatisfy { names.contains("n\($0).test.") })
  }

  @Test func `counts halve every 1024 seconds, and what was asked stays known`() throws {
    let recent = RecentQueries(capacity: 4)
    for _ in 0..<100 { try note(recent, "x.test.", at: 1024) }
    #expect(try count(recent, "x.test.", at: 2047) == 100)
    #expect(try count(recent, "x.test.", at: 2048) == 50)
    #expect(try count(recent, "x.test.", at: 1024 * 1000) == 1)
    #expect(try count(recent, "x.test.", at: 0) == 100)  // a clock that was set back
    try note(recent, "x.test.", at: 3072)
    #expect(try count(recent, "x.test.", at: 3072) == 26)
  }

  @Test(arguments: 1...4)
  func `any octets are taken or passed over`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let recent = RecentQueries(capacity: 16, seed: seed)
    for _ in 0..<rounds(5000) {
      var octets = random.chance(50) ? Message.query(try DomainName("orders.mesh.test."), .a) : []
      octets = octets.isEmpty ? random.octets(random.number(0...400)) : Array(octets.prefix(random.number(0...40)))
      if octets.count > 12, random.chance(80) { (octets[4], octets[5]) = (0, 1) }
      recent.note(
        Evidence(source: source), QueryWay(listener: 0, peer: source, hasHeader: false), request: octets.span, time: 9,
        generation: 1)
    }
    #expect(read(recent, at: 9).count <= 16)
  }

  @Test func `it is read whole while it is written`() throws {
    let recent = RecentQueries(capacity: 8)
    let isOver = Atomic<Bool>(false)
    let writer = try WorkerThread.start(name: "writer") {
      var number = 0
      while !isOver.load(ordering: .relaxed) {
        number += 1
        // A name says by its every label which it is, and so does the user.
        let label = "x\(number % 64)"
        guard let name = try? DomainName("\(label).\(label).\(label).\(label).") else { continue }
        let request = Message.query(name, .a)
        recent.note(
          Evidence(source: IPAddress(v4: 1), user: UInt32(number % 64)),
          QueryWay(listener: 0, peer: IPAddress(v4: 1), hasHeader: false), request: request.span,
          time: UInt32(truncatingIfNeeded: number), generation: 1)
      }
    }
    for _ in 0..<rounds(300) {
      for query in read(recent, at: 9).keys {
        let label = "x\(query.user ?? 99)"
        #expect(query.name.description == "\(label).\(label).\(label).\(label).")
      }
    }
    isOver.store(true, ordering: .relaxed)
    writer.join()
  }
}
