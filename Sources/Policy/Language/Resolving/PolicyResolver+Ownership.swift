internal import Addresses
internal import Diagnostics

/// A prefix belongs to one context and to one service: the longest wins, so two of a length would contradict. A
/// certificate's name and a user belong to one service.
extension PolicyResolver {
  mutating func checkOwnership() {
    var contexts = Owners<Prefix>(kind: "context")
    for context in draft.contexts {
      for said in context.from + context.endpoints {
        contexts.claim(
          said.prefix, "\(said.prefix)", at: said.location, by: context.name.text, called: context.name.text,
          &diagnostics)
      }
    }
    var prefixes = Owners<Prefix>(kind: "service")
    // By octets, as callers are told apart: strings are equal where they only look the same.
    var identities = Owners<[UInt8]>(kind: "service")
    var users = Owners<String>(kind: "service")
    prefixes.expect(draft.services.count)
    for service in draft.services {
      let owner = service.isNameGood ? service.name.description.lowercased() : service.word.text
      let name = display(service)
      for said in service.runsAt {
        prefixes.claim(said.prefix, "\(said.prefix)", at: said.location, by: owner, called: name, &diagnostics)
      }
      for said in service.identities {
        let text = "identity \(quoted(said.commonName))"
        identities.claim(Array(said.commonName.utf8), text, at: said.location, by: owner, called: name, &diagnostics)
      }
      for said in service.users {
        // 033 and 33 are one user.
        let user = said.number.map { "\($0)" } ?? said.text
        users.claim(user, "uid \(quoted(said.text))", at: said.location, by: owner, called: name, &diagnostics)
      }
    }
  }

  /// Who claimed which thing first.
  private struct Owners<Thing: Hashable> {
    let kind: String
    private var first: [Thing: (owner: String, display: String, location: SourceLocation)] = [:]
    /// Words of which something was said: a network's name stands for many prefixes.
    private var doubted: Set<SourceLocation> = []

    init(kind: String) { self.kind = kind }

    /// Makes room for so many things: growing by doubling takes longer.
    mutating func expect(_ count: Int) { first.reserveCapacity(count) }

    mutating func claim(
      _ thing: Thing, _ text: @autoclosure () -> String, at location: SourceLocation, by owner: String,
      called display: String, _ diagnostics: inout DiagnosticList
    ) {
      guard let other = first[thing] else {
        first[thing] = (owner, display, location)
        return
      }
      guard doubted.insert(location).inserted else { return }
      if other.owner == owner {
        diagnostics.warning(
          at: location,
          "\(text()) is already said of \(kind) \(quoted(display)) at \(other.location.short); once is enough")
      } else {
        diagnostics.error(
          at: location,
          "\(text()) belongs to \(kind) \(quoted(other.display)) (\(other.location.short)) and cannot belong to "
            + "\(quoted(display)) too; keep one")
      }
    }
  }
}
