internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics

/// What comes of queries to servers.
extension Forwarder {
  /// Datagrams that are no reply to a query, before it is asked over TCP: somebody may be guessing.
  private static let mostRejected = 16

  /// Something came on an attempt's socket.
  func hear(_ attempt: UpstreamAttempt, _ bench: inout Bench) {
    if let datagrams = attempt.datagrams {
      hear(attempt, datagrams, &bench)
    } else if let stream = attempt.stream {
      hear(attempt, stream, &bench)
    }
  }

  private func hear(
    _ attempt: UpstreamAttempt, _ datagrams: UpstreamAttempt.DatagramSocket, _ bench: inout Bench
  ) {
    let pending = attempt.question
    // A few at a time: what is left is reported again.
    for _ in 0..<8 {
      switch datagrams.socket.receive(into: &bench.message) {
      case .nothing: return
      case .unreachable(let error):
        attempt.noReply = .unreachable
        if attempt.isLate { return close(attempt.token, &bench) }
        let now = Clock.monotonicNanoseconds()
        note(pending, attempt.server, "cannot be reached: \(error.reason)", sent: attempt.sent, now, &bench)
        drop(attempt, &bench)
        return ask(pending, &bench)
      case .datagram:
        if judge(attempt, &bench) { return }
      }
    }
  }

  private func hear(_ attempt: UpstreamAttempt, _ stream: UpstreamStream, _ bench: inout Bench) {
    let pending = attempt.question
    let step = stream.advance(using: &bench.message)
    if case .ended = step { attempt.noReply = .unreachable }
    switch step {
    case .goesOn(let writes):
      try? bench.poller.modify(stream.raw, token: attempt.token, readable: true, writable: writes)
    case .reply:
      stream.takeReply(into: &bench.message)
      _ = judge(attempt, &bench)
    case .ended where attempt.isLastTry:
      didEndLastTry(pending, attempt.server, &bench)
      drop(attempt, &bench)
      ask(pending, &bench)
    case .ended(let reason):
      note(pending, attempt.server, reason, sent: attempt.sent, Clock.monotonicNanoseconds(), &bench)
      drop(attempt, &bench)
      ask(pending, &bench)
    }
  }

  /// Looks at the message in `bench.message`.
  /// - Returns: true where the attempt is over.
  private func judge(_ attempt: UpstreamAttempt, _ bench: inout Bench) -> Bool {
    let pending = attempt.question
    let server = attempt.server
    let now = Clock.monotonicNanoseconds()
    let reply = Self.read(
      bench.message, to: attempt.query, bench.limits, bench.rebinding, &bench.reader, into: &bench.image)
    if case .rejected(let fault) = reply { return reject(attempt, fault, now, &bench) }
    pending.heard.insert(server)
    let time = Double(now &- attempt.sent) / 1e6
    let milliseconds = Int64(now / 1_000_000)
    let isRefusal = reply.isRefusal
    attempt.noReply = nil
    attempt.tally?.counts.record(now &- attempt.sent, isStream: attempt.isStream)
    change(pending, server, &bench) { upstreams in
      upstreams.didReply(server, after: time, isRefusal: isRefusal, now: milliseconds)
      // RFC 6891 §6.2.2: what it would not read with it, it reads without.
      if reply == .usable, attempt.isCurrent, let lack = pending.without[server] {
        upstreams.didNotUnderstand(server, lack, now: milliseconds)
      } else if !attempt.isStream, reply == .usable || attempt.lack == nil && !reply.isUnread {
        upstreams.didAnswer(
          server, without: attempt.lack, sent: Int64(attempt.sent / 1_000_000), now: milliseconds)
      }
    }
    if attempt.isLate {
      close(attempt.token, &bench)
      return true
    }
    switch reply {
    case .usable: succeed(pending, &bench)
    case .truncated where attempt.isStream:
      note(pending, server, "set TC over TCP", now, &bench)
      drop(attempt, &bench)
      ask(pending, &bench)
    case .unread where attempt.query.hasEDNS && pending.without[server] != .edns:
      // A server from before EDNS (RFC 6891 §7), or somebody who guesses: the query's own reply is still welcome.
      pending.without[server] = .edns
      if attempt.isStream { drop(attempt, &bench) } else { supersede(attempt, &bench) }
      ask(pending, again: Again(server: server, overStream: attempt.isStream), &bench)
    case .truncated,
      .unread where !attempt.isStream:
      drop(attempt, &bench)
      ask(pending, again: Again(server: server, overStream: true), &bench)
    case .unusable(let rcode), .unread(let rcode): hearRefusal(attempt, rcode, now, &bench)
    case .lame:
      note(pending, server, "does not ask others for names", now, &bench)
      drop(attempt, &bench)
      ask(pending, &bench)
    case .rejected: break
    }
    return true
  }

  private static func read(
    _ message: borrowing OctetBuffer, to query: UpstreamQuery, _ limits: ReplyLimits, _ rebinding: RebindingGuard,
    _ reader: inout ReplyReader, into image: inout ReplyImage
  ) -> UpstreamReply {
    reader.read(message.octets, to: query, limits, rebinding, into: &image)
  }

