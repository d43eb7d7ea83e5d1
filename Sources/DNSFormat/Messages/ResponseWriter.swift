public import FlatMemory

/// Writes a response's parts into a buffer: header, question, RRsets with compressed names, OPT.
///
/// Knows the wire and nothing of zones or policy. A part that does not fit is taken back whole and said so; what that
/// means (TC, or leaving it out) is the caller's to decide. Allocates nothing; one writer serves all of a worker's
/// responses. The message starts at the buffer's first octet.
public struct ResponseWriter: ~Copyable {
  /// Where names end that the writer has written: what `appendName` looks for beside the question's name.
  private var labels = WrittenLabels()
  private var starts = FlatScratch<UInt8>(repeating: 0, count: 128)
  /// The last name that was written of those made for the response, and where it is: of DNAMEs' CNAMEs each owns what
  /// the one before leads to.
  private var lastMade = (name: -1, offset: 0)
  /// The question's name: where in the message each label begins, how many there are (-1: not looked at yet), and where
  /// its last octet is, the root's.
  private var questionStarts = FlatScratch<UInt16>(repeating: 0, count: 128)
  private var questionLabels = -1
  private var questionEnd = 12

  /// A writer that has written nothing.
  public init() {}

  /// Where the header's counts are.
  public enum Section: Int, Sendable, BitwiseCopyable {
    case answer = 6
    case authority = 8
    case additional = 10
  }

  /// The owner of an RRset that is being written.
  public enum Owner: Equatable, Sendable, BitwiseCopyable {
    /// The QNAME: two octets that point to the question.
    case question
    /// The name at this offset of the owner's memory.
    case name(Int)
    /// The name at this offset of those that were made for the response.
    case made(Int)
  }

  /// The AA bit (RFC 1035 §4.1.1).
  public static var authoritative: UInt16 { 0x0400 }
  /// Class CH, in which servers are asked about themselves.
  public static var chaos: UInt16 { 3 }
  /// The RA bit.
  public static var recursionAvailable: UInt16 { 0x0080 }
  /// The TC bit.
  public static var truncated: UInt16 { 0x0200 }

  /// Starts a response: the header, and the request's question as it came, case and all.
  ///
  /// QR is set, OPCODE and RD are copied, everything else of the flags is clear (RFC 6895 §2.1).
  public mutating func begin(_ query: Query, request: Span<UInt8>, into buffer: inout OctetBuffer) {
    labels.forget(behind: 0)
    questionLabels = -1
    lastMade.name = -1
    let hasQuestion = query.questionEnd > 12
    buffer.append(UInt64(query.id) << 48 | UInt64(query.flags & 0x7900 | 0x8000) << 32 | (hasQuestion ? 0x1_0000 : 0))
    buffer.append(UInt32(0))
    if hasQuestion { buffer.append(request.extracting(12..<query.questionEnd)) }
  }

  /// Sets bits of the flags; the low four bits of the RCODE are among them.
  public func setFlags(_ bits: UInt16, in buffer: inout OctetBuffer) {
    let flags = UInt16(buffer[2]) << 8 | UInt16(buffer[3])
    buffer.set(flags | bits, at: 2)
  }

  /// Appends an RRset to a section.
  /// - Parameters:
  ///   - ownerMemory: where the owner name is; of an alias's chain it may be another zone's.
  ///   - made: names made for the response.
  ///   - first: which of its RRs comes first; the others follow round the circle.
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  public mutating func append(
    _ rrset: RRsetImage, of memory: borrowing FlatArray<UInt8>, owner: Owner,
    in ownerMemory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, ttl: UInt32, section: Section,
    first: Int = 0, into buffer: inout OctetBuffer
  ) -> Bool {
    if rrset.areNamesKept, let pointer = pointer(to: owner, in: ownerMemory, made: made, buffer) {
      guard Self.appendCopies(of: rrset, memory, owner: pointer, ttl: ttl, first: first, into: &buffer) else {
        return false
      }
      count(UInt16(truncatingIfNeeded: rrset.count), in: section, of: &buffer)
      return true
    }
    return append(
      rrset, of: memory, owner: owner, in: ownerMemory, made: made, ttl: ttl, section: section, first: first,
      into: &buffer
    ) { _ in true }
  }

