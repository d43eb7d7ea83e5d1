package import DNSFormat
internal import ZoneFile
internal import Zones

/// One file of a zone as it is served: the base, or a context's overlay. For who asks what is in force.
package struct ZoneLayer: Hashable, Sendable {
  package let origin: DomainName
  /// The number of the context whose overlay it is; 0 for the base.
  package let context: Int
  /// As messages name it.
  package let file: String
  /// How many names there are by it: those it mentions, and the empty non-terminals above them. Of a file of more than
  /// 20,000 records, how often the owner changes from one record to the next: about as many, where a name's records stand
  /// together.
  package let nameCount: Int
  /// When its first signature expires, seconds since 1970 modulo 2^32 (RFC 4034 §3.1.5); nil where it has none.
  package let firstExpiration: UInt32?

  private static let countedByName = 20_000

  init(_ layer: ZoneSource.Layer, of origin: DomainName) {
    self.origin = origin
    context = layer.context
    let records = layer.records
    file = records.files.first ?? ""
    if records.records.count > Self.countedByName {
      var runs = 0
      var last: UInt32?
      for record in records.records where record.owner != last {
        runs += 1
        last = record.owner
      }
      nameCount = runs
    } else {
      var names = Set(records.records.map { records.owner(of: $0) })
      for owner in names {
        var name = owner
        while name.labelCount > origin.labelCount + 1 {
          name = name.parent
          if !names.insert(name).inserted { break }
        }
      }
      nameCount = names.count
    }
    var first: UInt32?
    for record in records.records where record.type == .rrsig && record.rdataCount >= 12 {
      let expiration = records.rdata(of: record).dropFirst(8).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      // Serial arithmetic, RFC 1982.
      if let earliest = first, Int32(bitPattern: expiration &- earliest) >= 0 { continue }
      first = expiration
    }
    firstExpiration = first
  }
}
