internal import Diagnostics

/// What holds whatever `allow` says: tiers and exceptions; and who is told why.
extension PolicyResolver {
  mutating func resolveTiers() {
    var indices: [String: Int] = [:]
    for (index, word) in (draft.tiers?.value ?? []).enumerated()
    where indices.updateValue(index, forKey: word.text) != nil {
      diagnostics.error(at: word.location, "tier \(quoted(word.text)) is there twice; name it once")
    }
    let known = (draft.tiers?.value ?? []).map { DiagnosticList.Known(name: $0.text, location: $0.location) }
    policy.tiers = draft.tiers.map { Tiers(names: $0.value, location: $0.location) }
    /// The tier that a word names; said once for each word.
    func tier(_ word: Word) -> Int? {
      if let index = indices[word.text] { return index }
      let remedy =
        draft.tiers == nil ? "declare the tiers: tiers critical > standard > best-effort" : "add it to the tiers"
      diagnostics.error(
        at: word.location, "no tier is called \(quoted(word.text))", meant: word.text, known: known, remedy: remedy)
      return nil
    }
    let other = draft.defaultTier.flatMap { tier($0.value) }
    for (number, index) in servicesInDraft.enumerated() {
      let own = draft.services[index].tier
      policy.services[number].tier = own.map { tier($0.value) } ?? other
      if policy.services[number].tier != nil {
        policy.services[number].tierLocation = (own ?? draft.defaultTier)?.location ?? policy.services[number].location
      }
    }
  }

  mutating func resolveExceptions() {
    let known = knownContexts + policy.services.map { .init(name: $0.display, location: $0.location) }
    for exception in draft.exceptions {
      let caller = grant(exception.caller, known)
      guard let service = grant(exception.service, known), let caller else { continue }
      guard case .service(let index) = service.subject else {
        diagnostics.error(at: service.location, "an exception is for calls of one service; name it")
        continue
      }
      if caller.subject == .everyone {
        diagnostics.error(at: caller.location, "an exception is for one caller; name a service or a context")
        continue
      }
      policy.exceptions.append(
        PolicyException(
          caller: caller.subject, service: index, end: exception.end, lastDay: exception.lastDay,
          reason: exception.reason, location: exception.location))
    }
  }

  mutating func resolveExplaining() {
    guard let said = draft.explaining else { return }
    policy.explaining.location = said.location
    switch said.value.first?.text {
    case "off": policy.explaining.audience = .nobody
    case "to":
      var numbers: [Int] = []
      let known = knownContexts
      for word in said.value.dropFirst() {
        if let number = contextNumbers[word.text] {
          numbers.append(number)
        } else {
          diagnostics.error(
            at: word.location, "no context is called \(quoted(word.text))", meant: word.text, known: known,
            remedy: "declare it with \"context NAME { from PREFIX... }\"")
        }
      }
      policy.explaining.audience = .contexts(numbers)
    default: break
    }
  }
}
