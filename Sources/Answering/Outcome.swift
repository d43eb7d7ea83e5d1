public import Addresses
public import DNSFormat
public import Policy

/// How a request came in: what its octets do not say.
public struct Arrival: Sendable, BitwiseCopyable {
  /// What carried it.
  public enum Transport: UInt8, Sendable, BitwiseCopyable {
    case udp
    case tcp
  }

  /// What is known of who sent it, without its octets.
  public let evidence: Evidence
  /// What carried it.
  public let transport: Transport
  /// When, in seconds since 1970, modulo 2^32: cookies are made and judged by it.
  public let time: UInt32
  /// Over TCP, how long the connection may be idle, in units of 100 ms (RFC 7828 §3.1).
  public let idleTime: UInt16

  /// - Parameters:
  ///   - time: in seconds since 1970, modulo 2^32.
  ///   - idleTime: over TCP, how long the connection may be idle, in units of 100 ms.
  @inlinable public init(_ evidence: Evidence, transport: Transport, time: UInt32 = 0, idleTime: UInt16 = 100) {
    self.evidence = evidence
    self.transport = transport
    self.time = time
    self.idleTime = idleTime
  }

  /// One that only its address tells of.
  public init(source: IPAddress, listenerContext: UInt16? = nil, transport: Transport, time: UInt32 = 0) {
    self.init(Evidence(source: source, listenerContext: listenerContext), transport: transport, time: time)
  }

  /// Who sent it.
  @inlinable public var source: IPAddress { evidence.source }

  /// Octets that a response may have: over UDP what the asker takes, 512 without EDNS (RFC 1035 §4.2.1), and at most
  /// 1232, which no path fragments; over TCP what two octets of length can say.
  func sizeLimit(_ query: Query) -> Int {
    switch transport {
    case .udp: min(query.udpSize, Int(OPTWriter.udpSize))
    case .tcp: 65535
    }
  }
}

/// What became of one query.
public enum Decision: UInt8, Sendable, BitwiseCopyable {
  /// From the caller's effective zone: data, NODATA, NXDOMAIN or a referral.
  case answered
  /// By policy, or because no zone of ours has the name.
  case refused
  /// Malformed, or an error of ours.
  case failed
  /// No response.
  case silent
  /// To be asked elsewhere: no zone of ours has the name, or the end of an alias's chain, and a `forward` line of the
  /// caller's context has.
  case forwarded
}

/// What became of one query, and the rule behind it.
public struct Outcome: Equatable, Sendable, BitwiseCopyable {
  /// Whether it was answered, refused, failed, or met with silence.
  public internal(set) var decision: Decision = .silent
  /// The response's RCODE, where there is a response.
  public internal(set) var rcode: RCode = .noError
  /// Where it is forwarded: the number of the `forward` line, from 1; see ``ForwardTable``.
  public internal(set) var route: UInt16 = 0
  /// Who asked.
  public internal(set) var caller: Caller
  /// The service that was asked for, where the query got so far; of an alias's chain, the one a refusal is about.
  public internal(set) var service: UInt32 = 0
  /// The service whose endpoints were answered instead of the other's, by `fail fallback`; 0 for none.
  public internal(set) var standIn: UInt32 = 0
  /// Why the policy refused; nil where it did not.
  public internal(set) var refusal: Refusal?
  /// All rules that the call of `service` breaks, those in shadow included.
  public internal(set) var brokenRules: RuleSet = []
  /// True where what `refusal` says was let pass: `mode observe`, or a rule in shadow.
  public internal(set) var isOnlyObserved = false
  /// True where `refusal` is `isolate` in shadow, which would refuse nothing but leave endpoints out of the answer.
  public internal(set) var wouldLeaveOut = false
  /// Where `isolate` refused, or would have: the context of the first endpoint that the caller may not have.
  public internal(set) var endpointContext: UInt16 = 0
  /// What was wrong with the request; nil where nothing was.
  public internal(set) var wireError: WireError?
  /// True where TC is set.
  public internal(set) var isTruncated = false
  /// True where the query had a server cookie of ours that is still good: the source address is no forgery.
  public internal(set) var hasValidCookie = false

  /// Whom a trusted forwarder asked for (RFC 7871); nil where none did, and where it is not to be known (a length of 0).
  public internal(set) var clientSubnet: ClientSubnet?
  /// The length of the prefix within which the same caller is seen; greater than the subnet's own where the subnet does
  /// not say who the caller is.
  public internal(set) var scope: UInt8 = 0

  /// True where the client subnet does not say who the caller is.
  var isSubnetTooShort: Bool { clientSubnet.map { scope > $0.sourceLength } ?? false }

  init(caller: Caller) { self.caller = caller }

  /// What the caller rests on: what is known of who sent the query, or a trusted forwarder's word for its client. A
  /// certificate or a user number is the forwarder's own.
  public func evidence(_ ofSender: Evidence) -> Evidence {
    guard let clientSubnet else { return ofSender }
    return Evidence(
      source: clientSubnet.address, addressSource: .clientSubnet, listenerContext: ofSender.listenerContext)
  }

  /// A refusal as a log tells it again.
  package init(
    caller: Caller, refusal: Refusal, service: UInt32, brokenRules: RuleSet, endpointContext: UInt16,
    isOnlyObserved: Bool, wouldLeaveOut: Bool, clientSubnet: ClientSubnet? = nil, scope: UInt8 = 0
  ) {
    self.init(caller: caller)
    self.clientSubnet = clientSubnet
    self.scope = scope
    self.refusal = refusal
    self.service = service
    self.brokenRules = brokenRules
    self.wouldLeaveOut = wouldLeaveOut
    self.endpointContext = endpointContext
    self.isOnlyObserved = isOnlyObserved
    decision = isOnlyObserved ? .answered : .refused
  }
}
