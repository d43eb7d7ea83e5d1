internal import Answering
internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import Policy
internal import Zones

/// Whether each service is in reach: whether someone else, whom the rules let call it, gets an address of it.
///
/// What the zones have of a service is noted by context; of the callers that there can be, the first who may call it
/// and should get an address asks `respond`, and only what that says counts. Callers who break no rule at all are tried
/// first; a service that others reach only since a rule is in shadow will be out of reach once it is enforced.
struct ServiceReach {
  private(set) var diagnostics: [Diagnostic] = []
  /// Services that nobody else reaches.
  private(set) var unreachable: [UInt32] = []
  /// Services of which no zone has an address: nobody can be asked.
  private(set) var withoutAddress: [UInt32] = []
  /// Services in zones that did not load for some context: where their addresses are is not known.
  private(set) var notLoaded: [UInt32] = []
  /// Services for which more callers could ask than did, in vain.
  private(set) var untried: [UInt32] = []

  /// A name of a service, as some contexts see it.
  private struct Place {
    let name: DomainName
    let types: [RRType]
    let contexts: ClosedRange<Int>
    /// The contexts of its endpoints, 0 for none; nil for an alias.
    let endpoints: Set<Int>?
  }

  /// What one service's callers met with.
  private struct Search {
    var isAsked = false
    var isCalled = false
    var isKept = false
    var isUnseen = false
    var isSpent = false
    var isReached = false
  }

  /// So many questions in vain about aliases of one service, and no more.
  private static let mostQuestions = 1000

  private let snapshot: Snapshot
  private let policy: Policy
  private let time: UInt32
  private let everyone: [CallerCensus.Member]
  private let byService: [UInt32: [CallerCensus.Member]]
  private let byContext: [Int: [CallerCensus.Member]]
  private var places: [UInt32: [Place]] = [:]
  /// By the name above the asterisk.
  private var wildcards: [DomainName: [Place]] = [:]

  /// - Parameter brokenZones: the apexes of zones that did not load for some context.
  init(_ snapshot: Snapshot, _ census: CallerCensus, at time: UInt32, brokenZones: [DomainName] = []) {
    self.snapshot = snapshot
    self.time = time
    policy = snapshot.policy.policy
    everyone = census.members.values.sorted {
      ($0.caller.service, $0.caller.context, $0.caller.isIdentified ? 1 : 0)
        < ($1.caller.service, $1.caller.context, $1.caller.isIdentified ? 1 : 0)
    }
    byService = Dictionary(grouping: everyone, by: { $0.caller.service })
    byContext = Dictionary(grouping: everyone, by: { Int($0.caller.context) })
    if policy.services.isEmpty || everyone.isEmpty { return }
    for zone in snapshot.zones.zones { findPlaces(zone) }
    findServices(brokenZones)
  }

  // MARK: - What the zones have

  private mutating func findPlaces(_ zone: CompiledZone) {
    for record in zone.recordOffsets {
      let firsts = zone.firstContexts(ofRecord: record)
      var name: DomainName?
      for (index, first) in firsts.enumerated() {
        let node = zone.node(ofRecord: record, context: first)
        var types: [RRType] = []
        var endpoints: Set<Int> = []
        var isAlias = false
        for rrset in node.rrsets(zone.memory) {
          if rrset.type == .cname { isAlias = true }
          var addresses = 0
          rrset.forEachRData(zone.memory) { start, end in
            for address in IsolationReading.endpoints(rrset.type, zone.memory.octets(start..<end)) {
              addresses += 1
              endpoints.insert(Int(snapshot.policy.endpoints.context(of: address)))
            }
          }
          if addresses > 0 { types.append(rrset.type) }
        }
        if types.isEmpty, !isAlias { continue }
        let owner = name ?? zone.name(ofRecord: record)
        name = owner
        let last = index + 1 < firsts.count ? Int(firsts[index + 1]) - 1 : snapshot.contexts.nodes[zone.realm].last
        let place = Place(
          name: owner, types: types.isEmpty ? [.a, .aaaa, .https, .svcb] : types,
          contexts: min(Int(first), last)...last,
          endpoints: isAlias ? nil : endpoints)
        if owner.isWildcard { wildcards[owner.parent, default: []].append(place) }
        if node.service != 0 { places[node.service, default: []].append(place) }
      }
    }
  }

