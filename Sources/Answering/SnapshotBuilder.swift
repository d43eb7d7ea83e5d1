internal import Contexts
package import DNSFormat
package import Diagnostics
internal import Policy
package import ZoneFile
package import Zones

/// The files of a configuration folder: which there are, and a way to read them.
package struct ConfigurationFiles {
  /// A zone's file: the base's, or an overlay's.
  package struct Zone: Sendable {
    /// As messages name it.
    package var path: String
    /// Its name without `.zone`.
    package var origin: String
    /// The name of the folder it is in; nil for the base.
    package var context: String?

    package init(path: String, origin: String, context: String?) {
      self.path = path
      self.origin = origin
      self.context = context
    }
  }

  /// What relative paths in the policy are relative to; empty for the working directory.
  package var folder = ""
  /// Policy files with their text, by name.
  package var policies: [(path: String, text: [UInt8])]
  package var zones: [Zone]
  /// Folders that could not be listed, and why: of consequence where a context is called so.
  package var unreadableFolders: [(path: String, name: String, reason: String)] = []
  /// Files that are passed over although their names nearly say otherwise, and the ending that may be meant: a policy
  /// that is not read refuses nothing.
  package var misnamed: [(path: String, meant: String)] = []
  /// What somebody leased: other addresses for some names. Of two for one name in one context the last counts.
  package var overrides: [NameOverride] = []
  /// Reads a zone's file, or one that it or a policy includes.
  package var open: ZoneFileReader.Opener
  /// The names of the files in a folder that a policy includes, in order; nil where the path is no folder.
  package var list: (String) -> Result<[String], ZoneFileReader.ReadFailure>? = { _ in nil }
  /// What the system knows of a file or folder; nil where it knows nothing.
  package var status: (String) -> Status? = { _ in nil }

  /// What matters of a file beside its text.
  package struct Status {
    /// The same for all paths to one file or folder, and for no other.
    package var identity: [UInt64]
    /// True where every user of the machine may read or change it.
    package var isOpenToOthers: Bool

    package init(identity: [UInt64], isOpenToOthers: Bool) {
      self.identity = identity
      self.isOpenToOthers = isOpenToOthers
    }
  }

  package init(
    policies: [(path: String, text: [UInt8])], zones: [Zone], open: @escaping ZoneFileReader.Opener
  ) {
    self.policies = policies
    self.zones = zones
    self.open = open
  }

  /// The folder as the policy's `include` lines see it.
  fileprivate var policyFolder: PolicyFolder {
    PolicyFolder(
      folder, open: { [open] in open($0).mapError { .init($0.reason) } },
      list: { [list] in list($0)?.mapError { .init($0.reason) } }, identity: { [status] in status($0)?.identity })
  }
}

/// What loading a configuration gave.
package struct LoadedConfiguration {
  /// Nil where the policy does not load, or a zone's file has no place: they are the security, so there is nothing to
  /// serve without them.
  package var snapshot: Snapshot?
  /// All mistakes and doubts, in order of place.
  package var diagnostics: [Diagnostic]
  /// The zones as written: where each answer comes from. `explain` reads them; a server lets go of them. Those that were
  /// taken over from the load before are without their records.
  package var sources: [ZoneSource]
  /// Zones whose data did not load for some context: they answer SERVFAIL there.
  package var brokenZones: [DomainName]
  /// By index of a service: whether some zone has a record at or below it, other than at its apex.
  package var isNamed: [Bool] = []
  /// What the next load may take over; nil where that was not asked for, or there is no snapshot.
  package var kept: KeptZones?
}

