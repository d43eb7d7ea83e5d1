internal import Addresses
package import Answering
internal import Contexts
package import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import Policy
internal import ZoneFile
package import Zones

/// Why a caller gets the answer it gets: the decision step by step, each with the line it rests on, then the response.
package struct Explanation: Codable, Sendable {
  /// Something that holds, and the `file:line` that says so.
  package struct Fact: Codable, Sendable {
    package let text: String
    package let place: String?
  }

  /// One owner name on the way: the question's, then each alias's target.
  package struct Step: Codable, Sendable {
    package let owner: String
    package let zone: String?
    package let service: String?
    /// What the rules say of the caller and this name.
    package internal(set) var rules: [Fact] = []
    /// What the caller's effective zone has here.
    package internal(set) var data: [Fact] = []
  }

  /// What goes back on the wire.
  package struct Response: Codable, Sendable {
    package let rcode: String
    package let isAuthoritative: Bool
    package let answer: [String]
    package let authority: [String]
    package let additional: [String]
    package let extendedError: String?
  }

  package let name: String
  package let type: String
  package let source: String
  package let context: String?
  package let service: String?
  /// How the caller is known.
  package let caller: [Fact]
  package let steps: [Step]
  /// `answered`, `refused`, `failed`, `silent`, `forwarded`.
  package let decision: String
  /// The rule that refused, or would have.
  package let refusal: Fact?
  /// True where `mode observe`, or a rule in shadow, let pass what `refusal` says.
  package let isOnlyObserved: Bool
  /// Nil where there is no response, or it is for another server to say.
  package let response: Response?
  /// What the answer rests on too, and only a running server knows; nil where one was asked.
  package let unknown: [Fact]?

  /// Asks the snapshot as the caller would, then retraces the steps.
  /// - Parameter time: when it is asked, in seconds since 1970: exceptions end.
  package init(
    _ name: DomainName, _ type: RRType, _ asker: Asker, at time: UInt32, _ loaded: LoadedConfiguration,
    _ snapshot: Snapshot
  ) {
    self.init(name, type, asker, at: time, snapshot, isRunning: false) { origin in
      loaded.sources.first { $0.origin == origin }
    }
  }

  /// The same for a server, which has let go of what was written.
  /// - Parameter source: what is written about a zone; asked for each zone on the way, perhaps more than once. Nil where
  ///   that cannot be said: then no line is named.
  package init(
    _ name: DomainName, _ type: RRType, _ asker: Asker, at time: UInt32, _ snapshot: Snapshot,
    source zoneSource: (DomainName) -> ZoneSource?
  ) {
    self.init(name, type, asker, at: time, snapshot, isRunning: true, source: zoneSource)
  }

  /// - Parameter isRunning: true where the snapshot has what a server found out.
  private init(
    _ name: DomainName, _ type: RRType, _ asker: Asker, at time: UInt32, _ snapshot: Snapshot, isRunning: Bool,
    source zoneSource: (DomainName) -> ZoneSource?
  ) {
    var probe = Probe(snapshot, at: time)
    let (outcome, message) = probe.ask(name, type, asker)
    let caller = outcome.caller
    self.name = name.description
    self.type = type.description
    source = asker.source.description
    context = caller.isPlaced && caller.context != 0 ? snapshot.policy.contextName(caller.context) : nil
    service = caller.service == 0 ? nil : snapshot.policy.serviceName(caller.service)
    self.caller = callerFacts(outcome, snapshot)
    steps = withoutActuallyEscaping(zoneSource) {
      Retrace($0, snapshot, caller, asker.source, time: time).steps(from: name, type)
    }
    decision = "\(outcome.decision)"
    refusal = outcome.refusal.map {
      Fact(
        text: snapshot.policy.text(of: $0, outcome), place: $0.reason == 0 ? nil : snapshot.policy.reason($0.reason))
    }
    isOnlyObserved = outcome.isOnlyObserved
    // What others say is theirs; what was written meanwhile is no response.
    response = outcome.decision == .forwarded ? nil : message.map(Response.init)
    unknown =
      isRunning
      ? nil
      : RunningServer(snapshot: snapshot, outcome: outcome, name: name, type: type, asker: asker)
        .unknown(steps.map(\.owner))
  }
}

