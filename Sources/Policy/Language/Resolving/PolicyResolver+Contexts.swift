internal import Contexts
internal import Diagnostics

/// The contexts become a tree.
extension PolicyResolver {
  /// Context numbers fit in 12 bits, and what is kept for each pair of contexts stays small.
  static let maximalContextCount = 4095
  /// A bound for what walks from a context to the root.
  static let maximalContextDepth = 64

  mutating func resolveContexts() {
    findDeclarations()
    let parents = resolveParents()
    // After an error the faulty context is left where the root is, so that the rest can still be checked.
    let declared = draft.contexts.indices.filter { contextsByName[draft.contexts[$0].name.text] == $0 }
    policy.contexts = ContextTree(
      declared.map { index in
        let context = draft.contexts[index]
        let parent = parents[index].map { draft.contexts[$0].name.text }
        return (name: context.name.text, parent: parent, isSealed: context.isSealed != nil)
      })
    for (number, node) in policy.contexts.nodes.enumerated().dropFirst() {
      contextNumbers[node.name] = number
      guard let index = contextsByName[node.name] else { continue }
      let context = draft.contexts[index]
      policy.contextDetails.append(
        ContextDetails(
          location: context.name.location, from: context.from, endpoints: context.endpoints,
          mode: context.mode?.value, denyAs: context.denyAs?.value, leasing: context.leasing))
    }
    policy.defaultContext = contextNumbers["default"]
  }

  private mutating func findDeclarations() {
    for (index, context) in draft.contexts.enumerated() where !context.name.text.isEmpty {
      let name = context.name
      if let first = contextsByName[name.text] {
        diagnostics.error(
          at: name.location,
          "context \(quoted(name.text)) is declared twice, first at "
            + "\(draft.contexts[first].name.location.short); make them one")
        continue
      }
      contextsByName[name.text] = index
      if contextsByName.count == Self.maximalContextCount + 1 {
        diagnostics.error(at: name.location, "there are more than \(Self.maximalContextCount) contexts; use fewer")
      }
    }
  }

  /// By index into the draft's contexts, the index of its parent; free of cycles and not too deep.
  private mutating func resolveParents() -> [Int?] {
    var parents: [Int?] = []
    let known = knownContexts
    for context in draft.contexts {
      let parent = context.parent.flatMap { contextsByName[$0.text] }
      parents.append(parent)
      if let word = context.parent, parent == nil {
        diagnostics.error(
          at: word.location, "no context is called \(quoted(word.text))", meant: word.text,
          known: known.filter { $0.name != context.name.text },
          remedy: "declare it with \"context NAME { from PREFIX... }\""
        )
      }
    }
    // Depths, from the root down; 0 is not known yet. A walk stops where it meets a known depth, a root, or itself.
    var depths = Array(repeating: 0, count: parents.count)
    var walkOf = Array(repeating: -1, count: parents.count)
    for start in parents.indices where depths[start] == 0 {
      var walk: [Int] = []
      var next: Int? = start
      while let context = next, depths[context] == 0, walkOf[context] != start {
        walkOf[context] = start
        walk.append(context)
        next = parents[context]
      }
      if let context = next, depths[context] == 0 {
        reportCycle(walk.drop { $0 != context })
        parents[context] = nil
        // The cycle is cut above `context`, which becomes the top of its walk.
        walk.removeAll { $0 == context }
        walk.append(context)
      }
      for context in walk.reversed() {
        let depth = (parents[context].map { depths[$0] } ?? 0) + 1
        depths[context] = depth
        guard depth > Self.maximalContextDepth else { continue }
        let name = draft.contexts[context].name
        diagnostics.error(
          at: name.location,
          "context \(quoted(name.text)) is more than \(Self.maximalContextDepth) contexts deep; put it higher up")
        parents[context] = nil
        depths[context] = 1
      }
    }
    return parents
  }

  private mutating func reportCycle(_ cycle: ArraySlice<Int>) {
    // It is told from its first declaration on, whichever context the walk began at.
    guard let first = cycle.min(), let start = cycle.firstIndex(of: first) else { return }
    let names = (cycle[start...] + cycle[..<start]).map { draft.contexts[$0].name.text }
    let shown = names.count > 10 ? Array(names[..<10]) + ["..."] : names
    let place = draft.contexts[first].parent?.location ?? draft.contexts[first].name.location
    diagnostics.error(
      at: place,
      "context \(quoted(names[0])) is in itself: \((shown + [names[0]]).joined(separator: " in ")); remove one \"in\"")
  }
}
