/// What the instrument itself adds and how it varies, found by the same sockets and clock reads on a loopback within the
/// process (RFC 8912 §6.4.4, RFC 2681 §2.7.3).
package struct Calibration: Equatable, Sendable, Encodable {
  /// How many round trips it rests on.
  package let count: Int
  /// The median round trip through this host's own network code: dT is too long by at most about this, in seconds.
  package let systematic: Double
  /// 95 % of the round trips are no farther from the median than this, in seconds.
  package let random: Double
  /// The smallest difference that the clock shows, in seconds.
  package let clockResolution: Double
  /// What reading it costs, in seconds.
  package let clockReadCost: Double

  /// - Parameter roundTrips: in nanoseconds, in any order.
  /// - Returns: nil where there are none.
  package init?(_ roundTrips: [UInt64], clockResolution: Double, clockReadCost: Double) {
    guard let summary = DelaySummary(roundTrips) else { return nil }
    let deviations = roundTrips.map { (Double($0) * 1e-9 - summary.median.value).magnitude }.sorted()
    count = summary.count
    systematic = summary.median.value
    random = quantile(0.95, of: deviations).value
    self.clockResolution = clockResolution
    self.clockReadCost = clockReadCost
  }

  /// The uncertainty of a figure: its sampling interval, widened by the instrument's random error, and downwards by its
  /// systematic one, which only ever adds.
  package func uncertainty(of estimate: Estimate) -> (below: Double, above: Double)? {
    guard let low = estimate.low, let high = estimate.high else { return nil }
    let error = random * random + clockResolution * clockResolution
    let below = ((estimate.value - low) * (estimate.value - low) + error).squareRoot() + systematic
    return (below, ((high - estimate.value) * (high - estimate.value) + error).squareRoot())
  }

  /// By how much two streams' delays may differ for the instrument's sake alone: what it adds to both is the same.
  package var betweenStreams: Double { 2 * (clockResolution + clockReadCost) }
}
