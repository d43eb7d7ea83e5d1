internal import FlatMemory

/// What a request asks: its header, its one question, and its EDNS part.
///
/// The name is not here but in the ``NameKey`` beside it, and in the request itself, at octet 12.
public struct Query: BitwiseCopyable, Sendable {
  /// Echoed in the response.
  public private(set) var id: UInt16 = 0
  /// The header's second 16 bits, as they came.
  public private(set) var flags: UInt16 = 0
  /// QTYPE.
  public private(set) var type = RRType(0)
  /// QCLASS; 1 is IN.
  public private(set) var qclass: UInt16 = 0
  /// Octets up to the end of the question; 12 where there is none to echo.
  public private(set) var questionEnd = 12
  /// True where the request has an OPT record (RFC 6891 §6.1.1).
  public private(set) var hasEDNS = false
  /// The UDP size the asker takes; 512 without EDNS and never less (RFC 6891 §6.2.3).
  public private(set) var udpSize = 512
  /// The EDNS version; 0 is the only one there is.
  public private(set) var ednsVersion: UInt8 = 0
  /// The DO bit (RFC 3225 §3).
  public private(set) var isDNSSECOK = false
  /// Which options there are, of those that we answer; none of another EDNS version's.
  public private(set) var options: RequestOptions = []
  /// For whom the asker says that it asks; nil where it does not.
  public private(set) var clientSubnet: ClientSubnet?
  /// Where the COOKIE option's data starts; eight octets of client cookie are there where `options` has a cookie.
  private var cookieStart: UInt16 = 0
  /// Octets of that data: 8, or 16 to 40.
  private var cookieSize: UInt16 = 0
  /// Where the TSIG record starts; 0 where there is none.
  package private(set) var signatureStart: UInt16 = 0

  /// An empty query, to be read into.
  public init() {}

  /// The opcode; 0 is QUERY.
  public var opcode: UInt16 { flags >> 11 & 15 }

  /// False for a request for a server cookie and nothing else (RFC 7873 §5.4).
  public var hasQuestion: Bool { questionEnd > 12 }

  /// True for one question in class IN and nothing more that an answer rests on; EDNS without options may be there.
  public var isPlain: Bool { qclass == 1 && options.isEmpty && ednsVersion == 0 && signatureStart == 0 }

  /// Reads a whole request.
  ///
  /// What was understood before an error stays readable in `self`, since an error response echoes it.
  /// - Parameter name: takes the QNAME.
  public mutating func read(_ request: Span<UInt8>, name: inout NameKey) throws(WireError) {
    self = Query()
    guard request.count >= 12 else { throw .short }
    id = request.u16(at: 0)
    flags = request.u16(at: 2)
    guard flags & 0x8000 == 0 else { throw .isResponse }
    guard opcode == 0 else {
      readForeign(request, name: &name)
      throw .opcode
    }
    guard request.u16(at: 4) == 1 else {
      try readWithoutQuestion(request)
      return
    }
    let end = try readQuestion(request, name: &name)
    // Most queries are a question and nothing else.
    if end == request.count, request.u32(at: 6) == 0, request.u16(at: 10) == 0 { return }
    try readRecords(request, from: end)
    if signatureStart > 0 { throw .signed }
  }

  /// A request of another opcode may look different (RFC 6895 §2.2): only where all of it reads as a query, with a question
  /// or without, is its question echoed and its OPT answered, as Knot does; BIND answers the OPT, NSD neither.
  private mutating func readForeign(_ request: Span<UInt8>, name: inout NameKey) {
    do throws(WireError) {
      guard request.u16(at: 4) <= 1 else { throw .malformed }
      let end = request.u16(at: 4) == 0 ? 12 : try readQuestion(request, name: &name)
      try readRecords(request, from: end)
    } catch {
      let (id, flags) = (id, flags)
      self = Query()
      (self.id, self.flags) = (id, flags)
    }
  }

  /// QDCOUNT 0 is for those who want a cookie (RFC 7873 §5.4), as with NSD and BIND.
  private mutating func readWithoutQuestion(_ request: Span<UInt8>) throws(WireError) {
    guard request.u16(at: 4) == 0 else { throw .questionCount }
    do throws(WireError) {
      try readRecords(request, from: 12)
    } catch {
      throw .questionCount
    }
    guard options.contains(.cookie) || ednsVersion != 0, signatureStart == 0 else { throw .questionCount }
  }

  /// The one question.
  /// - Returns: the offset behind it.
  private mutating func readQuestion(_ request: Span<UInt8>, name: inout NameKey) throws(WireError) -> Int {
    let offset = try name.load(request, at: 12)
    guard offset &+ 4 <= request.count else { throw .malformed }
    type = RRType(request.u16(at: offset))
    qclass = request.u16(at: offset &+ 2)
    questionEnd = offset &+ 4
    return questionEnd
  }

