internal import Addresses
internal import DNSFormat
internal import FlatMemory

/// What is taken of a reply, and how it is written.
extension ReplyReader {
  /// How the search for the chain's end ended.
  private enum End {
    case data
    case nothing
    /// There was data, and the guard left none of it.
    case blocked
  }

  /// Makes the image.
  mutating func take(
    _ reply: Span<UInt8>, _ flags: UInt16, _ query: UpstreamQuery, _ rebinding: RebindingGuard,
    into image: inout ReplyImage
  ) throws(WireError) -> UpstreamReply {
    let kind = query.question.kind
    wantsProofs = kind.isDNSSECOK
    facts.life = limits.longestTTL
    facts.isAuthentic = flags & 0x0020 != 0
    ttls.reset()
    pointers.reset()
    message.reset()
    var asked = Query()
    try asked.read(query.octets.span, name: &name)
    writer.begin(asked, request: query.octets.span, into: &message)
    facts.questionEnd = query.questionEnd
    try findProofs(reply)
    let end = try takeChain(reply, kind.type, rebinding)
    facts.answerEnd = message.count
    // RFC 2308 §2.1: NXDOMAIN is about the chain's end, which is there.
    if end != .nothing, facts.rcode == RCode.nxDomain.rawValue { facts.rcode = 0 }
    switch end {
    case .data: break
    case .blocked:
      facts.life = min(facts.life, limits.longestNegativeTTL)
      facts.isAuthentic = false
      facts.errorCode = ExtendedDNSError.InfoCode.blocked.rawValue
      text.reset()
      text.append(RebindingGuard.reason)
    case .nothing:
      let hasSOA = try takeDenial(reply)
      // Nobody stands for what is not there: a referral, or a server that knows nothing and asks nobody.
      let isRecursive = flags & 0x0080 != 0, isAuthoritative = flags & 0x0400 != 0
      // RFC 2308 §2.1.3: NXDOMAIN with NS and no SOA is a denial all the same.
      let isReferral = !isAuthoritative && facts.rcode == 0 && records.contains { !$0.isAnswer && $0.type == .ns }
      if !hasSOA, facts.answerCount == 0, isReferral || !isRecursive && !isAuthoritative { return .lame }
      // An alias that is all there is says nothing against what it leads to, which is asked for on its own.
      facts.isOpen = facts.hasAliases && !hasSOA && facts.rcode == 0
      if !hasSOA, !facts.isOpen { facts.life = 0 }
    }
    if wantsProofs, end != .blocked { try takeProofs(reply) }
    if message.overflowed || ttls.overflowed || pointers.overflowed { return .unusable(rcode: RCode.servFail.rawValue) }
    image.take(message, facts, text: text.octets, ttls: ttls, pointers: pointers)
    return .usable
  }

  // MARK: - The answer

  /// Follows aliases from the question's name on.
  private mutating func takeChain(
    _ reply: Span<UInt8>, _ type: RRType, _ rebinding: RebindingGuard
  ) throws(WireError) -> End {
    // The name that was asked for has to be trusted, whatever it is an alias of: it is the one a page was loaded from.
    let isTrusted = rebinding.trusts(name)
    var aliases = 0
    while true {
      let hash = name.hash(from: 0, seed: seed)
      hashSuffixes()
      markProofs(reply)
      if let end = try takeData(reply, hash, type, isTrusted ? nil : rebinding) { return end }
      let redirection = recordAbove(type: .dname)
      if let redirection { try takeSet(reply, redirection.hash, .dname, isAnswer: true) }
      guard aliases < Self.longestChain else { return .nothing }
      if let alias = records.first(where: { $0.isAnswer && $0.type == .cname && $0.hash == hash && !$0.isDone }) {
        try takeSet(reply, hash, .cname, isAnswer: true, atMost: 1)
        _ = try ReplyParsing.readName(reply, at: alias.data, scratch: &scratch, into: &name)
      } else {
        guard let redirection, try writeAlias(madeBy: redirection, reply) else { return .nothing }
      }
      facts.hasAliases = true
      aliases += 1
    }
  }