  /// Appends an RRset that was made ready for responses to questions like this one.
  /// - Parameter owner: where the question's name becomes the set's owner.
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  public func append(
    _ ready: borrowing ReadyRRset, owner: Int, ttl: UInt32, section: Section, into buffer: inout OctetBuffer
  ) -> Bool {
    guard ready.append(owner: owner, ttl: ttl, into: &buffer) else { return false }
    count(1, in: section, of: &buffer)
    return true
  }

  /// Appends the RRs of a set whose RDATA goes out as it is, all under one owner that the message has already.
  /// - Parameters:
  ///   - pointer: leads to the owner (RFC 1035 §4.1.4).
  ///   - first: which of its RRs comes first; the others follow round the circle.
  /// - Returns: false, with nothing written, where they do not fit below the buffer's limit.
  @inlinable @inline(__always)
  public static func appendCopies(
    of rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, owner pointer: UInt16, ttl: UInt32, first: Int,
    into buffer: inout OctetBuffer
  ) -> Bool {
    // Pointer, type, class and TTL are 10 octets; the set's data has RDLENGTH and RDATA of each.
    guard var offset = buffer.extend(by: rrset.count &* 10 &+ rrset.dataSize) else { return false }
    var rdata = rrset.dataStart
    var skipped = 0
    while skipped < first {
      rdata &+= 2 &+ Int(UInt16(bigEndian: memory.load(rdata, as: UInt16.self)))
      skipped &+= 1
    }
    let head = UInt64(pointer) << 48 | UInt64(rrset.type.rawValue) << 32 | 1 << 16 | UInt64(ttl >> 16)
    let end = buffer.count
    while offset < end {
      // The TTL's lower half, RDLENGTH, and what RDATA there is in the word; the rest is written over it.
      let data = UInt64(bigEndian: memory.load(rdata, as: UInt64.self))
      let size = Int(data >> 48)
      buffer.set(head, at: offset)
      buffer.setWord(UInt64(ttl & 0xffff) << 48 | data >> 16, at: offset &+ 8)
      if size > 4 { buffer.copy(memory, from: rdata &+ 6, count: size &- 4, to: offset &+ 16) }
      offset &+= 12 &+ size
      rdata &+= 2 &+ size
      if rdata == rrset.end { rdata = rrset.dataStart }
    }
    return true
  }

  /// A pointer to an owner name that the message has already; nil where it has none.
  private mutating func pointer(
    to owner: Owner, in memory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, _ buffer: borrowing OctetBuffer
  ) -> UInt16? {
    let place =
      switch owner {
      case .question: 12
      case .name(let offset): place(of: memory.span, at: offset, buffer)
      case .made(let offset) where offset == lastMade.name: lastMade.offset
      case .made(let offset): place(of: made.octets, at: offset, buffer)
      }
    return place < 0 ? nil : 0xc000 | UInt16(truncatingIfNeeded: place)
  }

  /// Where the message has a whole name; -1 where it does not.
  private mutating func place(of memory: Span<UInt8>, at start: Int, _ buffer: borrowing OctetBuffer) -> Int {
    let (_, new, target) = longestSuffix(of: memory, at: start, buffer)
    return new == 0 ? target : -1
  }

  /// Appends those RRs of a set that are to be kept.
  /// - Parameters:
  ///   - ownerMemory: where the owner name is; of an alias's chain it may be another zone's.
  ///   - made: names made for the response.
  ///   - first: which of its RRs comes first; the others follow round the circle.
  ///   - keep: asked for every RR with the offset of its RDATA; false leaves the RR out.
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  @inline(__always)
  public mutating func append(
    _ rrset: RRsetImage, of memory: borrowing FlatArray<UInt8>, owner: Owner,
    in ownerMemory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, ttl: UInt32, section: Section,
    first: Int = 0, into buffer: inout OctetBuffer, keep: (Int) -> Bool
  ) -> Bool {
    let start = buffer.count
    let knownBefore = labels.count
    let head = UInt64(rrset.type.rawValue) << 48 | 1 << 32 | UInt64(ttl)
    var rdata = rrset.dataStart
    var skipped = 0
    while skipped < first {
      rdata &+= 2 &+ Int(UInt16(bigEndian: memory.load(rdata, as: UInt16.self)))
      skipped &+= 1
    }
    var remaining = rrset.count
    var written: UInt16 = 0
    /// Points to the owner, once the message has it.
    var pointer: UInt16? = owner == .question ? 0xc00c : nil
    while remaining > 0, !buffer.overflowed {
      let size = Int(UInt16(bigEndian: memory.load(rdata, as: UInt16.self)))
      rdata &+= 2
      if keep(rdata) {
        if let pointer {
          buffer.append(pointer)
        } else {
          pointer = append(owner, in: ownerMemory, made: made, into: &buffer)
        }
        buffer.append(head)
        if rrset.nameUse.contains(.compressed) {
          appendCompressed(rrset, memory, rdata, size, into: &buffer)
        } else {
          buffer.append(memory, from: rdata &- 2, count: size &+ 2)
        }
        written &+= 1
      }
      remaining &-= 1
      rdata &+= size
      if rdata == rrset.end { rdata = rrset.dataStart }
    }
    if buffer.overflowed {
      takeBack(to: start, knownBefore, in: &buffer)
      return false
    }
    count(written, in: section, of: &buffer)
    return true
  }

