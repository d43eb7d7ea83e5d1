internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// Explained in band: `dig CH TXT whoami.ambit`, `dig CH TXT NAME`, `dig CH TXT version.bind`.
///
/// Each fact is a TXT record of its own with TTL 0, so that `dig +short` shows one a line, and each can be read alone. Other
/// types of the class are REFUSED, as with NSD and Knot.
extension Workspace {
  /// What is asked for in class CH.
  enum InBandQuestion: BitwiseCopyable {
    /// Who am I? `whoami.ambit`
    case caller
    /// Why do I get what I get? Of a name in the zone of this number.
    case name(zone: Int)
    /// The same of a name that no zone of ours answers for: what the `forward` line of this number says of it.
    case forward(line: UInt16)
    /// `version.bind`, `version.server`
    case version
    /// `hostname.bind`, `id.server` (RFC 4892)
    case identity
  }

  /// What a query of class CH asks for; nil where there is nothing of that kind, or nothing is said of it: it is answered
  /// as any other of a class that no zone has.
  mutating func inBandQuestion(_ snapshot: Snapshot, _ caller: Caller) -> InBandQuestion? {
    guard query.type == .txt || query.type == .any else { return nil }
    switch snapshot.serverNames.number(of: name) {
    case 0: return .caller
    case 1, 2: return caller.isPlaced && snapshot.version.count > 0 ? .version : nil
    case 3, 4: return caller.isPlaced && snapshot.nsid.count > 0 ? .identity : nil
    default: break
    }
    if let zone = snapshot.ownZone(of: name, type: .txt, context: caller.context, guess: lastZone) {
      return .name(zone: zone)
    }
    let line = caller.isPlaced ? snapshot.forwardLine(of: name, type: .txt, context: caller.context) : 0
    return line == 0 ? nil : .forward(line: line)
  }

  /// False where the policy keeps explanations from the caller (`explain`): `answer` is a refusal then.
  mutating func tells(_ question: InBandQuestion, _ snapshot: Snapshot, _ outcome: inout Outcome) -> Bool {
    switch question {
    case .version, .identity: return true
    case .caller, .name, .forward: break
    }
    if snapshot.policy.telling.tells(outcome.caller) { return true }
    answer.reset()
    answer.rcode = .refused
    answer.infoCode = .prohibited
    outcome.decision = .refused
    return false
  }

  /// Writes the response.
  mutating func tell(
    _ question: InBandQuestion, _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot,
    _ outcome: inout Outcome, into response: inout OctetBuffer
  ) {
    let limit = min(arrival.sizeLimit(query), response.capacity)
    response.limit = query.hasEDNS ? limit &- sizeOfOPT(arrival, snapshot) : limit
    outcome.decision = .answered
    outcome.rcode = .noError
    writer.begin(query, request: request, into: &response)
    var fits = true
    fact.reset()
    switch question {
    case .caller: fits = tellCaller(arrival, snapshot, outcome, into: &response)
    case .name(let zone): fits = tellName(zone, snapshot, outcome, into: &response)
    case .forward(let line):
      snapshot.policy.forwards.appendText(of: line, to: &fact)
      fits = endFact(into: &response)
      if fits, lookupText(snapshot, route: line) != nil {
        fact.append("how long it takes to ask for the service's names, unless its servers say something themselves")
        fits = endFact(into: &response)
      }
    case .version:
      fact.append(snapshot.version, from: 0, count: snapshot.version.count)
      fits = endFact(into: &response)
    case .identity:
      fact.append(snapshot.nsid, from: 0, count: snapshot.nsid.count)
      fits = endFact(into: &response)
    }
    if !fits {
      writer.takeBackAll(behind: query, in: &response)
      outcome.isTruncated = true
    }
    writer.setFlags(ResponseWriter.authoritative | (fits ? 0 : ResponseWriter.truncated), in: &response)
    guard query.hasEDNS else { return }
    response.limit = limit
    let opt = response.count
    OPTWriter.append(rcode: .noError, isDNSSECOK: query.isDNSSECOK, into: &response)
    if !query.options.isEmpty { appendOptions(opt: opt, request, arrival, snapshot, into: &response) }
  }

