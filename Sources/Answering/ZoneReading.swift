internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import Policy
internal import ZoneFile
internal import Zones

/// Reads every zone's files and groups them by origin.
struct ZoneReading {
  private let files: ConfigurationFiles
  /// Nil where the policy has mistakes of its own, which come first.
  private let contexts: ContextTree?
  private(set) var diagnostics: [Diagnostic] = []
  /// False where a file is for no zone or no context. Going on without it could show callers what its overlay was to
  /// hide, so nothing is served then.
  private(set) var areFilesPlaced = true
  /// The files of each zone, in the order in which they are read.
  private var wanted: [DomainName: [File]] = [:]
  private var layers: [DomainName: [ZoneSource.Layer]] = [:]
  private var broken: [DomainName: [Int]] = [:]
  /// Zones of the load before that may be taken over, where nothing has changed; nil where nothing is to be.
  private let kept: KeptZones?
  private let keepsZones: Bool
  /// The zones that are taken over: their layers have no records.
  private(set) var takenOver: [DomainName: KeptZones.Zone] = [:]
  /// What was read, and said, for each zone.
  private(set) var readings: [DomainName: Reading] = [:]
  private var paths: [DomainName: [Int: String]] = [:]
  /// By origin, what the base's file gives to records of overlays that have no TTL.
  private var baseTTLs: [DomainName: UInt32] = [:]
  private var order: [DomainName] = []
  /// By origin, what is leased of each zone.
  private var overrides: [DomainName: [NameOverride]] = [:]

  /// What reading one zone took and said.
  struct Reading {
    let files: [KeptZones.File]
    /// Nil where a file was read twice and was not the same.
    let texts: [KeptZones.Text]?
    let mistakes: [Diagnostic]
  }

  /// A file that is to be read.
  private struct File {
    let path: String
    let origin: DomainName
    let context: Int
    let place: SourceLocation
  }

  /// - Parameters:
  ///   - keepsZones: take notes for a ``KeptZones``.
  ///   - kept: what may be taken over; made with the options that zones will be built with.
  init(_ files: ConfigurationFiles, _ contexts: ContextTree?, keepsZones: Bool, takingOver kept: KeptZones?) {
    self.files = files
    self.contexts = contexts
    self.keepsZones = keepsZones
    self.kept = kept
  }

  /// The zones, in the order of their first files. A file with mistakes is not used: its context is broken, and half its
  /// data would only make more mistakes.
  var sources: [ZoneSource] {
    order.map { origin in
      let contexts = broken[origin] ?? []
      return ZoneSource(
        origin: origin, layers: (layers[origin] ?? []).filter { !contexts.contains($0.context) },
        brokenContexts: contexts)
    }
  }

  /// Reads the files that are zones by their names, then those that `zone` statements name; of both the bases first.
  mutating func readAll(_ places: ZoneFilePlaces) {
    for folder in files.unreadableFolders where contexts?.number(of: folder.name) != nil {
      misplaced(
        SourceLocation(file: folder.path),
        "the overlays of context \(folder.name) cannot be read: \(folder.reason); let the server's user list the folder"
      )
    }
    for isBase in [true, false] { placeAll(places, isBase: isBase) }
    let inner = SnapshotBuilder.innerApexes(order)
    overrides = files.overrides.byZone(order)
    for origin in order { readZone(origin, innerApexes: inner[origin] ?? []) }
    // A name of one label, such as root.zone, says nothing of a zone, and mesh.test.signed.zone only which one.
    for file in files.zones {
      guard let claim = places.claim(to: file.path), let origin = try? DomainName(file.origin),
        origin.labelCount > 1, layers[origin] == nil,
        broken[origin] == nil, !layers.keys.contains(where: { origin.description.hasPrefix($0.description) })
      else { continue }
      diagnostics.append(
        .warning(
          at: claim,
          "\(file.path) is another zone by this line, so \(origin) is not served; write a zone line for it too, or rename the file"
        ))
    }
  }