  /// Appends chosen RRs of a set, in an order of the caller's.
  /// - Parameters:
  ///   - chosen: how many; they may be fewer than the set has.
  ///   - rr: for each, the offset of its RDATA, and for an SRV the weight that takes the place of its own (RFC 2782).
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  @inline(__always)
  public mutating func append(
    _ rrset: RRsetImage, of memory: borrowing FlatArray<UInt8>, owner: Owner,
    in ownerMemory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, ttl: UInt32, section: Section,
    count chosen: Int, into buffer: inout OctetBuffer, rr: (Int) -> (rdata: Int, weight: UInt16?)
  ) -> Bool {
    let start = buffer.count
    let knownBefore = labels.count
    let head = UInt64(rrset.type.rawValue) << 48 | 1 << 32 | UInt64(ttl)
    /// Points to the owner, once the message has it.
    var pointer: UInt16? = owner == .question ? 0xc00c : nil
    var index = 0
    while index < chosen, !buffer.overflowed {
      let (rdata, weight) = rr(index)
      let size = Int(UInt16(bigEndian: memory.load(rdata &- 2, as: UInt16.self)))
      if let pointer {
        buffer.append(pointer)
      } else {
        pointer = append(owner, in: ownerMemory, made: made, into: &buffer)
      }
      buffer.append(head)
      let lengthAt = buffer.count
      if rrset.nameUse.contains(.compressed) {
        appendCompressed(rrset, memory, rdata, size, into: &buffer)
      } else {
        buffer.append(memory, from: rdata &- 2, count: size &+ 2)
      }
      // RDLENGTH and the priority stand before it.
      if let weight, !buffer.overflowed { buffer.set(weight, at: lengthAt &+ 4) }
      index &+= 1
    }
    if buffer.overflowed {
      takeBack(to: start, knownBefore, in: &buffer)
      return false
    }
    count(UInt16(truncatingIfNeeded: chosen), in: section, of: &buffer)
    return true
  }

  /// Appends a CNAME that no zone has: one that a DNAME makes (RFC 6672 §3.1).
  /// - Parameters:
  ///   - ownerMemory: where the owner name is, if a zone has it.
  ///   - made: names made for the response; the canonical name is one, at `target`.
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  public mutating func appendCNAME(
    owner: Owner, in ownerMemory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, target: Int, ttl: UInt32,
    into buffer: inout OctetBuffer
  ) -> Bool {
    let start = buffer.count
    let knownBefore = labels.count
    append(owner, in: ownerMemory, made: made, into: &buffer)
    buffer.append(UInt64(RRType.cname.rawValue) << 48 | 1 << 32 | UInt64(ttl))
    let lengthAt = buffer.count
    buffer.append(0 as UInt16)
    let targetAt = buffer.count
    appendName(made.octets, at: target, into: &buffer)
    if !buffer.overflowed, targetAt <= 0x3fff {
      // Not to a pointer, which it is where the message had all of it.
      let isPointer = buffer[targetAt] & 0xc0 == 0xc0
      let place = Int(buffer[targetAt] & 0x3f) << 8 | (isPointer ? Int(buffer[targetAt &+ 1]) : 0)
      lastMade = (target, isPointer ? place : targetAt)
    }
    if buffer.overflowed {
      takeBack(to: start, knownBefore, in: &buffer)
      return false
    }
    buffer.set(UInt16(truncatingIfNeeded: buffer.count &- lengthAt &- 2), at: lengthAt)
    count(1, in: .answer, of: &buffer)
    return true
  }

