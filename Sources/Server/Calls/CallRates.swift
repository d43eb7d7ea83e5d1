/// What each call's rate usually is, and which are far above that: retry storms.
///
/// Pure: windows of ten seconds are handed in. The rule, written down in docs/tracing.md with its false alarms:
/// - A call's usual rate is the exponentially weighted mean of its windows with a time constant of five minutes, and its
///   deviation the square root of their variance, weighted alike; never less than a Poisson stream of that rate has, drawn
///   as the workers draw.
/// - A window is high where its rate is at least 20 lookups a second, 4 times the mean, and the mean and 6 deviations.
/// - A storm begins with the second high window in a row, once 30 windows were learnt from, and while there is a usual rate:
///   the lookups of at least 10 windows, older ones counting for less as in the mean. High windows teach nothing.
/// - It ends with the third window in a row below half of what made its first high; or after an hour: that is the new usual
///   rate then, and is learnt from the beginning.
/// - A call without a lookup for an hour is forgotten: a job that runs at night has no usual rate.
struct CallRates: Sendable {
  typealias Edge = LiveCalls.Edge

  static let leastRate = 20.0
  static let factor = 4.0
  static let deviations = 6.0
  /// Lookups drawn in a window, above the mean, that a high one has at the least.
  static let leastLumps = 12.0
  /// Seconds.
  static let memory = 300.0
  static let windowSeconds = 10.0
  static let windowsToLearn = 30
  /// Windows with lookups, faded as the mean is, without which a call has no usual rate: of 30 when every one has some.
  static let leastSeenWindows = 10.0
  static let windowsToBegin = 2
  static let windowsToEnd = 3
  private static let longestStorm: UInt64 = 3600
  private static let forgottenAfter: UInt64 = 3600
  static let mostCalls = LiveCalls.mostRows

  /// A rate that has left what is usual.
  struct Storm: Equatable, Sendable {
    let edge: Edge
    /// Since when, and until when: in seconds of the same clock, the beginning of the first high and of the first low window.
    let start: UInt64
    var end: UInt64
    /// Lookups a second.
    let usual: Double
    var rate: Double
    var peak: Double
    /// What made the first window high.
    fileprivate let bound: Double
  }

  /// What begins or ends with a window.
  enum Event: Equatable, Sendable {
    case begins(Storm)
    /// It is over, or has lasted so long that it is what is usual now.
    case ends(Storm, isUsualNow: Bool)
  }

  /// A call's lookups in a window.
  struct Lookups: Equatable, Sendable {
    var count: UInt64
    /// The squares of what was counted at a time: as many as `count` where each lookup was.
    var squares: UInt64

    init(_ count: UInt64, squares: UInt64? = nil) {
      self.count = count
      self.squares = squares ?? count
    }

    /// For how many lookups one stands that was counted: 1, or more where they were drawn.
    var weight: Double { count == 0 ? 1 : max(1, Double(squares) / Double(count)) }
  }

  private struct Usual {
    var mean = 0.0
    var variance = 0.0
    /// For how many lookups one stands.
    var weight = 1.0
    var windows = 0
    /// Of these, those that had lookups, faded as the mean is.
    var seenWindows = 0.0
    /// High windows in a row, or in a storm low ones.
    var inRow = 0
    /// When the first of these began.
    var firstOfRow: UInt64 = 0
    var peak = 0.0
    var lastSeen: UInt64
    var storm: Storm?

    /// From which rate on a window is high, whose lookups were drawn as few as `weight` says.
    ///
    /// Drawn ones come in lumps. A sum of lumps of at most `w` exceeds four times its mean with the chance that a Poisson
    /// number with a mean `w` times less has: so what is high is at least `leastLumps` of them.
    func bound(_ seconds: Double, weight: Double) -> Double {
      let weight = max(weight, self.weight)
      let deviation = (variance + weight * mean / seconds).squareRoot()
      let lumps = weight > 1 ? CallRates.leastLumps * weight / seconds : 0
      return max(CallRates.leastRate, CallRates.factor * mean, mean + CallRates.deviations * deviation, mean + lumps)
    }

