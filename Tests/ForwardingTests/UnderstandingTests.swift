import Testing

@testable import Forwarding

@Suite("Upstreams: what a server is asked without")
struct UnderstandingTests {
  /// By reference: what changes it can be expected of in place.
  private final class Server {
    var value = Understanding()
    func leaveOut(_ failures: Int = 0, now: Int64) -> Upstreams.Lack? { value.leaveOut(failures: failures, now: now) }
    func didAnswer(without lack: Upstreams.Lack?, sent: Int64) {
      value.didAnswer(without: lack, sent: sent, now: sent + 1)
    }
  }

  @Test func `who has answered with everything is asked with everything, however often it is silent`() {
    let server = Server()
    server.didAnswer(without: nil, sent: 0)
    for failures in 0..<50 { #expect(server.leaveOut(failures, now: 100) == nil) }
    // Somebody else may have taken its place.
    server.value.didDie()
    #expect((3..<6).map { server.leaveOut($0, now: 100) } == [nil, .options, .edns])
    server.didAnswer(without: nil, sent: 200)
    #expect(server.leaveOut(2, now: 300) == nil)
  }

  @Test(arguments: [Upstreams.Lack.options, .edns])
  func `who is silent with something is asked without it, and with it again after some minutes`(lack: Upstreams.Lack) {
    let server = Server()
    let failures = lack == .options ? 1 : 2
    #expect(server.leaveOut(failures, now: 0) == lack)
    server.didAnswer(without: lack, sent: 0)
    #expect(server.leaveOut(now: 500) == lack)
    server.didAnswer(without: lack, sent: 500)
    // One query has it again, no other.
    #expect(server.leaveOut(now: 1100) == nil)
    for now in 1100..<1299 as Range<Int64> {
      #expect(server.leaveOut(now: now) == lack)
      server.didAnswer(without: lack, sent: now)
    }
    #expect(server.leaveOut(now: 1300) == lack)
    server.didAnswer(without: lack, sent: 1300)
    #expect(server.leaveOut(now: 601_300) == lack)
    #expect(server.leaveOut(now: 601_301) == nil)
    #expect(server.leaveOut(now: 601_302) == lack)
    server.didAnswer(without: nil, sent: 601_301)
    #expect(server.leaveOut(2, now: 601_310) == nil)
  }

  @Test func `who was away for a moment has everything again a second later`() {
    let server = Server()
    #expect(server.leaveOut(2, now: 0) == .edns)
    server.didAnswer(without: .edns, sent: 0)
    #expect(server.leaveOut(now: 1100) == nil)
    server.didAnswer(without: nil, sent: 1100)
    #expect(server.leaveOut(2, now: 1200) == nil)
  }

  @Test func `for signatures a server that takes EDNS goes before one that does not`() {
    var line = Upstreams(count: 2)
    line.didReply(0, after: 1, now: 0)
    line.didReply(1, after: 50, now: 0)
    line.didNotUnderstand(0, .edns, now: 0)
    #expect(line.next(random: 1, now: 1) == 0)
    #expect(line.next(needsEDNS: true, random: 1, now: 1) == 1)
    #expect(line.next(tried: [1], needsEDNS: true, random: 1, now: 1) == 0)
  }
}
