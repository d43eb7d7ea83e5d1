internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Synchronization

/// A refusal on its way to the log.
struct DecisionRecord {
  var generation: UInt64
  var time: UInt64  // nanoseconds of CLOCK_REALTIME
  var source: IPAddress
  var outcome: Outcome
  var type: RRType
  /// The QNAME as it was asked.
  var name: DomainName
}

/// Takes refusals from one worker to the control thread without either waiting: what does not fit is dropped, and said.
///
/// One writer, one reader. An entry is 40 words: the outcome's parts, then the name's octets.
final class DecisionRing: Sendable {
  private static let entryWords = 40
  private let words: CounterArray
  /// Records that may wait.
  let capacity: Int
  private let written = Atomic<UInt64>(0)
  private let read = Atomic<UInt64>(0)

  /// - Parameter capacity: records that may wait.
  init(capacity: Int = 1024) {
    self.capacity = capacity
    words = CounterArray(count: capacity * Self.entryWords)
  }

  /// Adds a refusal. For the worker; no allocation.
  /// - Returns: false where it was dropped.
  func push(
    _ outcome: Outcome, _ refusal: Refusal, source: IPAddress, request: Span<UInt8>, time: UInt64, generation: UInt64
  ) -> Bool {
    let position = written.load(ordering: .relaxed)
    guard position &- read.load(ordering: .acquiring) < UInt64(capacity) else { return false }
    let base = Int(position % UInt64(capacity)) &* Self.entryWords
    let caller = outcome.caller
    words.set(generation, at: base)
    words.set(time, at: base &+ 1)
    words.set(source.high, at: base &+ 2)
    words.set(source.low, at: base &+ 3)
    words.set(
      UInt64(caller.context) << 48 | UInt64(outcome.endpointContext) << 32 | UInt64(outcome.brokenRules.rawValue) << 16
        | UInt64(refusal.rule.rawValue) << 8 | Self.flags(outcome, source), at: base &+ 4)
    words.set(UInt64(caller.service) << 32 | UInt64(outcome.service), at: base &+ 5)
    var end = 12
    while end < request.count, end < 267, request[end] != 0 { end &+= 1 &+ Int(request[end]) }
    let type = end &+ 3 <= request.count ? request.u16(at: end &+ 1) : 0
    words.set(UInt64(refusal.reason) << 32 | UInt64(type) << 16 | UInt64(min(end, 266) &- 11), at: base &+ 6)
    var offset = 12
    var word = base &+ 7
    while offset <= min(end, 266) {
      var value: UInt64 = 0
      var index = 0
      while index < 8 {
        if offset &+ index < request.count { value |= UInt64(request[offset &+ index]) &<< UInt64(index &* 8) }
        index &+= 1
      }
      words.set(value, at: word)
      offset &+= 8
      word &+= 1
    }
    written.store(position &+ 1, ordering: .releasing)
    return true
  }

  /// How its caller is known has bits 4 and 5: `require` asks for it.
  private static func flags(_ outcome: Outcome, _ source: IPAddress) -> UInt64 {
    (source.isIPv4 ? 1 : 0) | (outcome.caller.isPlaced ? 2 : 0) | (outcome.isOnlyObserved ? 4 : 0)
      | (outcome.wouldLeaveOut ? 8 : 0) | UInt64(outcome.caller.identification.rawValue) << 4
  }

  /// Takes the oldest record; nil where none waits. For the control thread.
  func pop() -> DecisionRecord? {
    let position = read.load(ordering: .relaxed)
    guard position < written.load(ordering: .acquiring) else { return nil }
    defer { read.store(position &+ 1, ordering: .releasing) }
    let base = Int(position % UInt64(capacity)) * Self.entryWords
    let bits = words[base + 4]
    let source =
      bits & 1 != 0
      ? IPAddress(v4: UInt32(truncatingIfNeeded: words[base + 3]))
      : IPAddress(high: words[base + 2], low: words[base + 3])
    let services = words[base + 5]
    let tail = words[base + 6]
    let octets = (0..<Int(tail & 0xffff)).map {
      UInt8(truncatingIfNeeded: words[base + 7 + $0 / 8] >> UInt64($0 % 8 * 8))
    }
    var caller = Caller(
      context: UInt16(truncatingIfNeeded: bits >> 48), isPlaced: bits & 2 != 0, service: UInt32(services >> 32))
    caller.identification = Identification(rawValue: UInt8(truncatingIfNeeded: bits >> 4 & 3)) ?? .none
    let outcome = Outcome(
      caller: caller,
      refusal: Refusal(Rule(rawValue: UInt8(truncatingIfNeeded: bits >> 8)) ?? .none, reason: UInt32(tail >> 32)),
      service: UInt32(truncatingIfNeeded: services),
      brokenRules: RuleSet(rawValue: UInt16(truncatingIfNeeded: bits >> 16)),
      endpointContext: UInt16(truncatingIfNeeded: bits >> 32), isOnlyObserved: bits & 4 != 0,
      wouldLeaveOut: bits & 8 != 0)
    return DecisionRecord(
      generation: words[base], time: words[base + 1], source: source, outcome: outcome,
      type: RRType(UInt16(truncatingIfNeeded: tail >> 16)), name: (try? DomainName(wire: octets)) ?? .root)
  }
}
