internal import Addresses
internal import Answering
internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import Policy
internal import Zones

/// Shows that no answer crosses an isolation.
///
/// 1. Every address in the data is in the context that a plain reading of the prefixes says.
/// 2. Names are put into classes: the same types, each with endpoints of the same contexts, and leading to such.
/// 3. For every caller's context `respond` is asked about each class of which some endpoint is to be kept from it, and
///    all sections of the response are read; of classes that differ only in which isolated contexts there are, until
///    every pair of contexts was seen. What may pass is judged by the plain reading.
/// 4. For every exception that holds, its callers ask for its service: whether an endpoint crosses by it.
struct IsolationProof {
  /// Mistakes of Ambit's own, or of the reading.
  private(set) var crossings: [Diagnostic] = []
  private(set) var classCount = 0
  private(set) var questionCount = 0
  private(set) var nameCount = 0
  /// True where there were more callers than were tried for one who may ask.
  var isSpent: Bool { triedCount >= Self.mostTried }
  private var triedCount = 0
  private static let mostTried = 20_000_000
  /// The contexts where `isolate` is only observed, so that answers do cross.
  private(set) var observedContexts: Set<Int> = []
  /// Services whose own mode lets answers cross that `isolate` would keep.
  private(set) var observedServices: Set<UInt32> = []
  /// Exceptions by which an endpoint crosses, as numbers of `policy.exceptions`.
  private(set) var crossingExceptions: Set<Int> = []
  /// Contexts that some address in the data belongs to.
  private(set) var endpointContexts: Set<Int> = []
  /// By service number, the contexts of the endpoints of its names.
  private(set) var serviceEndpoints: [UInt32: Set<Int>] = [:]

  /// One RRset with addresses.
  private struct Endpoints: Hashable {
    let type: RRType
    let isSigned: Bool
    let contexts: [Int]
  }

  private struct Class: Hashable {
    /// The service of the names, where its calls are not judged as others are: excepted, or only observed.
    var service: UInt32 = 0
    var endpoints: [Endpoints] = []
    /// Types that lead to other names.
    var leading: [RRType] = []
    /// The contexts of the endpoints that they lead to, in any context.
    var beyond: [Int] = []
    /// The services of the names led to, where their calls are not judged as others are.
    var servicesBeyond: [UInt32] = []

    var contexts: [Int] { endpoints.flatMap(\.contexts) + beyond }

    /// The types to ask for.
    var types: [RRType] {
      let types = endpoints.map(\.type) + leading.flatMap { $0 == .cname || $0 == .dname ? [RRType.a, .aaaa] : [$0] }
      return Set(types).sorted { $0.rawValue < $1.rawValue }
    }
  }

  private struct Example {
    let name: DomainName
    let contexts: ClosedRange<Int>
    let service: UInt32
  }

  private let snapshot: Snapshot
  private let time: UInt32
  private var reading: IsolationReading
  private var classes: [Class: [Example]] = [:]
  private var order: [Class] = []
  /// By class and service, the contexts that examples stand for.
  private var covered: [Class: [UInt32: [ClosedRange<Int>]]] = [:]
  private var hasWildcards = false
  /// Services whose calls are not judged as others are: excepted, or only observed.
  private var apart: Set<UInt32> = []
  /// By service number, its exceptions that hold.
  private var exceptions: [UInt32: [Int]] = [:]
  /// By service number, the contexts of callers whom these name.
  private var exceptedContexts: [UInt32: Set<Int>] = [:]

  /// - Parameter policy: what the reading is of: the snapshot's own, but in a test.
  init(_ snapshot: Snapshot, _ policy: Policy, _ census: CallerCensus, at time: UInt32) {
    self.snapshot = snapshot
    self.time = time
    reading = IsolationReading(policy)
    nameCount = snapshot.zones.zones.reduce(0) { $0 + ($1.realm == 0 ? $1.nameCount : 0) }
    let hasIsolations = !policy.isolations.isEmpty
    for (index, exception) in policy.exceptions.enumerated() where hasIsolations && exception.end > time {
      exceptions[UInt32(exception.service + 1), default: []].append(index)
    }
    let excepted = hasIsolations ? exceptedMembers(policy, census) : []
    for (index, members) in excepted {
      exceptedContexts[UInt32(policy.exceptions[index].service + 1), default: []].formUnion(
        members.map { Int($0.caller.context) })
    }
    let observed = policy.services.indices.map { UInt32($0 + 1) }.filter(isObservedService)
    apart = Set(exceptions.keys).union(observed)
    classify(leading: hasIsolations)
    covered = [:]
    if hasIsolations {
      ask(Dictionary(grouping: census.members.values, by: { Int($0.caller.context) }))
      askExcepted(excepted)
      if hasWildcards { askObserved(observed, census) }
    }
    classCount = classes.count
  }

