internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import ZoneFile

/// Where an overlay makes a signed zone's proofs wrong: validators would take its answers for forged (RFC 4035 §5).
///
/// An overlay may replace whole nodes of a signed zone by its own signed records. Ambit signs nothing; this says what is
/// missing.
struct SignatureChecks {
  private let source: ZoneSource
  private(set) var diagnostics: [Diagnostic] = []
  private static let advice = "sign the overlay with the zone, or serve the zone unsigned"

  init(_ source: ZoneSource) { self.source = source }

  /// Whether any of it can matter: some layer has records of DNSSEC at its apex.
  var isSigned: Bool {
    source.layers.contains { $0.records.records.contains { $0.type == .dnskey || $0.type == .nsec3param } }
  }

  /// Judges what one overlay says of one name.
  /// - Parameters:
  ///   - records: all that it says; one marker where it takes the name away.
  ///   - data: what the name has for the overlay's context.
  ///   - existed: the name has data in the base.
  ///   - bitmap: what NSEC or NSEC3 says that the name has, in the context; nil where neither speaks of it.
  mutating func judge(
    _ records: [RecordReference], _ data: EffectiveZone.Data, existed: Bool, isCut: Bool, bitmap: Set<RRType>?
  ) {
    let owner = source.layers[Int(records[0].layer)].records.owner(of: source.record(records[0]))
    guard case .records(let own) = data, !own.isEmpty else {
      if existed {
        warn(records[0], "\(owner) is taken away here, but signed records say what it has; \(Self.advice)")
      }
      return
    }
    let covered = Set(own.compactMap { source.covered($0) })
    let types = Set(own.map { source.record($0).type })
    if let unsigned = own.first(where: { needsSignature($0, isCut: isCut, covered) }) {
      let type = source.record(unsigned).type
      warn(unsigned, "\(type) of \(owner) has no RRSIG here, but the zone is signed (RFC 4035 §2.2); \(Self.advice)")
    } else if let bitmap {
      let expected = types.subtracting([.rrsig])
      if !isCut, bitmap.subtracting([.rrsig]) != expected {
        let said = bitmap.map(\.description).sorted().joined(separator: " ")
        warn(records[0], "\(owner) has other types here than its signed proof says, which are \(said); \(Self.advice)")
      }
    } else if !isCut {
      warn(
        records[0], "\(owner) has no NSEC or NSEC3 here, so signed records deny it (RFC 4035 §2.3); \(Self.advice)")
    }
  }

  /// Judges an overlay that replaces the apex of a signed zone.
  mutating func judgeApex(_ record: RecordReference, hasKey: Bool) {
    if hasKey { return }
    warn(
      record, "the apex has no DNSKEY here, but elsewhere the zone is signed (RFC 4035 §2.1); repeat its records here")
  }

  /// Says that a sealed context has the zone's keys and none of its proofs.
  mutating func judgeSealed(_ context: String, _ key: RecordReference) {
    warn(
      key,
      "the zone is signed, but the sealed context \(context) has no proofs of what it lacks (RFC 4035 §3.1.3); give it a signed overlay with an apex of its own"
    )
  }

  /// What the NSEC3PARAM records ask for.
  mutating func judgeParameters() {
    for (number, layer) in source.layers.enumerated() {
      for (index, record) in layer.records.records.enumerated() where record.type == .nsec3param {
        let rdata = Array(layer.records.rdata(of: record))
        let iterations = Int(rdata[2]) << 8 | Int(rdata[3])
        let reference = RecordReference(layer: UInt32(number), index: UInt32(index))
        if iterations > NSEC3Parameters.mostIterations {
          diagnostics.append(
            .error(
              at: source.location(reference),
              "\(iterations) extra iterations of NSEC3 are more than \(NSEC3Parameters.mostIterations), and validators take such proofs for none (RFC 9276 §3.2); sign with 0"
            ))
        } else if iterations > 0 {
          warn(
            reference,
            "\(iterations) extra iterations of NSEC3 make answers slow and help nobody (RFC 9276 §3.1); sign with 0")
        }
      }
    }
  }

  /// Says that NSEC3 records and NSEC3PARAM do not go together, so that nothing is proven.
  mutating func judgeHashes(areUsed: Bool, first: RecordReference?) {
    guard let first, !areUsed else { return }
    let message =
      source.record(first).type == .nsec3param
      ? "no NSEC3 record is made as this NSEC3PARAM says, so nothing is proven (RFC 5155 §4); sign the zone again"
      : "the apex has no NSEC3PARAM that this NSEC3 is made by, so nothing is proven (RFC 5155 §4); sign the zone again"
    warn(first, message)
  }

  /// At a cut only DS and the proof are signed; signatures themselves never are.
  private func needsSignature(_ reference: RecordReference, isCut: Bool, _ covered: Set<RRType>) -> Bool {
    let type = source.record(reference).type
    if type == .rrsig || isCut && type != .ds && type != .nsec { return false }
    return !covered.contains(type)
  }

  private mutating func warn(_ reference: RecordReference, _ message: String) {
    guard diagnostics.count < ZoneChecks.mostOfAKind else { return }
    diagnostics.append(.warning(at: source.location(reference), message))
  }
}

