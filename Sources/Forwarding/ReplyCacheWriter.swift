internal import DNSFormat
internal import FlatMemory

/// The one that writes into a cache.
package struct ReplyCacheWriter: ~Copyable {
  package let cache: ReplyCache
  /// How many replies are kept, those past their end among them.
  package private(set) var count = 0
  /// Octets that they take.
  package private(set) var octetsInUse = 0
  /// Replies that made room before their end.
  package private(set) var evictions: UInt64 = 0
  private var entrance = Progress()
  private var main = Progress()
  private var name = NameKey()
  /// What is going to be written: head, name, image.
  private var entry = OctetBuffer(capacity: ReplyImage.capacity + 512)

  /// How far a ring has been written.
  private struct Progress {
    /// Where the next entry goes, and the first that is still there.
    var head: UInt64 = 1
    var tail: UInt64 = 1
  }

  /// Entries that go round once more at the most before others are evicted: so that writing one has a bounded cost.
  private static var longestWay: Int { 32 }

  /// - Parameters:
  ///   - cache: nobody else may write into it.
  ///   - start: the first position.
  package init(_ cache: ReplyCache, start: UInt64 = 1) {
    self.cache = cache
    guard cache.layout.bucketCount > 0 else { return }
    begin(at: start)
    staleTime = 86_400
  }

  /// For how long after its end a reply may stand in, in seconds; 0 for never.
  package var staleTime: UInt32 = 0 {
    didSet { if cache.layout.bucketCount > 0 { cache.words.store(UInt64(staleTime), at: cache.layout.staleTime) } }
  }

  /// Keeps a reply for as long as it says; nothing where that is no time at all, or it is larger than an eighth of the
  /// entrance.
  /// - Parameter now: seconds of a clock that only goes forward.
  package mutating func insert(_ image: borrowing ReplyImage, for question: ForwardedQuestion, now: UInt32) {
    let nameWords = (question.name.count &+ 7) / 8
    let size = CacheEntry.headWords &+ nameWords &+ (image.octets.count &+ 7) / 8
    guard cache.layout.bucketCount > 0, image.life > 0, size <= cache.layout.entrance.count / 8 else { return }
    guard (try? name.load(question.name.span, at: 0)) != nil else { return }
    let hash = cache.hash(name, question.kind)
    let head = CacheEntry(
      question.kind, nameLength: question.name.count, size: size, inserted: now, life: image.life)
    entry.reset()
    for word in [hash, question.kind.route, head.kind, head.times] { entry.append(word.byteSwapped) }
    entry.append(question.name.span)
    while entry.count & 7 != 0 { entry.append(0 as UInt8) }
    entry.append(image.octets.octets)
    // Two rounds of the larger ring are more than one reply can move either.
    if max(entrance.head, main.head) + 2 * UInt64(cache.layout.main.count) >= CacheSlot.positionLimit { restart() }
    let old = slot(of: hash, question.kind)
    // What has come as far as the main ring stays in it when it is renewed.
    let isInMain = old.map { CacheSlot(bits: cache.words.load($0)).isInMain } ?? false
    let position = isInMain ? roomInMain(size, now) : roomInEntrance(size, now)
    let ring = isInMain ? cache.layout.main : cache.layout.entrance
    cache.words.store(entry.octets, at: ring.word(at: position))
    // Making room may have freed the old slot, or taken it.
    let index = slot(of: hash, question.kind) ?? freeSlot(in: cache.layout.bucket(of: hash))
    forget(slotAt: index, isEviction: false)
    let slot = CacheSlot(tag: CacheSlot.tag(of: hash), position: position, isInMain: isInMain)
    cache.words.store(slot.bits, at: index, isLast: true)
    count += 1
    octetsInUse += size * 8
  }

  /// Forgets everything: where what was let pass before is not any more.
  package mutating func removeAll() {
    for index in 0..<(cache.layout.bucketCount * CacheLayout.slotsPerBucket) { cache.words.store(0, at: index) }
    (count, octetsInUse) = (0, 0)
  }

  /// Begins again, once all positions are used up. Who reads an entry meanwhile finds its slot empty before anything is
  /// written over it.
  private mutating func restart() {
    removeAll()
    SharedWords.writesBeginHere()
    begin(at: 1)
  }

  /// Empties both rings; the next entries go where a position is.
  private mutating func begin(at position: UInt64) {
    (entrance, main) = (Progress(head: position, tail: position), Progress(head: position, tail: position))
    cache.words.store(position, at: cache.layout.entrance.tail)
    cache.words.store(position, at: cache.layout.main.tail)
  }

  // MARK: - Slots

  /// The slot of a question, if it is kept.
  private func slot(of hash: UInt64, _ kind: QuestionKind) -> Int? {
    let bucket = cache.layout.bucket(of: hash)
    for index in bucket..<(bucket + CacheLayout.slotsPerBucket) {
      let slot = CacheSlot(bits: cache.words.load(index))
      guard !slot.isFree, slot.tag == CacheSlot.tag(of: hash) else { continue }
      let start = ring(slot).word(at: slot.position)
      if cache.words.load(start) == hash, cache.words.load(start + 1) == kind.route,
        entry(at: start).isOf(kind, nameLength: name.length), isName(at: start + CacheEntry.headWords)
      {
        return index
      }
    }
    return nil
  }

  private func isName(at start: Int) -> Bool {
    for word in 0..<((name.length + 7) / 8) where cache.words.load(start + word) != name.alignedWord(word) {
      return false
    }
    return true
  }

  /// A slot of a bucket for something new: a free one, else one that was not asked for, else the one before its end first.
  private mutating func freeSlot(in bucket: Int) -> Int {
    var best = bucket
    var bestWorth = UInt64.max
    for index in bucket..<(bucket + CacheLayout.slotsPerBucket) {
      let slot = CacheSlot(bits: cache.words.load(index))
      if slot.isFree { return index }
      let worth = slot.position | (slot.isInMain ? 1 << 60 : 0) | (slot.isUsed ? 1 << 61 : 0)
      if worth < bestWorth { (best, bestWorth) = (index, worth) }
    }
    forget(slotAt: best, isEviction: true)
    return best
  }

  private mutating func forget(slotAt index: Int, isEviction: Bool) {
    let slot = CacheSlot(bits: cache.words.load(index))
    if slot.isFree { return }
    count -= 1
    octetsInUse -= entry(at: ring(slot).word(at: slot.position)).size * 8
    if isEviction { evictions += 1 }
    cache.words.store(0, at: index)
  }

  private func ring(_ slot: CacheSlot) -> CacheLayout.Ring {
    slot.isInMain ? cache.layout.main : cache.layout.entrance
  }

  private func entry(at start: Int) -> CacheEntry {
    CacheEntry(kind: cache.words.load(start + 2), times: cache.words.load(start + 3))
  }

  // MARK: - Rings

  /// Makes room at the entrance's head.
  private mutating func roomInEntrance(_ size: Int, _ now: UInt32) -> UInt64 {
    let ring = cache.layout.entrance
    let start = Self.place(size, at: entrance.head, in: ring)
    while entrance.tail + UInt64(ring.count) < start + UInt64(size) {
      let (index, oldSize) = oldest(entrance.tail, ring, isInMain: false)
      // The main ring takes its words from here: the tail passes them only then.
      if let index { moveOn(slotAt: index, from: ring.word(at: entrance.tail), oldSize, now) }
      entrance.tail += UInt64(oldSize)
    }
    Self.take(size, at: start, from: &entrance, ring, cache)
    return start
  }

  /// Moves what leaves the entrance to the main ring where it was asked for, or there is room that was never used.
  private mutating func moveOn(slotAt index: Int, from start: Int, _ size: Int, _ now: UInt32) {
    let slot = CacheSlot(bits: cache.words.load(index))
    let isFilling = main.head + UInt64(size) < UInt64(cache.layout.main.count)
    guard slot.isUsed || isFilling, !isOver(entry(at: start), now) else {
      return forget(slotAt: index, isEviction: true)
    }
    let position = roomInMain(size, now)
    cache.words.move(words: size, from: start, to: cache.layout.main.word(at: position))
    let moved = CacheSlot(tag: slot.tag, position: position, isInMain: true)
    cache.words.store(moved.bits, at: index, isLast: true)
  }

  /// Makes room at the main ring's head; what was asked for since the last round goes round once more.
  private mutating func roomInMain(_ size: Int, _ now: UInt32) -> UInt64 {
    let ring = cache.layout.main
    var way = 0
    while true {
      let start = Self.place(size, at: main.head, in: ring)
      if main.tail + UInt64(ring.count) >= start + UInt64(size) {
        Self.take(size, at: start, from: &main, ring, cache)
        return start
      }
      let (index, oldSize) = oldest(main.tail, ring, isInMain: true)
      let from = ring.word(at: main.tail)
      main.tail += UInt64(oldSize)
      guard let index else { continue }
      let isKept =
        CacheSlot(bits: cache.words.load(index)).isUsed && way < Self.longestWay && !isOver(entry(at: from), now)
      way += 1
      if isKept { putBack(slotAt: index, from: from, oldSize) } else { forget(slotAt: index, isEviction: true) }
    }
  }

  /// Puts the entry that the main ring's tail has just passed at its head, where its own room is free now. It is evicted
  /// where the ring's memory ends in between, once a round at the most.
  private mutating func putBack(slotAt index: Int, from: Int, _ size: Int) {
    let ring = cache.layout.main
    let start = Self.place(size, at: main.head, in: ring)
    guard main.tail + UInt64(ring.count) >= start + UInt64(size) else {
      return forget(slotAt: index, isEviction: true)
    }
    Self.take(size, at: start, from: &main, ring, cache)
    cache.words.move(words: size, from: from, to: ring.word(at: start))
    let slot = CacheSlot(bits: cache.words.load(index))
    let moved = CacheSlot(tag: slot.tag, position: start, isInMain: true)
    cache.words.store(moved.bits, at: index, isLast: true)
  }

  /// Where so many words go: at a ring's head, or where its memory begins again.
  private static func place(_ size: Int, at head: UInt64, in ring: CacheLayout.Ring) -> UInt64 {
    let left = ring.count - Int(head % UInt64(ring.count))
    return size <= left ? head : head + UInt64(left)
  }

  /// Takes words that are free: tells readers first, then fills the gap before them, if the memory ended there.
  private static func take(
    _ size: Int, at start: UInt64, from progress: inout Progress, _ ring: CacheLayout.Ring, _ cache: ReplyCache
  ) {
    cache.words.store(progress.tail, at: ring.tail)
    SharedWords.writesBeginHere()
    let gap = Int(start - progress.head)
    if gap >= CacheEntry.headWords {
      let word = ring.word(at: progress.head)
      cache.words.store(0, at: word)
      cache.words.store(UInt64(gap) << 32, at: word + 2)
    }
    progress.head = start + UInt64(size)
  }

  /// The slot of what lies at a ring's tail, if one leads there, and its words.
  private func oldest(_ tail: UInt64, _ ring: CacheLayout.Ring, isInMain: Bool) -> (index: Int?, size: Int) {
    let start = ring.word(at: tail)
    let left = ring.end - start
    if left < CacheEntry.headWords { return (nil, left) }
    let bucket = cache.layout.bucket(of: cache.words.load(start))
    let size = entry(at: start).size
    for index in bucket..<(bucket + CacheLayout.slotsPerBucket) {
      let slot = CacheSlot(bits: cache.words.load(index))
      if !slot.isFree, slot.position == tail, slot.isInMain == isInMain { return (index, size) }
    }
    return (nil, size)
  }

  private func isOver(_ entry: CacheEntry, _ now: UInt32) -> Bool {
    let age = now &- entry.inserted
    return age >= entry.life && age - entry.life >= staleTime
  }
}