  /// What a service has of the wildcards above it, where it has no data of its own.
  private func wildcardPlaces(_ service: Service) -> [Place] {
    if wildcards.isEmpty { return [] }
    var found: [Place] = []
    var above = service.name
    while above != .root {
      above = above.parent
      for place in wildcards[above] ?? [] {
        found.append(
          Place(name: service.name, types: place.types, contexts: place.contexts, endpoints: place.endpoints))
      }
    }
    return found
  }

  // MARK: - Who reaches it

  private mutating func findServices(_ brokenZones: [DomainName]) {
    var inquiry = Inquiry(snapshot, at: time)
    var found: [Diagnostic] = []
    var early: [Diagnostic] = []
    let hasShadow =
      policy.mode == .observe || !policy.observedRules.isEmpty || policy.contextDetails.contains { $0.mode == .observe }
      || policy.services.contains { $0.mode == .observe }
    for (index, service) in policy.services.enumerated() {
      let target = UInt32(index + 1)
      if brokenZones.contains(where: { service.name.isAtOrBelow($0) }) {
        notLoaded.append(target)
        continue
      }
      let own = places[target] ?? []
      let places = own + wildcardPlaces(service)
      if places.isEmpty {
        withoutAddress.append(target)
        continue
      }
      let callers = service.allows.isEmpty ? everyone : service.allows.flatMap { members($0.subject) }
      var search = search(target, places, callers, &inquiry, withShadow: false)
      if hasShadow, !search.isReached, !search.isSpent {
        // Where allow is only observed, they are not those that it names alone.
        let now = self.search(target, places, everyone, &inquiry, withShadow: true)
        if now.isReached {
          early.append(warning(ofEarly: search, service, target, callers))
          continue
        }
        search = now
      }
      if search.isReached { continue }
      if search.isSpent {
        untried.append(target)
        continue
      }
      // Where it has data without an address, a wildcard does not count.
      if own.isEmpty, search.isAsked {
        withoutAddress.append(target)
        continue
      }
      unreachable.append(target)
      let why = search.isCalled ? reason(search, service, places) : refusal(target, callers)
      found.append(.warning(at: service.location, "service \(service.display) is out of reach: \(why)"))
    }
    diagnostics =
      found.bounded("services are out of reach")
      + early.bounded("services will be out of reach once rules that are observed are enforced")
  }

  private func search(
    _ target: UInt32, _ places: [Place], _ callers: [CallerCensus.Member], _ inquiry: inout Inquiry, withShadow: Bool
  ) -> Search {
    var search = Search()
    var questions = 0
    // By context, whether its callers met with the same already; those who are excepted apart.
    var seen: Set<Int> = []
    let hasAliases = places.contains { $0.endpoints == nil }
    for member in callers where member.caller.service != target {
      let judgement = snapshot.policy.judge(member.caller, target: target, at: time)
      if withShadow ? judgement.refusal != nil : !judgement.broken.isEmpty { continue }
      search.isCalled = true
      let context = Int(member.caller.context)
      let mayCross =
        judgement.isExcepted
        || withShadow
          && snapshot.policy.shadow(context: member.caller.context, service: target).contains(.isolate)
      let isNew = seen.insert(context * 2 + (judgement.isExcepted ? 1 : 0)).inserted
      if !isNew, !hasAliases { continue }
      var isSeen = false
      for place in places where place.contexts.contains(context) {
        isSeen = true
        if let endpoints = place.endpoints {
          if !isNew { continue }
          if !mayCross, endpoints.allSatisfy({ isIsolated(context, $0) }) {
            search.isKept = true
            continue
          }
        } else {
          if questions >= Self.mostQuestions {
            search.isSpent = true
            return search
          }
          questions += 1
        }
        search.isAsked = true
        if place.types.contains(where: { gets($0, of: place, member, &inquiry) }) {
          search.isReached = true
          return search
        }
      }
      if !isSeen { search.isUnseen = true }
    }
    return search
  }

