package import DNSFormat
internal import Diagnostics
internal import Policy
internal import ZoneFile

/// Which Ambit this is.
package let ambitVersion = "0.1.0"

/// What a snapshot takes from the server rather than from its configuration, the same for every load.
package struct ServerFacts: Sendable {
  /// Server cookies are made with these where the policy has no secret of its own: kept across reloads, so that clients'
  /// cookies stay good.
  package var cookieSecrets: CookieSecrets
  /// The machine's name, for `nsid host-name`; empty where it has none.
  package var hostName: String

  /// True where the snapshot is to be served. Where it is only looked at, a secret that cannot be read is no error: it is
  /// the server's, and who runs `ambit check` need not be allowed to see it, or be on a machine that has it.
  package var isServing: Bool

  /// The number of this host's user of a name, nil where there is none; for `uid` lines. Nil where there is nobody to
  /// ask: names are nobody's then, and nothing is said of it.
  package var userNumber: (@Sendable (String) -> UInt32?)?

  package init(
    cookieSecrets: CookieSecrets = .random(), hostName: String = "", isServing: Bool = false,
    userNumber: (@Sendable (String) -> UInt32?)? = nil
  ) {
    self.cookieSecrets = cookieSecrets
    self.hostName = hostName
    self.isServing = isServing
    self.userNumber = userNumber
  }

  /// What NSID says; empty for nothing.
  func nsid(for policy: Policy) -> [UInt8] {
    switch policy.nsid {
    case .off: []
    case .hostName: Array(hostName.utf8.prefix(NSID.sizes.upperBound))
    case .octets(let octets): octets
    }
  }

  /// What `version.bind` is told; empty for nothing.
  func version(for policy: Policy) -> [UInt8] {
    switch policy.versionText {
    case .own: Array("ambit \(ambitVersion)".utf8)
    case .off: []
    case .text(let text): Array(text.utf8)
    }
  }

  /// The policy's secrets, or the server's; nil, with a diagnostic, where the policy's file does not have them: cookies
  /// that other servers do not know would look like forgeries there.
  func cookieSecrets(
    for policy: Policy, _ files: ConfigurationFiles, _ diagnostics: inout [Diagnostic]
  ) -> CookieSecrets? {
    guard let secret = policy.cookieSecret else { return cookieSecrets }
    func warnOfOpenness(_ path: String, _ remedy: String) {
      if files.status(path)?.isOpenToOthers != true { return }
      diagnostics.append(
        .warning(
          at: secret.location,
          "the file's mode lets any user read or change the cookie secret, and so forge cookies; \(remedy)"))
    }
    switch secret.source {
    case .octets(let octets):
      let path = secret.location.file
      warnOfOpenness(path, "chmod o-rw \(path), or write cookie-secret file PATH")
      return CookieSecrets(octets)
    case .file(let written):
      let folder = secret.location.file.lastIndex(of: "/").map { secret.location.file[...$0] } ?? ""
      let path = written.hasPrefix("/") ? written : folder + written
      warnOfOpenness(path, "chmod o-rw \(path)")
      switch files.open(path) {
      case .failure(let failure) where !isServing:
        diagnostics.append(
          .warning(
            at: secret.location,
            "the cookie secret's file \(path) cannot be read here: \(failure.reason); a server does not start without it"
          ))
        return cookieSecrets
      case .failure(let failure):
        diagnostics.append(
          .error(
            at: secret.location,
            "the cookie secret's file \(path) cannot be read: \(failure.reason); let the server's user read it"))
      case .success(let text):
        let words = text.split { $0 == 0x20 || $0 >= 0x09 && $0 <= 0x0d }
        let octets = words.prefix(3).compactMap { hexadecimalOctets(String(decoding: $0, as: UTF8.self)) }
        if octets.count == words.count, let secrets = CookieSecrets(octets) { return secrets }
        diagnostics.append(
          .error(
            at: SourceLocation(file: path),
            "the cookie secret's file holds one or two words of 32 hexadecimal digits, and this one something else; "
              + "make one: openssl rand -hex 16"))
      }
      return nil
    }
  }
}

extension CookieSecrets {
  /// One secret, or the one that makes cookies and the one that is accepted too.
  fileprivate init?(_ secrets: [[UInt8]]) {
    let keys = secrets.compactMap { SipHash24.Key($0) }
    guard keys.count == secrets.count, (1...2).contains(keys.count) else { return nil }
    self.init(keys[0], other: keys.count == 2 ? keys[1] : nil)
  }
}
