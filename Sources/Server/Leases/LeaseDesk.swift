internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import FoundationEssentials
internal import LinuxIO
internal import Policy

/// What people of this host have leased: a context for a program that they run, other addresses for a name.
///
/// For the control thread alone. A lease is configuration that no file has: text of a policy and overlays, which the next
/// load reads beside the folder's files (``LeasedConfiguration``), with every check. Only a program that runs in a context
/// as it is needs none: its listener is put into service with the snapshot that is there.
///
/// Everything is bounded: 64 leases, 16 of one user, 8 of them for root and the server's user alone; so too overrides that
/// have an end.
final class LeaseDesk {
  static let capacity = 64
  static let capacityOfUser = 16
  /// Of the capacity, what root and the server's user alone can have.
  static let kept = 8
  static let port: UInt16 = 53

  /// A program that runs in a context.
  struct Lease {
    /// 0 to 63: its address and its listener's place behind those of the policy.
    let slot: Int
    let context: String
    /// The context that its callers are in: a child of that one, where it has overrides.
    let ownContext: String
    let overrides: [NameOverride]
    let words: [OverrideWords]
    let user: UInt32
    let userName: String
    let process: Int32?
    let address: SocketAddress
    let connection: UInt64
    let listener: UDPListener
    let door: TCPDoor
    /// It is in service: what it needs was loaded.
    var isActive = false
    /// Why what it needs was left out of a load; nil where it was not.
    var misfit: String?
    var isConnected = true
    /// Its process has ended, or nobody can tell.
    var isProcessGone = false
  }

  static func capacity(of user: UInt32) -> Int { user == 0 || user == currentUser ? capacity : capacity - kept }

  /// Other addresses for a name, for all callers of a context.
  struct Override {
    let override: NameOverride
    let words: OverrideWords
    let user: UInt32
    let userName: String
    /// Seconds since 1970.
    let end: UInt32
    /// The connection of who waits for it; nil once it is in service.
    var asker: UInt64?
    /// Why it was left out of a load; nil where it was not.
    var misfit: String?
  }

  /// What is to be done about a request.
  enum Step {
    case answer(ControlAnswer)
    /// To be answered once the configuration was loaded with it.
    case load
    /// In service with the next ``claims``.
    case put
    /// The lease of a connection is to end.
    case end(connection: UInt64, ControlAnswer)
  }

  /// A descriptor that is readable when a process that leases has ended.
  var raw: Int32 { poller.raw }
  private let poller: Poller
  private var events = PollEvents()
  private let firstIndex: Int
  /// Nil where the policy that the server started with has no `leases`.
  let listeners: LeasedListeners?
  private(set) var leases: [Lease] = []
  private(set) var overrides: [Override] = []
  private var watches: [Int: Watch] = [:]
  /// The last 16 bits of the addresses given last, the oldest first.
  private var given: [UInt16] = []
  static let addressesRemembered = 8192
  /// Slots in the order in which they are given: the one that was free for longest first.
  private var freeSlots = Array(0..<LeaseDesk.capacity)

  private final class Watch {
    let process: ProcessWatch
    init(_ process: consuming ProcessWatch) { self.process = process }
  }

  /// - Parameter firstIndex: the place of the first listener that is leased among all.
  init(isOpen: Bool, firstIndex: Int) throws(SystemError) {
    poller = try Poller()
    listeners = isOpen ? LeasedListeners() : nil
    self.firstIndex = firstIndex
  }

  /// By slot: the context that claims its listener; nil for none. Empty where nothing can be leased.
  var claims: [String?] {
    guard listeners != nil else { return [] }
    var claims: [String?] = Array(repeating: nil, count: Self.capacity)
    for lease in leases where lease.isActive { claims[lease.slot] = lease.ownContext }
    return claims
  }

  /// What the next load is to read beside the folder.
  var configuration: LeasedConfiguration {
    LeasedConfiguration(
      runs: leases.filter { $0.ownContext != $0.context }.map {
        .init(context: $0.context, ownContext: $0.ownContext, overrides: $0.overrides, user: $0.userName)
      }, overrides: overrides.map(\.override))
  }

  /// Has the workers listen at what is in service, and nowhere else.
  func publish() {
    guard let listeners else { return }
    let active = leases.filter(\.isActive)
    listeners.publish(.init(datagrams: active.map(\.listener), doors: active.map(\.door)))
  }

  // MARK: - What is asked

  /// Begins what is asked for.
  func take(_ request: LeaseRequest, by asker: ControlDoor.Asker, _ snapshot: Snapshot) -> Step {
    switch request {
    case .list(let asJSON):
      return .answer(ControlAnswer(.leased, asJSON ? list.json : list.text))
    case .run(let context, let words): return run(context, words, asker, snapshot)
    case .override(let context, let words, let seconds):
      return override(context, words, seconds, asker, snapshot)
    case .restore(let context, let name): return restore(context, name, asker, snapshot)
    case .end(let run): return end(run, asker)
    }
  }

