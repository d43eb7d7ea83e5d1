internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy

/// Responses over UDP meet the rate limit here: which are looked at, of which kind they are, what a slipped one says.
struct ResponseLimiting: Sendable, ~Copyable {
  /// Nil where the policy says `rate-limit off`.
  private let limit: RateLimit?
  private let isLoopbackLimited: Bool
  private let exempt: PrefixTable
  private let hasExempt: Bool

  init(_ policy: RateLimiting) {
    limit =
      policy.rate == 0
      ? nil
      : RateLimit(
        rate: policy.rate, slip: policy.slip, ipv4Length: policy.ipv4Length, ipv6Length: policy.ipv6Length)
    isLoopbackLimited = policy.isLoopbackLimited
    exempt = PrefixTable(policy.exempt.map { (prefix: $0.prefix, value: 1) })
    hasExempt = !policy.exempt.isEmpty
  }

  /// What is to become of a response, charging it to its account.
  /// - Parameter now: nanoseconds of the monotonic clock.
  func judge(
    _ response: borrowing OctetBuffer, to request: Span<UInt8>, of source: IPAddress, _ outcome: Outcome,
    by limiter: RateLimiter, at now: UInt64
  ) -> RateLimiter.Verdict {
    guard let limit, response.count >= 12 else { return .send }
    if !isLoopbackLimited && source.isLoopback { return .send }
    if hasExempt, exempt.value(for: source) != 0 { return .send }
    // A client with a cookie of ours has shown that its address is its own (RFC 7873 §1).
    if outcome.hasValidCookie { return .send }
    let kind = RateLimiter.Kind(of: response, outcome)
    let name = kind.isSpreadByName ? limiter.hash(ofNameIn: request) : 0
    return limiter.charge(limiter.key(source, kind, name: name, limit), limit, at: now)
  }
}

extension RateLimiter.Kind {
  /// The kind of a response, from its header.
  init(of response: borrowing OctetBuffer, _ outcome: Outcome) {
    if outcome.rcode == .nxDomain {
      self = .nxdomain
    } else if outcome.rcode != .noError {
      self = .error
    } else if response[6] | response[7] != 0 || outcome.isTruncated {
      self = .answer
    } else if response[2] & 0x04 == 0, response[8] | response[9] != 0 {
      self = .referral
    } else {
      self = .nodata
    }
  }
}

/// Writes what goes out in the place of a response held back: header, question, OPT, with TC set (RFC 1035 §4.1.1), so
/// that an asker who is there asks again over TCP. Never larger than the request.
struct SlipWriter: ~Copyable {
  private var query = Query()
  private var name = NameKey()
  private var writer = ResponseWriter()

  mutating func write(insteadOf response: inout OctetBuffer, to request: Span<UInt8>, _ outcome: Outcome) {
    // The request was read before: what is wrong with it is in the outcome, and what could be read of it is echoed.
    try? query.read(request, name: &name)
    response.reset()
    writer.begin(query, request: request, into: &response)
    writer.setFlags(ResponseWriter.truncated | outcome.rcode.rawValue & 15, in: &response)
    if query.hasEDNS { OPTWriter.append(rcode: outcome.rcode, isDNSSECOK: query.isDNSSECOK, into: &response) }
  }
}

extension IPAddress {
  /// True for `127.0.0.0/8` and `::1`.
  var isLoopback: Bool { isIPv4 ? low >> 24 == 127 : high == 0 && low == 1 }
}
