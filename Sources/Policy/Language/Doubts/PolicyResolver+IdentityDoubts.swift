internal import Addresses
internal import Diagnostics

/// Doubts about whom the server believes, and about its logs.
extension PolicyResolver {
  mutating func findTrustDoubts() {
    let trusted = [("ecs", "forwarders", policy.trustedForwarders), ("proxy", "proxies", policy.trustedProxies)]
    for (kind, peers, prefixes) in trusted {
      var first: [Prefix: SourceLocation] = [:]
      for said in prefixes {
        if let other = first[said.prefix] {
          diagnostics.warning(
            at: said.location,
            "\(said.prefix) is already trusted for \(kind) at \(other.short); once is enough")
          continue
        }
        first[said.prefix] = said.location
        if said.prefix.length == 0 {
          diagnostics.warning(
            at: said.location,
            "\(said.prefix) is everyone, who may then pretend to be anyone; write the addresses of your \(peers)")
        }
      }
    }
  }

  mutating func findIdentityDoubts() {
    let requiring = policy.services.filter { $0.requireLocation != nil }
    let identity = policy.services.lazy.flatMap(\.identities).first
    let hasUsers = policy.services.contains { !$0.users.isEmpty }
    if let identity, policy.trustedProxies.isEmpty {
      diagnostics.warning(
        at: identity.location,
        "no line says whose word is taken for certificates' names, so none is ever known; write "
          + "\"trust proxy from PREFIX...\" with the addresses of your proxies")
    }
    guard let first = requiring.first, let place = first.requireLocation else { return }
    if !hasUsers, identity == nil || policy.trustedProxies.isEmpty {
      let whom = requiring.count == 1 ? quoted(first.display) : "\(requiring.count) services"
      let remedy =
        identity == nil
        ? "write an identity or uid line in the services that call" : "write \"trust proxy from PREFIX...\""
      diagnostics.warning(
        at: place, "no caller's identity is ever known, so nobody can call \(whom); \(remedy)")
      return
    }
    for service in requiring {
      for word in service.allows.words {
        let areNameless = word.subjects.allSatisfy { subject in
          guard case .service(let index) = subject, index != servicesByName[service.name] else { return false }
          return policy.services[index].identities.isEmpty && policy.services[index].users.isEmpty
        }
        guard areNameless, let required = service.requireLocation else { continue }
        diagnostics.warning(
          at: word.location,
          "\(policy.shown(word)) has neither identity nor uid line, and \(quoted(service.display)) requires one "
            + "(\(required.short)); write one in its service, or remove the word")
      }
    }
  }

  /// An address has one TCP listener: DNS over TCP is at every `listen` address.
  mutating func findHTTPDoubts() {
    guard let http = policy.http, let address = http.addresses.first(where: isListenedOn) else { return }
    diagnostics.error(
      at: http.location,
      "\(address) is where DNS over TCP is served (listen); write another port, for example "
        + "\(SocketAddress(address.address, port: HTTPService.defaultPort))")
  }

  private func isListenedOn(_ address: SocketAddress) -> Bool { policy.listens.contains { $0.address == address } }

  mutating func findLogDoubts() {
    var logs: [(what: String, path: String, location: SourceLocation)] = []
    if let log = policy.queryLog { logs.append(("queries", log.path, log.location)) }
    if let log = policy.metricsLog, let path = log.path { logs.append(("metrics", path, log.location)) }
    if let tap = policy.dnstap { logs.append(("dnstap", tap.destination.path, tap.location)) }
    for (index, first) in logs.enumerated() {
      for second in logs[(index + 1)...] where first.path == second.path {
        let (later, earlier) =
          first.location < second.location ? (second.location, first.location) : (first.location, second.location)
        diagnostics.warning(
          at: later,
          "\(first.what) and \(second.what) are both written to \(quoted(first.path)), see \(earlier.short); "
            + "name another file")
      }
    }
  }
}