  // MARK: - Classes

  private mutating func classify(leading: Bool) {
    // What the names that others lead to hold, first: aliases of aliases are each led to, so one step is enough.
    var targets: [DomainName: Set<Int>] = [:]
    if leading {
      for zone in snapshot.zones.zones {
        forEachVersion(zone) { _, node, _ in
          for target in node.targets(zone) { targets[target.name] = [] }
        }
      }
    }
    var isFirst = true
    for _ in 0..<2 where isFirst || leading {
      for zone in snapshot.zones.zones {
        for record in zone.recordOffsets { classify(record, zone, &targets, isFirst: isFirst, leading: leading) }
      }
      isFirst = false
    }
  }

  private mutating func classify(
    _ record: Int, _ zone: CompiledZone, _ targets: inout [DomainName: Set<Int>], isFirst: Bool, leading: Bool
  ) {
    var name: DomainName?
    let firsts = zone.firstContexts(ofRecord: record)
    for (index, first) in firsts.enumerated() {
      let node = zone.node(ofRecord: record, context: first)
      var own = Class()
      for rrset in node.rrsets(zone.memory) where rrset.type != .rrsig {
        let contexts = contexts(of: rrset, zone)
        if !contexts.isEmpty {
          own.endpoints.append(Endpoints(type: rrset.type, isSigned: rrset.isSigned, contexts: contexts))
        }
        if rrset.type == .cname || rrset.type == .dname || rrset.addressedName(inRDataAt: 0) != nil {
          own.leading.append(rrset.type)
        }
      }
      if own.endpoints.isEmpty, own.leading.isEmpty { continue }
      if isFirst {
        let all = own.endpoints.flatMap(\.contexts)
        endpointContexts.formUnion(all)
        if node.service != 0 { serviceEndpoints[node.service, default: []].formUnion(all) }
        if targets.isEmpty { continue }
        let owner = name ?? zone.name(ofRecord: record)
        name = owner
        targets[owner]?.formUnion(all)
        continue
      }
      for target in own.leading.isEmpty ? [] : node.targets(zone) { own.beyond += targets[target.name] ?? [] }
      own.beyond = Set(own.beyond).sorted()
      if !own.leading.isEmpty, !apart.isEmpty {
        let services = node.targets(zone).map { snapshot.policy.serviceNumber(for: $0.name) }
        own.servicesBeyond = Set(services).intersection(apart).sorted()
      }
      if apart.contains(node.service) { own.service = node.service }
      if zone.memory[zone.nameOffset(ofRecord: record)] == 1,
        zone.memory[zone.nameOffset(ofRecord: record) + 1] == 0x2a
      {
        hasWildcards = true
      }
      let last = index + 1 < firsts.count ? Int(firsts[index + 1]) - 1 : snapshot.contexts.nodes[zone.realm].last
      let range = min(Int(first), last)...last
      // One of each service, and of each for every context that sees the class at all.
      let covered = covered[own]?[node.service] ?? []
      if covered.contains(where: { $0.lowerBound <= range.lowerBound && $0.upperBound >= range.upperBound }) {
        continue
      }
      if classes[own] == nil { order.append(own) }
      self.covered[own, default: [:]][node.service, default: []].append(range)
      let owner = name ?? zone.name(ofRecord: record)
      name = owner
      classes[own, default: []].append(Example(name: owner, contexts: range, service: node.service))
    }
  }

  private func forEachVersion(_ zone: CompiledZone, _ body: (Int, ZoneNode, UInt16) -> Void) {
    for record in zone.recordOffsets {
      for first in zone.firstContexts(ofRecord: record) {
        body(record, zone.node(ofRecord: record, context: first), first)
      }
    }
  }

  /// The contexts of a set's endpoints; says where the trie and the reading do not agree.
  private mutating func contexts(of rrset: RRsetImage, _ zone: CompiledZone) -> [Int] {
    switch rrset.type.rawValue {
    case 1, 11, 28, 45, 64, 65, 105, 106, 260: break
    default: return []
    }
    var found: [Int] = []
    var wrong: [IPAddress] = []
    rrset.forEachRData(zone.memory) { start, end in
      for address in IsolationReading.endpoints(rrset.type, zone.memory.octets(start..<end)) {
        let context = reading.context(of: address)
        if Int(snapshot.policy.endpoints.context(of: address)) != context { wrong.append(address) }
        if context != 0, !found.contains(context) { found.append(context) }
      }
    }
    for address in wrong { note("the server takes \(address) for an endpoint of another context than the policy says") }
    return found.sorted()
  }

