/// How the endpoints of services are checked.
extension PolicyResolver {
  mutating func resolveHealth() {
    for (number, index) in servicesInDraft.enumerated() {
      policy.services[number].steering.health = draft.services[index].health?.value
    }
  }
}
