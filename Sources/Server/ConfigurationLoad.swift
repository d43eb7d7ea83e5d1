internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Inspection
internal import LinuxIO
internal import Synchronization

/// One load of the configuration: read, compiled, checked.
struct ConfigurationLoad: Sendable {
  /// Nil where there is nothing that may be served.
  let snapshot: Snapshot?
  let diagnostics: [Diagnostic]
  /// True where nothing is wrong: a reload takes only such.
  let isClean: Bool
  /// True where what is wrong is only that some zones' data did not load: a start takes that too.
  let isServable: Bool
  /// The zones whose data did not load for some context.
  let brokenZones: [String]
  /// Every file that was read beside the policies: zones' files, wherever they are, what they include, secrets.
  let openedFiles: [String]
  /// Which files the zones are written in.
  let written: WrittenZones
  /// What the next load may take over.
  let kept: KeptZones?
  /// What was leased, and read beside the folder's files.
  let leased: LeasedConfiguration

  /// Reads a folder and all that is in it. The zones' texts are let go of again: a server needs only what is compiled.
  /// - Parameters:
  ///   - kept: of the load whose snapshot is in service: zones of which nothing has changed are taken from it.
  ///   - leased: what there is beside the folder's files.
  ///   - services: those in service, which what is leased speaks of.
  init(
    _ folder: String, _ server: ServerFacts = ServerFacts(), takingOver kept: KeptZones? = nil,
    leased: LeasedConfiguration = LeasedConfiguration(), services: [DomainName] = []
  ) throws(SystemError) {
    var files = try ConfigurationFolder.read(folder)
    self.leased = leased
    var opened: Set<String> = []
    let open = files.open
    files.open = { path in
      let text = open(path)
      if case .success = text { opened.insert(path) }
      return text
    }
    let seed = UInt64.random(in: .min ... .max)
    let written = SnapshotBuilder.build(files, seed: seed, server: server, keepsZones: true, takingOver: kept)
    // What is judged is what the files say: an expectation is about them, and holds again once a lease has ended. What is
    // leased must only load.
    let checks = Checks(written, at: Clock.realtimeSeconds())
    var loaded = written
    var mistakes: [Diagnostic] = []
    if !leased.isEmpty, written.snapshot != nil {
      leased.add(to: &files, services: services)
      loaded = SnapshotBuilder.build(
        files, seed: seed, server: server, keepsZones: true, takingOver: written.kept ?? kept)
      let known = Set(checks.diagnostics.map(\.description))
      mistakes = loaded.diagnostics.filter { $0.severity == .error && !known.contains($0.description) }
    }
    self.kept = loaded.kept
    self.written = WrittenZones(loaded.sources)
    openedFiles = opened.sorted()
    snapshot = loaded.snapshot
    diagnostics = checks.diagnostics + mistakes
    isClean = checks.isClean && mistakes.isEmpty && loaded.snapshot != nil
    isServable = checks.isServable
    brokenZones = loaded.brokenZones.map(\.description)
  }
}

/// Loads on a thread of its own, so that signals are heard meanwhile; then rings.
final class BackgroundLoad: Sendable {
  /// What was loaded, and what it would change.
  struct Loaded: Sendable {
    let load: ConfigurationLoad
    /// Nil where no `reload guard` is in force, or there is nothing that could be served.
    let impact: ReloadImpact?
  }

  private let result = Mutex<Result<Loaded, SystemError>?>(nil)
  /// Rung when the result is there.
  let bell: WakeUp

  private let server: ServerFacts

  init(_ server: ServerFacts) throws(SystemError) {
    self.server = server
    bell = try WakeUp()
  }

  /// - Parameters:
  ///   - kept: what the load in service left.
  ///   - leased, services: see ``ConfigurationLoad``.
  ///   - trial: finds out what a snapshot would change; on the load's thread.
  func start(
    _ folder: String, takingOver kept: KeptZones?, leased: LeasedConfiguration, services: [DomainName],
    trial: @escaping @Sendable (Snapshot) -> ReloadImpact?
  ) throws(SystemError) {
    _ = try WorkerThread.start(name: "ambit-load") { [self] in
      let loaded: Result<Loaded, SystemError>
      do throws(SystemError) {
        let load = try ConfigurationLoad(
          folder, server, takingOver: kept, leased: leased, services: services)
        loaded = .success(Loaded(load: load, impact: load.isClean ? load.snapshot.flatMap(trial) : nil))
      } catch {
        loaded = .failure(error)
      }
      result.withLock { $0 = loaded }
      bell.wake()
    }
  }

  /// The result, once.
  func take() -> Result<Loaded, SystemError>? {
    bell.drain()
    return result.withLock { result in
      defer { result = nil }
      return result
    }
  }
}
