internal import Contexts
internal import Diagnostics

/// The contexts that `isolate` lines keep apart.
extension PolicyResolver {
  mutating func resolveIsolations() {
    let known = knownContexts + knownGroups
    for line in draft.isolations {
      var members: [Int] = []
      var isMember: Set<Int> = []
      var innerOf: [Int: Int] = [:]  // ancestors of the members so far, each with one member below it
      var isFaulty = false
      if line.value.count == 1, groupsByName[line.value[0].text] == nil {
        diagnostics.error(
          at: line.location,
          "this \"isolate\" keeps \(quoted(line.value[0].text)) apart from nothing; name two contexts or more, or a group of them"
        )
        continue
      }
      for word in line.value {
        let numbers = contextNumbers(word, known, line: "isolate takes contexts")
        isFaulty = isFaulty || numbers.isEmpty
        for number in numbers {
          let name = policy.contexts.nodes[number].name
          let path = policy.contexts.path(from: number).dropLast()
          if isMember.contains(number) {
            diagnostics.error(at: word.location, "context \(quoted(name)) is isolated from itself; name it once")
            isFaulty = true
            break
          }
          if let other = path.first(where: isMember.contains) ?? innerOf[number] {
            let otherName = policy.contexts.nodes[other].name
            let (inner, outer) = innerOf[number] == nil ? (name, otherName) : (otherName, name)
            diagnostics.error(
              at: word.location,
              "context \(quoted(inner)) is in \(quoted(outer)) and cannot be isolated from it; isolate it from others")
            isFaulty = true
            break
          }
          members.append(number)
          isMember.insert(number)
          for ancestor in path { innerOf[ancestor] = number }
        }
      }
      if members.count == 1, !isFaulty {
        diagnostics.error(
          at: line.location,
          "this \"isolate\" keeps \(quoted(policy.contexts.nodes[members[0]].name)) apart from nothing; name two contexts "
            + "or more, or a group of them")
      }
      policy.isolations.append(Isolation(contexts: members, location: line.location))
    }
  }
}
