import TestSupport
import Testing

@testable import Forwarding

@Suite("Upstreams: who is asked next")
struct UpstreamsTests {
  /// The servers of a line, by reference: what changes them can be expected of in place.
  private final class Line {
    var servers: Upstreams
    init(count: Int) { servers = Upstreams(count: count) }
    subscript(_ index: Int) -> Upstreams.Server { servers.servers[index] }
    func timeout(of index: Int) -> Int64 { servers.timeout(of: index) }
    /// Who is asked; by default, no matter what chance says.
    func next(tried: Set<Int> = [], random: UInt64 = 1, now: Int64) -> Int {
      servers.next(tried: tried, random: random, now: now)
    }
    @discardableResult func didReply(_ index: Int, after time: Double, isRefusal: Bool = false, now: Int64) -> Bool {
      servers.didReply(index, after: time, isRefusal: isRefusal, now: now)
    }
    @discardableResult func didFail(_ index: Int, now: Int64) -> Bool { servers.didFail(index, now: now) }
    func didTimeOut(_ index: Int, sent: Int64, now: Int64) -> Bool {
      servers.didTimeOut(index, sent: sent, now: now)
    }
  }

  @Test func `the quickest is asked, one that failed is not, and comes back`() {
    let upstreams = Line(count: 2)
    upstreams.didReply(0, after: 40, now: 0)
    upstreams.didReply(1, after: 10, now: 0)
    #expect(upstreams.next(now: 1) == 1)
    #expect(upstreams.next(tried: [1], now: 1) == 0)
    #expect(!upstreams.didFail(1, now: 2))
    #expect(upstreams.next(now: 3) == 0)
    #expect(!upstreams.didFail(1, now: 4))
    #expect(upstreams.didFail(1, now: 6))
    #expect(upstreams.next(now: 7) == 0)
    // Its rest is over: one query tries it, the next does not.
    #expect(upstreams.next(now: 1100) == 1)
    #expect(upstreams.next(now: 1100) == 0)
    #expect(upstreams.didReply(1, after: 10, now: 1200))
    #expect(upstreams.next(now: 1200) == 1)
  }

  @Test func `a history of quick answers makes no short time-out`() {
    let upstreams = Line(count: 1)
    for time in 0..<1000 { upstreams.didReply(0, after: 0.2, now: Int64(time)) }
    #expect(upstreams.timeout(of: 0) == 200)
    #expect(upstreams.timeout(of: 7) == 400)
  }

  @Test func `while nobody else is well a server that was silent is waited for twice as long each time`() {
    let upstreams = Line(count: 2)
    upstreams.didReply(0, after: 1, now: 0)
    upstreams.didFail(0, now: 1)
    #expect(upstreams.timeout(of: 0) == 200)
    upstreams.didFail(1, now: 1)
    #expect(upstreams.timeout(of: 0) == 400)
    for _ in 0..<20 { upstreams.didFail(0, now: 1) }
    #expect(upstreams.timeout(of: 0) == 3000)
  }

  @Test func `a time-out says nothing of a server that has answered others since it was asked`() {
    let upstreams = Line(count: 2)
    upstreams.didReply(1, after: 50, now: 0)
    for round in 0..<100 as Range<Int64> {
      upstreams.didReply(0, after: 1, now: round * 300 + 100)
      #expect(!upstreams.didTimeOut(0, sent: round * 300, now: round * 300 + 200))
    }
    #expect(!upstreams[0].isDoubtful)
    #expect(upstreams.next(now: 100_000) == 0)
  }

