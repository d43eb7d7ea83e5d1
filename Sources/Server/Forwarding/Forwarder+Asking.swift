internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics

/// Queries to servers.
extension Forwarder {
  /// Nanoseconds for a reply over TCP, with its connection.
  private static let streamTime: UInt64 = 2_000_000_000
  /// Datagrams that one server is sent for one question (RFC 9520 §3.1); then, if it answers others, it is asked over TCP.
  private static let mostDatagrams = 3
  /// Attempts of one question whose replies are still welcome: the newest.
  private static let openAttempts = 3

  /// How a server is asked once more.
  struct Again {
    let server: Int
    let overStream: Bool
  }

  /// Asks the next server, or one once more. Where none can be asked and no reply can come any more, the question fails.
  func ask(_ pending: PendingQuestion, again: Again? = nil, _ bench: inout Bench) {
    var again = again
    // A late fault of an older attempt changes nothing where a newer one is waited for.
    if again == nil, pending.attempts.contains(where: \.isCurrent) { return }
    // Each turn tries another server or ends.
    for _ in 0...pending.servers.count {
      guard pending.attemptCount < pending.mostAttempts, bench.lines[pending.route] != nil else { break }
      let now = Clock.monotonicNanoseconds()
      let server: Int
      if let again {
        server = again.server
      } else {
        if pending.tried.count >= pending.servers.count {
          // Everybody was asked. Those that said something are not asked again, those that were silent may be.
          pending.tried.subtract(
            pending.timedOut.filter {
              pending.silences[$0, default: 0] < Self.mostDatagrams || isDueForStream(pending, $0, bench)
            })
          if pending.tried.count >= pending.servers.count { break }
        }
        server = nextServer(pending, now, &bench)
      }
      pending.tried.insert(server)
      pending.attemptCount += 1
      let isLastTry = again == nil && isDueForStream(pending, server, bench)
      if send(pending, to: server, overStream: again?.overStream ?? isLastTry, isLastTry: isLastTry, now, &bench) {
        return
      }
      again = nil
    }
    if pending.attempts.isEmpty { fail(pending, &bench) }
  }

  /// What is said of a server that has not replied.
  static let silence = "did not answer"

  private func nextServer(_ pending: PendingQuestion, _ now: UInt64, _ bench: inout Bench) -> Int {
    let random = bench.random.next()
    let next = bench.lines[pending.route]?.upstreams.next(
      tried: pending.tried, needsEDNS: pending.question.kind.isDNSSECOK, random: random, now: Int64(now / 1_000_000))
    return min(max(0, next ?? 0), pending.servers.count - 1)
  }

  /// True where a server that answers others has been silent to a question so often that it is asked over TCP, once: one
  /// that limits its rate, or a network that loses datagrams, lets a connection through.
  private func isDueForStream(_ pending: PendingQuestion, _ server: Int, _ bench: borrowing Bench) -> Bool {
    pending.silences[server] == Self.mostDatagrams
      && bench.lines[pending.route]?.upstreams.servers[server].isDoubtful == false
  }

  /// Sends a query to one server.
  /// - Returns: false where it could not be sent, which has been noted: of the server where it cannot be reached, not where
  /// this host is short of descriptors or ports, or the server is itself.
  private func send(
    _ pending: PendingQuestion, to server: Int, overStream: Bool, isLastTry: Bool, _ now: UInt64, _ bench: inout Bench
  ) -> Bool {
    let address = pending.servers[server]
    if isOwn(address) {
      // Said, but held against nobody.
      pending.faults[server] = "is this server itself: forward loops back"
      return false
    }
    guard let line = bench.lines[pending.route] else { return false }
    let known = line.upstreams.servers[server]
    let milliseconds = Int64(now / 1_000_000)
    let lack = pending.without[server] ?? bench.lines[pending.route]?.upstreams.leaveOut(server, now: milliseconds)
    let query = UpstreamQuery(
      pending.question, id: UInt16(truncatingIfNeeded: bench.random.next()),
      caseBits: known.lacks(.capitals, at: milliseconds) ? nil : bench.random.next(), hasEDNS: lack != .edns,
      options: lack == nil ? LoopToken.option(pending.path + [LoopToken.number(pending.question, secret: secret)]) : [])
    bench.lastNumber += 1
    let attempt = UpstreamAttempt(
      token: bench.lastNumber, pending, server: server, address, query, without: lack, isLastTry: isLastTry, at: now)
    do throws(SystemError) {
      let raw = try attempt.open(overStream: overStream, using: &bench.message)
      try bench.poller.add(raw, token: attempt.token, writable: overStream)
    } catch {
      if error.isWantOfHost {
        pending.faults[server] = "cannot be asked from here: \(error.reason)"
      } else {
        bench.tallies[address]?.counts.asked += 1
        bench.tallies[address]?.counts.record(.unreachable)
        if isLastTry {
          didEndLastTry(pending, server, &bench)
        } else {
          note(pending, server, "cannot be reached: \(error.reason)", now, &bench)
        }
      }
      return false
    }
    worker.metrics.count(overStream ? .upstreamStreams : .upstreamQueries)
    attempt.tally = bench.tallies[address]
    attempt.tally?.counts.asked += 1
    for older in pending.attempts { supersede(older, &bench) }
    pending.attempts.append(attempt)
    pending.wasSent = true
    bench.attempts[attempt.token] = attempt
    while pending.attempts.count > Self.openAttempts { close(pending.attempts.removeFirst().token, &bench) }
    // Sockets are few: of those that another took the place of, whoever's, the oldest go. One a question is current, and
    // there are no more questions than room.
    while bench.attempts.count > room, let token = bench.superseded.popFirst() { close(token, &bench) }
    let time = overStream ? Self.streamTime : UInt64(max(1, line.upstreams.timeout(of: server))) * 1_000_000
    bench.timers.add(.attempt, attempt.token, at: now + time)
    return true
  }

