internal import Addresses
internal import Contexts
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import ZoneFile
internal import Zones

/// PTR records for the addresses that names of our zones have, as each context sees them.
///
/// The compiled zones are read, not what was written: so zones that were taken over from the load before count, and what
/// an overlay replaces, a zone cut hides or a sealed context lacks is as queries see it. An address that all contexts find
/// under the same names is one set in the base; elsewhere a context has an overlay where it differs from its parent.
/// Wildcards have no address of their own. Time and memory grow with the addresses.
struct ReverseRecords {
  /// The names of one address that are told, in the order of the zones: nobody reads more, and a message must hold them.
  static let mostNames = 16

  /// That a name has an address, in the contexts from `first` up to `end`.
  private struct Finding {
    let address: IPAddress
    let ttl: UInt32
    /// An index into the local zones.
    let local: UInt32
    /// The name is that of this record of this compiled zone.
    let zone: UInt32
    let record: Int
    let first: UInt16
    let end: UInt16
  }

  private let zones: [CompiledZone]
  private let contexts: ContextTree
  private var findings: [Finding] = []
  /// A layer of a local zone, and its records.
  private struct Layer {
    let local: Int
    let context: Int
    var records: ZoneRecords
  }

  private var written: [Layer] = []
  /// Their indices, by local zone and context.
  private var numbers: [[Int]: Int] = [:]
  /// The layer that was written last: the next address is likely to be in it too.
  private var last = 0
  /// By index of a local zone: its layers' records, by context.
  var layers: [Int: [Int: ZoneRecords]] {
    Dictionary(grouping: written, by: \.local).mapValues { layers in
      Dictionary(uniqueKeysWithValues: layers.map { ($0.context, $0.records) })
    }
  }

  /// - Parameters:
  ///   - zones: those that are written.
  ///   - locals: into which the records are put; only those that are told of an address matter.
  ///   - makeRecords: what a layer of the zone of an index begins with, for a context.
  init(
    _ zones: [CompiledZone], _ contexts: ContextTree, into locals: [LocalZone], makeRecords: (Int, Int) -> ZoneRecords
  ) {
    self.zones = zones
    self.contexts = contexts
    let prefixes = locals.enumerated().compactMap { index, local in
      local.addresses.map { (prefix: $0, value: UInt32(index + 1)) }
    }
    guard !prefixes.isEmpty else { return }
    let places = PrefixTable(prefixes)
    for realm in Set(zones.map(\.realm)).sorted() {
      findings.removeAll(keepingCapacity: true)
      for (number, zone) in zones.enumerated() where zone.realm == realm { find(in: zone, number, places) }
      findings.sort {
        let (one, other) = ($0.address.rank, $1.address.rank)
        return one != other ? one < other : ($0.zone, $0.record, $0.first) < ($1.zone, $1.record, $1.first)
      }
      var start = 0
      while start < findings.count {
        var end = start + 1
        while end < findings.count, findings[end].address == findings[start].address { end += 1 }
        add(findings[start..<end], realm, makeRecords)
        start = end
      }
    }
  }

  private mutating func find(in zone: CompiledZone, _ number: Int, _ places: borrowing PrefixTable) {
    let last = contexts.nodes[zone.realm].last
    for record in zone.recordOffsets {
      // A wildcard's owner is `*` (RFC 4592 §2.1.1).
      if zone.memory[record + 8] == 1, zone.memory[record + 9] == 0x2a { continue }
      let firsts = zone.firstContexts(ofRecord: record)
      for (index, first) in firsts.enumerated() {
        let node = zone.node(ofRecord: record, context: first)
        guard node.exists, node.flags.isDisjoint(with: [.covered, .cut]), !zone.isBroken(for: first) else { continue }
        var set = node.addresses(zone.memory)
        while let addresses = set {
          addresses.forEachAddress(zone.memory) { address in
            let local = places.value(for: address)
            // Every host is localhost to itself, whoever else has a name for it.
            guard local != 0, !address.isLocalhost else { return }
            findings.append(
              Finding(
                address: address, ttl: addresses.ttl, local: local - 1, zone: UInt32(number), record: record,
                first: first, end: index + 1 < firsts.count ? firsts[index + 1] : UInt16(last + 1)))
          }
          set = node.addresses(zone.memory, after: addresses)
        }
      }
    }
  }