  /// Writes the CNAME that a DNAME makes of the chain's name, with its TTL (RFC 6672 §3.1): for servers that leave that to
  /// who asks (§3.4). Its target is the chain's name then.
  /// - Returns: false, with nothing written, where the target would be longer than a name can be.
  private mutating func writeAlias(madeBy dname: ReplyRecord, _ reply: Span<UInt8>) throws(WireError) -> Bool {
    let kept = name.start(ofSuffix: dname.labelCount)
    scratch.reset()
    _ = try ReplyParsing.copyName(reply, at: dname.data, into: &scratch)
    guard kept &+ scratch.count <= 255 else { return false }
    scratch.reset()
    name.append(from: 0, to: &scratch)
    writeScratch(mayCompress: true)
    let lengthAt = writeHead(.cname, ttl: min(dname.ttl, limits.longestTTL))
    scratch.truncate(to: kept)
    _ = try ReplyParsing.copyName(reply, at: dname.data, into: &scratch)
    writeScratch(mayCompress: true)
    try Self.load(scratch, into: &name)
    if message.overflowed { return true }
    message.set(UInt16(truncatingIfNeeded: message.count &- lengthAt &- 2), at: lengthAt)
    facts.answerCount &+= 1
    return true
  }

  private static func load(_ wire: borrowing OctetBuffer, into name: inout NameKey) throws(WireError) {
    _ = try name.load(wire.octets, at: 0)
  }

  /// Takes what was asked for at a name.
  /// - Parameter rebinding: nil where the name may have any address.
  /// - Returns: nil where there is nothing.
  private mutating func takeData(
    _ reply: Span<UInt8>, _ hash: UInt64, _ type: RRType, _ rebinding: RebindingGuard?
  ) throws(WireError) -> End? {
    var types: [RRType] = []
    for record in records where record.isAnswer && record.hash == hash && !record.isDone {
      guard record.type == type || type == .any, !types.contains(record.type) else { continue }
      guard types.count < Self.mostTypes else { throw .malformed }
      types.append(record.type)
    }
    if types.isEmpty { return nil }
    let before = facts.answerCount
    for type in types {
      if let rebinding { leaveOutBlocked(reply, hash, type, rebinding) }
      let start = message.count, count = facts.answerCount
      try takeSet(reply, hash, type, isAnswer: true)
      let width = type == .a ? 4 : type == .aaaa ? 16 : 0
      let added = facts.answerCount &- count
      if width > 0, added > 1, message.count &- start == Int(added) &* (12 &+ width) {
        (facts.addressStart, facts.addressCount) = (start, added)
      } else {
        facts.addressCount = 0
      }
    }
    return facts.answerCount == before ? .blocked : .data
  }

  /// Leaves out records with addresses that the name may not have; all of a set that is signed, which is whole or nothing.
  private mutating func leaveOutBlocked(
    _ reply: Span<UInt8>, _ hash: UInt64, _ type: RRType, _ rebinding: RebindingGuard
  ) {
    guard RecordAddresses.mayBe(in: type) else { return }
    var isAnyBlocked = false
    for index in records.indices where isInSet(records[index], hash, type, isAnswer: true) {
      let data = reply.extracting(records[index].data..<records[index].end)
      guard RecordAddresses.contains(data, of: type, { rebinding.blocks($0) }) else { continue }
      facts.life = min(facts.life, records[index].ttl)
      records[index].isDone = true
      isAnyBlocked = true
    }
    if isAnyBlocked { facts.isAuthentic = false }
    guard isAnyBlocked, wantsProofs, records.contains(where: { isSignature($0, reply, hash, type, isAnswer: true) })
    else {
      return
    }
    for index in records.indices where isInSet(records[index], hash, type, isAnswer: true) {
      records[index].isDone = true
    }
  }

  // MARK: - That there is none, and proofs

