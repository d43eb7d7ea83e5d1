/// Options of an OPT record (RFC 6891 §6.1.2) that Ambit knows. All others are passed over and never come back.
///
/// Passed over on purpose: padding, which plain transports have no use for (RFC 7830 §6), EXPIRE, CHAIN.
public enum EDNSOption {
  /// NSID: which of the servers behind an address is it? (RFC 5001)
  public static var nsid: UInt16 { 3 }
  /// Client Subnet (RFC 7871).
  public static var clientSubnet: UInt16 { 8 }
  /// COOKIE (RFC 7873).
  public static var cookie: UInt16 { 10 }
  /// edns-tcp-keepalive: how long may the connection be idle? (RFC 7828)
  public static var keepalive: UInt16 { 11 }
  /// Extended DNS Error (RFC 8914).
  public static var extendedError: UInt16 { 15 }
}

/// The options that a request has, of those that Ambit answers.
public struct RequestOptions: OptionSet, Sendable, BitwiseCopyable {
  /// A bit an option.
  public let rawValue: UInt8

  /// A set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The asker wants NSID. What data the option has means nothing (RFC 5001 §2.1 says there is none).
  public static var nsid: RequestOptions { RequestOptions(rawValue: 1) }
  /// There is a client cookie, and maybe a server cookie.
  public static var cookie: RequestOptions { RequestOptions(rawValue: 2) }
  /// The asker wants the idle time. RFC 7828 §3.2.1 wants no data with it; as BIND does, data is passed over.
  public static var keepalive: RequestOptions { RequestOptions(rawValue: 4) }
  /// Somebody says for whom they ask; whether that is believed is the policy's to say.
  public static var clientSubnet: RequestOptions { RequestOptions(rawValue: 8) }
}