  /// The fact is whole: it becomes a record, and the next one begins.
  /// - Returns: false where it did not fit.
  mutating func endFact(into response: inout OctetBuffer) -> Bool {
    let fits = writer.appendText(fact.octets, rclass: ResponseWriter.chaos, into: &response)
    fact.reset()
    return fits
  }

  // MARK: - Who am I?

  private mutating func tellCaller(
    _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: Outcome, into response: inout OctetBuffer
  ) -> Bool {
    let policy = snapshot.policy
    let caller = outcome.caller
    switch caller.addressSource {
    case .packet:
      fact.append("address ")
      fact.append(arrival.source)
      fact.append(", by the packet")
    case .proxy:
      fact.append("address ")
      fact.append(arrival.source)
      fact.append(", by a trusted proxy's PROXY header")
    case .clientSubnet:
      fact.append("client subnet ")
      if let subnet = outcome.clientSubnet { fact.append(subnet) }
      fact.append(", by the trusted forwarder ")
      fact.append(arrival.source)
    }
    if !endFact(into: &response) { return false }
    policy.appendStanding(of: outcome, to: &fact)
    appendBasis(caller.contextBasis, policy)
    if !endFact(into: &response) { return false }
    policy.appendIdentity(of: outcome, to: &fact)
    if caller.service != 0 {
      appendBasis(caller.serviceBasis, policy)
      switch caller.identification {
      case .none: break
      case .address: fact.append(", known by its address")
      case .certificate: fact.append(", known by its certificate")
      case .user: fact.append(", known by its user")
      }
    }
    if !endFact(into: &response) { return false }
    if policy.mode(caller.context) == .enforce { return true }
    fact.append("mode observe: what the rules refuse is answered and logged")
    return endFact(into: &response)
  }

  private mutating func appendBasis(_ basis: UInt32, _ policy: CompiledPolicy) {
    if basis == 0 { return }
    fact.append(", by ")
    policy.callers.appendBasis(basis, to: &fact)
  }

  // MARK: - Why do I get what I get?

  private mutating func tellName(
    _ number: Int, _ snapshot: Snapshot, _ outcome: Outcome, into response: inout OctetBuffer
  ) -> Bool {
    let zone = snapshot.zones.all[number]
    var outcome = outcome
    let caller = outcome.caller
    let placement = judgementOfPlacement(snapshot, caller)
    if !tellRefusal(placement, snapshot, outcome, into: &response) { return false }
    if zone.isBroken(for: caller.context) {
      fact.append("the zone's data did not load for this context: SERVFAIL")
      return endFact(into: &response)
    }
    let found = zone.finding(name, type: .txt, context: caller.context, wildcard: &other)
    outcome.service = found.service
    return tellRules(found, zone, snapshot, &outcome, into: &response)
      && tellData(found, zone, snapshot, caller, into: &response)
      && tellSteering(found, zone, snapshot, caller, into: &response)
      && tellHealth(of: found, zone, snapshot, caller, into: &response)
  }

  /// `refused: batch may not call orders: refuse (orders.policy:6)`.
  private mutating func tellRefusal(
    _ judgement: Judgement, _ snapshot: Snapshot, _ outcome: Outcome, into response: inout OctetBuffer
  ) -> Bool {
    guard let refusal = judgement.refusal ?? judgement.wouldBe else { return true }
    fact.append(judgement.refusal == nil ? "would be refused, in observe: " : "refused: ")
    snapshot.policy.appendText(of: refusal, outcome, to: &fact)
    return endFact(into: &response)
  }

