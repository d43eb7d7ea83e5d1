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
struct IsolationProof {
  /// Mistakes of Ambit's own, or of the reading.
  private(set) var crossings: [Diagnostic] = []
  private(set) var classCount = 0
  private(set) var questionCount = 0
  private(set) var nameCount = 0
  /// The contexts where `isolate` is only observed, so that answers do cross.
  private(set) var observedContexts: Set<Int> = []
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
    var endpoints: [Endpoints] = []
    /// Types that lead to other names.
    var leading: [RRType] = []
    /// The contexts of the endpoints that they lead to, in any context.
    var beyond: [Int] = []

    var contexts: [Int] { endpoints.flatMap(\.contexts) + beyond }
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

  /// - Parameter policy: what the reading is of: the snapshot's own, but in a test.
  init(_ snapshot: Snapshot, _ policy: Policy, _ census: CallerCensus, at time: UInt32) {
    self.snapshot = snapshot
    self.time = time
    reading = IsolationReading(policy)
    nameCount = snapshot.zones.zones.reduce(0) { $0 + ($1.realm == 0 ? $1.nameCount : 0) }
    let hasIsolations = !policy.isolations.isEmpty
    classify(leading: hasIsolations)
    if hasIsolations { ask(Dictionary(grouping: census.members.values, by: { Int($0.caller.context) })) }
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
      let last = index + 1 < firsts.count ? Int(firsts[index + 1]) - 1 : snapshot.contexts.nodes[zone.realm].last
      let range = min(Int(first), last)...last
      let examples = classes[own]
      if examples == nil { order.append(own) }
      // A few of each, and one for every context that sees the class at all.
      let isCovered = (examples ?? []).filter { $0.contexts.lowerBound <= first && $0.contexts.upperBound >= last }
      if isCovered.count >= 3 || !isCovered.isEmpty && isCovered.contains(where: { $0.service == node.service }) {
        continue
      }
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
        guard let reduced, isNew || !seenShapes.contains(reduced),
          let example = classes[shape]?.first(where: { $0.contexts.contains(context) })
        else { continue }
        if ask(example, shape, context, callers, &inquiry) {
          seenShapes.insert(reduced)
          seenPairs.formUnion(shape.contexts)
        }
      }
    }
  }

  /// A class as one context sees it: of each type, whether some endpoints are to be kept and whether some may pass. Nil
  /// where nothing is to be kept.
  private mutating func reduce(_ shape: Class, _ context: Int) -> [UInt32]? {
    var words: [UInt32] = []
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
    let member = callers.prefix(200).first {
      policy.judge($0.caller, target: example.service, at: time).refusal == nil
        && !isExcepted($0.caller, example.service)
    }
    guard let member else { return false }
    if policy.shadow(context: UInt16(context), service: example.service).contains(.isolate) {
      observedContexts.insert(context)
      return true
    }
    var types = shape.endpoints.map(\.type)
    for type in shape.leading { types += type == .cname || type == .dname ? [.a, .aaaa] : [type] }
    for type in Set(types).sorted(by: { $0.rawValue < $1.rawValue }) {
      questionCount += 1
      _ = inquiry.ask(example.name, type, member.evidence)
      guard let message = inquiry.message else { continue }
      for record in message.answer + message.authority + message.additional {
        for address in IsolationReading.endpoints(record.type, record.rdata)
        where reading.isIsolated(context, reading.context(of: address)) && !isObserved(record, context, member.caller) {
          note(
            "\(example.name) \(type) tells callers in \(name(context)) of \(address), an endpoint in "
              + "\(name(reading.context(of: address)))")
        }
      }
    }
    return true
  }

  /// Of an alias's chain and of what is sent beside an answer, the service of each name counts for itself.
  private func isObserved(_ record: Message.Record, _ context: Int, _ caller: Caller) -> Bool {
    let service = snapshot.policy.serviceNumber(for: record.owner)
    return snapshot.policy.shadow(context: UInt16(context), service: service).contains(.isolate)
      || isExcepted(caller, service)
  }

  /// True where an exception that holds lets the caller have endpoints of the service all the same.
  private func isExcepted(_ caller: Caller, _ service: UInt32) -> Bool {
    snapshot.policy.policy.exceptions.contains { exception in
      guard exception.end > time, UInt32(exception.service + 1) == service else { return false }
      switch exception.caller {
      case .everyone: return true
      case .service(let index): return UInt32(index + 1) == caller.service
      case .context(let number): return snapshot.contexts.isContext(Int(caller.context), in: number)
      }
    }
  }

  private func name(_ context: Int) -> String { snapshot.contexts.nodes[context].name }

  private mutating func note(_ text: String) {
    if crossings.count >= 20 { return }
    let place = snapshot.policy.policy.isolations.first?.location ?? SourceLocation(file: "isolate")
    crossings.append(
      .error(at: place, "\(text); this is a mistake in ambit, please report it with this configuration"))
  }
}
