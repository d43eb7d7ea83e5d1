internal import Addresses
internal import Answering
internal import DNSFormat
internal import LinuxIO
internal import Policy
internal import Synchronization

/// What the server finds out while it runs, gathered for the snapshot in service: who checks endpoints and who watches
/// calls report here, from whatever thread, and the control thread takes it into service.
final class Findings: Sendable {
  /// What is known of one service.
  struct Service: Equatable, Sendable {
    var state = EndpointStates.ServiceState.well
    var down: Set<IPAddress> = []
    /// What `_timeout.SERVICE TXT` says; empty where there are no times yet.
    var timeoutText = ""
    /// What is said of the endpoints that are down to who asks why and may have them.
    var notes: [EndpointStates.Note] = []
  }

  /// What is known of how long it takes to ask others for a service's names.
  struct Lookups: Equatable, Sendable {
    var service: DomainName
    /// Who is asked, ``ForwardTable/fingerprint(of:)``.
    var route: UInt64
    /// What `_timeout.SERVICE TXT` says.
    var text: String
  }

  private struct Known: Sendable {
    /// Of the snapshot last used: it knows services by name where names of others are asked for.
    var policy: CompiledPolicy?
    var lookups: [Lookups] = []
    /// The services' numbers in the snapshot last used.
    var numbers: [DomainName: UInt32] = [:]
    var services: [DomainName: Service] = [:]
    var closingCalls = CallSet()
    var situation = Situation.unknown
    /// True where `situation` is not what is known.
    var isOld = false
    /// When news were last taken, nanoseconds of the clock that never goes back.
    var taken: UInt64 = 0
  }

  /// Rung where there is news.
  let bell: WakeUp
  private let known = Mutex(Known())
  /// Nanoseconds between two times that news are taken: a service whose endpoints flap costs no more than that.
  private static let pause: UInt64 = 200_000_000

  init() throws(SystemError) { bell = try WakeUp() }

  // MARK: - For the control thread

  /// From now on findings are about this snapshot's services: what is known of those that go on is kept.
  func use(_ snapshot: Snapshot) {
    let services = snapshot.policy.policy.services.enumerated()
    let checked = services.filter { $0.element.steering.health != nil }
    let numbers = Dictionary(
      checked.map { ($0.element.name, UInt32($0.offset + 1)) }, uniquingKeysWith: { first, _ in first })
    known.withLock { known in
      known.services = known.services.filter { numbers[$0.key] != nil }
      known.isOld = known.isOld || known.numbers != numbers || !known.lookups.isEmpty
      known.numbers = numbers
      known.policy = snapshot.policy
    }
  }

  /// All that is known now, in the numbers of the snapshot last used; the same object while nothing has changed.
  var situation: Situation { known.withLock { Self.situation(&$0) } }

  /// What a snapshot in service does not know yet; nil where it knows all, and where news were taken a moment ago.
  /// - Parameter now: nanoseconds of the clock that never goes back.
  func news(for snapshot: Snapshot, at now: UInt64) -> Situation? {
    known.withLock { known in
      guard known.isOld || known.situation !== snapshot.situation, now &- known.taken >= Self.pause else { return nil }
      known.taken = now
      let situation = Self.situation(&known)
      return situation === snapshot.situation ? nil : situation
    }
  }

  private static func situation(_ known: inout Known) -> Situation {
    guard known.isOld else { return known.situation }
    let rows = known.services.compactMap { name, service -> EndpointStates.Row? in
      guard let number = known.numbers[name], service != Service() else { return nil }
      var row = EndpointStates.Row(
        service: number, state: service.state, down: service.down, timeoutText: service.timeoutText,
        notes: service.notes)
      row.labelCount = name.labelCount
      return row
    }
    known.situation = Situation(
      endpoints: EndpointStates(rows.sorted { $0.service < $1.service }), closingCalls: known.closingCalls,
      lookups: lookups(known))
    known.isOld = false
    return known.situation
  }

  /// Those of services that there still are.
  private static func lookups(_ known: Known) -> LookupTimes {
    guard let policy = known.policy else { return LookupTimes() }
    var texts: [LookupTimes.Key: (text: String, labelCount: Int)] = [:]
    for one in known.lookups where policy.hasService(one.service) {
      let number = policy.serviceNumber(for: one.service)
      texts[LookupTimes.Key(service: number, route: one.route)] = (one.text, one.service.labelCount)
    }
    return LookupTimes(texts)
  }

  // MARK: - For those who find out

  /// Takes what is known of the services that are checked, all of them.
  func report(_ services: [DomainName: Service]) {
    let isNew = known.withLock { known in
      if known.services == services { return false }
      known.services = services
      known.isOld = true
      return true
    }
    if isNew { bell.wake() }
  }

  /// Takes what is known of how long it takes to ask others, all of it.
  func report(lookups: [Lookups]) {
    let isNew = known.withLock { known in
      if known.lookups == lookups { return false }
      known.lookups = lookups
      known.isOld = true
      return true
    }
    if isNew { bell.wake() }
  }

  /// From now on these calls close a cycle among those seen: in the numbers of the snapshot last used.
  func set(closingCalls: CallSet) {
    known.withLock { known in
      known.closingCalls = closingCalls
      known.isOld = true
    }
    bell.wake()
  }
}
