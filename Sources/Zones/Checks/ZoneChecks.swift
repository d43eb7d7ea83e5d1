internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import ZoneFile

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
  /// Reports a CNAME beside other data (RFC 1034 §3.6.2), several CNAMEs (RFC 2181 §10.1) or DNAMEs (RFC 6672 §2.4),
  /// duplicates (RFC 2181 §5), differing TTLs, of which the least is taken (RFC 2181 §5.2), SOA where it does not belong,
  /// and SPF without the TXT that is read instead.
  mutating func rrsets(_ references: [RecordReference], isApex: Bool) -> [RRsetRecords] {
    var sets: [RRsetRecords] = []
    for reference in references {
      let record = source.record(reference)
      let covered = source.covered(reference)
      guard let index = sets.firstIndex(where: { $0.type == record.type && $0.covered == covered }) else {
        sets.append(
          RRsetRecords(
            type: record.type, covered: covered, ttl: record.ttl, first: reference, rdataCount: Int(record.rdataCount)))
        if sets[sets.count - 1].octets > Self.mostOctets { refuseSize(of: &sets[sets.count - 1], at: reference) }
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
    if let dname = sets.first(where: { $0.type == .dname }) { checkSingle(dname, "RFC 6672 §2.4") }
    if let spf = sets.first(where: { $0.type.rawValue == 99 }) { check(spf: spf, beside: sets) }
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
      refuseSize(of: &set, at: reference)
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

  private mutating func refuseSize(of set: inout RRsetRecords, at reference: RecordReference) {
    if !set.isTooLarge {
      fail(
        reference,
        "from here on the \(set.type) records at \(name(reference)) do not fit in a message (RFC 1035 §4.2.2); use several names"
      )
    }
    set.isTooLarge = true
  }

  private mutating func check(_ cname: RRsetRecords, beside sets: [RRsetRecords]) {
    let owner = name(cname.records[0])
    if let other = sets.first(where: { !Self.mayStandBesideAlias.contains($0.type.rawValue) }) {
      if owner == source.origin {
        let target = DomainName(validWire: Array(source.rdata(cname.records[0])))
        return fail(
          cname.records[0],
          "the apex \(owner) cannot be an alias, having SOA and NS (RFC 1034 §3.6.2); write here the A and AAAA of \(target), or HTTPS 0 \(target)"
        )
      }
      let place = source.location(other.records[0])
      let article = "AFHILMNORSX".contains(other.type.description.prefix(1)) ? "an" : "a"
      fail(
        cname.records[0],
        "CNAME \(owner) has \(article) \(other.type) beside it, line \(place.line) (RFC 1034 §3.6.2); keep one")
    }
    checkSingle(cname, "RFC 2181 §10.1")
  }

  /// CNAME itself, and what DNSSEC puts at every name: KEY, RRSIG, NSEC (RFC 4035 §2.5).
  private static let mayStandBesideAlias: Set<UInt16> = [5, 25, 46, 47]

  private mutating func checkSingle(_ set: RRsetRecords, _ rule: String) {
    guard set.records.count > 1 else { return }
    fail(
      set.records[1],
      "\(name(set.records[0])) has a second \(set.type), the first is in line \(source.location(set.records[0]).line) (\(rule)); keep one"
    )
  }

  private mutating func check(spf: RRsetRecords, beside sets: [RRsetRecords]) {
    let text = sets.first { $0.type == .txt }
    let isInText = text?.records.contains { source.rdata($0).dropFirst().starts(with: "v=spf1".utf8) } ?? false
    if isInText { return }
    warn(spf.records[0], "no one asks for SPF records any more (RFC 7208 §3.1); write the same as a TXT")
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
        "a second SOA, the first is in line \(source.location(soa.records[0]).line) (RFC 1035 §5.2); keep one")
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
