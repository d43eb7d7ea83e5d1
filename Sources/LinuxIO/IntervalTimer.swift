internal import CLinux

/// Makes a descriptor readable again and again (timerfd). Counts monotonic time: a clock step does not disturb it.
package struct IntervalTimer: ~Copyable, Sendable {
  /// When it first fires.
  package enum Start: Sendable {
    /// One interval from now.
    case afterInterval
    /// When the time of day is next a multiple of the interval, so that reports of several hosts have like bounds.
    case onMultiple
  }

  private let descriptor: Descriptor

  /// Starts at once. `interval` must be more than nothing.
  package init(every interval: Duration, from start: Start = .afterInterval) throws(SystemError) {
    let parts = interval.components
    precondition(interval > .zero && parts.seconds < 1 << 32, "an interval is more than nothing and under 136 years")
    let nanoseconds = max(1, UInt64(parts.seconds) * 1_000_000_000 + UInt64(parts.attoseconds / 1_000_000_000))
    let first =
      switch start {
      case .afterInterval: nanoseconds
      case .onMultiple: nanoseconds - Clock.realtimeNanoseconds() % nanoseconds
      }
    descriptor = Descriptor(
      owning: try attempt("make", "a timer") { clinux_timer(first, nanoseconds) })
  }

  /// The descriptor's number, for a ``Poller``; readable from when it fires until `drain()`.
  package var raw: Int32 { descriptor.raw }

  /// Makes the descriptor unreadable again.
  /// - Returns: how often it fired since it was last asked.
  @discardableResult
  package func drain() -> UInt64 { readCounter(descriptor.raw) }
}