  private mutating func placeAll(_ places: ZoneFilePlaces, isBase: Bool) {
    for file in files.zones where (file.context == nil) == isBase && !places.isClaimed(file.path) {
      let place = SourceLocation(file: file.path)
      do throws(NameError) {
        let origin = try DomainName(file.origin)
        if let context = number(of: file) { want(file.path, origin, context, place) }
      } catch {
        misplaced(place, "the file's name says zone \"\(file.origin)\", which \(error)")
      }
    }
    for file in places.named where (file.context == 0) == isBase {
      want(file.path, file.origin, file.context, file.location)
    }
  }

  private mutating func want(_ path: String, _ origin: DomainName, _ context: Int, _ place: SourceLocation) {
    // Names of files differ in case where origins do not. Without a policy all contexts are number 0: nothing is said.
    if contexts != nil, let first = paths[origin, default: [:]].updateValue(path, forKey: context) {
      return misplaced(place, "\(first) is for zone \(origin) and this context too; keep one of the two")
    }
    if wanted[origin] == nil { order.append(origin) }
    wanted[origin, default: []].append(File(path: path, origin: origin, context: context, place: place))
  }

  /// Takes a zone over where nothing of it has changed; else reads its files.
  private mutating func readZone(_ origin: DomainName, innerApexes: Set<DomainName>) {
    let wanted = wanted[origin] ?? []
    let texts = ZoneTexts(files.open, keepsFingerprints: keepsZones)
    let overrides = overrides[origin] ?? []
    let all = self.files(of: wanted) + overrides.map { file(of: $0, origin) }
    if let zone = kept?.unchanged(origin, all, innerApexes, open: texts.compare) {
      takenOver[origin] = zone
      layers[origin] = zone.source.layers
      diagnostics += zone.mistakes
      return
    }
    let before = diagnostics.count
    for file in wanted { read(file, open: texts.read) }
    for override in overrides {
      guard let contexts else { break }
      // A context that a lease was for may be gone by this load; then there is nobody to answer so.
      _ = override.apply(to: &layers[origin, default: []], origin: origin, contexts)
    }
    readings[origin] = Reading(
      files: all, texts: texts.isTorn ? nil : texts.texts,
      mistakes: Array(diagnostics[before...]))
  }

  private func files(of wanted: [File]) -> [KeptZones.File] {
    wanted.map { KeptZones.File(path: $0.path, origin: $0.origin.wire, context: $0.context) }
  }

  /// An override, as if it were a file that is another whenever it changes.
  private func file(of override: NameOverride, _ origin: DomainName) -> KeptZones.File {
    KeptZones.File(
      path: override.identity, origin: origin.wire, context: contexts?.number(of: override.context) ?? -1)
  }

  private mutating func read(_ file: File, open: @escaping ZoneFileReader.Opener) {
    let origin = file.origin
    switch open(file.path) {
    case .failure(let failure):
      let subject = file.place.file == file.path ? "" : "\(file.path) "
      diagnostics.append(.error(at: file.place, "\(subject)cannot be read: \(failure.reason)"))
      broken[origin, default: []].append(file.context)
    case .success(let text):
      let (records, mistakes) = ZoneFileReader.read(
        text, path: file.path, origin: origin, baseTTL: baseTTLs[origin], open: open)
      if file.context == 0, baseTTLs[origin] == nil { baseTTLs[origin] = records.ownTTL }
      diagnostics += mistakes
      if mistakes.hasErrors { broken[origin, default: []].append(file.context) }
      layers[origin, default: []].append(ZoneSource.Layer(context: file.context, records: records))
    }
  }

  /// The number of the context that a file's folder names; nil, with a diagnostic, where no context is called so.
  private mutating func number(of file: ConfigurationFiles.Zone) -> Int? {
    guard let name = file.context, let contexts else { return 0 }
    if let number = contexts.number(of: name) { return number }
    let known = contexts.nodes.dropFirst().map(\.name)
    let suggestion = nearest(to: name, in: known).map { "; did you mean the folder \"\($0)\"?" }
    misplaced(
      SourceLocation(file: file.path),
      "no context is called \"\(name)\", as this overlay's folder is"
        + (suggestion ?? "; declare it in a policy: context \(name) { from 10.0.0.0/8 }"))
    return nil
  }

