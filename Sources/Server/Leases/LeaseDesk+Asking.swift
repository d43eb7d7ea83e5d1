internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import LinuxIO
internal import Policy

/// What is asked of the desk: begun where it may be.
extension LeaseDesk {
  func run(
    _ context: String, _ words: [OverrideWords], _ asker: ControlDoor.Asker, _ snapshot: Snapshot
  ) -> Step {
    let policy = snapshot.policy.policy
    guard let number = policy.contexts.number(of: context) else { return .mistake(Self.noContext(context, policy)) }
    // A listener that the context has anyway, which everybody here may ask.
    if words.isEmpty, let own = policy.ownResolver(ofContext: number) {
      return .answer(Self.grant(own, policy, context: context))
    }
    if let problem = whyNot(asker.user, in: number, policy) { return .refuse(problem) }
    let (user, name) = Self.user(asker)
    if leases.count >= Self.capacity(of: user) {
      return .refuse("there are \(leases.count) leases, and there can be no more")
    }
    if user != 0, leases.count(where: { $0.user == user }) >= Self.capacityOfUser {
      return .refuse("user \(name) has \(Self.capacityOfUser) leases, and can have no more")
    }
    let slot = freeSlots.removeFirst()
    let ownContext = words.isEmpty ? context : Self.freeContext(policy, leases)
    var named: [NameOverride] = []
    do throws(OverrideWords.Problem) {
      for word in words {
        let title = "override by \(name) for one program"
        let next = try Self.named(word, ownContext, title, snapshot)
        if named.contains(where: { $0.name == next.name }) { throw .init(text: "\(word.name) is overridden twice") }
        named.append(next)
      }
    } catch {
      freeSlots.append(slot)
      return .mistake(error.text)
    }
    do throws(SystemError) {
      let (listener, door) = try bind(slot)
      leases.append(
        Lease(
          slot: slot, context: context, ownContext: ownContext, overrides: named, words: words, user: user,
          userName: name, process: asker.process, identity: asker.process.flatMap(processIdentity),
          address: door.listener.localAddress, connection: asker.connection,
          listener: listener, door: door, isActive: words.isEmpty))
    } catch {
      freeSlots.append(slot)
      return .refuse(
        "\(error.call == "bind" ? Self.cannotBind(error) : "\(error)")")
    }
    watch(slot, asker.process)
    return words.isEmpty ? .put : .load
  }

  func override(
    _ context: String?, _ words: OverrideWords, _ seconds: UInt32, _ asker: ControlDoor.Asker, _ snapshot: Snapshot
  ) -> Step {
    let policy = snapshot.policy.policy
    let (user, name) = Self.user(asker)
    do throws(OverrideWords.Problem) {
      let number = try Self.sharedContext(context, snapshot)
      if let problem = whyNot(asker.user, in: number, policy) { return .refuse(problem) }
      let end = LeaseMoment.now.adding(seconds)
      let until = timeText(end.time)
      let next = try Self.named(
        words, policy.contexts.nodes[number].name, "override by \(name) until \(until)", snapshot)
      let same = overrides.firstIndex { $0.override.name == next.name && $0.override.context == next.context }
      if let same, overrides[same].user != user, user != 0 {
        throw .init(
          text: "\(words.name) is overridden by \(overrides[same].userName) in \(next.context) already, until "
            + "\(timeText(overrides[same].end.time))")
      }
      if same == nil {
        if overrides.count >= Self.capacity(of: user) {
          throw .init(text: "there are \(overrides.count) overrides already")
        }
        if user != 0, overrides.count(where: { $0.user == user }) >= Self.capacityOfUser {
          throw .init(text: "user \(name) has \(Self.capacityOfUser) overrides, and can have no more")
        }
      }
      let entry = Override(
        override: next, words: words, user: user, userName: name, end: end, asker: asker.connection)
      // What was there before counts again where this one does not load: the last of two is in force.
      overrides.append(entry)
      return .load
    } catch {
      return .mistake(error.text)
    }
  }

  func restore(
    _ context: String?, _ name: String, _ asker: ControlDoor.Asker, _ snapshot: Snapshot
  ) -> Step {
    let policy = snapshot.policy.policy
    do throws(OverrideWords.Problem) {
      let number = try Self.sharedContext(context, snapshot)
      let contextName = policy.contexts.nodes[number].name
      let wanted = try Self.name(name, policy)
      guard let index = overrides.lastIndex(where: { $0.override.name == wanted && $0.override.context == contextName })
      else {
        let known = overrides.filter { $0.override.context == contextName }.map(\.words.name)
        throw .init(
          text: "\(name) is not overridden in \(contextName)"
            + (nearest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""))
      }
      let (user, _) = Self.user(asker)
      if user != 0, user != currentUser, user != overrides[index].user {
        throw .init(text: "\(name) was overridden by \(overrides[index].userName), who may take that away, and root")
      }
      overrides.removeAll { $0.override.name == wanted && $0.override.context == contextName }
      return .load
    } catch {
      return .mistake(error.text)
    }
  }

  /// Ends the lease of a program that runs on: nobody answers it from then on.
  func end(_ run: String, _ asker: ControlDoor.Asker) -> Step {
    let (user, _) = Self.user(asker)
    let isTrusted = user == 0 || user == currentUser
    let found = leases.first { lease in
      (isTrusted || lease.user == user) && lease.isActive
        && (lease.ownContext == run && run != lease.context || "\(lease.address.address)" == run
          || lease.process.map(String.init) == run)
    }
    guard let found else {
      return .mistake(
        "no program runs by a lease as \(run)\(isTrusted ? "" : " that is yours"); ambit override --list shows the "
          + "address and process of each")
    }
    return .end(
      connection: found.connection,
      ControlAnswer(.leased, "the lease of \(found.userName) at \(found.address.address) has ended\n"))
  }
}
