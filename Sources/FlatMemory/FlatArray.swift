public import CPrefetch
internal import Glibc

/// Immutable memory of equal elements, owned, checked, and free of reference counting.
///
/// A snapshot is read by every worker on every query. A Swift array inside it would count references on each access,
/// and the counter's cache line would travel between the cores; this type is a pointer and a count, so reading costs a
/// load and a compare. It is the one place, with ``OctetBuffer`` and ``SharedWords``, where memory is handled by hand.
@safe
public struct FlatArray<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  /// How many elements there are.
  public let count: Int

  /// Copies `elements`; the memory is given back when this value's life ends.
  @inlinable public init(_ elements: [Element]) {
    count = elements.count
    unsafe base = allocated(octets: elements.count * MemoryLayout<Element>.stride)
      .bindMemory(to: Element.self, capacity: elements.count)
    let copy = unsafe UnsafeMutableBufferPointer(start: base, count: elements.count)
    _ = unsafe copy.initialize(from: elements)
  }

  /// Takes over memory from ``allocated(octets:)`` that holds `count` elements.
  @unsafe init(taking memory: UnsafeMutableRawPointer, count: Int) {
    self.count = count
    unsafe base = memory.bindMemory(to: Element.self, capacity: count)
  }

  deinit { unsafe free(base) }

  /// The element at `index`, which must be in `0 ..< count`.
  @inlinable public subscript(_ index: Int) -> Element {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "an index into flat memory is in bounds")
    // Safe: the memory holds `count` initialised elements for as long as this value lives, and the index was checked.
    return unsafe base[index]
  }

  /// Asks the processor to bring the element at `index` near, since it will be read soon. Nothing where the index is out
  /// of bounds.
  @inlinable @inline(__always) public func prefetch(_ index: Int) {
    if UInt(bitPattern: index) < UInt(bitPattern: count) { unsafe prefetchLine(base + index) }
  }

  /// All elements, to be read in place.
  @inlinable public var span: Span<Element> {
    @_lifetime(borrow self)
    borrowing get {
      // Safe: the memory lives as long as this value, which the span borrows.
      let span = unsafe Span<Element>(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }
}

extension FlatArray<UInt8> {
  /// A value of `Value`'s size at any octet offset, in this host's byte order. The whole value must be in bounds.
  @inlinable public func load<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
    precondition(
      offset >= 0 && offset &+ MemoryLayout<Value>.size <= count, "a load from flat memory is in bounds")
    // Safe: checked above; integers have no invalid bit patterns and the load does not need alignment.
    return unsafe UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// The octets in `range` as an array: for the control plane, not for a query's path.
  public func octets(_ range: Range<Int>) -> [UInt8] { range.map { self[$0] } }
}

/// Memory of at least `count` octets, aligned for anything; `previous`, if any, is moved there and given back.
@unsafe @usableFromInline func allocated(octets count: Int, movedFrom previous: UnsafeMutableRawPointer? = nil)
  -> UnsafeMutableRawPointer
{
  guard let memory = unsafe realloc(previous, max(count, 16)) else { endOutOfMemory(count) }
  return unsafe memory
}

/// Memory of at least `count` octets that begins where a cache line begins.
@unsafe @usableFromInline func allocated(alignedOctets count: Int) -> UnsafeMutableRawPointer {
  guard let memory = unsafe aligned_alloc(64, (max(count, 64) + 63) & ~63) else { endOutOfMemory(count) }
  unsafe prefersLargePages(memory, octets: count)
  return unsafe memory
}

/// Asks the system to put large pages under memory that is well larger than one: a table that queries read all over costs
/// them a walk of the page table each time otherwise. A hint: nothing is said where the system has none.
/// - Parameter isFilled: true for memory that was written already, whose pages are put together now (Linux 6.1).
@unsafe @usableFromInline func prefersLargePages(
  _ memory: UnsafeMutableRawPointer, octets count: Int, isFilled: Bool = false
) {
  let collapse: Int32 = 25  // MADV_COLLAPSE, which not every C library's headers have
  let page = 4096
  guard count >= 8 << 20 else { return }
  let start = (Int(bitPattern: memory) + page - 1) & -page
  let size = (Int(bitPattern: memory) + count - start) & -page
  guard let pages = unsafe UnsafeMutableRawPointer(bitPattern: start) else { return }
  // Safe: whole pages within the memory, whose contents stay as they are.
  _ = unsafe madvise(pages, size, MADV_HUGEPAGE)
  if isFilled { _ = unsafe madvise(pages, size, collapse) }
}
