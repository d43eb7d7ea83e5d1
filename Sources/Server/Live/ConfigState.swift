/// What became of the loads: whether what is served is what is written. Times are nanoseconds since 1970.
struct ConfigState: Equatable, Sendable {
  /// Of the snapshot in service, from 1.
  var generation: UInt64 = 1
  /// When it went into service.
  var loaded: UInt64
  /// When a reload last ended, and how; nil before the first.
  var lastReload: UInt64?
  var lastStatus: ControlAnswer.Status?
  /// How many reloads went into service, had mistakes, were held back.
  var reloaded: UInt64 = 0
  var failed: UInt64 = 0
  var held: UInt64 = 0
  /// Since when what is served is not what is written; nil where it is, as far as is known.
  var staleSince: UInt64?
  /// Why: the first messages of the last reload that did not go into service.
  var staleReasons: [String] = []
  /// Zones that answer SERVFAIL, because they did not load at the start.
  var brokenZones: [String] = []

  private static let mostReasons = 10

  init(loaded: UInt64) { self.loaded = loaded }

  var isStale: Bool { staleSince != nil }

  /// Takes note of how a reload ended.
  /// - Parameter reasons: what is wrong, the gravest first.
  mutating func note(_ status: ControlAnswer.Status, _ reasons: [String], generation: UInt64, at time: UInt64) {
    (lastReload, lastStatus) = (time, status)
    switch status {
    case .reloaded:
      reloaded += 1
      (self.generation, loaded) = (generation, time)
      (staleSince, staleReasons, brokenZones) = (nil, [], [])
      return
    case .held: held += 1
    case .failed, .refused, .busy, .state, .leased: failed += 1
    }
    staleSince = staleSince ?? time
    staleReasons = reasons.prefix(Self.mostReasons).map { clipped($0) }
  }
}

/// A text of at most so many letters: what people wrote may be of any length.
func clipped(_ text: String, to limit: Int = 300) -> String {
  text.utf8.count <= limit ? text : text.count <= limit ? text : text.prefix(limit - 1) + "…"
}
