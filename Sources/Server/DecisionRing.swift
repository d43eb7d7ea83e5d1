internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy
internal import Synchronization

/// Takes records from one worker to the thread of a log without either waiting: what does not fit is dropped and counted.
///
/// One writer, one reader. A record is 9 words and those of its name's octets, so usual names make short ones; with its
/// messages (``Exchange``) 14 and those of their octets.
final class DecisionRing: Sendable {
  private static let headWords = 9
  /// Words of the longest record.
  static let longestRecord = headWords + 32
  private let words: CounterArray
  private let mask: UInt64
  /// Words of the longest record with its messages.
  static let longestExchange = headWords + exchangeWords + 2 * 8192
  private static let exchangeWords = 5
  private static let hasMessagesBit: UInt64 = 1 << 25
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

  /// True where no record waits.
  var isEmpty: Bool { read.load(ordering: .relaxed) == written.load(ordering: .acquiring) }

  /// Adds a record with the whole messages; instead of the name, which the request has. For the worker; no allocation.
  /// - Parameter response: empty where there was silence.
  /// - Returns: false where it was dropped.
  func push(
    _ outcome: Outcome, _ evidence: Evidence, _ transport: Arrival.Transport, request: Span<UInt8>,
    response: Span<UInt8>, _ exchange: Exchange, generation: UInt64
  ) -> Bool {
    let requestWords = (request.count &+ 7) / 8
    let tail = Self.exchangeWords &+ requestWords &+ (response.count &+ 7) / 8
    guard request.count <= 65535, response.count <= 65535,
      let start = pushHead(
        outcome, evidence, transport, nameSize: 0, type: 0, tail: tail, Self.hasMessagesBit, time: exchange.received,
        generation: generation)
    else { return false }
    let sizes = UInt64(request.count) << 16 | UInt64(response.count)
    set(UInt64(exchange.peerPort) << 48 | UInt64(exchange.server.port) << 32 | sizes, start)
    set(exchange.answered, start &+ 1)
    set(exchange.server.address.high, start &+ 2)
    set(exchange.server.address.low, start &+ 3)
    set(exchange.server.address.isIPv4 ? 1 : 0, start &+ 4)
    let messages = start &+ UInt64(Self.exchangeWords)
    words.set(request, at: messages)
    words.set(response, at: messages &+ UInt64(requestWords))
    publish(tail)
    return true
  }

  /// Adds a record. For the worker; no allocation.
  /// - Returns: false where it was dropped.
  func push(
    _ outcome: Outcome, _ evidence: Evidence, _ transport: Arrival.Transport, request: Span<UInt8>, time: UInt64,
    generation: UInt64
  ) -> Bool {
    let nameSize = outcome.wireError == nil ? DecisionRing.nameSize(request) : 0
    let tail = (nameSize &+ 7) / 8
    let type = nameSize == 0 ? 0 : request.u16(at: 12 &+ nameSize)
    guard
      let start = pushHead(
        outcome, evidence, transport, nameSize: nameSize, type: type, tail: tail, 0, time: time, generation: generation)
    else { return false }
    pushName(request, size: nameSize, at: start)
    publish(tail)
    return true
  }

  /// Writes a record's head where there is room for it and the words behind it; ``publish(_:)`` ends the record.
  /// - Parameter bits: of the word that says how the caller is known.
  /// - Returns: where the words behind it go; nil where it was dropped.
  @inline(__always)
  private func pushHead(
    _ outcome: Outcome, _ evidence: Evidence, _ transport: Arrival.Transport, nameSize: Int, type: UInt16, tail: Int,
    _ bits: UInt64, time: UInt64, generation: UInt64
  ) -> UInt64? {
    let wordCount = Self.headWords &+ tail
    let start = written.load(ordering: .relaxed)
    guard start &- read.load(ordering: .acquiring) &+ UInt64(wordCount) <= mask &+ 1 else {
      lost.store(lost.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      return nil
    }
    let caller = outcome.caller
    let refusal = outcome.refusal ?? Refusal(.none, reason: 0)
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
        | bits | (outcome.wouldLeaveOut ? 1 << 24 : 0)
        | UInt64(outcome.decision.rawValue) << 16
        | UInt64(caller.addressSource.rawValue) << 8 | UInt64(caller.identification.rawValue), start &+ 7)
    set(UInt64(evidence.certificateService ?? 0) << 32 | UInt64(evidence.user ?? 0), start &+ 8)
    return start &+ UInt64(Self.headWords)
  }

  /// Lets the reader see a record whose head and `tail` words were written.
  private func publish(_ tail: Int) {
    written.store(written.load(ordering: .relaxed) &+ UInt64(Self.headWords &+ tail), ordering: .releasing)
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
    if known & Self.hasMessagesBit != 0 {
      popMessages(into: &record, at: start &+ UInt64(Self.headWords))
      return true
    }
    var value: UInt64 = 0
    for index in 0..<nameSize {
      if index % 8 == 0 { value = word(start &+ UInt64(Self.headWords &+ index / 8)) }
      record.wire.append(UInt8(truncatingIfNeeded: value))
      value >>= 8
    }
    read.store(start &+ UInt64(Self.headWords &+ (nameSize &+ 7) / 8), ordering: .releasing)
    return true
  }

  private func popMessages(into record: inout DecisionRecord, at start: UInt64) {
    let sizes = word(start)
    record.requestSize = Int(sizes >> 16 & 0xffff)
    record.responseSize = Int(sizes & 0xffff)
    let low = word(start &+ 3)
    let server =
      word(start &+ 4) == 1
      ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(high: word(start &+ 2), low: low)
    record.exchange = Exchange(
      peerPort: UInt16(truncatingIfNeeded: sizes >> 48),
      server: SocketAddress(server, port: UInt16(truncatingIfNeeded: sizes >> 32)), received: record.time,
      answered: word(start &+ 1))
    let messages = start &+ UInt64(Self.exchangeWords)
    let behind = messages &+ UInt64((record.requestSize &+ 7) / 8)
    words.copy(record.requestSize, from: messages, into: &record.requestOctets)
    words.copy(record.responseSize, from: behind, into: &record.responseOctets)
    read.store(behind &+ UInt64((record.responseSize &+ 7) / 8), ordering: .releasing)
  }
}