  @Test func `what was on the way together is one failure, three in a row are a dead server`() {
    let upstreams = Line(count: 2)
    upstreams.didReply(0, after: 1, now: 0)
    for sent in 10..<110 as Range<Int64> { #expect(!upstreams.didTimeOut(0, sent: sent, now: sent + 200)) }
    #expect(upstreams[0].failures == 1)
    #expect(!upstreams.didTimeOut(0, sent: 1300, now: 1500))
    #expect(upstreams.didTimeOut(0, sent: 2500, now: 2700))
    #expect(upstreams[0].isDown)
    #expect(upstreams.didReply(0, after: 1, now: 2800))
    #expect(!upstreams[0].isDoubtful)
  }

  /// A line of two, the quicker one dead from a moment on, and a hundred queries a second.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `when a server dies few wait for it, each for no more than the time-out`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let upstreams = Line(count: 2)
    for time in 0..<100 as Range<Int64> {
      upstreams.didReply(0, after: 1, now: time)
      upstreams.didReply(1, after: 20, now: time)
    }
    var due: [(time: Int64, sent: Int64)] = []
    var waited = 0, died: Int64?
    for now in 100..<10_000 as Range<Int64> {
      while let first = due.first, first.time <= now {
        due.removeFirst()
        if upstreams.didTimeOut(0, sent: first.sent, now: now) { died = now }
      }
      guard now % 10 == 0 else { continue }
      if upstreams.next(random: random.next() | 1, now: now) == 0 {
        let timeout = upstreams.timeout(of: 0)
        #expect(timeout == 200)
        due.append((now + timeout, now))
        if now >= 400 { waited += 1 }
      } else {
        upstreams.didReply(1, after: 20, now: now)
      }
    }
    // After the first time-out it is only tried, once a rest: three times in a second each, then ever more rarely.
    #expect(waited <= 6)
    #expect(died != nil && died ?? 0 < 4000)
  }

  /// A resolver that has four names of five in its cache, and takes half a second for the fifth.
  @Test(arguments: 1...20 as ClosedRange<UInt64>, [1, 2])
  func `a resolver that must look for some names is never taken for dead`(seed: UInt64, count: Int) {
    var random = SeededGenerator(seed: seed)
    let upstreams = Line(count: count)
    var events: [(time: Int64, sent: Int64, isReply: Bool)] = []
    for now in 0..<60_000 as Range<Int64> {
      for event in events where event.time == now {
        if event.isReply {
          upstreams.didReply(0, after: Double(now - event.sent), now: now)
        } else {
          #expect(!upstreams.didTimeOut(0, sent: event.sent, now: now))
        }
      }
      events.removeAll { $0.time <= now }
      // A person's pace: now and then a name, one after the other.
      guard random.next() % 300 == 0 else { continue }
      let takes: Int64 = random.next() % 5 == 0 ? 500 : 1
      let timeout = upstreams.timeout(of: 0)
      events.append((now + takes, now, true))
      if takes > timeout { events.append((now + timeout, now, false)) }
    }
    #expect(!upstreams[0].isDown)
  }

  @Test func `where all are dead somebody is asked all the same`() {
    let upstreams = Line(count: 3)
    for server in 0..<3 { for _ in 0..<30 { upstreams.didFail(server, now: 0) } }
    #expect((0..<3).contains(upstreams.next(random: 5, now: 1)))
    #expect(upstreams.timeout(of: 0) == 3000)
    let none = Line(count: 0)
    #expect(none.next(random: 0, now: 0) == 0)
  }

  @Test func `what refuses is alive and asked last, and what it lacks it has again after some minutes`() {
    let upstreams = Line(count: 2)
    upstreams.didReply(1, after: 20, now: 0)
    for _ in 0..<5 { upstreams.didReply(0, after: 1, isRefusal: true, now: 0) }
    #expect(!upstreams[0].isDown)
    let first = upstreams.next(random: 1, now: 1)
    #expect(first == 1)
    upstreams.didReply(0, after: 1, now: 2)
    let second = upstreams.next(random: 1, now: 3)
    #expect(second == 0)
    upstreams.servers.didNotUnderstand(0, .edns, now: 100)
    upstreams.servers.didNotUnderstand(1, .capitals, now: 100)
    #expect(upstreams[0].lacks(.edns, at: 100) && !upstreams[0].lacks(.capitals, at: 100))
    #expect(upstreams[1].lacks(.capitals, at: 600_099) && !upstreams[1].lacks(.capitals, at: 600_100))
    #expect(!upstreams[0].lacks(.edns, at: 600_100) && !upstreams[0].lacks(.options, at: 100))
  }

  @Test func `now and then another is asked, so that it is known how it is`() {
    let upstreams = Line(count: 2)
    upstreams.didReply(0, after: 10, now: 0)
    upstreams.didReply(1, after: 20, now: 0)
    let chosen = (0..<320).map { upstreams.next(random: $0, now: 0) }
    #expect(chosen.filter { $0 == 1 }.count == 10)
  }
}
