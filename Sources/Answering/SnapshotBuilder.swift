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

  /// Policy files with their text, by name.
  package var policies: [(path: String, text: [UInt8])]
  package var zones: [Zone]
  /// Folders that could not be listed, and why: of consequence where a context is called so.
  package var unreadableFolders: [(path: String, name: String, reason: String)] = []
  /// Files that are passed over although their names nearly say otherwise, and the ending that may be meant: a policy
  /// that is not read refuses nothing.
  package var misnamed: [(path: String, meant: String)] = []
  /// Reads a zone's file, or one it includes.
  package var open: ZoneFileReader.Opener

  package init(
    policies: [(path: String, text: [UInt8])], zones: [Zone], open: @escaping ZoneFileReader.Opener
  ) {
    self.policies = policies
    self.zones = zones
    self.open = open
  }
}

/// What loading a configuration gave.
package struct LoadedConfiguration {
  /// Nil where the policy does not load, or a zone's file has no place: they are the security, so there is nothing to
  /// serve without them.
  package var snapshot: Snapshot?
  /// All mistakes and doubts, in order of place.
  package var diagnostics: [Diagnostic]
  /// The zones as written: where each answer comes from. `explain` reads them; a server lets go of them.
  package var sources: [ZoneSource]
  /// Zones whose data did not load for some context: they answer SERVFAIL there.
  package var brokenZones: [DomainName]
}

/// Makes a snapshot of a configuration's texts.
package enum SnapshotBuilder {
  /// Reads policy and zones, compiles both, and reports every mistake of all files at once.
  /// - Parameters:
  ///   - seed: random; it orders the tables so that no one outside can aim at one slot.
  ///   - server: what the configuration does not say.
  package static func build(
    _ files: ConfigurationFiles, seed: UInt64, server: ServerFacts = ServerFacts()
  ) -> LoadedConfiguration {
    let (policy, policyDiagnostics) = Policy.read(files.policies)
    var diagnostics = policyDiagnostics
    diagnostics += files.misnamed.map { path, meant in
      .warning(
        at: SourceLocation(file: path),
        "is passed over: only files that end in .zone or .policy are read; did you mean .\(meant)?")
    }
    var sources: [ZoneSource] = []
    let areFilesPlaced = readZones(files, policy?.contexts, into: &sources, &diagnostics)
    let secrets = policy.flatMap { server.cookieSecrets(for: $0, open: files.open, &diagnostics) }
    guard let policy, let secrets, areFilesPlaced else {
      return LoadedConfiguration(
        snapshot: nil, diagnostics: diagnostics.inOrder, sources: sources, brokenZones: [])
    }
    let options = ZoneBuildOptions(contexts: policy.contexts, services: policy.services.map(\.name), seed: seed)
    var zones: [CompiledZone] = []
    for index in sources.indices {
      zones += build(&sources[index], options, &diagnostics)
    }
    let snapshot = Snapshot(
      policy: CompiledPolicy(policy), zones: ZoneDirectory(zones, contexts: policy.contexts, seed: seed),
      cookieSecrets: secrets, nsid: server.nsid(for: policy))
    return LoadedConfiguration(
      snapshot: snapshot, diagnostics: diagnostics.inOrder, sources: sources,
      brokenZones: sources.filter { !$0.brokenContexts.isEmpty }.map(\.origin))
  }

  /// Compiles one zone. Where its data has mistakes, the contexts they concern are marked broken.
  private static func build(
    _ source: inout ZoneSource, _ options: ZoneBuildOptions, _ diagnostics: inout [Diagnostic]
  ) -> [CompiledZone] {
    let first = ZoneBuilder.build(source, options)
    diagnostics += first.diagnostics
    let wrongFiles = Set(first.diagnostics.filter { $0.severity == .error }.map(\.location.file))
    if wrongFiles.isEmpty { return first.zones }
    let wrong = source.layers.filter { !wrongFiles.isDisjoint(with: $0.records.files) }.map(\.context)
    source.brokenContexts += wrong
    return ZoneBuilder.build(source, options).zones
  }

  /// Reads every zone's files and groups them by origin.
  /// - Returns: false where a file is for no zone or no context. Going on without it could show callers what its overlay
  ///   was to hide, so nothing is served then.
  private static func readZones(
    _ files: ConfigurationFiles, _ contexts: ContextTree?, into sources: inout [ZoneSource],
    _ diagnostics: inout [Diagnostic]
  ) -> Bool {
    var areFilesPlaced = true
    for folder in files.unreadableFolders where contexts?.number(of: folder.name) != nil {
      diagnostics.append(
        .error(
          at: SourceLocation(file: folder.path),
          "the overlays of context \(folder.name) cannot be read: \(folder.reason); let the server's user list the folder"
        ))
      areFilesPlaced = false
    }
    var layers: [DomainName: [ZoneSource.Layer]] = [:]
    var broken: [DomainName: [Int]] = [:]
    var paths: [DomainName: [Int: String]] = [:]
    var order: [DomainName] = []
    for file in files.zones {
      let place = SourceLocation(file: file.path)
      let origin: DomainName
      do {
        origin = try DomainName(file.origin)
      } catch {
        diagnostics.append(.error(at: place, "the file's name says zone \"\(file.origin)\", which \(error)"))
        areFilesPlaced = false
        continue
      }
      guard let context = number(of: file, contexts, &diagnostics) else {
        areFilesPlaced = false
        continue
      }
      // Names of files differ in case where origins do not. Without a policy all contexts are number 0: nothing is said.
      if contexts != nil, let first = paths[origin, default: [:]].updateValue(file.path, forKey: context) {
        diagnostics.append(
          .error(at: place, "\(first) is for zone \(origin) and this context too; keep one of the two"))
        areFilesPlaced = false
        continue
      }
      if layers[origin] == nil, broken[origin] == nil { order.append(origin) }
      switch files.open(file.path) {
      case .failure(let failure):
        diagnostics.append(.error(at: place, "cannot be read: \(failure.reason)"))
        broken[origin, default: []].append(context)
      case .success(let text):
        let (records, mistakes) = ZoneFileReader.read(text, path: file.path, origin: origin, open: files.open)
        diagnostics += mistakes
        if mistakes.hasErrors { broken[origin, default: []].append(context) }
        layers[origin, default: []].append(ZoneSource.Layer(context: context, records: records))
      }
    }
    sources = order.map { origin in
      // A file with mistakes is not used: its context is broken, and half its data would only make more mistakes.
      let contexts = broken[origin] ?? []
      return ZoneSource(
        origin: origin, layers: (layers[origin] ?? []).filter { !contexts.contains($0.context) },
        brokenContexts: contexts)
    }
    return areFilesPlaced
  }

  /// The number of the context that a file's folder names; nil, with a diagnostic, where no context is called so.
  private static func number(
    of file: ConfigurationFiles.Zone, _ contexts: ContextTree?, _ diagnostics: inout [Diagnostic]
  ) -> Int? {
    guard let name = file.context else { return 0 }
    guard let contexts else { return 0 }  // the policy has mistakes of its own, which come first
    if let number = contexts.number(of: name) { return number }
    let known = contexts.nodes.dropFirst().map(\.name)
    let suggestion = nearest(to: name, in: known).map { "; did you mean the folder \"\($0)\"?" }
    diagnostics.append(
      .error(
        at: SourceLocation(file: file.path),
        "no context is called \"\(name)\", as this overlay's folder is"
          + (suggestion ?? "; declare it in a policy: context \(name) { from 10.0.0.0/8 }")))
    return nil
  }
}
