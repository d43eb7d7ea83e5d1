/// What can be wrong with the octets of a request. A value, no text: it becomes an RCODE or silence, and a counter.
public enum WireError: UInt8, Error, Sendable, BitwiseCopyable {
  /// Fewer than the 12 octets of a header: there is nothing to answer.
  case short
  /// QR is set: answering answers would make loops (RFC 1035 §7.3).
  case isResponse
  /// QDCOUNT is not 1 (RFC 9619), nor 0 in a request for a cookie (RFC 7873 §5.4): FORMERR, no question to echo.
  case questionCount
  /// The question, a record or an option is cut short or not what it must be: FORMERR.
  case malformed
  /// An opcode other than QUERY: NOTIMP.
  case opcode
  /// Signed with a TSIG key, and we have none: NOTAUTH, with the TSIG error BADKEY (RFC 8945 §5.2.1).
  case signed
}

/// The RCODEs that Ambit sends (RFC 1035 §4.1.1, RFC 6891 §9, RFC 7873 §8, RFC 8945 §4.3).
public enum RCode: UInt16, Sendable, CaseIterable, BitwiseCopyable {
  case noError = 0
  case formErr = 1
  case servFail = 2
  case nxDomain = 3
  case notImp = 4
  case refused = 5
  case yxDomain = 6
  case notAuth = 9
  case badVers = 16
  case badCookie = 23

  /// As dig prints it.
  package var mnemonic: String {
    switch self {
    case .noError: "NOERROR"
    case .formErr: "FORMERR"
    case .servFail: "SERVFAIL"
    case .nxDomain: "NXDOMAIN"
    case .notImp: "NOTIMP"
    case .refused: "REFUSED"
    case .yxDomain: "YXDOMAIN"
    case .notAuth: "NOTAUTH"
    case .badVers: "BADVERS"
    case .badCookie: "BADCOOKIE"
    }
  }
}
