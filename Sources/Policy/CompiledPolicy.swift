public import Addresses
internal import Contexts
package import DNSFormat
package import Diagnostics
public import FlatMemory

/// A policy made ready for queries: flat tables that any number of workers read at once.
///
/// Immutable. What a query asks of it takes no lock, allocates nothing and counts no references.
public final class CompiledPolicy: Sendable {
  /// Who calls?
  public let callers: CallerTable
  /// How far does that reach? For answers to an EDNS Client Subnet.
  public let boundaries: SubnetBoundaries
  /// Who is told what, and in which words?
  public let telling: Telling
  /// Forwarders whose EDNS Client Subnet is believed.
  @usableFromInline let forwarders: PrefixTable
  /// Where does an endpoint belong?
  public let endpoints: EndpointTable
  /// True where any two contexts are isolated: otherwise no address need be looked at.
  public let hasIsolations: Bool
  /// True where the RRs of a set change places from answer to answer.
  public let rotatesAnswers: Bool
  /// Who is asked for names that no zone of ours has?
  public let forwards: ForwardTable
  /// Which service does such a name belong to?
  public let servicesElsewhere: ServiceNames
  /// Which endpoints of a service do callers get?
  public let steering: SteeringTable
  /// What becomes of DNS cookies.
  public let cookieMode: CookieMode
  @usableFromInline let calls: CallTable
  @usableFromInline let isolations: IsolateRule
  /// By context number; number 0 is the server's.
  @usableFromInline let modes: FlatArray<Mode>
  /// By service number; nil where the mode is the caller's context's.
  @usableFromInline let serviceModes: FlatArray<Mode?>
  @usableFromInline let observedRules: RuleSet
  @usableFromInline let contextDenials: FlatArray<DenyAs>
  /// By service number; `serviceHasDenial` says whether it counts.
  @usableFromInline let serviceDenials: FlatArray<DenyAs>
  @usableFromInline let serviceHasDenial: FlatArray<Bool>
  /// The `acyclic observed` line; 0 for none.
  package let acyclicObservedReason: UInt32
  private let reasons: TextTable
  private let serviceNames: TextTable
  private let contextNames: TextTable
  private let ruleWords: TextTable
  private let tierNames: TextTable
  private let serviceNumbers: [DomainName: UInt32]
  /// What this was made of: for the control plane.
  package let policy: Policy

  /// Compiles a policy; every value that ``Policy/read(_:)`` gives can be compiled.
  package init(_ policy: Policy) {
    precondition(policy.contexts.nodes.count <= 1 << 15, "context numbers fit in 16 bits")
    var reasons = TextTable.Builder()
    let defaultReason =
      policy.defaultDecision == .refuse ? reasons.number(of: policy.defaultLocation?.short ?? "default refuse") : 0
    callers = CallerTable(policy)
    telling = Telling(policy)
    forwarders = PrefixTable(policy.trustedForwarders.map { ($0.prefix, 1) })
    endpoints = EndpointTable(policy)
    let ruleReasons = CallTable.Reasons(
      other: defaultReason, acyclic: policy.acyclicLocation.map { reasons.number(of: $0.short) } ?? 0,
      tiers: policy.tiers.map { reasons.number(of: $0.location.short) } ?? 0)
    acyclicObservedReason = policy.acyclicObservedLocation.map { reasons.number(of: $0.short) } ?? 0
    calls = CallTable(policy, ruleReasons) { reasons.number(of: $0.short) }
    isolations = IsolateRule(policy, reason: { reasons.number(of: $0.location.short) })
    hasIsolations = !policy.isolations.isEmpty
    rotatesAnswers = policy.answerOrder == .rotate
    cookieMode = policy.cookieMode
    forwards = ForwardTable(policy)
    servicesElsewhere = ServiceNames(forwards.isEmpty ? [] : policy.services)
    steering = SteeringTable(policy)

    var modes: [Mode] = []
    var denials: [DenyAs] = []
    var contextNames = TextTable.Builder()
    for (number, node) in policy.contexts.nodes.enumerated() {
      // Parents have lower numbers; the root has the server's own.
      let details = policy.contextDetails[number]
      modes.append(number == 0 ? policy.mode : details.mode ?? modes[node.parent])
      denials.append(number == 0 ? policy.denyAs : details.denyAs ?? denials[node.parent])
      if number > 0 { contextNames.add(node.name) }
    }
    boundaries = SubnetBoundaries(policy, callers, modes: modes)
    self.modes = FlatArray(modes)
    serviceModes = FlatArray([nil] + policy.services.map(\.mode))
    var observedRules: RuleSet = policy.observedRules.reduce(into: []) { $0.insert(RuleSet($1.rule)) }
    if observedRules.contains(.acyclic) { observedRules.insert(RuleSet(.observed)) }
    self.observedRules = observedRules
    contextDenials = FlatArray(denials)
    serviceDenials = FlatArray([policy.denyAs] + policy.services.map { $0.denyAs ?? policy.denyAs })
    serviceHasDenial = FlatArray([false] + policy.services.map { $0.denyAs != nil })

    var serviceNames = TextTable.Builder()
    var numbers: [DomainName: UInt32] = [:]
    numbers.reserveCapacity(policy.services.count)
    for index in policy.services.indices {
      numbers[policy.services[index].name] = serviceNames.add(policy.services[index].display)
    }
    serviceNumbers = numbers
    var words = TextTable.Builder()
    for rule in Rule.allCases { words.add(rule.word) }
    self.reasons = TextTable(reasons)
    self.serviceNames = TextTable(serviceNames)
    self.contextNames = TextTable(contextNames)
    ruleWords = TextTable(words)
    var tiers = TextTable.Builder()
    for tier in policy.tiers?.names ?? [] { tiers.add(tier.text) }
    tierNames = TextTable(tiers)
    self.policy = policy
  }
}

