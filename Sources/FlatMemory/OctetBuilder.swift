internal import Glibc

/// Grows octets that become a ``FlatArray`` without a copy: at load, for data that may be most of the process's memory.
@safe
public struct OctetBuilder: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var capacity: Int
  @usableFromInline var size = 0
  /// Octets so far.
  @inlinable public var count: Int { size }

  /// Starts empty, with room for `capacity` octets.
  public init(capacity: Int) {
    self.capacity = max(capacity, 64)
    unsafe base = allocated(octets: self.capacity)
  }

  deinit { unsafe free(base) }

  /// Makes room for `size` octets more.
  @inlinable mutating func reserve(_ more: Int) {
    if more > capacity &- size { grow(more) }
  }

  @usableFromInline mutating func grow(_ more: Int) {
    capacity = max(capacity + capacity / 2, size + more)
    unsafe base = allocated(octets: capacity, movedFrom: base)
  }

  /// Appends an integer in the host's byte order, which is how flat memory is read.
  @inlinable public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(host value: Value) {
    reserve(MemoryLayout<Value>.size)
    // Safe: the room was just reserved.
    unsafe base.storeBytes(of: value, toByteOffset: size, as: Value.self)
    size &+= MemoryLayout<Value>.size
  }

  /// Appends an integer in network byte order.
  @inlinable public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(wire value: Value) {
    append(host: value.bigEndian)
  }

  /// Appends the first `count` octets of a word, 0 to 8, as they lie in memory.
  @inlinable public mutating func append(_ word: UInt64, count: Int) {
    precondition(count >= 0 && count <= 8, "a word has eight octets")
    reserve(8)
    // Safe: the room was just reserved.
    unsafe base.storeBytes(of: word, toByteOffset: size, as: UInt64.self)
    size &+= count
  }

  /// Appends octets.
  public mutating func append(_ octets: ArraySlice<UInt8>) { append(octets.span, octets: 0..<octets.count) }

  /// Appends the octets of `source` in `range`, which must be in bounds.
  @inlinable public mutating func append(_ source: Span<UInt8>, octets range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= source.count, "a copy is in bounds")
    reserve(range.count)
    unsafe source.withUnsafeBytes { bytes in
      // Safe: both ranges were checked; a span that borrows this memory cannot exist while it is being changed.
      if let from = bytes.baseAddress {
        unsafe (base + size).copyMemory(from: from + range.lowerBound, byteCount: range.count)
      }
    }
    size &+= range.count
  }

  /// Takes back what was appended last, so that `count` octets are left.
  public mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= size, "only what was appended is taken back")
    size = count
  }

  /// What was appended so far.
  @inlinable public var octets: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      // Safe: the memory holds `count` octets, and the span borrows this value.
      let span = unsafe Span<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: size)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The octets as flat memory, with what was reserved too much given back.
  public consuming func finish() -> FlatArray<UInt8> {
    let memory = unsafe allocated(octets: count, movedFrom: base)
    unsafe prefersLargePages(memory, octets: count, isFilled: true)
    let result = unsafe FlatArray<UInt8>(taking: memory, count: count)
    discard self
    return result
  }
}