  /// Everything behind the question.
  private mutating func readRecords(_ request: Span<UInt8>, from start: Int) throws(WireError) {
    var offset = start
    let before = Int(request.u16(at: 6)) &+ Int(request.u16(at: 8))
    let all = before &+ Int(request.u16(at: 10))
    var index = 0
    while index < all {
      // RFC 8945 §5.1: a TSIG is the last of all.
      guard signatureStart == 0 else { throw .malformed }
      offset = try readRecord(request, at: offset, isAdditional: index >= before)
      index &+= 1
    }
    // RFC 1035 does not say what octets behind the last record mean: Knot answers FORMERR, NSD and BIND pass them over.
    // A sender whose counts are wrong had better hear of it.
    guard offset == request.count else { throw .malformed }
  }

  /// Skips a record, taking what it says where it is the OPT, and its place where it is a TSIG.
  private mutating func readRecord(
    _ request: Span<UInt8>, at start: Int, isAdditional: Bool
  ) throws(WireError) -> Int {
    let nameEnd = try skipName(request, at: start)
    guard nameEnd &+ 10 <= request.count else { throw .malformed }
    let end = nameEnd &+ 10 &+ Int(request.u16(at: nameEnd &+ 8))
    guard end <= request.count else { throw .malformed }
    let type = request.u16(at: nameEnd)
    if type == RRType.opt.rawValue {
      // RFC 6891 §6.1.1: in the additional section, at the root, and only once; but anywhere in that section.
      guard isAdditional, request[start] == 0, !hasEDNS else { throw .malformed }
      hasEDNS = true
      udpSize = max(512, Int(request.u16(at: nameEnd &+ 2)))
      ednsVersion = request[nameEnd &+ 5]
      isDNSSECOK = request[nameEnd &+ 6] & 0x80 != 0
      // What options of another version look like is not ours to say.
      if ednsVersion == 0 { try readOptions(request, from: nameEnd &+ 10, to: end) }
    } else if type == TSIGRecord.type {
      guard isAdditional, TSIGRecord.isWellFormed(request, at: start, nameEnd: nameEnd, end: end) else {
        throw .malformed
      }
      signatureStart = UInt16(truncatingIfNeeded: start)
    }
    return end
  }

  /// The OPT's options, in one pass.
  private mutating func readOptions(_ request: Span<UInt8>, from start: Int, to end: Int) throws(WireError) {
    var option = start
    while option < end {
      let data = option &+ 4
      guard data <= end else { throw .malformed }
      let size = Int(request.u16(at: option &+ 2))
      guard data &+ size <= end else { throw .malformed }
      switch request.u16(at: option) {
      case EDNSOption.nsid: options.insert(.nsid)
      case EDNSOption.keepalive: options.insert(.keepalive)
      // RFC 7873 §4: of several cookies the first counts. §5.2.2: lengths that cannot be are FORMERR.
      case EDNSOption.cookie where !options.contains(.cookie):
        guard size == 8 || size >= 16 && size <= 40 else { throw .malformed }
        options.insert(.cookie)
        cookieStart = UInt16(truncatingIfNeeded: data)
        cookieSize = UInt16(truncatingIfNeeded: size)
      // BIND takes the first of several; but whoever adds one behind a client's own would be taken for the client.
      case EDNSOption.clientSubnet:
        clientSubnet = ClientSubnet(request, at: data, size: size)
        guard clientSubnet != nil, options.insert(.clientSubnet).inserted else { throw .malformed }
      default: break
      }
      option = data &+ size
    }
  }
}

/// The request's cookies, of a request that has some: see ``Query/options``.
extension Query {
  /// The client cookie, its first octet the highest.
  public func clientCookie(_ request: Span<UInt8>) -> UInt64 { request.u64(at: Int(cookieStart)) }

  /// True where there is a server cookie beside the client's, of whatever length.
  public var hasServerCookie: Bool { options.contains(.cookie) && cookieSize > 8 }

  /// The server cookie, where it is as long as ours are; another cannot be ours.
  public func serverCookie(_ request: Span<UInt8>) -> ServerCookie? {
    guard cookieSize == 24 else { return nil }
    let start = Int(cookieStart)
    return ServerCookie(head: request.u64(at: start &+ 8), hash: request.u64(at: start &+ 16))
  }
}

extension Span<UInt8> {
  /// The 64-bit integer at `offset` in network byte order. All eight octets must be in bounds.
  @inline(__always)
  fileprivate func u64(at offset: Int) -> UInt64 { UInt64(u32(at: offset)) << 32 | UInt64(u32(at: offset &+ 4)) }
}

/// The offset behind the name at `start`, which may end in a compression pointer. What it points to is not read.
func skipName(_ message: Span<UInt8>, at start: Int) throws(WireError) -> Int {
  var offset = start
  while offset < message.count {
    let length = message[offset]
    if length == 0 { return offset &+ 1 }
    if length & 0xc0 == 0xc0 {
      // A pointer goes back, before the name it ends (RFC 1035 §4.1.4).
      guard offset &+ 1 < message.count, Int(message.u16(at: offset) & 0x3fff) < start else { throw .malformed }
      return offset &+ 2
    }
    guard length <= 63, offset &- start < 255 else { throw .malformed }
    offset &+= 1 &+ Int(length)
  }
  throw .malformed
}