  private mutating func misplaced(_ place: SourceLocation, _ message: String) {
    diagnostics.append(.error(at: place, message))
    areFilesPlaced = false
  }
}

/// Which zone and context a file has by a `zone` statement, and which files have none by their name because of it.
struct ZoneFilePlaces {
  /// A file that a statement names, its path relative to the working directory or absolute.
  struct Named {
    let path: String
    let origin: DomainName
    let context: Int
    let location: SourceLocation
  }

  /// Where a file is, the same for all paths that lead to its folder. What the file's name links to is of no matter:
  /// several names may link to one text on purpose, a zone each.
  private struct Place: Hashable {
    let folder: Folder
    let name: Substring
  }

  private enum Folder: Hashable {
    case known([UInt64])
    case written(String)
  }

  private(set) var named: [Named] = []
  private var claims: [Place: SourceLocation] = [:]
  /// By path: the system is asked once for each.
  private var folders: [Substring: Folder] = [:]

  init(_ files: ConfigurationFiles, _ policy: Policy?) {
    for file in policy?.zoneFiles ?? [] {
      let isRelative = !file.path.hasPrefix("/") && !files.folder.isEmpty
      let path = isRelative ? "\(files.folder)/\(file.path)" : file.path
      named.append(Named(path: path, origin: file.origin, context: file.context, location: file.location))
      claims[place(path, files)] = file.location
    }
    if claims.isEmpty { return }
    for path in files.zones.map(\.path) + files.misnamed.map(\.path) { _ = place(path, files) }
  }

  /// True where a statement says what the file is, so that its name does not.
  func isClaimed(_ path: String) -> Bool { claim(to: path) != nil }

  /// The statement that says what the file is.
  func claim(to path: String) -> SourceLocation? {
    let (folder, name) = Self.parts(path)
    return folders[folder].flatMap { claims[Place(folder: $0, name: name)] }
  }

  private mutating func place(_ path: String, _ files: ConfigurationFiles) -> Place {
    let (folder, name) = Self.parts(path)
    if let known = folders[folder] { return Place(folder: known, name: name) }
    let written = folder.isEmpty ? "." : String(folder)
    let found = files.status(written).map { Folder.known($0.identity) } ?? .written(plainPath(written))
    folders[folder] = found
    return Place(folder: found, name: name)
  }

  /// A path's folder, with a slash at its end where it has one, and the name in it.
  private static func parts(_ path: String) -> (folder: Substring, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path[...]) }
    return (path[...slash], path[path.index(after: slash)...])
  }
}

/// Opens the texts of one zone, and notes what was in them.
private final class ZoneTexts {
  private let open: ZoneFileReader.Opener
  private let keepsFingerprints: Bool
  /// What was opened to be compared, and need not be opened again to be read.
  private var compared: [String: Result<[UInt8], ZoneFileReader.ReadFailure>] = [:]
  private var fingerprints: [String: TextFingerprint] = [:]
  /// What was read, in order, each file once.
  private(set) var texts: [KeptZones.Text] = []
  /// True where a file was read twice and was not the same.
  private(set) var isTorn = false

  init(_ open: @escaping ZoneFileReader.Opener, keepsFingerprints: Bool) {
    self.open = open
    self.keepsFingerprints = keepsFingerprints
  }

  func compare(_ path: String) -> Result<[UInt8], ZoneFileReader.ReadFailure> {
    let text = open(path)
    compared[path] = text
    return text
  }

  func read(_ path: String) -> Result<[UInt8], ZoneFileReader.ReadFailure> {
    let text = compared.removeValue(forKey: path) ?? open(path)
    if keepsFingerprints, case .success(let octets) = text {
      let fingerprint = TextFingerprint(octets.span)
      if let before = fingerprints.updateValue(fingerprint, forKey: path) {
        if before != fingerprint { isTorn = true }
      } else {
        texts.append(KeptZones.Text(path: path, fingerprint: fingerprint))
      }
    }
    return text
  }
}
