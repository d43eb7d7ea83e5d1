internal import Answering
internal import LinuxIO
internal import Synchronization

/// Checks the endpoints of services that say `health`, on a thread of its own, and reports to ``Findings``.
///
/// The thread never blocks but in its poller; queries have nothing to do with it.
final class HealthChecker: Sendable {
  /// What the control thread wants of it.
  private struct Orders: Sendable {
    var snapshot: Snapshot?
    var shouldStop = false
  }

  /// What is to be seen.
  let board = HealthBoard()

  private let findings: Findings
  private let orders = Mutex(Orders())
  private let bell: WakeUp
  private let write: @Sendable (String) -> Void
  /// Checks that go on at a time at the most.
  private let atOnce: Int

  /// - Parameter write: takes a line of the server's log.
  init(_ findings: Findings, atOnce: Int, write: @escaping @Sendable (String) -> Void) throws(SystemError) {
    self.findings = findings
    self.atOnce = atOnce
    self.write = write
    bell = try WakeUp()
  }

  /// How many descriptors it needs: one a check, those of programs, the poller and the bell.
  static func descriptors(atOnce: Int) -> Int {
    atOnce + ChildProgram.descriptors * (CheckRounds.programsAtOnce + CheckRounds.mostDying) + 2
  }

  /// Checks the endpoints of another snapshot; the state of those that go on is kept.
  func use(_ snapshot: Snapshot) {
    orders.withLock { $0.snapshot = snapshot }
    bell.wake()
  }

  func stop() {
    orders.withLock { $0.shouldStop = true }
    bell.wake()
  }

  /// Checks until told to stop.
  func run() throws(SystemError) {
    let poller = try Poller()
    try poller.add(bell.raw, token: CheckRounds.bellToken)
    var events = PollEvents()
    let rounds = CheckRounds(poller, findings, board, atOnce: atOnce, write)
    while true {
      let order = orders.withLock { orders in
        defer { orders.snapshot = nil }
        return orders
      }
      if order.shouldStop { return }
      if let snapshot = order.snapshot { rounds.use(snapshot.checkedServices, at: Clock.monotonicNanoseconds()) }
      let wait = rounds.turn(at: Clock.monotonicNanoseconds())
      try rounds.poller.wait(timeoutMilliseconds: wait, into: &events)
      let now = Clock.monotonicNanoseconds()
      for index in 0..<events.count {
        if events[index].token == CheckRounds.bellToken { bell.drain() } else { rounds.proceed(events[index], at: now) }
      }
    }
  }
}
