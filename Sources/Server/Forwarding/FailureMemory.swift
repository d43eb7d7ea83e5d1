internal import Forwarding

/// Questions that nobody answered a moment ago: they are not asked again at once (RFC 9520 §3.2).
///
/// Bounded: where there are too many the oldest is forgotten.
struct FailureMemory {
  struct Failure {
    /// Until when whoever asks is told the same, in nanoseconds of the monotonic clock.
    let until: UInt64
    /// Until when who can be given a stale answer is given it without asking (RFC 8767 §5).
    let staleUntil: UInt64
    let reason: ForwardFailure
  }

  private var failures: [ForwardedQuestion: Failure] = [:]
  private var order: [(question: ForwardedQuestion, until: UInt64)] = []
  private var first = 0

  static let capacity = 4096
  private static let span: UInt64 = 5_000_000_000
  private static let staleSpan: UInt64 = 30_000_000_000

  /// How many are remembered.
  var count: Int { failures.count }

  /// What became of a question a moment ago.
  func failure(of question: ForwardedQuestion, at now: UInt64) -> Failure? {
    failures[question].flatMap { now < $0.staleUntil ? $0 : nil }
  }

  /// Remembers that nobody answered.
  mutating func note(_ question: ForwardedQuestion, _ reason: ForwardFailure, at now: UInt64) {
    forget(at: now)
    failures[question] = Failure(until: now + Self.span, staleUntil: now + Self.staleSpan, reason: reason)
    order.append((question, now + Self.staleSpan))
  }

  /// It was answered.
  mutating func remove(_ question: ForwardedQuestion) {
    if !failures.isEmpty { failures[question] = nil }
  }

  private mutating func forget(at now: UInt64) {
    while first < order.count, order.count - first >= Self.capacity || order[first].until <= now {
      let old = order[first]
      if let failure = failures[old.question], failure.staleUntil <= old.until { failures[old.question] = nil }
      first += 1
    }
    if first > Self.capacity {
      order.removeFirst(first)
      first = 0
    }
  }
}
