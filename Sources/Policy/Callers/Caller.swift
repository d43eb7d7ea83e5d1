public import Addresses

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
  /// Who says what address it has.
  public var addressSource = AddressSource.packet
  /// What its service was told by.
  public var identification = Identification.none

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

extension Caller {
  /// True for a service known by more than an address, which may be forged or shared.
  @inlinable public var isIdentified: Bool {
    service != 0 && (identification == .certificate || identification == .user)
  }
}

/// Who says what address a caller has.
public enum AddressSource: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  /// The packet.
  case packet
  /// A trusted proxy's PROXY protocol v2 header.
  case proxy
  /// A trusted forwarder's EDNS Client Subnet (RFC 7871).
  case clientSubnet
}

/// What a caller's service was told by.
public enum Identification: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  /// Nothing: the caller is no service.
  case none
  /// Its address, by `runs-at`.
  case address
  /// The common name of its certificate, which a trusted proxy verified.
  case certificate
  /// The user that its process runs as, on this host.
  case user
}

/// All that is known of who asks, before the policy says who that is.
public struct Evidence: Hashable, Sendable, BitwiseCopyable {
  /// Its address.
  public var source: IPAddress
  /// Who says so.
  public var addressSource: AddressSource
  /// The context that claims the address asked; nil where none does.
  public var listenerContext: UInt16?
  /// With a verified certificate: the number of the service whose `identity` its common name is, 0 where there is none.
  public var certificateService: UInt32?
  /// The line that says so, for ``CallerTable/basis(_:)``; 0 for the first of that service's.
  public var certificateBasis: UInt32 = 0
  /// The user number of the asking process, on this host.
  public var user: UInt32?

  /// An address, and what else is known.
  @inlinable public init(
    source: IPAddress, addressSource: AddressSource = .packet, listenerContext: UInt16? = nil,
    certificateService: UInt32? = nil, user: UInt32? = nil
  ) {
    self.source = source
    self.addressSource = addressSource
    self.listenerContext = listenerContext
    self.certificateService = certificateService
    self.user = user
  }
}