/// Judging, on a query's path.
extension CompiledPolicy {
  /// Refused where the caller is in no context; judged once a query, before any data is looked up.
  @inlinable public func judgePlacement(_ caller: Caller) -> Refusal? {
    caller.isPlaced ? nil : Refusal(.placement, reason: 0)
  }

  /// True where an address is that of a forwarder whose EDNS Client Subnet is believed.
  @inlinable public func isForwarder(_ address: IPAddress) -> Bool { forwarders.value(for: address) != 0 }

  /// May the caller call the service?
  /// - Parameters:
  ///   - service: a service's number; 0 for a name that belongs to none, which everyone may look up.
  ///   - time: seconds since 1970, for exceptions.
  @inlinable @inline(__always)
  public func judge(_ caller: Caller, target service: UInt32, at time: UInt32) -> Judgement {
    isOpen(to: caller, service) ? Judgement() : judgeByLines(caller, service, at: time)
  }

  @usableFromInline @inline(never)
  func judgeByLines(_ caller: Caller, _ service: UInt32, at time: UInt32) -> Judgement {
    permissionWithoutFacts(caller, service) == .clear ? Judgement() : judgeByFacts(caller, target: service, at: time)
  }

  /// What the rules say, by all that they look at.
  func judgeByFacts(_ caller: Caller, target service: UInt32, at time: UInt32) -> Judgement {
    if service == 0 { return Judgement() }
    guard let facts = calls.facts(caller, service, at: time) else { return Judgement() }
    let broken = facts.broken
    if broken.isEmpty { return Judgement(isExcepted: facts.isExcepted) }
    let shadow = shadow(context: caller.context, service: service)
    func refusal(_ rules: RuleSet) -> Refusal? { rules.first.map { Refusal($0, reason: facts.reason($0)) } }
    return Judgement(
      refusal: refusal(broken.subtracting(shadow)), wouldBe: refusal(broken.intersection(shadow)), broken: broken,
      isExcepted: facts.isExcepted)
  }

  /// The rules that are only observed for callers of a context who call a service; 0 for none.
  @inlinable public func shadow(context: UInt16, service: UInt32) -> RuleSet {
    (serviceModes[Int(service)] ?? modes[Int(context)]) == .observe ? RuleSet(rawValue: .max) : observedRules
  }

  /// What `isolate` keeps from a context's callers; nil where nothing, so that no endpoint need be looked at.
  @inlinable public func isolation(ofContext context: UInt16) -> IsolationRow? { isolations.row(context) }

  /// Must endpoints of this context be left out of an answer to such callers? Never those in none.
  @inlinable @inline(__always) public func isHidden(_ endpointContext: UInt16, by row: IsolationRow) -> Bool {
    endpointContext != 0 && isolations.isIsolated(row, endpointContext)
  }

  /// Must this endpoint be left out of an answer to such callers?
  ///
  /// An IPv6 address that leads to an IPv4 endpoint is judged as both.
  @inlinable public func isHidden(_ endpoint: IPAddress, by row: IsolationRow) -> Bool {
    context(of: endpoint, hiddenBy: row) != 0
  }

  /// Must this endpoint be left out of an answer to a caller of this context?
  ///
  /// Never for an endpoint in no context, nor for a caller in the root.
  @inlinable public func isIsolated(callerContext: UInt16, endpoint: IPAddress) -> Bool {
    isolatedContext(callerContext: callerContext, endpoint: endpoint) != 0
  }

  /// The context of an endpoint that must be left out of an answer to a caller of this context; 0 where it may be told.
  @inlinable public func isolatedContext(callerContext: UInt16, endpoint: IPAddress) -> UInt16 {
    guard let row = isolations.row(callerContext) else { return 0 }
    return context(of: endpoint, hiddenBy: row)
  }

  /// The one context that an endpoint leads into, 0 for none; nil for an IPv6 address that leads into two.
  package func onlyContext(of endpoint: IPAddress) -> UInt16? {
    let context = endpoints.context(of: endpoint)
    guard !endpoint.isIPv4, let embedded = endpoint.embeddedIPv4 else { return context }
    let beyond = endpoints.context(of: embedded)
    return context == 0 || beyond == 0 || context == beyond ? max(context, beyond) : nil
  }

