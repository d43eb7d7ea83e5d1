package import DNSFormat

extension ZoneRecords {
  /// These records with those of `other` in the place of all that its owners have here.
  ///
  /// Both are of one zone. A record keeps its place: that of a replacing one is in the other's file.
  package func replacing(_ other: ZoneRecords) -> ZoneRecords {
    let replaced = Set(other.records.map { other.owner(of: $0) })
    var merged = self
    merged.records = records.filter { !replaced.contains(owner(of: $0)) }
    let octetsBefore = UInt32(octets.count)
    let filesBefore = UInt16(files.count)
    merged.octets += other.octets
    merged.files += other.files
    merged.records += other.records.map { record in
      Record(
        owner: record.owner + octetsBefore, rdata: record.rdata + octetsBefore, ttl: record.ttl, line: record.line,
        rdataCount: record.rdataCount, type: record.type, column: record.column, file: record.file + filesBefore)
    }
    return merged
  }

  /// The names at or below `name` that own a record of a type, each once, in the order written.
  package func owners(of type: RRType, atOrBelow name: DomainName) -> [DomainName] {
    var found: [DomainName] = []
    for record in records where record.type == type {
      let owner = owner(of: record)
      if owner.isAtOrBelow(name), !found.contains(owner) { found.append(owner) }
    }
    return found
  }
}
