internal import DNSFormat
internal import Policy

/// An exception that comes, goes, or ends on another day: a hole that stays open longer is no answer of today's, and yet
/// what a reader of a change has to see.
struct ExceptionChange {
  let key: DifferenceSearch.Key
  /// The service that may be called all the same.
  let service: DomainName
  private let oldCaller: Grant.Subject?
  private let newCaller: Grant.Subject?

  /// True where it is an exception for this caller, in either policy.
  func concerns(_ oldCaller: Caller, _ newCaller: Caller, _ pair: SnapshotPair) -> Bool {
    func isMeant(_ caller: Caller, by subject: Grant.Subject?, _ policy: Policy) -> Bool {
      switch subject {
      case .none: false
      case .everyone: true
      case .service(let index): caller.service == UInt32(index + 1)
      case .context(let number): policy.contexts.isContext(Int(caller.context), in: number)
      }
    }
    return isMeant(oldCaller, by: self.oldCaller, pair.old.policy.policy)
      || isMeant(newCaller, by: self.newCaller, pair.new.policy.policy)
  }

  /// Those that differ, of which one at least has not ended. Of several for a pair the last to end counts.
  static func all(_ pair: SnapshotPair) -> [ExceptionChange] {
    let old = live(pair.old.policy.policy, at: pair.time), new = live(pair.new.policy.policy, at: pair.time)
    return Set(old.keys).union(new.keys).sorted { ($0.caller, $0.text) < ($1.caller, $1.text) }.compactMap { key in
      let was = old[key], now = new[key]
      if was?.end == now?.end { return nil }
      func words(_ exception: PolicyException?) -> String { exception.map { "until \($0.lastDay)" } ?? "none" }
      let place = (now ?? was)?.location.wholeLine.description
      return ExceptionChange(
        key: DifferenceSearch.Key(
          kind: .server, text: "except \(key.text): \(words(was)) → \(words(now))", place: place),
        service: key.service, oldCaller: was?.caller, newCaller: now?.caller)
    }
  }

  /// Whom an exception is for.
  private struct Pair: Hashable {
    let caller: String
    let service: DomainName
    /// `web -> pay`.
    let text: String
  }

  private static func live(_ policy: Policy, at time: UInt32) -> [Pair: PolicyException] {
    var found: [Pair: PolicyException] = [:]
    for exception in policy.exceptions where exception.end > time {
      let service = policy.services[exception.service]
      let caller: String
      let word: String
      switch exception.caller {
      case .service(let index):
        word = policy.services[index].display
        caller = "service \(policy.services[index].name)"
      case .context(let number):
        word = policy.contexts.nodes[number].name
        caller = "context \(word)"
      case .everyone:
        word = "*"
        caller = word
      }
      let key = Pair(caller: caller, service: service.name, text: "\(word) -> \(service.display)")
      if let other = found[key], other.end >= exception.end { continue }
      found[key] = exception
    }
    return found
  }
}
