internal import Synchronization

/// How many octets of zone files are read for those who ask why, all of them together: 8 MiB at once, and as many a second.
/// More would hold up who asks something else, a probe of /healthz for example. Of a larger zone no line is named.
final class ReadingAllowance: Sendable {
  static let limit = 8 << 20

  private let state = Mutex<(rest: Int, time: UInt64)>((limit, 0))

  /// What may be read now, by a clock that never goes back, in nanoseconds.
  func rest(at now: UInt64) -> Int {
    state.withLock { state in
      let passed = now > state.time ? min(now - state.time, 1_000_000_000) : 0
      let grown = Int(passed * UInt64(Self.limit) / 1_000_000_000)
      // What is less than an octet waits for more time.
      if grown > 0 { state = (min(Self.limit, state.rest + grown), now) }
      return max(0, state.rest)
    }
  }

  /// Takes note of octets that were read.
  func take(_ count: Int) { state.withLock { $0.rest -= count } }
}
