internal import DNSFormat
internal import Policy

/// Names as lines for a policy's files have them: each is read as what it means, where the line is to be pasted.
struct PolicyWords {
  private let policy: Policy
  /// Contexts and groups: a service is not called so without its final dot.
  private let taken: Set<String>
  /// True where no service is declared under another origin than that of files that say none.
  private let hasOneOrigin: Bool

  init(_ policy: Policy) {
    self.policy = policy
    taken = Set(policy.contexts.nodes.map(\.name)).union(policy.groups.map(\.name))
    hasOneOrigin = policy.services.allSatisfy { $0.origin == policy.origin }
  }

  /// A service where its block begins.
  func head(_ service: Int) -> String { name(service, isShort: policy.services[service].origin == policy.origin) }

  /// Whom a line of a service's block names. Under an origin of its own names are in full, right in any other file too.
  func word(_ subject: Grant.Subject, besides service: Int) -> String {
    word(subject, isShort: policy.services[service].origin == policy.origin)
  }

  /// Whom a line names that stands in no block.
  func anywhere(_ subject: Grant.Subject) -> String { word(subject, isShort: hasOneOrigin) }

  private func word(_ subject: Grant.Subject, isShort: Bool) -> String {
    switch subject {
    case .service(let index): name(index, isShort: isShort)
    case .context(let number): policyWord(policy.contexts.nodes[number].name)
    case .everyone: "*"
    }
  }

  /// Below the policy's origin, or in full with the final dot.
  private func name(_ service: Int, isShort: Bool) -> String {
    let name = policy.services[service].name
    guard isShort, let origin = policy.origin, origin != .root, name.isAtOrBelow(origin) else {
      return policyWord(name.description)
    }
    let short = name.description(relativeTo: origin)
    return policyWord(taken.contains(short) ? name.description : short)
  }
}

/// A name as a policy's word: in quotes where it has what ends or begins something else. Names are kept as they were
/// written, escapes and all.
func policyWord(_ text: String) -> String {
  let isPlain =
    !text.isEmpty && !text.contains("->")
    && text.utf8.allSatisfy { octet in
      octet > 0x20 && octet < 0x7f && !["\"", "#", ";", "{", "}", "\\"].contains(Character(Unicode.Scalar(octet)))
    }
  if isPlain { return text }
  return "\"\(text)\""
}
