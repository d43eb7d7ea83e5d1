internal import Diagnostics
internal import Policy

/// Settings of services that say which endpoints callers get: what no single answer shows, such as a weight, is told here.
func steeringChanges(_ pair: SnapshotPair) -> [DifferenceSearch.Key] {
  let old = pair.old.policy.policy, new = pair.new.policy.policy
  let before = Dictionary(old.services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  var changes: [DifferenceSearch.Key] = []
  for service in new.services {
    guard let other = before[service.name], other.steering != service.steering else { continue }
    let was = steeringLines(other, old), now = steeringLines(service, new)
    for keyword in Set(was.keys).union(now.keys).sorted() where was[keyword]?.text != now[keyword]?.text {
      let text =
        "\(keyword) of \(service.display): \(was[keyword]?.text ?? "nothing") → \(now[keyword]?.text ?? "nothing")"
      let place = (now[keyword] ?? was[keyword])?.place?.wholeLine.description
      changes.append(DifferenceSearch.Key(kind: .server, text: text, place: place))
    }
  }
  return changes
}

/// What a service says of its endpoints, by keyword, without the places in the text; `health` apart.
func steeringLines(_ service: Service, _ policy: Policy) -> [String: (text: String, place: SourceLocation?)] {
  let steering = service.steering
  var lines: [String: (text: String, place: SourceLocation?)] = [:]
  func list(_ keyword: String, _ texts: [String], _ place: SourceLocation?) {
    if !texts.isEmpty { lines[keyword] = (texts.sorted().joined(separator: ", "), place) }
  }
  list("weight", steering.weights.map { "\($0.prefix.prefix) \($0.share)" }, steering.weights.first?.prefix.location)
  list("drain", steering.drained.map { "\($0.prefix)" }, steering.drained.first?.location)
  list(
    "canary",
    steering.canaries.map { canary in
      canary.prefixes.map { "\($0.prefix)" }.sorted().joined(separator: " ") + " \(shareText(canary.share))"
    }, steering.canaries.first?.location)
  for colour in Steering.Colour.allCases {
    let prefixes = steering.colours[colour] ?? []
    list(colour.rawValue, prefixes.map { "\($0.prefix)" }, prefixes.first?.location)
  }
  func say(_ keyword: String, _ text: String?) {
    if let text { lines[keyword] = (text, steering.places[keyword]) }
  }
  say("live", steering.live?.rawValue)
  say("max-answers", steering.mostAnswers.map(String.init))
  say("prefer", steering.prefersNear ? "near" : nil)
  say("floor", steering.floor == 0 ? nil : "\(steering.floor)%")
  switch steering.failure {
  case .open: break
  case .refuse: say("fail", "refuse")
  case .fallback(let index): say("fail", "fallback \(policy.services[index].name)")
  }
  return lines
}

/// `0.5%`, from thousandths.
func shareText(_ share: UInt32) -> String {
  share.isMultiple(of: 10) ? "\(share / 10)%" : "\(share / 10).\(share % 10)%"
}