  // MARK: - Asking

  private mutating func ask(_ members: [Int: [CallerCensus.Member]]) {
    var inquiry = Inquiry(snapshot, at: time)
    for (context, callers) in members.sorted(by: { $0.key < $1.key }) where context != 0 {
      // Who is no service comes first: most may be asked as that.
      let callers = callers.sorted { $0.caller.service < $1.caller.service }
      var seenPairs: Set<Int> = []
      var seenShapes: Set<[UInt32]> = []
      for shape in order {
        var isNew = false
        for endpoint in shape.contexts where reading.isIsolated(context, endpoint) {
          if !seenPairs.contains(endpoint) { isNew = true }
        }
        let reduced = reduce(shape, context)
        guard let reduced, isNew || !seenShapes.contains(reduced) else { continue }
        for example in classes[shape] ?? [] where example.contexts.contains(context) {
          guard ask(example, shape, context, callers, &inquiry) else { continue }
          seenShapes.insert(reduced)
          // What was only observed has shown nothing of its contexts.
          if !isObservedService(shape.service) {
            seenPairs.formUnion(shape.servicesBeyond.isEmpty ? shape.contexts : shape.endpoints.flatMap(\.contexts))
          }
          break
        }
      }
    }
  }

  /// A class as one context sees it: of each type, whether some endpoints are to be kept and whether some may pass. Nil
  /// where nothing is to be kept.
  private mutating func reduce(_ shape: Class, _ context: Int) -> [UInt32]? {
    let isApart = isObservedService(shape.service) || exceptedContexts[shape.service]?.contains(context) == true
    var words = [isApart ? shape.service : 0, UInt32(shape.servicesBeyond.count)] + shape.servicesBeyond
    var keeps = false
    func word(_ type: UInt16, _ contexts: [Int], _ isSigned: Bool) -> UInt32 {
      var isolated = 0
      for endpoint in contexts where reading.isIsolated(context, endpoint) { isolated += 1 }
      if isolated > 0 { keeps = true }
      let flags: UInt32 = (isolated > 0 ? 1 : 0) | (isolated < contexts.count ? 2 : 0) | (isSigned ? 4 : 0)
      return UInt32(type) << 8 | flags
    }
    for endpoints in shape.endpoints {
      words.append(word(endpoints.type.rawValue, endpoints.contexts, endpoints.isSigned))
    }
    for type in shape.leading { words.append(word(type.rawValue, shape.beyond, false) | 8) }
    return keeps ? words : nil
  }

  /// - Returns: true where someone got so far that `isolate` was asked, or where nobody does.
  private mutating func ask(
    _ example: Example, _ shape: Class, _ context: Int, _ callers: [CallerCensus.Member], _ inquiry: inout Inquiry
  ) -> Bool {
    let policy = snapshot.policy
    // Rules in shadow are apart from asking: who is excepted meets with them too.
    let isShadow = policy.shadow(context: UInt16(context), service: example.service).contains(.isolate)
    var member: CallerCensus.Member?
    for caller in callers {
      if triedCount >= Self.mostTried { return false }
      triedCount += 1
      if policy.judge(caller.caller, target: example.service, at: time).refusal != nil { continue }
      if isShadow || exceptions(caller.caller, example.service).isEmpty {
        member = caller
        break
      }
    }
    guard let member else { return false }
    if isShadow {
      noteObserved(context, example.service)
      return true
    }
    for type in shape.types { ask(example.name, type, member, &inquiry) }
    return true
  }

  /// Asks, and reads all sections of the response.
  private mutating func ask(
    _ name: DomainName, _ type: RRType, _ member: CallerCensus.Member, _ inquiry: inout Inquiry
  ) {
    questionCount += 1
    _ = inquiry.ask(name, type, member.evidence)
    guard let message = inquiry.message else { return }
    let context = Int(member.caller.context)
    for record in message.answer + message.authority + message.additional {
      for address in IsolationReading.endpoints(record.type, record.rdata)
      where reading.isIsolated(context, reading.context(of: address)) {
        // Of an alias's chain and of what is sent beside an answer, the service of each name counts for itself.
        let service = snapshot.policy.serviceNumber(for: record.owner)
        if snapshot.policy.shadow(context: UInt16(context), service: service).contains(.isolate) {
          noteObserved(context, service)
          continue
        }
        let exceptions = exceptions(member.caller, service)
        crossingExceptions.formUnion(exceptions)
        if !exceptions.isEmpty { continue }
        note(
          "\(name) \(type) tells callers in \(self.name(context)) of \(address), an endpoint in "
            + "\(self.name(reading.context(of: address)))")
      }
    }
  }

