internal import DNSFormat
internal import FlatMemory
internal import Policy

/// What the OPT of a response has in it: only options that the request's OPT asks for (RFC 6891 §6.1.2), and an
/// Extended DNS Error where there is something to say.
extension Workspace {
  /// Judges the request's cookie and notes the one to answer with, where it has one and the policy lets us.
  mutating func judgeCookie(
    _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, _ outcome: inout Outcome
  ) {
    guard query.options.contains(.cookie), snapshot.policy.cookieMode != .off else { return }
    clientCookie = query.clientCookie(request)
    let (cookie, isValid) = snapshot.cookieSecrets.exchange(
      query.serverCookie(request), of: clientCookie, at: arrival.source, time: arrival.time)
    serverCookie = cookie
    outcome.hasValidCookie = isValid
  }

  /// What answers a query because of its cookie alone; nil where it is answered as any other.
  mutating func rcodeOfCookie(_ arrival: Arrival, _ snapshot: Snapshot, _ outcome: Outcome) -> RCode? {
    if query.hasQuestion, query.options.isEmpty { return nil }
    let mode = snapshot.policy.cookieMode
    if !query.hasQuestion {
      // RFC 7873 §5.4. Without cookies it is a query with no question, like any other.
      if mode == .off { return .formErr }
      return query.hasServerCookie && !outcome.hasValidCookie ? .badCookie : .noError
    }
    // As BIND's require-server-cookie: who sends no cookie at all is answered, or rate limited; over TCP the source
    // address is known anyway (RFC 7873 §5.2.3).
    let isDemanded = mode == .require && arrival.transport == .udp && query.options.contains(.cookie)
    return isDemanded && !outcome.hasValidCookie ? .badCookie : nil
  }

  /// Octets of the OPT that is going to be written, without an Extended DNS Error: that may be left out.
  mutating func sizeOfOPT(_ arrival: Arrival, _ snapshot: Snapshot) -> Int {
    var size = OPTWriter.size
    if query.options.isEmpty { return size }
    if sendsCookie(snapshot) { size &+= OPTWriter.cookieSize }
    if sendsKeepalive(arrival) { size &+= OPTWriter.keepaliveSize }
    if sendsNSID(snapshot) { size &+= 4 &+ snapshot.nsid.count }
    if let clientSubnet { size &+= clientSubnet.optionSize }
    return size
  }

  /// Appends the options that were asked for to the OPT at `opt`, which the response ends with.
  mutating func appendOptions(
    opt: Int, _ request: Span<UInt8>, _ arrival: Arrival, _ snapshot: Snapshot, into response: inout OctetBuffer
  ) {
    if sendsCookie(snapshot) {
      OPTWriter.appendCookie(client: clientCookie, serverCookie, toRecordAt: opt, into: &response)
    }
    if sendsKeepalive(arrival) {
      OPTWriter.appendKeepalive(time: arrival.idleTime, toRecordAt: opt, into: &response)
    }
    if sendsNSID(snapshot) {
      OPTWriter.appendOption(EDNSOption.nsid, toRecordAt: opt, into: &response) {
        $0.append(snapshot.nsid, from: 0, count: snapshot.nsid.count)
      }
    }
    if let clientSubnet { OPTWriter.append(clientSubnet, scope: scope, toRecordAt: opt, into: &response) }
  }

  private mutating func sendsCookie(_ snapshot: Snapshot) -> Bool {
    query.options.contains(.cookie) && snapshot.policy.cookieMode != .off
  }

  /// RFC 7828 §3.3.2: only over TCP; over UDP the option is passed over.
  private mutating func sendsKeepalive(_ arrival: Arrival) -> Bool {
    query.options.contains(.keepalive) && arrival.transport == .tcp
  }

  private mutating func sendsNSID(_ snapshot: Snapshot) -> Bool {
    query.options.contains(.nsid) && snapshot.nsid.count > 0
  }

  /// The Extended DNS Error (RFC 8914) of a refusal, its text naming the rule, or that of a failure.
  ///
  /// Who is not told why reads a REFUSED's code alone, and of `deny-as nxdomain` and `nodata` nothing: a name that does not
  /// exist has no error either. Nor of an answer that `fail` gave.
  mutating func appendExtendedError(
    opt: Int, _ outcome: Outcome, _ snapshot: Snapshot, into response: inout OctetBuffer
  ) {
    if let refusal = outcome.refusal, !outcome.isOnlyObserved {
      let isTold = snapshot.policy.telling.tells(outcome.caller)
      if !isTold, answer.rcode != .refused { return }
      OPTWriter.appendOption(EDNSOption.extendedError, toRecordAt: opt, into: &response) {
        $0.append(refusal.rule.infoCode)
        if isTold { snapshot.policy.appendText(of: refusal, outcome, to: &$0) }
      }
    } else if let code = answer.infoCode ?? inherentInfoCode {
      if failedService != nil, answer.rcode != .refused, !snapshot.policy.telling.tells(outcome.caller) { return }
      OPTWriter.appendOption(EDNSOption.extendedError, toRecordAt: opt, into: &response) {
        $0.append(code.rawValue)
        if code == .networkError, snapshot.policy.telling.tells(outcome.caller) { appendFailure(snapshot, to: &$0) }
        if code == .prohibited { snapshot.policy.appendUntold(outcome.caller.context, to: &$0) }
        if code == .invalidData { $0.append("the zone did not load; the server's log says why") }
      }
    }
  }

  /// A refusal that neither the policy nor the lack of a zone explains is of a class or a type of question that nobody
  /// is answered here: zone transfers, CH, NONE.
  private var inherentInfoCode: ExtendedDNSError.InfoCode? { answer.rcode == .refused ? .notSupported : nil }
}
