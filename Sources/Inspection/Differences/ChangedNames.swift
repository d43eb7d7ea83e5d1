internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// The names whose answers may differ between two snapshots, and in which contexts: those whose own data differs, and
/// those that lead to them. May name too many, never too few; `respond` is asked about each.
///
/// One walk over the names of both, a comparison each; what follows costs by what was found.
struct ChangedNames {
  /// Names whose own data, kind or service differs.
  private(set) var own: [DomainName: ContextSet] = [:]
  /// All names to ask about.
  private(set) var candidates: [DomainName: ContextSet] = [:]
  /// All types that any name has, but signatures and what proves absence; with A, for "any other type".
  private(set) var types: Set<RRType> = [.a]
  /// Names in either snapshot.
  private(set) var nameCount = 0
  /// Where names may change although nothing at them does: below zones, cuts and redirections that come, go or change.
  private var covers: [DomainName: ContextSet] = [:]
  /// Names that come into being or cease, change their kind, or are wildcards: what does not exist may have to do with
  /// them.
  private var shapes: [DomainName: ContextSet] = [:]
  /// Who leads to a name.
  private var sources: [DomainName: Set<DomainName>] = [:]
  private var redirections: [DomainName: Set<DomainName>] = [:]
  /// Zone cuts: their referral is the answer to every name below them.
  private var cuts: Set<DomainName> = []
  private let pair: SnapshotPair

  init(_ pair: SnapshotPair) {
    self.pair = pair
    compareZones()
    noteTargets(pair.old)
    noteTargets(pair.new)
    candidates = own
  }

  // MARK: - What differs

  private mutating func compareZones() {
    /// Contexts that have the same two zones of one name are compared together.
    struct Zones: Hashable {
      let old: Int?
      let new: Int?
    }
    let old = Self.byOrigin(pair.old), new = Self.byOrigin(pair.new)
    for origin in Set(old.keys).union(new.keys) {
      var groups: [Zones: [Int]] = [:]
      for (index, context) in pair.contexts.enumerated() {
        let zones = Zones(
          old: old[origin]?[pair.old.contexts.realm(of: Int(context.old))],
          new: new[origin]?[pair.new.contexts.realm(of: Int(context.new))])
        groups[zones, default: []].append(index)
      }
      for (zones, contexts) in groups {
        let oldZone = zones.old.map { pair.old.zones.all[$0] }
        let newZone = zones.new.map { pair.new.zones.all[$0] }
        compareStates(origin, oldZone, newZone, contexts)
        compareNames(oldZone, newZone, contexts)
      }
    }
  }

  /// By origin, the zone's number in each realm.
  private static func byOrigin(_ snapshot: Snapshot) -> [DomainName: [Int: Int]] {
    var zones: [DomainName: [Int: Int]] = [:]
    for (number, zone) in snapshot.zones.zones.enumerated() { zones[zone.origin, default: [:]][zone.realm] = number }
    return zones
  }

  /// Whether the zone is there and whole.
  private mutating func compareStates(
    _ origin: DomainName, _ old: CompiledZone?, _ new: CompiledZone?, _ contexts: [Int]
  ) {
    func state(_ zone: CompiledZone?, _ context: UInt16) -> Int {
      guard let zone else { return 0 }
      return zone.isBroken(for: context) ? 1 : zone.apex(context: context).exists ? 2 : 0
    }
    for index in contexts {
      let context = pair.contexts[index]
      if state(old, context.old) != state(new, context.new) { add(origin, index, to: \.covers) }
    }
  }

  private mutating func compareNames(_ old: CompiledZone?, _ new: CompiledZone?, _ contexts: [Int]) {
    var key = NameKey()
    for record in old?.recordOffsets ?? [] {
      guard let old else { break }
      nameCount += 1
      key.load(old.memory, at: old.nameOffset(ofRecord: record))
      compare(old, record, new, new?.recordOffset(of: key), contexts)
    }
    for record in new?.recordOffsets ?? [] {
      guard let new else { break }
      key.load(new.memory, at: new.nameOffset(ofRecord: record))
      if old?.recordOffset(of: key) != nil { continue }
      nameCount += 1
      compare(old, nil, new, record, contexts)
    }
  }

  /// One name, in every context that two zones are for. Where neither has forked, one comparison is all.
  private mutating func compare(
    _ old: CompiledZone?, _ oldRecord: Int?, _ new: CompiledZone?, _ newRecord: Int?, _ contexts: [Int]
  ) {
    let isPlain =
      (oldRecord.flatMap { old?.isForked(record: $0) } ?? false) == false
      && (newRecord.flatMap { new?.isForked(record: $0) } ?? false) == false
    var known: [[Int]: Bool] = [:]
    var name: DomainName?
    for index in contexts {
      let context = pair.contexts[index]
      let oldNode = oldRecord.flatMap { old?.node(ofRecord: $0, context: context.old) }
      let newNode = newRecord.flatMap { new?.node(ofRecord: $0, context: context.new) }
      let versions = [oldNode?.version ?? -1, newNode?.version ?? -1]
      let differs =
        known[versions]
        ?? {
          if let old, let new, let oldNode, let newNode {
            return !oldNode.isSame(as: newNode, old.memory, new.memory)
              || pair.newService(oldNode.service) != newNode.service
              || oldNode.service == 0 && newNode.service != 0
          }
          return true
        }()
      known[versions] = differs
      if !differs, isPlain { return }
      guard differs else { continue }
      let owner =
        name ?? oldRecord.flatMap { old?.name(ofRecord: $0) } ?? newRecord.flatMap { new?.name(ofRecord: $0) } ?? .root
      name = owner
      add(owner, index, to: \.own)
      let flags = [oldNode?.flags ?? [], newNode?.flags ?? []]
      if flags[0] != flags[1] || owner.isWildcard { add(owner, index, to: \.shapes) }
      let covering: ZoneNode.Flags = [.cut, .redirection]
      if flags.contains(where: { !$0.isDisjoint(with: covering) && !$0.contains(.apex) || $0.contains(.redirection) }) {
        add(owner, index, to: \.covers)
      }
    }
  }