  @inlinable func context(of endpoint: IPAddress, hiddenBy row: IsolationRow) -> UInt16 {
    let context = endpoints.context(of: endpoint)
    if context != 0, isolations.isIsolated(row, context) { return context }
    guard !endpoint.isIPv4, let embedded = endpoint.embeddedIPv4 else { return 0 }
    let beyond = endpoints.context(of: embedded)
    return beyond != 0 && isolations.isIsolated(row, beyond) ? beyond : 0
  }

  /// Whether refusals of this context's callers are carried out, or only logged.
  @inlinable public func mode(_ context: UInt16) -> Mode { modes[Int(context)] }

  /// A judgement that rests on one refusal, which is carried out unless its rule is in shadow.
  @inlinable public func judgement(of refusal: Refusal, context: UInt16, service: UInt32) -> Judgement {
    let isShadow = shadow(context: context, service: service).contains(refusal.rule)
    return Judgement(
      refusal: isShadow ? nil : refusal, wouldBe: isShadow ? refusal : nil, broken: RuleSet(refusal.rule))
  }

  /// What a judgement is where the call also closes a cycle among calls that were seen (`acyclic observed`).
  package func adding(_ rule: Refusal, to judgement: Judgement, context: UInt16, service: UInt32) -> Judgement {
    var judgement = judgement
    judgement.broken.insert(RuleSet(rule.rule))
    let isShadow = shadow(context: context, service: service).contains(rule.rule)
    let first = isShadow ? judgement.wouldBe : judgement.refusal
    if first == nil || rule.rule.rawValue < first?.rule.rawValue ?? 0 {
      if isShadow { judgement.wouldBe = rule } else { judgement.refusal = rule }
    }
    return judgement
  }

  /// What a refused caller of this context gets that called this service; 0 for none.
  @inlinable public func denyAs(context: UInt16, service: UInt32) -> DenyAs {
    serviceHasDenial[Int(service)] ? serviceDenials[Int(service)] : contextDenials[Int(context)]
  }

  /// The line that isolates a caller's context from an endpoint's; 0 where none does. For one who was refused.
  package func isolationReason(callerContext: UInt16, endpointContext: UInt16) -> UInt32 {
    isolations.reason(callerContext, endpointContext)
  }
}

/// The words of an answer's Extended DNS Error, without an allocation.
extension CompiledPolicy {
  /// Appends the place of a refusal's line, `orders.policy:6`; nothing for 0.
  package func appendReason(_ reason: UInt32, to buffer: inout OctetBuffer) { reasons.append(reason, to: &buffer) }

  /// Appends a service's name as the policy writes it; nothing for 0.
  package func appendService(_ service: UInt32, to buffer: inout OctetBuffer) {
    serviceNames.append(service, to: &buffer)
  }

  /// Appends a context's name; nothing for the root.
  package func appendContext(_ context: UInt16, to buffer: inout OctetBuffer) {
    contextNames.append(UInt32(context), to: &buffer)
  }

  /// Appends the tier of a service; nothing for one in none.
  package func appendTier(of service: UInt32, to buffer: inout OctetBuffer) {
    tierNames.append(calls.rows[Int(service)].tier, to: &buffer)
  }

  /// Appends `refuse`, `allow`, `isolate` and so on.
  package func appendRule(_ rule: Rule, to buffer: inout OctetBuffer) {
    ruleWords.append(UInt32(rule.rawValue) + 1, to: &buffer)
  }
}

/// For the control plane.
extension CompiledPolicy {
  /// Every rule that a call breaks, those in shadow too, in the order of judging.
  package func judgeAll(_ caller: Caller, target service: UInt32, at time: UInt32) -> [Refusal] {
    let facts = service == 0 ? nil : calls.facts(caller, service, at: time)
    let byName = facts.map { facts in facts.broken.rules.map { Refusal($0, reason: facts.reason($0)) } } ?? []
    return [judgePlacement(caller)].compactMap(\.self) + byName
  }

  /// The fewest declared calls that lead from one service to another, each with who calls, whom, and the word that allows
  /// it; empty where none do. What `acyclic` rests on.
  package func path(from caller: UInt32, to callee: UInt32) -> [(
    caller: UInt32, callee: UInt32, location: SourceLocation
  )] {
    if caller == 0 || callee == 0 { return [] }
    return CallGraph(policy).path(from: Int(caller) - 1, to: Int(callee) - 1).map {
      (UInt32($0.caller + 1), UInt32($0.callee + 1), $0.location)
    }
  }

  /// The place of a refusal's line, `orders.policy:6`; empty for 0.
  package func reason(_ reason: UInt32) -> String { reasons.text(reason) }

  /// A service's name as the policy writes it; empty for 0.
  package func serviceName(_ service: UInt32) -> String { serviceNames.text(service) }

  /// A context's name; empty for the root.
  package func contextName(_ context: UInt16) -> String { contextNames.text(UInt32(context)) }

  /// The number of the service a name belongs to: the longest service's name that is it or above it; 0 for none.
  package func serviceNumber(for name: DomainName) -> UInt32 {
    var name = name
    while true {
      if let number = serviceNumbers[name] { return number }
      if name == .root { return 0 }
      name = name.parent
    }
  }
}
