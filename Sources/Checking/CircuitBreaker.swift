/// Whether a service is broken: every check of every endpoint fails. It is then checked less and less often, which spares
/// what is perhaps overloaded, until a check succeeds.
///
/// Closed: checks come as the policy says. Open, from when every endpoint is down and has failed twice as often in a row as
/// that takes: each time so many checks as there are endpoints have failed, the time between them doubles, up to a minute.
/// These are the half-open circuit's probes; the first that succeeds closes it, and checks come as before at once.
package struct CircuitBreaker: Equatable, Sendable {
  package private(set) var isOpen = false
  /// How many times longer than usual it is to the next check of an endpoint.
  package private(set) var factor: UInt64 = 1
  /// Failures since the circuit opened, or the factor last grew.
  private var failures = 0

  /// The longest time between two checks of an endpoint that is due to the circuit, in nanoseconds.
  private static let longest: UInt64 = 60_000_000_000

  package init() {}

  /// Takes how a check ended, after its endpoint took it.
  /// - Parameters:
  ///   - leastFailures: of all the service's endpoints, how many checks in a row have failed at least.
  ///   - down: how many it takes until one is down.
  ///   - endpoints: how many there are.
  ///   - interval: nanoseconds between two checks of an endpoint, as the policy says.
  /// - Returns: true where the circuit opened or closed.
  package mutating func take(
    success: Bool, leastFailures: Int, down: Int, endpoints: Int, interval: UInt64
  ) -> Bool {
    if success {
      let wasOpen = isOpen
      self = CircuitBreaker()
      return wasOpen
    }
    guard isOpen else {
      guard endpoints > 0, leastFailures >= 2 * down else { return false }
      (isOpen, factor, failures) = (true, 2, 0)
      limit(interval)
      return true
    }
    failures += 1
    if failures >= endpoints {
      failures = 0
      factor &*= 2
      limit(interval)
    }
    return false
  }

  /// No service is checked less than once a minute for it, nor more often than usual.
  private mutating func limit(_ interval: UInt64) { factor = min(factor, max(1, Self.longest / max(1, interval))) }
}
