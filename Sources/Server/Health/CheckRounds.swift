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
  /// Endpoints that are checked at the most.
  static let mostEndpoints = 16_384
  /// Nanoseconds after which a program, or any check for want of this host's, is tried again where it could not begin.
  private static let pause: UInt64 = 100_000_000
  /// Nanoseconds between two reports where there is news, and where only counts have grown.
  private static let reportPause: UInt64 = 100_000_000
  private static let longestReportPause: UInt64 = 1_000_000_000
  /// Lines of the log between two reports; what is more is counted.
  private static let mostLines = 20

  let poller: Poller
  private let findings: Findings
  private let board: HealthBoard
  private let write: (String) -> Void

  private var services: [ServiceHealth] = []
  private var endpoints: [EndpointHealth] = []
  private var queue = DueQueue()
  private var slots: [Slot]
  private var freeSlots: [Int]
  private var running = 0
  private var programs = 0
  private var checks: UInt64 = 0
  private var counts = HealthBoard.Contents()
  private var hasNews = true
  private var reported: UInt64 = 0
  private var linesLeft = CheckRounds.mostLines
  private var linesLeftOut = 0
  private var hasSaidShortage = false

  /// Where a check goes on.
  private struct Slot {
    var check: RunningCheck?
    var token: UInt64 = 0
    /// Its time is up, and its program has yet to die.
    var isDying = false
  }

  init(
    _ poller: consuming Poller, _ findings: Findings, _ board: HealthBoard, atOnce: Int,
    _ write: @escaping (String) -> Void
  ) {
    self.poller = poller
    self.findings = findings
    self.board = board
    self.write = write
    slots = Array(repeating: Slot(), count: atOnce)
    freeSlots = Array((0..<atOnce).reversed())
  }

  // MARK: - Which endpoints

  /// What an endpoint's state is kept by.
  private struct Key: Hashable {
    let service: DomainName
    let address: IPAddress
    let probe: HealthCheck.Probe
  }

  /// Checks these from now on; those that were checked before, in the same way, go on as they are.
  func use(_ next: [CheckedService], at now: UInt64) {
    for slot in slots.indices where slots[slot].check != nil { free(slot) }
    var known: [Key: EndpointHealth] = [:]
    for endpoint in endpoints {
      let service = services[endpoint.service].checked
      known[Key(service: service.name, address: endpoint.address, probe: service.check.probe)] = endpoint
    }
    let before = Dictionary(services.map { ($0.checked.name, $0) }, uniquingKeysWith: { first, _ in first })
    (services, endpoints, queue, counts.leftOut) = ([], [], DueQueue(), 0)
    for checked in next {
      let room = min(checked.addresses.count, Self.mostEndpoints - endpoints.count)
      counts.leftOut += checked.addresses.count - room
      var service = ServiceHealth(checked, endpoints: endpoints.count..<(endpoints.count + room))
      if let old = before[checked.name], old.checked.check.probe == checked.check.probe {
        (service.breaker, service.times, service.told) = (old.breaker, old.times, old.told)
      }
      for address in checked.addresses.prefix(room) {
        var endpoint = EndpointHealth(
          service: services.count, address: address, since: Clock.realtimeNanoseconds(),
          Hysteresis(up: checked.check.up, down: checked.check.down))
        if let old = known[Key(service: checked.name, address: address, probe: checked.check.probe)] {
          endpoint.take(over: old)
        } else {
          endpoint.due = CheckSchedule.first(
            at: now, interval: service.interval, random: .random(in: .min ... .max))
        }
        service.downCount += endpoint.health.isUp ? 0 : 1
        queue.add(DueQueue.Entry(time: endpoint.due, number: endpoints.count))
        endpoints.append(endpoint)
      }
      services.append(service)
    }
    if counts.leftOut > 0 {
      write("\(counts.leftOut) endpoints are not checked and taken for well: there are more than \(Self.mostEndpoints)")
    }
    (hasNews, reported) = (true, 0)
  }

  // MARK: - Turns

  /// Begins what is due, ends what is too late, reports what is new.
  /// - Returns: for how many milliseconds there is nothing to do.
  func turn(at now: UInt64) -> Int32 {
    for slot in slots.indices {
      guard let check = slots[slot].check, !slots[slot].isDying, now >= check.deadline else { continue }
      if let result = check.expire() { end(slot, result, at: now) } else { slots[slot].isDying = true }
    }
    while running < slots.count, let first = queue.first, first.time <= now {
      _ = queue.removeFirst()
      // An endpoint may be due earlier than it once was: the later entry then means nothing.
      guard endpoints[first.number].due == first.time, !endpoints[first.number].isRunning else { continue }
      begin(first.number, at: now)
    }
    if now &- reported >= (hasNews ? Self.reportPause : Self.longestReportPause) { report(at: now) }
    return milliseconds(from: now)
  }

  private func milliseconds(from now: UInt64) -> Int32 {
    var next = now &+ 1_000_000_000
    if running < slots.count, let first = queue.first { next = min(next, first.time) }
    for slot in slots { if let check = slot.check, !slot.isDying { next = min(next, check.deadline) } }
    if hasNews { next = min(next, reported &+ Self.reportPause) }
    return next <= now ? 0 : Int32((next - now + 999_999) / 1_000_000)
  }

  private func begin(_ number: Int, at now: UInt64) {
    let service = services[endpoints[number].service]
    if service.isProgram, programs >= Self.programsAtOnce { return postpone(number, at: now) }
    do throws(SystemError) {
      let check = try RunningCheck(
        service.checked.check, of: number, at: endpoints[number].address, host: service.host,
        id: .random(in: .min ... .max), now: now)
      guard let slot = freeSlots.popLast() else { return postpone(number, at: now) }
      checks += 1
      slots[slot] = Slot(check: check, token: checks << 16 | UInt64(slot))
      running += 1
      programs += check.isProgram ? 1 : 0
      endpoints[number].isRunning = true
      do throws(SystemError) {
        try poller.add(
          check.raw, token: slots[slot].token, readable: !check.waitsToWrite, writable: check.waitsToWrite)
      } catch {
        end(slot, .undecided(error), at: now)
      }
    } catch {
      take(error.isShortage ? .undecided(error) : .failure(error.reason), of: number, began: now, at: now)
    }
  }

  private func postpone(_ number: Int, at now: UInt64) {
    endpoints[number].due = now &+ Self.pause
    queue.add(DueQueue.Entry(time: endpoints[number].due, number: number))
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
    check.giveUp()
    slots[slot] = Slot()
    freeSlots.append(slot)
    running -= 1
    programs -= check.isProgram ? 1 : 0
  }

  private func end(_ slot: Int, _ result: CheckResult, at now: UInt64) {
    guard let check = slots[slot].check else { return }
    free(slot)
    endpoints[check.endpoint].isRunning = false
    take(result, of: check.endpoint, began: check.began, at: now)
  }

  // MARK: - Results

  private func take(_ result: CheckResult, of number: Int, began: UInt64, at now: UInt64) {
    let index = endpoints[number].service
    switch result {
    case .undecided(let error):
      counts.undecided += 1
      if !hasSaidShortage {
        write("an endpoint cannot be checked, and stays what it was taken for: \(error); said once")
        hasSaidShortage = true
      }
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
      say(changeText(number))
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
    say(breakerText(services[index]))
    if !services[index].breaker.isOpen { hasten(range, except: number, at: now) }
  }

  /// What was put off while the circuit was open is due within an interval.
  private func hasten(_ range: Range<Int>, except number: Int, at now: UInt64) {
    let interval = services[endpoints[number].service].interval
    for other in range where other != number && !endpoints[other].isRunning {
      let due = CheckSchedule.first(at: now, interval: interval, random: .random(in: .min ... .max))
      if due >= endpoints[other].due { continue }
      endpoints[other].due = due
      queue.add(DueQueue.Entry(time: due, number: other))
    }
  }

  // MARK: - What is said

  private func say(_ line: String) {
    if linesLeft == 0 { return linesLeftOut += 1 }
    linesLeft -= 1
    write(line)
  }

  private func changeText(_ number: Int) -> String {
    let endpoint = endpoints[number]
    let service = services[endpoint.service]
    let check = service.checked.check
    let all = service.endpoints.count
    let up = all - service.downCount
    let what =
      endpoint.health.isUp
      ? "up: \(check.up) of \(check.up) checks succeeded"
      : "down: \(check.down) of \(check.down) checks failed (\(endpoint.reason ?? "for no reason"))"
    let left =
      up == 0 ? "no endpoint is left" : "\(up) of \(all) endpoints up"
    return "\(service.checked.display) \(endpoint.address) is \(what); \(left) (\(check.location.wholeLine))"
  }

  private func breakerText(_ service: ServiceHealth) -> String {
    let place = service.checked.check.location.wholeLine
    let count = service.endpoints.count
    let endpoints = count == 1 ? "one endpoint" : "\(count) endpoints"
    return service.breaker.isOpen
      ? "\(service.checked.display) is broken: every check of its \(endpoints) fails; "
        + "it is checked less and less often until one succeeds (\(place))"
      : "\(service.checked.display) is not broken any more: a check succeeded (\(place))"
  }

  private func report(at now: UInt64) {
    if linesLeftOut > 0 { write("\(linesLeftOut) more changes of endpoints within a moment") }
    (linesLeft, linesLeftOut, hasNews, reported) = (Self.mostLines, 0, false, now)
    var found: [DomainName: Findings.Service] = [:]
    for service in services { found[service.checked.name] = service.finding(endpoints) }
    findings.report(found)
    var room = HealthBoard.mostEndpoints
    counts.services = services.map { $0.shown(endpoints, room: &room) }
    board.post(counts)
  }
}