  private mutating func noteObserved(_ context: Int, _ service: UInt32) {
    if isObservedService(service) {
      observedServices.insert(service)
    } else {
      observedContexts.insert(context)
    }
  }

  /// Lets one caller of each context ask for services that are only observed and have no data but a wildcard's.
  private mutating func askObserved(_ services: [UInt32], _ census: CallerCensus) {
    var inquiry = Inquiry(snapshot, at: time)
    let known = Set(order.map(\.service))
    let byContext = Dictionary(census.members.values.map { ($0.caller.context, $0) }) { first, _ in first }
    let members = byContext.filter { $0.key != 0 }.sorted { $0.key < $1.key }.map(\.value)
    for service in services where !known.contains(service) {
      for member in members {
        if observedServices.contains(service) { break }
        for type in [RRType.a, .aaaa, .https, .svcb] {
          ask(snapshot.policy.policy.services[Int(service) - 1].name, type, member, &inquiry)
        }
      }
    }
  }

  // MARK: - Exceptions

  /// By exception that holds, the callers it names.
  private func exceptedMembers(_ policy: Policy, _ census: CallerCensus) -> [(Int, [CallerCensus.Member])] {
    let everyone = census.members.values.sorted {
      ($0.caller.context, $0.caller.service) < ($1.caller.context, $1.caller.service)
    }
    let byService = Dictionary(grouping: everyone, by: { $0.caller.service })
    let byContext = Dictionary(grouping: everyone, by: { Int($0.caller.context) })
    return exceptions.values.flatMap(\.self).sorted().map { index in
      switch policy.exceptions[index].caller {
      case .everyone: (index, everyone)
      case .service(let service): (index, byService[UInt32(service + 1)] ?? [])
      case .context(let number):
        (index, (number...policy.contexts.nodes[number].last).flatMap { byContext[$0] ?? [] })
      }
    }
  }

  /// Lets one caller of each context that an exception names ask for names of its service, until an endpoint crosses.
  private mutating func askExcepted(_ excepted: [(Int, [CallerCensus.Member])]) {
    var inquiry = Inquiry(snapshot, at: time)
    let policy = snapshot.policy
    let shapes = Dictionary(grouping: order.filter { $0.service != 0 }, by: \.service)
    for (index, members) in excepted {
      let service = policy.policy.exceptions[index].service
      let target = UInt32(service + 1)
      var seen: Set<Int> = []
      for member in members {
        let context = Int(member.caller.context)
        if crossingExceptions.contains(index) { break }
        if context == 0 || policy.shadow(context: UInt16(context), service: target).contains(.isolate)
          || policy.judge(member.caller, target: target, at: time).refusal != nil || !seen.insert(context).inserted
        {
          continue
        }
        for shape in shapes[target] ?? [] where reduce(shape, context) != nil {
          guard let example = classes[shape]?.first(where: { $0.contexts.contains(context) }) else { continue }
          for type in shape.types { ask(example.name, type, member, &inquiry) }
        }
        // A service without data of its own may have that of a wildcard.
        if shapes[target] == nil {
          for type in [RRType.a, .aaaa, .https, .svcb] {
            ask(policy.policy.services[service].name, type, member, &inquiry)
          }
        }
      }
    }
  }

  /// The exceptions that hold by which the caller has endpoints of the service all the same.
  private func exceptions(_ caller: Caller, _ service: UInt32) -> [Int] {
    (exceptions[service] ?? []).filter { index in
      switch snapshot.policy.policy.exceptions[index].caller {
      case .everyone: true
      case .service(let index): UInt32(index + 1) == caller.service
      case .context(let number): snapshot.contexts.isContext(Int(caller.context), in: number)
      }
    }
  }

  private func isObservedService(_ service: UInt32) -> Bool {
    service != 0 && snapshot.policy.policy.services[Int(service) - 1].mode == .observe
  }

  private func name(_ context: Int) -> String { snapshot.contexts.nodes[context].name }

  private mutating func note(_ text: String) {
    if crossings.count >= 20 { return }
    let place = snapshot.policy.policy.isolations.first?.location ?? SourceLocation(file: "isolate")
    crossings.append(
      .error(at: place, "\(text); this is a mistake in ambit, please report it with this configuration"))
  }
}
