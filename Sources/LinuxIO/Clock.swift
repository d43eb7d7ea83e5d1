internal import Glibc

/// The host's clocks, read in about 23 ns without entering the kernel.
public enum Clock {
  /// Nanoseconds since some moment before the start; never goes back. For differences.
  public static func monotonicNanoseconds() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970-01-01 UTC; steps when the clock is set. For what is compared with the kernel's stamps.
  public static func realtimeNanoseconds() -> UInt64 { read(CLOCK_REALTIME) }

  /// Seconds since 1970-01-01 UTC, as signatures and cookies count them: modulo 2³² (RFC 4034 §3.1.5).
  public static func realtimeSeconds() -> UInt32 { UInt32(truncatingIfNeeded: realtimeNanoseconds() / 1_000_000_000) }

  /// Seconds since the machine was started, those that it slept among them; nobody sets it. Modulo 2³².
  public static func machineSeconds() -> UInt32 { UInt32(truncatingIfNeeded: read(CLOCK_BOOTTIME) / 1_000_000_000) }

  @inline(__always)
  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    // Safe: the kernel writes one timespec; these clocks exist on every Linux.
    unsafe clock_gettime(clock, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
  }
}

/// Lets this thread rest: for a thread that has nothing else to wait for.
package func pause(milliseconds: UInt32) { _ = usleep(milliseconds * 1000) }

extension Clock {
  /// What is known of a clock's own error.
  package struct Calibration: Equatable, Sendable {
    /// The smallest difference it can show, in nanoseconds.
    package let resolution: Double
    /// What reading it costs, in nanoseconds: the median over many runs.
    package let readCost: Double
  }

  /// Measures both clocks; takes about a millisecond.
  package static func calibrate() -> (monotonic: Calibration, realtime: Calibration) {
    (calibrate(CLOCK_MONOTONIC), calibrate(CLOCK_REALTIME))
  }

  private static func calibrate(_ clock: clockid_t) -> Calibration {
    var resolution = timespec()
    // Safe: as for reading.
    unsafe clock_getres(clock, &resolution)
    let readsPerRun = 200
    var costs: [Double] = []
    for _ in 0..<101 {
      let start = read(CLOCK_MONOTONIC)
      for _ in 0..<readsPerRun { _ = read(clock) }
      costs.append(Double(read(CLOCK_MONOTONIC) &- start) / Double(readsPerRun + 1))
    }
    costs.sort()
    return Calibration(
      resolution: Double(resolution.tv_sec) * 1e9 + Double(resolution.tv_nsec), readCost: costs[costs.count / 2])
  }
}
