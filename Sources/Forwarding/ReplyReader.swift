internal import DNSFormat
internal import FlatMemory

/// What became of a reply.
package enum UpstreamReply: Hashable, Sendable {
  /// The image has what may be believed of it.
  case usable
  /// There is more over TCP.
  case truncated
  /// The server says that it cannot: SERVFAIL, REFUSED, FORMERR, NOTIMP and all other RCODEs.
  case unusable(rcode: UInt16)
  /// FORMERR or NOTIMP without the question, from a server that could not read it (RFC 6891 §7). Whoever guesses ID and
  /// port can write that, the question's capitals unseen: a reason to ask without EDNS, where the query had it, while its
  /// own reply is still waited for; else to be believed over TCP only.
  case unread(rcode: UInt16)
  /// A referral, or a reply of a server that neither has the name nor asks others for it.
  case lame
  /// Not a reply to this query: to be passed over, waiting for the right one.
  case rejected(Fault)

  /// Why it is not a reply to the query.
  package enum Fault: String, Hashable, Sendable, CaseIterable {
    case malformed
    case notAResponse
    case wrongID
    case wrongQuestion
    case wrongCase
  }
}

/// For how long replies are believed, in seconds.
package struct ReplyLimits: Hashable, Sendable {
  /// At the most.
  package var longestTTL: UInt32 = 86_400
  /// That something does not exist, at the most.
  package var longestNegativeTTL: UInt32 = 3600

  package init(longestTTL: UInt32 = 86_400, longestNegativeTTL: UInt32 = 3600) {
    self.longestTTL = longestTTL
    self.longestNegativeTTL = longestNegativeTTL
  }
}