  /// True where the response has an endpoint, or an alias that leads out of all zones.
  private func gets(
    _ type: RRType, of place: Place, _ member: CallerCensus.Member, _ inquiry: inout Inquiry
  ) -> Bool {
    _ = inquiry.ask(place.name, type, member.evidence)
    guard let message = inquiry.message, message.rcode == 0 else { return false }
    if (message.answer + message.additional).contains(where: {
      !IsolationReading.endpoints($0.type, $0.rdata).isEmpty
    }) {
      return true
    }
    guard let last = message.answer.last, last.type == .cname else { return false }
    var end = NameKey()
    end.load(DomainName(validWire: last.rdata))
    return snapshot.zones.zone(of: end, type: type, context: member.caller.context) == nil
  }

  private func members(_ subject: Grant.Subject) -> [CallerCensus.Member] {
    switch subject {
    case .service(let index): byService[UInt32(index + 1)] ?? []
    case .context(let number): (number...policy.contexts.nodes[number].last).flatMap { byContext[$0] ?? [] }
    case .everyone: everyone
    }
  }

  private func isIsolated(_ caller: Int, _ endpoint: Int) -> Bool {
    snapshot.policy.hasIsolations && caller != 0 && endpoint != 0
      && snapshot.policy.isolationReason(callerContext: UInt16(caller), endpointContext: UInt16(endpoint)) != 0
  }

  // MARK: - In words

  /// Of a service that is in reach only since a rule is in shadow.
  private func warning(
    ofEarly search: Search, _ service: Service, _ target: UInt32, _ callers: [CallerCensus.Member]
  ) -> Diagnostic {
    var rule = policy.isolations.first.map { "isolate (\($0.location.short))" } ?? "a rule"
    if !search.isCalled {
      let others = callers.lazy.filter { $0.caller.service != target }
      let refusals = others.compactMap { snapshot.policy.judge($0.caller, target: target, at: time).wouldBe }
      if let refusal = refusals.first {
        let place = snapshot.policy.reason(refusal.reason)
        rule = place.isEmpty ? refusal.rule.word : "\(refusal.rule.word) (\(place))"
      }
    }
    return .warning(
      at: service.location,
      "service \(service.display) will be out of reach once \(rule) is enforced, which is only observed now; allow a "
        + "caller whom it lets, before")
  }

  /// Why those who may call a service do not reach it.
  private func reason(_ search: Search, _ service: Service, _ places: [Place]) -> String {
    if search.isAsked { return "no caller who may call it gets an address; see what \"ambit explain\" says of one" }
    let line = policy.isolations.first.map { ", \($0.location.short)" } ?? ""
    let isolated = "is isolated from its endpoints (isolate\(line))"
    let seeing = Set(places.map(\.contexts.lowerBound)).sorted().prefix(3).map { policy.contexts.nodes[$0].name }
    let unseen = "is in a context where it has no address, as it has in \(seeing.joined(separator: ", "))"
    switch (search.isKept, search.isUnseen) {
    case (true, true): return "every caller who may call it \(isolated) or \(unseen); allow a caller who is neither"
    case (false, true): return "every caller who may call it \(unseen); give it one there, or allow another caller"
    default: return "every caller who may call it \(isolated); allow a caller who is not"
    }
  }

  /// Which rule keeps everyone from calling a service.
  private func refusal(_ target: UInt32, _ callers: [CallerCensus.Member]) -> String {
    let sample = callers.first { $0.caller.service != target }
    let rule = sample.flatMap { snapshot.policy.judge($0.caller, target: target, at: time).refusal }
    let place = rule.map { snapshot.policy.reason($0.reason) } ?? ""
    return "no caller may call it"
      + (rule.map { ": \($0.rule.word)\(place.isEmpty ? "" : " (\(place))") refuses" } ?? "")
      + "; allow a caller, or remove the service"
  }
}

extension [Diagnostic] {
  /// The first of many alike, and how many more there are.
  func bounded(_ what: String) -> [Diagnostic] {
    let bound = 25
    guard count > bound else { return self }
    var rest = Diagnostic.warning(at: self[bound].location, "\(count - bound) more \(what); they are not listed")
    rest.count = count - bound
    return prefix(bound) + [rest]
  }
}
