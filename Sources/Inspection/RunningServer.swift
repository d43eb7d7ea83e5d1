internal import Addresses
internal import Answering
internal import DNSFormat
internal import Policy

/// What an answer rests on that a configuration does not say: only a running server has found it out.
struct RunningServer {
  let snapshot: Snapshot
  let outcome: Outcome
  let name: DomainName
  let type: RRType
  let asker: Asker

  /// What is not known of the answer, each with the line that makes it matter, and how the server is asked.
  /// - Parameter owners: the names on the way, the last of which others may answer for.
  /// - Returns: none where the configuration says all.
  func unknown(_ owners: [String]) -> [Explanation.Fact] {
    var services: [UInt32] = []
    for owner in owners {
      let number = (try? DomainName(owner)).map { snapshot.policy.serviceNumber(for: $0) } ?? 0
      if number != 0, !services.contains(number) { services.append(number) }
    }
    let found = services.flatMap { health($0) + calls($0) }
    let others = outcome.decision == .forwarded ? forwarded(owners.last ?? "\(name)") : []
    if found.isEmpty, others.isEmpty { return [] }
    return found + others + [
      Explanation.Fact(text: "ask the server that runs: \(ways(explained: !found.isEmpty))", place: nil)
    ]
  }

  /// Whether endpoints are up, and so which are answered.
  private func health(_ number: UInt32) -> [Explanation.Fact] {
    let service = snapshot.policy.policy.services[Int(number) - 1]
    guard let health = service.steering.health else { return [] }
    let found = Explanation.Fact(
      text: "which endpoints of \(service.display) are up: here all are taken to be", place: health.location.short)
    let effect: String
    switch service.steering.failure {
    case .open: return [found]
    case .refuse: effect = "it is refused"
    case .fallback(let index): effect = "\(snapshot.policy.policy.services[index].display) stands in for it"
    }
    return [
      found,
      Explanation.Fact(
        text: "whether all endpoints of \(service.display) are down: then \(effect)",
        place: service.steering.places["fail"]?.short),
    ]
  }

  /// Whether the call would close a cycle among those that were seen.
  private func calls(_ number: UInt32) -> [Explanation.Fact] {
    let policy = snapshot.policy, caller = outcome.caller.service
    guard let line = policy.policy.acyclicObservedLocation, caller != 0, caller != number else { return [] }
    return [
      Explanation.Fact(
        text: "whether \(policy.serviceName(number)) was seen calling \(policy.serviceName(caller)): "
          + "then \(Rule.observed.word) counts", place: line.short)
    ]
  }

  /// What others say.
  private func forwarded(_ owner: String) -> [Explanation.Fact] {
    let line = snapshot.policy.policy.forwards[Int(outcome.route) - 1]
    let servers = line.servers.map(\.description).joined(separator: " or ")
    return [
      Explanation.Fact(
        text:
          "what \(servers) says of \(owner); from an alias in it on, zones and forward lines of the caller's context count",
        place: line.location.short)
    ]
  }

  /// `dig` where it may ask, and the page, which explains any caller's questions and asks nobody else.
  /// - Parameter isExplained: there is more to say than what others answer.
  private func ways(explained isExplained: Bool) -> String {
    var ways: [String] = []
    if let dig {
      if outcome.decision == .forwarded { ways.append("\(dig) \(nameForDig) \(type)") }
      if isExplained, snapshot.policy.telling.tells(outcome.caller) { ways.append("\(dig) CH TXT \(nameForDig)") }
    }
    if isExplained, let page = (snapshot.policy.policy.http?.addresses ?? [HTTPService.defaultAddress]).first {
      let identity =
        asker.certificate.map { "&certificate=\(inQuery("\($0)"))" } ?? asker.user.map { "&user=\(inQuery("\($0)"))" }
        ?? ""
      ways.append(
        "curl 'http://\(page)/explain.json?name=\(inQuery("\(name)"))&type=\(type)&from=\(asker.source)\(identity)'")
    }
    return ways.isEmpty ? "it tells nobody (explain off, http off); see its log" : ways.joined(separator: ", or ")
  }

  /// The name as a shell takes it and `dig` takes it for no option: anything may be in a name.
  private var nameForDig: String {
    let text = "\(name)"
    let word =
      text.utf8.allSatisfy(isPlain)
      ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    return "+-".contains(text.prefix(1)) ? "-q \(word)" : word
  }

  /// The command up to the question; nil where the policy has no listener.
  private var dig: String? {
    let listens = snapshot.policy.policy.listens.map(\.address)
    let source = asker.source
    let near = asker.listener ?? listens.first { $0.address.isIPv4 == source.isIPv4 }
    guard let listen = near ?? listens.first else { return nil }
    let isAnywhere = listen.address.high == 0 && listen.address.low == 0
    let host = isAnywhere ? (listen.address.isIPv4 ? "127.0.0.1" : "::1") : listen.address.description
    let isUsual = near == nil || source.description == "127.0.0.1" || source.description == "::1"
    return "dig @\(host)" + (listen.port == 53 ? "" : " -p \(listen.port)") + (isUsual ? "" : " -b \(source)")
  }
}

/// A value in a URL's query, percent-encoded (RFC 3986 §2.1): as it stands in a shell's single quotes, too.
private func inQuery(_ text: String) -> String {
  text.utf8.map { octet in
    if isPlain(octet) { return String(UnicodeScalar(octet)) }
    return (octet < 16 ? "%0" : "%") + String(octet, radix: 16, uppercase: true)
  }.joined()
}

/// Characters that mean nothing in a URL (RFC 3986 §2.3) and nothing in a shell, so all but the tilde.
private func isPlain(_ octet: UInt8) -> Bool {
  switch octet {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"),
    UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
    true
  default: false
  }
}
