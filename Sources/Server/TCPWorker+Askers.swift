internal import Addresses
internal import FlatMemory
internal import LinuxIO
internal import Metrics
internal import Policy

/// Who asks on a connection: what comes in front of its first message, and what that says.
extension TCPWorker {
  /// Where the first message of a connection starts.
  enum Start {
    case at(Int)
    /// Cannot be told yet; what is not needed any more ends here.
    case notYet(Int)
    /// The connection has to be closed.
    case never
  }

  /// Looks at how a connection begins: with a PROXY header where its peer is a trusted proxy, and only there. Behind it
  /// there is no other: proxies in a row have to agree on one.
  func open(_ connection: TCPConnection, _ bench: inout Bench) -> Start {
    var start = 0
    if connection.opening == .header {
      switch ProxyHeader.read(bench.input.octets) {
      case .incomplete: return .notYet(0)
      case .malformed:
        worker.recordFault(.noProxyHeader, of: connection.socket.peer.address, .tcp)
        return .never
      case .header(let header):
        connection.opening = .message
        let commonName = header.commonName.map { bench.input.octets.octets($0) }
        connection.proxied = TCPConnection.Proxied(source: header.source, commonName: commonName)
        if case .address(let client) = header.client, !count(connection, as: client.address, &bench) { return .never }
        start = header.length
      }
    }
    switch ProxyHeader.isBegun(by: bench.input.octets.extracting(droppingFirst: start)) {
    case nil: return .notYet(start)
    case .some(true):
      let cause = connection.isProxied ? SilenceCause.noProxyHeader : .untrustedProxy
      worker.recordFault(cause, of: connection.socket.peer.address, .tcp)
      return .never
    case .some(false):
      connection.opening = .over
      return .at(start)
    }
  }

  /// Who asks, by all that is known of a connection and the snapshot in force.
  func evidence(of connection: TCPConnection, _ bench: inout Bench) -> Evidence {
    let served = bench.served
    let peer = connection.socket.peer
    var evidence = Evidence(source: peer.address, listenerContext: served.context(ofListener: connection.listener))
    if let proxied = connection.proxied {
      guard let source = proxied.source else { return evidence }
      evidence.source = source
      evidence.addressSource = .proxy
      if let name = proxied.commonName { served.snapshot.policy.callers.note(commonName: name.span, in: &evidence) }
    } else if served.snapshot.policy.callers.hasUsers {
      if connection.shouldAskForUser(in: served.generation) {
        let user = connection.socket.localAddress.flatMap {
          bench.asker.user(of: peer, asking: $0, isStream: true, served, worker.metrics)
        }
        connection.user = user.map { .number($0) } ?? .nobody
        connection.userGeneration = served.generation
      }
      if case .number(let number) = connection.user { evidence.user = number }
    }
    return evidence
  }
}