private func callerFacts(_ outcome: Outcome, _ snapshot: Snapshot) -> [Explanation.Fact] {
  let policy = snapshot.policy
  func fact(_ what: String, basis: UInt32) -> Explanation.Fact {
    let line = policy.callers.basis(basis)
    return Explanation.Fact(text: line.map { "\(what), by \($0.text)" } ?? what, place: line?.location.short)
  }
  let caller = outcome.caller
  return [
    fact(policy.standing(of: outcome), basis: caller.contextBasis),
    fact(policy.identity(of: outcome), basis: caller.service == 0 ? 0 : caller.serviceBasis),
  ]
}

extension Explanation.Response {
  init(_ message: Message) {
    rcode = RCode(rawValue: message.rcode)?.mnemonic ?? "RCODE\(message.rcode)"
    isAuthoritative = message.isAuthoritative
    answer = message.answer.map(\.line)
    authority = message.authority.map(\.line)
    additional = message.additional.map(\.line)
    extendedError = message.extendedError.map { error in
      let name = ExtendedDNSError.InfoCode(rawValue: error.code)?.name
      return "EDE \(error.code)\(name.map { " (\($0))" } ?? "")\(error.text.isEmpty ? "" : ": \(error.text)")"
    }
  }
}

extension Message.Record {
  /// `orders.mesh.test. 30 IN A 10.0.0.1`, as dig prints it.
  fileprivate var line: String { "\(owner) \(ttl) IN \(type) \(text)" }
}

/// Walks the way that a query takes, asking the snapshot at every step and the sources where it is written.
private struct Retrace {
  let source: (DomainName) -> ZoneSource?
  let snapshot: Snapshot
  let caller: Caller
  /// Seconds since 1970.
  let time: UInt32
  /// The caller's address.
  let address: IPAddress

  init(
    _ source: @escaping (DomainName) -> ZoneSource?, _ snapshot: Snapshot, _ caller: Caller, _ address: IPAddress,
    time: UInt32
  ) {
    self.time = time
    self.address = address
    self.source = source
    self.snapshot = snapshot
    self.caller = caller
  }

  func steps(from name: DomainName, _ type: RRType) -> [Explanation.Step] {
    var steps: [Explanation.Step] = []
    var next: DomainName? = name
    while let owner = next, steps.count < 17 {
      if steps.contains(where: { $0.owner == owner.description }) { break }
      let (step, target) = step(owner, type)
      steps.append(step)
      next = target
    }
    return steps
  }

  private func step(_ owner: DomainName, _ type: RRType) -> (Explanation.Step, DomainName?) {
    var key = NameKey()
    key.load(owner)
    let context = caller.context
    guard let number = snapshot.ownZone(of: key, type: type, context: context, guess: 0) else {
      return (elsewhere(owner, key, type), nil)
    }
    let zone = snapshot.zones.all[number]
    var wildcard = NameKey()
    let found = zone.finding(key, type: type, context: context, wildcard: &wildcard)
    var step = Explanation.Step(
      owner: owner.description, zone: zone.origin.description,
      service: found.service == 0 ? nil : snapshot.policy.serviceName(found.service),
      rules: rules(found.service) + health(found.service))
    if zone.isBroken(for: context) {
      step.data = [Explanation.Fact(text: "the zone's data did not load for this context", place: nil)]
      return (step, nil)
    }
    var encloser = owner
    while encloser.labelCount > found.encloser { encloser = encloser.parent }
    switch found.kind {
    case .referral:
      step.data = [Explanation.Fact(text: "below a zone cut: the answer is a referral", place: nil)]
    case .absent:
      let (text, place) = absence(owner, zone)
      step.data = [Explanation.Fact(text: text, place: place)]
    case .redirection:
      return redirect(owner, by: found.node, type, zone, &step)
    case .exact:
      return follow(found.node, owner, type, zone, &step)
    case .wildcard:
      return follow(found.node, (try? encloser.prepending(label: [0x2a])) ?? encloser, type, zone, &step)
    }
    return (step, nil)
  }

