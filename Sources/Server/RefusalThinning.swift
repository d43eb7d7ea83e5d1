internal import Answering
internal import FlatMemory
internal import Policy

/// Keeps a flood of refusals that are alike out of the log's ring: of a kind, a worker hands on 256 in a quarter of a
/// second, which is more than is ever told one by one; the rest is dropped and counted, as where the ring is full. So a
/// flood costs neither the worker nor the log's thread much, and leaves room in the ring for the others.
///
/// One writer, the worker. A kind has one of 64 places by its hash; of two that share one the later takes it over and
/// begins anew, so nothing is dropped that is not part of a flood. Sources are not told apart: whoever is refused for the
/// same reason as a flood is, is part of it.
struct RefusalThinning: ~Copyable {
  /// Of a kind, in a quarter of a second.
  static let most: UInt64 = 256
  private static let places = 64
  /// By place the kind's hash, and behind it the quarter of a second above a count.
  private let words = CounterArray(count: places * 2)
  private static let quarterShift: UInt64 = 28  // of nanoseconds: 268 ms
  private static let countBits: UInt64 = 16
  private static let countMask: UInt64 = 1 << countBits - 1

  /// Counts a refusal.
  /// - Parameter time: nanoseconds of CLOCK_REALTIME.
  /// - Returns: false where it is one too many of its kind.
  func isWanted(_ refusal: Refusal, _ outcome: Outcome, generation: UInt64, time: UInt64) -> Bool {
    let kind = Self.hash(refusal, outcome, generation)
    let place = Int(truncatingIfNeeded: kind >> 58) &* 2
    let quarter = (time >> Self.quarterShift) << Self.countBits
    let state = words[place &+ 1]
    guard words[place] == kind, state & ~Self.countMask == quarter else {
      words.set(kind, at: place)
      words.set(quarter | 1, at: place &+ 1)
      return true
    }
    if state & Self.countMask >= Self.most { return false }
    words.set(state &+ 1, at: place &+ 1)
    return true
  }

  /// What ``RefusalLog`` takes for alike, in 64 bits.
  private static func hash(_ refusal: Refusal, _ outcome: Outcome, _ generation: UInt64) -> UInt64 {
    let who = UInt64(outcome.caller.service) << 32 | UInt64(outcome.service)
    let what = UInt64(outcome.caller.context) << 48 | UInt64(outcome.endpointContext) << 32 | UInt64(refusal.reason)
    let rest = generation << 16 | UInt64(refusal.rule.rawValue) << 1 | (outcome.isOnlyObserved ? 1 : 0)
    return mix(mix(who, what), rest)
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: b ^ 0xd6e8_feb8_6659_fd93)
    return product.high ^ product.low
  }
}
