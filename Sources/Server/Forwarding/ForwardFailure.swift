internal import DNSFormat

/// What those are told whose question nobody answered.
struct ForwardFailure: Equatable {
  /// SERVFAIL, or REFUSED where all servers say that.
  let rcode: RCode
  let code: ExtendedDNSError.InfoCode
  /// For EXTRA-TEXT.
  let text: String

  init(rcode: RCode = .servFail, _ code: ExtendedDNSError.InfoCode, _ text: String) {
    self.rcode = rcode
    self.code = code
    self.text = text
  }
}
