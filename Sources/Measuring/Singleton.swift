/// One query and what became of it: a singleton of both metrics.
package struct Singleton: Equatable, Sendable {
  /// What became of a query that was sent.
  package enum Outcome: Equatable, Sendable {
    /// Nothing has come yet.
    case waiting
    /// A response came within Tmax: dT in nanoseconds, and what its header says.
    case received(delay: UInt64, ProbeQuery.Reading.Response)
    /// Tmax went by.
    case lost
    /// The network or the host said that it will not arrive: lost, unless a response comes within Tmax all the same.
    case unreachable
    /// A response came, but the wall clock was set meanwhile: not lost, and its delay undefined.
    case clockStepped(ProbeQuery.Reading.Response)
  }

  /// Its number in the stream, from 0.
  package let number: Int
  package let id: UInt16
  /// The source port that the query left from.
  package let port: UInt16
  /// When it was to be sent, in nanoseconds after T0.
  package let due: UInt64
  /// T: when it was sent, in nanoseconds since 1970-01-01 UTC.
  package let sentAt: UInt64
  /// How much later than due it was sent, in nanoseconds.
  package let lag: UInt64
  package var outcome: Outcome
  /// What the network or the host said of it last, in words; nil where nothing was said.
  package var refusal: String?

  package init(
    number: Int, id: UInt16, port: UInt16, due: UInt64, sentAt: UInt64, lag: UInt64, outcome: Outcome = .waiting
  ) {
    self.number = number
    self.id = id
    self.port = port
    self.due = due
    self.sentAt = sentAt
    self.lag = lag
    self.outcome = outcome
  }

  /// RLDNS: true where no response came within Tmax.
  package var isLost: Bool {
    switch outcome {
    case .lost, .unreachable: true
    case .waiting, .received, .clockStepped: false
    }
  }

  /// RTDNS in nanoseconds; nil where undefined.
  package var delay: UInt64? { if case .received(let delay, _) = outcome { delay } else { nil } }

  /// What the response's header said; nil without one.
  package var response: ProbeQuery.Reading.Response? {
    switch outcome {
    case .received(_, let response), .clockStepped(let response): response
    case .waiting, .lost, .unreachable: nil
    }
  }

  /// Why the response, or its delay, is missing, where something is known; and what the network said wrongly.
  package var note: String? {
    switch outcome {
    case .clockStepped: "the clock was set"
    case .received: refusal.map { "\($0) before the response" }
    case .waiting, .lost, .unreachable: refusal
    }
  }
}
