internal import Addresses
internal import Answering
internal import Checking
internal import DNSFormat
internal import LinuxIO
internal import Policy

/// One endpoint that is checked.
struct EndpointHealth {
  /// Its service, an index.
  let service: Int
  let address: IPAddress
  /// Since when it is what it is taken for, nanoseconds since 1970.
  var since: UInt64
  var health: Hysteresis
  /// Why the last check failed that did.
  var reason: String?
  /// When it is checked next, nanoseconds of the clock that never goes back.
  var due: UInt64 = 0
  var isRunning = false
  /// It is due, and waits for its turn.
  var isWaiting = false
  /// Lines that the log may still have of it, and when it last had more.
  var linesLeft = HealthLog.mostOfEndpoint
  var refilled: UInt64 = 0

  init(service: Int, address: IPAddress, since: UInt64, _ health: Hysteresis) {
    (self.service, self.address, self.since, self.health) = (service, address, since, health)
  }

  /// Goes on as the same endpoint did before a reload, with what is said now of how many checks it takes.
  mutating func take(over old: EndpointHealth) {
    let (up, down) = (health.up, health.down)
    (health, since, reason, due) = (old.health, old.since, old.reason, old.due)
    (health.up, health.down) = (up, down)
    (linesLeft, refilled) = (old.linesLeft, old.refilled)
  }
}

/// A service whose endpoints are checked.
struct ServiceHealth {
  let checked: CheckedService
  /// Its endpoints, indices.
  let endpoints: Range<Int>
  /// Its number among those that take turns with it.
  var turn = 0
  var downCount = 0
  var breaker = CircuitBreaker()
  var times = LearntTimes()
  var told = TimesTold()
  /// When the log last had it that it cannot be checked.
  var saidShortage: UInt64?
  /// Endpoints of which it is said since when they are down.
  private static let mostNotes = 64

  init(_ checked: CheckedService, endpoints: Range<Int>) {
    (self.checked, self.endpoints) = (checked, endpoints)
  }

  /// Nanoseconds between two checks.
  var interval: UInt64 { UInt64(checked.check.interval) * 1_000_000 }

  /// What an HTTP request is for where the policy says nothing: the service's name.
  var host: String {
    let name = checked.name.description
    return name.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
  }

  /// Goes on as the same service did before a reload: with what is known of how long it takes, and, while an endpoint is
  /// left that it had, with its circuit. Of endpoints that are all new nothing is known to be broken.
  mutating func take(over old: ServiceHealth) {
    (times, told, saidShortage) = (old.times, old.told, old.saidShortage)
    if !Set(old.checked.addresses).isDisjoint(with: checked.addresses) { breaker = old.breaker }
  }

  /// Which services it takes turns with: 0 for those whose checks need a socket, 1 for programs.
  var pool: Int { isProgram ? 1 : 0 }

  var isProgram: Bool {
    if case .exec = checked.check.probe { return true }
    return false
  }

  /// What answers rest on.
  func finding(_ all: [EndpointHealth]) -> Findings.Service {
    var finding = Findings.Service()
    var isUnsettled = false
    for endpoint in all[endpoints] {
      if !endpoint.health.isUp {
        finding.down.insert(endpoint.address)
        if finding.notes.count < Self.mostNotes { finding.notes.append(note(endpoint)) }
      }
      isUnsettled = isUnsettled || !endpoint.health.isUp || endpoint.health.isUnsettled
    }
    finding.state = breaker.isOpen ? .broken : isUnsettled ? .unsettled : .well
    finding.timeoutText = told.text
    return finding
  }

  /// `endpoint 10.30.1.17 is down since 2026-11-21T23:10:00.000Z: health (orders.policy:7)`
  private func note(_ endpoint: EndpointHealth) -> EndpointStates.Note {
    EndpointStates.Note(
      endpoint.address,
      "endpoint \(endpoint.address) is down since \(timeOfDay(endpoint.since)): health (\(checked.check.location.wholeLine))"
    )
  }

  /// What people see.
  /// - Parameter room: endpoints that may still be shown one by one.
  func shown(_ all: [EndpointHealth], room: inout Int) -> HealthBoard.Service {
    let mine = all[endpoints]
    let count = min(room, mine.count)
    room -= count
    let chosen =
      count == mine.count
      ? Array(mine) : Array((mine.filter { !$0.health.isUp } + mine.filter(\.health.isUp)).prefix(count))
    return HealthBoard.Service(
      name: checked.display, check: "\(checked.check)", place: "\(checked.check.location.wholeLine)",
      isBroken: breaker.isOpen,
      endpoints: chosen.map {
        HealthBoard.Endpoint(
          address: "\($0.address)", isUp: $0.health.isUp, isKnown: $0.health.isKnown, since: $0.since,
          reason: $0.reason)
      }, count: mine.count, downCount: mine.count { !$0.health.isUp }, times: told.text)
  }
}
