internal import Addresses
package import Answering
package import DNSFormat
internal import FlatMemory
package import Policy

/// Which services a query calls, on the whole way that its name leads, and whether an isolation stops it; found by asking
/// the zones as the caller would, under policies that refuse nothing, or nothing but isolated endpoints.
package struct CallReplay: ~Copyable {
  /// What one query calls.
  package struct Calls: Sendable {
    /// False for a name of no zone here.
    package var isOurs = true
    /// Numbers of the services of the name and of every alias's target, each once, in that order.
    package var targets: [UInt32] = []
    /// Where none of the endpoints may reach the caller: the service judged, 0 for none, and the line that says so.
    package var isolated: (service: UInt32, place: String)?
  }

  private struct Key: Hashable {
    let context: UInt16
    let service: UInt32
    let name: DomainName
    let type: RRType
  }

  /// Queries remembered: about 20 MiB.
  private static let memory = 1 << 16
  private let policy: CompiledPolicy
  private let free: Snapshot
  private let isolating: Snapshot
  private var known: [Key: Calls] = [:]
  private var workspace = Workspace()
  private var response = OctetBuffer(capacity: 65535)

  package init(_ snapshot: Snapshot) {
    policy = snapshot.policy
    var bare = snapshot.policy.policy
    for index in bare.services.indices {
      bare.services[index].allows = []
      bare.services[index].refuses = []
      bare.services[index].requireLocation = nil
      bare.services[index].mode = nil
      bare.services[index].denyAs = nil
    }
    bare.defaultDecision = .allow
    bare.tiers = nil
    bare.acyclicLocation = nil
    bare.observedRules = []
    bare.mode = .enforce
    bare.answerOrder = .fixed
    for index in bare.contextDetails.indices { bare.contextDetails[index].mode = nil }
    isolating = Snapshot(policy: CompiledPolicy(bare), zones: snapshot.zones)
    bare.isolations = []
    bare.exceptions = []
    free = Snapshot(policy: CompiledPolicy(bare), zones: snapshot.zones)
  }

  /// What a query calls that this evidence comes with; `caller` is who that is.
  package mutating func calls(
    _ name: DomainName, _ type: RRType, _ evidence: Evidence, _ caller: Caller, at time: UInt32
  ) -> Calls {
    let key = Key(context: caller.context, service: caller.service, name: name, type: type)
    if let calls = known[key] { return calls }
    if known.count >= Self.memory { known.removeAll(keepingCapacity: true) }
    let calls = find(name, type, evidence, at: time)
    known[key] = calls
    return calls
  }

  private mutating func find(_ name: DomainName, _ type: RRType, _ evidence: Evidence, at time: UInt32) -> Calls {
    var calls = Calls()
    let query = Message.query(name, type)
    let arrival = Arrival(evidence, transport: .tcp, time: time)
    let outcome = respond(to: query.span, arrival, free, using: &workspace, into: &response)
    calls.isOurs = outcome.decision != .refused && outcome.decision != .forwarded
    guard calls.isOurs else { return calls }
    var names = [name]
    if let message = try? Message(response.octets.octets(0..<response.count)) {
      for record in message.answer where record.type == .cname {
        if let target = try? DomainName(wire: record.rdata) { names.append(target) }
      }
    }
    for name in names {
      let service = policy.serviceNumber(for: name)
      if service != 0, !calls.targets.contains(service) { calls.targets.append(service) }
    }
    guard policy.hasIsolations else { return calls }
    let isolated = respond(to: query.span, arrival, isolating, using: &workspace, into: &response)
    if let refusal = isolated.refusal, refusal.rule == .isolate {
      calls.isolated = (isolated.service, isolating.policy.reason(refusal.reason))
    }
    return calls
  }
}
