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
    if draft.tiers == nil {
      let words = ([draft.defaultTier] + draft.services.map(\.tier)).compactMap { $0?.value }
      // Where the order is missing, every service's tier is; that is one mistake.
      if let first = words.min(by: { $0.location < $1.location }) {
        let others = words.count > 1 ? ", for this one and \(words.count - 1) more" : ""
        diagnostics.error(
          at: first.location,
          "no line says the order of the tiers\(others); write for example tiers critical > standard > best-effort")
      }
      return
    }
    /// The tier that a word names.
    func tier(_ word: Word) -> Int? {
      if let index = indices[word.text] { return index }
      diagnostics.error(
        at: word.location, "no tier is called \(quoted(word.text))", meant: word.text, known: known,
        remedy: "add it to the tiers")
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
    for exception in draft.exceptions {
      let callers = grants(exception.caller)
      let services = grants(exception.service)
      var indices: [Int] = []
      for service in services {
        guard case .service(let index) = service.subject else {
          let subject = service.group.map { "group \(quoted(policy.groups[$0].name)) has a context in it; " } ?? ""
          diagnostics.error(at: service.location, "\(subject)an exception is for calls of services; name them")
          break
        }
        indices.append(index)
      }
      if callers.contains(where: { $0.subject == .everyone }) {
        diagnostics.error(
          at: exception.caller.word.location, "an exception is for one caller; name a service, a context or a group")
        continue
      }
      guard
        callers.count <= 1 || indices.count <= 1
          || takeMembers(callers.count * indices.count, at: exception.caller.word)
      else { continue }
      for caller in callers {
        for index in indices {
          policy.exceptions.append(
            PolicyException(
              caller: caller.subject, service: index, end: exception.end, lastDay: exception.lastDay,
              reason: exception.reason, location: exception.location))
        }
      }
    }
  }

  mutating func resolveExplaining() {
    guard let said = draft.explaining else { return }
    policy.explaining.location = said.location
    switch said.value.first?.text {
    case "off": policy.explaining.audience = .nobody
    case "to":
      var numbers: [Int] = []
      let known = knownContexts + knownGroups
      for word in said.value.dropFirst() {
        for number in contextNumbers(word, known, line: "explain takes contexts") {
          if numbers.contains(number) {
            diagnostics.warning(
              at: word.location,
              "context \(quoted(policy.contexts.nodes[number].name)) is already told; name it once")
          } else {
            numbers.append(number)
          }
        }
      }
      policy.explaining.audience = .contexts(numbers)
    default: break
    }
  }
}
