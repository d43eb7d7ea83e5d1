/// What a server is asked without, since it would not answer with it.
///
/// Two kinds of servers do not take EDNS or its options. Those that say so, FORMERR or NOTIMP, are believed at once
/// (``didRefuse(_:now:)``), for some minutes. Others say nothing: routers and firewalls that drop what they do not know.
/// Resolvers went without after some time-outs until 2019, and Unbound only with servers that it had not heard with EDNS
/// yet. So here: one that answered with all of it is never asked with less, however often it is silent, unless it was taken
/// for dead. Of one that never has, a round of silence is followed by one without options, then by one without an OPT, then
/// by one with all of it. Where it answers with less it may be that, or that it was away before: so a moment later one
/// query has all of it again, and only if that is in vain, too, is it left out for some minutes.
///
/// Pure: times are handed in, in milliseconds.
struct Understanding: Hashable, Sendable {
  /// Something that is left out.
  private struct Absence: Hashable, Sendable {
    var until: Int64
    /// When one query had it nevertheless; nil where none is on the way.
    var triedAt: Int64?
    /// True where the server was silent rather than said so.
    var isGuess = false
  }

  private var absences: [Upstreams.Lack: Absence] = [:]
  /// What it has answered with.
  private var isProven: [Upstreams.Lack: Bool] = [:]

  /// For what it says itself, or is sure by now: EDNS and capitals are tried again after that, since servers are replaced,
  /// and one reply may have been an accident of its question.
  static let long: Int64 = 600_000
  /// For a guess, before it is put to the test; and for how long a test is waited for at the most.
  static let short: Int64 = 1000, test: Int64 = 10_000

  /// True where it is to be asked without something.
  func lacks(_ lack: Upstreams.Lack, at now: Int64) -> Bool { absences[lack].map { now < $0.until } ?? false }

  /// What the next query goes without; nil where it has everything. Of those that would have it again for the first time
  /// only one has.
  /// - Parameter failures: rounds of silence.
  mutating func leaveOut(failures: Int, now: Int64) -> Upstreams.Lack? {
    for lack in [Upstreams.Lack.edns, .options] {
      if lacks(lack, at: now) { return lack }
      guard absences[lack] != nil else { continue }
      if absences[lack]?.isGuess == true {
        absences[lack]?.until = now + Self.test
        absences[lack]?.triedAt = now
      } else {
        absences[lack] = nil
      }
      return nil
    }
    if failures % 3 == 1, isProven[.options] != true { return .options }
    if failures % 3 == 2, isProven[.edns] != true { return .edns }
    return nil
  }

  /// It answered a query that went without something, or with everything.
  /// - Parameter sent: when it was asked.
  mutating func didAnswer(without lack: Upstreams.Lack?, sent: Int64, now: Int64) {
    if lack != .edns {
      isProven[.edns] = true
      absences[.edns] = nil
    }
    guard let lack else {
      isProven[.options] = true
      absences[.options] = nil
      return
    }
    if isProven[lack] == true { return }
    guard let absence = absences[lack] else {
      absences[lack] = Absence(until: now + Self.short, isGuess: true)
      return
    }
    // The test came to nothing: what was asked a time-out later is answered.
    if let tried = absence.triedAt, sent >= tried + Upstreams.shortestTimeout {
      absences[lack] = Absence(until: now + Self.long, isGuess: true)
    }
  }

  /// It said that it would not read something.
  mutating func didRefuse(_ lack: Upstreams.Lack, now: Int64) { absences[lack] = Absence(until: now + Self.long) }

  /// It is dead: another may come in its place.
  mutating func didDie() { isProven = [:] }
}