  /// Appends a TXT record that no zone has, of the question's name, to the answer: a text in strings of at
  /// most 255 octets (RFC 1035 §3.3.14).
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  public func appendText(_ text: Span<UInt8>, rclass: UInt16, ttl: UInt32 = 0, into buffer: inout OctetBuffer) -> Bool {
    let start = buffer.count
    buffer.append(0xc00c as UInt16)
    buffer.append(UInt64(RRType.txt.rawValue) << 48 | UInt64(rclass) << 32 | UInt64(ttl))
    let strings = max(1, (text.count &+ 254) / 255)
    buffer.append(UInt16(truncatingIfNeeded: text.count &+ strings))
    var offset = 0
    var string = 0
    while string < strings {
      let size = min(255, text.count &- offset)
      buffer.append(UInt8(truncatingIfNeeded: size))
      buffer.append(text.extracting(offset..<(offset &+ size)))
      offset &+= size
      string &+= 1
    }
    if buffer.overflowed {
      buffer.truncate(to: start)
      return false
    }
    count(1, in: .answer, of: &buffer)
    return true
  }

  /// Takes back everything behind the question: what is left says that there is more.
  public func takeBackAll(behind query: Query, in buffer: inout OctetBuffer) {
    buffer.truncate(to: query.questionEnd)
    buffer.set(UInt64(buffer[4]) << 56 | UInt64(buffer[5]) << 48, at: 4)
  }

  /// Appends an owner name.
  /// - Returns: a pointer to it for the RRs that follow; nil where there can be none.
  @discardableResult
  private mutating func append(
    _ owner: Owner, in memory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, into buffer: inout OctetBuffer
  ) -> UInt16? {
    let start = buffer.count
    switch owner {
    case .question: buffer.append(0xc00c as UInt16)
    case .name(let offset): appendName(memory.span, at: offset, into: &buffer)
    case .made(let offset) where offset == lastMade.name: buffer.append(0xc000 | UInt16(lastMade.offset))
    case .made(let offset): appendName(made.octets, at: offset, into: &buffer)
    }
    // The root takes one octet, a pointer two.
    if buffer.overflowed || buffer.count < start &+ 2 || start > 0x3fff { return nil }
    let isPointer = buffer.count == start &+ 2
    return isPointer ? UInt16(buffer[start]) << 8 | UInt16(buffer[start &+ 1]) : 0xc000 | UInt16(start)
  }

  /// Takes back what did not fit, and forgets where its names were.
  private mutating func takeBack(to start: Int, _ knownBefore: Int, in buffer: inout OctetBuffer) {
    buffer.truncate(to: start)
    labels.forget(behind: knownBefore)
    if lastMade.offset >= start { lastMade.name = -1 }
  }

  private func count(_ added: UInt16, in section: Section, of buffer: inout OctetBuffer) {
    let before = UInt16(buffer[section.rawValue]) << 8 | UInt16(buffer[section.rawValue &+ 1])
    buffer.set(before &+ added, at: section.rawValue)
  }

  /// An RDATA with names that may be compressed (RFC 1035 §4.1.4), RDLENGTH first.
  private mutating func appendCompressed(
    _ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, _ rdata: Int, _ size: Int,
    into buffer: inout OctetBuffer
  ) {
    let lengthAt = buffer.count
    buffer.append(0 as UInt16)
    buffer.append(memory, from: rdata, count: rrset.nameOffset)
    var offset = rdata &+ rrset.nameOffset
    var names = rrset.nameCount
    while names > 0 {
      offset = appendName(memory.span, at: offset, into: &buffer)
      names &-= 1
    }
    buffer.append(memory, from: offset, count: rdata &+ size &- offset)
    if !buffer.overflowed { buffer.set(UInt16(truncatingIfNeeded: buffer.count &- lengthAt &- 2), at: lengthAt) }
  }

