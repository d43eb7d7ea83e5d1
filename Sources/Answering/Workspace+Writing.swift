internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Zones

/// Writing what was found.
extension Workspace {
  /// RRsets, section by section as they were found, their signatures with them where the asker wants them
  /// (RFC 4035 §3.1.1).
  /// - Parameter mayLackGlue: over TCP, since there is no more to be had by asking again.
  /// - Returns: false where one that the asker needs did not fit (RFC 2181 §9); additional data may be missing.
  mutating func appendItems(
    _ snapshot: Snapshot, _ context: UInt16, mayLackGlue: Bool, into response: inout OctetBuffer
  ) -> Bool {
    var index = 0
    while index < answer.count {
      let item = answer[index]
      if !append(item, snapshot, context, into: &response) { return !item.isNeeded || item.isGlue && mayLackGlue }
      index &+= 1
    }
    return !answer.isIncomplete || mayLackGlue
  }

  /// The RRsets of one section.
  /// - Returns: false where one did not fit.
  mutating func appendItems(
    of section: ResponseWriter.Section, _ snapshot: Snapshot, _ context: UInt16, into response: inout OctetBuffer
  ) -> Bool {
    var index = 0
    while index < answer.count {
      if answer[index].section == section, !append(answer[index], snapshot, context, into: &response) { return false }
      index &+= 1
    }
    return !answer.isIncomplete
  }

  @inline(__always)
  private mutating func append(
    _ item: Answer.Item, _ snapshot: Snapshot, _ context: UInt16, into response: inout OctetBuffer
  ) -> Bool {
    item.zone == Answer.synthesised
      ? appendSynthesised(item, snapshot, into: &response) : appendKept(item, snapshot, context, into: &response)
  }

  private mutating func appendKept(
    _ item: Answer.Item, _ snapshot: Snapshot, _ context: UInt16, into response: inout OctetBuffer
  ) -> Bool {
    snapshot.zones.lent.with(Int(item.zone)) { zone in
      if Int(item.rrset) == zone.readySOA.offset, item.zone == answer.questionZone,
        !(zone.readySOA.isSigned && query.isDNSSECOK), response.count &+ zone.readySOA.size <= ReadyRRset.end
      {
        let owner = query.questionEnd &- 4 &- zone.originSize
        return writer.append(zone.readySOA, owner: owner, ttl: item.ttl, section: item.section, into: &response)
      }
      let rrset = RRsetImage(zone.memory, at: Int(item.rrset))
      if let part = item.selected { return append(part, of: rrset, item, zone, snapshot, into: &response) }
      // Which RR comes first goes by the ID, which clients choose at random: no counter is kept.
      let rotates = item.section == .answer && rrset.count > 1 && snapshot.policy.rotatesAnswers
      let first = rotates ? Int(query.id) % rrset.count : 0
      let fits = append(rrset, item, ttl: item.ttl, first: first, zone, snapshot, context, into: &response)
      guard fits, query.isDNSSECOK, let signatures = rrset.signatures(zone.memory) else { return fits }
      // A negative answer's SOA has a TTL of its own, and its signature the same one (RFC 4035 §3.1.1).
      let ttl = item.ttl == rrset.ttl ? signatures.ttl : item.ttl
      return append(signatures, item, ttl: ttl, first: 0, zone, snapshot, context, into: &response)
    }
  }

  /// One image under an item's owner.
  private mutating func append(
    _ image: RRsetImage, _ item: Answer.Item, ttl: UInt32, first: Int, _ zone: CompiledZone, _ snapshot: Snapshot,
    _ context: UInt16, into response: inout OctetBuffer
  ) -> Bool {
    snapshot.zones.lent.with(item.owner.isInZone ? Int(item.owner.zone) : Int(item.zone)) { ownerZone in
      if !item.isFiltered {
        return writer.append(
          image, of: zone.memory, owner: ResponseWriter.Owner(item.owner), in: ownerZone.memory, made: synthesised,
          ttl: ttl, section: item.section, first: first, into: &response)
      }
      return writer.append(
        image, of: zone.memory, owner: ResponseWriter.Owner(item.owner), in: ownerZone.memory, made: synthesised,
        ttl: ttl, section: item.section, first: first, into: &response
      ) { snapshot.policy.mayPass(image, zone.memory, rdataAt: $0, callerContext: context) }
    }
  }

  /// Those RRs of a set that were chosen, in their order. They are no whole set, so no signature goes with them.
  private mutating func append(
    _ part: Selection.Part, of image: RRsetImage, _ item: Answer.Item, _ zone: CompiledZone, _ snapshot: Snapshot,
    into response: inout OctetBuffer
  ) -> Bool {
    snapshot.zones.lent.with(item.owner.isInZone ? Int(item.owner.zone) : Int(item.zone)) { ownerZone in
      writer.append(
        image, of: zone.memory, owner: ResponseWriter.Owner(item.owner), in: ownerZone.memory, made: synthesised,
        ttl: item.ttl, section: item.section, count: Int(part.count), into: &response
      ) { index in
        let element = selection[Int(part.first) &+ index]
        let isReplaced = image.type == .srv && element.weight != Selection.keptWeight
        return (Int(element.rdata), isReplaced ? UInt16(truncatingIfNeeded: element.weight) : nil)
      }
    }
  }

  private mutating func appendSynthesised(
    _ item: Answer.Item, _ snapshot: Snapshot, into response: inout OctetBuffer
  ) -> Bool {
    snapshot.zones.lent.with(item.owner.isInZone ? Int(item.owner.zone) : 0) { ownerZone in
      writer.appendCNAME(
        owner: ResponseWriter.Owner(item.owner), in: ownerZone.memory, made: synthesised, target: Int(item.rrset),
        ttl: item.ttl, into: &response)
    }
  }
}

extension Answer.Owner {
  /// False for the question's name, and for one that a DNAME made.
  var isInZone: Bool { self != .question && zone != Answer.synthesised }
}

extension ResponseWriter.Owner {
  fileprivate init(_ owner: Answer.Owner) {
    if owner == .question {
      self = .question
    } else {
      self = owner.isInZone ? .name(Int(owner.offset)) : .made(Int(owner.offset))
    }
  }
}
