internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import ZoneFile

/// One RRset as a body gets it: duplicates dropped, one TTL.
struct RRsetRecords {
  let type: RRType
  /// The type that the records are signatures of; nil where they are none. Signatures of another type are another set.
  let covered: RRType?
  var ttl: UInt32
  private(set) var records: [RecordReference]
  /// Octets on the wire.
  var octets: Int
  var isTooLarge = false
  /// The RDATA seen, once there are many: a search through all of them would be quadratic.
  private var seen: [ArraySlice<UInt8>: RecordReference] = [:]
  private static let many = 16

  init(type: RRType, covered: RRType?, ttl: UInt32, first: RecordReference, rdataCount: Int) {
    self.type = type
    self.covered = covered
    self.ttl = ttl
    records = [first]
    octets = 12 + rdataCount
  }

  /// The record that has the same RDATA; nil where none has.
  func record(with rdata: ArraySlice<UInt8>, in source: ZoneSource) -> RecordReference? {
    if records.count > Self.many, let same = seen[rdata] { return same }
    return records.prefix(Self.many).first { source.rdata($0).elementsEqual(rdata) }
  }

  /// Adds a record, whose RDATA no other has.
  mutating func append(_ record: RecordReference, _ rdata: ArraySlice<UInt8>) {
    records.append(record)
    if records.count > Self.many { seen[rdata] = record }
  }
}

/// What must hold at each node, checked while nodes are written, and the mistakes found.
struct ZoneChecks {
  private let source: ZoneSource
  private(set) var diagnostics: [Diagnostic] = []
  /// More errors, or more warnings, than this of one zone are not listed: a file under the wrong name has a mistake in
  /// every line. Counted apart, since an error keeps the zone from being served and must not hide behind warnings.
  static let mostOfAKind = 500
  private var errorCount = 0
  private var warningCount = 0

  init(_ source: ZoneSource) { self.source = source }

  /// Groups a node's records into RRsets, in the order of their first record.
  ///
  /// Reports a CNAME beside other data (RFC 1034 §3.6.2), several CNAMEs (RFC 2181 §10.1), duplicates (RFC 2181 §5),
  /// differing TTLs, of which the least is taken (RFC 2181 §5.2), and SOA where it does not belong.
  mutating func rrsets(_ references: [RecordReference], isApex: Bool) -> [RRsetRecords] {
    var sets: [RRsetRecords] = []
    for reference in references {
      let record = source.record(reference)
      let covered = source.covered(reference)
      guard let index = sets.firstIndex(where: { $0.type == record.type && $0.covered == covered }) else {
        sets.append(
          RRsetRecords(
            type: record.type, covered: covered, ttl: record.ttl, first: reference, rdataCount: Int(record.rdataCount)))
        continue
      }
      add(reference, ttl: record.ttl, to: &sets[index])
    }
    for set in sets {
      if let covered = set.covered, !sets.contains(where: { $0.type == covered }) {
        warn(set.records[0], "this RRSIG covers \(covered), which \(name(set.records[0])) does not have; remove it")
      }
    }
    if let cname = sets.first(where: { $0.type == .cname }) { check(cname, beside: sets) }
    if let soa = sets.first(where: { $0.type == .soa }) { check(soa: soa, isApex: isApex) }
    return sets
  }

  /// Octets that an RRset may have on the wire: what a message of 65,535 octets holds beside its header, the longest
  /// question, and an OPT record (RFC 1035 §4.2.2). A larger one could never be answered with.
  private static let mostOctets = 65_535 - 12 - 259 - 11

  private mutating func add(_ reference: RecordReference, ttl: UInt32, to set: inout RRsetRecords) {
    let rdata = source.rdata(reference)
    if let same = set.record(with: rdata, in: source) {
      warn(reference, "this \(set.type) record is there already, line \(source.location(same).line); remove one")
      return
    }
    set.octets += 12 + rdata.count
    if set.octets > Self.mostOctets {
      if !set.isTooLarge {
        fail(
          reference,
          "from here on the \(set.type) records at \(name(reference)) do not fit in a message (RFC 1035 §4.2.2); use several names"
        )
      }
      set.isTooLarge = true
      return
    }
    if ttl != set.ttl {
      warn(
        reference,
        "TTL \(ttl) differs from the \(set.ttl) of its RRset (RFC 2181 §5.2): \(min(ttl, set.ttl)) is used for both; make them equal"
      )
      set.ttl = min(ttl, set.ttl)
    }
    set.append(reference, rdata)
  }

  private mutating func check(_ cname: RRsetRecords, beside sets: [RRsetRecords]) {
    let owner = name(cname.records[0])
    // RFC 4035 §2.5: its signature and its NSEC may be there.
    if let other = sets.first(where: { ![.cname, .rrsig, .nsec].contains($0.type) }) {
      let place = source.location(other.records[0])
      let article = "AFHILMNORSX".contains(other.type.description.prefix(1)) ? "an" : "a"
      fail(
        cname.records[0],
        "CNAME \(owner) has \(article) \(other.type) beside it, line \(place.line) (RFC 1034 §3.6.2); keep one")
    }
    if cname.records.count > 1 {
      fail(
        cname.records[1],
        "\(owner) has a second CNAME, the first is in line \(source.location(cname.records[0]).line) (RFC 2181 §10.1); keep one"
      )
    }
  }

