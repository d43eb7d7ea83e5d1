internal import Addresses
internal import FlatMemory

/// What stands before the first message of a connection, or before the message of a datagram, that a proxy passes on: the
/// PROXY protocol, version 2, as HAProxy's proxy-protocol.txt §2.2 lays it down.
///
/// Pure and total: any octets are a header, the start of one, or none. Nothing here asks whether the sender is trusted;
/// from anyone else the octets are never looked at.
struct ProxyHeader: Equatable, Sendable {
  /// Octets of the longest header that is read: some 100 are usual, the format allows 65,551. PowerDNS's programs take
  /// 512 unless told otherwise.
  static let longest = 4096
  /// Octets of the longest common name that is believed, as in `identity` (RFC 5280 §A.1: 64 characters).
  static let longestCommonName = 256

  /// Octets of the header; the message comes behind them.
  let length: Int
  /// Who asks, as the proxy tells it.
  let client: Client
  /// Where the common name of the client's certificate is among the header's octets. Nil where there is no verified
  /// certificate, or no name was told of it; empty where what was told can be no name: none of its octets, more than
  /// ``longestCommonName``, or two of them.
  let commonName: Range<Int>?

  /// Whose the message is.
  enum Client: Equatable, Sendable {
    /// The proxy's own (command LOCAL): it asks whether we are there. All else in the header is to be passed over.
    case proxy
    /// Someone's at this address, which is IPv4 where it was mapped into IPv6 (RFC 4291 §2.5.5.2).
    case address(SocketAddress)
    /// Someone's whose address the proxy does not tell, or who has none: family UNSPEC or UNIX. The text leaves it to us
    /// to take the proxy's for it or to reject; we do neither, see ``ProxyHeader/source``.
    case unknown
  }

  /// What octets are.
  enum Reading: Equatable, Sendable {
    /// The start of a header.
    case incomplete
    case header(ProxyHeader)
    /// No header, or one that contradicts itself.
    case malformed
  }

  /// Who asks; nil for the proxy itself. A client without an address has the unspecified one, `::`, which stands for just
  /// that (RFC 4291 §2.5.2): it is in no context but `context default`, or one that says `from ::/128`.
  var source: IPAddress? {
    switch client {
    case .proxy: nil
    case .address(let address): address.address
    case .unknown: IPAddress(high: 0, low: 0)
    }
  }
}