  /// What becomes of a name that no zone of ours answers for; the rules count where others have it, too.
  private func elsewhere(_ owner: DomainName, _ name: borrowing NameKey, _ type: RRType) -> Explanation.Step {
    let policy = snapshot.policy
    let number = caller.isPlaced ? snapshot.forwardLine(of: name, type: type, context: caller.context) : 0
    var step = Explanation.Step(owner: owner.description, zone: nil, service: nil)
    guard number != 0 else {
      step.data = [Explanation.Fact(text: "no zone served here has this name", place: nil)]
      return step
    }
    let line = policy.policy.forwards[Int(number) - 1]
    let context = line.context == 0 ? "" : " in context \(policy.policy.contexts.nodes[line.context].name)"
    let service = line.isOff ? 0 : policy.servicesElsewhere.service(of: name)
    if service != 0 {
      step = Explanation.Step(
        owner: owner.description, zone: nil, service: policy.serviceName(service), rules: rules(service))
    }
    step.data = [
      Explanation.Fact(
        text: "no zone of ours answers: \(line.effect), by \(line.text)\(context)", place: line.location.short)
    ]
    return step
  }

  /// The DNAME above a name, and where it leads.
  private func redirect(
    _ owner: DomainName, by node: ZoneNode, _ type: RRType, _ zone: CompiledZone, _ step: inout Explanation.Step
  ) -> (Explanation.Step, DomainName?) {
    var holder = owner
    while holder.labelCount > node.labelCount(zone.memory) { holder = holder.parent }
    guard let dname = node.rrset(.dname, zone.memory) else { return (step, nil) }
    describe(dname, of: holder, zone, &step)
    let kept = owner.wire.dropLast(holder.wire.count)
    let target = zone.memory.octets((dname.dataStart + 2)..<dname.end)
    guard let made = try? DomainName(wire: kept + target) else {
      step.data.append(Explanation.Fact(text: "the name would be too long: YXDOMAIN", place: nil))
      return (step, nil)
    }
    step.data.append(Explanation.Fact(text: "\(owner) \(dname.ttl) IN CNAME \(made), made by the DNAME", place: nil))
    return (step, type == .cname ? nil : made)
  }

  /// The data at a node, and where an alias there leads.
  private func follow(
    _ node: ZoneNode, _ holder: DomainName, _ type: RRType, _ zone: CompiledZone, _ step: inout Explanation.Step
  ) -> (Explanation.Step, DomainName?) {
    let alias = type.standsBesideAlias ? nil : node.rrset(.cname, zone.memory)
    let first = type == .any && node.end > node.firstRRset
    guard let rrset = first ? RRsetImage(zone.memory, at: node.firstRRset) : alias ?? node.rrset(type, zone.memory)
    else {
      step.data = [Explanation.Fact(text: "\(holder) exists and has no \(type): NODATA", place: nil)]
      return (step, nil)
    }
    describe(rrset, of: holder, zone, &step)
    guard let alias else { return (step, nil) }
    return (step, try? DomainName(wire: zone.memory.octets((alias.dataStart + 2)..<alias.end)))
  }

