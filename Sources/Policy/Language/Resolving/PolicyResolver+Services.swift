internal import DNSFormat
internal import Diagnostics

/// Services get their numbers, and the words of `allow`, `refuse` and `isolate` their meaning.
extension PolicyResolver {
  mutating func resolveServices() {
    for (index, service) in draft.services.enumerated() {
      let place = service.word.location
      guard service.isNameGood else {
        faultyServiceWords.insert(service.word.text)
        continue
      }
      if let first = servicesByName[service.name] {
        diagnostics.error(
          at: place,
          "service \(quoted(service.word.text)) is declared twice, first at "
            + "\(policy.services[first].location.short); make them one")
        continue
      }
      var short = service.origin.map { service.name.description(relativeTo: $0) } ?? service.word.text
      if service.origin == .root { short = String(short.dropLast()) }
      if let context = contextsByName[short].map({ draft.contexts[$0].name }) {
        let (later, earlier) = place < context.location ? (context.location, place) : (place, context.location)
        diagnostics.error(
          at: later,
          "\(quoted(short)) is both a service and a context, the other at \(earlier.short); rename one")
      }
      servicesByName[service.name] = policy.services.count
      if servicesByShortName[short.lowercased()] == nil {
        servicesByShortName[short.lowercased()] = policy.services.count
      }
      servicesInDraft.append(index)
      policy.services.append(
        Service(
          name: service.name, display: service.word.text, location: place, runsAt: service.runsAt,
          denyAs: service.denyAs?.value, mode: service.mode?.value, identities: service.identities,
          users: service.users, requireLocation: service.require?.location))
    }
  }

  /// What the words of `allow` and `refuse` lines name.
  mutating func resolveGrants() {
    let known = knownContexts + policy.services.map { .init(name: $0.display, location: $0.location) }
    // Declarations that were found faulty are looked at too: what else is wrong in them should be said at once.
    var number = 0
    for (index, service) in draft.services.enumerated() {
      let allows = service.allows.compactMap { grant($0, known) }
      let refuses = service.refuses.compactMap { grant($0, known) }
      guard number < servicesInDraft.count, servicesInDraft[number] == index else { continue }
      policy.services[number].allows = allows
      policy.services[number].refuses = refuses
      number += 1
    }
  }

  /// Whom a word of an `allow`, `refuse` or `except` names.
  mutating func grant(_ reference: PolicyDraft.Reference, _ known: [DiagnosticList.Known]) -> Grant? {
    let word = reference.word
    if word.text == "*" { return Grant(subject: .everyone, location: word.location) }
    let service = serviceIndex(reference)
    let context = contextNumbers[word.text]
    switch (service, context) {
    case (let service?, nil):
      return Grant(subject: .service(service), location: word.location)
    case (nil, let context?):
      return Grant(subject: .context(context), location: word.location)
    case (let service?, _?):
      diagnostics.error(
        at: word.location,
        "\(quoted(word.text)) is both a context and the service \(policy.services[service].name) "
          + "(\(policy.services[service].location.short)); rename one, or write the service's name with its final dot")
      return nil
    case (nil, nil):
      if faultyServiceWords.contains(word.text) { return nil }  // that was said at its declaration
      diagnostics.error(
        at: word.location, "no service or context is called \(quoted(word.text))", meant: word.text, known: known,
        remedy: "declare it with \"service NAME\" or \"context NAME\", or remove the word")
      return nil
    }
  }

  func serviceIndex(_ reference: PolicyDraft.Reference) -> Int? {
    if let origin = reference.origin {
      guard let name = try? DomainName(reference.word.text, relativeTo: origin) else { return nil }
      return servicesByName[name]
    }
    guard reference.word.text.hasSuffix("."), let name = try? DomainName(reference.word.text) else { return nil }
    return servicesByName[name]
  }

  mutating func resolveIsolations() {
    let known = knownContexts
    for line in draft.isolations {
      var members: [Int] = []
      var isMember: Set<Int> = []
      var innerOf: [Int: Int] = [:]  // ancestors of the members so far, each with one member below it
      for word in line.value {
        guard let number = contextNumbers[word.text] else {
          if contextsByName[word.text] != nil { continue }
          let isService = servicesByShortName[word.text.lowercased()] != nil
          diagnostics.error(
            at: word.location,
            "no context is called \(quoted(word.text))\(isService ? ", that is a service" : "")", meant: word.text,
            known: known, remedy: "isolate takes contexts, declare it with \"context NAME { from PREFIX... }\"")
          continue
        }
        let path = policy.contexts.path(from: number).dropLast()
        if isMember.contains(number) {
          diagnostics.error(at: word.location, "context \(quoted(word.text)) is isolated from itself; name it once")
          continue
        }
        if let other = path.first(where: isMember.contains) ?? innerOf[number] {
          let name = policy.contexts.nodes[other].name
          let (inner, outer) = innerOf[number] == nil ? (word.text, name) : (name, word.text)
          diagnostics.error(
            at: word.location,
            "context \(quoted(inner)) is in \(quoted(outer)) and cannot be isolated from it; isolate it from others")
          continue
        }
        members.append(number)
        isMember.insert(number)
        for ancestor in path { innerOf[ancestor] = number }
      }
      policy.isolations.append(Isolation(contexts: members, location: line.location))
    }
  }
}
