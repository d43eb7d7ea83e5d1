/// What a running server shows of itself at one moment: the contract between it and what draws it, the page and
/// `ambit top`. As JSON it is `/state.json` and the answer to `ambit top`; keys are the properties' names.
///
/// Times of day are UTC, ISO 8601 with milliseconds; durations and latencies are seconds, rates are per second. Every list
/// is bounded; what is left out is counted for those that have a `…LeftOut` beside them.
package struct LiveState: Codable, Equatable, Sendable {
  /// The moment it describes.
  package var time: String
  package var server: Server
  package var snapshot: Snapshot
  /// How many seconds before `time` the rates and latencies cover.
  package var window: Double
  /// Queries by population, those with none in the window left out; in order of context, decision, transport.
  package var rates: [Rate]
  /// Populations with queries that found no room in `rates`, and of those that are not silent, none in `latencies`. Where
  /// none or few queries are timed, a population may have no row of `latencies` and not be left out.
  package var ratesLeftOut: Int
  package var latenciesLeftOut: Int
  /// Times by population, residence and queue; in the same order.
  package var latencies: [Latency]
  /// A second each (longer where the server could not look in time), the oldest first, at most 120.
  package var history: [Second]
  /// Who called whom since the server started, the busiest first.
  package var calls: [Call]
  /// Queries of services that are in no row of `calls`: there are only so many. An estimate, as the counts are.
  package var callsLeftOut: UInt64
  /// Cycles among the calls that were seen, the first seen first, at most 64.
  package var cycles: [Cycle] = []
  /// Calls that are far above their usual rate, at most 64.
  package var storms: [Storm] = []
  /// The last refusals, the newest first, at most 100; those that are alike are one.
  package var refusals: [Refusal]
  /// Every context, parents before their children; first the one that all are in, `(everyone)`.
  package var contexts: [Context]
  package var contextsLeftOut: Int
  package var health: Health
  /// Services whose endpoints are checked: those that are not well first; at most 256.
  package var endpoints: [CheckedService]
  package var endpointsLeftOut: Int
  /// What people of this host have leased; nil for nothing.
  package var leases: LeaseList? = nil
  /// What is asked of other servers; nil where nothing is forwarded.
  package var forwarding: Forwarding?

  /// Names of others: who is asked for them, and what is kept.
  package struct Forwarding: Codable, Equatable, Sendable {
    /// In the order of their addresses, at most 64.
    package var upstreams: [Upstream]
    /// Replies in the cache, and octets that they take.
    package var cacheEntries: Int
    package var cacheOctets: Int
    /// Services that are elsewhere and how long it takes to ask for their names, at most 256.
    package var lookups: [Lookup]
    /// Questions that are being asked, and queries that wait for their answers.
    package var outstanding: Int
    package var waiting: Int
  }

  /// How long it takes to ask for the names of a service that is elsewhere.
  package struct Lookup: Codable, Equatable, Sendable {
    package var service: String
    /// Who is asked, as the `forward` line has it.
    package var servers: String
    /// What `_timeout` says.
    package var times: String
  }

  /// A server that names of others are asked of.
  package struct Upstream: Codable, Equatable, Sendable {
    /// Address and port.
    package var server: String
    /// Smoothed; nil before its first reply.
    package var responseTime: Double?
    /// Rounds in a row without a reply.
    package var failures: Int
    /// True where it is taken for dead: the others are asked.
    package var isDown: Bool
    /// Queries sent, and how often it failed one.
    package var asked: UInt64
    package var failed: UInt64
  }

  /// The process.
  package struct Server: Codable, Equatable, Sendable {
    package var version: String
    /// As it was given on the command line.
    package var folder: String
    package var host: String
    package var process: Int32
    package var started: String
    package var uptime: Double
    package var listening: [String]
    package var workers: Int
    /// Octets of memory resident.
    package var memory: UInt64
  }

  /// The configuration in service.
  package struct Snapshot: Codable, Equatable, Sendable {
    /// Counts loads that went into service, from 1.
    package var generation: UInt64
    package var loaded: String
    /// What the policy's `version` says; nil without one.
    package var version: String?
    package var zones: [String]
    package var zonesLeftOut: Int
    package var services: Int
    /// `enforce` or `observe`, for callers of whom nothing else is said.
    package var mode: String
    /// Which queries are timed, as the policy's `measure` says: `all`, `one in 10`, `none`.
    package var timed: String
    /// What may be asked here, for examples: a service's name, or a zone's, and an address of a caller.
    package var exampleName: String
    package var exampleSource: String
    /// True where a later reload failed or was held back: what is served is not what is written.
    package var isStale: Bool
    /// Since when, and why: the first messages of the reload that failed.
    package var staleSince: String?
    package var staleReasons: [String]
  }

  /// Queries of one population.
  package struct Rate: Codable, Equatable, Sendable {
    package var context: String
    /// `answered`, `forwarded`, `refused`, `failed` or `silent`.
    package var decision: String
    package var transport: String
    package var perSecond: Double
    /// Since the server started.
    package var total: UInt64
  }

  /// One time metric of one population in the window.
  package struct Latency: Codable, Equatable, Sendable {
    /// `residence` or `queue`; what they are, `ambit metrics` says.
    package var metric: String
    package var context: String
    package var decision: String
    package var transport: String
    package var count: UInt64
    package var p50: Double
    package var p95: Double
    package var p99: Double
    package var max: Double
    package var mean: Double
    /// What any of the quantiles may be off by: that of p99. Where too few were timed to say, 137 s.
    package var uncertainty: Double
    /// The part of that which is the same for every value: clocks and sending.
    package var constantUncertainty: Double
    /// The histogram: buckets with something in them, in order; four an octave.
    package var buckets: [Bucket]
  }

  /// How many times lie between two bounds.
  package struct Bucket: Codable, Equatable, Sendable {
    package var from: Double
    /// Exclusive.
    package var to: Double
    package var count: UInt64
  }

  /// All queries of one second.
  package struct Second: Codable, Equatable, Sendable {
    package var time: String
    package var answered: Double
    package var forwarded: Double
    package var refused: Double
    package var failed: Double
    package var silent: Double
    /// Residence of answered queries; nil where there was none.
    package var p50: Double?
    package var p99: Double?
  }

  /// One edge of the call graph. Refusals are counted one by one; answers of large batches by one query drawn from each,
  /// so their number is an estimate, without bias.
  package struct Call: Codable, Equatable, Sendable {
    /// The calling service; nil for callers of a context that are none.
    package var service: String?
    /// Where the caller stands; nil for nowhere.
    package var context: String?
    /// The service that was asked for.
    package var target: String
    /// Answered, and no rule against it.
    package var answered: UInt64
    package var refused: UInt64
    /// Answered although a rule forbids it, because the rule is in shadow.
    package var wouldRefuse: UInt64
    /// The rule that refused last and its place (`orders.policy:5`); nil where none did.
    package var rule: String?
    package var place: String?
    /// All three together, in the last window.
    package var perSecond: Double
  }

  /// A cycle among calls that were seen.
  package struct Cycle: Codable, Equatable, Sendable {
    /// On the way, the first again at the end. The first calls the second by the call that was first seen last.
    package var services: [String]
    /// The outermost context in which they call each other; nil for callers of none.
    package var context: String?
    /// When its last call was first and last seen.
    package var first: String
    package var last: String
    /// True where `acyclic observed` is against that call.
    package var isJudged: Bool
  }

  /// A call that is far above its usual rate: a retry storm, perhaps.
  package struct Storm: Codable, Equatable, Sendable {
    package var service: String?
    package var context: String?
    package var target: String
    /// Lookups a second: in the last ten seconds, the most of any ten, and what is usual.
    package var perSecond: Double
    package var peak: Double
    package var usual: Double
    package var since: String
  }

  /// One refusal, and those like it: of the same caller at the same address, who asked the same for the same reason.
  package struct Refusal: Codable, Equatable, Sendable {
    /// Of the first and of the last of them.
    package var first: String
    package var time: String
    package var name: String
    package var type: String
    package var source: String
    package var context: String?
    package var service: String?
    /// The service that was asked for; nil for a name that is none's.
    package var target: String?
    package var rule: String
    /// `orders.policy:5`; nil where no line says it.
    package var place: String?
    /// As the response's Extended DNS Error has it.
    package var reason: String
    /// True where the rule is in shadow: the query was answered.
    package var isOnlyObserved: Bool
    /// How many were alike, this one included; of a flood at least so many.
    package var count: UInt64
  }

  /// One context, as it is served.
  package struct Context: Codable, Equatable, Sendable {
    package var name: String
    package var parent: String?
    package var mode: String
    package var denyAs: String
    package var isSealed: Bool
    /// What places a caller here: `from` prefixes and `listen` addresses, at most 64 of each.
    package var from: [String]
    package var listeners: [String]
    /// Contexts it is isolated from.
    package var isolatedFrom: [String]
    /// Its own overlays and those it inherits, the nearest first.
    package var overlays: [Overlay]
    package var overlaysLeftOut: Int
  }

  /// A zone file whose names hide those of the layers below it.
  package struct Overlay: Codable, Equatable, Sendable {
    package var zone: String
    /// The context it is of; nil for the base.
    package var context: String?
    package var file: String
    /// How many names it mentions; of a large file, about.
    package var names: Int
  }

  /// A service whose endpoints are checked.
  package struct CheckedService: Codable, Equatable, Sendable {
    package var service: String
    /// How, as the policy says it: `tcp 8080 every 5s timeout 2s up 2 down 3`.
    package var check: String
    /// `orders.policy:7`
    package var place: String
    /// Every check of every endpoint fails.
    package var isBroken: Bool
    /// How many endpoints there are, and are down.
    package var count: Int
    package var downCount: Int
    /// What `_timeout` says; nil where there are no times yet.
    package var times: String?
    /// Those that are down, at most 64.
    package var down: [Endpoint]
  }

  /// An endpoint that is down.
  package struct Endpoint: Codable, Equatable, Sendable {
    package var address: String
    package var since: String
    /// Why the last check failed.
    package var reason: String
  }

  /// Whether all is well, and what is not.
  package struct Health: Codable, Equatable, Sendable {
    package var isWell: Bool
    package var checks: [Check]
  }

  /// One thing looked at.
  package struct Check: Codable, Equatable, Sendable {
    package var name: String
    package var isWell: Bool
    package var text: String
  }
}