  /// Tells the RRs of a set, each with its line.
  private func describe(
    _ rrset: RRsetImage, of holder: DomainName, _ zone: CompiledZone, _ step: inout Explanation.Step
  ) {
    let written = records(of: holder, rrset.type, zone)
    let number = (try? DomainName(step.owner)).map { snapshot.policy.serviceNumber(for: $0) } ?? 0
    let endpoints = EndpointWords(number, snapshot, caller: address)
    if rrset.holdsAddresses || rrset.type == .srv {
      step.rules += endpoints?.facts.map { Explanation.Fact(text: $0.text, place: $0.place) } ?? []
    }
    var rdata = rrset.dataStart
    while rdata < rrset.end {
      let size = Int(UInt16(bigEndian: zone.memory.load(rdata, as: UInt16.self)))
      let octets = zone.memory.octets((rdata + 2)..<(rdata + 2 + size))
      let (isolation, exception) = isolation(rrset, zone, rdataAt: rdata + 2, of: step.owner)
      if let exception, !step.rules.contains(where: { $0.text == exception.text && $0.place == exception.place }) {
        step.rules.append(exception)
      }
      step.data.append(
        Explanation.Fact(
          text: "\(holder) \(rrset.ttl) IN \(rrset.type) \(rdataText(octets, of: rrset.type))\(isolation)"
            + (rrset.holdsAddresses ? IPAddress(octets: octets).flatMap { endpoints?.words($0) } ?? "" : ""),
          place: written.first { $0.rdata == octets }?.place))
      rdata += 2 + size
    }
  }

  /// Which endpoints of a service a running server has found to be down.
  private func health(_ service: UInt32) -> [Explanation.Fact] {
    let endpoints = snapshot.situation.endpoints
    let place = service == 0 ? nil : snapshot.policy.policy.services[Int(service) - 1].steering.health?.location.short
    let notes = endpoints.notes(of: service).map { note in
      String(decoding: (0..<note.octets.count).map { note.octets[$0] }, as: UTF8.self)
    }
    let broken = endpoints.state(of: service) == .broken ? ["broken: every check of every endpoint fails"] : []
    return (notes + broken).map { Explanation.Fact(text: $0, place: place) }
  }

  /// What the rules say of the caller and a service.
  private func rules(_ service: UInt32) -> [Explanation.Fact] {
    let shadow = snapshot.policy.shadow(context: caller.context, service: service)
    var facts = snapshot.policy.judgeAll(caller, target: service, at: time).flatMap { refusal in
      let fact = Explanation.Fact(
        text: "\(refusal.rule.word): \(shadow.contains(refusal.rule) ? "refused, but only observed" : "refused")",
        place: refusal.reason == 0 ? nil : snapshot.policy.reason(refusal.reason))
      return [fact] + (refusal.rule == .acyclic ? calls(from: service, to: caller.service) : [])
    }
    facts += observedCycle(service, shadow)
    guard service != 0 else {
      return facts + [Explanation.Fact(text: "belongs to no service: everyone may look it up", place: nil)]
    }
    if facts.isEmpty {
      let policy = snapshot.policy.policy
      let grant = policy.services[Int(service) - 1].allows.first { isMeant($0.subject) }
      facts = [
        Explanation.Fact(
          text: grant == nil
            ? caller.service == service ? "allowed: it is the service itself" : "allowed: no rule says otherwise"
            : "allowed: allow",
          place: grant?.location.short)
      ]
    }
    return facts + snapshot.policy.lifted(caller, target: service, at: time).rules.compactMap { lifted($0, service) }
  }

  /// What `acyclic observed` says of a call in a server's situation, where that is anything.
  private func observedCycle(_ service: UInt32, _ shadow: RuleSet) -> [Explanation.Fact] {
    guard snapshot.isClosing(caller, service) else { return [] }
    if snapshot.policy.judge(caller, target: service, at: time).isExcepted {
      return lifted(.observed, service).map { [$0] } ?? []
    }
    let verdict = shadow.contains(.observed) ? "refused, but only observed" : "refused"
    return [
      Explanation.Fact(
        text: "\(Rule.observed.word): \(verdict), \(snapshot.policy.serviceName(service)) was seen calling "
          + snapshot.policy.serviceName(caller.service),
        place: snapshot.policy.reason(snapshot.policy.acyclicObservedReason))
    ]
  }

