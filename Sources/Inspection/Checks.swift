package import Answering
internal import DNSFormat
package import Diagnostics
internal import Policy
internal import ZoneFile
internal import Zones

/// What `ambit check` finds, and what every load finds before a snapshot is used.
package struct Checks: Sendable {
  /// In order of place.
  package let diagnostics: [Diagnostic]
  /// What was looked at, in one line.
  package let summary: String
  /// What was proved; nil where it was not asked for, or there is nothing to prove it of.
  package let proof: Proof?
  /// True where nothing is wrong but that the data of some zones did not load: they answer SERVFAIL.
  package let isServable: Bool

  /// True where the configuration may be served as it is.
  package var isClean: Bool { !diagnostics.hasErrors }

  /// Runs the `expect` lines and looks for what loads but is hardly meant.
  /// - Parameters:
  ///   - now: seconds since 1970, for the times of signatures and the ends of exceptions.
  ///   - proves: look at every context and name too, which `check` does and a load need not wait for.
  package init(_ loaded: LoadedConfiguration, at now: UInt32, proves: Bool = false) {
    var found = loaded.diagnostics
    if let snapshot = loaded.snapshot {
      let failures = Expectations.run(snapshot, at: now, except: loaded.brokenZones)
      // Where there is a snapshot at all, the mistakes of its load are those of zones.
      isServable = failures.isEmpty
      found += failures
      found += doubts(loaded, snapshot) + signatureTimes(loaded.sources, at: now)
      let zoneFiles = Set(loaded.sources.flatMap(\.layers).flatMap(\.records.files))
      let doubted = Set(
        found.lazy.filter { $0.severity == .warning && $0.location.line > 0 && !zoneFiles.contains($0.location.file) }
          .map(\.location.wholeLine))
      let proved =
        proves
        ? Proof.run(
          snapshot, at: now, doubtedLines: doubted.count, brokenZones: loaded.brokenZones) : nil
      found += proved?.diagnostics ?? []
      proof = proved?.proof
      summary = summarize(snapshot, found)
    } else {
      isServable = false
      proof = nil
      summary = counts(found)
    }
    diagnostics = found.inOrder
  }
}

/// What a snapshot consists of, in words: `1 zone, 23 names, 5 contexts, 7 services`.
package func describe(_ snapshot: Snapshot) -> String {
  let origins = Set(snapshot.zones.zones.map(\.origin))
  if origins.isEmpty {
    let forwards = snapshot.policy.policy.forwards.contains { !$0.isOff }
    return "no zones (there is no file *.zone): "
      + (forwards ? "names that are forwarded are answered, every other is refused" : "every name is refused")
  }
  let names = snapshot.zones.zones.reduce(0) { $0 + $1.nameCount }
  return [
    amount(origins.count, "zone"), amount(names, "name"), amount(snapshot.contexts.count, "context"),
    amount(snapshot.policy.policy.services.count, "service"),
  ].joined(separator: ", ")
}

/// `1 zone`, `2 zones`.
package func amount(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }

private func summarize(_ snapshot: Snapshot, _ diagnostics: [Diagnostic]) -> String {
  let expectations = snapshot.policy.policy.expectations.count
  let held = diagnostics.hasErrors ? "" : expectations == 0 ? "" : ", \(amount(expectations, "expectation")) held"
  return "\(describe(snapshot))\(held): \(counts(diagnostics))"
}

private func counts(_ diagnostics: [Diagnostic]) -> String {
  let errors = diagnostics.reduce(0) { $0 + ($1.severity == .error ? $1.count : 0) }
  let warnings = diagnostics.reduce(0) { $0 + ($1.severity == .warning ? $1.count : 0) }
  return "\(amount(errors, "error")), \(amount(warnings, "warning"))"
}

/// Services that no zone has a name for, contexts that no caller can be in, names that `default refuse` does not reach.
private func doubts(_ loaded: LoadedConfiguration, _ snapshot: Snapshot) -> [Diagnostic] {
  let policy = snapshot.policy.policy
  var found = steeringDoubts(snapshot)
  let broken = Set(loaded.brokenZones)
  // A service that callers are known as is an identity, and needs no name of its own.
  for (index, service) in policy.services.enumerated()
  where !loaded.isNamed[index] && service.runsAt.isEmpty && service.identities.isEmpty
    && service.users.isEmpty
  {
    if broken.contains(where: { service.name.isAtOrBelow($0) }) || isElsewhere(service.name, snapshot) { continue }
    found.append(
      .warning(
        at: service.location,
        "service \(service.display) has no record in any zone (\(service.name)) and no runs-at, identity or uid; add one of them, or remove the service"
      ))
  }
  for (number, context) in policy.contextDetails.enumerated().dropFirst() {
    let isReachable =
      !context.from.isEmpty || policy.defaultContext == number || policy.listens.contains { $0.context == number }
    let hasInner = policy.contexts.nodes.contains { $0.parent == number && $0.name != "" }
    if !isReachable, !hasInner {
      found.append(
        .warning(
          at: context.location,
          "no caller can be in context \(policy.contexts.nodes[number].name); give it a from, a listen, or contexts inside it"
        ))
    }
  }
  return found
}

/// True where others are asked for a name in some context.
private func isElsewhere(_ name: DomainName, _ snapshot: Snapshot) -> Bool {
  let forwards = snapshot.policy.forwards
  if forwards.isEmpty { return false }
  var key = NameKey()
  key.load(name)
  for context in snapshot.policy.policy.contexts.nodes.indices.map({ UInt16($0) })
  where snapshot.ownZone(of: key, type: .a, context: context, guess: .max) == nil
    && forwards.route(of: key, context: context) != 0
  {
    return true
  }
  return false
}
