/// Memory for octets that are written in order, then read: a response being made, a frame being collected.
///
/// Allocated once, reused for ever. Writing past `limit` writes nothing and is remembered in `overflowed`, so a writer
/// checks once an RRset instead of once an octet, and goes back with `truncate(to:)`.
@safe
public struct OctetBuffer: ~Copyable, @unchecked Sendable {
  @usableFromInline let base: UnsafeMutableRawPointer
  /// Octets of memory.
  public let capacity: Int
  /// Octets written so far.
  public private(set) var count = 0
  /// Writing stops here: at most `capacity`.
  @usableFromInline var writeLimit: Int
  /// True once something did not fit, until the next `truncate(to:)`.
  public private(set) var overflowed = false
  /// False for the part of another buffer that ``appendFrame(_:)`` lends.
  @usableFromInline let ownsMemory: Bool

  /// Allocates `capacity` octets, and eight more so that copies may run in whole words.
  public init(capacity: Int) {
    self.capacity = capacity
    writeLimit = capacity
    ownsMemory = true
    unsafe base = .allocate(byteCount: capacity + 8, alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + 8)
  }

  /// Part of another buffer's memory, which must have eight octets behind it and outlive this.
  @usableFromInline init(lending memory: UnsafeMutableRawPointer, capacity: Int) {
    self.capacity = capacity
    writeLimit = capacity
    ownsMemory = false
    unsafe base = unsafe memory
  }

  deinit { if ownsMemory { unsafe base.deallocate() } }

  /// Octets that may be in the buffer at the most; between `count` and `capacity`.
  public var limit: Int {
    get { writeLimit }
    set {
      precondition(
        newValue >= count && newValue <= capacity, "a buffer's limit is within its memory, behind what it has")
      writeLimit = newValue
    }
  }

