internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Synchronization

/// Takes records from one worker to the thread of a log without either waiting: what does not fit is dropped and counted.
///
/// One writer, one reader. A record is 9 words and those of its name's octets, so usual names make short ones.
final class DecisionRing: Sendable {
  private static let headWords = 9
  /// Words of the longest record.
  static let longestRecord = headWords + 32
  private let words: CounterArray
  private let mask: UInt64
  /// Counted in words since the start; the place in memory is the number modulo the capacity.
  private let written = Atomic<UInt64>(0)
  private let read = Atomic<UInt64>(0)
  private let lost = Atomic<UInt64>(0)

  /// - Parameter capacity: words; a power of two, at least that of the longest record. 16 KiB words are at least 400
  ///   records, and usually 1300. Memory that was never written to is not taken.
  init(capacity: Int = 1 << 14) {
    precondition(capacity & (capacity - 1) == 0 && capacity >= Self.longestRecord, "a ring is a power of two of words")
    mask = UInt64(capacity - 1)
    words = CounterArray(count: capacity)
  }

  /// Records dropped since the start because there was no room.
  var droppedCount: UInt64 { lost.load(ordering: .relaxed) }

  /// Adds a record. For the worker; no allocation.
  /// - Returns: false where it was dropped.
  func push(
    _ outcome: Outcome, _ evidence: Evidence, _ transport: Arrival.Transport, request: Span<UInt8>, time: UInt64,
    generation: UInt64
  ) -> Bool {
    let nameSize = outcome.wireError == nil ? DecisionRing.nameSize(request) : 0
    let wordCount = Self.headWords &+ (nameSize &+ 7) / 8
    let start = written.load(ordering: .relaxed)
    guard start &- read.load(ordering: .acquiring) &+ UInt64(wordCount) <= mask &+ 1 else {
      lost.store(lost.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      return false
    }
    let caller = outcome.caller
    let refusal = outcome.refusal ?? Refusal(.none, reason: 0)
    let type = nameSize == 0 ? 0 : request.u16(at: 12 &+ nameSize)
    var flags: UInt64 = evidence.source.isIPv4 ? 1 : 0
    if caller.isPlaced { flags |= 2 }
    if outcome.isOnlyObserved { flags |= 4 }
    if outcome.refusal != nil { flags |= 8 }
    if evidence.listenerContext != nil { flags |= 16 }
    if evidence.certificateService != nil { flags |= 32 }
    if evidence.user != nil { flags |= 64 }
    if transport == .tcp { flags |= 128 }
    set(generation << 16 | UInt64(nameSize), start)
    set(time, start &+ 1)
    set(evidence.source.high, start &+ 2)
    set(evidence.source.low, start &+ 3)
    set(
      UInt64(caller.context) << 48 | UInt64(outcome.endpointContext) << 32 | UInt64(outcome.brokenRules.rawValue) << 16
        | UInt64(refusal.rule.rawValue) << 8 | flags, start &+ 4)
    set(UInt64(caller.service) << 32 | UInt64(outcome.service), start &+ 5)
    set(UInt64(refusal.reason) << 32 | UInt64(type) << 16 | UInt64(outcome.rcode.rawValue), start &+ 6)
    set(
      Self.subnetBits(outcome) << 48 | UInt64(evidence.listenerContext ?? 0) << 32
        | (outcome.wouldLeaveOut ? 1 << 24 : 0)
        | UInt64(outcome.decision.rawValue) << 16
        | UInt64(caller.addressSource.rawValue) << 8 | UInt64(caller.identification.rawValue), start &+ 7)
    set(UInt64(evidence.certificateService ?? 0) << 32 | UInt64(evidence.user ?? 0), start &+ 8)
    pushName(request, size: nameSize, at: start &+ UInt64(Self.headWords))
    written.store(start &+ UInt64(wordCount), ordering: .releasing)
    return true
  }

  /// How many bits of its address a forwarder told, and how many it would take to know the caller; 0 for no forwarder.
  private static func subnetBits(_ outcome: Outcome) -> UInt64 {
    guard let subnet = outcome.clientSubnet else { return 0 }
    let told = UInt64(UInt8(clamping: subnet.addressBits(ofLength: subnet.sourceLength)))
    return told << 8 | UInt64(UInt8(clamping: subnet.addressBits(ofLength: outcome.scope)))
  }

  private func pushName(_ request: Span<UInt8>, size: Int, at start: UInt64) {
    var offset = 12
    let end = 12 &+ size
    var word = start
    while offset < end {
      set(request.word(at: offset, size: min(8, end &- offset)), word)
      offset &+= 8
      word &+= 1
    }
  }

  /// Octets of the QNAME, where a type follows it; 0 where there is none.
  private static func nameSize(_ request: Span<UInt8>) -> Int {
    var end = 12
    while end < request.count, request[end] != 0 {
      if request[end] > 63 || end > 266 { return 0 }
      end &+= 1 &+ Int(request[end])
    }
    let size = end &- 11
    return size <= 255 && end &+ 3 <= request.count ? size : 0
  }

  private func set(_ value: UInt64, _ position: UInt64) { words.set(value, at: Int(position & mask)) }

  private func word(_ position: UInt64) -> UInt64 { words[Int(position & mask)] }

  /// Takes the oldest record; nil where none waits. For the log's thread.
  func pop() -> DecisionRecord? {
    var record = DecisionRecord()
    return pop(into: &record) ? record : nil
  }

  /// Takes the oldest record, using again the memory of another.
  /// - Returns: false where none waits.
  func pop(into record: inout DecisionRecord) -> Bool {
    let start = read.load(ordering: .relaxed)
    guard start != written.load(ordering: .acquiring) else { return false }
    let head = word(start)
    let bits = word(start &+ 4)
    let services = word(start &+ 5)
    let tail = word(start &+ 6)
    let known = word(start &+ 7)
    let evidence = word(start &+ 8)
    record.generation = head >> 16
    record.time = word(start &+ 1)
    let low = word(start &+ 3)
    let source =
      bits & 1 != 0 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(high: word(start &+ 2), low: low)
    record.evidence = Evidence(
      source: source, addressSource: AddressSource(rawValue: UInt8(truncatingIfNeeded: known >> 8)) ?? .packet,
      listenerContext: bits & 16 != 0 ? UInt16(truncatingIfNeeded: known >> 32) : nil,
      certificateService: bits & 32 != 0 ? UInt32(evidence >> 32) : nil,
      user: bits & 64 != 0 ? UInt32(truncatingIfNeeded: evidence) : nil)
    record.caller = Caller(
      context: UInt16(truncatingIfNeeded: bits >> 48), isPlaced: bits & 2 != 0, service: UInt32(services >> 32))
    record.caller.addressSource = record.evidence.addressSource
    record.caller.identification = Identification(rawValue: UInt8(truncatingIfNeeded: known)) ?? .none
    record.transport = bits & 128 != 0 ? .tcp : .udp
    record.service = UInt32(truncatingIfNeeded: services)
    record.endpointContext = UInt16(truncatingIfNeeded: bits >> 32)
    record.brokenRules = RuleSet(rawValue: UInt16(truncatingIfNeeded: bits >> 16))
    record.isOnlyObserved = bits & 4 != 0
    (record.subnetBits, record.scopeBits) = (
      UInt8(truncatingIfNeeded: known >> 56), UInt8(truncatingIfNeeded: known >> 48)
    )
    record.wouldLeaveOut = known & 1 << 24 != 0
    record.refusal =
      bits & 8 == 0
      ? nil : Refusal(Rule(rawValue: UInt8(truncatingIfNeeded: bits >> 8)) ?? .none, reason: UInt32(tail >> 32))
    record.type = RRType(UInt16(truncatingIfNeeded: tail >> 16))
    record.rcode = RCode(rawValue: UInt16(truncatingIfNeeded: tail)) ?? .servFail
    record.decision = Decision(rawValue: UInt8(truncatingIfNeeded: known >> 16)) ?? .failed
    let nameSize = Int(head & 0xffff)
    record.wire.removeAll(keepingCapacity: true)
    var value: UInt64 = 0
    for index in 0..<nameSize {
      if index % 8 == 0 { value = word(start &+ UInt64(Self.headWords &+ index / 8)) }
      record.wire.append(UInt8(truncatingIfNeeded: value))
      value >>= 8
    }
    read.store(start &+ UInt64(Self.headWords &+ (nameSize &+ 7) / 8), ordering: .releasing)
    return true
  }
}
