package import FlatMemory

/// What is said of the policy in band: to whom, and in which words (`explain`, `version`).
///
/// Texts are made at load, so that a response can quote them without an allocation.
public struct Telling: ~Copyable, Sendable {
  /// By context number: whether callers in it are told why. The root's is that of callers in none.
  private let isTold: FlatArray<Bool>
  private let contextPaths: TextTable
  private let grants: TextTable
  /// What `version.bind` is told; empty for the server's own, where ``hasOwnVersion`` is true, and for nothing.
  package let version: FlatArray<UInt8>
  /// True where the server says its own version.
  package let hasOwnVersion: Bool

  init(_ policy: borrowing Policy) {
    let contexts = policy.contexts
    let audience = policy.explaining.audience
    isTold = FlatArray(
      contexts.nodes.indices.map { number in
        switch audience {
        case .everyone: true
        case .nobody: false
        case .contexts(let told): number > 0 && told.contains { contexts.isContext(number, in: $0) }
        }
      })
    var paths = TextTable.Builder()
    for number in contexts.nodes.indices.dropFirst() {
      paths.add(contexts.path(from: number).dropLast().map { contexts.nodes[$0].name }.joined(separator: " in "))
    }
    contextPaths = TextTable(paths)
    var grants = TextTable.Builder()
    for service in policy.services { grants.add(Self.grants(of: service, policy)) }
    self.grants = TextTable(grants)
    var own = false
    switch policy.versionText {
    case .own:
      own = true
      version = FlatArray([])
    case .off: version = FlatArray([])
    case .text(let text): version = FlatArray(Array(text.utf8))
    }
    hasOwnVersion = own
  }

  /// True where a caller may ask why, and is told by refusals.
  package func tells(_ caller: Caller) -> Bool { isTold[Int(caller.context)] }

  /// Appends `shard-a in prod`; nothing for the root.
  package func appendContextPath(_ context: UInt16, to buffer: inout OctetBuffer) {
    contextPaths.append(UInt32(context), to: &buffer)
  }

  /// Appends who may call a service: `web, checkout (orders.policy:5)`.
  package func appendGrants(_ service: UInt32, to buffer: inout OctetBuffer) { grants.append(service, to: &buffer) }

  /// Subjects told of one service: more are only counted.
  private static var mostSubjects: Int { 16 }

  private static func grants(of service: Service, _ policy: borrowing Policy) -> String {
    func word(_ subject: Grant.Subject) -> String {
      switch subject {
      case .everyone: "*"
      case .service(let index): policy.services[index].display
      case .context(let number): policy.contexts.nodes[number].name
      }
    }
    if service.allows.isEmpty {
      let line = policy.defaultLocation.map { " (\($0.short))" } ?? ""
      switch policy.defaultDecision {
      case .allow: return "whoever no rule refuses: default allow\(line)"
      case .refuse: return "nobody but itself: default refuse\(line)"
      }
    }
    var parts: [String] = []
    var words: [String] = []
    let told = service.allows.prefix(mostSubjects)
    for (index, grant) in told.enumerated() {
      words.append(word(grant.subject))
      let next = index + 1 < told.count ? told[told.startIndex + index + 1] : nil
      if next?.location.wholeLine != grant.location.wholeLine {
        parts.append("\(words.joined(separator: ", ")) (\(grant.location.short))")
        words = []
      }
    }
    let rest = service.allows.count - told.count
    return parts.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
