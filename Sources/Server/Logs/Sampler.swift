internal import Randomness
internal import Synchronization

/// Draws a sample of queries: each by itself, one in so many on average.
///
/// At random, and not each N-th: what is asked has a rhythm (A and AAAA of one name, a probe each second), and each N-th of
/// it may always be the same; a draw for each query has no such bias. One user, its worker.
struct Sampler: ~Copyable, Sendable {
  private let state: Atomic<UInt64>

  /// - Parameter seed: samplers with different ones draw different queries.
  init(seed: UInt64) { state = Atomic(seed) }

  /// True for a query that is in the sample: a draw of `sample` numbers gave the first.
  @inline(__always)
  func draws(oneIn sample: UInt32) -> Bool {
    if sample <= 1 { return true }
    var random = SplitMix64(seed: state.load(ordering: .relaxed))
    let drawn = random.next(below: UInt64(sample))
    state.store(random.state, ordering: .relaxed)
    return drawn == 0
  }
}
