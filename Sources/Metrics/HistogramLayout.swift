/// Where a duration is counted: log-linear buckets, 32 an octave, so that one layout serves 50 ns and 100 s alike.
///
/// Durations under 64 ns have a bucket each; from there a bucket is at most 1/32 of its lower bound wide. Durations of
/// 2^37 ns (137 s) and more are counted in the last bucket.
public enum HistogramLayout {
  /// How many buckets there are.
  public static var bucketCount: Int { 1056 }

  /// The largest error of a bucket's midpoint, as a part of any duration in it: half of a bucket's greatest width.
  package static let relativeError = 1.0 / 64

  /// The bucket of a duration in nanoseconds. A shift, a count of zeros and an addition.
  @inlinable public static func bucket(of nanoseconds: UInt64) -> Int {
    if nanoseconds < 32 { return Int(nanoseconds) }
    let value = min(nanoseconds, 1 << 37 &- 1)
    let shift = 58 &- value.leadingZeroBitCount  // drops all but the six leading bits
    return shift &* 32 &+ Int(truncatingIfNeeded: value &>> UInt64(truncatingIfNeeded: shift))
  }

  /// The shortest duration in a bucket, in nanoseconds.
  public static func lowerBound(of bucket: Int) -> UInt64 {
    precondition((0..<bucketCount).contains(bucket), "a bucket is one of the layout's")
    if bucket < 64 { return UInt64(bucket) }
    return UInt64(32 + bucket % 32) << UInt64(bucket / 32 - 1)
  }

  /// The longest duration in a bucket, in nanoseconds; of the last one, the longest that is not cut.
  public static func upperBound(of bucket: Int) -> UInt64 {
    bucket == bucketCount - 1 ? 1 << 37 - 1 : lowerBound(of: bucket + 1) - 1
  }

  /// What a bucket's durations are reported as, in nanoseconds: the middle, rounded down.
  package static func midpoint(of bucket: Int) -> UInt64 {
    let lower = lowerBound(of: bucket)
    return lower + (upperBound(of: bucket) - lower) / 2
  }
}
