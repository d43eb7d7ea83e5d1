internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import LinuxIO
internal import Policy

/// What becomes of what is leased: it comes into service, or does not, and ends.
extension LeaseDesk {
  /// What to answer who asked, once the configuration was loaded with it or could not be.
  /// - Returns: nil where its lease holds a connection from now on, to which ``grant(of:_:)`` is the answer.
  func settle(_ asker: ControlDoor.Asker, _ result: ReloadResult) -> ControlAnswer? {
    let isLoaded = result.status == .reloaded
    let why = Self.why(result, asker)
    if let index = leases.firstIndex(where: { $0.connection == asker.connection }) {
      if isLoaded, leases[index].isActive { return nil }
      let misfit = leases[index].misfit
      end(leaseAt: index)
      return isLoaded ? ControlAnswer(.failed, "\(misfit ?? "the context is gone")\n") : why
    }
    if let index = overrides.firstIndex(where: { $0.asker == asker.connection }) {
      let entry = overrides[index]
      if entry.misfit != nil || !isLoaded {
        overrides.remove(at: index)
        return isLoaded ? entry.misfit.map { ControlAnswer(.failed, $0 + "\n") } : why
      }
      overrides[index].asker = nil
      overrides = overrides.enumerated().filter { other, candidate in
        other >= index || candidate.override.name != entry.override.name
          || candidate.override.context != entry.override.context
      }.map(\.element)
      return ControlAnswer(
        .leased,
        "\(entry.override.name) is \(entry.words.places.joined(separator: ", ")) for callers in "
          + "\(entry.override.context) until \(timeText(entry.end.time)); ambit override --remove \(entry.words.name) ends "
          + "it\n" + (entry.words.port == nil ? "" : Self.portRemark(entry.words))
          + (file.problem.map { "it ends with the server, too: \($0)\n" } ?? ""))
    }
    return isLoaded
      ? ControlAnswer(.leased, "the override is gone\n")
      : ControlAnswer(.failed, "it ends with the next load that succeeds, tried every 30 s; now: \(why.text)")
  }

  /// What the log says of a lease that has begun.
  func line(of asker: ControlDoor.Asker) -> String? {
    guard let lease = leases.first(where: { $0.connection == asker.connection }) else { return nil }
    let overrides = lease.words.isEmpty ? "" : " with \(visible(lease.words.map(\.text).joined(separator: " ")))"
    let process = lease.process.map { "process \($0) of " } ?? ""
    return "\(process)\(lease.userName) runs in \(lease.context)\(overrides), at \(lease.address.address)"
  }

  /// What the program that holds a lease is told; nil where there is none on this connection.
  func grant(of asker: ControlDoor.Asker, _ policy: Policy) -> ControlAnswer? {
    leases.first { $0.connection == asker.connection }.map {
      Self.grant($0.address.address, policy, context: $0.ownContext)
    }
  }

  /// What was loaded with leases comes into service; to be called before ``claims`` are read for it.
  ///
  /// What was in service and does not go with the folder any more ends; what waits to be is told so by ``settle(_:_:)``.
  /// - Returns: lines for the log, and the connections that are to be dropped.
  func use(
    _ policy: Policy, _ loaded: LeasedConfiguration, _ misfits: LeasedConfiguration.Misfits
  ) -> (lines: [String], connections: [UInt64]) {
    var lines: [String] = []
    var connections: [UInt64] = []
    let runs = Set(loaded.runs.map(\.ownContext))
    for index in leases.indices.reversed() {
      let lease = leases[index]
      if lease.isActive {
        if policy.contexts.number(of: lease.ownContext) != nil, misfits.runs[lease.ownContext] == nil { continue }
        let reason = misfits.runs[lease.ownContext] ?? "there is no context \(lease.context) any more"
        lines.append(
          "the lease of \(lease.userName) in \(lease.context) at \(lease.address.address) has ended: \(reason)")
        connections.append(lease.connection)
        end(leaseAt: index)
      } else {
        leases[index].isActive = runs.contains(lease.ownContext)
        leases[index].misfit = misfits.runs[lease.ownContext]
      }
    }
    for index in overrides.indices.reversed() {
      guard let reason = misfits.overrides[overrides[index].override] else { continue }
      overrides[index].misfit = reason
      if overrides[index].asker == nil {
        let entry = overrides.remove(at: index)
        lines.append("the override of \(entry.override.name) by \(entry.userName) has ended: \(reason)")
      }
    }
    return (lines, connections)
  }

  /// Notes that connections have ended.
  /// - Returns: what is to be done; nil for nothing.
  func noteEnded(connections: [UInt64]) -> Ended? {
    for connection in connections {
      for index in leases.indices where leases[index].connection == connection { leases[index].isConnected = false }
    }
    return removeEnded()
  }

  /// Ends the lease of a connection that is gone, whatever becomes of its process.
  func abandon(_ connection: UInt64) -> Ended? {
    for index in leases.indices where leases[index].connection == connection {
      (leases[index].isConnected, leases[index].isProcessGone) = (false, true)
    }
    return removeEnded()
  }

  /// Notes which processes have ended.
  func noteProcesses() -> Ended? {
    do { try poller.wait(timeoutMilliseconds: 0, into: &events) } catch { return nil }
    for position in 0..<events.count {
      let slot = Int(truncatingIfNeeded: events[position].token)
      if let watch = watches.removeValue(forKey: slot) { poller.remove(watch.process.raw) }
      for index in leases.indices where leases[index].slot == slot { leases[index].isProcessGone = true }
    }
    return removeEnded()
  }

  /// What has ended: lines for the log, and whether the configuration is to be loaded without it.
  struct Ended {
    var lines: [String] = []
    var needsLoad = false
  }

  func removeEnded() -> Ended? {
    var ended = Ended()
    for index in leases.indices.reversed() where !leases[index].isConnected && leases[index].isProcessGone {
      let lease = leases[index]
      ended.lines.append("the lease of \(lease.userName) in \(lease.context) at \(lease.address.address) has ended")
      ended.needsLoad = ended.needsLoad || lease.ownContext != lease.context
      end(leaseAt: index)
    }
    return ended.lines.isEmpty ? nil : ended
  }

  /// Ends overrides whose time is over.
  func expire(at now: LeaseMoment) -> Ended? {
    var ended = Ended()
    overrides.removeAll { entry in
      guard entry.end.seconds(from: now) == 0, entry.asker == nil else { return false }
      ended.lines.append("the override of \(entry.override.name) by \(entry.userName) has ended")
      return true
    }
    ended.needsLoad = !ended.lines.isEmpty
    return ended.needsLoad ? ended : nil
  }

  func end(leaseAt index: Int) {
    let lease = leases.remove(at: index)
    if let watch = watches.removeValue(forKey: lease.slot) { poller.remove(watch.process.raw) }
    freeSlots.append(lease.slot)
  }
}
