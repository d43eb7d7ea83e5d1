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
  /// NSEC3 where the apex has an NSEC3PARAM of a hash that we know (RFC 5155 §7.3), else NSEC where there is any.
  public func denialKind(context: UInt16) -> DenialKind? {
    if hashOrder.count > 0, let set = apex(context: context).rrset(.nsec3param, memory) {
      var rdata = set.dataStart &+ 2
      while rdata < set.end {
        let parameters = NSEC3Parameters(memory, rdataAt: rdata)
        if parameters.algorithm == 1, memory[rdata &+ 1] == 0 { return .nsec3(parameters) }
        rdata &+= 2 &+ Int(UInt16(bigEndian: memory.load(rdata &- 2, as: UInt16.self)))
      }
    }
    return nameOrder.count > 0 ? .nsec : nil
  }

  /// The record whose owner is the last not after the key, for a context; round the circle, so one is found wherever
  /// there is any.
  public func denial(_ kind: DenialKind, _ key: borrowing OrderKey, context: UInt16) -> Denial? {
    switch kind {
    case .nsec: denial(nameOrder, .nsec, nil, key, context)
    case .nsec3(let parameters): denial(hashOrder, .nsec3, parameters, key, context)
    }
  }

  private func denial(
    _ order: borrowing NameOrder, _ type: RRType, _ parameters: NSEC3Parameters?, _ key: borrowing OrderKey,
    _ context: UInt16
  ) -> Denial? {
    let start = order.index(notAfter: key)
    var index = start
    var left = order.count
    while left > 0 {
      if index < 0 { index = order.count &- 1 }
      let record = order.record(index)
      let node = ZoneNode(memory, record: record, nameSize: Int(memory[record]), context: context)
      if let rrset = node.rrset(type, memory),
        parameters?.areThose(of: NSEC3Parameters(memory, rdataAt: rrset.dataStart &+ 2), memory) ?? true
      {
        return Denial(rrset: rrset, node: node, isMatch: index == start && order.isEqual(index, key))
      }
      index &-= 1
      left &-= 1
    }
    return nil
  }
}
