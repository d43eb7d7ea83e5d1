/// Objects that readers borrow without counting references.
///
/// An element of a Swift array is retained while it is read, and with several workers the counter's cache line travels
/// between the cores. This keeps the objects alive for as long as it lives itself, and lends them for the length of a
/// call.
@safe
public struct LentObjects<Object: AnyObject & Sendable>: ~Copyable, @unchecked Sendable {
  /// The objects, counted: for the control plane.
  public let all: [Object]
  @usableFromInline let base: UnsafeMutablePointer<Unmanaged<Object>>
  /// How many there are.
  public let count: Int

  /// Keeps `objects`.
  public init(_ objects: [Object]) {
    all = objects
    count = objects.count
    unsafe base = .allocate(capacity: max(1, objects.count))
    for (index, object) in objects.enumerated() {
      unsafe (base + index).initialize(to: Unmanaged.passUnretained(object))
    }
  }

  deinit { unsafe base.deallocate() }

  /// Lends the object at `index`, which must be in `0 ..< all.count`, to `body`; it does not outlive the call.
  @inlinable @inline(__always)
  public borrowing func with<Result>(_ index: Int, _ body: (Object) -> Result) -> Result {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "an object that is lent is one of those kept")
    // Safe: `all` keeps the object alive for as long as this value, which outlives the call.
    return unsafe base[index]._withUnsafeGuaranteedRef { body($0) }
  }
}
