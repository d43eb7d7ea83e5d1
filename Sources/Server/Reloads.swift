internal import DNSFormat
internal import Policy

/// What the control thread keeps of reloads: who waits for which, and what certificates meant before.
struct Reloads {
  var isLoading = false
  /// Those whom the load that goes on is for; and those who came since, perhaps after an edit that it has not seen.
  var askers: [ControlDoor.Asker] = []
  var nextAskers: [ControlDoor.Asker] = []
  var shouldLoadAgain = false
  /// A lease waits for a load; and when the last load began, of the monotonic clock: who leases has one a second.
  var leasesWait = false
  var lastStart: UInt64 = 0
  static let leaseInterval: UInt64 = 1_000_000_000
  /// It, or the next, was asked for by who looks after the server, not only by leases.
  var isOperators = false
  var nextIsOperators = false
  /// It, or the next, was begun by a lease's end.
  var endsLeases = false
  var nextEndsLeases = false
  /// When to load again, since a lease that has ended is still answered by; nil for never. Of the monotonic clock.
  var retryTime: UInt64?
  /// Nanoseconds until then.
  static let retryInterval: UInt64 = 30_000_000_000
  /// The services by number of the last snapshots in whose time certificates named any, by generation.
  private(set) var services: [UInt64: [DomainName]] = [:]
  private static let servicesKept: UInt64 = 16

  /// Keeps what certificates mean in a snapshot, for the time when it is gone.
  mutating func note(_ served: ServedSnapshot) {
    services = services.filter { $0.key + Self.servicesKept > served.generation }
    let policy = served.snapshot.policy.policy
    if policy.services.contains(where: { !$0.identities.isEmpty }) {
      services[served.generation] = policy.services.map(\.name)
    }
  }
}
