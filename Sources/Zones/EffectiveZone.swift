internal import Contexts
internal import DNSFormat
internal import FlatMemory
internal import ZoneFile

/// What each name has in each context, worked out from the layers: the overlay rule.
///
/// An owner name that an overlay mentions is replaced whole for callers of its context; a name that it does not mention
/// comes from the overlay of the context around it, and so on to the base. At the apex, SOA and NS are inherited where
/// the overlay has none, since an overlay need not have them. `CNAME .` in an overlay means that the name does not exist
/// there, and nothing below it either (RFC 8020) but what the same overlay mentions; `CNAME *.` means that it exists and
/// is empty. Both are the conventions of response policy zones.
///
/// Names that no overlay touches, nearly all of them, are only a chain of base records and cost nothing here.
struct EffectiveZone: ~Copyable {
  /// A name's data in some context.
  enum Data: Hashable {
    /// Nothing of its own; it may still exist through names below it.
    case none
    /// Nothing, because an overlay says so: no wildcard stands in for it.
    case hidden
    /// These records; none where the name exists and is empty.
    case records([RecordReference])
  }

  let source: ZoneSource
  let contexts: ContextTree
  /// The numbers of the realm's contexts; those of sealed contexts inside it are among them and never asked for.
  let realm: ClosedRange<Int>
  var names: NameTable
  /// The first and last base record of each name, -1 for none; and for each base record the next of its name.
  private(set) var firstBaseRecord: [Int32] = []
  private var lastBaseRecord: [Int32] = []
  private(set) var nextBaseRecord: [Int32] = []
  /// Which layer is the base; nil in a realm that inherits only the apex.
  private(set) var baseLayer: Int?
  /// For names that some overlay touches: their data by context, counted from the realm's first.
  private(set) var forks: [Int: [Data]] = [:]
  /// Which overlays mention a name, and with what.
  private var mentions: [Int: [(context: Int, data: Data)]] = [:]

  /// The records by which overlays take a name away (`CNAME .`) or empty it (`CNAME *.`), by name and context.
  private var markers: [Int: [Int: RecordReference]] = [:]

  /// - Parameter inheritedApex: in a sealed realm, what the apex has in the context around it.
  init(
    _ source: ZoneSource, contexts: ContextTree, realm root: Int, inheritedApex: [RecordReference], seed: UInt64
  ) {
    self.source = source
    self.contexts = contexts
    realm = root...contexts.nodes[root].last
    var origin = NameKey()
    origin.load(source.origin)
    let expected = source.layers.reduce(0) { $0 + $1.records.records.count }
    names = NameTable(origin: origin, seed: seed, expecting: root == 0 ? expected * 3 / 4 + 16 : 1024)
    addLayers(root: root)
    addApex(root: root, inherited: inheritedApex)
    hideBelowAbsentNames()
    for (name, mentioned) in mentions { forks[name] = merge(mentioned, at: name) }
    mentions = [:]
  }

  /// A name's base records: all of its data where it is not among the `forks`.
  func baseRecords(of name: Int) -> [RecordReference] {
    guard let baseLayer, name < firstBaseRecord.count else { return [] }
    var records: [RecordReference] = []
    var next = firstBaseRecord[name]
    while next >= 0 {
      records.append(RecordReference(layer: UInt32(baseLayer), index: UInt32(next)))
      next = nextBaseRecord[Int(next)]
    }
    return records
  }

  /// A name's data in a context of the realm.
  func data(of name: Int, in context: Int) -> Data {
    if let fork = forks[name] { return fork[context - realm.lowerBound] }
    let base = baseRecords(of: name)
    return base.isEmpty ? .none : .records(base)
  }

  /// The overlay's record that leaves a name without data in a context; nil for a name with data, or that no layer has.
  func marker(of data: Data, at name: Int, in context: Int) -> RecordReference? {
    guard data == .hidden || data == .records([]), !markers.isEmpty else { return nil }
    for around in contexts.path(from: context) {
      var at = name
      while true {
        if let marker = markers[at]?[around], at == name || self.marker([marker]) == .absent { return marker }
        if at == 0 || data != .hidden { break }
        at = Int(names.parents[at])
      }
    }
    return nil
  }

  // MARK: - Reading the layers

  private mutating func addLayers(root: Int) {
    for (number, layer) in source.layers.enumerated() where contexts.realm(of: layer.context) == root {
      if layer.context == 0 {
        baseLayer = number
        addBase(layer.records)
      } else {
        addOverlay(number, layer)
      }
    }
  }

  private mutating func addBase(_ base: ZoneRecords) {
    nextBaseRecord = Array(repeating: -1, count: base.records.count)
    var key = NameKey()
    var lastOwner: UInt32?
    var name = 0
    for (index, record) in base.records.enumerated() {
      if record.owner != lastOwner {
        lastOwner = record.owner
        guard key.load(owner: record, of: base, below: source.origin) else {
          name = -1
          continue
        }
        name = names.add(key)
        growBaseRecords()
      }
      guard name >= 0 else { continue }
      if firstBaseRecord[name] < 0 {
        firstBaseRecord[name] = Int32(index)
      } else {
        nextBaseRecord[Int(lastBaseRecord[name])] = Int32(index)
      }
      lastBaseRecord[name] = Int32(index)
    }
    lastBaseRecord = []
  }

