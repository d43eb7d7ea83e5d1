internal import LinuxIO

/// Connects to the servers of a folder, one after the other.
///
/// Believed are those that root, this user, or the folder's owner started, or whom these say to be it (``serversUsers``):
/// anyone may take an abstract name.
struct ServerFinder {
  /// A server, and the connection to it.
  final class Server: Sendable {
    let socket: LocalSocket
    /// One of its names.
    let name: String
    /// The number of its process; nil where the system does not say.
    let process: Int32?

    init(_ socket: consuming LocalSocket, _ name: String) {
      self.name = name
      process = socket.peerProcess
      self.socket = socket
    }
  }

  /// Who has a name and is not believed; nil where nobody was met.
  private(set) var stranger: ControlClient.Problem?

  private let folder: String
  private let believed: [UInt32?]
  /// The names still to be tried, by number.
  private var names: [[String]]
  private var found: Set<Int32> = []

  /// - Parameter user: one more whose server is believed; nil for none.
  init(_ folder: String, startedBy user: ProcessUser?) {
    self.folder = folder
    believed = [0, currentUser, fileStatus(folder)?.owner, user?.number]
    names = controlNumbers.map { controlNames(ofFolder: folder, number: $0) }
  }

  /// The next server; nil where there is no more.
  ///
  /// A server has several names, which its process shows. Where that is not shown, those of one number are taken for one's.
  mutating func next() throws(ControlClient.Problem) -> Server? {
    while !names.isEmpty {
      if names[0].isEmpty {
        names.removeFirst()
        continue
      }
      let name = names[0].removeFirst()
      guard let server = try server(called: name) else { continue }
      if let process = server.process {
        if !found.insert(process).inserted { continue }
      } else {
        names.removeFirst()
      }
      return server
    }
    return nil
  }

  /// The server that has a name; nil where nobody has, or one who is not believed.
  mutating func server(called name: String) throws(ControlClient.Problem) -> Server? {
    do throws(SystemError) {
      guard let socket = try LocalSocket.connect(to: name) else { return nil }
      let user = socket.peerUser
      guard let user, believed.contains(user) || serversUsers(ofFolder: folder).contains(user) else {
        stranger = .stranger(user: user)
        return nil
      }
      return Server(socket, name)
    } catch {
      throw .system(error)
    }
  }
}
