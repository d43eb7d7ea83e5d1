internal import Contexts
internal import DNSFormat
package import Diagnostics
internal import FlatMemory
internal import ZoneFile

/// Compiles a zone: effective data of every context, what exists, zone cuts, services, all laid out flat.
///
/// Steps: merge the layers (``EffectiveZone``); add the services' names; from the leaves up, work out what exists in
/// which context; from the apex down, what a zone cut covers and which service a name belongs to; then write each name
/// with one body for all contexts where it can, and build the index. Memory and time grow with records and with what
/// contexts change.
package struct ZoneBuilder: ~Copyable {
  var zone: EffectiveZone
  let options: ZoneBuildOptions
  /// By context of the realm: whether it is in a sealed one inside; empty where there is none.
  let innerRealms: [Bool]
  var checks: ZoneChecks
  var places: NodePlaces.Builder
  private(set) var services: [UInt32] = []
  private(set) var existence: [Existence] = []
  private(set) var partialExistence: [Int: [Bool]] = [:]
  /// The name of the cut or DNAME that covers each name in all contexts, -1 for none; empty where there is none at all.
  private(set) var covers: [Int32] = []
  private(set) var partialCovers: [Int: [Int32]] = [:]
  /// The names with NSEC records, and those with NSEC3 records, in some context.
  var denying: (byName: [Int], byHash: [Int]) = ([], [])

  enum Existence: UInt8 {
    case nowhere, everywhere, partial
  }

  /// Compiles a zone for the contexts outside any sealed one, and once for each sealed context.
  ///
  /// Mistakes do not keep a zone from being built: whether to serve it is for the caller to decide.
  /// - Parameter hasShortWay: false where every name is to go the general way, by which tests judge ``PlainData``.
  package static func build(
    _ source: ZoneSource, _ options: ZoneBuildOptions, hasShortWay: Bool = true
  ) -> (zones: [CompiledZone], diagnostics: [Diagnostic]) {
    var zones: [CompiledZone] = []
    var diagnostics = checkLayers(source, options.contexts)
    var apexes: [Int: [RecordReference]] = [:]
    let sealed = options.contexts.nodes.indices.filter { $0 > 0 && options.contexts.nodes[$0].isSealed }
    for realm in [0] + sealed {
      var builder = ZoneBuilder(source, options, realm: realm, inheritedApex: apexes[realm] ?? [])
      for inner in sealed
      where inner != realm && options.contexts.realm(of: options.contexts.nodes[inner].parent) == realm {
        if case .records(let apex) = builder.zone.data(of: 0, in: options.contexts.nodes[inner].parent) {
          apexes[inner] = apex
        }
      }
      zones.append(builder.write(realm: realm, hasShortWay: hasShortWay))
      diagnostics += builder.checks.diagnostics + builder.signatureDiagnostics
    }
    return (zones, diagnostics)
  }

  /// What ``checkSignatures()`` found, which needs the table of names that the compiled zone takes.
  var signatureDiagnostics: [Diagnostic] = []

  /// The cut or DNAME that covers a name in all contexts; -1 for none.
  func cover(of name: Int) -> Int32 { covers.isEmpty ? -1 : covers[name] }

  private init(_ source: ZoneSource, _ options: ZoneBuildOptions, realm root: Int, inheritedApex: [RecordReference]) {
    zone = EffectiveZone(
      source, contexts: options.contexts, realm: root, inheritedApex: inheritedApex, seed: options.seed)
    self.options = options
    let inner = zone.realm.map { options.contexts.realm(of: $0) != root }
    innerRealms = inner.contains(true) ? inner : []
    checks = ZoneChecks(source)
    places = NodePlaces.Builder(source, options.contexts)
    assignServices()
    findWhatExists()
    findWhatIsCovered()
  }

  // MARK: - From names to nodes

  private mutating func assignServices() {
    /// By number of a name: the service whose name it is; 0 for none. As long as it must be.
    var own: [UInt32] = []
    var key = NameKey()
    for (index, service) in options.services.enumerated() where service.isAtOrBelow(zone.source.origin) {
      key.load(service)
      let name = zone.names.add(key)
      if name >= own.count { own += repeatElement(0, count: zone.names.count - own.count) }
      own[name] = UInt32(index + 1)
    }
    // The apex may itself be below a service's name, which is in the zone above: then all of this zone is the service's.
    let origin = zone.source.origin
    let around = options.services.indices.filter { origin.isAtOrBelow(options.services[$0]) }
      .max { options.services[$0].labelCount < options.services[$1].labelCount }
    services = Array(repeating: around.map { UInt32($0 + 1) } ?? 0, count: zone.names.count)
    for name in 0..<zone.names.count {
      services[name] = name < own.count && own[name] != 0 ? own[name] : services[zone.names.parent(of: name)]
    }
  }

  /// From the leaves up: parents have smaller numbers than their children.
  private mutating func findWhatExists() {
    existence = Array(repeating: .nowhere, count: zone.names.count)
    for name in stride(from: zone.names.count - 1, through: 0, by: -1) {
      addOwnData(of: name)
      let parent = zone.names.parent(of: name)
      if name == parent { continue }
      switch existence[name] {
      case .nowhere: break
      case .everywhere: existence[parent] = .everywhere
      case .partial where existence[parent] != .everywhere:
        existence[parent] = .partial
        merge(partialExistence[name] ?? [], into: parent)
      case .partial: break
      }
    }
  }

  private mutating func addOwnData(of name: Int) {
    guard existence[name] != .everywhere else { return }
    if let fork = zone.forks[name] {
      let isData = zone.isData(fork)
      if partialExistence[name] == nil, !isData.contains(false) {
        existence[name] = .everywhere
      } else if partialExistence[name] != nil || isData.contains(true) {
        existence[name] = .partial
        merge(zone.spread(isData, over: fork), into: name)
        if partialExistence[name]?.contains(false) == false { existence[name] = .everywhere }
      }
    } else if zone.hasBaseData(name) {
      existence[name] = .everywhere
    }
  }

  private mutating func merge(_ bits: [Bool], into name: Int) {
    guard var old = partialExistence[name] else {
      partialExistence[name] = bits
      return
    }
    for index in old.indices where bits[index] { old[index] = true }
    partialExistence[name] = old
  }

  /// From the apex down: a name is covered by the topmost cut (RFC 1034 §4.2.1) or DNAME (RFC 6672 §2.4) above it.
  private mutating func findWhatIsCovered() {
    let covering = zone.coveringNames()
    if covering.isEmpty { return }
    covers = Array(repeating: -1, count: zone.names.count)
    for name in 1..<max(1, zone.names.count) {
      let parent = zone.names.parent(of: name)
      covers[name] = covers[parent]
      if covers[parent] >= 0 { continue }
      var partial = partialCovers[parent]
      if covering.contains(parent) {
        var isCover: [Bool] = []
        for context in zone.realm {
          isCover.append(zone.source.isCover(zone.data(of: parent, in: context), at: parent))
        }
        if partial == nil, isCover.allSatisfy({ $0 }) {
          covers[name] = Int32(parent)
          continue
        }
        let around = partial ?? Array(repeating: -1, count: isCover.count)
        partial = zip(around, isCover).map { $0 < 0 && $1 ? Int32(parent) : $0 }
      }
      if let partial { partialCovers[name] = partial }
    }
  }

  func brokenContexts() -> [Bool] {
    let contexts = options.contexts
    let broken = zone.source.brokenContexts
    return contexts.nodes.indices.map { context in broken.contains { contexts.isContext(context, in: $0) } }
  }
}

