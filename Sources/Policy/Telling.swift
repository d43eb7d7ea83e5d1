internal import Diagnostics
package import FlatMemory

/// What is said of the policy in band: to whom, and in which words (`explain`).
///
/// Texts are made at load, so that a response can quote them without an allocation.
public struct Telling: ~Copyable, Sendable {
  /// By context number: whether callers in it are told why. The root's is that of callers in none.
  private let isTold: FlatArray<Bool>
  /// True where `explain off` tells nobody.
  package let isOff: Bool
  private let contextPaths: TextTable
  private let grants: TextTable
  /// The words of `allow` lines: which comes first, and its place.
  private let allowed: SubjectTable
  private let places: TextTable
  /// Exceptions: which ends last, and the number of its line's note.
  private let exceptions: SubjectTable
  /// What exceptions do, in words, by line.
  private let notes: TextTable
  /// By note: the first of the line's exceptions.
  private let firstExceptions: FlatArray<Int>

  init(_ policy: borrowing Policy) {
    let contexts = policy.contexts
    let audience = policy.explaining.audience
    isOff = audience == .nobody
    isTold = FlatArray(
      contexts.nodes.indices.map { number in
        switch audience {
        case .everyone: true
        case .nobody: false
        case .contexts(let told): number > 0 && told.contains { contexts.isContext(number, in: $0) }
        }
      })
    var paths = TextTable.Builder()
    for number in contexts.nodes.indices.dropFirst() {
      paths.add(contexts.path(from: number).dropLast().map { contexts.nodes[$0].name }.joined(separator: " in "))
    }
    contextPaths = TextTable(paths)
    var grants = TextTable.Builder()
    for service in policy.services { grants.add(Self.grants(of: service, policy)) }
    self.grants = TextTable(grants)
    var places = TextTable.Builder()
    var allowed: [(service: UInt32, subject: Grant.Subject, value: UInt64)] = []
    // Most words stand on the line of the one before: its place is not made again.
    var (line, place) = (SourceLocation(file: ""), UInt32(0))
    for (index, service) in policy.services.enumerated() {
      for (order, grant) in service.allows.enumerated() {
        if grant.location.line != line.line || grant.location.file != line.file {
          line = grant.location
          place = places.number(of: line.short)
        }
        allowed.append((UInt32(index + 1), grant.subject, UInt64(order) << 32 | UInt64(place)))
      }
    }
    self.allowed = SubjectTable(allowed, policy)
    self.places = TextTable(places)
    var notes = TextTable.Builder()
    var noteOf: [SourceLocation: UInt32] = [:]
    var firstExceptions = [0]
    var exceptions: [(service: UInt32, subject: Grant.Subject, value: UInt64)] = []
    for (index, exception) in policy.exceptions.enumerated() {
      var note = noteOf[exception.location] ?? 0
      if note == 0 {
        note = notes.add(exception.note)
        noteOf[exception.location] = note
        firstExceptions.append(index)
      }
      exceptions.append((UInt32(exception.service + 1), exception.caller, UInt64(~exception.end) << 32 | UInt64(note)))
    }
    self.exceptions = SubjectTable(exceptions, policy)
    self.notes = TextTable(notes)
    self.firstExceptions = FlatArray(firstExceptions)
  }

  /// True where a caller may ask why, and is told by refusals.
  package func tells(_ caller: Caller) -> Bool { isTold[Int(caller.context)] }

  /// Appends `shard-a in prod`; nothing for the root.
  package func appendContextPath(_ context: UInt16, to buffer: inout OctetBuffer) {
    contextPaths.append(UInt32(context), to: &buffer)
  }

  /// Appends who may call a service: `web, checkout (orders.policy:5)`.
  package func appendGrants(_ service: UInt32, to buffer: inout OctetBuffer) { grants.append(service, to: &buffer) }

