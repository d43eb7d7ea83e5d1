internal import Addresses
internal import Diagnostics

/// A prefix belongs to one context and to one service: the longest wins, so two of a length would contradict.
extension PolicyResolver {
  mutating func checkOwnership() {
    var owners = Owners(kind: "context")
    for context in draft.contexts {
      for prefix in context.from + context.endpoints {
        owners.claim(prefix, by: context.name.text, called: context.name.text, &diagnostics)
      }
    }
    owners = Owners(kind: "service")
    for service in draft.services {
      let owner = service.isNameGood ? service.name.description.lowercased() : service.word.text
      for prefix in service.runsAt { owners.claim(prefix, by: owner, called: service.word.text, &diagnostics) }
    }
  }

  /// Who claimed which prefix first.
  private struct Owners {
    let kind: String
    var first: [Prefix: (owner: String, display: String, location: SourceLocation)] = [:]

    init(kind: String) { self.kind = kind }

    mutating func claim(
      _ claimed: LocatedPrefix, by owner: String, called display: String, _ diagnostics: inout DiagnosticList
    ) {
      guard let other = first[claimed.prefix] else {
        first[claimed.prefix] = (owner, display, claimed.location)
        return
      }
      if other.owner == owner {
        diagnostics.warning(
          at: claimed.location,
          "\(claimed.prefix) is already said of \(kind) \(quoted(display)) at \(other.location.short); once is enough")
      } else {
        diagnostics.error(
          at: claimed.location,
          "\(claimed.prefix) belongs to \(kind) \(quoted(other.display)) (\(other.location.short)) and cannot belong to "
            + "\(quoted(display)) too; keep one")
      }
    }
  }
}