  /// Appends a name, as a pointer from the longest suffix on that the message has already.
  /// - Returns: the offset behind the name in `memory`.
  @discardableResult
  package mutating func appendName(
    _ memory: Span<UInt8>, at start: Int, into buffer: inout OctetBuffer
  ) -> Int {
    var (end, new, target) = longestSuffix(of: memory, at: start, buffer)
    // Write what stands in front of it, and remember each label.
    let position = buffer.count
    let size = target < 0 ? end &- start : Int(starts[new])
    buffer.append(memory.extracting(start..<(start &+ size)))
    if target >= 0 { buffer.append(0xc000 | UInt16(target)) } else { buffer.append(0 as UInt8) }
    // What did not fit is nowhere: nothing may point to it.
    if buffer.overflowed { return end &+ 1 }
    while new > 0 {
      new &-= 1
      labels.add(memory, start &+ Int(starts[new]), at: position &+ Int(starts[new]))
    }
    return end &+ 1
  }

  /// The longest suffix of a name that the message has already. The name's labels begin at `starts` then.
  /// - Returns: where the name's last octet is, the root's; how many labels stand in front of the suffix; where the message
  ///   has it, -1 for the root alone.
  @inline(__always)
  private mutating func longestSuffix(
    of memory: Span<UInt8>, at start: Int, _ buffer: borrowing OctetBuffer
  ) -> (end: Int, new: Int, target: Int) {
    var end = start
    var count = 0
    while memory[end] != 0 {
      starts[count] = UInt8(truncatingIfNeeded: end &- start)
      count &+= 1
      end &+= 1 &+ Int(memory[end])
    }
    var (new, target) = suffixInQuestion(memory, start, end, count, buffer.octets)
    // Labels in front of that which other names have too, for as long as there are any.
    while new > 0, labels.count > 0 {
      let at = start &+ Int(starts[new &- 1])
      guard let known = labels.find(memory, at, followedBy: target, in: buffer.octets) else { break }
      target = known
      new &-= 1
    }
    return (end, new, target)
  }

  /// The longest suffix that a name has in common with the question's.
  /// - Parameters:
  ///   - end: where the name's last octet is, the root's; it has `count` labels, which begin at `starts`.
  /// - Returns: how many labels of the name stand in front of the suffix; where the message has it, -1 for the root.
  private mutating func suffixInQuestion(
    _ memory: Span<UInt8>, _ start: Int, _ end: Int, _ count: Int, _ message: Span<UInt8>
  ) -> (labels: Int, target: Int) {
    if questionLabels < 0 { readQuestion(message) }
    let common = Self.commonEnd(
      memory, end &+ 1, message, questionEnd &+ 1, atMost: min(end &- start, questionEnd &- 12) &+ 1)
    // Label by label from the end, as far as both have one there and share its octets.
    var shared = 0
    while shared < min(count, questionLabels) {
      let size = end &- start &- Int(starts[count &- shared &- 1])
      if size >= common || questionEnd &- Int(questionStarts[questionLabels &- shared &- 1]) != size { break }
      shared &+= 1
    }
    if shared == 0 { return (count, -1) }
    return (count &- shared, Int(questionStarts[questionLabels &- shared]))
  }

  /// Notes where the labels of the question's name begin; none where there is no question.
  private mutating func readQuestion(_ message: Span<UInt8>) {
    questionLabels = 0
    questionEnd = 12
    guard message[5] == 1 else { return }
    while message[questionEnd] != 0 {
      questionStarts[questionLabels] = UInt16(truncatingIfNeeded: questionEnd)
      questionLabels &+= 1
      questionEnd &+= 1 &+ Int(message[questionEnd])
    }
  }

  /// How many octets before `oneEnd` and `otherEnd` are the same but for capitals: `limit` at the most.
  private static func commonEnd(
    _ one: Span<UInt8>, _ oneEnd: Int, _ other: Span<UInt8>, _ otherEnd: Int, atMost limit: Int
  ) -> Int {
    var done = 0
    while done < limit, oneEnd &- done >= 8, otherEnd &- done >= 8 {
      let left = lowercased(one.word(at: oneEnd &- done &- 8)),
        right = lowercased(other.word(at: otherEnd &- done &- 8))
      // The last octet is the word's highest.
      let same = (left ^ right).leadingZeroBitCount &>> 3
      done &+= same
      if same < 8 { return min(done, limit) }
    }
    while done < limit, lowercased(one[oneEnd &- done &- 1]) == lowercased(other[otherEnd &- done &- 1]) { done &+= 1 }
    return min(done, limit)
  }
}
