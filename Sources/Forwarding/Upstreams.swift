/// Which server of a `forward` line is asked next, and for how long it is waited for.
///
/// A server of others is a resolver as a rule: what it has in its cache it says within a millisecond, what it has to ask
/// for takes it a hundred times as long. So being slow once says little, and a time-out is two things that are kept apart:
/// when somebody else is asked too, which is soon, and whether the server is dead, which takes silence: nothing from it to
/// any question, in several rounds. Unbound, Knot Resolver and BIND keep the same apart: the first two count a time-out
/// only of what was asked after the last one counted, and rest a silent server rather than drop it; BIND waits 800 ms
/// whatever it has measured.
///
/// Pure: times are handed in, in milliseconds of a clock that only goes forward.
package struct Upstreams: Sendable {
  /// What is known of a server.
  package struct Server: Hashable, Sendable {
    /// Smoothed response time in milliseconds (RFC 6298 §2); nil before the first reply.
    package internal(set) var responseTime: Double?
    /// How much it varies, in milliseconds.
    package internal(set) var deviation = 0.0
    /// Rounds in a row without a reply: of queries that were on the way together one counts.
    package internal(set) var failures = 0
    /// When it last said anything, and when a failure of it was last counted.
    package fileprivate(set) var lastReply: Int64 = .min
    fileprivate var lastFailure: Int64 = .min
    /// Not asked before this time while others are well.
    package internal(set) var restsUntil: Int64 = .min
    /// Replies in a row that said that it would not: REFUSED and the like.
    package internal(set) var refusals = 0
    /// What it is asked without.
    fileprivate var understanding = Understanding()

    /// True where it is taken for dead.
    package var isDown: Bool { failures >= Upstreams.failuresUntilDown }

    /// True while it has not answered what it was last asked in vain: others are asked first.
    package var isDoubtful: Bool { failures > 0 }

    /// True where it is to be asked without something.
    package func lacks(_ lack: Lack, at now: Int64) -> Bool { understanding.lacks(lack, at: now) }
  }

  /// What a server may not understand.
  package enum Lack: Hashable, Sendable {
    /// EDNS options that it does not know, which it ought to pass over (RFC 6891 §6.1.2).
    case options
    /// An OPT at all (RFC 6891 §7).
    case edns
    /// Capitals in a name, which it ought to repeat.
    case capitals
  }

  /// In the order of the line.
  package private(set) var servers: [Server]

  /// One lost datagram is no reason to leave a server.
  static let failuresUntilDown = 3
  /// After so many refusals in a row the others of the line are asked first.
  static let refusalsUntilLast = 3
  /// Milliseconds. The shortest is what most names take that a resolver has to ask for, and what Linux has for TCP's
  /// (TCP_RTO_MIN): a history of nothing but its cache's answers makes no shorter one. With the longest, a second server is
  /// asked before a client of glibc's gives up (5 s).
  static let shortestTimeout: Int64 = 200, firstTimeout: Int64 = 400
  package static let longestTimeout: Int64 = 3000
  /// The rest of a server that failed, while others are asked; once it is taken for dead it doubles with every failure.
  static let shortestRest: Int64 = 1000, longestRest: Int64 = 60_000
  /// One query in so many goes to a server other than the quickest, so that it is known how the others are.
  static let explorationOdds: UInt64 = 32

  /// The servers of a line, of which nothing is known.
  package init(count: Int) { servers = Array(repeating: Server(), count: count) }

  /// The server to ask.
  ///
  /// The quickest, one never asked before counting as quick; those that failed last, those that refuse whatever they are
  /// asked, those taken for dead, and those in `tried`, only where there is no other. A server that failed and whose rest is
  /// over is asked by one query, and rests on until that is answered.
  /// - Parameters:
  ///   - tried: those that this question was sent to already.
  ///   - needsEDNS: it is about signatures: those that are asked without EDNS come behind the others.
  ///   - random: any number.
  /// - Returns: its index; 0 where there are no servers.
  package mutating func next(tried: Set<Int> = [], needsEDNS: Bool = false, random: UInt64, now: Int64) -> Int {
    let order = servers.indices.sorted { preference($0, tried, needsEDNS, now) < preference($1, tried, needsEDNS, now) }
    guard var chosen = order.first else { return 0 }
    if let probed = servers.indices.first(where: { !tried.contains($0) && isDueForProbe($0, now) }) {
      chosen = probed
    } else if order.count > 1, random % Self.explorationOdds == 0 {
      let other = order[1 + Int(random / Self.explorationOdds % UInt64(order.count - 1))]
      if !tried.contains(other), servers[other].restsUntil <= now { chosen = other }
    }
    if servers[chosen].isDoubtful { servers[chosen].restsUntil = now + Self.rest(after: servers[chosen].failures) }
    return chosen
  }

  private func isDueForProbe(_ index: Int, _ now: Int64) -> Bool {
    servers[index].isDoubtful && servers[index].restsUntil <= now
  }

  /// What a server is chosen by, the least first.
  private func preference(_ index: Int, _ tried: Set<Int>, _ needsEDNS: Bool, _ now: Int64) -> (Int, Double, Int) {
    let server = servers[index]
    let rank =
      (tried.contains(index) ? 16 : 0) + (server.isDown ? 8 : 0) + (server.refusals >= Self.refusalsUntilLast ? 4 : 0)
      + (server.isDoubtful ? 2 : 0) + (needsEDNS && server.lacks(.edns, at: now) ? 1 : 0)
    return (rank, server.isDown ? Double(server.failures) : server.responseTime ?? 0, index)
  }

  /// How long to wait for a server before another is asked, in milliseconds: its response time and four times the
  /// deviation (RFC 6298 §2.3). Twice as long after each failure in a row where nobody else of the line is well, so that
  /// one that has become slow is not asked the faster for it; where somebody is, he is asked meanwhile.
  package func timeout(of index: Int) -> Int64 {
    guard servers.indices.contains(index) else { return Self.firstTimeout }
    let server = servers[index]
    let plain = server.responseTime.map { Int64($0 + max(10, 4 * server.deviation)) } ?? Self.firstTimeout
    let hasOther = servers.indices.contains { $0 != index && !servers[$0].isDoubtful }
    return min(max(plain, Self.shortestTimeout) << Int64(hasOther ? 0 : min(server.failures, 6)), Self.longestTimeout)
  }

  /// A reply came: the server is alive, whatever it says.
  /// - Parameters:
  ///   - milliseconds: since the query was sent.
  ///   - isRefusal: it will not, for a reason that may be the question's.
  /// - Returns: true where the server was taken for dead until now.
  @discardableResult
  package mutating func didReply(
    _ index: Int, after milliseconds: Double, isRefusal: Bool = false, now: Int64
  ) -> Bool {
    guard servers.indices.contains(index), milliseconds >= 0 else { return false }
    let wasDown = servers[index].isDown
    servers[index].failures = 0
    servers[index].lastReply = max(servers[index].lastReply, now)
    servers[index].refusals = isRefusal ? min(servers[index].refusals + 1, 1000) : 0
    servers[index].restsUntil = .min
    // RFC 6298 §2.2, §2.3: alpha is 1/8, beta 1/4. What is known from before a failure says little.
    if let before = servers[index].responseTime, !wasDown {
      servers[index].deviation += (abs(before - milliseconds) - servers[index].deviation) / 4
      servers[index].responseTime = before + (milliseconds - before) / 8
    } else {
      servers[index].responseTime = milliseconds
      servers[index].deviation = milliseconds / 2
    }
    return wasDown
  }

  /// Nothing came in time. That is a failure of the server only where it has said nothing to anybody since it was asked,
  /// else it is the question that takes long; and only where it was asked after the last failure, else it is the same one.
  /// - Parameter sent: when it was asked.
  /// - Returns: true where the server is taken for dead from now on.
  @discardableResult
  package mutating func didTimeOut(_ index: Int, sent: Int64, now: Int64) -> Bool {
    guard servers.indices.contains(index), servers[index].lastReply < sent, servers[index].lastFailure <= sent else {
      return false
    }
    return didFail(index, now: now)
  }

  /// It cannot be reached, or broke off.
  /// - Returns: true where the server is taken for dead from now on.
  @discardableResult
  package mutating func didFail(_ index: Int, now: Int64) -> Bool {
    guard servers.indices.contains(index) else { return false }
    let wasDown = servers[index].isDown
    servers[index].failures = min(servers[index].failures + 1, 1000)
    servers[index].lastFailure = max(servers[index].lastFailure, now)
    servers[index].restsUntil = now + Self.rest(after: servers[index].failures)
    if servers[index].isDown { servers[index].understanding.didDie() }
    return servers[index].isDown && !wasDown
  }

  private static func rest(after failures: Int) -> Int64 {
    min(shortestRest << Int64(min(max(0, failures - failuresUntilDown), 6)), longestRest)
  }

  /// What it would not read with something it answered without: it is asked without for some minutes.
  package mutating func didNotUnderstand(_ index: Int, _ lack: Lack, now: Int64) {
    if servers.indices.contains(index) { servers[index].understanding.didRefuse(lack, now: now) }
  }

  /// What the next datagram to a server goes without: an OPT, or its options; nil where it has both.
  package mutating func leaveOut(_ index: Int, now: Int64) -> Lack? {
    guard servers.indices.contains(index) else { return nil }
    return servers[index].understanding.leaveOut(failures: servers[index].failures, now: now)
  }

  /// A datagram was answered that went without something, or with everything.
  package mutating func didAnswer(_ index: Int, without lack: Lack?, sent: Int64, now: Int64) {
    if servers.indices.contains(index) {
      servers[index].understanding.didAnswer(without: lack, sent: sent, now: now)
    }
  }
}
