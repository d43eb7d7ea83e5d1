package import Addresses

/// One stream as it is measured: the queries that were sent, what became of each, and what came that belongs to none.
///
/// Sending and receiving are told by whoever has the socket; every datagram and every time is taken as it comes.
package struct StreamRecord: Sendable {
  /// Datagrams that are no singleton's response. None of them changes a singleton.
  package struct Strays: Equatable, Sendable {
    /// A second response to the same query.
    package var duplicate = 0
    /// After Tmax: the query is lost all the same.
    package var late = 0
    /// An ID that no query waits with.
    package var otherID = 0
    /// Another question, or none.
    package var otherQuestion = 0
    /// From another address or port than the one asked.
    package var otherSource = 0
    /// No DNS response at all.
    package var noResponse = 0

    package init() {}

    package var total: Int { duplicate + late + otherID + otherQuestion + otherSource + noResponse }
  }

  /// Whom the queries went to.
  package let server: SocketAddress
  package let query: ProbeQuery
  /// Tmax, in nanoseconds.
  package let threshold: UInt64
  /// In the order of sending.
  package private(set) var singletons: [Singleton] = []
  package private(set) var strays = Strays()
  /// Queries that this host did not let out, by the reason: no singletons.
  package private(set) var unsent: [String: Int] = [:]
  /// Queries whose time had not run out when the measurement was ended early: no singletons.
  package private(set) var undecided = 0
  /// Queries that still wait.
  package private(set) var waiting = 0
  /// Queries that are lost by now.
  package private(set) var lostSoFar = 0
  /// The newest delay, in nanoseconds.
  package private(set) var lastDelay: UInt64?

  /// The newest query of each ID, by its place in `singletons`; -1 where there is none.
  private var places = [Int32](repeating: -1, count: 65536)
  /// When each query left, on the monotonic clock.
  private var sendings: [UInt64] = []
  /// Wall clock minus monotonic clock at each sending, in nanoseconds.
  private var clockOffsets: [Int64] = []
  /// Everything before this place is decided.
  private var firstOpen = 0

  package init(_ server: SocketAddress, _ query: ProbeQuery, threshold: UInt64) {
    self.server = server
    self.query = query
    self.threshold = threshold
  }

  /// A query has left.
  /// - Parameters:
  ///   - time: on the monotonic clock.
  ///   - clockOffset: wall clock minus monotonic clock, as read then.
  package mutating func sent(_ singleton: Singleton, at time: UInt64, clockOffset: Int64) {
    places[Int(singleton.id)] = Int32(truncatingIfNeeded: singletons.count)
    singletons.append(singleton)
    sendings.append(time)
    clockOffsets.append(clockOffset)
    waiting += 1
  }

  /// A query was not let out.
  package mutating func notSent(_ reason: String) { unsent[reason, default: 0] += 1 }

  /// A datagram has come.
  /// - Parameters:
  ///   - arrivedAt: by the kernel's stamp, in nanoseconds since 1970-01-01 UTC.
  ///   - clockOffset: wall clock minus monotonic clock, as read now.
  package mutating func received(
    _ datagram: Span<UInt8>, from source: SocketAddress, arrivedAt: UInt64, clockOffset: Int64
  ) {
    if source != server { return strays.otherSource += 1 }
    switch query.read(datagram) {
    case .noResponse: strays.noResponse += 1
    case .otherQuestion: strays.otherQuestion += 1
    case .response(let response):
      let place = Int(places[Int(response.id)])
      guard place >= 0 else { return strays.otherID += 1 }
      switch singletons[place].outcome {
      case .received, .clockStepped: strays.duplicate += 1
      case .lost: strays.late += 1
      case .waiting, .unreachable:
        decide(place, outcome(of: place, response, arrivedAt: arrivedAt, clockOffset: clockOffset))
      }
    }
  }

  /// The network said of the query with this ID that it will not arrive: nobody need wait for it, but whoever says so may be
  /// wrong. Others' queries are not ours to judge.
  package mutating func unreachable(id: UInt16, _ reason: String) {
    let place = Int(places[Int(id)])
    guard place >= 0, singletons[place].outcome == .waiting else { return }
    singletons[place].refusal = reason
    decide(place, .unreachable)
  }

  /// Gives up the queries that have waited for Tmax.
  /// - Parameter now: on the monotonic clock; all that came before it has been told.
  package mutating func expire(now: UInt64) {
    while firstOpen < singletons.count {
      if singletons[firstOpen].outcome == .waiting {
        guard now >= sendings[firstOpen] &+ threshold else { return }
        decide(firstOpen, .lost)
      }
      firstOpen += 1
    }
  }

  /// Ends the stream before its time: what still waits is not known.
  package mutating func endEarly() {
    undecided = waiting
    singletons.removeAll { $0.outcome == .waiting }
    waiting = 0
  }

  /// Once from waiting, and once more where a response comes to what was called unreachable.
  private mutating func decide(_ place: Int, _ outcome: Singleton.Outcome) {
    if singletons[place].outcome == .waiting { waiting -= 1 }
    if singletons[place].isLost { lostSoFar -= 1 }
    singletons[place].outcome = outcome
    if singletons[place].isLost { lostSoFar += 1 }
    if let delay = singletons[place].delay { lastDelay = delay }
  }

  private mutating func outcome(
    of place: Int, _ response: ProbeQuery.Reading.Response, arrivedAt: UInt64, clockOffset: Int64
  ) -> Singleton.Outcome {
    let (delay, isNegative) = arrivedAt.subtractingReportingOverflow(singletons[place].sentAt)
    if isNegative { return .clockStepped(response) }
    // A clock that is only slewed gains at most 500 µs a second (adjtimex): anything more was a step. What the readings of
    // the two clocks themselves are off is within the 100 µs.
    let drift = clockOffset.subtractingReportingOverflow(clockOffsets[place])
    let mostDrift = 100_000 + min(delay, threshold) / 1000
    if drift.overflow || drift.partialValue.magnitude > mostDrift { return .clockStepped(response) }
    if delay > threshold {
      strays.late += 1
      return .lost
    }
    return .received(delay: delay, response)
  }
}
