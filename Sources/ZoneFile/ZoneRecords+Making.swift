package import DNSFormat

/// Records that no file has.
extension ZoneRecords {
  /// Adds a record that was made, not read: its place is the file's, without a line.
  /// - Parameters:
  ///   - owner: a whole name in wire format.
  ///   - ttl: seconds, at most 2³¹−1.
  ///   - rdata: in wire format, names uncompressed; at most 65,535 octets.
  package mutating func append(owner: [UInt8], _ type: RRType, ttl: UInt32, rdata: [UInt8]) {
    let start = UInt32(octets.count)
    octets += owner
    let data = UInt32(octets.count)
    octets += rdata
    records.append(
      Record(
        owner: start, rdata: data, ttl: ttl, line: 0, rdataCount: UInt16(rdata.count), type: type, column: 0, file: 0))
  }
}
