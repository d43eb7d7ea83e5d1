internal import Contexts
internal import Diagnostics

/// Groups come to their members, and words of lines to whom they name.
extension PolicyResolver {
  /// How many members all groups may come to, and as many again all lines that name groups.
  static let maximalMemberCount = 2_000_000

  mutating func resolveGroups() {
    for (index, group) in draft.groups.enumerated() {
      if isGroupNameFree(group.name) { groupsByName[group.name.text] = index }
    }
    var sets = NestedSets<Grant.Subject>(limit: Self.maximalMemberCount)
    for group in draft.groups {
      var set: [NestedSets<Grant.Subject>.Member] = []
      for member in group.members {
        if member.word.text == "*" {
          diagnostics.error(
            at: member.word.location,
            "a group names its members, and \"*\" is everyone; write * where the group is used")
        } else if let inner = groupsByName[member.word.text] {
          usedGroups.insert(inner)
          set.append(.set(inner, at: member.word.location))
        } else if let grant = grant(member) {
          set.append(.element(grant.subject, at: grant.location))
        }
      }
      sets.members.append(set)
    }
    sets.flatten(called: "group", draft.groups.map(\.name), &diagnostics)
    for (group, members) in zip(draft.groups, sets.flat) {
      policy.groups.append(
        Group(
          name: group.name.text, members: members.map { Grant(subject: $0.element, location: $0.location) },
          location: group.name.location))
    }
  }

  /// False, with an error, where something else is called so.
  private mutating func isGroupNameFree(_ name: Word) -> Bool {
    var isFree = true
    func clash(_ kind: String, _ other: SourceLocation) {
      let (later, earlier) = name.location < other ? (other, name.location) : (name.location, other)
      isFree = false
      diagnostics.error(
        at: later, "\(quoted(name.text)) is both a group and a \(kind), the other at \(earlier.short); rename one")
    }
    if let first = groupsByName[name.text] {
      isFree = false
      diagnostics.error(
        at: name.location,
        "group \(quoted(name.text)) is declared twice, first at \(draft.groups[first].name.location.short); make them one"
      )
    }
    if let context = contextsByName[name.text] { clash("context", draft.contexts[context].name.location) }
    if let service = servicesByShortName[name.text.lowercased()] { clash("service", policy.services[service].location) }
    return isFree
  }

  /// Whom a word of an `allow`, `refuse` or `except` names: one, or a group's members.
  mutating func grants(_ reference: PolicyDraft.Reference) -> [Grant] {
    let word = reference.word
    guard let index = groupsByName[word.text] else { return grant(reference).map { [$0] } ?? [] }
    usedGroups.insert(index)
    let members = policy.groups[index].members
    guard takeMembers(members.count, at: word) else { return [] }
    return members.map { Grant(subject: $0.subject, location: word.location, group: index) }
  }

  /// False, with an error the first time, where the groups that lines name come to too much.
  mutating func takeMembers(_ count: Int, at word: Word) -> Bool {
    let wereEnough = membersLeft >= 0
    membersLeft -= count
    if membersLeft < 0, wereEnough {
      diagnostics.error(
        at: word.location,
        "the groups that lines name come to more than \(Self.maximalMemberCount) members; "
          + "declare a context from the members' addresses and name that, which is one")
    }
    return membersLeft >= 0
  }

  /// The contexts that a word of an `isolate` or `explain` names: one, or those in a group of contexts.
  /// - Parameter line: what the line takes: `isolate takes contexts`.
  mutating func contextNumbers(
    _ word: Word, _ known: [DiagnosticList.Known], line: String
  ) -> [Int] {
    if let number = contextNumbers[word.text] { return [number] }
    if contextsByName[word.text] != nil { return [] }  // what is wrong with it was said at its declaration
    guard let index = groupsByName[word.text] else {
      let isService = servicesByShortName[word.text.lowercased()] != nil
      diagnostics.error(
        at: word.location, "no context is called \(quoted(word.text))\(isService ? ", that is a service" : "")",
        meant: word.text, known: known, remedy: "\(line), declare it with \"context NAME { from PREFIX... }\"")
      return []
    }
    usedGroups.insert(index)
    let members = policy.groups[index].members
    guard takeMembers(members.count, at: word) else { return [] }
    for member in members {
      if case .service(let service) = member.subject {
        diagnostics.error(
          at: word.location,
          "group \(quoted(word.text)) has the service \(quoted(policy.services[service].display)) "
            + "(\(member.location.short)) in it; \(line), make a group of contexts only")
        return []
      }
    }
    return members.compactMap { if case .context(let number) = $0.subject { number } else { nil } }
  }

  /// The groups, as a message suggests them.
  var knownGroups: [DiagnosticList.Known] { draft.groups.map { .init(name: $0.name.text, location: $0.name.location) } }

  mutating func warnOfUnusedGroups() {
    for (index, group) in policy.groups.enumerated() where !usedGroups.contains(index) {
      diagnostics.warning(
        at: group.location,
        "group \(quoted(group.name)) is used nowhere; name it in an allow line, for example, or remove it")
    }
  }
}
