internal import DNSFormat
internal import Policy
internal import Zones

/// What an answer from a signed zone says is not there, and so has to prove (RFC 4035 §3.1.3, RFC 5155 §7.2).
enum Claim {
  /// The node has no RRset of the type, and no CNAME. It has `labels` labels of the name: all, or those of a cut without
  /// DS.
  case noType(ZoneNode, labels: Int)
  /// The wildcard that stands in for the name has none.
  case noTypeAtWildcard(ZoneNode, encloser: Int)
  /// No name is nearer than the wildcard that the answer comes from.
  case noNearerName(encloser: Int)
  /// Neither the name nor a wildcard that covers it.
  case noName(encloser: Int)
}

/// Proving absences in a signed zone, for who sets DO: NSEC and NSEC3 records into the authority section.
///
/// Works on `name`, of which an encloser is so many labels, and uses `other`.
extension Workspace {
  /// Where proofs are looked for.
  private struct ProofPlace {
    let zone: CompiledZone
    let number: UInt32
    let context: UInt16
    let kind: DenialKind
  }

  /// Adds the records that prove a claim; nothing where the zone is not signed or the asker does not want them.
  mutating func prove(_ claim: Claim, _ zone: CompiledZone, _ number: UInt32, _ context: UInt16) {
    guard query.isDNSSECOK, let kind = zone.denialKind(context: context) else { return }
    let place = ProofPlace(zone: zone, number: number, context: context, kind: kind)
    switch kind {
    case .nsec: proveByName(claim, place)
    case .nsec3(let parameters): proveByHash(claim, parameters, place)
    }
  }

  // MARK: - NSEC: RFC 4035 §3.1.3

  private mutating func proveByName(_ claim: Claim, _ place: ProofPlace) {
    switch claim {
    case .noType(let node, _):
      // An empty non-terminal has no NSEC: that of the name before it leaps over it.
      if !add(node.rrset(.nsec, place.zone.memory), of: node, place) { addRecordBeforeName(place) }
    case .noTypeAtWildcard(let source, let encloser):
      // A wildcard too may be an empty non-terminal.
      if !add(source.rrset(.nsec, place.zone.memory), of: source, place) { addRecordBeforeWildcard(encloser, place) }
      addRecordBeforeName(place)
    case .noNearerName:
      addRecordBeforeName(place)
    case .noName(let encloser):
      addRecordBeforeName(place)
      addRecordBeforeWildcard(encloser, place)
    }
  }

  private mutating func addRecordBeforeName(_ place: ProofPlace) {
    orderKey.load(name, originLabels: place.zone.originLabels)
    addDenial(place)
  }

  private mutating func addRecordBeforeWildcard(_ encloser: Int, _ place: ProofPlace) {
    other.load(wildcardBelow: encloser, of: name)
    orderKey.load(other, originLabels: place.zone.originLabels)
    addDenial(place)
  }

  // MARK: - NSEC3: RFC 5155 §7.2

  private mutating func proveByHash(_ claim: Claim, _ parameters: NSEC3Parameters, _ place: ProofPlace) {
    switch claim {
    case .noType(_, let labels):
      // §7.2.3; and §7.2.4 where the name is an insecure delegation that opt-out left without a record.
      if !addMatch(labels: labels, parameters, place) { proveEncloser(below: labels, parameters, place) }
    case .noTypeAtWildcard(_, let encloser):
      _ = proveEncloser(below: encloser + 1, parameters, place)
      other.load(wildcardBelow: encloser, of: name)
      orderKey.load(nsec3Of: other, labels: other.labelCount, parameters, place.zone.memory, using: &hash)
      addDenial(place)
    case .noNearerName(let encloser):
      addRecordBefore(labels: encloser + 1, parameters, place)
    case .noName(let encloser):
      let proven = proveEncloser(below: encloser + 1, parameters, place)
      // A wildcard is one label longer than its encloser, so at most as long as a name below that.
      other.load(wildcardBelow: proven, of: name)
      orderKey.load(nsec3Of: other, labels: other.labelCount, parameters, place.zone.memory, using: &hash)
      addDenial(place)
    }
  }

  /// The closest encloser proof (RFC 5155 §7.2.1): the record of the nearest ancestor that has one, and the one before
  /// the next closer name.
  /// - Returns: the labels of that ancestor.
  @discardableResult
  private mutating func proveEncloser(below labels: Int, _ parameters: NSEC3Parameters, _ place: ProofPlace) -> Int {
    var encloser = labels &- 1
    while encloser > place.zone.originLabels, !addMatch(labels: encloser, parameters, place) { encloser &-= 1 }
    if encloser <= place.zone.originLabels {
      encloser = place.zone.originLabels
      _ = addMatch(labels: encloser, parameters, place)
    }
    addRecordBefore(labels: encloser &+ 1, parameters, place)
    return encloser
  }

  /// Adds the record of the ancestor of `name` with so many labels.
  /// - Returns: false where it has none.
  private mutating func addMatch(labels: Int, _ parameters: NSEC3Parameters, _ place: ProofPlace) -> Bool {
    orderKey.load(nsec3Of: name, labels: labels, parameters, place.zone.memory, using: &hash)
    guard let denial = place.zone.denial(place.kind, orderKey, context: place.context), denial.isMatch else {
      return false
    }
    return add(denial.rrset, of: denial.node, place)
  }

  private mutating func addRecordBefore(labels: Int, _ parameters: NSEC3Parameters, _ place: ProofPlace) {
    orderKey.load(nsec3Of: name, labels: labels, parameters, place.zone.memory, using: &hash)
    addDenial(place)
  }

  // MARK: -

  /// Adds the record at `orderKey`, or the one before it.
  private mutating func addDenial(_ place: ProofPlace) {
    guard let denial = place.zone.denial(place.kind, orderKey, context: place.context) else { return }
    _ = add(denial.rrset, of: denial.node, place)
  }

  private mutating func add(_ rrset: RRsetImage?, of node: ZoneNode, _ place: ProofPlace) -> Bool {
    guard let rrset else { return false }
    answer.add(
      Answer.Item(
        zone: place.number, section: .authority, rrset: UInt32(rrset.offset), ttl: rrset.ttl,
        owner: Answer.Owner(offset: UInt32(node.nameOffset), zone: place.number)))
    return true
  }
}