  /// Every rule that is broken, or why it is allowed; then who may.
  private mutating func tellRules(
    _ found: ZoneFinding, _ zone: CompiledZone, _ snapshot: Snapshot, _ outcome: inout Outcome,
    into response: inout OctetBuffer
  ) -> Bool {
    let policy = snapshot.policy
    let caller = outcome.caller
    let service = found.service
    var isBroken = false
    let judged = snapshot.judge(caller, target: service, at: time)
    var left = judged.broken
    while let rule = left.first {
      left.remove(RuleSet(rule))
      let judgement = policy.judgement(
        of: policy.refusal(by: rule, caller, target: service, at: time), context: caller.context, service: service)
      if !tellRefusal(judgement, snapshot, outcome, into: &response) { return false }
      isBroken = true
    }
    var lifted = policy.lifted(caller, target: service, at: time)
    if judged.isExcepted, snapshot.isClosing(caller, service) { lifted.insert(RuleSet(.observed)) }
    if policy.hasIsolations, found.kind == .exact || found.kind == .wildcard {
      let passage = passageOfAddresses(at: found.node, zone, snapshot, caller)
      switch passage {
      case .all, .noneOfType: break
      case .some where judged.isExcepted, .none where judged.isExcepted: lifted.insert(RuleSet(.isolate))
      case .some:
        let isShadow = policy.shadow(context: caller.context, service: service).contains(.isolate)
        fact.append("endpoints that isolate keeps from the caller ")
        fact.append(isShadow ? "would be left out, in observe" : "are left out")
        if !endFact(into: &response) { return false }
      case .none(let endpoint):
        let judgement = isolation(of: endpoint, service: service, snapshot, &outcome)
        if !tellRefusal(judgement, snapshot, outcome, into: &response) { return false }
        isBroken = true
      }
    }
    if service == 0 {
      fact.append("belongs to no service: everyone may look it up")
      return endFact(into: &response)
    }
    if !isBroken {
      let line = policy.telling.allowingLine(caller, service: service)
      if caller.service == service {
        fact.append("allowed: it is the service itself")
      } else if line != 0 {
        fact.append("allowed: allow (")
        policy.telling.appendPlace(line, to: &fact)
        fact.append(")")
      } else {
        fact.append("allowed: no rule says otherwise")
      }
      if !endFact(into: &response) { return false }
    }
    let exception = policy.telling.exception(caller, service: service)
    while let rule = lifted.first {
      lifted.remove(RuleSet(rule))
      policy.appendRule(rule, to: &fact)
      fact.append(": ")
      policy.telling.appendException(exception, to: &fact)
      if !endFact(into: &response) { return false }
    }
    fact.append("service ")
    policy.appendService(service, to: &fact)
    fact.append(" may be called by ")
    policy.telling.appendGrants(service, to: &fact)
    return endFact(into: &response)
  }

  /// What `isolate` lets pass of a node's addresses of all types; nothing where a signed set is not whole.
  private mutating func passageOfAddresses(
    at node: ZoneNode, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller
  ) -> Passage {
    var total = 0
    var passing = 0
    var first: UInt16 = 0
    var next = node.addresses(zone.memory)
    while let addresses = next {
      let passed = countPassing(addresses, zone, snapshot, caller)
      if passed < addresses.count {
        let endpoint = firstIsolated(addresses, zone, snapshot, caller)
        if first == 0 { first = endpoint }
        if passed > 0, addresses.isSigned { return .none(first: endpoint) }
      }
      total &+= addresses.count
      passing &+= passed
      next = node.addresses(zone.memory, after: addresses)
    }
    if passing == total { return .all }
    return passing == 0 ? .none(first: first) : .some(first: first)
  }