  /// Takes the SOA of a zone that the chain's end is in (RFC 2308 §3).
  /// - Returns: false where there is none.
  private mutating func takeDenial(_ reply: Span<UInt8>) throws(WireError) -> Bool {
    guard let soa = recordAbove(type: .soa, isAnswer: false, orAt: true), soa.end &- soa.data >= 22 else {
      return false
    }
    // RFC 2308 §5: what says for how long is the less of its TTL and its last field, MINIMUM.
    let ttl = min(soa.ttl, reply.u32(at: soa.end &- 4), limits.longestNegativeTTL)
    try takeSet(reply, soa.hash, .soa, isAnswer: false, ttl: ttl, atMost: 1)
    return true
  }

  /// Hashes what the chain's name is below, once for all that is compared with it.
  private mutating func hashSuffixes() {
    suffixHashes.removeAll(keepingCapacity: true)
    for labels in 0...name.labelCount { suffixHashes.append(name.hash(from: name.start(ofSuffix: labels), seed: seed)) }
  }

  /// Reads the signatures of NSEC and NSEC3 sets whose zone their owner is in (RFC 4035 §3.1.3), once a reply.
  private mutating func findProofs(_ reply: Span<UInt8>) throws(WireError) {
    proofs.removeAll(keepingCapacity: true)
    guard wantsProofs else { return }
    for index in records.indices where !records[index].isAnswer && proofs.count < Self.mostProofs {
      let type = records[index].coveredType(reply)
      guard type == .nsec || type == .nsec3 else { continue }
      _ = try ReplyParsing.readName(reply, at: records[index].data + 18, scratch: &scratch, into: &other)
      let (labels, hash) = (other.labelCount, other.hash(from: 0, seed: seed))
      _ = try ReplyParsing.readName(reply, at: records[index].owner, scratch: &scratch, into: &other)
      guard other.labelCount >= labels, other.hash(from: other.start(ofSuffix: labels), seed: seed) == hash else {
        continue
      }
      proofs.append(
        ReplyProof(signerLabels: labels, signerHash: hash, hash: records[index].hash, type: type))
    }
  }

  /// Notes which authority records prove something about the chain's name: those signed by a zone that it is in.
  private mutating func markProofs(_ reply: Span<UInt8>) {
    for index in proofs.indices where !proofs[index].isTaken {
      let proof = proofs[index]
      guard proof.signerLabels < suffixHashes.count, suffixHashes[proof.signerLabels] == proof.signerHash else {
        continue
      }
      proofs[index].isTaken = true
      for record in records.indices
      where isInSet(records[record], proof.hash, proof.type, isAnswer: false)
        || isSignature(records[record], reply, proof.hash, proof.type, isAnswer: false)
      {
        records[record].isProof = true
      }
    }
  }

  private mutating func takeProofs(_ reply: Span<UInt8>) throws(WireError) {
    for index in records.indices where records[index].isProof && !records[index].isDone && records[index].type != .rrsig
    {
      try takeSet(reply, records[index].hash, records[index].type, isAnswer: false)
    }
  }

  // MARK: - Sets

  private func isInSet(_ record: ReplyRecord, _ hash: UInt64, _ type: RRType, isAnswer: Bool) -> Bool {
    record.isAnswer == isAnswer && record.type == type && record.hash == hash && !record.isDone
  }

  private func isSignature(
    _ record: ReplyRecord, _ reply: Span<UInt8>, _ hash: UInt64, _ type: RRType, isAnswer: Bool
  ) -> Bool {
    isInSet(record, hash, .rrsig, isAnswer: isAnswer) && record.coveredType(reply) == type
  }

  /// The first record of a type whose owner the chain's name is below.
  private func recordAbove(type: RRType, isAnswer: Bool = true, orAt: Bool = false) -> ReplyRecord? {
    let below = suffixHashes.count - (orAt ? 0 : 1)
    return records.first {
      $0.type == type && $0.isAnswer == isAnswer && !$0.isDone && $0.labelCount < below
        && suffixHashes[$0.labelCount] == $0.hash
    }
  }

