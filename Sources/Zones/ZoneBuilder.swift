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
  private var checks: ZoneChecks
  private var places: NodePlaces.Builder
  private var services: [UInt32] = []
  private var existence: [Existence] = []
  private var partialExistence: [Int: [Bool]] = [:]
  /// The name of the cut or DNAME that covers each name in all contexts; -1 for none.
  private(set) var covers: [Int32] = []
  private(set) var partialCovers: [Int: [Int32]] = [:]
  /// The names with NSEC records, and those with NSEC3 records, in some context.
  private(set) var denying: (byName: [Int], byHash: [Int]) = ([], [])

  private enum Existence: UInt8 {
    case nowhere, everywhere, partial
  }

  /// Compiles a zone for the contexts outside any sealed one, and once for each sealed context.
  ///
  /// Mistakes do not keep a zone from being built: whether to serve it is for the caller to decide.
  package static func build(
    _ source: ZoneSource, _ options: ZoneBuildOptions
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
      zones.append(builder.write(realm: realm))
      diagnostics += builder.checks.diagnostics + builder.checkSignatures()
    }
    return (zones, diagnostics)
  }

  private init(_ source: ZoneSource, _ options: ZoneBuildOptions, realm: Int, inheritedApex: [RecordReference]) {
    zone = EffectiveZone(
      source, contexts: options.contexts, realm: realm, inheritedApex: inheritedApex, seed: options.seed)
    self.options = options
    checks = ZoneChecks(source)
    places = NodePlaces.Builder(source)
    assignServices()
    findWhatExists()
    findWhatIsCovered()
  }

  // MARK: - From names to nodes

  private mutating func assignServices() {
    var own: [Int: UInt32] = [:]
    var key = NameKey()
    for (index, service) in options.services.enumerated() where service.isAtOrBelow(zone.source.origin) {
      key.load(service)
      own[zone.names.add(key)] = UInt32(index + 1)
    }
    // The apex may itself be below a service's name, which is in the zone above: then all of this zone is the service's.
    let origin = zone.source.origin
    let around = options.services.indices.filter { origin.isAtOrBelow(options.services[$0]) }
      .max { options.services[$0].labelCount < options.services[$1].labelCount }
    services = Array(repeating: around.map { UInt32($0 + 1) } ?? 0, count: zone.names.count)
    for name in 0..<zone.names.count { services[name] = own[name] ?? services[Int(zone.names.parents[name])] }
  }

  /// From the leaves up: parents have smaller numbers than their children.
  private mutating func findWhatExists() {
    existence = Array(repeating: .nowhere, count: zone.names.count)
    for name in stride(from: zone.names.count - 1, through: 0, by: -1) {
      addOwnData(of: name)
      let parent = Int(zone.names.parents[name])
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
      existence[name] = .partial
      merge(zone.isData(fork), into: name)
      if partialExistence[name]?.allSatisfy({ $0 }) == true { existence[name] = .everywhere }
      if partialExistence[name]?.contains(true) == false { existence[name] = .nowhere }
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
    covers = Array(repeating: -1, count: zone.names.count)
    let covering = zone.coveringNames()
    if covering.isEmpty { return }
    for name in 1..<max(1, zone.names.count) {
      let parent = Int(zone.names.parents[name])
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

  // MARK: - Writing

  /// What a node is in one context.
  private struct Body: Hashable {
    var data: EffectiveZone.Data
    var exists: Bool
    var cover: Int32
    /// The overlay's record that makes it so, where there is no data.
    var marker: RecordReference?
  }

  private mutating func write(realm: Int) -> CompiledZone {
    var memory = OctetBuilder(capacity: zone.names.octets.count * 2 + zone.names.count * 48)
    memory.append(host: UInt64(0))
    var records = [UInt32](repeating: 0, count: zone.names.count)
    var coverPatches: [(at: Int, name: Int)] = []
    var recordCount = 0
    for name in 0..<zone.names.count {
      records[name] = UInt32(memory.count)
      let isUniform = zone.forks[name] == nil && existence[name] != .partial && partialCovers[name] == nil
      writeHead(of: name, runCount: 0, to: &memory)
      if isUniform {
        let body = Body(
          data: zone.data(of: name, in: zone.realm.lowerBound), exists: existence[name] == .everywhere,
          cover: covers[name])
        recordCount += write(body, of: name, to: &memory, &coverPatches)
      } else {
        recordCount += writeForked(name, at: Int(records[name]), to: &memory, &coverPatches)
      }
      if memory.count > UInt32.max / 2 {
        checks.tooLarge()
        break
      }
    }
    for patch in coverPatches { memory.set(host: records[patch.name], at: patch.at) }
    memory.append(host: UInt64(0))  // names are read in whole words
    let existing = existence.count { $0 != .nowhere }
    let nameOrder = NameOrder(denials(.nsec, at: denying.byName, records), contextCount: options.contexts.nodes.count)
    let hashOrder = NameOrder(denials(.nsec3, at: denying.byHash, records), contextCount: options.contexts.nodes.count)
    return CompiledZone(
      origin: zone.source.origin, realm: realm, memory: memory.finish(), index: makeIndex(records),
      seed: options.seed, nameOrder: nameOrder, hashOrder: hashOrder, places: NodePlaces(places),
      broken: brokenContexts(), nameCount: existing, recordCount: recordCount)
  }

  private func writeHead(of name: Int, runCount: Int, to memory: inout OctetBuilder) {
    let octets = zone.names.name(name)
    memory.append(host: UInt8(octets.count))
    memory.append(host: UInt8(0))
    memory.append(host: UInt16(0))
    memory.append(host: services[name])
    memory.append(octets)
  }

  /// A name that is not the same in all contexts: runs of contexts, then each distinct body once.
  private mutating func writeForked(
    _ name: Int, at record: Int, to memory: inout OctetBuilder, _ patches: inout [(at: Int, name: Int)]
  ) -> Int {
    var runs: [(first: Int, body: Body)] = []
    for context in zone.realm {
      // A sealed context inside this realm has a zone of its own; whatever stands here is never read.
      if context != zone.realm.lowerBound, options.contexts.realm(of: context) != zone.realm.lowerBound { continue }
      let index = context - zone.realm.lowerBound
      let exists =
        existence[name] == .partial ? partialExistence[name]?[index] ?? false : existence[name] == .everywhere
      let data = zone.data(of: name, in: context)
      let body = Body(
        data: data, exists: exists, cover: partialCovers[name]?[index] ?? covers[name],
        marker: zone.marker(of: data, at: name, in: context))
      if runs.last?.body != body { runs.append((context, body)) }
    }
    memory.set(host: UInt8(1), at: record + 1)
    memory.set(host: UInt16(runs.count), at: record + 2)
    let table = memory.count
    for run in runs {
      memory.append(host: UInt16(run.first))
      memory.append(host: UInt32(0))
    }
    var written: [Body: Int] = [:]
    var recordCount = 0
    for (index, run) in runs.enumerated() {
      if written[run.body] == nil {
        written[run.body] = memory.count
        recordCount += write(run.body, of: name, to: &memory, &patches)
      }
      memory.set(host: UInt32(written[run.body] ?? 0), at: table + index * 6 + 2)
    }
    return recordCount
  }

  /// - Returns: how many RRs were written.
  private mutating func write(
    _ body: Body, of name: Int, to memory: inout OctetBuilder, _ patches: inout [(at: Int, name: Int)]
  ) -> Int {
    var references: [RecordReference] = []
    if case .records(let records) = body.data { references = records }
    var flags: ZoneNode.Flags = body.exists ? .exists : []
    if name == 0 { flags.insert(.apex) }
    if body.cover >= 0 { flags.insert(.covered) }
    if body.data == .hidden, !body.exists { flags.insert(.hidden) }
    let start = memory.count
    if let written = references.first ?? body.marker { places.add(written, body: start, zone.source) }
    memory.append(host: UInt64(0))
    memory.append(host: UInt32(0))
    let rrsets = checks.rrsets(references, isApex: name == 0)
    for rrset in rrsets where rrset.type != .rrsig {
      note(rrset.type, at: name, &flags)
      let signatures = rrsets.first { $0.covered == rrset.type }
      write(rrset, isSigned: signatures != nil, to: &memory)
      if let signatures { write(signatures, to: &memory) }
    }
    memory.set(host: flags.rawValue, at: start)
    memory.set(host: UInt32(memory.count - start - 12), at: start + 8)
    if body.cover >= 0 { patches.append((start + 4, Int(body.cover))) }
    return rrsets.reduce(0) { $0 + $1.records.count }
  }

  /// What a type at a name makes of it.
  private mutating func note(_ type: RRType, at name: Int, _ flags: inout ZoneNode.Flags) {
    switch type {
    case .cname: flags.insert(.alias)
    case .dname: flags.insert(.redirection)
    case .ns where name != 0: flags.insert(.cut)
    case .nsec where denying.byName.last != name: denying.byName.append(name)
    case .nsec3 where denying.byHash.last != name: denying.byHash.append(name)
    default: break
    }
  }

  private func write(_ rrset: RRsetRecords, isSigned: Bool = false, to memory: inout OctetBuilder) {
    let image = RRsetImage.begin(type: rrset.type, ttl: rrset.ttl, isSigned: isSigned, in: &memory)
    for reference in rrset.records { RRsetImage.append(rdata: zone.source.rdata(reference), in: &memory) }
    RRsetImage.finish(imageAt: image, count: rrset.records.count, in: &memory)
  }

  private func makeIndex(_ records: [UInt32]) -> [UInt64] {
    var index = [UInt64](repeating: 0, count: max(4, (records.count * 4 / 3 + 1).roundedUpToPowerOfTwo))
    for (name, record) in records.enumerated() where record != 0 {
      let hash = zone.names.hashes[name]
      var slot = Int(truncatingIfNeeded: hash) & (index.count - 1)
      while index[slot] != 0 { slot = (slot + 1) & (index.count - 1) }
      index[slot] = hash & 0xffff_ffff_0000_0000 | UInt64(record)
    }
    return index
  }

  private func brokenContexts() -> [Bool] {
    let contexts = options.contexts
    let broken = zone.source.brokenContexts
    return contexts.nodes.indices.map { context in broken.contains { contexts.isContext(context, in: $0) } }
  }
}

extension EffectiveZone {
  /// True where the base has records of the name's own.
  fileprivate func hasBaseRecords(_ name: Int) -> Bool { name < firstBaseRecord.count && firstBaseRecord[name] >= 0 }

  /// True where the base has records that make the name exist.
  fileprivate func hasBaseData(_ name: Int) -> Bool {
    guard let baseLayer, hasBaseRecords(name) else { return false }
    var next = firstBaseRecord[name]
    while next >= 0 {
      if !source.isOfHashedName(RecordReference(layer: UInt32(baseLayer), index: UInt32(next))) { return true }
      next = nextBaseRecord[Int(next)]
    }
    return false
  }

  /// For each context, true where its data makes the name exist, were it empty.
  fileprivate func isData(_ fork: [Data]) -> [Bool] {
    let source = source
    return fork.map { data in
      guard case .records(let records) = data else { return false }
      return records.isEmpty || !records.allSatisfy { source.isOfHashedName($0) }
    }
  }

  /// The names that cover what is below them in some context: zone cuts and owners of a DNAME.
  fileprivate func coveringNames() -> Set<Int> {
    let source = source
    var names: Set<Int> = []
    for (name, fork) in forks where fork.contains(where: { source.isCover($0, at: name) }) { names.insert(name) }
    guard let baseLayer else { return names }
    let ofApex = baseRecords(of: 0).count { source.record($0).type == .ns }
    let ofAll = source.layers[baseLayer].records.records.count { $0.type == .ns || $0.type == .dname }
    if ofAll == ofApex { return names }  // as in most zones
    for name in 0..<self.names.count where forks[name] == nil && hasBaseRecords(name) {
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
