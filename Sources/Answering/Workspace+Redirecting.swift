internal import DNSFormat
internal import FlatMemory
internal import Zones

/// DNAME: a whole subtree under another name (RFC 6672).
extension Workspace {
  /// Adds a DNAME and the CNAME that it makes of `name`; `name` becomes that CNAME's target.
  /// - Parameters:
  ///   - owner: where `name` is written; becomes where the target is.
  /// - Returns: false where the target would be longer than a name can be: the answer is YXDOMAIN then (RFC 6672 §2.2).
  mutating func redirect(
    by node: ZoneNode, _ zone: CompiledZone, _ number: UInt32, owner: inout Answer.Owner,
    request: Span<UInt8>, _ snapshot: Snapshot
  ) -> Bool {
    guard let dname = node.rrset(.dname, zone.memory) else { return true }
    answer.add(
      Answer.Item(
        zone: number, section: .answer, rrset: UInt32(dname.offset), ttl: dname.ttl,
        owner: Answer.Owner(offset: UInt32(node.nameOffset), zone: number)))
    let replaced = node.labelCount(zone.memory)
    let kept = name.start(ofSuffix: replaced)
    let target = dname.dataStart &+ 2
    let size = Int(UInt16(bigEndian: zone.memory.load(dname.dataStart, as: UInt16.self)))
    guard kept &+ size <= 255 else {
      answer.rcode = .yxDomain
      return false
    }
    let start = synthesised.count
    appendLabels(kept, of: owner, request: request, snapshot)
    synthesised.append(zone.memory, from: target, count: size)
    answer.add(
      Answer.Item(
        zone: Answer.synthesised, section: .answer, rrset: UInt32(start), ttl: dname.ttl, owner: owner))
    owner = Answer.Owner(offset: UInt32(start), zone: Answer.synthesised)
    name.replace(suffix: replaced, by: zone.memory, at: target)
    return true
  }

  /// True for the DNAME that led to its own owner, and for its signature: the answer has them already.
  mutating func isThere(_ set: RRsetImage, _ found: ZoneFinding, _ zone: CompiledZone, _ number: UInt32) -> Bool {
    guard found.node.flags.contains(.redirection), found.kind == .exact,
      let dname = found.node.rrset(.dname, zone.memory),
      set.offset == dname.offset || dname.isSigned && set.offset == dname.end && query.isDNSSECOK
    else { return false }
    return answer.contains(
      Answer.Item(
        zone: number, section: .answer, rrset: UInt32(dname.offset), ttl: dname.ttl,
        owner: Answer.Owner(offset: UInt32(found.node.nameOffset), zone: number)))
  }

  /// Appends the first `count` octets of a name, as they are written there: the asker's capitals stay.
  private mutating func appendLabels(
    _ count: Int, of owner: Answer.Owner, request: Span<UInt8>, _ snapshot: Snapshot
  ) {
    let offset = Int(owner.offset)
    if owner == .question {
      synthesised.append(request.extracting(12..<(12 &+ count)))
    } else if owner.zone == Answer.synthesised {
      synthesised.append(copyOf: offset, count: count)
    } else {
      snapshot.zones.lent.with(Int(owner.zone)) { synthesised.append($0.memory, from: offset, count: count) }
    }
  }
}