    mutating func learn(_ rate: Double, _ seconds: Double, weight lumps: Double) {
      // At first the plain mean; both meet where the memory is full.
      let weight = max(min(1, seconds / CallRates.memory), 1 / Double(windows + 1))
      let difference = rate - mean
      mean += weight * difference
      self.weight += weight * (lumps - self.weight)
      variance = (1 - weight) * (variance + weight * difference * difference)
      windows += 1
      seenWindows = seenWindows * (1 - min(1, seconds / CallRates.memory)) + (rate > 0 ? 1 : 0)
    }

    /// True where enough was learnt for a rate to be high. What was seen once or twice, then hardly ever, has no usual rate:
    /// of a new deployment the first traffic is no storm.
    var hasUsualRate: Bool {
      windows >= CallRates.windowsToLearn && seenWindows >= CallRates.leastSeenWindows
    }
  }

  private var usual: [Edge: Usual] = [:]

  /// The storms that go on, the longest first.
  var storms: [Storm] {
    usual.values.compactMap(\.storm).sorted { ($0.start, $0.edge.target) < ($1.start, $1.edge.target) }
  }

  /// How many go on.
  var stormCount: Int { usual.values.count { $0.storm != nil } }

  /// Takes one window.
  /// - Parameters:
  ///   - counts: by call; calls that are not there had none.
  ///   - seconds: how long the window was.
  ///   - time: when it ended, in seconds of a clock that never goes back.
  /// - Returns: what begins and ends with it, by names.
  mutating func take(_ counts: [Edge: Lookups], seconds: Double, at time: UInt64) -> [Event] {
    guard seconds > 0 else { return [] }
    var events: [Event] = []
    let begin = time &- min(time, UInt64(seconds.rounded()))
    for edge in counts.keys where usual[edge] == nil && usual.count < Self.mostCalls {
      usual[edge] = Usual(lastSeen: time)
    }
    for edge in Array(usual.keys) {
      guard var call = usual[edge] else { continue }
      let lookups = counts[edge] ?? Lookups(0)
      if lookups.count > 0 { call.lastSeen = time }
      if let event = Self.judge(&call, edge, lookups, seconds, begin) { events.append(event) }
      usual[edge] = call.storm == nil && call.lastSeen &+ Self.forgottenAfter <= time ? nil : call
    }
    return events.sorted { $0.order < $1.order }
  }

  private static func judge(
    _ call: inout Usual, _ edge: Edge, _ lookups: Lookups, _ seconds: Double, _ begin: UInt64
  ) -> Event? {
    let rate = Double(lookups.count) / seconds
    if call.storm != nil { return goOn(&call, rate, begin) }
    let bound = call.bound(seconds, weight: lookups.weight)
    guard call.hasUsualRate, rate >= bound else {
      call.inRow = 0
      call.learn(rate, seconds, weight: lookups.weight)
      return nil
    }
    if call.inRow == 0 { (call.firstOfRow, call.peak) = (begin, 0) }
    call.inRow += 1
    call.peak = max(call.peak, rate)
    if call.inRow < windowsToBegin { return nil }
    let storm = Storm(
      edge: edge, start: call.firstOfRow, end: begin, usual: call.mean, rate: rate, peak: call.peak, bound: bound)
    (call.storm, call.inRow) = (storm, 0)
    return .begins(storm)
  }

  private static func goOn(_ call: inout Usual, _ rate: Double, _ begin: UInt64) -> Event? {
    guard var storm = call.storm else { return nil }
    storm.rate = rate
    storm.peak = max(storm.peak, rate)
    if rate < storm.bound / 2 {
      if call.inRow == 0 { call.firstOfRow = begin }
      call.inRow += 1
    } else {
      call.inRow = 0
    }
    let isOver = call.inRow >= windowsToEnd
    let isUsualNow = !isOver && begin &- storm.start >= longestStorm
    storm.end = isOver ? call.firstOfRow : begin
    guard isOver || isUsualNow else {
      call.storm = storm
      return nil
    }
    (call.storm, call.inRow) = (nil, 0)
    if isUsualNow { (call.mean, call.variance, call.weight, call.windows, call.seenWindows) = (0, 0, 1, 0, 0) }
    return .ends(storm, isUsualNow: isUsualNow)
  }
}

extension CallRates.Event {
  /// By what events of one window are in order.
  fileprivate var order: (String, String, String) {
    let edge =
      switch self {
      case .begins(let storm), .ends(let storm, _): storm.edge
      }
    return (edge.target, edge.service ?? "", edge.context ?? "")
  }
}
