public import FlatMemory

/// What is kept of a reply: its records as they go behind a question, and where their TTLs and pointers are.
///
/// One piece of memory, reused: made of an upstream's reply, copied into the cache and out of it, written into responses.
/// Behind a question with the same name, as long as that one's, whatever its capitals, the records are copied as they are
/// and only TTLs change. Where they go elsewhere, as behind aliases of ours, every pointer has to be set anew.
///
///     octets 0     life: seconds that all of it may be believed, UInt32
///            4     octets of records, UInt32
///            8     RCODE, flags, EDE INFO-CODE, EDE text's octets, each UInt16
///            16    records in the answer, in the authority section, octets of the answer's, TTL places, each UInt16
///            24    pointer places, then of the addresses at the end of the answer: where they start, how many, each UInt16
///            30    octets of the question's name, UInt16
///            32    the records, the EDE's text, the TTL places, the pointer places, from the first record on, each UInt16
public struct ReplyImage: ~Copyable {
  var octets = OctetBuffer(capacity: ReplyImage.capacity)

  /// Octets of an image at the most: the largest message and the places in it. A record has 11 octets at least and one TTL;
  /// a name that ends in a pointer has two.
  static var capacity: Int { 128 << 10 }
  static var headSize: Int { 32 }

  /// An image of nothing.
  public init() { clear() }

  /// Becomes an image of nothing.
  mutating func clear() {
    octets.reset()
    for _ in 0..<4 { octets.append(0 as UInt64) }
  }

  /// Seconds that all of it may be believed; 0 for what is not to be kept.
  package var life: UInt32 { octets.octets.u32(at: 0) }
  /// The RCODE: NOERROR, NXDOMAIN or YXDOMAIN.
  package var rcode: UInt16 { octets.octets.u16(at: 8) }
  /// True where the server says that it validated all of it (RFC 4035 §3.2.3).
  package var isAuthentic: Bool { octets.octets.u16(at: 10) & 1 != 0 }
  /// True where the authority section has signatures: the denial is one of a signed zone. Never where none were asked for.
  package var isSigned: Bool { octets.octets.u16(at: 10) & 16 != 0 }
  /// The INFO-CODE of an Extended DNS Error that goes with it; nil for none.
  package var errorCode: UInt16? { octets.octets.u16(at: 10) & 2 != 0 ? octets.octets.u16(at: 12) : nil }
  /// Records in the answer and in the authority section.
  package var answerCount: Int { Int(octets.octets.u16(at: 16)) }
  package var authorityCount: Int { Int(octets.octets.u16(at: 18)) }
  /// Octets of all records.
  package var recordSize: Int { Int(octets.octets.u32(at: 4)) }
  /// Octets of the answer's records.
  public var answerSize: Int { Int(octets.octets.u16(at: 20)) }
  var nameSize: Int { Int(octets.octets.u16(at: 30)) }
  var textSize: Int { Int(octets.octets.u16(at: 14)) }
  var ttlCount: Int { Int(octets.octets.u16(at: 22)) }
  var pointerCount: Int { Int(octets.octets.u16(at: 24)) }

  /// Becomes another image.
  package mutating func load(_ other: borrowing ReplyImage) {
    octets.reset()
    octets.append(other.octets.octets)
  }

  /// Takes an image over from a message: 12 octets, a question, records.
  mutating func take(
    _ message: borrowing OctetBuffer, _ facts: ReplyFacts, text: Span<UInt8>, ttls: borrowing OctetBuffer,
    pointers: borrowing OctetBuffer
  ) {
    let records = facts.questionEnd
    octets.reset()
    octets.append(facts.life)
    octets.append(UInt32(truncatingIfNeeded: message.count &- records))
    octets.append(facts.rcode)
    octets.append(
      (facts.isAuthentic ? 1 : 0) as UInt16 | (facts.errorCode == nil ? 0 : 2) | (facts.hasAliases ? 4 : 0)
        | (facts.isOpen ? 8 : 0) | (facts.isSigned ? 16 : 0))
    octets.append(facts.errorCode ?? 0)
    octets.append(UInt16(truncatingIfNeeded: text.count))
    octets.append(facts.answerCount)
    octets.append(facts.authorityCount)
    octets.append(UInt16(truncatingIfNeeded: facts.answerEnd &- records))
    octets.append(UInt16(truncatingIfNeeded: ttls.count / 2))
    octets.append(UInt16(truncatingIfNeeded: pointers.count / 2))
    octets.append(UInt16(truncatingIfNeeded: facts.addressStart &- (facts.addressCount > 0 ? records : 0)))
    octets.append(facts.addressCount)
    octets.append(UInt16(truncatingIfNeeded: records &- 16))
    octets.append(message.octets.extracting(records..<message.count))
    octets.append(text)
    octets.append(ttls.octets)
    octets.append(pointers.octets)
    precondition(!octets.overflowed, "the largest message and its places fit in an image")
  }

  // MARK: - Writing

  /// What the TTLs of a reply are written as.
  public struct Ageing: Sendable, BitwiseCopyable {
    /// Seconds less.
    public let age: UInt32
    /// The TTL of everything instead, of what is past its end (RFC 8767 §4); nil for what is not.
    public let staleTTL: UInt32?

    /// What a reply of some age has, or one past its end.
    public init(age: UInt32, staleTTL: UInt32?) {
      self.age = age
      self.staleTTL = staleTTL
    }

