/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the IPv4 address it maps.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
  /// The first 64 bits; 0 for IPv4.
  public let high: UInt64
  /// The last 64 bits; an IPv4 address is the last 32 of them.
  public let low: UInt64
  /// True for IPv4.
  public let isIPv4: Bool

  /// An IPv4 address from its 32 bits.
  @inlinable public init(v4 bits: UInt32) {
    high = 0
    low = UInt64(bits)
    isIPv4 = true
  }

  /// An IPv6 address from its bits; a mapped one becomes IPv4.
  @inlinable public init(high: UInt64, low: UInt64) {
    let isMapped = high == 0 && low >> 32 == 0xffff
    self.high = high
    self.low = isMapped ? low & 0xffff_ffff : low
    isIPv4 = isMapped
  }

  /// The IPv4 address that an IPv6 address leads to by way of a translator or a relay: in the last 32 bits below
  /// `64:ff9b::/96` (RFC 6052 §2.1), behind the prefix below `2002::/16` (RFC 3056 §2); nil for any other.
  @inlinable public var embeddedIPv4: IPAddress? {
    if high == 0x0064_ff9b << 32 { return low >> 32 == 0 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : nil }
    if high >> 48 == 0x2002 { return IPAddress(v4: UInt32(truncatingIfNeeded: high >> 16)) }
    return nil
  }

  /// How many bits an address of this family has: 32 or 128.
  @inlinable public var width: Int { isIPv4 ? 32 : 128 }

  /// Parses `192.0.2.1`, `2001:db8::1` or `::ffff:192.0.2.1` (RFC 4291 §2.2); nil where it is none of these.
  package init?(_ text: String) {
    let octets = Array(text.utf8)
    if let bits = parseIPv4(octets[...]) {
      self.init(v4: bits)
    } else if let (high, low) = parseIPv6(octets) {
      self.init(high: high, low: low)
    } else {
      return nil
    }
  }

  /// The address on the wire: 4 or 16 octets in network byte order.
  package var octets: [UInt8] {
    let all =
      (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
      + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    return isIPv4 ? Array(all[12...]) : all
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted quad, or RFC 5952 for IPv6.
  public var description: String {
    if isIPv4 { return (0..<4).map { String(low >> (24 - 8 * $0) & 0xff) }.joined(separator: ".") }
    return describeIPv6(high: high, low: low)
  }
}

/// Four decimal numbers up to 255, no leading zeros, parted by dots.
package func parseIPv4(_ text: ArraySlice<UInt8>) -> UInt32? { parseIPv4(text.span, 0..<text.count) }

/// Four decimal numbers up to 255, no leading zeros, parted by dots, in part of a text.
package func parseIPv4(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
  var bits: UInt32 = 0
  var parts = 0, value: UInt32 = 0, digits = 0
  var offset = range.lowerBound
  while offset < range.upperBound {
    let octet = text[offset]
    offset &+= 1
    if octet == UInt8(ascii: ".") {
      guard digits > 0, parts < 3 else { return nil }
      bits = bits << 8 | value
      parts &+= 1
      (value, digits) = (0, 0)
    } else {
      guard isDigit(octet), digits == 0 || value > 0 else { return nil }
      value = value &* 10 &+ UInt32(octet &- 48)
      digits &+= 1
      guard value <= 255 else { return nil }
    }
  }
  guard parts == 3, digits > 0 else { return nil }
  return bits << 8 | value
}

/// RFC 4291 §2.2 without a dotted quad: groups of hexadecimal digits, at most one `::`, in part of a text.
package func parseIPv6Groups(_ text: Span<UInt8>, _ range: Range<Int>) -> (high: UInt64, low: UInt64)? {
  let colon = UInt8(ascii: ":"), end = range.upperBound
  var bits: UInt128 = 0
  var groups = 0, gapAt = -1, offset = range.lowerBound
  if range.count >= 2, text[offset] == colon, text[offset + 1] == colon {
    gapAt = 0
    offset &+= 2
  }
  while offset < end {
    var value: UInt16 = 0
    let start = offset
    while offset < end, text[offset] != colon {
      guard offset &- start < 4, let digit = hexadecimalDigit(text[offset]) else { return nil }
      value = value << 4 | UInt16(digit)
      offset &+= 1
    }
    guard offset > start, groups < 8 else { return nil }
    bits = bits << 16 | UInt128(value)
    groups &+= 1
    if offset == end { break }
    offset &+= 1
    if offset == end { return nil }  // a single colon at the end
    if text[offset] == colon {
      guard gapAt < 0 else { return nil }
      gapAt = groups
      offset &+= 1
    }
  }
  if gapAt >= 0 {
    guard groups < 8 else { return nil }
    let behind = UInt128(16 * (groups - gapAt))
    let front = bits >> behind
    bits = front << UInt128(16 * (8 - gapAt)) | (bits & ((1 << behind) - 1))
  } else if groups != 8 {
    return nil
  }
  return (UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits))
}

/// RFC 4291 §2.2: groups of hexadecimal digits, at most one `::`, a dotted quad allowed at the end. No zone index.
package func parseIPv6(_ text: [UInt8]) -> (high: UInt64, low: UInt64)? {
  var groups: [UInt16] = []
  var gapAt: Int?
  var offset = 0
  let colon = UInt8(ascii: ":")
  if text.starts(with: [colon, colon]) {
    gapAt = 0
    offset = 2
  }
  while offset < text.count {
    let end = text[offset...].firstIndex(of: colon) ?? text.count
    if text[offset..<end].contains(UInt8(ascii: ".")) {
      guard end == text.count, let bits = parseIPv4(text[offset..<end]) else { return nil }
      groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
      offset = end
      break
    }
    guard (1...4).contains(end - offset) else { return nil }
    var value: UInt16 = 0
    for octet in text[offset..<end] {
      guard let digit = hexadecimalDigit(octet) else { return nil }
      value = value << 4 | UInt16(digit)
    }
    groups.append(value)
    offset = end
    if offset == text.count { break }
    offset += 1
    if offset == text.count { return nil }  // a single colon at the end
    if text[offset] == colon {
      guard gapAt == nil else { return nil }
      gapAt = groups.count
      offset += 1
    }
  }
  if let gapAt {
    guard groups.count < 8 else { return nil }
    groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gapAt)
  }
  guard groups.count == 8 else { return nil }
  let halves = [groups[..<4], groups[4...]].map { $0.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
  return (halves[0], halves[1])
}

/// RFC 5952 §4: small letters, no leading zeros, the longest run of two or more zero groups as `::`.
package func describeIPv6(high: UInt64, low: UInt64) -> String {
  let groups = [high, low].flatMap { half in (0..<4).map { UInt16(truncatingIfNeeded: half >> (48 - 16 * $0)) } }
  var best = 0..<0
  var start = 0
  while start < 8 {
    var end = start
    while end < 8 && groups[end] == 0 { end += 1 }
    if end - start > max(best.count, 1) { best = start..<end }
    start = end + 1
  }
  let hexadecimal = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
  if best.isEmpty { return hexadecimal(groups[...]) }
  return hexadecimal(groups[..<best.lowerBound]) + "::" + hexadecimal(groups[best.upperBound...])
}
