package import FlatMemory

/// What is said of the policy in band: to whom, and in which words (`explain`).
///
/// Texts are made at load, so that a response can quote them without an allocation.
public struct Telling: ~Copyable, Sendable {
  /// By context number: whether callers in it are told why. The root's is that of callers in none.
  private let isTold: FlatArray<Bool>
  private let contextPaths: TextTable
  private let grants: TextTable
  /// The words of `allow` lines: which comes first, and its place.
  private let allowed: SubjectTable
  private let places: TextTable

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
    var places = TextTable.Builder()
    var allowed: [(service: UInt32, subject: Grant.Subject, value: UInt64)] = []
    for (index, service) in policy.services.enumerated() {
      for (order, grant) in service.allows.enumerated() {
        let place = places.number(of: grant.location.short)
        allowed.append((UInt32(index + 1), grant.subject, UInt64(order) << 32 | UInt64(place)))
      }
    }
    self.allowed = SubjectTable(allowed, policy)
    self.places = TextTable(places)
  }

  /// True where a caller may ask why, and is told by refusals.
  package func tells(_ caller: Caller) -> Bool { isTold[Int(caller.context)] }

  /// Appends `shard-a in prod`; nothing for the root.
  package func appendContextPath(_ context: UInt16, to buffer: inout OctetBuffer) {
    contextPaths.append(UInt32(context), to: &buffer)
  }

  /// Appends who may call a service: `web, checkout (orders.policy:5)`.
  package func appendGrants(_ service: UInt32, to buffer: inout OctetBuffer) { grants.append(service, to: &buffer) }

  /// The first `allow` line of a service that means a caller; 0 where none does. For ``appendPlace(_:to:)``.
  package func allowingLine(_ caller: Caller, service: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: allowed.least(caller, service: service) ?? 0)
  }

  /// Appends `orders.policy:5`; nothing for 0.
  package func appendPlace(_ line: UInt32, to buffer: inout OctetBuffer) { places.append(line, to: &buffer) }

  /// Subjects told of one service: more are only counted.
  private static var mostSubjects: Int { 16 }

  private static func grants(of service: Service, _ policy: borrowing Policy) -> String {
    if service.allows.isEmpty {
      let line = policy.defaultLocation.map { " (\($0.short))" } ?? ""
      switch policy.defaultDecision {
      case .allow: return "whoever no rule refuses: default allow\(line)"
      case .refuse: return "nobody but itself: default refuse\(line)"
      }
    }
    // A group's members stand where its word does.
    var written: [Grant] = []
    for grant in service.allows where grant.location != written.last?.location { written.append(grant) }
    var parts: [String] = []
    var words: [String] = []
    let told = written.prefix(mostSubjects)
    for (index, grant) in told.enumerated() {
      words.append(policy.word(of: grant))
      if index + 1 == told.count || told[index + 1].location.wholeLine != grant.location.wholeLine {
        parts.append("\(words.joined(separator: ", ")) (\(grant.location.short))")
        words = []
      }
    }
    let rest = written.count - told.count
    return parts.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}

extension Policy {
  /// The word of a line as it is written: a service, a context or a group by its name, or `*`.
  package func word(of grant: Grant) -> String {
    if let group = grant.group { return groups[group].name }
    switch grant.subject {
    case .everyone: return "*"
    case .service(let index): return services[index].display
    case .context(let number): return contexts.nodes[number].name
    }
  }
}

extension CompiledPolicy {
  /// One of the rules that a call breaks, with its line.
  package func refusal(by rule: Rule, _ caller: Caller, target service: UInt32, at time: UInt32) -> Refusal {
    Refusal(rule, reason: calls.facts(caller, service, at: time)?.reason(rule) ?? 0)
  }
}
