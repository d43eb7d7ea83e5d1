internal import Addresses
internal import Checking
internal import DNSFormat
internal import LinuxIO
internal import Metrics
internal import Policy

/// The checker's own: all endpoints, the checks that go on, and what is due when. For one thread.
final class CheckRounds {
  /// The bell's token; a check's is its slot, and the number of the check, so that an event of one before is known.
  static let bellToken = UInt64.max
  /// Programs that run at a time at the most.
  static let programsAtOnce = 16
  /// Programs that were killed and have not ended, beyond which none is started.
  static let mostDying = 16
  /// Endpoints that are checked at the most.
  static let mostEndpoints = 16_384
  /// Nanoseconds between two reports where there is news, and where only counts have grown.
  private static let reportPause: UInt64 = 100_000_000
  private static let burialPause: UInt64 = 20_000_000
  /// Nanoseconds between two readings of what programs print that print very much.
  private static let loudPause: UInt64 = 50_000_000
  private static let longestReportPause: UInt64 = 1_000_000_000
  /// Nanoseconds by which a check may begin late in any case.
  private static let tolerance: UInt64 = 200_000_000

  let poller: Poller
  private let findings: Findings
  private let board: HealthBoard
  /// Checks that need a socket and go on at a time at the most.
  private let atOnce: Int

  private var services: [ServiceHealth] = []
  private var endpoints: [EndpointHealth] = []
  private var queue = DueQueue()
  private var slots: [Slot]
  private var freeSlots: [Int]
  /// Checks that are over, whose programs were killed and have not ended.
  private var dying: [RunningCheck] = []
  private var buried: UInt64 = 0
  private var heard: UInt64 = 0
  /// Whose turn it is: of those that need a socket, and of programs.
  private var turns = [CheckTurns(slots: 0, services: 0), CheckTurns(slots: 0, services: 0)]
  private var checks: UInt64 = 0
  private var counts = HealthBoard.Contents()
  private var hasNews = true
  private var reported: UInt64 = 0
  private var log: HealthLog

  /// Where a check goes on.
  private struct Slot {
    var check: RunningCheck?
    var token: UInt64 = 0
  }

  init(
    _ poller: consuming Poller, _ findings: Findings, _ board: HealthBoard, atOnce: Int,
    _ write: @escaping (String) -> Void
  ) {
    self.poller = poller
    self.findings = findings
    self.board = board
    log = HealthLog(write)
    self.atOnce = atOnce
    slots = Array(repeating: Slot(), count: atOnce + Self.programsAtOnce)
    freeSlots = Array(slots.indices.reversed())
  }

  // MARK: - Which endpoints

  /// What an endpoint's state is kept by.
  private struct Key: Hashable {
    let service: DomainName
    let address: IPAddress
    let probe: HealthCheck.Probe
  }

  /// Checks these from now on; those that were checked before, in the same way, go on as they are, and so do checks that
  /// have begun: who loads often learns no later what hangs.
  func use(_ next: [CheckedService], at now: UInt64) {
    var known: [Key: Int] = [:]
    for (number, endpoint) in endpoints.enumerated() { known[key(endpoint)] = number }
    let (oldServices, oldEndpoints) = (services, endpoints)
    let before = Dictionary(services.map { ($0.checked.name, $0) }, uniquingKeysWith: { first, _ in first })
    /// By an endpoint's number before, the one that it has now.
    var renumbered: [Int: Int] = [:]
    var inPools = [0, 0]
    (services, endpoints, queue, counts.leftOut) = ([], [], DueQueue(), 0)
    for checked in next {
      let room = min(checked.addresses.count, Self.mostEndpoints - endpoints.count)
      counts.leftOut += checked.addresses.count - room
      var service = ServiceHealth(checked, endpoints: endpoints.count..<(endpoints.count + room))
      service.turn = inPools[service.pool]
      inPools[service.pool] += 1
      if let old = before[checked.name], old.checked.check.probe == checked.check.probe { service.take(over: old) }
      for address in checked.addresses.prefix(room) {
        var endpoint = EndpointHealth(
          service: services.count, address: address, since: Clock.realtimeNanoseconds(),
          Hysteresis(up: checked.check.up, down: checked.check.down))
        if let old = known[Key(service: checked.name, address: address, probe: checked.check.probe)] {
          endpoint.take(over: oldEndpoints[old])
          if oldServices[oldEndpoints[old].service].checked.check.timeout == checked.check.timeout {
            renumbered[old] = endpoints.count
          }
        } else {
          endpoint.due = CheckSchedule.first(
            at: now, interval: service.interval, random: .random(in: .min ... .max))
        }
        service.downCount += endpoint.health.isUp ? 0 : 1
        endpoints.append(endpoint)
      }
      services.append(service)
    }
    turns = [
      CheckTurns(slots: atOnce, services: inPools[0]), CheckTurns(slots: Self.programsAtOnce, services: inPools[1]),
    ]
    keepChecks(renumbered)
    for (number, endpoint) in endpoints.enumerated() where !endpoint.isRunning {
      queue.add(DueQueue.Entry(time: endpoint.due, number: number))
    }
    if counts.leftOut > 0 { log.leftOut(counts.leftOut) }
    for service in services { log.crowded(service, room: turns[service.pool].slots) }
    (hasNews, reported) = (true, 0)
  }

