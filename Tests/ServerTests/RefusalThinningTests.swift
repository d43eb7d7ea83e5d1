import Answering
import Policy
import Testing

@testable import Server

@Suite("A flood of refusals does not fill the log's ring")
struct RefusalThinningTests {
  private func outcome(of service: UInt32, _ refusal: Refusal = Refusal(.placement, reason: 0)) -> Outcome {
    Outcome(
      caller: Caller(context: 1, service: service), refusal: refusal, service: 4, brokenRules: [], endpointContext: 0,
      isOnlyObserved: false, wouldLeaveOut: false)
  }

  private func wanted(_ thinning: borrowing RefusalThinning, of service: UInt32, _ count: Int, at time: UInt64) -> Int {
    let outcome = outcome(of: service)
    return (0..<count).count { _ in
      thinning.isWanted(Refusal(.placement, reason: 0), outcome, generation: 1, time: time)
    }
  }

  @Test func `of a kind 256 are wanted in a quarter of a second, and again in the next`() {
    let thinning = RefusalThinning()
    #expect(wanted(thinning, of: 1, 1000, at: 5 << 28) == 256)
    #expect(wanted(thinning, of: 1, 1000, at: 6 << 28 - 1) == 0)
    #expect(wanted(thinning, of: 1, 1000, at: 6 << 28) == 256)
  }

  @Test func `others are wanted while one is a flood`() {
    let thinning = RefusalThinning()
    for service in UInt32(2)..<500 {
      _ = wanted(thinning, of: 1, 300, at: 7 << 28)
      #expect(wanted(thinning, of: service, 1, at: 7 << 28) == 1)
    }
  }
}
