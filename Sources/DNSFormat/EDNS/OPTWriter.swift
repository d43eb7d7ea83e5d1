public import FlatMemory

/// Writes the OPT record of a response (RFC 6891 §6.1.2), which comes last, and its options.
public enum OPTWriter {
  /// Octets of an OPT record without options.
  @inlinable public static var size: Int { 11 }
  /// The UDP size we take: what fits an IPv6 packet of 1280 octets, whose fragments nobody needs.
  @inlinable public static var udpSize: UInt16 { 1232 }

  /// Appends an OPT record without options.
  /// - Parameters:
  ///   - rcode: its upper eight bits go here (RFC 6891 §6.1.3).
  ///   - isDNSSECOK: echoed from the query (RFC 3225 §3).
  public static func append(rcode: RCode, isDNSSECOK: Bool, into buffer: inout OctetBuffer) {
    buffer.append(0 as UInt8)
    buffer.append(RRType.opt.rawValue)
    buffer.append(udpSize)
    buffer.append(UInt32(rcode.rawValue >> 4) << 24 | (isDNSSECOK ? 0x8000 : 0))
    buffer.append(0 as UInt16)
    if !buffer.overflowed { buffer.set(UInt16(buffer[10]) << 8 | UInt16(buffer[11]) &+ 1, at: 10) }
  }

  /// Writes the OPT record of a NOERROR response without options over `size` octets that were written or made room for.
  @inlinable @inline(__always)
  public static func set(isDNSSECOK: Bool, at offset: Int, in buffer: inout OctetBuffer) {
    // The root's name, the type, the UDP size, the upper half of what stands in the place of a TTL.
    buffer.set(UInt64(RRType.opt.rawValue) << 40 | UInt64(udpSize) << 24, at: offset)
    buffer.set(isDNSSECOK ? 0x8000_0000 : 0 as UInt32, at: offset &+ 7)
  }

  /// Appends an option to the OPT record that the buffer ends with; nothing where it does not fit.
  /// - Parameters:
  ///   - opt: where that record starts.
  ///   - data: appends the option's data.
  public static func appendOption(
    _ code: UInt16, toRecordAt opt: Int, into buffer: inout OctetBuffer, data: (inout OctetBuffer) -> Void
  ) {
    let start = buffer.count
    buffer.append(code)
    buffer.append(0 as UInt16)
    data(&buffer)
    if buffer.overflowed {
      buffer.truncate(to: start)
    } else {
      buffer.set(UInt16(truncatingIfNeeded: buffer.count &- start &- 4), at: start &+ 2)
      buffer.set(UInt16(truncatingIfNeeded: buffer.count &- opt &- size), at: opt &+ 9)
    }
  }
}

/// Options with data of their own.
extension OPTWriter {
  /// Octets of a COOKIE option with a cookie of ours.
  public static var cookieSize: Int { 4 + 8 + 16 }

  /// Appends a COOKIE option (RFC 7873 §4): the client's own octets, and a server cookie.
  public static func appendCookie(
    client: UInt64, _ server: ServerCookie, toRecordAt opt: Int, into buffer: inout OctetBuffer
  ) {
    appendOption(EDNSOption.cookie, toRecordAt: opt, into: &buffer) {
      $0.append(client)
      $0.append(server.head)
      $0.append(server.hash)
    }
  }

  /// Appends a Client Subnet option (RFC 7871 §7.2.1): what came, and the scope.
  public static func append(
    _ subnet: ClientSubnet, scope: UInt8, toRecordAt opt: Int, into buffer: inout OctetBuffer
  ) {
    appendOption(EDNSOption.clientSubnet, toRecordAt: opt, into: &buffer) {
      $0.append(subnet.family)
      $0.append(subnet.sourceLength)
      $0.append(scope)
      var index = 0
      while index < subnet.octetCount {
        $0.append(subnet.octet(index))
        index &+= 1
      }
    }
  }

  /// Octets of an edns-tcp-keepalive option with a time.
  public static var keepaliveSize: Int { 4 + 2 }

  /// Appends an edns-tcp-keepalive option (RFC 7828 §3.1).
  /// - Parameter time: that a connection may be idle, in units of 100 ms.
  public static func appendKeepalive(time: UInt16, toRecordAt opt: Int, into buffer: inout OctetBuffer) {
    appendOption(EDNSOption.keepalive, toRecordAt: opt, into: &buffer) { $0.append(time) }
  }
}

/// Extended DNS Errors (RFC 8914): an INFO-CODE and a text.
public enum ExtendedDNSError {
  /// INFO-CODEs that Ambit sends, or passes on from servers that it asks (RFC 8914 §5.2).
  public enum InfoCode: UInt16, Sendable {
    case other = 0
    case unsupportedDNSKEYAlgorithm = 1
    case unsupportedDSDigestType = 2
    case staleAnswer = 3
    case forgedAnswer = 4
    case dnssecIndeterminate = 5
    case dnssecBogus = 6
    case signatureExpired = 7
    case signatureNotYetValid = 8
    case dnskeyMissing = 9
    case rrsigsMissing = 10
    case noZoneKeyBitSet = 11
    case nsecMissing = 12
    case cachedError = 13
    case notReady = 14
    case blocked = 15
    case censored = 16
    case filtered = 17
    case prohibited = 18
    case staleNXDomainAnswer = 19
    case notAuthoritative = 20
    case notSupported = 21
    case noReachableAuthority = 22
    case networkError = 23
    case invalidData = 24

    /// The name in IANA's registry.
    package var name: String {
      switch self {
      case .other: "Other Error"
      case .unsupportedDNSKEYAlgorithm: "Unsupported DNSKEY Algorithm"
      case .unsupportedDSDigestType: "Unsupported DS Digest Type"
      case .forgedAnswer: "Forged Answer"
      case .dnssecIndeterminate: "DNSSEC Indeterminate"
      case .dnssecBogus: "DNSSEC Bogus"
      case .signatureExpired: "Signature Expired"
      case .signatureNotYetValid: "Signature Not Yet Valid"
      case .dnskeyMissing: "DNSKEY Missing"
      case .rrsigsMissing: "RRSIGs Missing"
      case .noZoneKeyBitSet: "No Zone Key Bit Set"
      case .nsecMissing: "NSEC Missing"
      case .cachedError: "Cached Error"
      case .notReady: "Not Ready"
      case .censored: "Censored"
      case .filtered: "Filtered"
      case .staleAnswer: "Stale Answer"
      case .blocked: "Blocked"
      case .prohibited: "Prohibited"
      case .staleNXDomainAnswer: "Stale NXDOMAIN Answer"
      case .notAuthoritative: "Not Authoritative"
      case .notSupported: "Not Supported"
      case .noReachableAuthority: "No Reachable Authority"
      case .networkError: "Network Error"
      case .invalidData: "Invalid Data"
      }
    }
  }
}
