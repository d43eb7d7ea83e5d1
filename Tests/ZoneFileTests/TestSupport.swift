import DNSFormat
import Diagnostics

@testable import ZoneFile

/// What was read of a text: its records a line each, `owner TTL TYPE rdata`, and the mistakes.
struct Reading {
  var records: [String]
  var diagnostics: [String]
  var zone: ZoneRecords
}

/// Reads octets as the zone `example.` in `zones/example.zone`; `files` are there for `$INCLUDE`.
func read(_ octets: [UInt8], files: [String: String] = [:]) throws -> Reading {
  let (zone, diagnostics) = ZoneFileReader.read(octets, path: "zones/example.zone", origin: try DomainName("example."))
  {
    path in
    files[path].map { .success(Array($0.utf8)) } ?? .failure(.init(reason: "no such file"))
  }
  let records = zone.records.map {
    "\(zone.owner(of: $0)) \($0.ttl) \($0.type) \(rdataText(Array(zone.rdata(of: $0)), of: $0.type))"
  }
  return Reading(records: records, diagnostics: diagnostics.map(\.description), zone: zone)
}

/// Reads a text.
func read(_ text: String, files: [String: String] = [:]) throws -> Reading { try read(Array(text.utf8), files: files) }

/// The records of a text that must have no mistakes.
func records(_ text: String, files: [String: String] = [:]) throws -> [String] {
  let reading = try read(text, files: files)
  if let first = reading.diagnostics.first { throw Unexpected(diagnostic: first) }
  return reading.records
}

struct Unexpected: Error { let diagnostic: String }
