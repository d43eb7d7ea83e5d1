/// What became of a reply.
package enum UpstreamReply: Hashable, Sendable {
  /// The image has what may be believed of it.
  case usable
  /// There is more over TCP.
  case truncated
  /// The server says that it cannot: SERVFAIL, REFUSED, FORMERR, NOTIMP and all other RCODEs.
  case unusable(rcode: UInt16)
  /// A referral, or a reply of a server that neither has the name nor asks others for it.
  case lame
  /// Not a reply to this query: to be passed over, waiting for the right one.
  case rejected(Fault)

  /// Why it is not a reply to the query.
  package enum Fault: String, Hashable, Sendable, CaseIterable {
    case malformed
    case notAResponse
    case wrongID
    case wrongQuestion
    case wrongCase
  }
}

/// For how long replies are believed, in seconds.
package struct ReplyLimits: Hashable, Sendable {
  /// At the most.
  package var longestTTL: UInt32 = 86_400
  /// That something does not exist, at the most.
  package var longestNegativeTTL: UInt32 = 3600

  package init(longestTTL: UInt32 = 86_400, longestNegativeTTL: UInt32 = 3600) {
    self.longestTTL = longestTTL
    self.longestNegativeTTL = longestNegativeTTL
  }
}

/// Reads replies: what may be believed of them becomes an image.
package struct ReplyReader: ~Copyable {
  package init() {}

  /// Checks a reply and, where it is usable, makes an image of it. Any octets give a result.
  package mutating func read(
    _ reply: Span<UInt8>, to query: UpstreamQuery, _ limits: ReplyLimits, _ rebinding: RebindingGuard,
    into image: inout ReplyImage
  ) -> UpstreamReply { .lame }
}
