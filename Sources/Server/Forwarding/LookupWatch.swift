internal import Checking
internal import DNSFormat
internal import Policy

/// How long it takes to ask others for names of services that are elsewhere: from the question first asked to its reply, or to
/// when there was none. Each question counts once, whoever waits for it, and none that the cache answers.
///
/// Bounded: ``capacity`` services by line, each with its last thousand times. One that was not asked for in ten minutes gives its place
/// away.
struct LookupWatch {
  static let capacity = 256
  /// Nanoseconds after which a place may be given away.
  private static let idle: UInt64 = 600_000_000_000

  private struct Key: Hashable {
    let service: DomainName
    let route: UInt64
  }

  private struct Entry {
    var times = LearntTimes()
    var told = TimesTold(source: "forward", prefix: "lookup-")
    var isNew = false
    var last: UInt64
  }

  private var entries: [Key: Entry] = [:]
  /// When it was last looked for a place to give away: a flood of services is not to cost a search each.
  private var searched: UInt64 = 0

  /// How many there are.
  var count: Int { entries.count }

  /// Takes what became of a question.
  /// - Parameters:
  ///   - time: nanoseconds until the reply; nil where none came.
  ///   - route: the line's fingerprint.
  mutating func record(_ time: UInt64?, of service: DomainName, route: UInt64, at now: UInt64) {
    let key = Key(service: service, route: route)
    if entries[key] == nil, !makeRoom(now) { return }
    func take(_ entry: inout Entry) {
      if let time { entry.times.record(time) } else { entry.times.recordLoss() }
      (entry.isNew, entry.last) = (true, now)
    }
    take(&entries[key, default: Entry(last: now)])
  }

  private mutating func makeRoom(_ now: UInt64) -> Bool {
    if entries.count < Self.capacity { return true }
    guard now &- searched >= 1_000_000_000 else { return false }
    searched = now
    entries = entries.filter { now &- $0.value.last < Self.idle }
    return entries.count < Self.capacity
  }

  /// Forgets the services and lines that there are no more.
  mutating func keep(_ isThere: (_ service: DomainName, _ route: UInt64) -> Bool) {
    entries = entries.filter { isThere($0.key.service, $0.key.route) }
  }

  /// Looks whether there is something else to be told.
  /// - Returns: all that is told, in no order; nil where that is what it was.
  mutating func look(at now: UInt64) -> [Findings.Lookups]? {
    var isNew = false
    for (key, entry) in entries where entry.isNew && entry.told.isDue(at: now) {
      var entry = entry
      entry.isNew = false
      if entry.told.look(at: entry.times, now: now) { isNew = true }
      entries[key] = entry
    }
    return isNew ? told : nil
  }

  /// All that is told, in the order of the services' names.
  var told: [Findings.Lookups] {
    entries.compactMap { key, entry in
      entry.told.text.isEmpty
        ? nil : Findings.Lookups(service: key.service, route: key.route, text: entry.told.text)
    }.sorted { ("\($0.service)", $0.route) < ("\($1.service)", $1.route) }
  }
}

extension CompiledPolicy {
  /// True where a service has just this name.
  func hasService(_ name: DomainName) -> Bool {
    let number = serviceNumber(for: name)
    return number != 0 && policy.services[Int(number) - 1].name == name
  }
}
