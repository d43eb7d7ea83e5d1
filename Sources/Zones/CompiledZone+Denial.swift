public import DNSFormat
internal import FlatMemory

/// Which records prove what a zone does not have.
public enum DenialKind: Sendable, BitwiseCopyable {
  /// NSEC: names in their order (RFC 4034 §4).
  case nsec
  /// NSEC3: hashes of names, made so (RFC 5155).
  case nsec3(NSEC3Parameters)
}

/// The record found for a name: at it, or the one before it.
public struct Denial: BitwiseCopyable, Sendable {
  /// The NSEC or NSEC3 RRset.
  public let rrset: RRsetImage
  /// Its owner.
  public let node: ZoneNode
  /// True where the owner is the name (or the name's hash), not one before it.
  public let isMatch: Bool
}

extension CompiledZone {
  /// How the zone proves absences for a context; nil where it is not signed.
  ///
  /// NSEC3 where the apex has an NSEC3PARAM of a hash that we know and records made so (RFC 5155 §7.3), else NSEC where
  /// there is any.
  public func denialKind(context: UInt16) -> DenialKind? {
    if !hashOrder.isEmpty(for: context), let set = apex(context: context).rrset(.nsec3param, memory) {
      var rdata = set.dataStart &+ 2
      while rdata < set.end {
        let parameters = NSEC3Parameters(memory, rdataAt: rdata)
        if parameters.isUsable { return .nsec3(parameters) }
        rdata &+= 2 &+ Int(UInt16(bigEndian: memory.load(rdata &- 2, as: UInt16.self)))
      }
    }
    return nameOrder.isEmpty(for: context) ? nil : .nsec
  }

  /// The record whose owner is the last not after the key, for a context; round the circle, so one is found wherever
  /// there is any.
  public func denial(_ kind: DenialKind, _ key: borrowing OrderKey, context: UInt16) -> Denial? {
    let type: RRType
    let found: (offset: Int, isMatch: Bool)?
    switch kind {
    case .nsec: (type, found) = (.nsec, nameOrder.record(notAfter: key, context: context))
    case .nsec3: (type, found) = (.nsec3, hashOrder.record(notAfter: key, context: context))
    }
    guard let found else { return nil }
    let node = ZoneNode(memory, record: found.offset, context: context)
    return node.rrset(type, memory).map { Denial(rrset: $0, node: node, isMatch: found.isMatch) }
  }
}
