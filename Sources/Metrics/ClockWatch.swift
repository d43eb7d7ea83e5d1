/// Whether the wall clock was set, told from two clocks that are read together; which queue times to believe then.
///
/// Kernel stamps are times of the wall clock, so a queue time across a step of that clock is the step, and not a wait. A
/// step back mostly shows as a difference below zero. A step forward looks like a long wait; it is found here: as long as
/// nobody sets the wall clock, it is ahead of the monotonic one by the same offset from batch to batch, however both are
/// slewed. Pure: the times are handed in.
public struct ClockWatch: BitwiseCopyable, Sendable {
  /// Reading two clocks one after the other, and what slewing there may be, is less than this and
  /// 1/2048 (488 ppm) of the time between two looks, in nanoseconds.
  @usableFromInline static var tolerance: Int64 { 100_000 }
  /// How long no queue time is believed after a step, in nanoseconds.
  @usableFromInline static var distrust: UInt64 { 1_000_000_000 }

  /// The wall clock less the monotonic one, at the last look.
  @usableFromInline var offset: Int64
  /// The monotonic clock at the last look.
  @usableFromInline var last: UInt64
  /// Until when, by the monotonic clock, no stamp is believed; 0 where all is well.
  @usableFromInline var distrustedUntil: UInt64 = 0
  /// Stamps from before this moment of the wall clock are not believed.
  @usableFromInline var earliest: UInt64 = 0
  /// What ``earliest`` is once the distrust has ended.
  @usableFromInline var next: UInt64 = 0

  /// What is known at first.
  @inlinable public init(monotonic: UInt64, wall: UInt64) {
    offset = Int64(bitPattern: wall &- monotonic)
    last = monotonic
  }

  /// Looks at both clocks, read in this order one right after the other; once a batch.
  /// - Returns: false where the wall clock may have been set: ``judge(before:wall:after:)`` says whether it was. A thread
  ///   that lost its processor between the readings looks just the same.
  @inlinable @inline(__always)
  public mutating func isSteady(monotonic: UInt64, wall: UInt64) -> Bool {
    if distrustedUntil != 0, monotonic > distrustedUntil {
      distrustedUntil = 0
      earliest = next
    }
    let now = Int64(bitPattern: wall &- monotonic)
    guard differs(now &- offset, at: monotonic) == false else { return false }
    offset = now
    last = monotonic
    return true
  }

  /// Judges by a reading of the wall clock between two of the monotonic one, as near together as could be had.
  /// - Returns: true where the wall clock was set: then nothing stamped so far is believed, and no stamp for a second.
  @inlinable public mutating func judge(before: UInt64, wall: UInt64, after: UInt64) -> Bool {
    let most = Int64(bitPattern: wall &- before), least = Int64(bitPattern: wall &- after)
    // The offset was somewhere between the two, so only what is outside of both is a step.
    let isStep =
      differs(most &- offset, at: after) && differs(least &- offset, at: after)
      && (most < offset) == (least < offset)
    if isStep { distrust(from: after, wall: wall) }
    offset = most
    last = after
    return isStep
  }

  /// Believes no stamp for a second, and never one from before now: after a step, and when stamping has just begun, where
  /// the kernel stamps what waits when it is fetched.
  @inlinable public mutating func distrust(from monotonic: UInt64, wall: UInt64) {
    distrustedUntil = monotonic &+ ClockWatch.distrust
    earliest = .max
    next = wall
  }

  /// How long a datagram waited, from its stamp and the moment it was handed to us, both of the wall clock.
  @inlinable @inline(__always)
  public func queueTime(stamp: UInt64, wall: UInt64) -> QueueTime {
    if stamp == 0 { return .unstamped }
    let difference = Int64(bitPattern: wall &- stamp)
    if difference < 0 { return .negative }
    return stamp < earliest ? .distrusted : .time(UInt64(bitPattern: difference))
  }

  @inlinable @inline(__always)
  func differs(_ change: Int64, at monotonic: UInt64) -> Bool {
    let allowed = ClockWatch.tolerance &+ Int64(bitPattern: (monotonic &- last) &>> 11)
    return change > allowed || change < 0 &- allowed
  }
}

/// What is known of how long a datagram waited in the kernel.
@frozen public enum QueueTime: Equatable, Sendable, BitwiseCopyable {
  /// Nanoseconds.
  case time(UInt64)
  /// The kernel said nothing: always so over TCP.
  case unstamped
  /// Below zero: the wall clock was set back.
  case negative
  /// The wall clock was set, or stamping has just begun.
  case distrusted
}
