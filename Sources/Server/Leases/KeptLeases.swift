internal import FoundationEssentials
internal import LinuxIO

/// What is leased, as a file has it while no server runs: only what people have asked for. Whether it may be, and what it
/// comes to, is found out anew by who reads it.
struct KeptLeases: Codable, Equatable, Sendable {
  /// Other addresses for a name, for all callers of a context.
  struct Override: Codable, Equatable, Sendable {
    var context: String
    /// In full.
    var name: String
    /// As it was written.
    var written: String
    /// Each with its port, where there is one.
    var addresses: [String]
    var user: UInt32
    var end: LeaseMoment
  }

  /// Other addresses for a name, for one program.
  struct Name: Codable, Equatable, Sendable {
    /// In full.
    var name: String
    /// As it was written.
    var written: String
    /// Each with its port, where there is one.
    var addresses: [String]
  }

  /// A program that runs in a context.
  struct Run: Codable, Equatable, Sendable {
    var context: String
    /// The context of its own; the same where it has no overrides.
    var ownContext: String
    /// What names have for it alone.
    var overrides: [Name]
    var user: UInt32
    /// Where it asks.
    var address: String
    var process: Int32
    /// What tells the process from a later one of the same number.
    var identity: String
  }

  /// Of which folder's server they are.
  var folder: String
  /// Of which run of the machine; nil where the system does not tell.
  var machineRun: String?
  var overrides: [Override] = []
  var runs: [Run] = []

  var isEmpty: Bool { overrides.isEmpty && runs.isEmpty }

  /// As the file has it.
  var octets: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return Array((try? encoder.encode(self)) ?? Data()) + [UInt8(ascii: "\n")]
  }

  /// - Returns: nil where the file has anything else.
  init?(octets: [UInt8]) {
    guard let kept = try? JSONDecoder().decode(KeptLeases.self, from: Data(octets)) else { return nil }
    self = kept
  }

  init(folder: String, machineRun: String? = nil) {
    self.folder = folder
    self.machineRun = machineRun
  }
}

/// The file in which what is leased outlives the server: `leases.json`, in a folder that nobody else can write in.
///
/// For the control thread alone.
final class LeaseFile {
  private static let name = "leases.json"
  /// Octets of it at the most: far more than what can be leased.
  private static let longest = 1 << 20

  /// Of which folder's server.
  let served: String
  /// Which run of the machine this is; nil where the system does not tell.
  let machineRun: String?
  /// Nil where there is none.
  private let folder: KeptFolder?
  /// For messages.
  private let path: String
  /// Why what is leased ends with the server; nil where it does not.
  private(set) var problem: String?
  /// What was written last; nil where that is not known.
  private var written: [UInt8]?

  /// None: what is leased ends with the server.
  init(none problem: String) {
    (served, path, machineRun) = ("", "", nil)
    folder = nil
    self.problem = problem
  }

  /// Finds a place for it. To be done before the server becomes another user.
  /// - Parameters:
  ///   - served: the folder that is served.
  ///   - owner: the user that the server is, or will become.
  ///   - place: where to make the folder; nil where there is no usual one.
  init(
    ofFolder served: String, owner: UInt32, in place: String? = KeptFolder.usualPlace,
    machineRun: String? = LinuxIO.machineRun()
  ) {
    self.served = LeaseFile.place(ofFolder: served)
    self.machineRun = machineRun
    guard let place, let name = controlNames(ofFolder: served).last else {
      folder = nil
      path = ""
      problem = "there is no folder for it (RUNTIME_DIRECTORY, XDG_RUNTIME_DIR)"
      return
    }
    path = "\(place)/\(name)/\(Self.name)"
    do throws(SystemError) {
      folder = try KeptFolder(name, in: place, owner: owner)
    } catch {
      folder = nil
      problem = "\(error)"
    }
  }

  /// Where the folder stands, whatever it comes to mean.
  private static func place(ofFolder path: String) -> String {
    let parts = path.split(separator: "/")
    guard let last = parts.last, last != ".", last != ".." else { return resolvedPath(path) ?? path }
    let above = (path.hasPrefix("/") ? "/" : "./") + parts.dropLast().joined(separator: "/")
    return "\(resolvedPath(above) ?? above)/\(last)"
  }

  /// What a server before this one has kept; nil for nothing.
  /// - Throws: a sentence on what is wrong with it.
  func read() throws(OverrideWords.Problem) -> KeptLeases? {
    guard folder != nil else { return nil }
    let octets: [UInt8]?
    do throws(SystemError) {
      octets = try folder?.read(Self.name, atMost: Self.longest)
    } catch {
      throw .init(text: "what was leased before is not leased again: \(error)")
    }
    guard let octets else {
      written = []
      return nil
    }
    guard let kept = KeptLeases(octets: octets) else {
      throw .init(
        text: "what was leased before is not leased again: \(path) is no list of leases")
    }
    // The number of a folder may be another's by now.
    if kept.folder != served { return nil }
    if kept.machineRun != machineRun {
      throw .init(text: "what was leased before is not leased again: the machine was started anew since")
    }
    return kept
  }

  /// Keeps this in place of what was kept.
  /// - Returns: what to say where it cannot be done; nil where it was done, or was said before.
  func keep(_ kept: KeptLeases) -> String? {
    let octets = kept.isEmpty ? [] : kept.octets
    if folder == nil || octets == written { return nil }
    do throws(SystemError) {
      if octets.isEmpty { folder?.remove(Self.name) } else { try folder?.write(Self.name, octets) }
      (written, problem) = (octets, nil)
      return nil
    } catch {
      defer { problem = "\(error)" }
      return problem == nil ? Self.endsWithServer("\(error)") : nil
    }
  }

  /// What the log says of a ``problem``.
  static func endsWithServer(_ problem: String) -> String { "what is leased ends with this server: \(problem)" }
}
