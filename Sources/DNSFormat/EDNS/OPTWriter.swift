public import FlatMemory

/// Writes the OPT record of a response (RFC 6891 §6.1.2), which comes last, and its options.
public enum OPTWriter {
  /// Octets of an OPT record without options.
  public static var size: Int { 11 }
  /// The UDP size we take: what fits an IPv6 packet of 1280 octets, whose fragments nobody needs.
  public static var udpSize: UInt16 { 1232 }

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

/// Extended DNS Errors (RFC 8914): option 15, an INFO-CODE and a text.
public enum ExtendedDNSError {
  /// The option's code.
  public static var optionCode: UInt16 { 15 }

  /// INFO-CODEs that Ambit sends (RFC 8914 §5.2).
  public enum InfoCode: UInt16, Sendable {
    case other = 0
    case blocked = 15
    case prohibited = 18
    case notAuthoritative = 20
    case invalidData = 24

    /// The name in IANA's registry.
    package var name: String {
      switch self {
      case .other: "Other Error"
      case .blocked: "Blocked"
      case .prohibited: "Prohibited"
      case .notAuthoritative: "Not Authoritative"
      case .invalidData: "Invalid Data"
      }
    }
  }
}
