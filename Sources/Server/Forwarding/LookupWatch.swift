internal import Checking
internal import DNSFormat
internal import Policy

/// How long it takes to ask others for names of services that are elsewhere: from the question first asked to its reply,
/// or to when there was none. Each question counts once, whoever waits for it, and none that the cache answers.
///
/// Bounded: ``capacity`` services by line, each with its last thousand times. One that was not asked for in ten minutes
/// is forgotten.
struct LookupWatch {
  static let capacity = 256
  /// Nanoseconds after which one that is not asked for is forgotten.
  private static let idle: UInt64 = 600_000_000_000
  /// Whose times are sorted in one go, while questions wait: each of ``capacity`` has its turn in ten seconds.
  static let mostLooked = 32

  private struct Key: Hashable {
    let service: DomainName
    let route: UInt64
  }

  private struct Entry {
    /// The service's name as text, for the order.
    let name: String
    var times = LearntTimes()
    var told = TimesTold(source: "forward", prefix: "lookup-")
    var isNew = false
    /// When there was the last lookup, and when its times were last sorted.
    var last: UInt64 = 0
    var looked: UInt64 = 0
  }

  private var entries: [Key: Entry] = [:]
  /// All that is told, in the order of the services' names.
  private(set) var told: [Findings.Lookups] = []

  /// How many there are.
  var count: Int { entries.count }

  /// Takes what became of a question.
  /// - Parameters:
  ///   - time: nanoseconds until the reply; nil where none came.
  ///   - route: the line's fingerprint.
  mutating func record(_ time: UInt64?, of service: DomainName, route: UInt64, at now: UInt64) {
    let key = Key(service: service, route: route)
    if entries[key] == nil {
      if entries.count >= Self.capacity { return }
      entries[key] = Entry(name: "\(service)")
    }
    func take(_ entry: inout Entry?) {
      if let time { entry?.times.record(time) } else { entry?.times.recordLoss() }
      entry?.isNew = true
      entry?.last = now
    }
    take(&entries[key])
  }

  /// Forgets the services and lines that there are no more.
  mutating func keep(_ isThere: (_ service: DomainName, _ route: UInt64) -> Bool) {
    entries = entries.filter { isThere($0.key.service, $0.key.route) }
    gather()
  }

  /// Looks whether there is something else to be told, and forgets what is not asked for.
  /// - Returns: true where ``told`` is another.
  mutating func look(at now: UInt64) -> Bool {
    let idle = entries.filter { now &- $0.value.last >= Self.idle }
    for key in idle.keys { entries[key] = nil }
    var isOther = idle.contains { !$0.value.told.text.isEmpty }
    let due = entries.filter { $0.value.isNew && $0.value.told.isDue(at: now) }.map { ($0.key, $0.value.looked) }
    for (key, _) in due.sorted(by: { $0.1 < $1.1 }).prefix(Self.mostLooked) {
      guard var entry = entries[key] else { continue }
      entry.isNew = false
      entry.looked = now
      if entry.told.look(at: entry.times, now: now) { isOther = true }
      entries[key] = entry
    }
    if isOther { gather() }
    return isOther
  }

  private mutating func gather() {
    let sorted = entries.filter { !$0.value.told.text.isEmpty }
      .sorted { ($0.value.name, $0.key.route) < ($1.value.name, $1.key.route) }
    told = sorted.map { Findings.Lookups(service: $0.key.service, route: $0.key.route, text: $0.value.told.text) }
  }
}

extension CompiledPolicy {
  /// True where a service has just this name.
  func hasService(_ name: DomainName) -> Bool {
    let number = serviceNumber(for: name)
    return number != 0 && policy.services[Int(number) - 1].name == name
  }
}