  /// Writes one address's records into the layers of the contexts that see them.
  private mutating func add(_ found: ArraySlice<Finding>, _ realm: Int, _ makeRecords: (Int, Int) -> ZoneRecords) {
    let local = Int(found[found.startIndex].local)
    let owner = found[found.startIndex].address.reverseName
    let end = contexts.nodes[realm].last + 1
    if found.allSatisfy({ $0.first <= realm && $0.end >= end }) {
      return write(found, owner, local, realm, makeRecords)
    }
    // Contexts in which nothing changes are a run, and have the same names.
    var starts = Set([realm])
    for finding in found {
      starts.insert(Int(finding.first))
      if finding.end < end { starts.insert(Int(finding.end)) }
    }
    let runs = starts.sorted()
    let sets = runs.map { run in ArraySlice(found.filter { $0.first <= run && run < $0.end }) }
    func set(of context: Int) -> ArraySlice<Finding> {
      var index = runs.count - 1
      while runs[index] > context { index -= 1 }
      return sets[index]
    }
    write(sets[0], owner, local, realm, makeRecords)
    for (index, run) in runs.enumerated() {
      let names = sets[index].map(\.record)
      var context = run
      // Below a context of the run all that are in the run too have what it has; the others are looked at by themselves.
      while context < (index + 1 < runs.count ? runs[index + 1] : end) {
        let node = contexts.nodes[context]
        if context != realm, contexts.realm(of: context) == realm {
          let above = set(of: node.parent)
          if above.map(\.record) != names || above.map(\.zone) != sets[index].map(\.zone) {
            write(sets[index], owner, local, context, makeRecords)
          } else if node.parent == realm {
            break  // all that follow in the run stand beside it
          }
        }
        context = node.last + 1
      }
    }
  }

  /// Writes the set that a context sees; `CNAME .` where it sees none, which in the base nobody has to be told.
  private mutating func write(
    _ found: ArraySlice<Finding>, _ owner: [UInt8], _ local: Int, _ context: Int,
    _ makeRecords: (Int, Int) -> ZoneRecords
  ) {
    if found.isEmpty, contexts.realm(of: context) == context { return }
    select(local, context, makeRecords)
    if found.isEmpty { written[last].records.append(owner: owner, .cname, ttl: 60, rdata: [0]) }
    let ttl = found.reduce(UInt32.max) { min($0, $1.ttl) }
    for finding in found.prefix(Self.mostNames) {
      let name = zones[Int(finding.zone)].name(ofRecord: finding.record)
      written[last].records.append(owner: owner, .ptr, ttl: ttl, rdata: name.wire)
    }
  }

  /// Makes a layer the one that is written; it is made where there is none.
  private mutating func select(_ local: Int, _ context: Int, _ makeRecords: (Int, Int) -> ZoneRecords) {
    if last < written.count, written[last].local == local, written[last].context == context { return }
    if let number = numbers[[local, context]] {
      last = number
      return
    }
    last = written.count
    numbers[[local, context]] = last
    written.append(Layer(local: local, context: context, records: makeRecords(local, context)))
  }
}

extension IPAddress {
  /// Orders addresses; those of one family together.
  fileprivate var rank: UInt128 { UInt128(high) << 64 | UInt128(low) | (isIPv4 ? 0xffff << 32 : 0) }
}

extension RRsetImage {
  /// The addresses of a set of A or AAAA records.
  fileprivate func forEachAddress(_ memory: borrowing FlatArray<UInt8>, _ body: (IPAddress) -> Void) {
    var rdata = dataStart
    while rdata < end {
      let size = Int(UInt16(bigEndian: memory.load(rdata, as: UInt16.self)))
      if size == 4 {
        body(IPAddress(v4: UInt32(bigEndian: memory.load(rdata + 2, as: UInt32.self))))
      } else if size == 16 {
        body(
          IPAddress(
            high: UInt64(bigEndian: memory.load(rdata + 2, as: UInt64.self)),
            low: UInt64(bigEndian: memory.load(rdata + 10, as: UInt64.self))))
      }
      rdata += 2 + size
    }
  }
}
