/// A metric as it is stated before it is measured: RFC 2330's framework, in the columns of an RFC 8911 §7 registry entry,
/// and three more: populations, terms of uncertainty, conjectures of composition.
package struct MetricDefinition: Hashable, Sendable {
  /// What a person calls it, in tables and on the command line: `residence`.
  package let word: String
  /// The number in IANA's registry; nil for a metric of a private one.
  package var identifier: Int?
  /// The name's parts (RFC 8911 §7.1.2): what is measured; `Priv_` marks a private registry.
  package let metricType: String
  /// Active or passive, as in RFC 7799.
  package let method: String
  /// The specification by which it is named: an RFC's section, or `RFCnone`, which is this table.
  package var specification = "RFCnone"
  /// The unit by name, as it stands in the metric's name.
  package let unit: String
  /// The unit's symbol: `s`, or `1` for a ratio or a logical value.
  package let symbol: String
  /// The name's last part: raw values, or a statistic of them.
  package let output: String
  /// What it is measured over; each has a name of its own.
  package let transports: [MetricTransport]

  /// What it is in one line: the description, and the HELP of an exposition.
  package let help: String
  /// The documents it rests on.
  package let reference: String
  /// Who may change it.
  package var changeController = "Ambit"
  /// What one value is: the singleton (RFC 2330 §11).
  package let definition: String
  /// What is the same in every measurement.
  package let fixedParameters: [Parameter]

  /// How it is measured.
  package let measurement: String
  /// Where the packets come from.
  package let stream: String
  /// Which packets count.
  package let filter: String
  /// Which of these are measured.
  package let sampling: String
  /// What is set by whoever measures.
  package let runTimeParameters: [Parameter]
  /// Who takes part, as whom.
  package let roles: [Parameter]

  /// The kind of result.
  package let outputType: String
  /// What a result has.
  package let outputs: [Parameter]
  /// How the instrument's own error is found.
  package let calibration: String

  /// What else is to be known.
  package var remarks: String

  /// What values are summed over and kept apart by.
  package let populations: [Parameter]
  /// The terms of the uncertainty (RFC 2330 §6.3), by the names they have beside a summary.
  package let uncertainty: [Parameter]
  /// How values of parts compose (RFC 2330 §9).
  package let conjectures: [Conjecture]

  /// A word and what is to be said of it.
  package struct Parameter: Hashable, Sendable {
    package let name: String
    package let text: String

    init(_ name: String, _ text: String) {
      self.name = name
      self.text = text
    }
  }

  /// A statement of how values compose, which a test can refute.
  package struct Conjecture: Hashable, Sendable {
    package enum Kind: String, Sendable {
      /// Of the parts of a path (RFC 2330 §9.1).
      case spatial
      /// Of the parts of a time (RFC 2330 §9.2).
      case temporal
    }

    package let kind: Kind
    package let statement: String
    /// How it is tried.
    package let test: String
  }

  /// The name in the form of RFC 8911 §7.1.2: MetricType_Method_SubTypeMethod_Spec_Units_Output.
  ///
  /// A type of packet is part of a metric (RFC 2330 §13), so there is one name a transport.
  package func name(over transport: MetricTransport) -> String {
    let packets = transport == .udp ? "IP-UDP" : "IP-TCP"
    return
      "\(metricType)_\(method)_\(packets)-\(method == "Active" ? "Poisson" : "DNS")_\(specification)_\(unit)_\(output)"
  }

  /// All its names.
  package var names: [String] { transports.map(name) }

  /// Where the entry is kept, of a name: IANA's page, or this table.
  package func address(of name: String) -> String {
    identifier == nil ? "none: a private metric" : "https://www.iana.org/assignments/performance-metrics/\(name)"
  }

  /// The metric with a word or one of the names; nil where there is none.
  package static func called(_ name: String) -> MetricDefinition? {
    all.first { $0.word == name || $0.names.contains(name) }
  }
}
