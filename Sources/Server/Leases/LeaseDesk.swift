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
    /// What tells it from a later process of the same number; nil where that is not known.
    let identity: String?
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
    let end: LeaseMoment
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
  let poller: Poller
  var events = PollEvents()
  let firstIndex: Int
  /// Nil where the policy that the server started with has no `leases`.
  let listeners: LeasedListeners?
  /// Where what is in service outlives the server.
  let file: LeaseFile
  var leases: [Lease] = []
  var overrides: [Override] = []
  var watches: [Int: Watch] = [:]
  /// The last 16 bits of the addresses given last, the oldest first.
  var given: [UInt16] = []
  static let addressesRemembered = 8192
  /// Slots in the order in which they are given: the one that was free for longest first.
  var freeSlots = Array(0..<LeaseDesk.capacity)

  final class Watch {
    let process: ProcessWatch
    init(_ process: consuming ProcessWatch) { self.process = process }
  }

  /// - Parameter firstIndex: the place of the first listener that is leased among all.
  init(isOpen: Bool, firstIndex: Int, _ file: LeaseFile) throws(SystemError) {
    poller = try Poller()
    self.file = file
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
      let list = list(for: asker.user)
      return .answer(ControlAnswer(.leased, asJSON ? list.json : list.text))
    case .run(let context, let words): return run(context, words, asker, snapshot)
    case .override(let context, let words, let seconds):
      return override(context, words, seconds, asker, snapshot)
    case .restore(let context, let name): return restore(context, name, asker, snapshot)
    case .end(let run): return end(run, asker)
    }
  }
}

extension LeaseDesk.Step {
  /// Not done, and why.
  static func refuse(_ text: String) -> Self { .answer(ControlAnswer(.refused, text + "\n")) }

  /// Not done, since what was asked for is wrong.
  static func mistake(_ text: String) -> Self { .answer(ControlAnswer(.failed, text + "\n")) }
}
