internal import Addresses

// Fields that take their form from numbers before them: the gateway of IPSECKEY, and all of HIP.

extension OctetCursor {
  /// A gateway whose type is two octets back: nothing, IPv4, IPv6 or a name (RFC 4025 §2.3, §2.5).
  mutating func takeGateway(type: UInt8?) -> ArraySlice<UInt8>? {
    switch type {
    case 0: take(0)
    case 1: take(4)
    case 2: take(16)
    case 3: takeName()
    default: nil
    }
  }

  mutating func gatewayText(type: UInt8?) -> String {
    switch type {
    case 1: IPAddress(v4: UInt32(number(octets: 4))).description
    case 2: describeIPv6(high: number(octets: 8), low: number(octets: 8))
    case 3: nameText()
    default: "."
    }
  }

  /// HIP (RFC 8005 §5): lengths, a host identity tag and a key, both there, then names of rendezvous servers.
  mutating func takeHostIdentity() -> (algorithm: UInt8, tag: ArraySlice<UInt8>, key: ArraySlice<UInt8>)? {
    guard let tagSize = integer(octets: 1), let algorithm = integer(octets: 1), let keySize = integer(octets: 2),
      tagSize > 0, keySize > 0, let tag = take(Int(tagSize)), let key = take(Int(keySize))
    else { return nil }
    return (UInt8(algorithm), tag, key)
  }

  mutating func hostIdentityText() -> String {
    guard let (algorithm, tag, key) = takeHostIdentity() else { return "" }
    var fields = [String(algorithm), hexadecimalText(tag), base64Text(key)]
    while !isAtEnd { fields.append(nameText()) }
    return fields.joined(separator: " ")
  }
}

extension TextCursor {
  /// One field: a gateway of the type two octets back.
  mutating func readGateway(
    _ label: String, text: Span<UInt8>, origin: [UInt8], to wire: inout [UInt8]
  ) throws(RDataTextError) {
    switch wire.dropLast().last {
    case 0:
      guard text.equals(".", in: try take(label)) else { throw error(.unlike(label, example: ". (gateway type 0)")) }
    case 1:
      guard let bits = parseIPv4(text, try take(label)) else { throw error(.notAnAddress("IPv4 \(label)")) }
      wire.append(integer: bits)
    case 2:
      guard let (high, low) = parseIPv6(text.octets(try take(label))) else {
        throw error(.notAnAddress("IPv6 \(label)"))
      }
      wire.append(integer: high)
      wire.append(integer: low)
    case 3: try readName(label, text: text, origin: origin, to: &wire)
    default:
      // The type stands two fields before.
      throw RDataTextError(field: max(0, next - 2), problem: .notANumber("gateway type", max: 3))
    }
  }

  /// All fields that are left: algorithm, tag, key, servers (RFC 8005 §6).
  mutating func readHostIdentity(
    text: Span<UInt8>, origin: [UInt8], to wire: inout [UInt8]
  ) throws(RDataTextError) {
    let algorithm = try readNumber("algorithm", max: 0xff, text: text)
    var tag: [UInt8] = [], key: [UInt8] = []
    var part = try takeAlone("host identity tag")
    try part.readHexadecimal("host identity tag", .any, text: text, to: &tag)
    guard tag.count <= 255 else {
      throw error(.wrongCount("host identity tag", found: tag.count, right: 1...255))
    }
    part = try takeAlone("public key")
    try part.readBase64("public key", text: text, to: &key)
    guard key.count <= 65535 else { throw error(.wrongCount("public key", found: key.count, right: 1...65534)) }
    wire += [UInt8(tag.count), UInt8(algorithm)]
    wire.append(integer: UInt16(key.count))
    wire += tag + key
    while !isAtEnd { try readName("rendezvous server", text: text, origin: origin, to: &wire) }
  }
}
