internal import LinuxIO

/// Connects to the servers of a folder, one after the other.
///
/// Believed are those that root, this user, or the folder's owner started, or whom these say to be it (``serversUsers``):
/// anyone may take an abstract name.
struct ServerFinder {
  /// A server, and the connection to it.
  final class Server: Sendable {
    let socket: LocalSocket
    /// The number of its process; nil where the system does not say.
    let process: Int32?

    init(_ socket: consuming LocalSocket) {
      process = socket.peerProcess
      self.socket = socket
    }
  }

  /// Why names that someone has led to no server: strangers', and such as take no connection now. Anyone may take a name,
  /// and so make either; it is of no account where a server is found.
  private(set) var problems: [ControlClient.Problem] = []

  private let folder: String
  private let believed: [UInt32?]
  /// The names still to be tried, by number.
  private var names: [[String]]
  /// Those that take no connection now, and how often they are still tried again: a server has room soon.
  private var busy: [String: ControlClient.Problem] = [:]
  private var triesLeft = 10
  private var found: Set<Int32> = []

  /// - Parameters:
  ///   - user: one more whose server is believed; nil for none.
  ///   - numbers: of the servers that are looked for, see ``controlNumbers``.
  init(_ folder: String, startedBy user: ProcessUser? = nil, numbers: Range<Int> = controlNumbers) {
    self.folder = folder
    believed = [0, currentUser, fileStatus(folder)?.owner, user?.number]
    names = numbers.map { controlNames(ofFolder: folder, number: $0) }
  }

  /// The next server; nil where there is no more.
  ///
  /// A server has several names, which its process shows. Where that is not shown, those of one number are taken for one's.
  mutating func next() -> Server? {
    while true {
      guard let number = names.first else {
        if busy.isEmpty || triesLeft == 0 { break }
        triesLeft -= 1
        pause(milliseconds: 20)
        names = busy.keys.sorted().map { [$0] }
        busy = [:]
        continue
      }
      guard let name = number.first else {
        names.removeFirst()
        continue
      }
      names[0].removeFirst()
      guard let server = server(called: name) else { continue }
      if let process = server.process {
        if !found.insert(process).inserted { continue }
      } else {
        names.removeFirst()
      }
      return server
    }
    problems += busy.sorted { $0.key < $1.key }.map(\.value)
    busy = [:]
    return nil
  }

  /// The server that has a name; nil where nobody has, or one who is not believed, or it takes no connection.
  private mutating func server(called name: String) -> Server? {
    do throws(SystemError) {
      guard let socket = try LocalSocket.connect(to: name) else { return nil }
      let user = socket.peerUser
      guard let user, believed.contains(user) || serversUsers(ofFolder: folder).contains(user) else {
        problems.append(.stranger(user: user))
        return nil
      }
      return Server(socket)
    } catch {
      busy[name] = .system(error)
      return nil
    }
  }
}
