internal import Contexts
internal import DNSFormat
internal import Policy
internal import ZoneFile
internal import Zones

/// The zones that are served without being written: local ones, and the reverse of our own addresses.
///
/// They are ordinary compiled zones at the end of the directory, so finding one costs a query nothing more. They are not
/// among those that are counted, compared and proved: nobody wrote them.
struct LocalZones: Sendable {
  let zones: [CompiledZone]
  /// What they were made from: the same of these gives the same.
  private let origins: [DomainName]
  private let isReversed: Bool
  private let written: [CompiledZone]

  /// - Parameters:
  ///   - written: the zones of the configuration, compiled with the same options.
  ///   - kept: those of the load before, where its options were the same; taken over where nothing has changed.
  init(_ written: [CompiledZone], _ policy: Policy, _ options: ZoneBuildOptions, takingOver kept: LocalZones?) {
    let isReversed = policy.makesReverseZones
    let hasAll = policy.servesLocalZones
    let own = Set(written.map(\.origin))
    var locals: [LocalZone] = []
    if hasAll || isReversed {
      locals = LocalZone.all.filter { local in
        guard hasAll || local.addresses != nil else { return false }
        // Who has the zone, or one above it, has said what is there.
        var name = local.origin
        while name != .root {
          if own.contains(name) { return false }
          name = name.parent
        }
        return !own.contains(.root)
      }
    }
    origins = locals.map(\.origin)
    self.isReversed = isReversed
    // What is read of the zones matters only where addresses are.
    self.written = isReversed ? written : []
    if let kept, kept.origins == origins, kept.isReversed == isReversed,
      kept.written.elementsEqual(self.written, by: ===)
    {
      zones = kept.zones
      return
    }
    let base = locals.map { $0.records(isMade: isReversed && $0.addresses != nil) }
    var made: [Int: [Int: ZoneRecords]] = [:]
    if isReversed {
      for (index, layers) in Self.reverse(written, options.contexts, locals, base) { made[index] = layers }
    }
    let sealed = options.contexts.nodes.indices.filter { $0 > 0 && options.contexts.nodes[$0].isSealed }
    var zones: [CompiledZone] = []
    for (index, local) in locals.enumerated() {
      // Without the local zones there is a reverse zone only where it has something.
      guard hasAll || made[index] != nil else { continue }
      var layers = made[index] ?? [:]
      for context in [0] + sealed where layers[context] == nil { layers[context] = base[index] }
      let source = ZoneSource(
        origin: local.origin, layers: layers.map { ZoneSource.Layer(context: $0.key, records: $0.value) })
      zones += ZoneBuilder.build(source, options).zones
    }
    self.zones = zones
  }

  /// The layers with records of our own addresses: those of a realm's root begin with what the zone has anyway.
  private static func reverse(
    _ written: [CompiledZone], _ contexts: ContextTree, _ locals: [LocalZone], _ base: [ZoneRecords]
  ) -> [Int: [Int: ZoneRecords]] {
    ReverseRecords(written, contexts, into: locals) { local, context in
      contexts.realm(of: context) == context ? base[local] : base[local].withoutRecords
    }.layers
  }
}