  /// The first `allow` line of a service that means a caller; 0 where none does. For ``appendPlace(_:to:)``.
  package func allowingLine(_ caller: Caller, service: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: allowed.least(caller, service: service) ?? 0)
  }

  /// Appends `orders.policy:5`; nothing for 0.
  package func appendPlace(_ line: UInt32, to buffer: inout OctetBuffer) { places.append(line, to: &buffer) }

  /// The line of the exception for a call that ends last; 0 where there is none. For ``appendException(_:to:)``.
  package func exception(_ caller: Caller, service: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: exceptions.least(caller, service: service) ?? 0)
  }

  /// Appends `lifted by except until 2026-12-31 because "INC-482" (ambit.policy:27)`; nothing for 0.
  package func appendException(_ line: UInt32, to buffer: inout OctetBuffer) { notes.append(line, to: &buffer) }

  /// An index into the policy's exceptions of one of a line; nil for 0.
  func firstException(_ line: UInt32) -> Int? { line == 0 ? nil : firstExceptions[Int(line)] }

  /// Subjects told of one service: more are only counted.
  private static var mostSubjects: Int { 16 }

  private static func grants(of service: Service, _ policy: borrowing Policy) -> String {
    if service.allows.isEmpty {
      let line = policy.defaultLocation.map { " (\($0.short))" } ?? ""
      switch policy.defaultDecision {
      case .allow: return "whoever no rule refuses: default allow\(line)"
      case .refuse: return "nobody but itself: default refuse\(line)"
      }
    }
    // A group's members stand where its word does.
    var written: [Grant] = []
    for grant in service.allows where grant.location != written.last?.location { written.append(grant) }
    var parts: [String] = []
    var words: [String] = []
    let told = written.prefix(mostSubjects)
    for (index, grant) in told.enumerated() {
      words.append(policy.word(of: grant))
      if index + 1 == told.count || told[index + 1].location.wholeLine != grant.location.wholeLine {
        parts.append("\(words.joined(separator: ", ")) (\(grant.location.short))")
        words = []
      }
    }
    let rest = written.count - told.count
    return parts.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}

extension PolicyException {
  /// What it does to a rule, without its place: `lifted by except until 2026-12-31 because "INC-482"`.
  package var effect: String { effect(because: visible(reason)) }

  private func effect(because text: String) -> String { "lifted by except until \(lastDay) because \"\(text)\"" }

  /// That with its place, the reason cut so that with the longest rule's name it is one string of a TXT record.
  fileprivate var note: String {
    let place = " (\(location.short))"
    let whole = visible(reason)
    let room = 255 - "isolate: ".utf8.count - effect(because: "").utf8.count - place.utf8.count
    if whole.utf8.count <= room { return effect(because: whole) + place }
    var cut = ""
    var size = "...".utf8.count
    for character in whole {
      size += character.utf8.count
      if size > room { break }
      cut.append(character)
    }
    return effect(because: cut + "...") + place
  }
}

extension Policy {
  /// The word of a line as it is written: a service, a context or a group by its name, or `*`.
  package func word(of grant: Grant) -> String {
    if let group = grant.group { return groups[group].name }
    switch grant.subject {
    case .everyone: return "*"
    case .service(let index): return services[index].display
    case .context(let number): return contexts.nodes[number].name
    }
  }
}

extension CompiledPolicy {
  /// One of the rules that a call breaks, with its line.
  package func refusal(by rule: Rule, _ caller: Caller, target service: UInt32, at time: UInt32) -> Refusal {
    rule == .observed
      ? Refusal(rule, reason: acyclicObservedReason)
      : Refusal(rule, reason: calls.facts(caller, service, at: time)?.reason(rule) ?? 0)
  }

  /// The rules about names that a call would break were there no exception for it.
  package func lifted(_ caller: Caller, target service: UInt32, at time: UInt32) -> RuleSet {
    guard service != 0, let facts = calls.facts(caller, service, at: time), facts.isExcepted else { return [] }
    let plain = CallFacts(
      row: facts.row, isSelf: facts.isSelf, isIdentified: facts.isIdentified, service: facts.service,
      context: facts.context, isExcepted: false, callerTier: facts.callerTier, closesCycle: facts.closesCycle,
      acyclicReason: facts.acyclicReason, tiersReason: facts.tiersReason)
    return plain.broken.subtracting(facts.broken)
  }

  /// The exception for a call that ends last; nil where there is none. For the control plane.
  package func exception(_ caller: Caller, target service: UInt32) -> PolicyException? {
    telling.firstException(telling.exception(caller, service: service)).map { policy.exceptions[$0] }
  }
}