  /// Writes an RRset, its RRs with one TTL, the least of theirs (RFC 2181 §5.2), and its signatures where they are wanted.
  /// - Parameters:
  ///   - ttl: at the most.
  ///   - count: RRs at the most; the others are left out.
  private mutating func takeSet(
    _ reply: Span<UInt8>, _ hash: UInt64, _ type: RRType, isAnswer: Bool, ttl longest: UInt32 = .max,
    atMost count: Int = .max
  ) throws(WireError) {
    var ttl = min(longest, limits.longestTTL)
    for record in records where isInSet(record, hash, type, isAnswer: isAnswer) { ttl = min(ttl, record.ttl) }
    facts.life = min(facts.life, ttl)
    var taken = 0
    for index in records.indices where isInSet(records[index], hash, type, isAnswer: isAnswer) {
      if taken < count { try write(records[index], reply, ttl: ttl) }
      records[index].isDone = true
      taken += 1
    }
    guard wantsProofs, taken > 0, type != .rrsig else { return }
    for index in records.indices where isSignature(records[index], reply, hash, type, isAnswer: isAnswer) {
      // A signature has its set's TTL (RFC 4034 §3).
      try write(records[index], reply, ttl: ttl)
      records[index].isDone = true
    }
  }

  // MARK: - Writing

  /// Writes a record, its names without compression or with ours.
  private mutating func write(_ record: ReplyRecord, _ reply: Span<UInt8>, ttl: UInt32) throws(WireError) {
    _ = try writeName(reply, at: record.owner, mayCompress: true)
    let lengthAt = writeHead(record.type, ttl: ttl)
    var offset = record.data
    // Names stand at the front of RDATA, behind fields of a known size; the rest is copied as it is.
    fields: for field in RRTypeTable.row(of: record.type)?.fields ?? [] {
      let next: Int
      switch field {
      case .name(_, let use): next = try writeName(reply, at: offset, mayCompress: use.contains(.compressed))
      case .string where offset < record.end:
        next = offset &+ 1 &+ Int(reply[offset])
        guard next <= record.end else { throw .malformed }
        message.append(reply.extracting(offset..<next))
      default:
        guard let size = field.fixedSize, offset &+ size <= record.end else { break fields }
        next = offset &+ size
        message.append(reply.extracting(offset..<next))
      }
      guard next <= record.end else { throw .malformed }
      offset = next
    }
    message.append(reply.extracting(offset..<record.end))
    if message.overflowed { return }
    message.set(UInt16(truncatingIfNeeded: message.count &- lengthAt &- 2), at: lengthAt)
    if record.isAnswer { facts.answerCount &+= 1 } else { facts.authorityCount &+= 1 }
    if record.type == .rrsig, !record.isAnswer { facts.isSigned = true }
  }

  /// Writes what stands between a record's owner and its RDATA.
  /// - Returns: where RDLENGTH is to be set.
  private mutating func writeHead(_ type: RRType, ttl: UInt32) -> Int {
    message.append(type.rawValue)
    message.append(1 as UInt16)
    ttls.append(UInt16(truncatingIfNeeded: message.count &- facts.questionEnd))
    message.append(ttl)
    message.append(0 as UInt16)
    return message.count &- 2
  }

  /// Writes a name and notes the pointer that it ends in.
  /// - Returns: the offset behind it in the reply.
  private mutating func writeName(
    _ reply: Span<UInt8>, at start: Int, mayCompress: Bool
  ) throws(WireError) -> Int {
    scratch.reset()
    let end = try ReplyParsing.copyName(reply, at: start, into: &scratch)
    writeScratch(mayCompress: mayCompress)
    return end
  }

  /// Writes the name in `scratch`.
  private mutating func writeScratch(mayCompress: Bool) {
    var offset = message.count
    Self.append(scratch, mayCompress: mayCompress, &writer, into: &message)
    if message.overflowed || !mayCompress { return }
    while message[offset] != 0, message[offset] & 0xc0 == 0 { offset &+= 1 &+ Int(message[offset]) }
    if message[offset] != 0 { pointers.append(UInt16(truncatingIfNeeded: offset &- facts.questionEnd)) }
  }

  private static func append(
    _ name: borrowing OctetBuffer, mayCompress: Bool, _ writer: inout ResponseWriter, into message: inout OctetBuffer
  ) {
    if mayCompress { writer.appendName(name.octets, at: 0, into: &message) } else { message.append(name.octets) }
  }
}
