public import Addresses

/// A server cookie of version 1 (RFC 9018 §4): version, three reserved octets, a time, and a hash over these, the client
/// cookie and the client's address. The server keeps nothing about its clients: the cookie comes back and is checked.
public struct ServerCookie: Hashable, Sendable, BitwiseCopyable {
  /// The first eight octets, the first the highest: version, reserved, time.
  public let head: UInt64
  /// The last eight octets, the first the highest.
  public let hash: UInt64

  /// A cookie as it came.
  public init(head: UInt64, hash: UInt64) {
    self.head = head
    self.hash = hash
  }

  /// Makes a cookie.
  /// - Parameters:
  ///   - client: the client cookie's eight octets, the first the highest.
  ///   - time: seconds since 1970, modulo 2^32.
  public init(for client: UInt64, at address: IPAddress, time: UInt32, by key: SipHash24.Key) {
    head = 1 << 56 | UInt64(time)
    hash = Self.hash(head, client, address, key)
  }

  /// Seconds since 1970, modulo 2^32.
  var time: UInt32 { UInt32(truncatingIfNeeded: head) }

  /// True where this key made the cookie for this client. The reserved octets are hashed as they came (RFC 9018 §A.3).
  func isMade(for client: UInt64, at address: IPAddress, by key: SipHash24.Key) -> Bool {
    head >> 56 == 1 && Self.hash(head, client, address, key) == hash
  }

  /// RFC 9018 §4.4: client cookie, head, then the address with its 4 or 16 octets.
  private static func hash(_ head: UInt64, _ client: UInt64, _ address: IPAddress, _ key: SipHash24.Key) -> UInt64 {
    var hash = SipHash24(key)
    hash.combine(client.byteSwapped)
    hash.combine(head.byteSwapped)
    if address.isIPv4 {
      return hash.finish(tail: UInt64(UInt32(truncatingIfNeeded: address.low).byteSwapped), octetCount: 20).byteSwapped
    }
    hash.combine(address.high.byteSwapped)
    hash.combine(address.low.byteSwapped)
    return hash.finish(octetCount: 32).byteSwapped
  }
}

/// What server cookies are made with, and what is accepted while all servers learn a new secret (RFC 9018 §5).
public struct CookieSecrets: Hashable, Sendable, BitwiseCopyable {
  /// Makes cookies.
  public let current: SipHash24.Key
  /// Made cookies until lately, or will soon: they are good too.
  public let other: SipHash24.Key?

  /// Servers that share an address share their secrets.
  public init(_ current: SipHash24.Key, other: SipHash24.Key? = nil) {
    self.current = current
    self.other = other
  }

  /// A secret that nobody else has: for a server that stands alone.
  package static func random() -> CookieSecrets {
    CookieSecrets(SipHash24.Key(low: .random(in: .min ... .max), high: .random(in: .min ... .max)))
  }

  /// A cookie older than this is no good, nor one from further ahead than five minutes (RFC 9018 §4.3), in seconds.
  static var longestAge: Int32 { 3600 }
  static var longestLead: Int32 { 300 }
  /// From this age on the client gets a fresh one, in seconds.
  static var renewalAge: Int32 { 1800 }

  /// Judges the cookie that came, and gives the one to send: the same again while it is young, else a fresh one.
  ///
  /// One hash for a cookie that is good and young, two otherwise, three where there are two secrets.
  /// - Parameters:
  ///   - client: the client cookie's eight octets, the first the highest.
  ///   - received: nil where the client has none yet, or one that no secret of ours can have made.
  ///   - time: seconds since 1970, modulo 2^32.
  public func exchange(
    _ received: ServerCookie?, of client: UInt64, at address: IPAddress, time: UInt32
  ) -> (cookie: ServerCookie, isValid: Bool) {
    var isValid = false
    if let received {
      // RFC 1982 arithmetic: times wrap round in 2106.
      let age = Int32(bitPattern: time &- received.time)
      if age <= Self.longestAge, age >= -Self.longestLead {
        if received.isMade(for: client, at: address, by: current) {
          if age < Self.renewalAge { return (received, true) }
          isValid = true
        } else if let other {
          isValid = received.isMade(for: client, at: address, by: other)
        }
      }
    }
    return (ServerCookie(for: client, at: address, time: time, by: current), isValid)
  }
}
