internal import Addresses
package import DNSFormat
internal import FlatMemory
package import Policy

/// A line of the query log, as a reader of it needs it.
package enum QueryLogLine: Sendable {
  case query(QueryLogEntry)
  /// So many records are missing here.
  case dropped(Int)
  /// From here on only what was refused, or would have been, is logged; or everything.
  case scope(QueryLog.Scope)

  /// What the line says; nil where it is none of a query log's.
  package init?(_ text: Span<UInt8>) {
    guard let members = FlatJSON.object(text) else { return nil }
    if case .number(let count)? = members["dropped"] {
      guard count >= 0 else { return nil }
      self = .dropped(count)
    } else if case .string(let word)? = members["scope"] {
      guard let scope = QueryLog.Scope(rawValue: word) else { return nil }
      self = .scope(scope)
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
  /// Without what names a context or a service: those are numbers of a policy, see ``evidence(_:)``.
  private let bareEvidence: Evidence
  private let listener: String?
  private let certificate: String?
  private let hasCertificate: Bool
  /// Nil where the request had no question.
  package let name: DomainName?
  package let type: RRType
  /// The service that was asked for, as the policy wrote it.
  package let target: String?
  /// True where some rule was broken.
  package let isBroken: Bool
  /// True where that was only logged.
  package let isOnlyObserved: Bool

  fileprivate init?(_ members: [String: FlatJSON.Value]) {
    func text(_ name: String) -> String? {
      if case .string(let text)? = members[name] { text } else { nil }
    }
    guard let source = text("source").flatMap({ IPAddress($0) }), let written = text("name") else { return nil }
    if written.isEmpty {
      name = nil
      type = RRType(0)
    } else {
      guard let qname = try? DomainName(written), let qtype = text("type").flatMap({ RRType(mnemonic: $0) }) else {
        return nil
      }
      name = qname
      type = qtype
    }
    time = text("time") ?? ""
    var evidence = Evidence(source: source)
    switch text("known")?.split(separator: " ").first {
    case "proxy": evidence.addressSource = .proxy
    case "client-subnet": evidence.addressSource = .clientSubnet
    default: break
    }
    if case .number(let user)? = members["user"] { evidence.user = UInt32(exactly: user) }
    bareEvidence = evidence
    listener = text("listener")
    certificate = text("certificate")
    hasCertificate = members["certificate"] != nil
    target = text("target")
    isBroken = members["rules"].map { $0 != .other(isEmpty: true) && $0 != .null } ?? (text("decision") == "refused")
    isOnlyObserved = members["observed"] == .bool(true)
  }

  /// What was known of who asked, in a policy's numbers. A context or service that the policy does not have (any more)
  /// tells nothing.
  package func evidence(_ policy: CompiledPolicy) -> Evidence {
    var evidence = bareEvidence
    evidence.listenerContext = listener.flatMap { policy.policy.contexts.number(of: $0) }.map { UInt16($0) }
    if hasCertificate {
      let index = policy.policy.services.firstIndex { $0.display == certificate }
      evidence.certificateService = index.map { UInt32($0 + 1) } ?? 0
    }
    return evidence
  }
}
