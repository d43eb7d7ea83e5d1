internal import Measuring

/// How long a service takes, from the last times that it was asked: what `_timeout.SERVICE` tells clients.
///
/// Keeps the last 1000, which is 8 KiB: what was long ago says little. Quantiles are those of RFC 2330 §11.3, and the
/// interval that has the true one with 95 % is between two order statistics: right for any distribution of independent times.
/// What got no answer took for ever, as in RFC 7679 §5.1: else a service that loses a tenth would look as good as any.
package struct LearntTimes: Equatable, Sendable {
  /// Times that are kept.
  package static let most = 1000
  /// Below so many nothing is told: a median of less would be an anecdote.
  package static let least = 10
  /// No time-out below it is suggested, in nanoseconds: a scheduler's whim on either side takes as long.
  package static let shortestSuggestion: UInt64 = 10_000_000

  /// What stands for a time of one that got no answer.
  private static let infinite = UInt64.max

  private var times: [UInt64] = []
  private var next = 0

  package init() {}

  /// How many times are known, those that were forgotten left out.
  package var count: Int { times.count }

  /// Takes note of one that got no answer.
  package mutating func recordLoss() { add(Self.infinite) }

  /// Takes a time, in nanoseconds.
  package mutating func record(_ time: UInt64) { add(min(time, Self.infinite - 1)) }

  private mutating func add(_ time: UInt64) {
    if times.count < Self.most { return times.append(time) }
    times[next] = time
    next = (next + 1) % Self.most
  }

  /// What the times come to.
  package struct Summary: Equatable, Sendable {
    /// Nanoseconds, with the ends of the interval that has the true one with 95 %; nil where there are too few to say, or
    /// so many got no answer.
    package struct Quantile: Equatable, Sendable {
      package let value: UInt64?
      package let low: UInt64?
      package let high: UInt64?
    }

    /// How many were asked, and how many of them got no answer.
    package let count: Int
    package let lost: Int
    package let p50: Quantile
    package let p99: Quantile
    /// What p99 may be at the most, or, where that cannot be said, the longest that was seen; in nanoseconds.
    package let bound: UInt64

    /// How long a client may wait before it gives up, in nanoseconds: three times the bound, rounded up to two digits.
    package var suggestion: UInt64 { max(LearntTimes.shortestSuggestion, roundedUp(bound * 3)) }
  }

  /// - Returns: nil of too few that got an answer.
  package var summary: Summary? {
    guard times.count >= Self.least else { return nil }
    let sorted = times.sorted()
    let answered = sorted.count - sorted.reversed().prefix { $0 == Self.infinite }.count
    guard answered >= Self.least else { return nil }
    func finite(_ rank: Int) -> UInt64? { rank <= answered ? sorted[rank - 1] : nil }
    func quantile(_ part: Double) -> Summary.Quantile {
      let rank = min(sorted.count, max(1, Int((part * Double(sorted.count)).rounded(.up))))
      let (low, high) = quantileRanks(part, count: sorted.count)
      return Summary.Quantile(
        value: finite(rank), low: low.flatMap(finite), high: high.flatMap(finite))
    }
    let p99 = quantile(0.99)
    let bound = p99.high ?? sorted[answered - 1]
    return Summary(
      count: sorted.count, lost: sorted.count - answered, p50: quantile(0.5), p99: p99, bound: min(bound, 1 << 60))
  }
}

extension LearntTimes.Summary {
  /// What a TXT record says, all in one unit: `p50=0.412ms p99=2.1ms suggest=10ms p50-range=0.39ms..0.43ms
  /// p99-range=1.8ms..2.6ms confidence=95% samples=812 lost=0 source=health-checks`.
  /// - Parameter prefix: before the word of each time, where it is not of calls: who looks for how long to wait for those
  ///   is not to find it.
  package func text(source: String, prefix: String = "") -> String {
    func text(_ time: UInt64?) -> String { time.map(milliseconds) ?? "unknown" }
    func range(_ quantile: Quantile) -> String { "\(text(quantile.low))..\(text(quantile.high))" }
    return "\(prefix)p50=\(text(p50.value)) \(prefix)p99=\(text(p99.value)) "
      + "\(prefix)suggest=\(milliseconds(suggestion)) "
      + "\(prefix)p50-range=\(range(p50)) \(prefix)p99-range=\(range(p99)) "
      + "confidence=95% samples=\(count) lost=\(lost) source=\(source)"
  }

  /// True where a reader of one would do something else after reading the other: more than a twentieth apart.
  package func differsNoticeably(from other: Self) -> Bool {
    [
      (p50.value, other.p50.value), (p99.value, other.p99.value), (bound, other.bound),
      (UInt64(lost), UInt64(other.lost)),
    ].contains { mine, its in
      guard let mine, let its else { return (mine == nil) != (its == nil) }
      let (low, high) = (min(mine, its), max(mine, its))
      return high - low > low / 20
    }
  }
}

/// When a service's text is written anew: where it differs noticeably, and at most every ten seconds.
package struct TimesTold: Equatable, Sendable {
  private var last: (summary: LearntTimes.Summary, time: UInt64)?
  /// Empty where there are no times yet.
  package private(set) var text = ""
  private static let pause: UInt64 = 10_000_000_000
  private let source, prefix: String

  /// - Parameters:
  ///   - source: where the times are from, as the text says.
  ///   - prefix: see ``LearntTimes/Summary/text(source:prefix:)``.
  package init(source: String = "health-checks", prefix: String = "") {
    (self.source, self.prefix) = (source, prefix)
  }

  /// True where it is time to look again, at a moment of the clock that never goes back.
  package func isDue(at now: UInt64) -> Bool { last.map { now &- $0.time >= Self.pause } ?? true }

  /// Looks at the times.
  /// - Returns: true where the text is another.
  package mutating func look(at times: LearntTimes, now: UInt64) -> Bool {
    guard isDue(at: now), let summary = times.summary else { return false }
    if let last, !summary.differsNoticeably(from: last.summary) {
      self.last = (last.summary, now)
      return false
    }
    last = (summary, now)
    text = summary.text(source: source, prefix: prefix)
    return true
  }

  package static func == (one: TimesTold, other: TimesTold) -> Bool {
    one.text == other.text && one.last?.summary == other.last?.summary && one.last?.time == other.last?.time
  }
}

/// The least number of two significant digits that is not less.
private func roundedUp(_ value: UInt64) -> UInt64 {
  var unit: UInt64 = 1
  while value / unit >= 100 { unit *= 10 }
  return (value + unit - 1) / unit * unit
}

/// Three significant digits: `0.412ms`, `12.3ms`, `4120ms`.
private func milliseconds(_ nanoseconds: UInt64) -> String {
  var unit: UInt64 = 1
  while nanoseconds / unit >= 1000 { unit *= 10 }
  let rounded = (nanoseconds + unit / 2) / unit * unit
  let whole = "\(rounded / 1_000_000)"
  var digits = "\(rounded % 1_000_000)"
  digits = String(repeating: "0", count: 6 - digits.count) + digits
  while digits.last == "0" { digits.removeLast() }
  return digits.isEmpty ? "\(whole)ms" : "\(whole).\(digits)ms"
}
