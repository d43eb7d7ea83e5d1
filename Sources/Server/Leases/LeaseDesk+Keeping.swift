internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import LinuxIO
internal import Policy

/// What is leased outlives the server: kept in a file while it is in service, and leased again by the next server.
extension LeaseDesk {
  /// Keeps what is in service now; to be called before anybody is told of it.
  /// - Returns: what to say in the log; nil for nothing.
  func keep() -> String? {
    var kept = KeptLeases(folder: file.served, machineRun: file.machineRun)
    kept.overrides = overrides.filter { $0.asker == nil }.map {
      .init(
        context: $0.override.context, name: $0.override.name.description, written: $0.words.name,
        addresses: $0.words.places, user: $0.user, end: $0.end)
    }
    kept.runs = leases.filter(\.isActive).compactMap { lease in
      // Whose process cannot be told from a later one is not to be taken for it.
      guard let process = lease.process, let identity = lease.identity, !lease.isProcessGone else { return nil }
      let names = zip(lease.overrides, lease.words).map { override, words in
        KeptLeases.Name(name: override.name.description, written: words.name, addresses: words.places)
      }
      return .init(
        context: lease.context, ownContext: lease.ownContext, overrides: names, user: lease.user,
        address: "\(lease.address.address)", process: process, identity: identity)
    }
    return file.keep(kept)
  }

  /// Takes up what a server before this one had leased and has not ended since; to be loaded, and put into service.
  ///
  /// Everything is judged anew, as if it were asked for now: the file may have any text in it, and the policy may be another.
  /// - Returns: what to say in the log.
  func takeUp(_ snapshot: Snapshot, at now: LeaseMoment) -> [String] {
    if listeners == nil { return [] }
    if let problem = file.problem { return [LeaseFile.endsWithServer(problem)] }
    do throws(OverrideWords.Problem) {
      guard let kept = try file.read() else { return [] }
      return takeUp(kept, snapshot, at: now)
    } catch {
      return [error.text]
    }
  }

  func takeUp(_ kept: KeptLeases, _ snapshot: Snapshot, at now: LeaseMoment) -> [String] {
    var lines: [String] = []
    for entry in kept.overrides.prefix(Self.capacity) {
      let what = "the override of \(Self.shown(entry.name)) by \(Self.name(of: entry.user))"
      do throws(OverrideWords.Problem) {
        if entry.end.seconds(from: now) == 0 { throw .init(text: "its time is over") }
        let override = try again(entry, snapshot, at: now)
        overrides.append(override)
        lines.append("\(what) goes on until \(timeText(override.end.time))")
      } catch {
        lines.append("\(what) has ended: \(Self.shown(error.text))")
      }
    }
    for entry in kept.runs.prefix(Self.capacity) {
      let what =
        "the lease of \(Self.name(of: entry.user)) in \(Self.shown(entry.context)) at \(Self.shown(entry.address))"
      do throws(OverrideWords.Problem) {
        try takeUp(entry, snapshot)
        lines.append("\(what) goes on, process \(entry.process)")
      } catch {
        lines.append("\(what) has ended: \(Self.shown(error.text))")
      }
    }
    return lines
  }

  /// What the file says, for the log: nothing that a terminal obeys, and no more than a line's worth.
  private static func shown(_ text: String) -> String { clipped(visible(text), to: 300) }

  private func again(
    _ entry: KeptLeases.Override, _ snapshot: Snapshot, at now: LeaseMoment
  ) throws(OverrideWords.Problem) -> Override {
    let policy = snapshot.policy.policy
    let number = try Self.sharedContext(entry.context, snapshot)
    if let problem = whyNot(entry.user, in: number, policy) { throw .init(text: problem) }
    // Whatever the file says, nothing is longer than it may be.
    let end = entry.end.atMost(now.adding(LeaseRequest.longest))
    let user = Self.name(of: entry.user)
    let (override, words) = try Self.again(
      .init(name: entry.name, written: entry.written, addresses: entry.addresses), entry.context,
      "override by \(user) until \(timeText(end.time))", snapshot)
    if overrides.contains(where: { $0.override.name == override.name && $0.override.context == override.context }) {
      throw .init(text: "it is there twice")
    }
    return Override(override: override, words: words, user: entry.user, userName: user, end: end)
  }

  /// An override, and its words as they were written, where they still mean the same name.
  private static func again(
    _ entry: KeptLeases.Name, _ context: String, _ title: String, _ snapshot: Snapshot
  ) throws(OverrideWords.Problem) -> (override: NameOverride, words: OverrideWords) {
    var words = try OverrideWords(name: entry.name, addresses: entry.addresses)
    let override = try named(words, context, title, snapshot)
    if (try? name(entry.written, snapshot.policy.policy)) == override.name { words.name = entry.written }
    return (override, words)
  }

  private func takeUp(_ entry: KeptLeases.Run, _ snapshot: Snapshot) throws(OverrideWords.Problem) {
    let policy = snapshot.policy.policy
    guard let number = policy.contexts.number(of: entry.context) else {
      throw .init(text: "there is no context \(Self.shown(entry.context)) any more")
    }
    if let problem = whyNot(entry.user, in: number, policy) { throw .init(text: problem) }
    if entry.overrides.count > LeaseRequest.mostOverrides { throw .init(text: "it has too many overrides") }
    // A context of its own is called as it was, where nothing else is called so.
    let isFree =
      UInt16(entry.ownContext.dropFirst(4)).map { "run-\($0)" } == entry.ownContext
      && policy.contexts.number(of: entry.ownContext) == nil && !leases.contains { $0.ownContext == entry.ownContext }
    let ownContext =
      entry.overrides.isEmpty ? entry.context : isFree ? entry.ownContext : Self.freeContext(policy, leases)
    let user = Self.name(of: entry.user)
    var words: [OverrideWords] = []
    var named: [NameOverride] = []
    for name in entry.overrides {
      let next = try Self.again(name, ownContext, "override by \(user) for one program", snapshot)
      if named.contains(where: { $0.name == next.override.name }) {
        throw .init(text: "\(next.override.name) is overridden twice")
      }
      named.append(next.override)
      words.append(next.words)
    }
    guard let address = IPAddress(entry.address), Self.isLeasable(address),
      !leases.contains(where: { $0.address.address == address })
    else { throw .init(text: "that is no address for it") }
    guard let slot = freeSlots.first else { throw .init(text: "there can be no more") }
    // Active from here on: one that does not go with the folder then ends with the load, as nobody waits to be told.
    do throws(SystemError) {
      let (listener, door) = try bind(slot, to: SocketAddress(address, port: Self.port))
      leases.append(
        Lease(
          slot: slot, context: entry.context, ownContext: ownContext, overrides: named, words: words, user: entry.user,
          userName: user, process: entry.process, identity: entry.identity, address: door.listener.localAddress,
          connection: Self.noConnection(slot), listener: listener, door: door, isActive: true,
          isConnected: false))
    } catch {
      throw .init(text: Self.cannotBind(error))
    }
    freeSlots.removeFirst()
    watch(slot, entry.process)
    // Watched first: what is found out now is then so of the process that is watched.
    let index = leases.count - 1
    if leases[index].isProcessGone || processIdentity(entry.process) != entry.identity {
      end(leaseAt: index)
      throw .init(text: "its program has ended")
    }
  }

  /// What stands for the connection of a program whose server has ended: that of nobody at the door.
  static func noConnection(_ slot: Int) -> UInt64 { .max - UInt64(slot) }
}
