internal import Glibc

/// Grows octets that become a ``FlatArray`` without a copy: at load, for data that may be most of the process's memory.
@safe
public struct OctetBuilder: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  /// Octets so far.
  public private(set) var count = 0

  /// Starts empty, with room for `capacity` octets.
  public init(capacity: Int) {
    self.capacity = max(capacity, 64)
    unsafe base = allocated(octets: self.capacity)
  }

  deinit { unsafe free(base) }

  private mutating func reserve(_ size: Int) {
    guard count + size > capacity else { return }
    capacity = max(capacity + capacity / 2, count + size)
    unsafe base = allocated(octets: capacity, movedFrom: base)
  }

  /// Appends an integer in the host's byte order, which is how flat memory is read.
  public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(host value: Value) {
    let size = MemoryLayout<Value>.size
    reserve(size)
    // Safe: the room was just reserved.
    unsafe base.storeBytes(of: value, toByteOffset: count, as: Value.self)
    count += size
  }

  /// Appends an integer in network byte order.
  public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(wire value: Value) {
    append(host: value.bigEndian)
  }

  /// Appends octets.
  public mutating func append(_ octets: ArraySlice<UInt8>) {
    reserve(octets.count)
    unsafe octets.withUnsafeBytes { source in
      // Safe: the room was just reserved, and an array's memory is not this memory.
      if let from = source.baseAddress { unsafe (base + count).copyMemory(from: from, byteCount: source.count) }
    }
    count += octets.count
  }

  /// Replaces the integer at `offset`, in the host's byte order; it must have been appended before.
  public mutating func set<Value: FixedWidthInteger & BitwiseCopyable>(host value: Value, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "only what was appended is replaced")
    unsafe base.storeBytes(of: value, toByteOffset: offset, as: Value.self)
  }

  /// The octets as flat memory, with what was reserved too much given back.
  public consuming func finish() -> FlatArray<UInt8> {
    let result = unsafe FlatArray<UInt8>(taking: allocated(octets: count, movedFrom: base), count: count)
    discard self
    return result
  }
}
