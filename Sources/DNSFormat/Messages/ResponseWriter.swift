public import FlatMemory

/// Writes a response's parts into a buffer: header, question, RRsets with compressed names, OPT.
///
/// Knows the wire and nothing of zones or policy. A part that does not fit is taken back whole and said so; what that
/// means (TC, or leaving it out) is the caller's to decide. Allocates nothing; one writer serves all of a worker's
/// responses. The message starts at the buffer's first octet.
public struct ResponseWriter: ~Copyable {
  /// Names written so far that pointers may go to: a hash of the suffix and where it is.
  private var hashes = FlatScratch<UInt32>(repeating: 0, count: 48)
  private var offsets = FlatScratch<UInt16>(repeating: 0, count: 48)
  private var knownCount = 0
  private var knowsQuestion = false
  private var starts = FlatScratch<UInt8>(repeating: 0, count: 128)

  /// A writer that has written nothing.
  public init() {}

  /// Where the header's counts are.
  public enum Section: Int, Sendable, BitwiseCopyable {
    case answer = 6
    case authority = 8
    case additional = 10
  }

  /// The owner of an RRset that is being written.
  public enum Owner: Sendable, BitwiseCopyable {
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
  /// The TC bit.
  public static var truncated: UInt16 { 0x0200 }

  /// Starts a response: the header, and the request's question as it came, case and all.
  ///
  /// QR is set, OPCODE and RD are copied, everything else of the flags is clear (RFC 6895 §2.1).
  public mutating func begin(_ query: Query, request: Span<UInt8>, into buffer: inout OctetBuffer) {
    knownCount = 0
    knowsQuestion = false
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
  ///   - keep: asked for every RR with the offset of its RDATA; false leaves the RR out.
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  @inline(__always)
  public mutating func append(
    _ rrset: RRsetImage, of memory: borrowing FlatArray<UInt8>, owner: Owner,
    in ownerMemory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, ttl: UInt32, section: Section,
    first: Int = 0, into buffer: inout OctetBuffer, keep: (Int) -> Bool
  ) -> Bool {
    let start = buffer.count
    let knownBefore = knownCount
    let head = UInt64(rrset.type.rawValue) << 48 | 1 << 32 | UInt64(ttl)
    var rdata = rrset.dataStart
    var skipped = 0
    while skipped < first {
      rdata &+= 2 &+ Int(UInt16(bigEndian: memory.load(rdata, as: UInt16.self)))
      skipped &+= 1
    }
    var remaining = rrset.count
    var written: UInt16 = 0
    while remaining > 0, !buffer.overflowed {
      let size = Int(UInt16(bigEndian: memory.load(rdata, as: UInt16.self)))
      rdata &+= 2
      if keep(rdata) {
        append(owner, in: ownerMemory, made: made, into: &buffer)
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
    let knownBefore = knownCount
    append(owner, in: ownerMemory, made: made, into: &buffer)
    buffer.append(UInt64(RRType.cname.rawValue) << 48 | 1 << 32 | UInt64(ttl))
    let lengthAt = buffer.count
    buffer.append(0 as UInt16)
    appendName(made.octets, at: target, into: &buffer)
    if buffer.overflowed {
      takeBack(to: start, knownBefore, in: &buffer)
      return false
    }
    buffer.set(UInt16(truncatingIfNeeded: buffer.count &- lengthAt &- 2), at: lengthAt)
    count(1, in: .answer, of: &buffer)
    return true
  }

  /// Appends a TXT record that no zone has, of the question's name and with TTL 0, to the answer: a text in strings of at
  /// most 255 octets (RFC 1035 §3.3.14).
  /// - Returns: false, with nothing written, where it does not fit below the buffer's limit.
  public func appendText(_ text: Span<UInt8>, rclass: UInt16, into buffer: inout OctetBuffer) -> Bool {
    let start = buffer.count
    buffer.append(0xc00c as UInt16)
    buffer.append(UInt64(RRType.txt.rawValue) << 48 | UInt64(rclass) << 32)
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

  @inline(__always)
  private mutating func append(
    _ owner: Owner, in memory: borrowing FlatArray<UInt8>, made: borrowing OctetBuffer, into buffer: inout OctetBuffer
  ) {
    switch owner {
    case .question: buffer.append(0xc00c as UInt16)
    case .name(let offset): appendName(memory.span, at: offset, into: &buffer)
    case .made(let offset): appendName(made.octets, at: offset, into: &buffer)
    }
  }

  /// Takes back what did not fit, and forgets where its names were.
  private mutating func takeBack(to start: Int, _ knownBefore: Int, in buffer: inout OctetBuffer) {
    buffer.truncate(to: start)
    knownCount = knownBefore
    if knownBefore == 0 { knowsQuestion = false }
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
  private mutating func appendName(
    _ memory: Span<UInt8>, at start: Int, into buffer: inout OctetBuffer
  ) -> Int {
    if !knowsQuestion { learnQuestion(buffer) }
    var end = start
    var labels = 0
    while memory[end] != 0 {
      starts[labels] = UInt8(truncatingIfNeeded: end &- start)
      labels &+= 1
      end &+= 1 &+ Int(memory[end])
    }
    // From the root towards the first label, for as long as the message has the suffix.
    var hash: UInt32 = 0x811c_9dc5
    var target = -1
    var label = labels &- 1
    while label >= 0 {
      let at = start &+ Int(starts[label])
      hash = Self.hash(hash, memory, at)
      guard let known = find(hash, memory, label: at, followedBy: target, in: buffer) else { break }
      target = known
      label &-= 1
    }
    // What is left of `label` and `label` itself is new: write it, and remember each of its suffixes.
    let new = label &+ 1
    let position = buffer.count
    let size = new == labels ? end &- start : Int(starts[new])
    buffer.append(memory.extracting(start..<(start &+ size)))
    if target >= 0 { buffer.append(0xc000 | UInt16(target)) } else { buffer.append(0 as UInt8) }
    while label >= 0 {
      let offset = Int(starts[label])
      remember(hash, at: position &+ offset)
      label &-= 1
      if label >= 0 { hash = Self.hash(hash, memory, start &+ Int(starts[label])) }
    }
    return end &+ 1
  }

  /// Makes the question's name and its suffixes known, once a message and only when a name is to be written.
  private mutating func learnQuestion(_ buffer: borrowing OctetBuffer) {
    knowsQuestion = true
    guard buffer.count > 12, buffer[5] == 1 else { return }
    var labels = 0
    var offset = 12
    while buffer[offset] != 0 {
      starts[labels] = UInt8(truncatingIfNeeded: offset)
      labels &+= 1
      offset &+= 1 &+ Int(buffer[offset])
      if offset > 255 { break }
    }
    var hash: UInt32 = 0x811c_9dc5
    while labels > 0 {
      labels &-= 1
      let at = Int(starts[labels])
      var index = at
      while index <= at &+ Int(buffer[at]) {
        hash = (hash ^ UInt32(lowercased(buffer[index]))) &* 0x0100_0193
        index &+= 1
      }
      remember(hash, at: at)
    }
  }

  private mutating func remember(_ hash: UInt32, at offset: Int) {
    guard knownCount < 48, offset < 0x4000 else { return }
    hashes[knownCount] = hash
    offsets[knownCount] = UInt16(offset)
    knownCount &+= 1
  }

  /// The hash of a suffix with the label at `at` in front of it.
  private static func hash(_ hash: UInt32, _ memory: Span<UInt8>, _ at: Int) -> UInt32 {
    var hash = hash
    var index = at
    let end = at &+ Int(memory[at])
    while index <= end {
      hash = (hash ^ UInt32(lowercased(memory[index]))) &* 0x0100_0193
      index &+= 1
    }
    return hash
  }

  /// Where the message has this label followed by the suffix at `next` (-1: the root), or nil.
  private func find(
    _ hash: UInt32, _ memory: Span<UInt8>, label: Int, followedBy next: Int,
    in buffer: borrowing OctetBuffer
  ) -> Int? {
    var index = 0
    let size = Int(memory[label]) &+ 1
    while index < knownCount {
      let at = Int(offsets[index])
      if hashes[index] == hash, at &+ size < buffer.count {
        var same = 0
        while same < size, lowercased(buffer[at &+ same]) == lowercased(memory[label &+ same]) { same &+= 1 }
        if same == size, leads(to: next, from: at &+ size, in: buffer) { return at }
      }
      index &+= 1
    }
    return nil
  }

  /// True where the name goes on at `offset` with the suffix at `next`, in place or by a pointer.
  private func leads(to next: Int, from offset: Int, in buffer: borrowing OctetBuffer) -> Bool {
    if offset == next { return true }
    let octet = buffer[offset]
    if octet == 0 { return next < 0 }
    guard octet & 0xc0 == 0xc0, offset &+ 1 < buffer.count else { return false }
    return Int(octet & 0x3f) << 8 | Int(buffer[offset &+ 1]) == next
  }
}
