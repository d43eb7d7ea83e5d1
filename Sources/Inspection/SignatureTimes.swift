internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import ZoneFile
internal import Zones

/// Signatures that are no longer, or not yet, true: validators take what they cover for forged (RFC 4035 §5.3.1).
///
/// One warning for each file, at its first such record: a zone's signatures end together.
/// - Parameter now: seconds since 1970; times are compared as serial numbers are (RFC 4034 §3.1.5).
func signatureTimes(_ sources: [ZoneSource], at now: UInt32) -> [Diagnostic] {
  sources.flatMap(\.layers).flatMap { layer in
    let zone = layer.records
    var ended = Untimely()
    var early = Untimely()
    for record in zone.records where record.type == .rrsig {
      let rdata = zone.rdata(of: record)
      if isBefore(rdata.time(at: 8), now) {
        ended.add(record)
      } else if isBefore(now, rdata.time(at: 12)) {
        early.add(record)
      }
    }
    return [
      ended.diagnostic(zone, "ended before now (RFC 4035 §5.3.1); sign the zone again"),
      early.diagnostic(zone, "only later begin to hold (RFC 4035 §5.3.1); compare the signer's clock with this one"),
    ].compactMap { $0 }
  }
}

/// Records of one file, counted, of which the first is shown.
private struct Untimely {
  var first: ZoneRecords.Record?
  var count = 0

  mutating func add(_ record: ZoneRecords.Record) {
    if first == nil { first = record }
    count += 1
  }

  func diagnostic(_ zone: ZoneRecords, _ what: String) -> Diagnostic? {
    first.map {
      .warning(at: zone.location(of: $0), "\(amount(count, "signature")) of this file, from here on, \(what)")
    }
  }
}

/// RFC 1982 §3.2.
private func isBefore(_ time: UInt32, _ other: UInt32) -> Bool { Int32(bitPattern: time &- other) < 0 }

extension ArraySlice<UInt8> {
  /// A 32-bit time in an RRSIG, which is whole: 8 is where it ends, 12 where it begins (RFC 4034 §3.1).
  fileprivate func time(at offset: Int) -> UInt32 {
    self[(startIndex + offset)..<(startIndex + offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
