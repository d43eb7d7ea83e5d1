internal import DNSFormat
internal import FlatMemory
internal import ZoneFile

/// One RRset as a body gets it: duplicates dropped, one TTL.
struct RRsetRecords {
  let type: RRType
  /// The type that the records are signatures of; nil where they are none. Signatures of another type are another set.
  let covered: RRType?
  var ttl: UInt32
  private(set) var records: [RecordReference]
  /// Octets on the wire.
  var octets: Int
  var isTooLarge = false
  /// The RDATA seen, once there are many: a search through all of them would be quadratic.
  private var seen: [ArraySlice<UInt8>: RecordReference] = [:]
  private static let many = 16

  init(type: RRType, covered: RRType?, ttl: UInt32, first: RecordReference, rdataCount: Int) {
    self.type = type
    self.covered = covered
    self.ttl = ttl
    records = [first]
    octets = 12 + rdataCount
  }

  /// The record that has the same RDATA in canonical form (RFC 2181 §5, RFC 4034 §6.3); nil where none has.
  func record(with rdata: ArraySlice<UInt8>, in source: ZoneSource) -> RecordReference? {
    if records.count > Self.many, let same = seen[canonicalRData(rdata, of: type)] { return same }
    return records.prefix(Self.many).first { isSameRData(source.rdata($0), rdata, of: type) }
  }

  /// Adds a record, whose RDATA no other has.
  mutating func append(_ record: RecordReference, _ rdata: ArraySlice<UInt8>) {
    records.append(record)
    if records.count > Self.many { seen[canonicalRData(rdata, of: type)] = record }
  }
}

/// True for the same octets, and for the same but for the case of letters in names where it does not count.
private func isSameRData(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, of type: RRType) -> Bool {
  if left.elementsEqual(right) { return true }
  guard left.count == right.count, zip(left, right).allSatisfy({ lowercased($0) == lowercased($1) }) else {
    return false
  }
  return canonicalRData(left, of: type) == canonicalRData(right, of: type)
}
