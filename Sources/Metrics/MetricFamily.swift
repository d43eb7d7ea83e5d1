/// What an exposition in Prometheus' terms has of the measures: a row is a family, and every row states what it rests on.
///
/// What the server says of itself and not of queries (build, snapshot, configuration, process) is not measured, and not here.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable {
    case counter, histogram
  }

  /// With the prefix, the base unit and, for a counter, `_total`.
  package let name: String
  package let kind: Kind
  package let labels: [String]
  /// One line, without a line's end or a backslash.
  package let help: String
  /// The metrics it is of, or a part of; empty for a counter of events.
  package let metrics: [MetricDefinition]

  private init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String, _ metrics: [MetricDefinition] = []) {
    self.name = name
    self.kind = kind
    self.labels = labels
    self.help = help
    self.metrics = metrics
  }

  private static let population = ["context", "decision", "transport"]

  /// Every family of the measures.
  package static let all: [MetricFamily] =
    [
      MetricFamily(
        "ambit_queries_total", .counter, population,
        "Queries by what became of them; those with decision silent, over all, are the metric no-response",
        [.noResponse]),
      MetricFamily(
        "ambit_residence_seconds", .histogram, population, MetricDefinition.residence.help, [.residence]),
      MetricFamily("ambit_queue_seconds", .histogram, population, MetricDefinition.queue.help, [.queue]),
      MetricFamily("ambit_responses_total", .counter, ["rcode"], "Responses by RCODE"),
      MetricFamily("ambit_refusals_total", .counter, ["rule"], event("refusedBy_RULE")),
      MetricFamily("ambit_would_be_refusals_total", .counter, ["rule"], event("wouldRefuseBy_RULE")),
      MetricFamily("ambit_silences_total", .counter, ["cause"], "Queries without a response, by cause", [.noResponse]),
    ] + MetricCounter.allCases.filter(\.isLogged).map { of($0) }

  /// The family of one counter: of `requestsCut`, `ambit_requests_cut_total`.
  package static func of(_ counter: MetricCounter) -> MetricFamily {
    var name = "ambit_"
    for character in "\(counter)" {
      if character.isUppercase { name += "_" }
      name += character.lowercased()
    }
    return MetricFamily(name + "_total", .counter, [], counter.help)
  }

  /// The family with this name; nil where there is none.
  package static func called(_ name: String) -> MetricFamily? { all.first { $0.name == name } }

  private static func event(_ name: String) -> String {
    EventDefinition.all.first { $0.name == name }?.help ?? ""
  }
}
