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
  /// What was leased and does not go with the folder.
  let misfits: LeasedConfiguration.Misfits
  /// What a guard judges: the folder with what was leased before, so that only edits count. Nil as ``snapshot``.
  let judged: Snapshot?

  /// Reads a folder and all that is in it. The zones' texts are let go of again: a server needs only what is compiled.
  /// - Parameters:
  ///   - kept: of the load whose snapshot is in service: zones of which nothing has changed are taken from it.
  ///   - leased: what there is beside the folder's files.
  ///   - leasedBefore: what the load in service had of that; nil where nobody judges what changes.
  init(
    _ folder: String, _ server: ServerFacts = ServerFacts(), takingOver kept: KeptZones? = nil,
    leased: LeasedConfiguration = LeasedConfiguration(), leasedBefore: LeasedConfiguration? = nil
  ) throws(SystemError) {
    var files = try ConfigurationFolder.read(folder)
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
    let folderFiles = files
    let known = Set(checks.diagnostics.map(\.description))
    func with(_ leased: LeasedConfiguration) -> LeasedLoad {
      LeasedLoad(leased, folderFiles, over: written, known: known) {
        SnapshotBuilder.build($0, seed: seed, server: server, keepsZones: true, takingOver: written.kept ?? kept)
      }
    }
    let whole = with(leased)
    let loaded = whole.loaded
    self.leased = whole.configuration
    misfits = whole.misfits
    judged = leasedBefore.map { $0 == whole.configuration ? loaded : with($0).loaded }?.snapshot ?? loaded.snapshot
    self.kept = loaded.kept
    self.written = WrittenZones(loaded.sources)
    openedFiles = opened.sorted()
    snapshot = loaded.snapshot
    diagnostics = checks.diagnostics
    isClean = checks.isClean && loaded.snapshot != nil
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
  ///   - leased, leasedBefore: see ``ConfigurationLoad``.
  ///   - trial: finds out what a snapshot would change; on the load's thread.
  func start(
    _ folder: String, takingOver kept: KeptZones?, leased: LeasedConfiguration,
    leasedBefore: LeasedConfiguration?, trial: @escaping @Sendable (Snapshot) -> ReloadImpact?
  ) throws(SystemError) {
    _ = try WorkerThread.start(name: "ambit-load") { [self] in
      let loaded: Result<Loaded, SystemError>
      do throws(SystemError) {
        let load = try ConfigurationLoad(
          folder, server, takingOver: kept, leased: leased, leasedBefore: leasedBefore)
        loaded = .success(Loaded(load: load, impact: load.isClean ? load.judged.flatMap(trial) : nil))
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
