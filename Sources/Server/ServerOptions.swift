package import Addresses
internal import Diagnostics
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
  /// Where messages are handed to dnstap's collectors; nil for what the policy says.
  package var dnstap: DnstapOption?
  /// Seconds between two metrics records; nil for what the policy says.
  package var metricsInterval: UInt32?
  /// Who to become once the sockets are bound; nil for who the policy says.
  package var user: ServerUser?
  /// Shown in the first line.
  package var version = ""

  package init() {}

  /// Where this policy's queries are logged, and which; nil for nowhere. Without a place: what is the same is equal.
  func queryLog(_ policy: Policy) -> QueryLog? {
    if queryLog == "off" { return nil }
    guard let path = queryLog ?? policy.queryLog?.path else { return nil }
    var wanted = QueryLog(path: path)
    if let log = policy.queryLog { (wanted.choice, wanted.rotation) = (log.choice, log.rotation) }
    return wanted
  }

  /// Where its metrics are logged; nil for nowhere.
  func metricsLog(_ policy: Policy) -> MetricsLog? {
    if metricsLog == "off" { return nil }
    guard let path = metricsLog ?? policy.metricsLog?.path else { return nil }
    return MetricsLog(
      path: path, interval: metricsInterval(policy), rotation: policy.metricsLog?.rotation,
      location: SourceLocation(file: ""))
  }

  /// Seconds between two records of the metrics.
  func metricsInterval(_ policy: Policy) -> UInt32 { max(1, metricsInterval ?? policy.metricsLog?.interval ?? 10) }

  /// What says where something goes: the option, or the policy's statement with its place.
  func setting(_ keyword: String, isOption: Bool, _ location: SourceLocation?) -> String {
    isOption ? "--\(keyword)" : location.map { "\(keyword), \($0.wholeLine)" } ?? keyword
  }

  /// Where its messages are handed to collectors, and which; nil for nowhere.
  func dnstap(_ policy: Policy) -> Dnstap? {
    if case .off? = dnstap { return nil }
    var wanted = policy.dnstap
    wanted?.location = SourceLocation(file: "")
    guard case .to(let destination)? = dnstap else { return wanted }
    var tap = Dnstap(destination)
    tap.choice = wanted?.choice ?? LogChoice()
    if case .file = destination { tap.rotation = wanted?.rotation }
    return tap
  }
}

/// What `--dnstap` says.
package enum DnstapOption: Sendable {
  case off
  case to(Dnstap.Destination)
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
