/// Who asks: where the caller stands, what service it is, and by which lines of the policy that is so.
public struct Caller: Hashable, Sendable, BitwiseCopyable {
  /// The context's number; 0 is the root.
  public var context: UInt16
  /// False for a caller in no context, where contexts are declared: it is refused.
  public var isPlaced: Bool
  /// The service's number, which is its index and 1 more; 0 for none.
  public var service: UInt32
  /// Which line placed the caller in its context; 0 for none. For ``CallerTable/basis(_:)``.
  public var contextBasis: UInt32
  /// Which line makes the caller its service; 0 for none.
  public var serviceBasis: UInt32

  /// A caller as a test or a command makes one up.
  @inlinable public init(
    context: UInt16, isPlaced: Bool = true, service: UInt32 = 0, contextBasis: UInt32 = 0, serviceBasis: UInt32 = 0
  ) {
    self.context = context
    self.isPlaced = isPlaced
    self.service = service
    self.contextBasis = contextBasis
    self.serviceBasis = serviceBasis
  }
}
