internal import Answering
internal import LinuxIO

/// What the server finds out while it runs, gathered for the snapshot in service: who checks endpoints and who watches
/// calls report here, from whatever thread, and the control thread takes it into service.
final class Findings: Sendable {
  /// Rung where there is news.
  let bell: WakeUp

  init() throws(SystemError) { bell = try WakeUp() }

  /// From now on findings are about this snapshot's services: what is known of those that go on is kept.
  func use(_ snapshot: Snapshot) {}

  /// All that is known now, in the numbers of the snapshot last used; the same object while nothing has changed.
  var situation: Situation { .unknown }
}
