// Answering: a request, who sent it, and a snapshot → a response and what became of the query.
//
// `respond` is the one function behind UDP, TCP, `explain`, `expect`, tests and fuzzers. Pure: no socket, clock, lock or
// log, and no allocation once its workspace exists. `Answer` is what was found, `Responder` the way from octets to octets.

package import Contexts
public import DNSFormat
public import FlatMemory
package import Forwarding
public import Policy
public import Zones

/// All that answers rest on: zones and policy, compiled, immutable, replaced as a whole.
public final class Snapshot: Sendable {
  /// Who calls, and may they?
  public let policy: CompiledPolicy
  /// Which data?
  public let zones: ZoneDirectory
  /// What server cookies are made with (RFC 9018).
  public let cookieSecrets: CookieSecrets
  /// What NSID says (RFC 5001); empty for nothing.
  public let nsid: FlatArray<UInt8>
  /// What `version.bind` is told; empty for nothing.
  public let version: FlatArray<UInt8>

  /// The files that the zones were built from. For the control plane.
  package let layers: [ZoneLayer]

  /// What the server has found out while it runs.
  package let situation: Situation
  /// True where `acyclic observed` refuses any call now.
  let refusesClosingCalls: Bool

  let serverNames = ServerNames()
  /// Which addresses names of others may have.
  package let rebinding: RebindingGuard
  /// By context, RA where somebody is asked for its callers.
  let recursionFlags: FlatArray<UInt16>

  /// The zones were built for the policy's contexts and services.
  package init(
    policy: CompiledPolicy, zones: ZoneDirectory, cookieSecrets: CookieSecrets = .random(), nsid: [UInt8] = [],
    version: [UInt8] = [], layers: [ZoneLayer] = [], situation: Situation = .unknown
  ) {
    self.situation = situation
    refusesClosingCalls = policy.acyclicObservedReason != 0 && !situation.closingCalls.isEmpty
    self.policy = policy
    let allowance = policy.policy.privateAllowance
    rebinding = RebindingGuard(zones: allowance.zones, prefixes: allowance.prefixes.map(\.prefix))
    recursionFlags = FlatArray(Self.recursionFlags(policy.policy))
    self.zones = zones
    self.cookieSecrets = cookieSecrets
    self.nsid = FlatArray(nsid)
    self.version = FlatArray(version)
    self.layers = layers
  }

  /// The same zones and the same policy in another situation.
  package func seeing(_ situation: Situation) -> Snapshot {
    Snapshot(
      policy: policy, zones: zones, cookieSecrets: cookieSecrets, nsid: nsid.octets(0..<nsid.count),
      version: version.octets(0..<version.count), layers: layers, situation: situation)
  }

  /// The contexts, by number.
  package var contexts: ContextTree { policy.policy.contexts }
}

extension Snapshot {
  /// The number of our zone that answers for a name, for callers in a context; nil where none does.
  ///
  /// A `forward` line for a zone below the apex of ours takes what is at and below it: that part is somebody else's.
  @inline(__always)
  package func ownZone(of name: borrowing NameKey, type: RRType, context: UInt16, guess: Int) -> Int? {
    guard let zone = zones.zone(of: name, type: type, context: context, guess: guess) else { return nil }
    return zones.isShared(zone) && isForwarded(name, type, below: zone, context: context) ? nil : zone
  }

  /// The number of the `forward` line that says what becomes of a name which no zone of ours answers for, also where it
  /// says `off`; 0 for none.
  package func forwardLine(of name: borrowing NameKey, type: RRType, context: UInt16) -> UInt16 {
    policy.forwards.line(of: name, type: type, context: context)
  }

  @inline(never)
  private func isForwarded(_ name: borrowing NameKey, _ type: RRType, below zone: Int, context: UInt16) -> Bool {
    // A line for the apex itself replaces only what nobody wrote.
    let labels = zones.lent.with(zone) { $0.originLabels } &- (zones.isBuiltIn(zone) ? 1 : 0)
    return policy.forwards.route(of: name, type: type, context: context, longerThan: labels) != 0
  }
}
