internal import Addresses
internal import DNSFormat
internal import Forwarding

/// What queries are merged by: the question, and the Ambits that it came through. Were it the question alone, two servers
/// that forward to each other and are asked the same at once would each wait for the other.
struct AskedQuestion: Hashable {
  let question: ForwardedQuestion
  let path: [UInt64]

  init(_ question: ForwardedQuestion, _ path: [UInt64]) {
    self.question = question
    self.path = path
  }
}

/// A question that is being asked elsewhere, whoever they are that wait for its answer.
final class PendingQuestion {
  let question: ForwardedQuestion
  /// The servers of its line, and what they are known by (``ForwardTable/fingerprint(of:)``).
  let servers: [SocketAddress]
  let route: UInt64
  /// Names it among timers.
  let number: UInt64
  /// When it was first asked, in nanoseconds of the monotonic clock.
  let began: UInt64
  /// Ambits that it came through, for ``LoopToken``.
  let path: [UInt64]
  /// Whose queries it answers; none where it is asked in advance, or all have been given a stale answer.
  var clients: [HandedQuery] = []
  /// True once somebody waits: from then on it is counted when a stale answer is due.
  var hasStaleTimer = false
  /// True once it was due: whoever joins from then on is given one at once.
  var isStaleDue = false
  /// Attempts whose replies may still come.
  var attempts: [UpstreamAttempt] = []
  /// Servers asked in this round, by place.
  var tried: Set<Int> = []
  /// Times that a query was to be sent for it, and whether some was: it may be this host that could not.
  var attemptCount = 0
  var wasSent = false
  /// What each server last did, by place: a clause behind its address.
  var faults: [Int: String] = [:]
  /// Servers whose last query was not replied to in time, by place: those may be asked again.
  var timedOut: Set<Int> = []
  /// How often each was silent to it, by place.
  var silences: [Int: Int] = [:]
  /// Servers that have said something about it, by place: they are alive, whatever becomes of further queries.
  var heard: Set<Int> = []
  /// What they said where it was that they cannot, by place.
  var refusals: [Int: Refusal] = [:]
  /// What servers that would not read it are asked without, by place.
  var without: [Int: Upstreams.Lack] = [:]

  init(
    _ question: ForwardedQuestion, servers: [SocketAddress], route: UInt64, number: UInt64, path: [UInt64],
    at now: UInt64
  ) {
    self.question = question
    self.servers = servers
    self.route = route
    self.number = number
    self.path = path
    began = now
  }

  /// Queries sent for one question at the most: an upstream that always has a reason for another gets no flood.
  var mostAttempts: Int { 3 * servers.count + 3 }

  /// What a server said that it cannot with.
  struct Refusal {
    let rcode: UInt16
    /// The INFO-CODE of its Extended DNS Error (RFC 8914).
    let code: ExtendedDNSError.InfoCode?
  }

  /// Why nobody has an answer. Where every server of the line has spoken its reason is theirs: REFUSED where all say so,
  /// and the INFO-CODE of the first that gave one. Else nobody could be reached, or the network or this host failed
  /// (RFC 8914 §4.23, §4.24).
  var failure: ForwardFailure {
    if !servers.isEmpty, refusals.count == servers.count {
      let isRefused = refusals.values.allSatisfy { $0.rcode == RCode.refused.rawValue }
      let code = refusals.keys.sorted().lazy.compactMap { self.refusals[$0]?.code }.first
      return ForwardFailure(rcode: isRefused ? .refused : .servFail, code ?? .noReachableAuthority, report)
    }
    let isNetwork = timedOut.isEmpty && faults.values.contains { $0.hasPrefix("cannot be ") }
    return ForwardFailure(isNetwork ? .networkError : .noReachableAuthority, report)
  }

  /// What happened, for EXTRA-TEXT: `192.0.2.53:53 did not answer; 192.0.2.54:53 answered REFUSED`.
  var report: String {
    let shown = faults.keys.sorted().prefix(3).map { "\(servers[$0]) \(faults[$0] ?? "")" }
    let left = faults.count - shown.count
    let text = shown.joined(separator: "; ") + (left > 0 ? "; and \(left) more" : "")
    return text.isEmpty ? "no answer from \(servers.first.map { "\($0)" } ?? "any server")" : text
  }
}