  /// The one over TCP came to nothing: that is nothing new, and this question is not asked there again.
  func didEndLastTry(_ pending: PendingQuestion, _ server: Int, _ bench: inout Bench) {
    bench.tallies[pending.servers[server]]?.counts.failed += 1
    worker.metrics.count(.upstreamFailures)
    pending.silences[server, default: 0] += 1
    pending.timedOut.insert(server)
  }

  /// Another attempt takes the place of one, whose reply is still welcome.
  func supersede(_ attempt: UpstreamAttempt, _ bench: inout Bench) {
    guard attempt.isCurrent else { return }
    attempt.isCurrent = false
    bench.superseded.append(attempt.token)
  }

  /// Leaves an attempt open whose question is over: a server that has to ask others for a name is slow, and not dead, and
  /// only its reply can tell; and were times known only of queries that somebody still waited for, the long ones would be
  /// left out. Among the first to go where sockets are few.
  func linger(_ attempt: UpstreamAttempt, _ bench: inout Bench) {
    supersede(attempt, &bench)
    attempt.isLate = true
    bench.timers.add(.late, attempt.token, at: attempt.sent + UInt64(Upstreams.longestTimeout) * 1_000_000)
  }

  /// Ends an attempt, where it has not ended, and counts what came of it; its socket is closed with it.
  func close(_ token: UInt64, _ bench: inout Bench) {
    guard let attempt = bench.attempts.removeValue(forKey: token) else { return }
    if let reason = attempt.noReply { attempt.tally?.counts.record(reason) }
    attempt.question.attempts.removeAll { $0 === attempt }
  }

  /// True for an address that this server listens on.
  private func isOwn(_ address: SocketAddress) -> Bool {
    listeners.contains { listener in
      let own = listener.socket.localAddress
      return own == address
        || own.port == address.port && own.address.isWildcard && own.address.isIPv4 == address.address.isIPv4
          && address.address.isLoopback
    }
  }

  /// Takes note of what a server did that was of no use. One that has said something about the question is alive all the
  /// same: nobody is to take servers from others by what he asks.
  /// - Parameter sent: when it was asked, in nanoseconds, unless it could not be; see ``Upstreams/didTimeOut(_:sent:now:)``.
  func note(
    _ pending: PendingQuestion, _ server: Int, _ fault: String, sent: UInt64? = nil, _ now: UInt64,
    _ bench: inout Bench
  ) {
    pending.faults[server] = fault
    pending.timedOut.remove(server)
    pending.refusals[server] = nil
    bench.tallies[pending.servers[server]]?.counts.failed += 1
    worker.metrics.count(.upstreamFailures)
    if !pending.heard.contains(server) {
      let milliseconds = Int64(now / 1_000_000)
      change(pending, server, &bench) { upstreams in
        if let sent {
          upstreams.didTimeOut(server, sent: Int64(sent / 1_000_000), now: milliseconds)
        } else {
          upstreams.didFail(server, now: milliseconds)
        }
      }
    }
  }

  /// Changes what is known of a server, and says in the log where it is taken for dead or comes back: once, not for each
  /// query.
  func change(
    _ pending: PendingQuestion, _ server: Int, _ bench: inout Bench, _ body: (inout Upstreams) -> Void
  ) {
    guard var line = bench.lines.removeValue(forKey: pending.route) else { return }
    let wasDown = line.upstreams.servers[server].isDown
    body(&line.upstreams)
    let isDown = line.upstreams.servers[server].isDown
    bench.lines[pending.route] = line
    if isDown, !wasDown {
      log.write(
        "upstream \(pending.servers[server]) is taken for dead: it \(pending.faults[server] ?? Self.silence); "
          + (pending.servers.count > 1
            ? "the others of its forward line are asked" : "no other server is in its forward line, add one"))
    } else if wasDown, !isDown {
      log.write("upstream \(pending.servers[server]) answers again")
    }
  }
}
