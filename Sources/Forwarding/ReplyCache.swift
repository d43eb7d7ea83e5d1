/// Replies that were kept: one for all workers, who look; the forwarder alone writes, through a ``ReplyCacheWriter``.
public final class ReplyCache: Sendable {
  /// What was found under a question.
  public enum Finding: UInt8, Sendable, BitwiseCopyable {
    case miss
    /// It may be answered with.
    case fresh
    /// So it may, but its end is near and it is asked for often: whoever is told this asks for it again, and nobody else is.
    case freshAndWorthPrefetching
    /// Past its end: for when no server answers (RFC 8767).
    case stale
  }

  /// - Parameters:
  ///   - size: octets of memory, all of them; none for a cache that keeps nothing.
  ///   - seed: nobody outside knows it.
  package init(size: Int, seed: UInt64) {}
}

/// The one that writes into a cache.
package struct ReplyCacheWriter: ~Copyable {
  package let cache: ReplyCache

  package init(_ cache: ReplyCache) { self.cache = cache }

  /// Keeps a reply for as long as it says; nothing where that is no time at all.
  /// - Parameter now: seconds of a clock that only goes forward.
  package mutating func insert(_ image: borrowing ReplyImage, for question: ForwardedQuestion, now: UInt32) {}

  /// Forgets everything: where what was let pass before is not any more.
  package mutating func removeAll() {}

  /// How many replies are kept, those past their end among them.
  package var count: Int { 0 }
  /// Octets that they take.
  package var octetsInUse: Int { 0 }
  /// For how long after its end a reply may stand in, in seconds; 0 for never.
  package var staleTime: UInt32 = 86_400
}
