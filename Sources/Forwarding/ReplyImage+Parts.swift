public import DNSFormat
public import FlatMemory

/// Its records one by one, and what is left of it without some of them.
///
/// What may be told depends on who asks, so a reply is cut to measure after it was copied out of the cache.
extension ReplyImage {
  /// A record. All offsets are among the records.
  public struct Part: Sendable, BitwiseCopyable {
    /// Where it starts, with its owner name.
    public let start: Int
    /// Its type.
    public let type: RRType
    /// Where its RDATA starts.
    public let data: Int
    /// Where the next record starts.
    public let end: Int
  }

  /// True where the answer begins with an alias, or has one.
  public var hasAliases: Bool { octets.octets.u16(at: 10) & 4 != 0 }
  /// True where the answer ends with an alias and nothing says what it leads to.
  public var isOpen: Bool { octets.octets.u16(at: 10) & 8 != 0 }

  /// All records, to be read in place.
  public var records: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { octets.octets.extracting(ReplyImage.headSize..<(ReplyImage.headSize &+ recordSize)) }
  }

  /// The record of the answer that starts at an offset; nil at the answer's end.
  public func answer(at start: Int) -> Part? { record(at: start, before: answerSize) }

  /// The record that starts at an offset; nil at an end of records.
  func record(at start: Int, before end: Int) -> Part? {
    guard start < end else { return nil }
    let records = self.records
    var offset = start
    while records[offset] != 0, records[offset] & 0xc0 == 0 { offset &+= 1 &+ Int(records[offset]) }
    offset &+= records[offset] == 0 ? 1 : 2
    return Part(
      start: start, type: RRType(records.u16(at: offset)), data: offset &+ 10,
      end: offset &+ 10 &+ Int(records.u16(at: offset &+ 8)))
  }

  /// Copies a name without compression.
  /// - Parameters:
  ///   - start: where it is among the records.
  ///   - question: the name that the image answers for.
  public func copyName(at start: Int, question: borrowing NameKey, into buffer: inout OctetBuffer) {
    let records = self.records
    var offset = start
    while records[offset] & 0xc0 == 0 {
      let size = 1 &+ Int(records[offset])
      buffer.append(records.extracting(offset..<(offset &+ size)))
      if size == 1 { return }
      offset &+= size
      guard records[offset] & 0xc0 == 0xc0 else { continue }
      let target = Int(records.u16(at: offset) & 0x3fff)
      if target < 16 &+ nameSize { return question.append(from: target &- 12, to: &buffer) }
      offset = target &- 16 &- nameSize
    }
    // It is a pointer from its first octet on.
    let target = Int(records.u16(at: offset) & 0x3fff)
    if target < 16 &+ nameSize { return question.append(from: target &- 12, to: &buffer) }
    copyName(at: target &- 16 &- nameSize, question: question, into: &buffer)
  }

  /// Takes away what is behind an alias: the rest of the answer, and all that is said of where it leads.
  /// - Parameters:
  ///   - end: where the alias and its signatures end, among the records.
  ///   - count: the answer's records up to there.
  public mutating func cut(behind end: Int, records count: Int) {
    let gone = authorityCount
    remove(answerSize..<recordSize, records: gone, isAnswer: false)
    remove(end..<answerSize, records: answerCount &- count, isAnswer: true)
    octets.set(0 as UInt16, at: 8)
    // Neither validated as a whole, nor an error's, nor open.
    octets.set(4 as UInt16, at: 10)
    octets.set(0 as UInt16, at: 28)
  }

  /// Takes one record of the answer away.
  /// - Returns: false, with nothing changed, where a name that stays is written in it.
  public mutating func remove(_ part: Part) -> Bool {
    let places = ReplyImage.headSize &+ recordSize &+ textSize &+ ttlCount &* 2
    var index = 0
    while index < pointerCount {
      let place = Int(octets.octets.u16(at: places &+ index &* 2))
      let target = Int(octets.octets.u16(at: ReplyImage.headSize &+ place) & 0x3fff) &- 16 &- nameSize
      if target >= part.start, target < part.end, place < part.start || place >= part.end { return false }
      index &+= 1
    }
    let first = Int(octets.octets.u16(at: 26)), addresses = octets.octets.u16(at: 28)
    if addresses > 0 {
      if part.start >= first {
        octets.set(addresses &- 1, at: 28)
      } else {
        octets.set(UInt16(truncatingIfNeeded: first &- (part.end &- part.start)), at: 26)
      }
    }
    octets.set(octets.octets.u16(at: 10) & ~1, at: 10)
    remove(part.start..<part.end, records: 1, isAnswer: true)
    return true
  }

  /// Closes the gap that octets of the records leave, in them and in the places.
  private mutating func remove(_ range: Range<Int>, records count: Int, isAnswer: Bool) {
    if range.isEmpty { return }
    var from = ReplyImage.headSize &+ range.upperBound
    while from < octets.count {
      octets.set(octets[from], at: from &- range.count)
      from &+= 1
    }
    octets.truncate(to: octets.count &- range.count)
    let (size, answer) = (recordSize &- range.count, isAnswer ? answerSize &- range.count : answerSize)
    let (ttls, pointers) = (ttlCount, pointerCount)
    octets.set(UInt32(truncatingIfNeeded: size), at: 4)
    octets.set(UInt16(truncatingIfNeeded: answer), at: 20)
    let counter = isAnswer ? 16 : 18
    octets.set(octets.octets.u16(at: counter) &- UInt16(truncatingIfNeeded: count), at: counter)
    let start = ReplyImage.headSize &+ size &+ textSize
    var kept = start
    var index = 0
    var keptTTLs = 0
    while index < ttls &+ pointers {
      let place = Int(octets.octets.u16(at: start &+ index &* 2))
      if !range.contains(place) {
        let moved = place >= range.upperBound ? place &- range.count : place
        octets.set(UInt16(truncatingIfNeeded: moved), at: kept)
        kept &+= 2
        if index < ttls { keptTTLs &+= 1 } else { movePointer(at: moved, behind: range) }
      }
      index &+= 1
    }
    octets.truncate(to: kept)
    octets.set(UInt16(truncatingIfNeeded: keptTTLs), at: 22)
    octets.set(UInt16(truncatingIfNeeded: (kept &- start) / 2 &- keptTTLs), at: 24)
  }

  private mutating func movePointer(at place: Int, behind range: Range<Int>) {
    let pointer = octets.octets.u16(at: ReplyImage.headSize &+ place)
    guard Int(pointer & 0x3fff) &- 16 &- nameSize >= range.upperBound else { return }
    octets.set(pointer &- UInt16(truncatingIfNeeded: range.count), at: ReplyImage.headSize &+ place)
  }
}

extension NameKey {
  /// Appends its octets from one on.
  func append(from start: Int, to buffer: inout OctetBuffer) {
    var offset = start
    while offset < length {
      buffer.append(octet(at: offset))
      offset &+= 1
    }
  }
}