/// Reading.
extension ProxyHeader {
  private static let signature: InlineArray<12, UInt8> = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]

  /// True where octets begin as a header does; nil where there are too few of them to tell. No query over TCP begins so:
  /// it would have 2641 questions.
  static func isBegun(by octets: Span<UInt8>) -> Bool? {
    var index = 0
    while index < 12 {
      guard index < octets.count else { return nil }
      if octets[index] != signature[index] { return false }
      index &+= 1
    }
    return true
  }

  /// Reads what stands first in the octets.
  static func read(_ octets: Span<UInt8>) -> Reading {
    guard let isBegun = isBegun(by: octets) else { return .incomplete }
    guard isBegun else { return .malformed }
    guard octets.count >= 16 else {
      // What is there already may be wrong already.
      return octets.count > 12 && octets[12] >> 4 != 2 ? .malformed : .incomplete
    }
    let command = octets[12]
    guard command == 0x20 || command == 0x21 else { return .malformed }
    let length = 16 &+ Int(octets.u16(at: 14))
    guard length <= longest else { return .malformed }
    guard octets.count >= length else { return .incomplete }
    if command == 0x20 { return .header(ProxyHeader(length: length, client: .proxy, commonName: nil)) }
    return read(octets.extracting(0..<length), family: octets[13] >> 4, transport: octets[13] & 15)
  }

  /// Reads a whole header with the command PROXY.
  private static func read(_ octets: Span<UInt8>, family: UInt8, transport: UInt8) -> Reading {
    guard transport <= 2 else { return .malformed }
    let fields: Int
    var client = Client.unknown
    switch family {
    case 0: fields = 16
    case 1:
      fields = 16 &+ 12
      guard octets.count >= fields else { return .malformed }
      client = .address(SocketAddress(IPAddress(v4: octets.u32(at: 16)), port: octets.u16(at: 24)))
    case 2:
      fields = 16 &+ 36
      guard octets.count >= fields else { return .malformed }
      let high = UInt64(octets.u32(at: 16)) << 32 | UInt64(octets.u32(at: 20))
      let low = UInt64(octets.u32(at: 24)) << 32 | UInt64(octets.u32(at: 28))
      client = .address(SocketAddress(IPAddress(high: high, low: low), port: octets.u16(at: 48)))
    case 3: fields = 16 &+ 216
    default: return .malformed
    }
    guard octets.count >= fields else { return .malformed }
    if transport == 0 { client = .unknown }
    var items = Items()
    guard items.read(octets, from: fields) else { return .malformed }
    return .header(ProxyHeader(length: octets.count, client: client, commonName: items.name))
  }

  /// What follows the addresses: a type, two octets of length, a value, any number of times (§2.2). Most are passed over.
  private struct Items {
    /// As ``ProxyHeader/commonName``.
    var name: Range<Int>?
    private var hasChecksum = false
    private var hasTLS = false

    /// - Returns: false where one runs over the end, or the checksum is wrong.
    mutating func read(_ octets: Span<UInt8>, from start: Int) -> Bool {
      var offset = start
      while offset < octets.count {
        guard let value = Self.value(in: octets, at: offset, end: octets.count) else { return false }
        switch octets[offset] {
        case 0x03:
          guard !hasChecksum, value.count == 4 else { return false }
          hasChecksum = true
          if crc32c(octets, zeroedAt: value.lowerBound) != octets.u32(at: value.lowerBound) { return false }
        case 0x20:
          guard readTLS(octets, value) else { return false }
        default: break
        }
        offset = value.upperBound
      }
      return true
    }

    /// PP2_TYPE_SSL (§2.2.6): what the client presented, how that was judged, then more items.
    private mutating func readTLS(_ octets: Span<UInt8>, _ value: Range<Int>) -> Bool {
      guard value.count >= 5 else { return false }
      // A certificate in this connection, or in the session that it resumes, that was verified.
      let isVerified = octets[value.lowerBound] & 0x06 != 0 && octets.u32(at: value.lowerBound &+ 1) == 0
      var offset = value.lowerBound &+ 5
      while offset < value.upperBound {
        guard let inner = Self.value(in: octets, at: offset, end: value.upperBound) else { return false }
        if octets[offset] == 0x22, isVerified {
          let isGood = name == nil && !hasTLS && inner.count <= ProxyHeader.longestCommonName
          name = isGood ? inner : inner.lowerBound..<inner.lowerBound
        }
        offset = inner.upperBound
      }
      if hasTLS, let twice = name { name = twice.lowerBound..<twice.lowerBound }
      hasTLS = true
      return true
    }

    /// Where the value of the item at `offset` is; nil where it does not end by `end`.
    private static func value(in octets: Span<UInt8>, at offset: Int, end: Int) -> Range<Int>? {
      guard end &- offset >= 3 else { return nil }
      let start = offset &+ 3
      let size = Int(octets.u16(at: offset &+ 1))
      return size <= end &- start ? start..<(start &+ size) : nil
    }
  }
}

/// The checksum of RFC 4960 §B (polynomial 0x1edc6f41, reflected) over octets, four of which count as zero.
private func crc32c(_ octets: Span<UInt8>, zeroedAt zeroed: Int) -> UInt32 {
  var sum = UInt32.max
  for index in 0..<octets.count {
    if !(zeroed..<(zeroed &+ 4)).contains(index) { sum ^= UInt32(octets[index]) }
    for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82f6_3b78 }
  }
  return ~sum
}
