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

    /// True where a record of an overlay may be what leaves nothing here.
    var mayHaveMarker: Bool {
      switch self {
      case .none: false
      case .hidden: true
      case .records(let records): records.isEmpty
      }
    }
  }

  /// A name's data where contexts differ: runs of context numbers, counted from the realm's first, which begins the first.
  struct Fork {
    var runs: [(first: Int, data: Data)]

    /// The run that a context is in.
    func run(of context: Int) -> Int {
      var low = 0
      var high = runs.count
      while high - low > 1 {
        let middle = (low + high) / 2
        if runs[middle].first <= context { low = middle } else { high = middle }
      }
      return low
    }

    /// Begins a run; one that began at the same context has come to nothing.
    mutating func begin(_ context: Int, _ data: Data) {
      if runs.last?.first == context { runs.removeLast() }
      runs.append((context, data))
    }
  }

  let source: ZoneSource
  let contexts: ContextTree
  /// The numbers of the realm's contexts; those of sealed contexts inside it are among them and never asked for.
  let realm: ClosedRange<Int>
  var names: NameTable
  /// For each base record the next of its name, -1 for none.
  private(set) var nextBaseRecord: [Int32] = []
  /// True where the base may have records of hashed names, NSEC3 or their signatures; and NS below the apex, or DNAME.
  private(set) var hasHashedNames = false
  private(set) var hasCovers = false
  /// Which layer is the base; nil in a realm that inherits only the apex.
  private(set) var baseLayer: Int?
  /// For names that some overlay touches: their data.
  private(set) var forks: [Int: Fork] = [:]
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
    guard let baseLayer else { return [] }
    var records: [RecordReference] = []
    var next = names.firstRecord(of: name)
    while next >= 0 {
      records.append(RecordReference(layer: UInt32(baseLayer), index: UInt32(next)))
      next = Int(nextBaseRecord[next])
    }
    return records
  }

  /// A name's data in a context of the realm.
  func data(of name: Int, in context: Int) -> Data {
    if let fork = forks[name] { return fork.runs[fork.run(of: context - realm.lowerBound)].data }
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
        at = names.parent(of: at)
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
    let records = base.records.span
    let octets = base.octets.span
    var origin = NameKey()
    origin.load(source.origin)
    var key = NameKey()
    var lastOwner: UInt32?
    var name = 0
    for index in records.indices {
      let record = records[index]
      if record.owner != lastOwner {
        lastOwner = record.owner
        name = key.load(owner: record, in: octets, below: origin) ? names.add(key) : -1
      }
      guard name >= 0 else { continue }
      let last = names.append(record: index, to: name)
      if last >= 0 { nextBaseRecord[last] = Int32(index) }
      if record.type == .nsec3 || record.type == .rrsig { hasHashedNames = true }
      if record.type == .dname || record.type == .ns && name != 0 { hasCovers = true }
    }
  }

  private mutating func addOverlay(_ number: Int, _ layer: ZoneSource.Layer) {
    var origin = NameKey()
    origin.load(source.origin)
    var key = NameKey()
    var recordsByName: [Int: [RecordReference]] = [:]
    for (index, record) in layer.records.records.enumerated()
    where key.load(owner: record, in: layer.records.octets.span, below: origin) {
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
      guard let around = hidden[names.parent(of: name)] else { continue }
      hidden[name, default: []] += around
      for context in around where !(mentions[name]?.contains { $0.context == context } ?? false) {
        mentions[name, default: []].append((context, .hidden))
      }
    }
  }

  /// Spreads a name's versions over the contexts: each over its subtree, inner ones over outer ones.
  private func merge(_ mentioned: [(context: Int, data: Data)], at name: Int) -> Fork {
    let base = baseRecords(of: name)
    let outermost: Data = base.isEmpty ? .none : .records(base)
    var fork = Fork(runs: [(0, outermost)])
    var around: [(last: Int, data: Data)] = [(realm.upperBound - realm.lowerBound, outermost)]
    /// Leaves the subtrees that end before a context: behind each, what is around it goes on.
    func leave(before context: Int) {
      while around.count > 1, let last = around.last?.last, last < context {
        around.removeLast()
        if last + 1 < realm.count { fork.begin(last + 1, around[around.count - 1].data) }
      }
    }
    for (context, version) in mentioned.sorted(by: { $0.context < $1.context }) {
      let first = context - realm.lowerBound
      leave(before: first)
      fork.begin(first, version)
      around.append((contexts.nodes[context].last - realm.lowerBound, version))
    }
    leave(before: realm.count)
    return fork
  }
}

extension NameKey {
  /// Takes a record's owner name; false where it is not at or below `origin`.
  mutating func load(
    owner record: ZoneRecords.Record, in octets: Span<UInt8>, below origin: borrowing NameKey
  ) -> Bool {
    (try? load(octets, at: Int(record.owner))) != nil && hasSuffix(origin)
  }
}
