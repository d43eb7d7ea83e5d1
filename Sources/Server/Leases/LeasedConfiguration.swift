internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import Policy

/// What leases add to a configuration: read as if files said it, by the load that everything goes by.
struct LeasedConfiguration: Sendable {
  /// A program that has overrides of its own, and a context for it.
  struct Run: Sendable {
    let context: String
    let ownContext: String
    let overrides: [NameOverride]
    let user: String
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
    let text = runs.map { Self.text(of: $0, services) }.joined()
    if !text.isEmpty { files.policies.append((Self.policyName, Array(text.utf8))) }
  }

  private static func text(of run: Run, _ services: [DomainName]) -> String {
    var text = "context \(run.ownContext) in \(run.context) { }\n"
    var excepted: Set<DomainName> = []
    for override in run.overrides {
      let around = services.filter { override.name.isAtOrBelow($0) }.max { $0.labelCount < $1.labelCount }
      guard let service = around, excepted.insert(service).inserted else { continue }
      // Who asks for an endpoint of another context, as the one on a laptop is, is to get it: this program alone.
      text += "except \(run.ownContext) -> \(service) until 2105-12-31 because \"ambit run --override\"\n"
    }
    return text
  }
}