  private mutating func check(soa: RRsetRecords, isApex: Bool) {
    if !isApex {
      fail(
        soa.records[0],
        "SOA at \(name(soa.records[0])) is not at the apex \(source.origin) (RFC 1035 §5.2); remove it, or name the file after its zone"
      )
    } else if soa.records.count > 1 {
      fail(
        soa.records[1],
        "a second SOA, the first is in line \(source.location(soa.records[0]).line) (RFC 2181 §5.5); keep one")
    }
  }

  /// The zone has outgrown what offsets can say.
  mutating func tooLarge() {
    let file = source.layers.first?.records.files[0] ?? source.origin.description
    diagnostics.append(
      .error(at: SourceLocation(file: file), "the zone needs more than 2 GiB of memory; split it into several zones"))
  }

  private func name(_ reference: RecordReference) -> DomainName {
    source.layers[Int(reference.layer)].records.owner(of: source.record(reference))
  }

  private mutating func fail(_ reference: RecordReference, _ message: String) {
    errorCount += 1
    if errorCount > Self.mostOfAKind { return }
    diagnostics.append(.error(at: source.location(reference), message))
  }

  private mutating func warn(_ reference: RecordReference, _ message: String) {
    warningCount += 1
    if warningCount > Self.mostOfAKind { return }
    diagnostics.append(.warning(at: source.location(reference), message))
  }
}

/// What must hold of each file: its owners are in the zone, the apex of what is served has SOA and NS.
func checkLayers(_ source: ZoneSource, _ contexts: ContextTree) -> [Diagnostic] {
  var diagnostics: [Diagnostic] = []
  var key = NameKey()
  for layer in source.layers {
    let zone = layer.records
    var lastOwner: UInt32?
    var outsiders = 0
    var apexTypes: Set<RRType> = []
    for record in zone.records {
      if record.owner != lastOwner {
        lastOwner = record.owner
        if !key.load(owner: record, of: zone, below: source.origin), outsiders < ZoneChecks.mostOfAKind {
          outsiders += 1
          let owner = zone.owner(of: record)
          diagnostics.append(
            .error(
              at: zone.location(of: record),
              "\(owner) is outside the zone \(source.origin); remove it, or put it into its own zone's file"))
        }
      }
      if key.labelCount == source.origin.labelCount { apexTypes.insert(record.type) }
      if record.type == .cname {
        diagnostics += markerDiagnostics(record, zone, isOverlay: layer.context != 0, apex: source.origin)
      }
    }
    let hasSOA = apexTypes.contains(.soa) || isCovered(layer, source, contexts)
    let file = SourceLocation(file: zone.files[0])
    if !hasSOA {
      diagnostics.append(
        .error(
          at: file,
          layer.context == 0
            ? "the zone \(source.origin) has no SOA (RFC 1035 §5.2); add one, such as: @ SOA ns1 hostmaster 1 3600 600 86400 5"
            : "there is no base file for \(source.origin) and this overlay has no SOA; add one, or a file \(source.origin)zone outside the folder"
        ))
    } else if !apexTypes.contains(.ns), !isCovered(layer, source, contexts) {
      diagnostics.append(
        .error(
          at: file, "the zone \(source.origin) has no NS at its apex (RFC 1034 §4.2.1); add one, such as: @ NS ns1"))
    }
  }
  return diagnostics
}

/// True where an overlay's SOA and NS come from the context around it.
private func isCovered(_ layer: ZoneSource.Layer, _ source: ZoneSource, _ contexts: ContextTree) -> Bool {
  layer.context != 0
    && (source.layers.map(\.context) + source.brokenContexts).contains {
      $0 != layer.context && contexts.isContext(layer.context, in: $0)
    }
}

/// `CNAME .` means "does not exist" in an overlay only, and not at the apex.
private func markerDiagnostics(
  _ record: ZoneRecords.Record, _ zone: ZoneRecords, isOverlay: Bool, apex: DomainName
) -> [Diagnostic] {
  let rdata = Array(zone.rdata(of: record))
  let isMarker = rdata == [0] || rdata == [1, UInt8(ascii: "*"), 0]
  guard isMarker else { return [] }
  let location = zone.location(of: record)
  if !isOverlay {
    return [
      .warning(
        at: location,
        "CNAME \(rdata == [0] ? "." : "*.") hides a name only in a context's overlay; here it is an alias that leads nowhere"
      )
    ]
  }
  if zone.owner(of: record) == apex {
    return [.error(at: location, "the apex \(apex) cannot be hidden; remove this line, or refuse the zone by policy")]
  }
  return []
}
