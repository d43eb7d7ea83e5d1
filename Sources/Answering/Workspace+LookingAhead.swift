internal import FlatMemory
internal import Zones

/// Looking ahead: of a batch of queries, what each will read is asked for before any is answered, so that memory is
/// waited for once instead of once a query.
extension Workspace {
  /// Brings near what a request's name is looked up in, in the zone of the query before.
  /// - Returns: the hash of the name, to look further and to answer with; any number where the request asks for none.
  public func lookAhead(at request: Span<UInt8>, _ snapshot: Snapshot) -> UInt64 {
    let hash = snapshot.zones.hash(ofQuestionIn: request)
    if lastZone < snapshot.zones.lent.count { snapshot.zones.lent.with(lastZone) { $0.prefetchIndex(hash) } }
    return hash
  }

  /// Brings near what the zone of the query before has under the hash of a name.
  public func lookAhead(to hash: UInt64, _ snapshot: Snapshot) {
    if lastZone < snapshot.zones.lent.count { snapshot.zones.lent.with(lastZone) { $0.prefetchRecord(hash) } }
  }
}
