public import DNSFormat
internal import FlatMemory

/// Replies that were kept: one for all workers, who look; the forwarder alone writes, through a ``ReplyCacheWriter``.
///
/// All memory is taken at the start, exactly as much as was said, and never grows. It is an index and two rings:
///
/// - *Index*: buckets of eight words, a cache line each; a word has 13 bits of a question's hash and the position of what is
///   kept. Positions only go up: a position in a ring is where in its memory the rest of the division lies.
/// - *Entrance*, a quarter of the memory: all replies go in here first, each behind the one before. Where the ring comes
///   round, whatever lies there makes room.
/// - *Main ring*: of the entrance's, those that were asked for again since; while there is still room that was never used,
///   the others as well. What makes room here and was asked for since the last round goes round once more.
///
/// So a flood of names that nobody asks for twice turns the entrance over and evicts nothing from the main ring: S3-FIFO's
/// idea (Yang et al., 2023), and with rings there is no list to keep and no hole to fill.
///
/// *Reading without locks*: the writer raises a ring's tail beyond what it is going to overwrite before it does so. A reader
/// copies an entry out and then looks at the tail: where that has passed the entry, the copy may be torn, and is none.
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

  /// The index, then the rings, then the tails and the time, see ``CacheLayout``.
  let words: SharedWords
  let layout: CacheLayout
  let seed: UInt64

  /// - Parameters:
  ///   - size: octets of memory, all of them; a cache of less than 64 KiB keeps nothing.
  ///   - seed: nobody outside knows it.
  package init(size: Int, seed: UInt64) {
    layout = CacheLayout(size: size)
    words = SharedWords(count: layout.wordCount)
    self.seed = seed
  }

  /// The hash of a question.
  func hash(_ name: borrowing NameKey, _ kind: QuestionKind) -> UInt64 {
    kind.hash(ofName: name.hash(from: 0, seed: seed))
  }

  /// Looks a question up and copies what is kept into `image`.
  ///
  /// Some 300 instructions beside the copy; allocates nothing, waits for nobody.
  /// - Parameters:
  ///   - now: seconds of the clock that the writer goes by.
  ///   - image: of no meaning after a miss.
  /// - Returns: what there is; how old it is, in seconds.
  public func find(
    _ name: borrowing NameKey, _ kind: QuestionKind, now: UInt32, into image: inout ReplyImage
  ) -> (finding: Finding, age: UInt32) {
    if layout.bucketCount == 0 { return (.miss, 0) }
    let hash = hash(name, kind)
    let bucket = layout.bucket(of: hash)
    var index = bucket
    while index < bucket &+ CacheLayout.slotsPerBucket {
      let slot = CacheSlot(bits: words.load(index, isFirst: true))
      if slot.tag == CacheSlot.tag(of: hash), !slot.isFree {
        let (finding, age) = read(slot, at: index, hash, name, kind, now, into: &image)
        if finding != .miss { return (finding, age) }
      }
      index &+= 1
    }
    return (.miss, 0)
  }

  /// Reads the entry of a slot, if it is that of the question.
  private func read(
    _ slot: CacheSlot, at index: Int, _ hash: UInt64, _ name: borrowing NameKey, _ kind: QuestionKind, _ now: UInt32,
    into image: inout ReplyImage
  ) -> (finding: Finding, age: UInt32) {
    let ring = slot.isInMain ? layout.main : layout.entrance
    let start = ring.word(at: slot.position)
    guard words.load(start) == hash, words.load(start &+ 1) == kind.route else { return (.miss, 0) }
    let head = CacheEntry(kind: words.load(start &+ 2), times: words.load(start &+ 3))
    // What was torn may have any size: the copy stays within the ring.
    guard head.isOf(kind, nameLength: name.length), start &+ head.size <= ring.end,
      CacheEntry.headWords &+ (name.length &+ 7) &>> 3 <= head.size
    else { return (.miss, 0) }
    var word = 0
    while word &* 8 < name.length {
      if words.load(start &+ CacheEntry.headWords &+ word) != name.alignedWord(word) { return (.miss, 0) }
      word &+= 1
    }
    // A reader whose clock was read before the writer's is not 136 years late.
    let age = UInt32(truncatingIfNeeded: max(0, Int32(truncatingIfNeeded: now &- head.inserted)))
    if age >= head.life, !isUsableWhenStale(age &- head.life) { return (.miss, 0) }
    let imageStart = CacheEntry.headWords &+ word
    words.copy(words: head.size &- imageStart, from: start &+ imageStart, into: &image.octets)
    SharedWords.readsEndHere()
    // The slot was emptied where positions began anew: the tail says nothing then.
    guard words.load(ring.tail) <= slot.position, CacheSlot(bits: words.load(index)).position == slot.position else {
      return (.miss, 0)
    }
    if age >= head.life { return (.stale, age) }
    return (mark(slot, at: index, remaining: head.life &- age, of: head.life), age)
  }

  /// Notes that an entry was asked for, in its slot: nothing is written for one that was noted before.
  private func mark(_ slot: CacheSlot, at index: Int, remaining: UInt32, of life: UInt32) -> Finding {
    if !slot.isUsed {
      // Where the writer, or another reader, came first there is nothing to note.
      _ = words.replace(slot.bits, with: slot.used.bits, at: index)
      return .fresh
    }
    // Asked for when it came, and twice since; a tenth of its time is left, or its last second.
    guard life > 1, remaining <= max(1, life / 10), !slot.isClaimed else { return .fresh }
    return words.replace(slot.bits, with: slot.claimed.bits, at: index) ? .freshAndWorthPrefetching : .fresh
  }

  private func isUsableWhenStale(_ age: UInt32) -> Bool { UInt64(age) < words.load(layout.staleTime) }
}
