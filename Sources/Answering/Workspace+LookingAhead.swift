internal import FlatMemory
internal import Zones

/// Looking ahead: of a batch of queries, what each will read is asked for before any is answered, so that memory is
/// waited for once instead of once a query.
///
/// Hints, nothing else: no answer depends on them.
extension Workspace {
  /// Brings near what a request's name is looked up in; in the zone of the query before, if that is a large one.
  /// - Returns: for ``lookAhead(to:_:)``; 0 where there is nothing more to bring near.
  public func lookAhead(at request: Span<UInt8>, _ snapshot: Snapshot) -> UInt64 {
    if lastZone >= snapshot.zones.lent.count { return 0 }
    return snapshot.zones.lent.with(lastZone) { zone in
      if !zone.isLarge { return 0 }
      let hash = zone.hash(ofQuestionIn: request)
      zone.prefetchIndex(hash)
      return hash
    }
  }

  /// Brings near what the zone has for the name, by what ``lookAhead(at:_:)`` said of it.
  public func lookAhead(to hash: UInt64, _ snapshot: Snapshot) {
    if hash != 0, lastZone < snapshot.zones.lent.count {
      snapshot.zones.lent.with(lastZone) { $0.prefetchRecord(hash) }
    }
  }
}
