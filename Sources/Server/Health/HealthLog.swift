internal import Checking
internal import LinuxIO
internal import Policy

/// What the log is told of checks: a line a change, as long as they are few; what lasts, once an hour.
struct HealthLog {
  /// Lines of a second; what is more is counted.
  private static let mostLines = 20
  /// Lines of one endpoint that flaps, and nanoseconds until it has one more.
  static let mostOfEndpoint = 4
  private static let refill: UInt64 = 15_000_000_000
  private static let second: UInt64 = 1_000_000_000
  private static let hour: UInt64 = 3_600_000_000_000

  private let write: (String) -> Void
  private var began: UInt64 = 0
  private var linesLeft = HealthLog.mostLines
  private var leftOut = 0
  private var saidLate: UInt64?

  init(_ write: @escaping (String) -> Void) { self.write = write }

  /// A second may be over: what was left out in it is said.
  mutating func turn(at now: UInt64) {
    guard now &- began >= Self.second else { return }
    if leftOut > 0 { write("\(leftOut) more changes of endpoints that are not listed: there are many, or they flap") }
    (began, linesLeft, leftOut) = (now, Self.mostLines, 0)
  }

  private mutating func say(_ line: String) {
    if linesLeft == 0 { return leftOut += 1 }
    linesLeft -= 1
    write(line)
  }

  /// An endpoint is up, or down, now.
  mutating func changed(_ endpoint: inout EndpointHealth, of service: ServiceHealth, at now: UInt64) {
    let more = (now &- endpoint.refilled) / Self.refill
    if more > 0 {
      endpoint.linesLeft = Int(min(UInt64(Self.mostOfEndpoint), UInt64(endpoint.linesLeft) &+ more))
      endpoint.refilled = now
    }
    if endpoint.linesLeft == 0 { return leftOut += 1 }
    endpoint.linesLeft -= 1
    let check = service.checked.check
    let all = service.endpoints.count
    let up = all - service.downCount
    let what =
      endpoint.health.isUp
      ? "up: \(check.up) of \(check.up) checks succeeded"
      : "down: \(check.down) of \(check.down) checks failed (\(endpoint.reason ?? "for no reason"))"
    let left = up == 0 ? "no endpoint is left" : "\(up) of \(all) endpoints up"
    say("\(service.checked.display) \(endpoint.address) is \(what); \(left) (\(check.location.wholeLine))")
  }

  /// A service is broken, or not any more.
  mutating func switched(_ service: ServiceHealth) {
    let place = service.checked.check.location.wholeLine
    let count = service.endpoints.count
    let endpoints = count == 1 ? "one endpoint" : "\(count) endpoints"
    say(
      service.breaker.isOpen
        ? "\(service.checked.display) is broken: every check of its \(endpoints) fails; "
          + "it is checked less and less often until one succeeds (\(place))"
        : "\(service.checked.display) is not broken any more: a check succeeded (\(place))")
  }

  /// A check of a service could not be made.
  mutating func shortage(_ error: SystemError, _ service: inout ServiceHealth, at now: UInt64) {
    guard isDue(service.saidShortage, now) else { return }
    service.saidShortage = now
    say(
      "\(service.checked.display) cannot be checked, and its endpoints stay what they were taken for: \(error) "
        + "(\(service.checked.check.location.wholeLine)); said once an hour")
  }

  /// A check of a service begins so many nanoseconds late, since so many of another go on.
  mutating func late(
    _ time: UInt64, _ service: ServiceHealth, running: Int, of most: (service: ServiceHealth, running: Int),
    at now: UInt64
  ) {
    guard isDue(saidLate, now) else { return }
    saidLate = now
    write(
      "a check of \(service.checked.display) begins \(time / 1_000_000) ms late: \(running) go on, \(most.running) of them of "
        + "\(most.service.checked.display); a longer every or a shorter timeout there makes room "
        + "(\(most.service.checked.check.location.wholeLine)); said once an hour")
  }

  private func isDue(_ said: UInt64?, _ now: UInt64) -> Bool { said.map { now &- $0 >= Self.hour } ?? true }

  /// Endpoints are left out, for there are too many.
  func leftOut(_ count: Int) {
    write("\(count) endpoints are not checked and taken for well: there are more than \(CheckRounds.mostEndpoints)")
  }

  /// A service's endpoints take longer to check, where they hang, than the policy says.
  func crowded(_ service: ServiceHealth, room: Int) {
    let check = service.checked.check
    let needed = CheckTurns.needed(
      endpoints: service.endpoints.count, timeout: check.timeout, interval: check.interval)
    guard needed > room else { return }
    write(
      "\(service.checked.display): where its \(service.endpoints.count) endpoints hang, \(needed) checks have to go on at a "
        + "time, and \(room) may, so that is found out late; write a longer every or a shorter timeout "
        + "(\(check.location.wholeLine))")
  }
}
