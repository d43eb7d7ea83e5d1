internal import Metrics
internal import Synchronization

/// What is to be seen of the checks, by any thread: the checker posts it, pages and metrics read it.
final class HealthBoard: Sendable {
  /// One endpoint.
  struct Endpoint: Equatable, Sendable {
    var address: String
    var isUp: Bool
    /// False until a check has ended.
    var isKnown: Bool
    /// Since when, nanoseconds since 1970.
    var since: UInt64
    /// Why the last check that failed did; nil where none did since it is up.
    var reason: String?
  }

  /// One service.
  struct Service: Equatable, Sendable {
    var name: String
    /// As the policy has it.
    var check: String
    /// `orders.policy:7`
    var place: String
    var isBroken: Bool
    /// At most ``mostEndpoints`` of all services, those that are down first.
    var endpoints: [Endpoint]
    /// All of them.
    var count: Int
    var downCount: Int
    /// What `_timeout` says; empty where there are no times yet.
    var times: String
  }

  /// Everything.
  struct Contents: Equatable, Sendable {
    var services: [Service] = []
    /// Endpoints beyond those that are checked.
    var leftOut = 0
    /// Checks that ended so.
    var succeeded: UInt64 = 0
    var failed: UInt64 = 0
    var undecided: UInt64 = 0
    /// Checks that began so late that what is promised of detection does not hold.
    var late: UInt64 = 0
    /// How long those took that succeeded, programs left out.
    var times = HistogramCounts()
  }

  /// Endpoints that are shown one by one.
  static let mostEndpoints = 1000

  private let contents = Mutex(Contents())

  /// What was last posted.
  var now: Contents { contents.withLock { $0 } }

  func post(_ next: Contents) { contents.withLock { $0 = next } }
}