  private func key(_ endpoint: EndpointHealth) -> Key {
    let checked = services[endpoint.service].checked
    return Key(service: checked.name, address: endpoint.address, probe: checked.check.probe)
  }

  /// Checks that go on do so under the numbers that their endpoints have now; those of no endpoint any more are given up.
  private func keepChecks(_ renumbered: [Int: Int]) {
    for check in dying where check.endpoint >= 0 { check.endpoint = renumbered[check.endpoint] ?? -1 }
    for slot in slots.indices {
      guard let check = slots[slot].check else { continue }
      if let number = renumbered[check.endpoint] {
        check.endpoint = number
        endpoints[number].isRunning = true
        let service = services[endpoints[number].service]
        turns[service.pool].hold(service.turn)
      } else {
        check.giveUp()
        free(slot)
        check.endpoint = -1
      }
    }
  }

  // MARK: - Turns

  /// Begins what is due, ends what is too late, reports what is new.
  /// - Returns: for how many milliseconds there is nothing to do.
  func turn(at now: UInt64) -> Int32 {
    let hears = now &- heard >= Self.loudPause
    if hears { heard = now }
    for slot in slots.indices {
      guard let check = slots[slot].check else { continue }
      if now >= check.deadline {
        end(slot, check.expire(), at: now)
      } else if hears, check.isLoud, let result = check.proceed(at: now) {
        end(slot, result, at: now)
      }
    }
    bury(at: now)
    while let first = queue.first, first.time <= now {
      _ = queue.removeFirst()
      let endpoint = endpoints[first.number]
      // An endpoint may be due earlier than it once was: the later entry then means nothing.
      guard endpoint.due == first.time, !endpoint.isRunning, !endpoint.isWaiting else { continue }
      endpoints[first.number].isWaiting = true
      let service = services[endpoint.service]
      turns[service.pool].add(first.number, of: service.turn)
    }
    for pool in turns.indices {
      while pool == 0 || dying.count < Self.mostDying, let number = turns[pool].next() { begin(number, at: now) }
    }
    if now &- reported >= (hasNews ? Self.reportPause : Self.longestReportPause) { report(at: now) }
    return milliseconds(from: now)
  }

  private func milliseconds(from now: UInt64) -> Int32 {
    var next = now &+ 1_000_000_000
    if let first = queue.first { next = min(next, first.time) }
    for slot in slots {
      guard let check = slot.check else { continue }
      next = min(next, check.deadline, check.isLoud ? heard &+ Self.loudPause : .max)
    }
    if hasNews { next = min(next, reported &+ Self.reportPause) }
    if !dying.isEmpty { next = min(next, buried &+ Self.burialPause) }
    return next <= now ? 0 : Int32((next - now + 999_999) / 1_000_000)
  }

  /// Forgets programs that were killed and have ended.
  private func bury(at now: UInt64) {
    guard !dying.isEmpty, now &- buried >= Self.burialPause else { return }
    buried = now
    dying.removeAll { $0.hasEnded() }
  }

  /// Begins a check, whose slot was taken.
  private func begin(_ number: Int, at now: UInt64) {
    endpoints[number].isWaiting = false
    let service = services[endpoints[number].service]
    noteLateness(of: number, at: now)
    if dying.contains(where: { $0.endpoint == number }) {
      turns[service.pool].end(service.turn)
      return take(
        .failure("the program that was started last was killed and does not end"), of: number, began: now, at: now)
    }
    do throws(SystemError) {
      let check = try RunningCheck(
        service.checked.check, of: number, at: endpoints[number].address, host: service.host,
        id: .random(in: .min ... .max), now: now)
      guard let slot = freeSlots.popLast() else { throw .noRoom(to: "check \(endpoints[number].address)") }
      checks += 1
      slots[slot] = Slot(check: check, token: checks << 16 | UInt64(slot))
      endpoints[number].isRunning = true
      do throws(SystemError) {
        try poller.add(
          check.raw, token: slots[slot].token, readable: !check.waitsToWrite, writable: check.waitsToWrite)
      } catch {
        end(slot, .undecided(error), at: now)
      }
    } catch {
      turns[service.pool].end(service.turn)
      // A program that cannot be started says nothing of the endpoint.
      take(
        error.isShortage || service.isProgram ? .undecided(error) : .failure(error.reason), of: number, began: now,
        at: now)
    }
  }

