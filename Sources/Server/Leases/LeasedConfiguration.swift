internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Policy

/// What leases add to a configuration: read as if files said it, by the load that everything goes by.
struct LeasedConfiguration: Hashable, Sendable {
  /// A program that has overrides of its own, and a context for it.
  struct Run: Hashable, Sendable {
    let context: String
    let ownContext: String
    let overrides: [NameOverride]
    let user: String
  }

  /// What was left out of a load, and why.
  struct Misfits: Sendable {
    /// Runs by their own context.
    var runs: [String: String] = [:]
    var overrides: [NameOverride: String] = [:]
  }

  var runs: [Run] = []
  /// Those that all callers of a context have.
  var overrides: [NameOverride] = []

  var isEmpty: Bool { runs.isEmpty && overrides.isEmpty }

  /// What the policy that is made of leases is called.
  static let policyName = "(leases)"

  /// Adds it to what a folder has.
  /// - Parameter services: the names of the services known, for what is lifted for an override.
  func add(to files: inout ConfigurationFiles, services: [DomainName]) {
    files.overrides = overrides + runs.flatMap(\.overrides)
    let text = runs.flatMap { Self.lines(of: $0, services) }.map { $0 + "\n" }.joined()
    if !text.isEmpty { files.policies.append((Self.policyName, Array(text.utf8))) }
  }

  private static func lines(of run: Run, _ services: [DomainName]) -> [String] {
    var lines = ["context \(run.ownContext) in \(run.context) { }"]
    var excepted: Set<DomainName> = []
    for override in run.overrides {
      let around = services.filter { override.name.isAtOrBelow($0) }.max { $0.labelCount < $1.labelCount }
      guard let service = around, excepted.insert(service).inserted else { continue }
      // Who asks for an endpoint of another context, as the one on a laptop is, is to get it: this program alone.
      lines.append("except \(run.ownContext) -> \(service) until 2105-12-31 because \"ambit run --override\"")
    }
    return lines
  }

  // MARK: - What does not fit a folder

  /// Leaves out what speaks of contexts that a folder does not have, or has itself.
  mutating func leaveOut(notIn policy: Policy, _ misfits: inout Misfits) {
    leaveOut(&misfits) { run in
      if policy.contexts.number(of: run.context) == nil { return "there is no context \(run.context) any more" }
      return policy.contexts.number(of: run.ownContext) == nil
        ? nil : "the policy has a context \(run.ownContext) of its own now"
    } override: {
      guard let number = policy.contexts.number(of: $0.context) else {
        return "there is no context \($0.context) any more"
      }
      return LeaseDesk.whyNotShared(number, policy)
    }
  }

  /// Leaves out what mistakes are found in; all of it where no mistake says in which.
  mutating func leaveOut(for mistakes: [Diagnostic], services: [DomainName], _ misfits: inout Misfits) {
    var line = 0
    var wrong: [String: String] = [:]
    for run in runs {
      let lines = line + 1...line + Self.lines(of: run, services).count
      line = lines.upperBound
      wrong[run.ownContext] =
        mistakes.first { $0.location.file.hasSuffix(Self.policyName) && lines.contains($0.location.line) }?.message
    }
    let titles = Dictionary(mistakes.map { ($0.location.file, $0.message) }) { first, _ in first }
    let before = self
    leaveOut(&misfits) { run in
      wrong[run.ownContext] ?? run.overrides.lazy.compactMap { titles[$0.title] }.first
    } override: {
      titles[$0.title]
    }
    guard self == before else { return }
    let reason = mistakes.first?.message ?? "the folder does not load with it"
    leaveOut(&misfits) { _ in
      reason
    } override: { _ in
      reason
    }
  }

  private mutating func leaveOut(
    _ misfits: inout Misfits, run whyNotRun: (Run) -> String?, override whyNot: (NameOverride) -> String?
  ) {
    runs.removeAll { run in
      guard let reason = whyNotRun(run) else { return false }
      misfits.runs[run.ownContext] = reason
      return true
    }
    overrides.removeAll { override in
      guard let reason = whyNot(override) else { return false }
      misfits.overrides[override] = reason
      return true
    }
  }
}

/// A folder, and what is leased beside it: where both do not go together it is a lease that is left out, never the folder.
struct LeasedLoad {
  let loaded: LoadedConfiguration
  /// What of the leases it has.
  private(set) var configuration: LeasedConfiguration
  private(set) var misfits = LeasedConfiguration.Misfits()

  /// - Parameters:
  ///   - written: what the folder alone came to, with mistakes `known`.
  ///   - build: compiles files.
  init(
    _ leased: LeasedConfiguration, _ files: ConfigurationFiles, over written: LoadedConfiguration,
    known: Set<String>, build: (ConfigurationFiles) -> LoadedConfiguration
  ) {
    configuration = leased
    guard let policy = written.snapshot?.policy.policy else {
      loaded = written
      return
    }
    let services = policy.services.map(\.name)
    configuration.leaveOut(notIn: policy, &misfits)
    while !configuration.isEmpty {
      var files = files
      configuration.add(to: &files, services: services)
      let next = build(files)
      let mistakes = next.diagnostics.filter { $0.severity == .error && !known.contains($0.description) }
      if mistakes.isEmpty, next.snapshot != nil {
        loaded = next
        return
      }
      configuration.leaveOut(for: mistakes, services: services, &misfits)
    }
    loaded = written
  }
}
