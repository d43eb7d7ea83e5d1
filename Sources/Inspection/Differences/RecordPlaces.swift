internal import Answering
internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import ZoneFile
internal import Zones

/// Where the data of names is written, for the few that someone asks about.
struct RecordPlaces {
  /// One line's data.
  private struct Content: Hashable {
    let type: RRType
    let ttl: UInt32
    let rdata: [UInt8]
  }

  /// One layer's lines by owner.
  private struct Lines {
    let context: Int
    let origin: DomainName
    let owners: [DomainName: [Int]]
    let records: ZoneRecords

    func contents(of name: DomainName) -> [(content: Content, place: SourceLocation)] {
      (owners[name] ?? []).map {
        let record = records.records[$0]
        return (
          Content(type: record.type, ttl: record.ttl, rdata: Array(records.rdata(of: record))),
          records.location(of: record).wholeLine
        )
      }
    }
  }

  private let layers: [Lines]
  private let contexts: ContextTree

  init(_ loaded: LoadedConfiguration, _ snapshot: Snapshot, only names: Set<DomainName>) {
    contexts = snapshot.contexts
    layers = loaded.sources.flatMap { source in
      source.layers.map { layer in
        var owners: [DomainName: [Int]] = [:]
        var last: (offset: UInt32, name: DomainName)?
        for (index, record) in layer.records.records.enumerated() {
          if last?.offset != record.owner { last = (record.owner, layer.records.owner(of: record)) }
          if let name = last?.name, names.contains(name) { owners[name, default: []].append(index) }
        }
        return Lines(context: layer.context, origin: source.origin, owners: owners, records: layer.records)
      }
    }
  }

  /// The innermost layer's lines of a name, as a context sees them.
  private func lines(of name: DomainName, in context: Int) -> [(content: Content, place: SourceLocation)] {
    for number in contexts.path(from: context) {
      let own = layers.filter { $0.context == number && name.isAtOrBelow($0.origin) }
        .max { $0.origin.labelCount < $1.origin.labelCount }
      if let lines = own?.contents(of: name), !lines.isEmpty { return lines }
      if contexts.nodes[number].isSealed { break }
    }
    return []
  }

  /// The line by which a name's data differs: the first new one, else the first that is gone.
  static func difference(
    _ name: DomainName, _ old: RecordPlaces, _ oldContext: UInt16, _ new: RecordPlaces, _ newContext: UInt16
  ) -> (place: SourceLocation, verb: String)? {
    let before = old.lines(of: name, in: Int(oldContext)), after = new.lines(of: name, in: Int(newContext))
    let known = Set(before.map(\.content)), kept = Set(after.map(\.content))
    if let line = after.first(where: { !known.contains($0.content) }) {
      return (line.place, before.isEmpty ? "is new" : "has other records")
    }
    if let line = before.first(where: { !kept.contains($0.content) }) {
      return (line.place, after.isEmpty ? "is gone" : "lost records")
    }
    return (after.first ?? before.first).map { ($0.place, "is something else") }
  }
}
