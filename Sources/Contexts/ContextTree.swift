/// The contexts of a policy as a tree, numbered so that a subtree is a run of numbers.
///
/// Number 0 is the root: the base data that everyone sees unless their context says otherwise. The others are numbered
/// from 1 in pre-order, so the contexts in `prod`, itself included, are `prod ... last(of: prod)`. A name's versions
/// and a context's rights are then runs, found by comparing integers.
public struct ContextTree: Sendable {
  /// One context.
  package struct Node: Sendable, Hashable {
    /// As the policy writes it; the root's is empty.
    package var name: String
    /// The number of the context it is in; the root for a context in none.
    package var parent: Int
    /// The greatest number in its subtree; its own where nothing is in it.
    package var last: Int
    /// True where nothing is inherited from the parent but the zones' apexes.
    package var isSealed: Bool
  }

  /// Index 0 is the root.
  package let nodes: [Node]

  /// Numbers contexts in pre-order, siblings in the order given.
  /// - Parameter declared: name, parent's name (nil for none) and whether sealed. Names are distinct, every parent is
  ///   declared, and there is no cycle.
  package init(_ declared: [(name: String, parent: String?, isSealed: Bool)] = []) {
    var nodes = [Node(name: "", parent: 0, last: 0, isSealed: false)]
    let children = Dictionary(grouping: declared, by: { $0.parent ?? "" })
    Self.number(childrenOf: "", at: 0, children, &nodes)
    nodes[0].last = nodes.count - 1
    precondition(nodes.count == declared.count + 1, "every context's parent is declared and none is in itself")
    self.nodes = nodes
  }

  private static func number(
    childrenOf name: String, at parent: Int, _ children: [String: [(name: String, parent: String?, isSealed: Bool)]],
    _ nodes: inout [Node]
  ) {
    for child in children[name] ?? [] {
      let number = nodes.count
      nodes.append(Node(name: child.name, parent: parent, last: number, isSealed: child.isSealed))
      Self.number(childrenOf: child.name, at: number, children, &nodes)
      nodes[number].last = nodes.count - 1
    }
  }

  /// How many contexts there are, the root not counted.
  package var count: Int { nodes.count - 1 }

  /// The number of the context called so; nil where none is.
  package func number(of name: String) -> Int? { nodes.dropFirst().firstIndex { $0.name == name } }

  /// True where `context` is `ancestor` or in it.
  package func isContext(_ context: Int, in ancestor: Int) -> Bool {
    ancestor <= context && context <= nodes[ancestor].last
  }

  /// `context` and the contexts it is in, innermost first, the root last.
  package func path(from context: Int) -> [Int] {
    var path = [context]
    while let last = path.last, last != 0 { path.append(nodes[last].parent) }
    return path
  }
}