  /// What the caller's effective zone has at the name, and where it is written.
  private mutating func tellData(
    _ found: ZoneFinding, _ zone: CompiledZone, _ snapshot: Snapshot, _ caller: Caller,
    into response: inout OctetBuffer
  ) -> Bool {
    let node = found.node
    switch found.kind {
    case .referral:
      fact.append("below the zone cut at ")
      fact.append(nameAt: node.nameOffset, of: zone.memory)
      fact.append(": the answer is a referral")
    case .redirection:
      fact.append("below the DNAME at ")
      fact.append(nameAt: node.nameOffset, of: zone.memory)
      if let dname = node.rrset(.dname, zone.memory) {
        fact.append(", which leads below ")
        fact.append(nameAt: dname.dataStart &+ 2, of: zone.memory)
      }
    case .absent where timeoutText(found, zone, snapshot, context: caller.context) != nil:
      fact.append("how long the service takes, by the server's checks of it; in no zone")
      return endFact(into: &response)
    case .absent:
      fact.append("does not exist here: NXDOMAIN")
      if let place = placeOfHiding(zone, caller.context) {
        fact.append(", by CNAME . in ")
        appendPlace(place, zone, snapshot)
      }
      return endFact(into: &response)
    case .wildcard:
      fact.append("made by the wildcard ")
      fact.append(nameAt: node.nameOffset, of: zone.memory)
    case .exact:
      fact.append(node.firstRRset == node.end ? "exists and is empty: NODATA" : "data")
    }
    if let place = zone.place(of: node, context: caller.context) {
      fact.append(found.kind == .exact ? " from " : ", from ")
      appendPlace(place, zone, snapshot)
    }
    if !endFact(into: &response) { return false }
    guard found.kind == .exact || found.kind == .wildcard, let alias = node.rrset(.cname, zone.memory) else {
      return true
    }
    fact.append("alias of ")
    fact.append(nameAt: alias.dataStart &+ 2, of: zone.memory)
    fact.append(", which is judged too: ask for it")
    return endFact(into: &response)
  }

  /// `the base, mesh.test.zone:12`; `context laptop, laptop/mesh.test.zone:3`.
  private mutating func appendPlace(_ place: NodePlaces.Place, _ zone: CompiledZone, _ snapshot: Snapshot) {
    if place.context == 0 {
      fact.append("the base, ")
    } else {
      fact.append("context ")
      snapshot.policy.appendContext(place.context, to: &fact)
      fact.append(", ")
    }
    zone.places.appendFile(of: place, to: &fact)
    if !place.isInFile { return }
    fact.append(":")
    fact.append(decimal: UInt64(place.line))
  }

  /// Where an overlay takes the name, or one above it, away.
  private mutating func placeOfHiding(_ zone: CompiledZone, _ context: UInt16) -> NodePlaces.Place? {
    var labels = name.labelCount
    while labels > zone.originLabels {
      if let node = zone.node(name, labels: labels, context: context), node.flags.contains(.hidden) {
        return zone.place(of: node, context: context)
      }
      labels &-= 1
    }
    return nil
  }
}

/// The names under which servers are asked about themselves, in class CH.
struct ServerNames: ~Copyable, Sendable {
  /// Wire format, small letters, one after the other, and eight zeros.
  private let octets: FlatArray<UInt8>
  /// Name n is `octets[starts[n] ..< starts[n + 1]]`.
  private let starts: FlatArray<Int>

  init() {
    let names = ["whoami.ambit", "version.bind", "version.server", "hostname.bind", "id.server"]
    var octets: [UInt8] = []
    var starts = [0]
    for name in names {
      for label in name.split(separator: ".") { octets += [UInt8(label.utf8.count)] + label.utf8 }
      octets.append(0)
      starts.append(octets.count)
    }
    self.octets = FlatArray(octets + [UInt8](repeating: 0, count: 8))
    self.starts = FlatArray(starts)
  }

  /// Which of them a name is; nil for another.
  func number(of name: borrowing NameKey) -> Int? {
    var number = 0
    while number < starts.count &- 1 {
      let start = starts[number]
      if name.suffix(from: 0, equals: octets, at: start, count: starts[number &+ 1] &- start) { return number }
      number &+= 1
    }
    return nil
  }
}
