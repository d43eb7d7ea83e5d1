internal import Diagnostics

/// What services say of their endpoints: what contradicts itself, and which services stand in for others.
extension PolicyResolver {
  /// Takes the drafts' steering over; `health` is resolved by itself.
  mutating func resolveSteering() {
    for number in policy.services.indices {
      let draft = draft.services[servicesInDraft[number]]
      var steering = draft.steering
      if let near = self.draft.prefersNear, near.value, steering.places["prefer"] == nil {
        (steering.prefersNear, steering.places["prefer"]) = (true, near.location)
      }
      guard !steering.isEmpty || draft.fallback != nil else { continue }
      steering.health = policy.services[number].steering.health
      policy.services[number].steering = steering
      if let fallback = draft.fallback { resolveFallback(fallback, of: number) }
      checkShares(of: number)
      checkColours(of: number)
    }
    checkFallbackCycles()
  }

  private mutating func resolveFallback(_ reference: PolicyDraft.Reference, of number: Int) {
    let word = reference.word
    guard let fallback = serviceIndex(reference) else {
      if faultyServiceWords.contains(word.text) { return }
      let isContext = contextNumbers[word.text] != nil
      return diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) is \(isContext ? "a context, and only a service stands in" : "no service")",
        meant: word.text, in: reference.origin,
        known: policy.services.map { .init(name: $0.display, location: $0.location) },
        remedy: "declare it with \"service NAME\", or write fail open or fail refuse")
    }
    if fallback == number {
      return diagnostics.error(
        at: word.location, "\(quoted(word.text)) cannot stand in for itself; write another service, or fail open")
    }
    policy.services[number].steering.failure = .fallback(fallback)
  }

  /// Services that stand in for each other in a circle: the first of each is told.
  private mutating func checkFallbackCycles() {
    var done: Set<Int> = []
    for start in policy.services.indices where policy.services[start].steering.fallback != nil {
      var path: [Int] = []
      var next: Int? = start
      while let number = next, done.insert(number).inserted {
        path.append(number)
        next = policy.services[number].steering.fallback
      }
      guard let next, let first = path.firstIndex(of: next) else { continue }
      let names = (path[first...] + [next]).map { policy.services[$0].display }.joined(separator: " -> ")
      diagnostics.error(
        at: policy.services[next].steering.places["fail"] ?? policy.services[next].location,
        "fail fallback goes round in a circle: \(names); let one of them fail open or refuse")
    }
  }

  private mutating func checkShares(of number: Int) {
    var left = Int(Steering.callers)
    for canary in policy.services[number].steering.canaries {
      left -= Int(canary.share)
      if left < 0 {
        return diagnostics.error(
          at: canary.location,
          "with this line the service's canaries come to more than 100% of the callers; write smaller shares")
      }
    }
  }

  private mutating func checkColours(of number: Int) {
    let steering = policy.services[number].steering
    if let live = steering.live, steering.colours[live]?.isEmpty != false, let place = steering.places["live"] {
      diagnostics.error(
        at: place, "no address is \(live.rawValue); write a line \"\(live.rawValue) ADDRESS...\", or another colour")
    }
  }
}

/// What can be read and is hardly meant.
extension PolicyResolver {
  mutating func findSteeringDoubts() {
    for number in policy.services.indices where !policy.services[number].steering.isEmpty {
      let steering = policy.services[number].steering
      findContradictions(steering)
      if steering.live == nil, let place = steering.colours.values.joined().map(\.location).min() {
        diagnostics.warning(
          at: place,
          "addresses of both colours are given, since no line says which is live; add live blue or live green")
      }
      if case .fallback(let fallback) = steering.failure { findFallbackDoubts(fallback, of: number) }
    }
  }

  /// Addresses that one line names and another makes of no effect.
  private mutating func findContradictions(_ steering: Steering) {
    let drained = Dictionary(
      steering.drained.map { ($0.prefix, $0.location) }, uniquingKeysWith: { first, _ in first })
    var seen: [String: SourceLocation] = [:]
    for (keyword, prefix) in steering.named {
      if keyword != "drain", let drain = drained[prefix.prefix] {
        diagnostics.warning(
          at: prefix.location,
          "\(prefix.prefix) is drained (\(drain.short)), so \(keyword) does nothing for it; remove one of the two")
      }
      // A second weight or colour of the very same prefix.
      let kind = Steering.Colour(rawValue: keyword) != nil ? "colour" : keyword
      if let before = seen.updateValue(prefix.location, forKey: "\(kind) \(prefix.prefix)") {
        let isColour = kind == "colour"
        diagnostics.warning(
          at: prefix.location,
          "\(prefix.prefix) has a \(isColour ? "colour" : "line of \(keyword)") already (\(before.short)), "
            + "which counts; remove one of the two")
        seen["\(kind) \(prefix.prefix)"] = before
      }
    }
  }

  /// A service that stands in for another, and that callers of this one may not call.
  private mutating func findFallbackDoubts(_ fallback: Int, of number: Int) {
    let service = policy.services[number], standIn = policy.services[fallback]
    guard let place = service.steering.places["fail"] else { return }
    let isOpen = standIn.allows.isEmpty ? policy.defaultDecision == .allow : false
    if isOpen || standIn.allows.contains(where: { $0.subject == .everyone }) { return }
    let callers =
      service.allows.isEmpty && policy.defaultDecision == .allow
      ? [Grant.Subject.everyone] : service.allows.map(\.subject)
    let allowed = Set(standIn.allows.map(\.subject))
    for caller in callers where !allowed.contains(caller) {
      let words: String
      switch caller {
      case .everyone: words = "not everyone"
      case .service(fallback): continue
      case .service(let index): words = "\(policy.services[index].display), which calls this service, may not"
      case .context(let context):
        // A context in one that is allowed is too.
        if policy.contexts.path(from: context).contains(where: { allowed.contains(.context($0)) }) { continue }
        words = "callers in \(policy.contexts.nodes[context].name) may not"
      }
      let verb = caller == .everyone ? "\(words) may call" : "\(words) call"
      return diagnostics.warning(
        at: place,
        "\(verb) \(standIn.display), so it does not stand in for them; add an allow line to \(standIn.display) "
          + "(\(standIn.location.short))")
    }
  }
}

extension Steering {
  /// The service that stands in where there is one, as an index.
  var fallback: Int? {
    if case .fallback(let index) = failure { return index }
    return nil
  }
}
