internal import DNSFormat
internal import Diagnostics

/// Services get their numbers, and the words of `allow`, `refuse` and `isolate` their meaning.
extension PolicyResolver {
  mutating func resolveServices() {
    findAmbiguousWords()
    servicesByName.reserveCapacity(draft.services.count)
    servicesByShortName.reserveCapacity(draft.services.count)
    policy.services.reserveCapacity(draft.services.count)
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
      let (number, small) = (policy.services.count, short.lowercased())
      if let first = servicesByShortName.updateValue(number, forKey: small) { servicesByShortName[small] = first }
      servicesInDraft.append(index)
      policy.services.append(
        Service(
          name: service.name, display: display(service), location: place, runsAt: service.runsAt,
          denyAs: service.denyAs?.value, mode: service.mode?.value, identities: service.identities,
          users: service.users, requireLocation: service.require?.location, origin: service.origin))
    }
  }

  /// Words that declare services in several zones: by themselves they do not tell which is meant.
  private mutating func findAmbiguousWords() {
    var first: [String: DomainName] = [:]
    first.reserveCapacity(draft.services.count)
    for service in draft.services where service.isNameGood {
      let word = service.word.text.lowercased()
      if let other = first.updateValue(service.name, forKey: word), other != service.name {
        ambiguousWords.insert(word)
      }
    }
  }

  /// A service as messages call it: as the policy does, and in full where it calls others so too.
  func display(_ service: PolicyDraft.Service) -> String {
    service.isNameGood && !ambiguousWords.isEmpty && ambiguousWords.contains(service.word.text.lowercased())
      ? service.name.description : service.word.text
  }

  /// What the words of `allow` and `refuse` lines name.
  mutating func resolveGrants() {
    // Declarations that were found faulty are looked at too: what else is wrong in them should be said at once.
    var number = 0
    for (index, service) in draft.services.enumerated() {
      let allows = service.allows.flatMap { grants($0) }
      let refuses = service.refuses.flatMap { grants($0) }
      guard number < servicesInDraft.count, servicesInDraft[number] == index else { continue }
      policy.services[number].allows = allows
      policy.services[number].refuses = refuses
      number += 1
    }
  }

  /// Whom a word names that stands for one: a service, a context or everyone.
  mutating func grant(_ reference: PolicyDraft.Reference) -> Grant? {
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
      if !faultyServiceWords.contains(word.text) { refuseUnknown(reference) }
      return nil
    }
  }

  private mutating func refuseUnknown(_ reference: PolicyDraft.Reference) {
    let word = reference.word
    let kinds = draft.groups.isEmpty ? "service or context" : "service, context or group"
    if let elsewhere = servicesByShortName[word.text.lowercased()], let origin = reference.origin {
      let service = policy.services[elsewhere]
      diagnostics.error(
        at: word.location,
        "no \(kinds) is called \(quoted(word.text)) in \(origin); "
          + "did you mean \(quoted(service.name.description)) (\(service.location.short))?")
      return
    }
    let known = knownSubjects
    diagnostics.error(
      at: word.location, "no \(kinds) is called \(quoted(word.text))", meant: word.text, in: reference.origin,
      known: known, remedy: "declare it with \"service NAME\" or \"context NAME\", or remove the word")
  }

  func serviceIndex(_ reference: PolicyDraft.Reference) -> Int? {
    if let origin = reference.origin {
      guard let name = try? DomainName(reference.word.text, relativeTo: origin) else { return nil }
      return servicesByName[name]
    }
    guard reference.word.text.hasSuffix("."), let name = try? DomainName(reference.word.text) else { return nil }
    return servicesByName[name]
  }
}