extension ZoneBuilder {
  /// Judges every overlay of the realm, where the zone is signed.
  mutating func checkSignatures() -> [Diagnostic] {
    var checks = SignatureChecks(zone.source)
    guard checks.isSigned else { return [] }
    if zone.realm.lowerBound == 0 {
      checks.judgeParameters()
      let hashes = denials(.nsec3, at: denying.byHash, Array(repeating: 0, count: zone.names.count))
      checks.judgeHashes(areUsed: !hashes.isEmpty, first: firstOfHashes)
    } else {
      judgeSealed(&checks)
    }
    var origin = NameKey()
    origin.load(zone.source.origin)
    var key = NameKey()
    for (number, layer) in zone.source.layers.enumerated()
    where layer.context != 0 && options.contexts.realm(of: layer.context) == zone.realm.lowerBound {
      var records: [Int: [RecordReference]] = [:]
      for (index, record) in layer.records.records.enumerated()
      where key.load(owner: record, in: layer.records.octets.span, below: origin) {
        records[zone.names.add(key), default: []].append(RecordReference(layer: UInt32(number), index: UInt32(index)))
      }
      let isSigned = hasType(.dnskey, 0, layer.context)
      if let apex = records[0] { checks.judgeApex(apex[0], hasKey: isSigned) }
      for (name, references) in records where name != 0 && isSigned {
        if references.allSatisfy(zone.source.isOfHashedName) || isCovered(name, layer.context) { continue }
        checks.judge(
          references, zone.data(of: name, in: layer.context), existed: !zone.baseRecords(of: name).isEmpty,
          isCut: hasType(.ns, name, layer.context), bitmap: bitmap(of: name, in: layer.context))
      }
    }
    return checks.diagnostics
  }

  /// A sealed context inherits the apex, keys and all, but no proofs.
  private func judgeSealed(_ checks: inout SignatureChecks) {
    let root = zone.realm.lowerBound
    guard case .records(let apex) = zone.data(of: 0, in: root),
      let key = apex.first(where: { zone.source.record($0).type == .dnskey })
    else { return }
    let hashes = denials(.nsec3, at: denying.byHash, Array(repeating: 0, count: zone.names.count))
    let hasOwn = parameters(in: root) == nil ? denying.byName.contains { $0 != 0 } : !hashes.isEmpty
    if !hasOwn { checks.judgeSealed(options.contexts.nodes[root].name, key) }
  }

  /// An NSEC3PARAM of the base, or an NSEC3 where there is none.
  private var firstOfHashes: RecordReference? {
    for (number, layer) in zone.source.layers.enumerated() where layer.context == 0 {
      let records = layer.records.records
      let index = records.firstIndex { $0.type == .nsec3param } ?? records.firstIndex { $0.type == .nsec3 }
      return index.map { RecordReference(layer: UInt32(number), index: UInt32($0)) }
    }
    return nil
  }

  private func hasType(_ type: RRType, _ name: Int, _ context: Int) -> Bool {
    guard case .records(let records) = zone.data(of: name, in: context) else { return false }
    return records.contains { zone.source.record($0).type == type }
  }

  private func isCovered(_ name: Int, _ context: Int) -> Bool {
    (partialCovers[name]?[context - zone.realm.lowerBound] ?? cover(of: name)) >= 0
  }

  /// The types that the name's NSEC says it has, or the NSEC3 of its hash; nil where there is neither.
  private mutating func bitmap(of name: Int, in context: Int) -> Set<RRType>? {
    guard case .records(let apex) = zone.data(of: 0, in: context) else { return nil }
    var holder = name
    var type = RRType.nsec
    if let parameters = apex.first(where: { zone.source.record($0).type == .nsec3param }) {
      var key = NameKey()
      key.load(DomainName(validWire: Array(zone.names.name(name))))
      let memory = FlatArray(Array(zone.source.rdata(parameters)))
      var hashed = OrderKey()
      var hash = SHA1()
      hashed.load(
        nsec3Of: key, labels: key.labelCount, NSEC3Parameters(memory, rdataAt: 0), memory, using: &hash)
      let label = (0..<hashed.count - 1).map { hashed[$0] }
      guard let owner = try? zone.source.origin.prepending(label: label) else { return nil }
      key.load(owner)
      guard let known = zone.names.number(of: key) else { return nil }
      holder = known
      type = .nsec3
    }
    guard case .records(let records) = zone.data(of: holder, in: context),
      let proof = records.first(where: { zone.source.record($0).type == type })
    else { return nil }
    return types(inProof: Array(zone.source.rdata(proof)), type)
  }
}

/// The types in the bitmap of an NSEC or NSEC3 RDATA (RFC 4034 §4.1.2), which is whole.
private func types(inProof rdata: [UInt8], _ type: RRType) -> Set<RRType> {
  var offset = 0
  if type == .nsec {
    while rdata[offset] != 0 { offset += 1 + Int(rdata[offset]) }
    offset += 1
  } else {
    offset = 5 + Int(rdata[4])
    offset += 1 + Int(rdata[offset])
  }
  return Set(typesInBitmap(rdata.dropFirst(offset)))
}