  private mutating func growBaseRecords() {
    while firstBaseRecord.count < names.count {
      firstBaseRecord.append(-1)
      lastBaseRecord.append(-1)
    }
  }

  private mutating func addOverlay(_ number: Int, _ layer: ZoneSource.Layer) {
    var key = NameKey()
    var recordsByName: [Int: [RecordReference]] = [:]
    for (index, record) in layer.records.records.enumerated()
    where key.load(owner: record, of: layer.records, below: source.origin) {
      recordsByName[names.add(key), default: []].append(
        RecordReference(layer: UInt32(number), index: UInt32(index)))
    }
    for (name, records) in recordsByName {
      let data: Data =
        switch marker(records) {
        case .absent: .hidden
        case .empty: .records([])
        case nil: .records(records)
        }
      if data != .records(records) { markers[name, default: [:]][layer.context] = records[0] }
      mentions[name, default: []].append((layer.context, data))
    }
  }

  private enum Marker {
    case absent
    case empty
  }

  /// What a lone `CNAME .` or `CNAME *.` says.
  private func marker(_ records: [RecordReference]) -> Marker? {
    guard records.count == 1, source.record(records[0]).type == .cname else { return nil }
    switch Array(source.rdata(records[0])) {
    case [0]: return .absent
    case [1, UInt8(ascii: "*"), 0]: return .empty
    default: return nil
    }
  }

  // MARK: - Merging

  /// The apex of a sealed realm is what it is around the realm; elsewhere SOA and NS are inherited into overlays.
  private mutating func addApex(root: Int, inherited: [RecordReference]) {
    guard var mentioned = mentions[0] else {
      if root != 0, !inherited.isEmpty { mentions[0] = [(root, .records(inherited))] }
      return
    }
    mentioned.sort { $0.context < $1.context }
    var byContext: [Int: [RecordReference]] = [:]
    let base = root == 0 ? baseRecords(of: 0) : inherited
    var result: [(context: Int, data: Data)] = root == 0 || inherited.isEmpty ? [] : [(root, .records(inherited))]
    for (context, data) in mentioned {
      var around = base
      if context != root {
        around = contexts.path(from: contexts.nodes[context].parent).lazy.compactMap { byContext[$0] }.first ?? base
      }
      var own: [RecordReference] = []
      if case .records(let records) = data { own = records }
      for type in [RRType.soa, .ns] where !own.contains(where: { source.record($0).type == type }) {
        own += around.filter { source.record($0).type == type }
      }
      byContext[context] = own
      result.append((context, .records(own)))
    }
    mentions[0] = result
  }

  /// A name that an overlay says does not exist hides what is below it, but for what the same overlay mentions.
  private mutating func hideBelowAbsentNames() {
    var hidden: [Int: [Int]] = [:]  // contexts in which names below this one are hidden
    for (name, mentioned) in mentions where name != 0 {
      let absent = mentioned.filter { $0.data == .hidden }.map(\.context)
      if !absent.isEmpty { hidden[name] = absent }
    }
    if hidden.isEmpty { return }
    for name in 1..<max(1, names.count) {
      guard let around = hidden[Int(names.parents[name])] else { continue }
      hidden[name, default: []] += around
      for context in around where !(mentions[name]?.contains { $0.context == context } ?? false) {
        mentions[name, default: []].append((context, .hidden))
      }
    }
  }

  /// Spreads a name's versions over the contexts: each over its subtree, inner ones over outer ones.
  private func merge(_ mentioned: [(context: Int, data: Data)], at name: Int) -> [Data] {
    let base = baseRecords(of: name)
    var data = [Data](repeating: base.isEmpty ? .none : .records(base), count: realm.count)
    for (context, version) in mentioned.sorted(by: { $0.context < $1.context }) {
      for inner in context...contexts.nodes[context].last { data[inner - realm.lowerBound] = version }
    }
    return data
  }
}

extension NameKey {
  /// Takes a record's owner name; false where it is not at or below `origin`.
  mutating func load(owner record: ZoneRecords.Record, of zone: ZoneRecords, below origin: DomainName) -> Bool {
    let loaded = load(zone.octets.span, fromWireAt: Int(record.owner))
    guard loaded, labelCount >= origin.labelCount else { return false }
    let start = start(ofSuffix: origin.labelCount)
    guard length - start == origin.wire.count else { return false }
    return zip(start..<length, origin.wire).allSatisfy { octet(at: $0) == lowercased($1) }
  }

  private mutating func load(_ octets: Span<UInt8>, fromWireAt start: Int) -> Bool {
    (try? load(octets, at: start)) != nil
  }
}
