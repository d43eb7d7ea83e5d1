internal import Answering
internal import DNSFormat
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
  /// By what endpoints cross an isolation all the same.
  package let exceptions: [Exception]

  /// A call that an exception lets cross an isolation, until it ends.
  package struct Exception: Codable, Sendable {
    package let caller: String
    package let service: String
    /// The last day, as written.
    package let until: String
    package let file: String
    package let line: Int
    /// Both, in short.
    package let place: String

    init(_ exception: PolicyException, _ policy: Policy) {
      caller =
        switch exception.caller {
        case .everyone: "*"
        case .service(let index): policy.services[index].display
        case .context(let number): policy.contexts.nodes[number].name
        }
      service = policy.services[exception.service].display
      until = "\(exception.lastDay)"
      file = exception.location.file
      line = exception.location.line
      place = exception.location.short
    }

    /// `caller -> x until 2027-01-01 (p.policy:9)`
    var text: String {
      "\(caller) -> \(service) until \(until) (\(place))"
    }
  }

  /// Looks at everything; takes seconds for a hundred thousand services.
  /// - Parameters:
  ///   - doubtedLines: how many lines of the policy the load has doubted already.
  ///   - brokenZones: the apexes of zones that did not load for some context.
  static func run(
    _ snapshot: Snapshot, at time: UInt32, doubtedLines: Int = 0, brokenZones: [DomainName] = []
  ) -> (proof: Proof, diagnostics: [Diagnostic]) {
    let census = CallerCensus(snapshot.policy)
    let policy = snapshot.policy.policy
    let isolation = IsolationProof(snapshot, policy, census, at: time)
    let doubts = PolicyDoubts(snapshot, census, isolation, at: time)
    let exceptions = isolation.crossingExceptions.sorted().map { Exception(policy.exceptions[$0], policy) }
    let reach = ServiceReach(snapshot, census, at: time, brokenZones: brokenZones)
    var proved: [String] = []
    var open: [String] = []
    func state(_ holds: Bool, _ text: String, otherwise: String) {
      if holds { proved.append(text) } else { open.append(otherwise) }
    }
    func stateReach(_ reach: ServiceReach) {
      if !reach.unreachable.isEmpty {
        open.append("some service is out of reach")
      } else if census.members.isEmpty {
        open.append("there are no callers")
      } else if reach.untried.isEmpty, reach.notLoaded.isEmpty, reach.withoutAddress.count < policy.services.count {
        proved.append("every service\(reach.withoutAddress.isEmpty ? "" : " with an address") is in reach")
      }
      if !reach.notLoaded.isEmpty {
        open.append("the zone of \(listed(reach.notLoaded.map(snapshot.policy.serviceName))) did not load")
      }
      if !reach.withoutAddress.isEmpty {
        open.append("no zone has an address of \(listed(reach.withoutAddress.map(snapshot.policy.serviceName)))")
      }
      if !reach.untried.isEmpty {
        open.append("not every caller was tried for \(listed(reach.untried.map(snapshot.policy.serviceName)))")
      }
    }
    if policy.isolations.isEmpty {
      open.append("nothing is isolated")
    } else {
      let isObserved = !isolation.observedContexts.isEmpty || !isolation.observedServices.isEmpty
      state(
        isolation.crossings.isEmpty && !isolation.isSpent,
        "no answer\(policy.forwards.allSatisfy(\.isOff) ? "" : " of our zones") crosses an isolation"
          + (isObserved ? " that is enforced" : "")
          + (exceptions.isEmpty ? "" : " but by exception: \(listed(exceptions.map(\.text)))"),
        otherwise: isolation.crossings.isEmpty
          ? "no answer was found that crosses an isolation" : "answers cross an isolation")
      if !policy.forwards.allSatisfy(\.isOff) { open.append("what others answer is judged by isolate as it comes") }
      if isolation.isSpent { open.append("not every caller was tried for one who may ask across an isolation") }
      if !isolation.observedContexts.isEmpty {
        let names = isolation.observedContexts.sorted().map { snapshot.contexts.nodes[$0].name }
        open.append("isolate is only observed in \(listed(names))")
      }
      if !isolation.observedServices.isEmpty {
        let names = isolation.observedServices.sorted().map { snapshot.policy.serviceName($0) }
        open.append("isolate is only observed for \(listed(names))")
      }
    }
    if !policy.services.isEmpty {
      state(!doubts.hasNobody, "every allow and refuse names somebody", otherwise: "some allow or refuse names nobody")
      stateReach(reach)
    }
    if doubts.hasDeadRules || doubtedLines == 0 {
      state(!doubts.hasDeadRules, "no rule is dead", otherwise: "some rule is dead")
    } else {
      open.append("\(amount(doubtedLines, "line")) of the policy \(doubtedLines == 1 ? "is" : "are") doubted")
    }
    let proof = Proof(
      contexts: max(1, snapshot.contexts.count), names: isolation.nameCount, classes: isolation.classCount,
      questions: isolation.questionCount, proved: proved, open: open, exceptions: exceptions)
    return (proof, isolation.crossings + doubts.diagnostics + reach.diagnostics)
  }

  /// `proved for 5 contexts × 23 names: no answer crosses an isolation; no rule is dead`.
  package var text: String {
    let held = proved.isEmpty ? "nothing" : proved.joined(separator: "; ")
    let left = open.isEmpty ? "" : "; not proved: \(open.joined(separator: "; "))"
    return "proved for \(amount(contexts, "context")) × \(amount(names, "name")): \(held)\(left)"
  }
}

/// The first five, and how many more.
private func listed(_ texts: [String]) -> String {
  texts.prefix(5).joined(separator: ", ") + (texts.count > 5 ? " and \(texts.count - 5) more" : "")
}