    /// What a TTL is written as.
    func ttl(of kept: UInt32) -> UInt32 { staleTTL ?? (kept > age ? kept &- age : 0) }
  }

  /// Appends all records behind a question with the image's name, the addresses at the answer's end beginning with one of
  /// them, their TTLs so much less.
  /// - Returns: false, with nothing written, where they do not fit.
  public func append(_ time: Ageing, rotation: UInt16, into response: inout OctetBuffer) -> Bool {
    let start = response.count
    guard let _ = appendRecords(0..<recordSize, rotation: rotation, into: &response) else { return false }
    let places = ReplyImage.headSize &+ recordSize &+ textSize
    var index = 0
    while index < ttlCount {
      setTTL(Int(octets.octets.u16(at: places &+ index &* 2)) &+ start, time, in: &response)
      index &+= 1
    }
    return true
  }

  private func setTTL(_ place: Int, _ time: Ageing, in response: inout OctetBuffer) {
    response.set(time.ttl(of: response.octets.u32(at: place)), at: place)
  }

  /// Appends octets of the records as they are.
  /// - Returns: where they start; nil, with nothing written, where they do not fit.
  private func appendRecords(
    _ range: Range<Int>, rotation: UInt16, into response: inout OctetBuffer
  ) -> Int? {
    let start = response.count
    guard range.count <= response.limit &- start else { return nil }
    let count = octets.octets.u16(at: 28)
    let records = octets.octets.extracting(ReplyImage.headSize..<(ReplyImage.headSize &+ recordSize))
    guard count > 1, rotation % count > 0, range.lowerBound == 0, range.upperBound >= answerSize else {
      response.append(records.extracting(range))
      return start
    }
    let first = Int(octets.octets.u16(at: 26))
    let size = (answerSize &- first) / Int(count)
    let middle = first &+ Int(rotation % count) &* size
    response.append(records.extracting(0..<first))
    response.append(records.extracting(middle..<answerSize))
    response.append(records.extracting(first..<middle))
    response.append(records.extracting(answerSize..<range.upperBound))
    return start
  }

  /// Appends one section's records anywhere, where the question of the image has another place.
  /// - Parameters:
  ///   - name: where the message has the name that was asked for, which may end in a pointer.
  ///   - answer: where its answer's records start in the message; for the answer's own, where they are appended.
  /// - Returns: false, with nothing written, where they do not fit, or are too far behind for pointers.
  public func append(
    isAnswer: Bool, name: Int, answer: Int, _ time: Ageing, into response: inout OctetBuffer
  ) -> Bool {
    let range = isAnswer ? 0..<answerSize : answerSize..<recordSize
    let before = response.count
    guard let start = appendRecords(range, rotation: 0, into: &response) else { return false }
    let shift = start &- range.lowerBound
    let ttls = ReplyImage.headSize &+ recordSize &+ textSize
    var index = 0
    while index < ttlCount {
      let place = Int(octets.octets.u16(at: ttls &+ index &* 2))
      if range.contains(place) { setTTL(place &+ shift, time, in: &response) }
      index &+= 1
    }
    index = 0
    while index < pointerCount {
      let place = Int(octets.octets.u16(at: ttls &+ (ttlCount &+ index) &* 2))
      if range.contains(place) {
        guard
          let target = moved(
            Int(response.octets.u16(at: place &+ shift) & 0x3fff), name: name, answer: answer,
            authority: shift &+ answerSize, response.octets), target <= 0x3fff
        else {
          response.truncate(to: before)
          return false
        }
        response.set(0xc000 | UInt16(target), at: place &+ shift)
      }
      index &+= 1
    }
    return true
  }

  /// Where what a pointer led to is now.
  private func moved(_ target: Int, name: Int, answer: Int, authority: Int, _ message: Span<UInt8>) -> Int? {
    let record = target &- 16 &- nameSize
    if record >= 0 { return record < answerSize ? record &+ answer : record &- answerSize &+ authority }
    // In the question's name: as many octets on in the one that the message has, pointers not counted.
    var left = target &- 12
    var offset = name
    while left > 0 {
      guard offset < message.count else { return nil }
      let length = Int(message[offset])
      if length & 0xc0 == 0xc0 {
        guard offset &+ 1 < message.count, Int(message.u16(at: offset) & 0x3fff) < offset else { return nil }
        offset = Int(message.u16(at: offset) & 0x3fff)
      } else {
        if length == 0 { return nil }
        offset &+= 1 &+ length
        left &-= 1 &+ length
      }
    }
    return left == 0 ? offset : nil
  }

  /// Appends the text of its Extended DNS Error.
  public func appendErrorText(to response: inout OctetBuffer) {
    let start = ReplyImage.headSize &+ recordSize
    response.append(octets.octets.extracting(start..<(start &+ textSize)))
  }
}

/// What is known of a reply beside its records.
struct ReplyFacts {
  var questionEnd = 0
  var answerEnd = 0
  var life: UInt32 = 0
  var rcode: UInt16 = 0
  var isAuthentic = false
  var hasAliases = false
  /// The chain ends with an alias, and nothing is said of where it leads.
  var isOpen = false
  /// The authority section has signatures.
  var isSigned = false
  var hasOPT = false
  var errorCode: UInt16?
  var answerCount: UInt16 = 0
  var authorityCount: UInt16 = 0
  /// Of addresses of one size at the answer's end: where in the message they start, and how many there are.
  var addressStart = 0
  var addressCount: UInt16 = 0
}
