extension Explanation {
  /// The explanation as a person reads it at the prompt.
  package var text: String {
    var lines = ["\(name) \(type), asked from \(source)", ""]
    lines += Explanation.block("caller", caller)
    for step in steps {
      lines.append("")
      let service = step.service.map { ", service \($0)" } ?? ""
      let zone = step.zone.map { " in zone \($0)" } ?? ""
      lines += Explanation.block("name", [Fact(text: "\(step.owner)\(zone)\(service)", place: nil)])
      lines += Explanation.block("rules", step.rules)
      lines += Explanation.block("data", step.data)
    }
    lines.append("")
    lines += Explanation.block("decision", [decisionFact])
    lines += Explanation.block("response", responseFacts)
    if let unknown, !unknown.isEmpty {
      lines.append("")
      lines += Explanation.block("unknown", unknown)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var decisionFact: Fact {
    guard let refusal else { return Fact(text: decision, place: nil) }
    return Fact(
      text: isOnlyObserved ? "\(decision); only observed: \(refusal.text)" : "\(decision): \(refusal.text)",
      place: nil)
  }

  private var responseFacts: [Fact] {
    guard let response else {
      return [Fact(text: decision == "forwarded" ? "what the server says that is asked" : "none", place: nil)]
    }
    var facts = [Fact(text: response.rcode + (response.isAuthoritative ? ", authoritative" : ""), place: nil)]
    if let error = response.extendedError { facts.append(Fact(text: error, place: nil)) }
    facts += response.answer.map { Fact(text: $0, place: nil) }
    facts += response.authority.map { Fact(text: "authority  \($0)", place: nil) }
    facts += response.additional.map { Fact(text: "additional \($0)", place: nil) }
    return facts
  }

  /// A word in the margin, its facts beside it, their places at the end of the line.
  private static func block(_ word: String, _ facts: [Fact]) -> [String] {
    facts.enumerated().map { index, fact in
      let margin = (index == 0 ? word : "").padded(to: 10)
      return margin + fact.text + (fact.place.map { "  [\($0)]" } ?? "")
    }
  }
}

extension String {
  /// With blanks up to a width.
  package func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
