internal import Answering
internal import FoundationEssentials
internal import LinuxIO
internal import Policy

/// The server's log: lines on standard error, each with the time in UTC.
///
/// Refusals are written by the control thread, so a reader of the log that is slow never holds up a query.
struct ServerLog: Sendable {
  /// One line.
  func write(_ text: String, at date: Date = Date()) {
    writeStandardError("\(date.formatted(ServerLog.style)) \(text)\n")
  }

  private static func verb(_ outcome: Outcome) -> String {
    outcome.wouldLeaveOut ? "would change" : outcome.isOnlyObserved ? "would refuse" : "refused"
  }

  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  /// The refusals that wait in a worker's ring, as many as it holds: those that come meanwhile wait for the next time, so
  /// that a flood does not keep the control thread from signals.
  /// - Parameter snapshots: those that may have made them, by generation.
  func writeRefusals(of ring: DecisionRing, _ snapshots: [UInt64: ServedSnapshot]) {
    for _ in 0..<ring.capacity {
      guard let record = ring.pop() else { return }
      guard let served = snapshots[record.generation], let refusal = record.outcome.refusal else { continue }
      let policy = served.snapshot.policy
      let caller = record.outcome.caller
      let who = [
        caller.service == 0 ? nil : policy.serviceName(caller.service),
        caller.context == 0 ? nil : "in \(policy.contextName(caller.context))",
      ].compactMap(\.self).joined(separator: " ")
      var others = policy.judgeAll(
        caller, target: record.outcome.service, at: UInt32(truncatingIfNeeded: record.time / 1_000_000_000))
      if record.outcome.brokenRules.contains(.isolate) {
        let endpoint = record.outcome.endpointContext
        let reason = policy.isolationReason(callerContext: caller.context, endpointContext: endpoint)
        others.append(Refusal(.isolate, reason: reason))
      }
      others.removeAll { $0 == refusal }
      let also = others.map { other in
        other.rule.word + (other.reason == 0 ? "" : " (\(policy.reason(other.reason)))")
      }.joined(separator: ", ")
      let seconds = Double(record.time) / 1e9
      write(
        "\(Self.verb(record.outcome)) \(record.name) \(record.type) "
          + "to \(record.source)\(who.isEmpty ? "" : " (\(who))"): \(policy.text(of: refusal, record.outcome))"
          + (also.isEmpty ? "" : "; also \(also)"),
        at: Date(timeIntervalSince1970: seconds))
    }
  }
}
