internal import Addresses
internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import ZoneFile
internal import Zones

/// What a load leaves to the next one: each zone as it was compiled, and what it was compiled from.
///
/// A zone is taken over, neither read nor built again, where nothing that it was made from has changed: the same files
/// for the same contexts, the text of each and of all that they include the same octet for octet, the same contexts, the
/// same services by number, the same endpoints of contexts where any are isolated,
/// the same services steered, the same zones below it, and the seed,
/// which goes on from load to load. Whatever the load of before said of it is said again. A zone with mistakes is never
/// kept, nor one with signatures, which time makes old.
package struct KeptZones: Sendable {
  /// One file of a zone, and the context that it is for.
  struct File: Hashable, Sendable {
    let path: String
    /// The zone's apex as this file has it, case kept.
    let origin: [UInt8]
    let context: Int
  }

  /// What was in a file.
  struct Text: Hashable, Sendable {
    let path: String
    let fingerprint: TextFingerprint
  }

  /// One zone.
  struct Zone: Sendable {
    /// In the order in which they were read.
    let files: [File]
    /// Every text that was read for it, what `$INCLUDE` names too, in that order; nil where one changed meanwhile.
    let texts: [Text]?
    /// What reading it said.
    let mistakes: [Diagnostic]
    /// The zone's layers; without their records once it is kept.
    var source: ZoneSource
    let innerApexes: Set<DomainName>
    let compiled: [CompiledZone]
    /// What compiling it said.
    let remarks: [Diagnostic]
    /// What is doubtful about it.
    let doubts: [Diagnostic]
    /// The services that it has a record at or below, as indices.
    let namedServices: [UInt32]
    /// Its files as they are served.
    let layers: [ZoneLayer]
  }

  let seed: UInt64
  private let contexts: [ContextTree.Node]
  private let services: [DomainName]
  private let endpoints: [[Prefix]]?
  private let steeredServices: [Bool]
  private(set) var zones: [DomainName: Zone] = [:]
  /// The zones that nobody wrote.
  var local: LocalZones?
  /// The policy, with what it was read from.
  var policy: KeptPolicy?

  init(_ options: ZoneBuildOptions) {
    seed = options.seed
    contexts = options.contexts.nodes
    services = options.services
    endpoints = options.endpoints?.prefixes
    steeredServices = options.steeredServices
  }

  /// How many zones could be taken over.
  package var count: Int { zones.count }

  /// True where zones compiled with these options are as those kept.
  func fit(_ options: ZoneBuildOptions) -> Bool {
    seed == options.seed && contexts == options.contexts.nodes && endpoints == options.endpoints?.prefixes
      && steeredServices == options.steeredServices && services.elementsEqual(options.services) { $0.wire == $1.wire }
  }

  /// Keeps a zone where nothing is wrong with it, and nothing in it depends on when it was looked at.
  mutating func keep(_ zone: Zone, of source: ZoneSource) {
    let isSigned = source.layers.contains { $0.records.records.contains { $0.type == .rrsig } }
    guard zone.texts != nil, source.brokenContexts.isEmpty, !isSigned, !zone.mistakes.hasErrors, !zone.remarks.hasErrors
    else { return }
    var kept = zone
    kept.source.layers = source.layers.map {
      ZoneSource.Layer(context: $0.context, records: $0.records.withoutRecords)
    }
    zones[source.origin] = kept
  }

  /// The zone, where it has the same files for the same contexts and none of their texts has changed.
  ///
  /// Opens them in the order of before, up to the first that has: no file that the zone would not be read from now.
  func unchanged(
    _ origin: DomainName, _ files: [File], _ innerApexes: Set<DomainName>, open: ZoneFileReader.Opener
  ) -> Zone? {
    guard let zone = zones[origin], zone.files == files, zone.innerApexes == innerApexes else { return nil }
    for known in zone.texts ?? [] {
      guard case .success(let text) = open(known.path), TextFingerprint(text.span) == known.fingerprint else {
        return nil
      }
    }
    return zone
  }
}
