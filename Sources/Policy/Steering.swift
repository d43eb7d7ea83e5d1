internal import Addresses
package import DNSFormat
package import Diagnostics

// What a service says of its endpoints: how their health is found out, and which of them callers are given.

/// `health ...`: how it is found out whether an endpoint of a service is well.
package struct HealthCheck: Hashable, Sendable {
  package enum Probe: Hashable, Sendable {
    /// A connection to the port is accepted.
    case tcp(port: UInt16)
    /// `http [HOST]:PORT/PATH [STATUS]`: a GET is answered with the status, 200 to 399 where none is said.
    case http(host: String?, port: UInt16, path: String, status: ClosedRange<Int>)
    /// A query for the name over UDP to the port is answered NOERROR.
    case dns(name: DomainName, port: UInt16)
    /// The command exits with 0; the address is its last argument.
    case exec(command: [String])
  }

  package var probe: Probe
  /// Milliseconds between two checks of an endpoint, without jitter, and until one counts as failed.
  package var interval: UInt32 = 5000
  package var timeout: UInt32 = 2000
  /// How many checks in a row have to succeed, or fail, until an endpoint is up, or down.
  package var up = 2
  package var down = 3
  package let location: SourceLocation

  package init(_ probe: Probe, location: SourceLocation) {
    self.probe = probe
    self.location = location
  }
}

/// `fail ...`: what is answered for a service none of whose endpoints is well.
package enum FailureAnswer: Hashable, Sendable {
  /// All endpoints.
  case open
  /// A refusal as `deny-as` says it, with an Extended DNS Error.
  case refuse
  /// The endpoints of another service, an index into the policy's.
  case fallback(Int)
}

/// What a service says of its endpoints; addresses that it does not name are as they would be without it.
package struct Steering: Hashable, Sendable {
  /// `weight ADDR N`.
  package struct Weight: Hashable, Sendable {
    package let prefix: LocatedPrefix
    /// The address's share, relative to the others'; 0 for one that is not given while there are any others.
    package let share: UInt32
  }

  /// `canary ADDR... N%`: addresses for a share of the callers, always the same ones.
  package struct Canary: Hashable, Sendable {
    package let prefixes: [LocatedPrefix]
    /// In thousandths of the callers, 1 to 1000.
    package let share: UInt32
    package let location: SourceLocation
  }

  /// `blue ADDR...`, `green ADDR...`: two sets of addresses, of which one is live.
  package enum Colour: String, CaseIterable, Hashable, Sendable {
    case blue
    case green
  }

  /// How many canaries' shares there are in all.
  package static let callers: UInt32 = 1000

  package var health: HealthCheck?
  package var failure = FailureAnswer.open
  /// Percent of the endpoints that have to be well: with fewer, all are answered. 0 for none.
  package var floor = 0
  /// Relative shares; 1 for addresses that none has. Of several that cover an address the longest prefix's counts.
  package var weights: [Weight] = []
  /// Addresses that are given to nobody any more.
  package var drained: [LocatedPrefix] = []
  package var canaries: [Canary] = []
  package var colours: [Colour: [LocatedPrefix]] = [:]
  /// Nil where no colour is said to be live: all are.
  package var live: Colour?
  /// How many addresses of one type an answer has at the most; nil for all.
  package var mostAnswers: Int?
  /// Those in the caller's own context only, where there are any that are well, then those in contexts within it too, then
  /// those in its parent's, and so on.
  package var prefersNear = false
  /// Where `fail`, `floor`, `live`, `max-answers` and `prefer` are said, by keyword.
  package var places: [String: SourceLocation] = [:]

  package init() {}

  /// True where nothing is said: answers are as the zone has them.
  package var isEmpty: Bool { self == Steering() }

  /// Every prefix that a line names, with the line's keyword.
  package var named: [(keyword: String, prefix: LocatedPrefix)] {
    weights.map { ("weight", $0.prefix) } + drained.map { ("drain", $0) }
      + canaries.flatMap { canary in canary.prefixes.map { ("canary", $0) } }
      + Colour.allCases.flatMap { colour in (colours[colour] ?? []).map { (colour.rawValue, $0) } }
  }
}

extension Policy {
  /// By number of a service: whether it says which of its endpoints callers get. Empty where none does.
  package var steeredServices: [Bool] {
    let steered = services.map { !$0.steering.isEmpty }
    return steered.contains(true) ? [false] + steered : []
  }
}