  private func run(
    _ context: String, _ words: [OverrideWords], _ asker: ControlDoor.Asker, _ snapshot: Snapshot
  ) -> Step {
    let policy = snapshot.policy.policy
    guard let number = policy.contexts.number(of: context) else { return .mistake(Self.noContext(context, policy)) }
    // A listener that the context has anyway, which everybody here may ask.
    if words.isEmpty, let own = policy.ownResolver(ofContext: number) {
      return .answer(Self.grant(own, policy, context: context))
    }
    if let problem = whyNot(asker, in: number, policy) { return .refuse(problem) }
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
          userName: name, process: asker.process, address: door.listener.localAddress, connection: asker.connection,
          listener: listener, door: door, isActive: words.isEmpty))
    } catch {
      freeSlots.append(slot)
      return .refuse(
        "\(error.call == "bind" ? Self.cannotBind(error) : "\(error)")")
    }
    watch(slot, asker.process)
    return words.isEmpty ? .put : .load
  }

  private func override(
    _ context: String?, _ words: OverrideWords, _ seconds: UInt32, _ asker: ControlDoor.Asker, _ snapshot: Snapshot
  ) -> Step {
    let policy = snapshot.policy.policy
    let (user, name) = Self.user(asker)
    do throws(OverrideWords.Problem) {
      let number = try Self.sharedContext(context, snapshot)
      if let problem = whyNot(asker, in: number, policy) { return .refuse(problem) }
      let now = Clock.realtimeSeconds()
      let (end, _) = now.addingReportingOverflow(seconds)
      let until = timeText(end)
      let next = try Self.named(
        words, policy.contexts.nodes[number].name, "override by \(name) until \(until)", snapshot)
      let same = overrides.firstIndex { $0.override.name == next.name && $0.override.context == next.context }
      if let same, overrides[same].user != user, user != 0 {
        throw .init(
          text: "\(words.name) is overridden by \(overrides[same].userName) in \(next.context) already, until "
            + "\(timeText(overrides[same].end))")
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

  private func restore(
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
  private func end(_ run: String, _ asker: ControlDoor.Asker) -> Step {
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

  // MARK: - What becomes of it

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
          + "\(entry.override.context) until \(timeText(entry.end)); ambit override --remove \(entry.words.name) ends "
          + "it\n" + (entry.words.port == nil ? "" : Self.portRemark(entry.words)))
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

  private func removeEnded() -> Ended? {
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
  /// - Parameter now: seconds since 1970.
  func expire(at now: UInt32) -> Ended? {
    var ended = Ended()
    overrides.removeAll { entry in
      guard entry.end <= now, entry.asker == nil else { return false }
      ended.lines.append("the override of \(entry.override.name) by \(entry.userName) has ended")
      return true
    }
    ended.needsLoad = !ended.lines.isEmpty
    return ended.needsLoad ? ended : nil
  }

  private func end(leaseAt index: Int) {
    let lease = leases.remove(at: index)
    if let watch = watches.removeValue(forKey: lease.slot) { poller.remove(watch.process.raw) }
    freeSlots.append(lease.slot)
  }

  // MARK: - Sockets

  private func watch(_ slot: Int, _ process: Int32?) {
    guard let process, let found = ProcessWatch(process), let index = leases.firstIndex(where: { $0.slot == slot })
    else {
      for index in leases.indices where leases[index].slot == slot { leases[index].isProcessGone = true }
      return
    }
    let watch = Watch(found)
    if (try? poller.add(watch.process.raw, token: UInt64(slot))) == nil {
      leases[index].isProcessGone = true
      return
    }
    watches[slot] = watch
  }

  /// Binds port 53 of an address of 127.53.0.0/16 that nobody has, and that nobody had lately: whoever still asks there,
  /// as the child of a program that was run, is not to be answered as somebody else's.
  private func bind(_ slot: Int) throws(SystemError) -> (UDPListener, TCPDoor) {
    var first: SystemError?
    for _ in 0..<64 {
      let number = UInt16.random(in: 1...UInt16.max - 1)
      if given.contains(number) { continue }
      let address = SocketAddress(IPAddress(v4: 127 << 24 | 53 << 16 | UInt32(number)), port: Self.port)
      if UDPSocket.isTaken(address) || TCPListener.isTaken(address) {
        first = first ?? .addressInUse(address)
        continue
      }
      let index = firstIndex + slot
      let datagrams = UDPListener(try UDPSocket.bind(to: address, sharesPort: false), index: index)
      let door = TCPDoor(try TCPListener.bind(to: address), index: index)
      if given.count == Self.addressesRemembered { given.removeFirst() }
      given.append(number)
      return (datagrams, door)
    }
    throw first ?? .addressInUse(SocketAddress(IPAddress(v4: 127 << 24), port: Self.port))
  }
}

extension LeaseDesk.Step {
  /// Not done, and why.
  static func refuse(_ text: String) -> Self { .answer(ControlAnswer(.refused, text + "\n")) }

  /// Not done, since what was asked for is wrong.
  static func mistake(_ text: String) -> Self { .answer(ControlAnswer(.failed, text + "\n")) }
}
