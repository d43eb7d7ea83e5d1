internal import Answering
internal import Diagnostics
internal import Policy

/// What `ambit check` shows of a whole configuration, and what it is in doubt of.
package struct Proof: Codable, Sendable {
  package let contexts: Int
  package let names: Int
  /// Sorts of names that were told apart, and questions asked about them.
  package let classes: Int
  package let questions: Int
  /// What holds, in words.
  package let proved: [String]
  /// What does not, or is not looked at.
  package let open: [String]

  /// Looks at everything; takes seconds for a hundred thousand services.
  static func run(_ snapshot: Snapshot, at time: UInt32) -> (proof: Proof, diagnostics: [Diagnostic]) {
    let census = CallerCensus(snapshot.policy)
    let policy = snapshot.policy.policy
    let isolation = IsolationProof(snapshot, policy, census, at: time)
    let doubts = PolicyDoubts(snapshot, census, isolation, at: time)
    var proved: [String] = []
    var open: [String] = []
    func state(_ holds: Bool, _ text: String, otherwise: String) {
      if holds { proved.append(text) } else { open.append(otherwise) }
    }
    if policy.isolations.isEmpty {
      open.append("nothing is isolated")
    } else {
      state(
        isolation.crossings.isEmpty,
        "no answer crosses an isolation" + (isolation.observedContexts.isEmpty ? "" : " that is enforced"),
        otherwise: "answers cross an isolation")
      if !isolation.observedContexts.isEmpty {
        let names = isolation.observedContexts.sorted().prefix(5).map { snapshot.contexts.nodes[$0].name }
        let more = isolation.observedContexts.count - names.count
        open.append(
          "isolate is only observed in \(names.joined(separator: ", "))" + (more > 0 ? " and \(more) more" : ""))
      }
    }
    if !policy.services.isEmpty {
      state(!doubts.hasNobody, "every allow and refuse names somebody", otherwise: "some allow or refuse names nobody")
      state(!doubts.hasUnreachable, "every service is in reach", otherwise: "some service is out of reach")
    }
    state(!doubts.hasDeadRules, "no rule is dead", otherwise: "some rule is dead")
    let proof = Proof(
      contexts: max(1, snapshot.contexts.count), names: isolation.nameCount, classes: isolation.classCount,
      questions: isolation.questionCount, proved: proved, open: open)
    return (proof, isolation.crossings + doubts.diagnostics)
  }

  /// `proved for 5 contexts × 23 names: no answer crosses an isolation; no rule is dead`.
  package var text: String {
    let held = proved.isEmpty ? "nothing" : proved.joined(separator: "; ")
    let left = open.isEmpty ? "" : "; not proved: \(open.joined(separator: "; "))"
    return "proved for \(amount(contexts, "context")) × \(amount(names, "name")): \(held)\(left)"
  }
}
