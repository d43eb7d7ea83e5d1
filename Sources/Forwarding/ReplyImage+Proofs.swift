public import DNSFormat
public import FlatMemory

/// Its proofs, one by one: what is left of it where others go on with an alias of its answer.
extension ReplyImage {
  /// Appends what the reply proves of its aliases up to one: that no name is nearer than the wildcards they are made of
  /// (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6). These are the NSEC and NSEC3 sets, with their signatures, of zones that one of the
  /// aliases is in; what else there is says something of where they lead.
  ///
  /// - Parameters:
  ///   - end: where the last of the aliases ends, among the records.
  ///   - question: the name that the image answers for.
  ///   - scratch: for a name at a time.
  ///   - buffer: takes whole records without compression; of no meaning where it has overflowed.
  public func appendProofs(
    ofNamesBefore end: Int, question: borrowing NameKey, _ time: Ageing, using scratch: inout OctetBuffer,
    to buffer: inout OctetBuffer
  ) {
    // A set's signatures stand behind it.
    var set = answerSize
    var isBehindSignature = false, isWanted = false
    var offset = answerSize
    while let part = record(at: offset, before: recordSize) {
      if part.type != .rrsig, isBehindSignature {
        if isWanted { appendSet(set..<offset, question: question, time, to: &buffer) }
        (set, isBehindSignature, isWanted) = (offset, false, false)
      }
      if part.type == .rrsig {
        isBehindSignature = true
        isWanted = isWanted || isProof(part, ofNamesBefore: end, question: question, using: &scratch)
      }
      offset = part.end
    }
    if isWanted { appendSet(set..<offset, question: question, time, to: &buffer) }
  }

  /// True for the signature of an NSEC or NSEC3 set by a zone that the question's name is in, or one that an alias leads to.
  private func isProof(
    _ signature: Part, ofNamesBefore end: Int, question: borrowing NameKey, using scratch: inout OctetBuffer
  ) -> Bool {
    let records = self.records
    guard signature.end &- signature.data > 18 else { return false }
    let covered = RRType(records.u16(at: signature.data))
    guard covered == .nsec || covered == .nsec3 else { return false }
    let signer = signature.data &+ 18
    scratch.reset()
    question.append(from: 0, to: &scratch)
    if isZone(at: signer, of: scratch) { return true }
    var offset = 0
    while let part = record(at: offset, before: end) {
      offset = part.end
      // The last one leads away from what the reply's servers have a say in.
      guard part.type == .cname, hasAlias(from: offset, before: end) else { continue }
      scratch.reset()
      copyName(at: part.data, question: question, into: &scratch)
      if isZone(at: signer, of: scratch) { return true }
    }
    return false
  }

  private func hasAlias(from start: Int, before end: Int) -> Bool {
    var offset = start
    while let part = record(at: offset, before: end) {
      if part.type == .cname { return true }
      offset = part.end
    }
    return false
  }

  /// True where a name without compression is at or below the one that is written in the records, without compression too.
  private func isZone(at signer: Int, of name: borrowing OctetBuffer) -> Bool {
    let records = self.records
    var size = 0
    while records[signer &+ size] != 0 { size &+= 1 &+ Int(records[signer &+ size]) }
    size &+= 1
    var start = 0
    while name.count &- start > size { start &+= 1 &+ Int(name[start]) }
    guard name.count &- start == size else { return false }
    var index = 0
    while index < size {
      if lowercased(records[signer &+ index]) != lowercased(name[start &+ index]) { return false }
      index &+= 1
    }
    return true
  }

  private func appendSet(
    _ range: Range<Int>, question: borrowing NameKey, _ time: Ageing, to buffer: inout OctetBuffer
  ) {
    let records = self.records
    var offset = range.lowerBound
    while let part = record(at: offset, before: range.upperBound) {
      copyName(at: part.start, question: question, into: &buffer)
      let ttl = time.ttl(of: records.u32(at: part.data &- 6))
      buffer.append(records.extracting((part.data &- 10)..<(part.data &- 6)))
      buffer.append(ttl)
      // No name in them is ever compressed (RFC 4034 §3.1.7, §4.1.1).
      buffer.append(records.extracting((part.data &- 2)..<part.end))
      offset = part.end
    }
  }
}
