internal import LinuxIO

/// A moment by two clocks: the one that people read, which may be set, and the machine's own. What is to end then ends by the
/// one that comes there first, so no clock that is set back prolongs it.
struct LeaseMoment: Codable, Equatable, Sendable {
  /// Seconds since 1970.
  var time: UInt32
  /// Seconds since the machine was started.
  var machine: UInt32

  static var now: Self { .init(time: Clock.realtimeSeconds(), machine: Clock.machineSeconds()) }

  /// So many seconds later; the last moment that there is where that is behind it.
  func adding(_ seconds: UInt32) -> Self {
    .init(time: Self.sum(time, seconds), machine: Self.sum(machine, seconds))
  }

  private static func sum(_ one: UInt32, _ other: UInt32) -> UInt32 {
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// Seconds from a moment to this one; 0 where it is over.
  func seconds(from now: Self) -> UInt32 {
    let left = min(Int64(time) - Int64(now.time), Int64(machine) - Int64(now.machine))
    return UInt32(clamping: left)
  }

  /// By each clock the earlier.
  func atMost(_ other: Self) -> Self { .init(time: min(time, other.time), machine: min(machine, other.machine)) }
}