/// Makes a snapshot of a configuration's texts.
package enum SnapshotBuilder {
  /// Reads policy and zones, compiles both, and reports every mistake of all files at once.
  /// - Parameters:
  ///   - seed: random; it orders the tables so that no one outside can aim at one slot.
  ///   - server: what the configuration does not say.
  ///   - keepsZones: note what the next load may take over.
  ///   - kept: what the load before left: zones of which nothing has changed are taken from it, and its seed goes on.
  package static func build(
    _ files: ConfigurationFiles, seed: UInt64, server: ServerFacts = ServerFacts(), keepsZones: Bool = false,
    takingOver kept: KeptZones? = nil
  ) -> LoadedConfiguration {
    let seed = kept?.seed ?? seed
    let policyReader = PolicyTexts(files.policies, files.policyFolder)
    let keptPolicy = kept?.policy.flatMap { policyReader.areSame(as: $0) ? $0 : nil }
    let policyReading = keptPolicy?.reading ?? policyReader.read()
    var diagnostics = policyReading.diagnostics
    let policy = policyReading.policy.flatMap { server.resolvingUsers(of: $0, &diagnostics) }
    let places = ZoneFilePlaces(files, policy)
    diagnostics += doubts(of: files, places, included: policyReading.includedFiles)
    let compiled = policy.map { keptPolicy?.compiled(for: $0) ?? CompiledPolicy($0) }
    let options = policy.map {
      ZoneBuildOptions(
        contexts: $0.contexts, services: $0.services.map(\.name), seed: seed, endpoints: compiled?.endpointContexts,
        steeredServices: $0.steeredServices)
    }
    let fitting = kept.flatMap { kept in options.map(kept.fit) == true ? kept : nil }
    var reading = ZoneReading(files, policy?.contexts, keepsZones: keepsZones, takingOver: fitting)
    reading.readAll(places)
    diagnostics += reading.diagnostics
    var sources = reading.sources
    let secrets = policy.flatMap { server.cookieSecrets(for: $0, files, &diagnostics) }
    guard let policy, let compiled, let options, let secrets, reading.areFilesPlaced else {
      return LoadedConfiguration(
        snapshot: nil, diagnostics: diagnostics.inOrder, sources: sources, brokenZones: [])
    }
    var zones: [CompiledZone] = []
    var layers: [ZoneLayer] = []
    var isNamed = Array(repeating: false, count: options.services.count)
    var nextKept = keepsZones ? KeptZones(options) : nil
    let inner = innerApexes(sources.map(\.origin))
    // Of two doubts about one line the first is the cause: a missing dot, not that the name it makes is missing; and the
    // records of one $GENERATE are doubted once.
    let alreadyDoubted = Set(reading.diagnostics.map(\.location.wholeLine))
    for index in sources.indices {
      let origin = sources[index].origin
      let zone =
        reading.takenOver[origin]
        ?? build(&sources[index], options, innerApexes: inner[origin] ?? [], reading.readings[origin])
      var doubted = alreadyDoubted
      diagnostics += zone.remarks
      diagnostics += zone.doubts.filter { doubted.insert($0.location.wholeLine).inserted }
      zones += zone.compiled
      layers += zone.layers
      for service in zone.namedServices { isNamed[Int(service)] = true }
      nextKept?.keep(zone, of: sources[index])
    }
    let local = LocalZones(zones, policy, options, takingOver: fitting?.local)
    nextKept?.local = local
    diagnostics += forwardDoubts(policy, sources) + allowanceDoubts(policy)
    if keepsZones { nextKept?.policy = keptPolicy?.with(compiled) ?? policyReader.keep(policyReading, compiled) }
    let snapshot = Snapshot(
      policy: compiled,
      zones: ZoneDirectory(
        zones, builtIn: local.zones, contexts: policy.contexts,
        forwarded: policy.forwards.filter { !$0.isOff }.map(\.zone), seed: seed),
      cookieSecrets: secrets, nsid: server.nsid(for: policy), version: server.version(for: policy), layers: layers)
    return LoadedConfiguration(
      snapshot: snapshot, diagnostics: diagnostics.inOrder, sources: sources,
      brokenZones: sources.filter { !$0.brokenContexts.isEmpty }.map(\.origin), isNamed: isNamed, kept: nextKept)
  }

  /// Files that are passed over although they seem to be meant.
  private static func doubts(
    of files: ConfigurationFiles, _ places: ZoneFilePlaces, included: [String]
  ) -> [Diagnostic] {
    if files.misnamed.isEmpty { return [] }
    let paths = Set(included)
    let identities = Set(included.compactMap { files.status($0)?.identity })
    return files.misnamed.compactMap { path, meant in
      if places.isClaimed(path) || paths.contains(path) { return nil }
      if let identity = files.status(path)?.identity, identities.contains(identity) { return nil }
      if path.hasSuffix(".policy") {
        let inner = path.dropFirst(files.folder.isEmpty ? 0 : files.folder.utf8.count + 1)
        return .warning(
          at: SourceLocation(file: path),
          "is passed over: a policy in a folder is read where a line says so; write \"include \(inner)\" in ambit.policy"
        )
      }
      return .warning(
        at: SourceLocation(file: path),
        "is passed over: only files that end in .zone or .policy are read; did you mean .\(meant)?")
    }
  }

  /// By origin, the other origins below it.
  static func innerApexes(_ origins: [DomainName]) -> [DomainName: Set<DomainName>] {
    let known = Set(origins)
    var inner: [DomainName: Set<DomainName>] = [:]
    for origin in origins {
      var ancestor = origin
      while ancestor.labelCount > 0 {
        ancestor = ancestor.parent
        if known.contains(ancestor) { inner[ancestor, default: []].insert(origin) }
      }
    }
    return inner
  }

  /// Compiles one zone. Where its data has mistakes, the contexts they concern are marked broken.
  private static func build(
    _ source: inout ZoneSource, _ options: ZoneBuildOptions, innerApexes: Set<DomainName>,
    _ reading: ZoneReading.Reading?
  ) -> KeptZones.Zone {
    let first = ZoneBuilder.build(source, options)
    var compiled = first.zones
    let wrongFiles = Set(first.diagnostics.filter { $0.severity == .error }.map(\.location.file))
    if !wrongFiles.isEmpty {
      let wrong = source.layers.filter { !wrongFiles.isDisjoint(with: $0.records.files) }.map(\.context)
      source.brokenContexts += wrong
      compiled = ZoneBuilder.build(source, options).zones
    }
    return KeptZones.Zone(
      files: reading?.files ?? [], texts: reading?.texts, mistakes: reading?.mistakes ?? [], source: source,
      innerApexes: innerApexes, compiled: compiled, remarks: first.diagnostics,
      doubts: ZoneDoubts.find(in: source, compiled, options.contexts, innerApexes: innerApexes),
      namedServices: servicesNamed(in: source, compiled, options.services),
      layers: source.layers.map { ZoneLayer($0, of: source.origin) })
  }
}
