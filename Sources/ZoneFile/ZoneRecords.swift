package import DNSFormat
package import Diagnostics

/// The records of one master file and what it includes, in the order written, each with its place.
///
/// Names and RDATA lie in one array of octets, so that a zone of millions of records is two allocations and no more.
package struct ZoneRecords: Sendable {
  /// One RR as written. Class is IN: there is no other.
  package struct Record: Sendable, BitwiseCopyable {
    /// Where in `octets` the owner name is, in wire format, case kept.
    package let owner: UInt32
    /// Where in `octets` the RDATA is, names uncompressed.
    package let rdata: UInt32
    /// Seconds, at most 2³¹−1.
    package let ttl: UInt32
    /// The line of its type, counted from 1; 0 for one that no file has.
    package internal(set) var line: UInt32
    package let rdataCount: UInt16
    package let type: RRType
    /// The column of its owner or, where that is inherited, of its first field.
    package let column: UInt16
    /// Which of `files` it stands in.
    package let file: UInt16
  }

  /// What relative names in the file are relative to, to begin with: the file's name without `.zone`.
  package let origin: DomainName
  package internal(set) var octets: [UInt8] = []
  package internal(set) var records: [Record] = []
  /// The file itself, then those it includes.
  package internal(set) var files: [String]
  /// The first `$TTL`, else the MINIMUM of the SOA: what an overlay without any TTL takes.
  package internal(set) var ownTTL: UInt32?

  package init(origin: DomainName, file: String) {
    self.origin = origin
    files = [file]
  }

  /// The same files and origin, and none of the records.
  package var withoutRecords: ZoneRecords {
    var copy = self
    (copy.octets, copy.records) = ([], [])
    return copy
  }

  /// The same records, as of no line: what `files` names is no file.
  package var withoutLines: ZoneRecords {
    var copy = self
    for index in copy.records.indices { copy.records[index].line = 0 }
    return copy
  }

  /// The owner name of a record.
  package func owner(of record: Record) -> DomainName { name(at: record.owner) }

  /// Whether a name owns a record, case aside (RFC 4343); allocates nothing.
  package func isOwner(_ name: DomainName, of record: Record) -> Bool {
    let wire = name.wire
    let start = Int(record.owner)
    guard start + wire.count <= octets.count else { return false }
    for index in wire.indices where lowercased(octets[start + index]) != lowercased(wire[index]) { return false }
    return true
  }

  private func lowercased(_ octet: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
  }

  /// The name that starts at an offset of `octets`.
  func name(at offset: UInt32) -> DomainName {
    let start = Int(offset)
    var end = start
    while octets[end] != 0 { end += 1 + Int(octets[end]) }
    return DomainName(validWire: Array(octets[start...end]))
  }

  /// The RDATA of a record in wire format.
  package func rdata(of record: Record) -> ArraySlice<UInt8> {
    octets[Int(record.rdata)..<(Int(record.rdata) + Int(record.rdataCount))]
  }

  /// Where a record stands.
  package func location(of record: Record) -> SourceLocation {
    SourceLocation(file: files[Int(record.file)], line: Int(record.line), column: Int(record.column))
  }
}
