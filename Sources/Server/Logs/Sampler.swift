internal import Synchronization

/// Draws a sample of queries: each by itself, one in so many on average.
///
/// At random, and not each N-th: what is asked has a rhythm (A and AAAA of one name, a probe each second), and each N-th of
/// it may always be the same; a draw for each query has no such bias. One user, its worker.
struct Sampler: ~Copyable, Sendable {
  private let state: Atomic<UInt64>

  /// - Parameter seed: samplers with different ones draw different queries.
  init(seed: UInt64) { state = Atomic(seed) }

  /// True for a query that is in the sample. SplitMix64's steps: an addition, three mixings, and the high half of a product
  /// with `sample`, which is 0 for one in so many of all 64-bit numbers.
  @inline(__always)
  func draws(oneIn sample: UInt32) -> Bool {
    if sample <= 1 { return true }
    let next = state.load(ordering: .relaxed) &+ 0x9e37_79b9_7f4a_7c15
    state.store(next, ordering: .relaxed)
    var mixed = (next ^ next &>> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
    return (mixed ^ mixed &>> 31).multipliedFullWidth(by: UInt64(sample)).high == 0
  }
}
