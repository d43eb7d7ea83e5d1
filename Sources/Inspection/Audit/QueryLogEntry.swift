package import Addresses
package import DNSFormat
internal import FlatMemory
package import Policy

/// A line of the query log, as a reader of it needs it.
package enum QueryLogLine: Sendable {
  case query(QueryLogEntry)
  /// So many records are missing here.
  case dropped(Int)
  /// From here on this is logged: all, or what was refused or would have been; or a sample of it.
  case scope(LogChoice)

  /// What the line says; nil where it is none of a query log's.
  package init?(_ text: Span<UInt8>) {
    guard let members = FlatJSON.object(text) else { return nil }
    if case .number(let count)? = members["dropped"] {
      guard count >= 0 else { return nil }
      self = .dropped(count)
    } else if case .string(let word)? = members["scope"] {
      guard let scope = LogChoice.Scope(rawValue: word) else { return nil }
      var sample = 1
      if let written = members["sample"] {
        guard case .number(let number) = written, number > 0 else { return nil }
        sample = number
      }
      self = .scope(LogChoice(scope, oneIn: UInt32(clamping: sample)))
    } else if let entry = QueryLogEntry(members) {
      self = .query(entry)
    } else {
      return nil
    }
  }
}

/// One query of a log.
package struct QueryLogEntry: Sendable {
  /// UTC, as the log writes it; empty where it does not.
  package let time: String
  /// Who asked what.
  package let question: LoggedQuestion
  /// The service that was asked for, as the policy wrote it.
  package let target: String?
  /// True where some rule was broken.
  package let isBroken: Bool
  /// True where that was only logged.
  package let isOnlyObserved: Bool

  fileprivate init?(_ members: [String: FlatJSON.Value]) {
    let written = members.text("time")
    guard let question = LoggedQuestion(members), written.map(isTime) != false else { return nil }
    self.question = question
    time = written ?? ""
    target = members.text("target")
    isBroken =
      members["rules"].map { $0 != .other(isEmpty: true) && $0 != .null } ?? (members.text("decision") == "refused")
    isOnlyObserved = members["observed"] == .bool(true)
  }
}

/// Who asked what, by one line of a log: all that it takes to ask again.
package struct LoggedQuestion: Hashable, Sendable {
  package let source: IPAddress
  /// Nil where the request had no question.
  package let name: DomainName?
  package let type: RRType
  private let addressSource: AddressSource
  private let listener: String?
  private let certificate: String?
  private let hasCertificate: Bool
  private let user: UInt32?

  fileprivate init?(_ members: [String: FlatJSON.Value]) {
    guard let source = members.text("source").flatMap({ IPAddress($0) }), let written = members.text("name") else {
      return nil
    }
    if written.isEmpty {
      name = nil
      type = RRType(0)
    } else {
      guard let qname = try? DomainName(written), let qtype = members.text("type").flatMap({ RRType(mnemonic: $0) })
      else { return nil }
      name = qname
      type = qtype
    }
    self.source = source
    listener = members.text("listener")
    certificate = members.text("certificate")
    hasCertificate = members["certificate"] != nil
    switch members.text("known")?.split(separator: " ").first {
    case "proxy": addressSource = .proxy
    case "client-subnet": addressSource = .clientSubnet
    case nil where hasCertificate: addressSource = .proxy
    default: addressSource = .packet
    }
    if case .number(let number)? = members["user"] { user = UInt32(exactly: number) } else { user = nil }
  }

  /// What was known of who asked, in a policy's numbers. A context or service that the policy does not have (any more)
  /// tells nothing. Lines that others write may have the address asked and the certificate's common name instead.
  package func evidence(_ policy: CompiledPolicy) -> Evidence {
    var evidence = Evidence(source: source, addressSource: addressSource, user: user)
    if let listener {
      let address = SocketAddress(listener, defaultPort: 53)
      let context =
        policy.policy.contexts.number(of: listener)
        ?? policy.policy.listens.first { address != nil && $0.address == address }?.context
      evidence.listenerContext = context.map { UInt16($0) }
    }
    if hasCertificate {
      let services = policy.policy.services
      let index =
        services.firstIndex { $0.display == certificate }
        ?? services.firstIndex { $0.identities.contains { $0.commonName == certificate } }
      evidence.certificateService = index.map { UInt32($0 + 1) } ?? 0
    }
    return evidence
  }
}

extension [String: FlatJSON.Value] {
  fileprivate func text(_ name: String) -> String? {
    if case .string(let text)? = self[name] { text } else { nil }
  }
}

/// True for a time as RFC 3339 has it, in UTC: `2026-11-21T10:00:00Z`, with or without a fraction of the second. Such times
/// sort as text, and have nothing in them that a terminal would act on.
private func isTime(_ text: String) -> Bool {
  let octets = Array(text.utf8)
  let form = Array("0000-00-00T00:00:00".utf8)
  guard octets.count > form.count, octets.count <= form.count + 11, octets.last == UInt8(ascii: "Z") else {
    return false
  }
  func isDigit(_ octet: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= octet }
  for (octet, pattern) in zip(octets, form) where isDigit(pattern) ? !isDigit(octet) : octet != pattern { return false }
  func number(_ start: Int) -> Int { Int(octets[start] - 48) * 10 + Int(octets[start + 1] - 48) }
  guard 1...12 ~= number(5), 1...31 ~= number(8), number(11) < 24, number(14) < 60, number(17) <= 60 else {
    return false
  }
  let fraction = octets[form.count..<octets.count - 1]
  return fraction.isEmpty
    || fraction.first == UInt8(ascii: ".") && fraction.count > 1 && fraction.dropFirst().allSatisfy(isDigit)
}