  private mutating func add(
    _ name: DomainName, _ context: Int, to names: WritableKeyPath<ChangedNames, [DomainName: ContextSet]>
  ) {
    let none = ContextSet(count: pair.contexts.count)
    self[keyPath: names][name, default: none].insert(context)
  }

  // MARK: - What leads to what differs

  /// Notes what every name leads to, and what types there are.
  private mutating func noteTargets(_ snapshot: Snapshot) {
    for zone in snapshot.zones.zones {
      for record in zone.recordOffsets {
        for first in zone.firstContexts(ofRecord: record) {
          let node = zone.node(ofRecord: record, context: first)
          var leads = false
          for rrset in node.rrsets(zone.memory) {
            switch rrset.type {
            case .rrsig, .nsec, .nsec3: continue
            case .cname, .dname: leads = true
            default: if rrset.addressedName(inRDataAt: 0) != nil { leads = true }
            }
            types.insert(rrset.type)
          }
          if !leads { continue }
          let owner = zone.name(ofRecord: record)
          if node.flags.contains(.cut) { cuts.insert(owner) }
          for target in node.targets(zone) {
            sources[target.name, default: []].insert(owner)
            if target.kind == .redirection { redirections[owner, default: []].insert(target.name) }
          }
        }
      }
    }
  }

  /// Adds names for another reason: what the policy says of them differs.
  mutating func addCandidate(_ name: DomainName, _ contexts: ContextSet) {
    let none = ContextSet(count: pair.contexts.count)
    candidates[name, default: none].formUnion(contexts)
  }

  /// Adds what leads to names of which `isMeant` holds, where they are no names of a zone themselves.
  mutating func addTargets(_ contexts: ContextSet, where isMeant: (DomainName) -> Bool) {
    for (target, owners) in sources where isMeant(target) {
      for owner in owners { addCandidate(owner, contexts) }
    }
  }

  /// Follows all that leads to a candidate, until nothing is new.
  mutating func close() {
    var waiting = Array(candidates.keys)
    var size = -1
    while !waiting.isEmpty || size != weight {
      size = weight
      while let name = waiting.popLast() {
        guard let contexts = candidates[name] else { continue }
        for source in sources[name] ?? [] {
          if candidates[source]?.isSuperset(of: contexts) == true { continue }
          addCandidate(source, contexts)
          waiting.append(source)
        }
      }
      waiting = addCovered()
    }
  }

  private var weight: Int { candidates.values.reduce(0) { $0 + $1.count } }

  /// Names, and targets that are no names, of which something above them decides.
  /// - Returns: those that are new, or are so in more contexts.
  private mutating func addCovered() -> [DomainName] {
    let none = ContextSet(count: pair.contexts.count)
    for (name, contexts) in candidates {
      if name.isWildcard { shapes[name, default: none].formUnion(contexts) }
      if cuts.contains(name) { covers[name, default: none].formUnion(contexts) }
      // A redirection leads below its target, whatever is below itself.
      for (owner, targets) in redirections where targets.contains(where: { name.isAtOrBelow($0) }) {
        covers[owner, default: none].formUnion(contexts)
      }
    }
    if covers.isEmpty, shapes.isEmpty { return [] }
    var found: [DomainName] = []
    for zone in pair.old.zones.zones + pair.new.zones.zones {
      for record in zone.recordOffsets {
        let name = zone.name(ofRecord: record)
        if addCovered(name) { found.append(name) }
      }
    }
    // A target that is no name is no candidate itself; who leads to it is.
    for (target, owners) in sources {
      let contexts = decisive(above: target)
      if contexts.isEmpty { continue }
      for owner in owners where candidates[owner]?.isSuperset(of: contexts) != true {
        addCandidate(owner, contexts)
        found.append(owner)
      }
    }
    return found
  }

  private mutating func addCovered(_ name: DomainName) -> Bool {
    let contexts = decisive(above: name)
    if contexts.isEmpty || candidates[name]?.isSuperset(of: contexts) == true { return false }
    addCandidate(name, contexts)
    return true
  }

  /// The contexts in which something at or above a name may decide what it is.
  private func decisive(above name: DomainName) -> ContextSet {
    var contexts = ContextSet(count: pair.contexts.count)
    var above = name
    while true {
      if let cover = covers[above] { contexts.formUnion(cover) }
      if above == .root { return contexts }
      above = above.parent
      if let shape = shapes[above] { contexts.formUnion(shape) }
      if let wildcard = try? above.prepending(label: [0x2a]), let shape = shapes[wildcard] {
        contexts.formUnion(shape)
      }
    }
  }
}
