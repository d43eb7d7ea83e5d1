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

  @inlinable func check(_ index: Int) {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "an index into flat memory is in bounds")
  }
}
