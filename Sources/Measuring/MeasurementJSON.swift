internal import FoundationEssentials
internal import Metrics

extension Measurement {
  /// The report as one JSON object: times in seconds, `null` where a sample is too small to say.
  package var json: String { jsonObject(MeasurementReport(self)) }
}

extension Calibration {
  /// As one JSON object, times in seconds.
  package var json: String { jsonObject(["calibration": self]) }
}

private func jsonObject(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  // Numbers, texts and lists only, none of them infinite: it can be encoded.
  guard let data = try? encoder.encode(value) else { return "{}\n" }
  return String(decoding: data, as: UTF8.self) + "\n"
}

/// The names and the order of the JSON summary.
private struct MeasurementReport: Encodable {
  struct Parameters: Encodable {
    let start: String
    let end: String
    let reciprocalLambda: Double
    let truncation: Double
    let threshold: Double
    let name: String
    let type: String
    let isRecursive: Bool
    let seed: UInt64
    let endedEarly: Bool

    /// As the registry calls them.
    enum CodingKeys: String, CodingKey {
      case start = "T0"
      case end = "Tf"
      case reciprocalLambda = "Reciprocal_lambda"
      case truncation = "Trunc"
      case threshold = "Tmax"
      case name = "QNAME"
      case type = "QTYPE"
      case isRecursive = "RD"
      case seed, endedEarly
    }
  }

  struct Uncertain: Encodable {
    let value: Double
    let low: Double?
    let high: Double?
    let uncertaintyBelow: Double?
    let uncertaintyAbove: Double?

    init(_ estimate: Estimate, _ calibration: Calibration?) {
      value = estimate.value
      low = estimate.low
      high = estimate.high
      let both = calibration?.uncertainty(of: estimate)
      uncertaintyBelow = both?.below
      uncertaintyAbove = both?.above
    }
  }

  struct Population: Encodable {
    let rcode: Int
    let count: Int
    let min: Double
    let median: Uncertain
    let mean: Uncertain
    let p95: Uncertain
    let p99: Uncertain
    let max: Double
    let standardDeviation: Double?
  }

  struct Server: Encodable {
    let server: String
    let sourcePort: Int?
    let notAsRegistered: [String]
    let sent: Int
    let lost: Int
    let loss: Uncertain?
    let populations: [Population]
    let notes: [String: Int]
    let notSent: [String: Int]
    let undecided: Int
    let strays: [String: Int]
    let longestLag: Double
  }

  struct Compared: Encodable {
    let first: String
    let second: String
    let blocks: Int
    let level: Double
    let differences: [Comparison.Difference]
    let differs: Bool?
  }

  let metrics: [String]
  let parameters: Parameters
  let servers: [Server]
  let calibration: Calibration
  let comparison: Compared?

  init(_ measurement: Measurement) {
    let plan = measurement.plan
    metrics = MetricDefinition.responseTime.names + MetricDefinition.responseLoss.names
    parameters = Parameters(
      start: DateAndTime(nanoseconds: measurement.start).description,
      end: DateAndTime(nanoseconds: measurement.end).description,
      reciprocalLambda: 1 / plan.stream.rate, truncation: Double(plan.stream.truncation) / 1e9,
      threshold: Double(plan.threshold) / 1e9, name: plan.query.name.description, type: plan.query.type.description,
      isRecursive: plan.query.isRecursive, seed: plan.seed, endedEarly: measurement.wasEndedEarly)
    calibration = measurement.calibration
    servers = measurement.records.map { record in
      Server(
        server: record.server.description, sourcePort: record.singletons.first.map { Int($0.port) },
        notAsRegistered: measurement.deviations(of: record), sent: record.singletons.count,
        lost: record.singletons.count { $0.isLost }, loss: record.loss.map { Uncertain($0, nil) },
        populations: record.populations.compactMap { population in
          DelaySummary(population.delays).map { summary in
            Population(
              rcode: Int(population.rcode), count: summary.count, min: summary.min,
              median: Uncertain(summary.median, measurement.calibration),
              mean: Uncertain(summary.mean, measurement.calibration),
              p95: Uncertain(summary.p95, measurement.calibration),
              p99: Uncertain(summary.p99, measurement.calibration), max: summary.max,
              standardDeviation: summary.standardDeviation)
          }
        },
        notes: record.singletons.reduce(into: [:]) { notes, singleton in
          if let note = singleton.note { notes[note, default: 0] += 1 }
        },
        notSent: record.unsent, undecided: record.undecided,
        strays: [
          "duplicate": record.strays.duplicate, "late": record.strays.late, "otherID": record.strays.otherID,
          "otherQuestion": record.strays.otherQuestion, "otherSource": record.strays.otherSource,
          "noResponse": record.strays.noResponse,
        ], longestLag: Double(record.longestLag) / 1e9)
    }
    comparison = measurement.comparison.map { comparison in
      Compared(
        first: plan.servers[0].description, second: plan.servers[1].description, blocks: comparison.blockCount,
        level: 0.05,
        differences: comparison.differences, differs: comparison.differs)
    }
  }
}
