public import CPrefetch
internal import Glibc

/// Memory of equal elements to work in: allocated once, owned, checked, changed in place.
///
/// An `InlineArray` inside a larger value would do the same without an allocation, but reading one element of it copies
/// all of it (Swift 6.3, measured: a third of a query's instructions).
@safe
public struct FlatScratch<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  /// How many elements there are.
  public let count: Int

  /// `count` times `element`.
  @inlinable public init(repeating element: Element, count: Int) {
    self.count = count
    unsafe base = allocated(octets: count * MemoryLayout<Element>.stride)
      .bindMemory(to: Element.self, capacity: count)
    unsafe base.initialize(repeating: element, count: count)
  }

  /// `count` times zero, beginning where a cache line begins.
  @inlinable public init(alignedZeros count: Int) where Element: FixedWidthInteger {
    self.count = count
    unsafe base = allocated(alignedOctets: count * MemoryLayout<Element>.stride)
      .bindMemory(to: Element.self, capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
  }

  deinit { unsafe free(base) }

  /// The element at `index`, which must be in `0 ..< count`.
  @inlinable public subscript(_ index: Int) -> Element {
    get {
      check(index)
      return unsafe base[index]
    }
    mutating set {
      check(index)
      unsafe base[index] = newValue
    }
  }

  /// Asks the processor to bring the element at `index` near, since it will be read soon. Nothing where the index is out
  /// of bounds.
  @inlinable @inline(__always) public func prefetch(_ index: Int) {
    if UInt(bitPattern: index) < UInt(bitPattern: count) { unsafe prefetchLine(base + index) }
  }

  /// All elements, to be changed in place: for loops that keep it at hand.
  @inlinable public var mutableSpan: MutableSpan<Element> {
    @_lifetime(&self)
    mutating get {
      // Safe: the memory lives as long as this value, which the span borrows for itself.
      let span = unsafe MutableSpan<Element>(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  @inlinable func check(_ index: Int) {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "an index into flat memory is in bounds")
  }
}

extension FlatScratch<UInt64> {
  /// Takes `count` octets of `source` from `start` on, eight a word, with every capital letter made small; what is left of
  /// the last word, and the word behind it, become zero. There must be room for that.
  @inlinable public mutating func loadLowercased(_ source: Span<UInt8>, from start: Int, count size: Int) {
    precondition(start >= 0 && size >= 0 && size <= source.count &- start, "a copy from a span is in bounds")
    precondition(size &>> 3 &+ 1 < count, "a copy in whole words has room")
    // A word that would end behind the source is the source's last, moved down; few sources are shorter than a word.
    let lastWord = source.count &- 8
    unsafe source.withUnsafeBytes { bytes in
      var from = start
      var word = unsafe base
      // Safe: `from` and seven more are in bounds, and so is `word`, which is checked above for all of them.
      while from <= lastWord, from < start &+ size {
        unsafe word.pointee = lowercased(bytes.loadUnaligned(fromByteOffset: from, as: UInt64.self))
        unsafe word += 1
        from &+= 8
      }
      if from < start &+ size {
        let isLong = lastWord >= 0
        let last = isLong ? source.word(at: lastWord) &>> UInt64((from &- lastWord) &* 8) : source.shortWord(at: from)
        unsafe word.pointee = lowercased(last)
      }
      unsafe base[size &>> 3] &= (1 &<< (UInt64(size & 7) &* 8)) &- 1
      unsafe base[size &>> 3 &+ 1] = 0
    }
  }
}