extension EffectiveZone {
  /// True where the base has records that make the name exist.
  fileprivate func hasBaseData(_ name: Int) -> Bool {
    if !hasHashedNames { return names.firstRecord(of: name) >= 0 }
    return baseRecords(of: name).contains { !source.isOfHashedName($0) }
  }

  /// For each run, true where its data makes the name exist, were it empty.
  fileprivate func isData(_ fork: Fork) -> [Bool] {
    fork.runs.map { run in
      guard case .records(let records) = run.data else { return false }
      return records.isEmpty || !records.allSatisfy { source.isOfHashedName($0) }
    }
  }

  /// What is said of each run, for each context.
  fileprivate func spread(_ bits: [Bool], over fork: Fork) -> [Bool] {
    var all = [Bool](repeating: false, count: realm.count)
    for (number, bit) in bits.enumerated() where bit {
      let end = number + 1 < fork.runs.count ? fork.runs[number + 1].first : realm.count
      for context in fork.runs[number].first..<end { all[context] = true }
    }
    return all
  }

  /// The names that cover what is below them in some context: zone cuts and owners of a DNAME.
  fileprivate func coveringNames() -> Set<Int> {
    let source = source
    var names: Set<Int> = []
    for (name, fork) in forks where fork.runs.contains(where: { source.isCover($0.data, at: name) }) {
      names.insert(name)
    }
    if !hasCovers { return names }  // as in most zones
    for name in 0..<self.names.count where forks[name] == nil && self.names.firstRecord(of: name) >= 0 {
      if source.isCover(data(of: name, in: realm.lowerBound), at: name) { names.insert(name) }
    }
    return names
  }
}

extension ZoneSource {
  /// True where a name with such data covers what is below it: NS other than the apex's, or a DNAME.
  fileprivate func isCover(_ data: EffectiveZone.Data, at name: Int) -> Bool {
    guard case .records(let records) = data else { return false }
    return records.contains {
      let type = record($0).type
      return type == .dname || type == .ns && name != 0
    }
  }
}
