package import Contexts
package import DNSFormat
internal import Diagnostics
package import ZoneFile

/// All that was written about one zone: its base file and the overlays of contexts.
package struct ZoneSource: Sendable {
  /// One file's records and the context they are for; the root for the base.
  package struct Layer: Sendable {
    package var context: Int
    package var records: ZoneRecords

    package init(context: Int, records: ZoneRecords) {
      self.context = context
      self.records = records
    }
  }

  package var origin: DomainName
  /// By context number, so a context comes after those it is in. At most one for each context.
  package var layers: [Layer]
  /// Contexts whose file could not be read: they, and the contexts in them, are not served.
  package var brokenContexts: [Int]

  package init(origin: DomainName, layers: [Layer], brokenContexts: [Int] = []) {
    self.origin = origin
    self.layers = layers.sorted { $0.context < $1.context }
    self.brokenContexts = brokenContexts
  }

  /// The record a reference means.
  func record(_ reference: RecordReference) -> ZoneRecords.Record {
    layers[Int(reference.layer)].records.records[Int(reference.index)]
  }

  /// The RDATA of the record a reference means.
  func rdata(_ reference: RecordReference) -> ArraySlice<UInt8> {
    layers[Int(reference.layer)].records.rdata(of: record(reference))
  }

  /// The type that a record's signature covers, where it is one (RFC 4034 §3.1.1).
  func covered(_ reference: RecordReference) -> RRType? {
    guard record(reference).type == .rrsig else { return nil }
    let rdata = rdata(reference)
    guard rdata.count >= 2 else { return nil }
    return RRType(UInt16(rdata[rdata.startIndex]) << 8 | UInt16(rdata[rdata.startIndex + 1]))
  }

  /// True for NSEC3 records and their signatures: their owner names are hashes, and do not exist (RFC 5155 §7.2.8).
  func isOfHashedName(_ reference: RecordReference) -> Bool {
    let type = record(reference).type
    return type == .nsec3 || type == .rrsig && covered(reference) == .nsec3
  }

  /// Where the record a reference means was written.
  func location(_ reference: RecordReference) -> SourceLocation {
    layers[Int(reference.layer)].records.location(of: record(reference))
  }
}

/// A record of a ``ZoneSource``: which layer, and which of its records.
struct RecordReference: BitwiseCopyable, Hashable {
  var layer: UInt32
  var index: UInt32
}

/// Hands out what a build of zones needs beside the sources.
package struct ZoneBuildOptions: Sendable {
  package var contexts: ContextTree
  /// The services, by number from 1 on; their names may be in any zone or none.
  package var services: [DomainName]
  /// By number of a service: whether it says which of its endpoints callers get. Empty where none does.
  package var steeredServices: [Bool]
  /// Random; the same for all zones of a snapshot.
  package var seed: UInt64
  /// Where endpoints lead; nil where no context is kept from another's.
  package var endpoints: EndpointContexts?

  package init(
    contexts: ContextTree, services: [DomainName], seed: UInt64, endpoints: EndpointContexts? = nil,
    steeredServices: [Bool] = []
  ) {
    precondition(
      steeredServices.isEmpty || steeredServices.count == services.count + 1, "services are numbered from 1 on")
    self.steeredServices = steeredServices
    self.contexts = contexts
    self.services = services
    self.seed = seed
    self.endpoints = endpoints
  }
}
