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

  /// An empty query, to be read into.
  public init() {}

  /// The opcode; 0 is QUERY.
  public var opcode: UInt16 { flags >> 11 & 15 }

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
    // Another opcode's message may look different: nothing behind the header is read (RFC 6895 §2.2).
    guard opcode == 0 else { throw .opcode }
    guard request.u16(at: 4) == 1 else { throw .questionCount }
    var offset = try name.load(request, at: 12)
    guard offset &+ 4 <= request.count else { throw .malformed }
    type = RRType(request.u16(at: offset))
    qclass = request.u16(at: offset &+ 2)
    offset &+= 4
    questionEnd = offset
    let before = Int(request.u16(at: 6)) &+ Int(request.u16(at: 8))
    let all = before &+ Int(request.u16(at: 10))
    var index = 0
    while index < all {
      offset = try readRecord(request, at: offset, isAdditional: index >= before)
      index &+= 1
    }
    // RFC 1035 does not say what octets behind the last record mean; Knot and NSD answer FORMERR, and so do we.
    guard offset == request.count else { throw .malformed }
  }

  /// Skips a record, taking what it says where it is the OPT.
  private mutating func readRecord(
    _ request: Span<UInt8>, at start: Int, isAdditional: Bool
  ) throws(WireError) -> Int {
    let nameEnd = try skipName(request, at: start)
    guard nameEnd &+ 10 <= request.count else { throw .malformed }
    let end = nameEnd &+ 10 &+ Int(request.u16(at: nameEnd &+ 8))
    guard end <= request.count else { throw .malformed }
    guard RRType(request.u16(at: nameEnd)) == .opt else { return end }
    // RFC 6891 §6.1.1: in the additional section, at the root, and only once.
    guard isAdditional, request[start] == 0, !hasEDNS else { throw .malformed }
    var option = nameEnd &+ 10
    while option < end {
      guard option &+ 4 <= end else { throw .malformed }
      option &+= 4 &+ Int(request.u16(at: option &+ 2))
    }
    guard option == end else { throw .malformed }
    hasEDNS = true
    udpSize = max(512, Int(request.u16(at: nameEnd &+ 2)))
    ednsVersion = request[nameEnd &+ 5]
    isDNSSECOK = request[nameEnd &+ 6] & 0x80 != 0
    return end
  }
}

/// The offset behind the name at `start`, which may end in a compression pointer. What it points to is not read.
private func skipName(_ message: Span<UInt8>, at start: Int) throws(WireError) -> Int {
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
