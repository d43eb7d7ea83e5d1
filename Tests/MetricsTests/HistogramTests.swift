import Metrics
import Testing

/// Durations at and around every power of two, and pseudo-random ones over all magnitudes from a fixed seed.
private let durations: [UInt64] = {
  var all: [UInt64] = Array(0..<200)
  for exponent in 5..<64 { for offset in 0..<3 { all.append((1 << UInt64(exponent)) &- 1 &+ UInt64(offset)) } }
  var state: UInt64 = 0x9e37_79b9_7f4a_7c15
  for _ in 0..<20_000 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    all.append(state >> (state >> 58))
  }
  return all.sorted()
}()

@Suite("DESIGN §6: log-linear buckets, relative error at most 1/32")
struct HistogramLayoutTests {
  @Test func `a longer duration is never in a lower bucket`() {
    var last = 0
    for duration in durations {
      let bucket = HistogramLayout.bucket(of: duration)
      #expect(bucket >= last)
      #expect(bucket < HistogramLayout.bucketCount)
      last = bucket
    }
  }

  @Test func `a duration is within its bucket's bounds, and one beyond 2^37 ns is in the last`() {
    for duration in durations {
      let bucket = HistogramLayout.bucket(of: duration)
      if duration >= 1 << 37 {
        #expect(bucket == HistogramLayout.bucketCount - 1)
      } else {
        #expect(HistogramLayout.lowerBound(of: bucket) <= duration)
        #expect(duration <= HistogramLayout.upperBound(of: bucket))
      }
    }
  }

  @Test func `buckets meet without gap or overlap, and none is wider than 1 in 32`() {
    #expect(HistogramLayout.lowerBound(of: 0) == 0)
    #expect(HistogramLayout.upperBound(of: HistogramLayout.bucketCount - 1) == (1 << 37) - 1)
    for bucket in 0..<HistogramLayout.bucketCount {
      let lower = HistogramLayout.lowerBound(of: bucket), upper = HistogramLayout.upperBound(of: bucket)
      #expect(HistogramLayout.bucket(of: lower) == bucket)
      #expect(HistogramLayout.bucket(of: upper) == bucket)
      if bucket > 0 { #expect(HistogramLayout.upperBound(of: bucket - 1) + 1 == lower) }
      let width = upper - lower + 1
      #expect(width == 1 || Double(width) / Double(lower) <= 1.0 / 32)
      let middle = HistogramLayout.midpoint(of: bucket)
      #expect(Double(upper - middle) <= Double(upper) * HistogramLayout.relativeError)
      #expect(Double(middle - lower) <= Double(lower) * HistogramLayout.relativeError)
    }
  }
}

@Suite("RFC 2330 §11.3: statistics of a histogram")
struct HistogramCountsTests {
  @Test func `disjoint intervals add exactly`() {
    var whole = HistogramCounts(), first = HistogramCounts(), second = HistogramCounts()
    for (index, duration) in durations.enumerated() where duration < 1 << 40 {
      whole.record(duration)
      if index % 3 == 0 { first.record(duration) } else { second.record(duration) }
    }
    var sum = first
    sum.merge(second)
    #expect(sum == whole)
    #expect(sum.count == first.count + second.count)
  }

  @Test func `an interval is what came since, its maximum within a bucket`() {
    var before = HistogramCounts()
    for duration in [100, 2000, 900_000] as [UInt64] { before.record(duration) }
    var now = before
    for duration in [300, 5000] as [UInt64] { now.record(duration) }
    var interval = now
    interval.subtract(before)
    #expect(interval.count == 2)
    #expect(interval.sum == 5300)
    #expect(interval.max >= 5000 && Double(interval.max) <= 5000 * (1 + 1.0 / 32))
    now.record(1_000_000)
    now.subtract(before)
    #expect(now.max == 1_000_000)
  }

  @Test func `nothing counted gives zeros`() {
    var nothing = HistogramCounts()
    nothing.record(5)
    let same = nothing
    nothing.subtract(same)
    #expect(nothing == HistogramCounts())
    #expect(nothing.quantile(0.5) == 0 && nothing.mean == 0)
  }

  @Test(arguments: [0.0, 0.01, 0.5, 0.95, 0.99, 1.0])
  func `a quantile is within 1 in 64 of the sorted sample's`(part: Double) {
    let sample = durations.filter { $0 < 1 << 37 }
    var histogram = HistogramCounts()
    for duration in sample { histogram.record(duration) }
    let rank = max(1, Int((part * Double(sample.count)).rounded(.up)))
    let exact = Double(sample[rank - 1])
    #expect(abs(Double(histogram.quantile(part)) - exact) <= exact / 64)
    #expect(histogram.quantile(1) <= histogram.max)
  }

  @Test func `small samples follow the definition to the letter`() {
    // RFC 2330 §11.3's example: -2, 7, 7, 4, 18, -5, shifted to be durations.
    var histogram = HistogramCounts()
    for value in [3, 12, 12, 9, 23, 0] as [UInt64] { histogram.record(value) }
    #expect(histogram.quantile(0.5) == 9)
    #expect(histogram.quantile(0.51) == 12)
    #expect(histogram.quantile(1) == 23)
    #expect(histogram.mean == 59.0 / 6)
  }
}