/// Reads replies: what may be believed of them becomes an image.
///
/// 1. Is it a reply to the query at all: QR, ID, opcode, the question to the letter where its capitals were a secret?
/// 2. Does the server say that it could?
/// 3. Of the answer section, the chain that starts at the question's name is taken, in order: aliases, then the type asked
///    for, or nothing. Whatever no alias leads to is somebody's guess at what we might believe, and is left out.
/// 4. Where the chain ends in nothing, the SOA of a zone that the end is in says for how long (RFC 2308 §5). For who wants
///    proofs, those records of NSEC and NSEC3 that a zone above a name of the chain signed are taken as well.
///
/// Everything else is left out: other authority records, the additional section, the OPT but for its Extended DNS Error.
package struct ReplyReader: ~Copyable {
  var records: [ReplyRecord] = []
  /// Signatures that may prove something about the chain's names.
  var proofs: [ReplyProof] = []
  /// Hashes of the chain's name without its first labels: of the root, of one label, and so on.
  var suffixHashes: [UInt64] = []
  /// The name that the chain has come to.
  var name = NameKey()
  /// A name that is looked at.
  var other = NameKey()
  var scratch = OctetBuffer(capacity: 512)
  /// What the image is made of: a header, the question, records.
  var message = OctetBuffer(capacity: 65535)
  /// Where in the message the TTLs are, from the first record on, and the pointers.
  var ttls = OctetBuffer(capacity: 16 << 10)
  var pointers = OctetBuffer(capacity: 40 << 10)
  var text = OctetBuffer(capacity: ReplyReader.longestText)
  var writer = ResponseWriter()
  var facts = ReplyFacts()
  var limits = ReplyLimits()
  var wantsProofs = false
  let seed: UInt64

  /// Aliases followed at the most: as many as Unbound 1.17 and BIND 9.18 follow, and some.
  static var longestChain: Int { 16 }
  /// Octets of another server's words that are passed on.
  static var longestText: Int { 256 }
  /// Proofs looked at, and types in one answer to ANY: an honest reply has ten at the most, and each takes a look at all of
  /// the records.
  static var mostProofs: Int { 64 }
  static var mostTypes: Int { 64 }

  /// - Parameter seed: nobody outside knows it: names are told apart by a hash.
  package init(seed: UInt64 = .random(in: .min ... .max)) { self.seed = seed }

  /// Checks a reply and, where it is usable, makes an image of it. Any octets give a result.
  /// - Parameters:
  ///   - reply: a whole message, without TCP's length.
  ///   - image: of no meaning where the reply is not usable.
  package mutating func read(
    _ reply: Span<UInt8>, to query: UpstreamQuery, _ limits: ReplyLimits, _ rebinding: RebindingGuard,
    into image: inout ReplyImage
  ) -> UpstreamReply {
    self.limits = limits
    if let fault = faultOfHeader(reply, query) { return .rejected(fault) }
    let flags = reply.u16(at: 2)
    facts = ReplyFacts()
    text.reset()
    if reply.u16(at: 4) == 0, flags & 15 == 1 || flags & 15 == 4 { return .unread(rcode: flags & 15) }
    if let fault = faultOfQuestion(reply, query) { return .rejected(fault) }
    if flags & 0x0200 != 0 { return .truncated }
    do throws(WireError) {
      facts.rcode = flags & 15
      try takeApart(reply, from: query.questionEnd)
      guard [0, 3, 6].contains(facts.rcode) else { return .unusable(rcode: facts.rcode) }
      return try take(reply, flags, query, rebinding, into: &image)
    } catch {
      return .rejected(.malformed)
    }
  }

  /// True where the message read last had an OPT: its server knows EDNS.
  package var hasEDNS: Bool { facts.hasOPT }

  /// The Extended DNS Error of the message read last (RFC 8914), its text as it is to be shown.
  package var statedError: (code: UInt16, text: String)? {
    guard let code = facts.errorCode else { return nil }
    let octets = (0..<text.count).map { text[$0] }
    let shown = String(decoding: octets, as: UTF8.self).unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }
    return (code, String(String.UnicodeScalarView(shown)))
  }

  private func faultOfHeader(_ reply: Span<UInt8>, _ query: UpstreamQuery) -> UpstreamReply.Fault? {
    guard reply.count >= 12 else { return .malformed }
    guard reply.u16(at: 0) == query.id else { return .wrongID }
    return reply.u16(at: 2) & 0xf800 == 0x8000 ? nil : .notAResponse
  }

  /// Compares the question with the query's.
  private mutating func faultOfQuestion(_ reply: Span<UInt8>, _ query: UpstreamQuery) -> UpstreamReply.Fault? {
    let end = query.questionEnd
    guard reply.u16(at: 4) == 1, reply.count >= end else { return .wrongQuestion }
    var isSame = true
    for offset in 12..<end where reply[offset] != query.octets[offset] {
      // Capitals are of no account in the name alone.
      guard offset < end &- 4, lowercased(reply[offset]) == lowercased(query.octets[offset]) else {
        return .wrongQuestion
      }
      isSame = false
    }
    return isSame || !query.isCaseMixed ? nil : .wrongCase
  }

  /// Notes where each record is. The OPT's RCODE and error are taken as they come.
  private mutating func takeApart(_ reply: Span<UInt8>, from start: Int) throws(WireError) {
    records.removeAll(keepingCapacity: true)
    let answerEnd = Int(reply.u16(at: 6))
    let authorityEnd = answerEnd &+ Int(reply.u16(at: 8))
    let all = authorityEnd &+ Int(reply.u16(at: 10))
    var offset = start
    for index in 0..<all {
      let head = try ReplyParsing.readName(reply, at: offset, scratch: &scratch, into: &other)
      guard head &+ 10 <= reply.count else { throw .malformed }
      let end = head &+ 10 &+ Int(reply.u16(at: head &+ 8))
      guard end <= reply.count else { throw .malformed }
      let type = RRType(reply.u16(at: head))
      let ttl = reply.u32(at: head &+ 4)
      if index >= authorityEnd {
        if type == .opt { takeOPT(reply, ttl: ttl, head &+ 10, end) }
      } else if reply.u16(at: head &+ 2) == 1, !type.isMeta {
        // RFC 1035 §3.4.1, RFC 3596 §2.2.
        if type == .a && end != head &+ 14 || type == .aaaa && end != head &+ 26 { throw .malformed }
        records.append(
          ReplyRecord(
            owner: offset, hash: other.hash(from: 0, seed: seed), labelCount: other.labelCount, type: type, ttl: ttl,
            data: head &+ 10, end: end, isAnswer: index < answerEnd))
      }
      offset = end
    }
  }

  /// The upper bits of the RCODE, and the first Extended DNS Error (RFC 8914 §2).
  private mutating func takeOPT(_ reply: Span<UInt8>, ttl: UInt32, _ start: Int, _ end: Int) {
    facts.hasOPT = true
    facts.rcode |= UInt16(ttl >> 24) << 4
    var option = start
    while option &+ 4 <= end {
      let size = Int(reply.u16(at: option &+ 2))
      let next = option &+ 4 &+ size
      guard next <= end else { return }
      if reply.u16(at: option) == EDNSOption.extendedError, size >= 2, facts.errorCode == nil {
        facts.errorCode = reply.u16(at: option &+ 4)
        let textEnd = min(next, option &+ 6 &+ Self.longestText)
        text.append(reply.extracting((option &+ 6)..<textEnd))
      }
      option = next
    }
  }
}
