internal import Contexts
internal import Diagnostics

/// What can be read and is hardly meant: lines that contradict each other, or do nothing. Looked for where there are no
/// errors; what needs the zones' data or the clock is `check`'s.
extension PolicyResolver {
  mutating func findDoubts() {
    for number in policy.services.indices { findLineDoubts(of: number) }
    warnOfUnusedGroups()
    findSteeringDoubts()
    findTierDoubts()
    findExceptionDoubts()
    findObservedDoubts()
    findTrustDoubts()
    findIdentityDoubts()
    findLogDoubts()
    findHTTPDoubts()
  }

  /// True where nothing can be odd, as with most services: no line, or few words that each name another thing.
  private func areClear(_ number: Int) -> Bool {
    let allows = policy.services[number].allows
    guard policy.services[number].refuses.isEmpty, allows.count <= 16 else { return false }
    for (index, grant) in allows.enumerated() {
      switch grant.subject {
      case .service(number), .everyone: return false
      case .service: break
      case .context(let context) where policy.contexts.nodes[context].parent != 0: return false
      case .context: break
      }
      if grant.group != nil || allows[..<index].contains(where: { $0.subject == grant.subject }) { return false }
    }
    return true
  }

  /// Words of a service's `allow` and `refuse` lines that change nothing.
  private mutating func findLineDoubts(of number: Int) {
    if areClear(number) { return }
    let service = policy.services[number]
    let refused = SaidSubjects(service.refuses, in: policy)
    let allowed = SaidSubjects(service.allows, in: policy)
    for word in service.refuses.words {
      if word.group == nil, word.subjects.first == .service(number) {
        diagnostics.warning(
          at: word.location, "\(policy.shown(word)) may always call itself, which no refuse prevents; remove the word")
        continue
      }
      guard let said = refused.covering(word) else { continue }
      diagnostics.warning(
        at: word.location, "\(policy.shown(word)) \(policy.shown(said, of: word, "is refused")) already; remove it")
    }
    for word in service.allows.words {
      if let said = refused.naming(word) {
        diagnostics.warning(
          at: word.location,
          "\(policy.shown(word)) \(policy.shown(said, of: word, "is refused")), and refuse wins; remove one of the two")
      } else if let said = allowed.covering(word) {
        diagnostics.warning(
          at: word.location, "\(policy.shown(word)) \(policy.shown(said, of: word, "is allowed")) already; remove it")
      } else if word.group == nil, word.subjects.first == .service(number) {
        diagnostics.warning(at: word.location, "\(policy.shown(word)) may always call itself; remove the word")
      }
    }
  }
}

/// One word of an `allow` or `refuse` line, with all that it names.
struct GrantWord {
  let location: SourceLocation
  /// The group it names; nil where it names one subject.
  let group: Int?
  let subjects: [Grant.Subject]
}

extension Array where Element == Grant {
  /// The words these grants come from.
  var words: [GrantWord] {
    var words: [GrantWord] = []
    var start = startIndex
    while start < endIndex {
      let end = self[start...].firstIndex { $0.location != self[start].location } ?? endIndex
      words.append(
        GrantWord(location: self[start].location, group: self[start].group, subjects: self[start..<end].map(\.subject)))
      start = end
    }
    return words
  }
}

/// Whom the `allow` or the `refuse` lines of one service name, and where first.
struct SaidSubjects {
  /// What names a subject: the subject itself, a group or a context it is in, or `*`.
  struct Said {
    let grant: Grant
    /// True where the subject itself is named.
    let isSame: Bool
  }

  private var single: [Grant.Subject: Grant] = [:]
  private var grouped: [Grant.Subject: Grant] = [:]
  private let contexts: ContextTree

  init(_ grants: [Grant], in policy: Policy) {
    contexts = policy.contexts
    for grant in grants {
      if grant.group == nil {
        if single[grant.subject] == nil { single[grant.subject] = grant }
      } else if grouped[grant.subject] == nil {
        grouped[grant.subject] = grant
      }
    }
  }

  /// What names all that a word names, which stands in the other kind of line; nil where something is left.
  func naming(_ word: GrantWord) -> Said? { find(word) { names($0) } }

  /// What names all that a word names, beside the word itself; nil where something is left.
  func covering(_ word: GrantWord) -> Said? {
    find(word) { subject in
      if subject != .everyone, let everyone = single[.everyone] { return Said(grant: everyone, isSame: false) }
      // Of a group and one of its members the member's word is that which may go.
      let same = word.group == nil ? grouped[subject] ?? single[subject] : grouped[subject]
      if let same, same.location != word.location { return Said(grant: same, isSame: true) }
      return outer(subject)
    }
  }

  private func find(_ word: GrantWord, _ said: (Grant.Subject) -> Said?) -> Said? {
    var first: Said?
    for subject in word.subjects {
      guard let found = said(subject) else { return nil }
      if first == nil { first = found }
    }
    return first
  }

  /// What names a subject, in any way.
  func names(_ subject: Grant.Subject) -> Said? {
    if let same = single[subject] ?? grouped[subject] { return Said(grant: same, isSame: true) }
    if let everyone = single[.everyone] { return Said(grant: everyone, isSame: false) }
    return outer(subject)
  }

  /// The grant of a context that a context is in.
  private func outer(_ subject: Grant.Subject) -> Said? {
    guard case .context(let number) = subject else { return nil }
    for context in contexts.path(from: number).dropFirst().dropLast() {
      if let grant = single[.context(context)] ?? grouped[.context(context)] {
        return Said(grant: grant, isSame: false)
      }
    }
    return nil
  }
}

extension Policy {
  /// A word of a line in a message: `"web"`, `group "backends"`.
  func shown(_ word: GrantWord) -> String {
    if let group = word.group { return "group \(quoted(groups[group].name))" }
    return word.subjects.first.map { shown($0) } ?? ""
  }

  /// Whom a word names, in a message.
  func shown(_ subject: Grant.Subject) -> String {
    switch subject {
    case .service(let index): quoted(services[index].display)
    case .context(let number): quoted(contexts.nodes[number].name)
    case .everyone: quoted("*")
    }
  }

  /// `is refused by "*" (p:3)`, `is in "prod", which is refused (p:3)`.
  fileprivate func shown(_ said: SaidSubjects.Said, of word: GrantWord, _ verb: String) -> String {
    let place = "(\(said.grant.location.short))"
    if let group = said.grant.group, group != word.group {
      return "is in group \(quoted(groups[group].name)), which \(verb) \(place)"
    }
    switch (said.grant.subject, said.isSame || said.grant.group != nil) {
    case (_, true): return "\(verb) \(place)"
    case (.everyone, false): return "\(verb) by \"*\" \(place)"
    case (_, false): return "is in \(shown(said.grant.subject)), which \(verb) \(place)"
    }
  }
}