  /// Something is ready.
  func proceed(_ event: PollEvent, at now: UInt64) {
    let slot = Int(event.token & 0xffff)
    guard slot < slots.count, slots[slot].token == event.token, let check = slots[slot].check else { return }
    let waitedToWrite = check.waitsToWrite
    if let result = check.proceed(at: now) { return end(slot, result, at: now) }
    if waitedToWrite, !check.waitsToWrite {
      do throws(SystemError) {
        try poller.modify(check.raw, token: event.token, readable: true, writable: false)
      } catch {
        end(slot, .undecided(error), at: now)
      }
    }
  }

  private func free(_ slot: Int) {
    guard let check = slots[slot].check else { return }
    poller.remove(check.raw)
    if !check.hasEnded() { dying.append(check) }
    slots[slot] = Slot()
    freeSlots.append(slot)
  }

  private func end(_ slot: Int, _ result: CheckResult, at now: UInt64) {
    guard let check = slots[slot].check else { return }
    free(slot)
    endpoints[check.endpoint].isRunning = false
    let service = services[endpoints[check.endpoint].service]
    turns[service.pool].end(service.turn)
    take(result, of: check.endpoint, began: check.began, at: now)
  }

  // MARK: - Results

  private func take(_ result: CheckResult, of number: Int, began: UInt64, at now: UInt64) {
    let index = endpoints[number].service
    switch result {
    case .undecided(let error):
      counts.undecided += 1
      log.shortage(error, &services[index], at: now)
    case .success(let time):
      counts.succeeded += 1
      if let time {
        counts.times.record(time)
        services[index].times.record(time)
        if services[index].told.look(at: services[index].times, now: now) { hasNews = true }
      }
      take(success: true, reason: nil, of: number, at: now)
    case .failure(let reason):
      counts.failed += 1
      // Who is given an endpoint waits for it in vain; one that is down is given to nobody. A program's run is no time.
      if endpoints[number].health.isUp, !services[index].isProgram {
        services[index].times.recordLoss()
        if services[index].told.look(at: services[index].times, now: now) { hasNews = true }
      }
      take(success: false, reason: reason, of: number, at: now)
    }
    let service = services[index]
    endpoints[number].due = CheckSchedule.next(
      began: began, interval: service.interval, factor: service.breaker.factor, random: .random(in: .min ... .max))
    queue.add(DueQueue.Entry(time: endpoints[number].due, number: number))
  }

  private func take(success: Bool, reason: String?, of number: Int, at now: UInt64) {
    let index = endpoints[number].service
    let before = endpoints[number].health
    let hasChanged = endpoints[number].health.take(success: success)
    if let reason { endpoints[number].reason = reason }
    if hasChanged { endpoints[number].since = Clock.realtimeNanoseconds() }
    let after = endpoints[number].health
    if hasChanged || before.isUnsettled != after.isUnsettled || !before.isKnown { hasNews = true }
    if hasChanged {
      services[index].downCount += after.isUp ? -1 : 1
      log.changed(&endpoints[number], of: services[index], at: now)
    }
    if after.isUp, success { endpoints[number].reason = nil }
    let range = services[index].endpoints
    // Only where none is up is the rest worth looking at.
    let isAllDown = services[index].downCount == range.count
    let leastFailures = isAllDown && !success ? range.map { endpoints[$0].health.failures }.min() ?? 0 : 0
    let hasSwitched = services[index].breaker.take(
      success: success, leastFailures: leastFailures, down: services[index].checked.check.down, endpoints: range.count,
      interval: services[index].interval)
    guard hasSwitched else { return }
    hasNews = true
    log.switched(services[index])
    if !services[index].breaker.isOpen { hasten(range, except: number, at: now) }
  }

  /// What was put off while the circuit was open is due within an interval.
  private func hasten(_ range: Range<Int>, except number: Int, at now: UInt64) {
    let interval = services[endpoints[number].service].interval
    for other in range where other != number && !endpoints[other].isRunning && !endpoints[other].isWaiting {
      let due = CheckSchedule.first(at: now, interval: interval, random: .random(in: .min ... .max))
      if due >= endpoints[other].due { continue }
      endpoints[other].due = due
      queue.add(DueQueue.Entry(time: due, number: other))
    }
  }

  // MARK: - What is told

  /// Counts a check that begins so late that what is promised of detection does not hold.
  private func noteLateness(of number: Int, at now: UInt64) {
    let service = services[endpoints[number].service]
    let late = now &- endpoints[number].due
    guard late > max(service.interval / 5, Self.tolerance) else { return }
    counts.late += 1
    let turns = turns[service.pool]
    let most = services.filter { $0.pool == service.pool }.max {
      turns.running(of: $0.turn) < turns.running(of: $1.turn)
    }
    guard let most else { return }
    log.late(late, service, running: turns.running, of: (most, turns.running(of: most.turn)), at: now)
  }

  private func report(at now: UInt64) {
    log.turn(at: now)
    (hasNews, reported) = (false, now)
    var found: [DomainName: Findings.Service] = [:]
    for service in services { found[service.checked.name] = service.finding(endpoints) }
    findings.report(found)
    var room = HealthBoard.mostEndpoints
    counts.services = services.map { $0.shown(endpoints, room: &room) }
    board.post(counts)
  }
}
