internal import Contexts
internal import Diagnostics
internal import DNSFormat

/// The files that `zone` statements name.
extension PolicyResolver {
  /// A zone in a context, of which there is one file.
  private struct Place: Hashable {
    let origin: DomainName
    let context: Int
  }

  mutating func resolveZoneFiles() {
    let known = knownContexts
    var first: [Place: SourceLocation] = [:]
    for file in draft.zoneFiles {
      var context = 0
      if let word = file.context {
        guard let number = contextNumbers[word.text] else {
          diagnostics.error(
            at: word.location, "no context is called \(quoted(word.text))", meant: word.text, known: known,
            remedy: "declare it with \"context NAME { from PREFIX... }\"")
          continue
        }
        context = number
      }
      if let other = first[Place(origin: file.origin, context: context)] {
        let place = file.context.map { " in \($0.text)" } ?? ""
        diagnostics.error(
          at: file.location, "zone \(file.origin)\(place) has a file already, see \(other.short); keep one")
        continue
      }
      first[Place(origin: file.origin, context: context)] = file.location
      policy.zoneFiles.append(
        ZoneFileStatement(origin: file.origin, path: file.path, context: context, location: file.location))
    }
  }
}
