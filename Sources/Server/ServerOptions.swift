package import Addresses
package import Policy

/// What the command line says of a server; where it says nothing, the policy does.
package struct ServerOptions: Sendable {
  /// The configuration's folder.
  package var folder = "zones"
  /// Where to listen instead of where the policy says; empty for there.
  package var listens: [SocketAddress] = []
  /// Workers; nil for one a core.
  package var workers: Int?
  /// A zone that does not load keeps the server from starting.
  package var isStrict = false
  /// Where metrics are logged: a path, or `off`; nil for what the policy says.
  package var metricsLog: String?
  /// Where queries are logged: a path, or `off`; nil for what the policy says.
  package var queryLog: String?
  /// Where HTTP is served instead of where the policy says, nowhere where empty; nil for there.
  package var http: [SocketAddress]?
  /// Seconds between two metrics records; nil for what the policy says.
  package var metricsInterval: UInt32?
  /// Who to become once the sockets are bound; nil for who the policy says.
  package var user: ServerUser?
  /// Shown in the first line.
  package var version = ""

  package init() {}

  /// Where this policy's queries are logged, and which; nil for nowhere.
  func queryLog(_ policy: Policy) -> (path: String, scope: QueryLog.Scope)? {
    let path = queryLog ?? policy.queryLog?.path ?? "off"
    return path == "off" ? nil : (path, policy.queryLog?.scope ?? .all)
  }
}

/// How a server ended.
package enum ServerExit: Int32, Sendable {
  /// Asked to, and all was well.
  case done = 0
  /// The configuration is wrong.
  case badInput = 1
  /// The system said no.
  case system = 3
}
