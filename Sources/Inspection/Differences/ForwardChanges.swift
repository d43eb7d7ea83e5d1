internal import Policy

/// Names that are asked for elsewhere, and what is made of what others say.
func forwardChanges(_ old: Policy, _ new: Policy) -> [DifferenceSearch.Key] {
  var changes: [DifferenceSearch.Key] = []
  func compare(_ what: String, _ before: String, _ after: String, _ place: String? = nil) {
    if before != after {
      changes.append(DifferenceSearch.Key(kind: .server, text: "\(what): \(before) → \(after)", place: place))
    }
  }
  func lines(_ policy: Policy) -> [String: Forward] {
    Dictionary(
      policy.forwards.map { line in
        let context = line.context == 0 ? "" : " in \(policy.contexts.nodes[line.context].name)"
        return (line.text.lowercased() + context, line)
      }, uniquingKeysWith: { first, _ in first })
  }
  func servers(_ line: Forward?) -> String {
    guard let line else { return "nothing" }
    return line.isOff ? "off" : line.servers.map(\.description).joined(separator: " ")
  }
  let before = lines(old), after = lines(new)
  for key in Set(before.keys).union(after.keys).sorted() {
    let place = (after[key] ?? before[key])?.location.wholeLine.description
    compare(key, servers(before[key]), servers(after[key]), place)
  }
  compare("forward-cache", words(old.forwardCache), words(new.forwardCache))
  compare("allow-private", words(old.privateAllowance), words(new.privateAllowance))
  compare("local-zones", old.servesLocalZones ? "on" : "off", new.servesLocalZones ? "on" : "off")
  compare("reverse-zones", old.makesReverseZones ? "on" : "off", new.makesReverseZones ? "on" : "off")
  return changes
}

private func words(_ cache: ForwardCache) -> String {
  if cache.size == 0 { return "off" }
  let size = cache.size % (1 << 20) == 0 ? "\(cache.size >> 20)MiB" : "\(cache.size >> 10)KiB"
  let stale = cache.staleTime == 0 ? "off" : "\(cache.staleTime) s"
  return "\(size), ttl \(cache.longestTTL) s, negative \(cache.longestNegativeTTL) s, stale \(stale)"
}

private func words(_ allowance: PrivateAllowance) -> String {
  let words = allowance.zones.map { $0.description.lowercased() } + allowance.prefixes.map(\.prefix.description)
  return words.isEmpty ? "nothing" : Set(words).sorted().joined(separator: " ")
}