  /// A server says that it cannot: it is asked without our option or without an OPT where that may be why, or another is.
  private func hearRefusal(_ attempt: UpstreamAttempt, _ rcode: UInt16, _ now: UInt64, _ bench: inout Bench) {
    let (pending, server) = (attempt.question, attempt.server)
    drop(attempt, &bench)
    // FORMERR, NOTIMP, BADVERS: a server from before EDNS, or in front of one (RFC 6891 §6.2.2, §7). But one that sends an
    // OPT with it knows EDNS: it means the question, or an option.
    if attempt.query.hasEDNS, rcode == 1 || rcode == 4 || rcode == 16,
      pending.without[server] == nil || rcode == 16 || !bench.reader.hasEDNS
    {
      pending.without[server] = pending.without[server] == nil ? .options : .edns
      return ask(pending, again: Again(server: server, overStream: attempt.isStream), &bench)
    }
    let stated = bench.reader.statedError
    let code = stated.map { ExtendedDNSError.InfoCode(rawValue: $0.code) ?? .other }
    var fault = "answered \(RCode(rawValue: rcode).map(\.mnemonic) ?? "RCODE \(rcode)")"
    if let stated, let code {
      fault += code == .other && stated.code != 0 ? ", EDE \(stated.code)" : ", \(code.name)"
      if !stated.text.isEmpty { fault += ": \(stated.text)" }
    }
    note(pending, server, fault, now, &bench)
    pending.refusals[server] = PendingQuestion.Refusal(rcode: rcode, code: code)
    // It has spoken: nothing else of it is waited for.
    for older in pending.attempts where older.server == server { drop(older, &bench) }
    ask(pending, &bench)
  }

  /// A message that is no reply to the query: passed over, the right one may still come.
  private func reject(
    _ attempt: UpstreamAttempt, _ fault: UpstreamReply.Fault, _ now: UInt64, _ bench: inout Bench
  ) -> Bool {
    let pending = attempt.question
    worker.metrics.count(MetricCounter(fault))
    attempt.rejected += 1
    if attempt.isStream {
      // Nobody else can have written it: the server is like that, and alive.
      pending.heard.insert(attempt.server)
      drop(attempt, &bench)
      if fault == .wrongCase {
        change(pending, attempt.server, &bench) {
          $0.didNotUnderstand(attempt.server, .capitals, now: Int64(now / 1_000_000))
        }
        ask(pending, again: Again(server: attempt.server, overStream: false), &bench)
      } else {
        note(pending, attempt.server, "sent what is no reply (\(fault.words))", now, &bench)
        ask(pending, &bench)
      }
      return true
    }
    pending.faults[attempt.server] = "sent what is no reply (\(fault.words))"
    // Capitals not repeated, or many wrong datagrams: a server that makes small letters of them, or somebody who guesses.
    // Over TCP there is no guessing.
    if attempt.isCurrent, fault == .wrongCase || attempt.rejected >= Self.mostRejected {
      drop(attempt, &bench)
      ask(pending, again: Again(server: attempt.server, overStream: true), &bench)
      return true
    }
    return false
  }

  private func drop(_ attempt: UpstreamAttempt, _ bench: inout Bench) { close(attempt.token, &bench) }

  /// A timer is due.
  func expire(_ due: TimerHeap.Entry, _ now: UInt64, _ bench: inout Bench) {
    switch due.kind {
    case .attempt:
      guard let attempt = bench.attempts[due.number], attempt.isCurrent else { return }
      let pending = attempt.question
      if attempt.isStream { attempt.noReply = .silent }
      supersede(attempt, &bench)
      worker.metrics.count(.upstreamTimeouts)
      // A server that sends what is no reply is of no more use than one that is silent; what it did is said.
      let lie = attempt.rejected > 0 ? pending.faults[attempt.server] : nil
      note(pending, attempt.server, lie ?? Self.silence, sent: attempt.sent, now, &bench)
      pending.timedOut.insert(attempt.server)
      pending.silences[attempt.server, default: 0] += 1
      if attempt.isStream { drop(attempt, &bench) }
      if now &- pending.began < Self.deadline { ask(pending, &bench) }
    case .late:
      bench.attempts[due.number]?.noReply = .silent
      close(due.number, &bench)
    case .stale:
      guard let pending = bench.numbered[due.number] else { return }
      pending.isStaleDue = true
      giveStale(pending, &bench)
    case .overdue:
      if let pending = bench.numbered[due.number] { failOverdue(pending, now, &bench) }
    case .deadline:
      if let pending = bench.numbered[due.number] { fail(pending, &bench) }
    }
  }
}

extension UpstreamReply {
  fileprivate var isUnread: Bool { if case .unread = self { true } else { false } }

  /// True where the server says that it will not. SERVFAIL is about the name, most likely.
  fileprivate var isRefusal: Bool {
    switch self {
    case .unusable(let rcode): rcode != RCode.servFail.rawValue
    case .lame: true
    case .usable, .truncated, .unread, .rejected: false
    }
  }
}

extension UpstreamReply.Fault {
  /// What is wrong, in words.
  var words: String {
    switch self {
    case .malformed: "malformed"
    case .notAResponse: "a query"
    case .wrongID: "wrong ID"
    case .wrongQuestion: "wrong question"
    case .wrongCase: "other capitals"
    }
  }
}

extension MetricCounter {
  /// What counts messages with a fault.
  init(_ fault: UpstreamReply.Fault) {
    switch fault {
    case .malformed: self = .rejectedMalformed
    case .notAResponse: self = .rejectedQuery
    case .wrongID: self = .rejectedID
    case .wrongQuestion: self = .rejectedQuestion
    case .wrongCase: self = .rejectedCase
    }
  }
}