  /// Forgets everything from `newCount` on, and that something did not fit.
  @inlinable public mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "a buffer is cut within what was written")
    setCount(newCount)
    clearOverflow()
  }

  /// Empties the buffer and lets it grow to `limit` octets, or to all its memory.
  @inlinable public mutating func reset(limit: Int? = nil) {
    truncate(to: 0)
    self.limit = limit ?? capacity
  }

  @usableFromInline mutating func setCount(_ newCount: Int) { count = newCount }
  @usableFromInline mutating func clearOverflow() { overflowed = false }
  @usableFromInline mutating func setOverflowed() { overflowed = true }

  /// Room for `size` octets at the end, or nil, noting the overflow.
  @inlinable mutating func reserve(_ size: Int) -> Int? {
    let start = count
    guard size <= writeLimit &- start, !overflowed else {
      setOverflowed()
      return nil
    }
    setCount(start &+ size)
    return start
  }

  /// Appends an integer in network byte order.
  @inlinable public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    guard let start = reserve(MemoryLayout<Value>.size) else { return }
    // Safe: `reserve` checked the room.
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: start, as: Value.self)
  }

  /// Appends `size` octets of `source` from `offset`.
  @inlinable public mutating func append(_ source: borrowing FlatArray<UInt8>, from offset: Int, count size: Int) {
    precondition(offset >= 0 && size >= 0 && size <= source.count &- offset, "a copy from flat memory is in bounds")
    guard let start = reserve(size) else { return }
    // Safe: both ranges were checked, and the two memories are different ones.
    unsafe (base + start).copyMemory(from: source.base + offset, byteCount: size)
  }

  /// Appends all of `source`.
  @inlinable public mutating func append(_ source: Span<UInt8>) {
    guard let start = reserve(source.count) else { return }
    unsafe source.withUnsafeBytes { bytes in
      // Safe: `reserve` checked the room; a span that borrows this buffer cannot exist while it is being changed.
      if let from = bytes.baseAddress { unsafe (base + start).copyMemory(from: from, byteCount: bytes.count) }
    }
  }

  /// Appends `size` octets that were written before, from `offset` on.
  @inlinable public mutating func append(copyOf offset: Int, count size: Int) {
    precondition(offset >= 0 && size >= 0 && size <= count &- offset, "only what was written is copied")
    guard let start = reserve(size) else { return }
    // Safe: `reserve` checked the room, which begins behind what is copied.
    unsafe (base + start).copyMemory(from: base + offset, byteCount: size)
  }

  /// Appends the octets of a text.
  public mutating func append(_ text: StaticString) {
    guard let start = reserve(text.utf8CodeUnitCount) else { return }
    // Safe: `reserve` checked the room, and the text is in the program itself.
    unsafe (base + start).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
  }

  /// Appends a message with its length, two octets, in front (RFC 1035 §4.2.2), written in place.
  ///
  /// `body` gets an empty buffer, as large as the room there is and at most 65,535 octets. Where it leaves that empty,
  /// nothing is appended; so there is nothing where there is no room for a length.
  @inlinable public mutating func appendFrame<Result>(_ body: (inout OctetBuffer) -> Result) -> Result {
    let start = count
    let memory = unsafe base + min(start &+ 2, writeLimit)
    // Safe: the part lies within this buffer's memory, where nothing is written meanwhile but by `body`, and ends before
    // it does; `body` cannot reach this buffer, which is being changed, and has to leave the part where it is.
    var message = unsafe OctetBuffer(lending: memory, capacity: max(0, min(writeLimit &- start &- 2, 65535)))
    let result = body(&message)
    unsafe precondition(message.base == memory, "what was lent for a message is given back")
    let size = message.count
    if size > 0 {
      unsafe base.storeBytes(of: UInt16(truncatingIfNeeded: size).bigEndian, toByteOffset: start, as: UInt16.self)
      setCount(start &+ 2 &+ size)
    }
    return result
  }

  /// Makes room for `size` octets at the end, to be written with ``set(_:at:)`` and ``copy(_:from:count:to:)``: what they
  /// hold until then is of no meaning.
  /// - Returns: where the room starts; nil where there is none, which is not remembered as an overflow.
  @inlinable public mutating func extend(by size: Int) -> Int? {
    let start = count
    guard size >= 0, size <= writeLimit &- start else { return nil }
    setCount(start &+ size)
    return start
  }

  /// Writes `size` octets of `source` from `from` on at `offset`, in whole words: up to seven octets behind them, which
  /// must not have been written yet or be written again, change too.
  @inlinable @inline(__always)
  public mutating func copy(_ source: borrowing FlatArray<UInt8>, from: Int, count size: Int, to offset: Int) {
    precondition(offset >= 0 && size >= 0 && size <= count &- offset, "only room that was made is written")
    precondition(from >= 0 && size <= source.count &- 8 &- from, "a copy in whole words is in bounds")
    var done = 0
    while done < size {
      // Safe: both ranges were checked; there are seven octets more behind each of them, here by `init`.
      let word = unsafe UnsafeRawPointer(source.base).loadUnaligned(fromByteOffset: from &+ done, as: UInt64.self)
      unsafe base.storeBytes(of: word, toByteOffset: offset &+ done, as: UInt64.self)
      done &+= 8
    }
  }

  /// Writes the octets of `source` from `start` up to `end` where they are there, in whole words of which the last may
  /// reach back over what stands before them: to be called before that is written. There are eight octets at least.
  @inlinable @inline(__always)
  public mutating func copyWords(_ source: Span<UInt8>, from start: Int, to end: Int) {
    precondition(start >= 0 && end >= 8 && end <= count && end <= source.count, "only room that was made is written")
    unsafe source.withUnsafeBytes { bytes in
      var at = start
      while at < end {
        let from = min(at, end &- 8)
        // Safe: both memories have `end` octets.
        let word = unsafe bytes.loadUnaligned(fromByteOffset: from, as: UInt64.self)
        unsafe base.storeBytes(of: word, toByteOffset: from, as: UInt64.self)
        at &+= 8
      }
    }
  }

  /// Replaces the integer at `offset`, in network byte order; it must have been written before.
  @inlinable public mutating func set<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
    precondition(offset >= 0 && offset &+ MemoryLayout<Value>.size <= count, "only what was written is replaced")
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
  }

  /// Writes eight octets at `offset`, which must be in room that was made; what goes beyond that room has no meaning.
  @inlinable @inline(__always) public mutating func setWord(_ value: UInt64, at offset: Int) {
    precondition(offset >= 0 && offset < count, "only room that was made is written")
    // Safe: there are seven octets more behind the buffer's last.
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
  }

  /// The octet at `offset`, which must have been written before.
  @inlinable public subscript(_ offset: Int) -> UInt8 {
    precondition(UInt(bitPattern: offset) < UInt(bitPattern: count), "only what was written is read")
    return unsafe base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// What was written so far.
  @inlinable public var octets: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      let span = unsafe Span<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Takes octets that someone else writes: `body` gets the free memory up to `limit` and returns how many it wrote.
  public mutating func fill(_ body: (UnsafeMutableRawBufferPointer) -> Int) {
    let free = unsafe UnsafeMutableRawBufferPointer(start: base + count, count: writeLimit - count)
    let written = unsafe body(free)
    precondition(written >= 0 && written <= free.count, "no more was written than there was room for")
    count += written
  }

  /// The start of the memory, for a system call's vector; it stays where it is for as long as the buffer lives.
  @unsafe public var memory: UnsafeMutableRawPointer { unsafe base }

  /// Says that a system call wrote `newCount` octets at the start of the memory.
  public mutating func didReceive(_ newCount: Int) {
    precondition(newCount >= 0 && newCount <= capacity, "the kernel wrote no more than the buffer holds")
    count = newCount
    overflowed = false
  }
}