  /// That an exception lifts a rule.
  private func lifted(_ rule: Rule, _ service: UInt32) -> Explanation.Fact? {
    snapshot.policy.exception(caller, target: service).map {
      Explanation.Fact(text: "\(rule.word): \($0.effect)", place: $0.location.short)
    }
  }

  /// The declared calls that lead from one service to another.
  private func calls(from service: UInt32, to other: UInt32) -> [Explanation.Fact] {
    let policy = snapshot.policy
    return policy.path(from: service, to: other).map { call in
      Explanation.Fact(
        text: "  \(policy.serviceName(call.caller)) calls \(policy.serviceName(call.callee))",
        place: call.location.short)
    }
  }

  private func isMeant(_ subject: Grant.Subject) -> Bool {
    switch subject {
    case .everyone: true
    case .service(let index): UInt32(index + 1) == caller.service
    case .context(let number): caller.context != 0 && snapshot.contexts.isContext(Int(caller.context), in: number)
    }
  }

  /// Says of an RR that the caller is isolated from its endpoint, and by which line; or that an exception lifts that.
  private func isolation(
    _ rrset: RRsetImage, _ zone: CompiledZone, rdataAt offset: Int, of owner: String
  ) -> (String, Explanation.Fact?) {
    let endpoint = snapshot.policy.isolatedContext(
      rrset, zone.memory, rdataAt: offset, callerContext: caller.context)
    guard let endpoint else { return ("", nil) }
    let reason = snapshot.policy.isolationReason(callerContext: caller.context, endpointContext: endpoint)
    let service = (try? DomainName(owner)).map { snapshot.policy.serviceNumber(for: $0) } ?? 0
    if snapshot.policy.judge(caller, target: service, at: time).isExcepted { return ("", lifted(.isolate, service)) }
    let isShadow = snapshot.policy.shadow(context: caller.context, service: service).contains(.isolate)
    let verb = isShadow ? "would be left out" : "left out"
    return (
      "  (\(verb): in \(snapshot.policy.contextName(endpoint)), isolate \(snapshot.policy.reason(reason)))", nil
    )
  }

  // MARK: - Where it is written

  private func layers(_ zone: CompiledZone) -> [ZoneSource.Layer] {
    guard let source = source(zone.origin) else { return [] }
    return snapshot.contexts.path(from: Int(caller.context)).compactMap { context in
      source.layers.first { $0.context == context }
    }
  }

  /// The records of an owner and type as they are written, each with its line; those of the innermost layer first.
  private func records(
    of owner: DomainName, _ type: RRType, _ zone: CompiledZone
  ) -> [(rdata: [UInt8], place: String)] {
    layers(zone).flatMap { layer in
      layer.records.records.filter { $0.type == type && layer.records.isOwner(owner, of: $0) }.map { record in
        var location = layer.records.location(of: record)
        location.column = 0
        return (rdata: Array(layer.records.rdata(of: record)), place: location.description)
      }
    }
  }

  /// Why a name does not exist: an overlay's `CNAME .`, or nothing anywhere.
  private func absence(_ owner: DomainName, _ zone: CompiledZone) -> (String, String?) {
    for layer in layers(zone) where layer.context != 0 {
      let marker = layer.records.records.first {
        $0.type == .cname && layer.records.rdata(of: $0).elementsEqual([0])
          && owner.isAtOrBelow(layer.records.owner(of: $0))
      }
      if let marker {
        var location = layer.records.location(of: marker)
        location.column = 0
        let context = snapshot.contexts.nodes[layer.context].name
        return ("does not exist here: NXDOMAIN, by CNAME . in context \(context)", location.description)
      }
    }
    return ("does not exist here: NXDOMAIN", nil)
  }
}
