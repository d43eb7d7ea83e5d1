internal import Contexts
public import FlatMemory

/// What `isolate` keeps from the callers of one context, to be asked of many endpoints.
public struct IsolationRow: BitwiseCopyable, Sendable {
  /// Where it starts in the matrix.
  @usableFromInline let start: Int32

  @inlinable init(start: Int32) { self.start = start }
}

/// `isolate A B...`: a caller in one of the contexts, or below it, never receives an endpoint of another.
///
/// Whether is one bit of a matrix, contexts by contexts; by which line is worked out when someone is refused, from the
/// lines each context is in, so that memory grows with the lines and not with the pairs.
@usableFromInline struct IsolateRule: ~Copyable, Sendable {
  /// Row by row, a row's words beside each other; empty where nothing is isolated.
  @usableFromInline let matrix: FlatArray<UInt64>
  @usableFromInline let wordsInRow: Int
  /// By context, where its row starts in the matrix; -1 where it is isolated from none.
  @usableFromInline let rowStarts: FlatArray<Int32>
  /// By context, its parent.
  private let parents: FlatArray<UInt16>
  /// The lines that name context n are `lines[starts[n] ..< starts[n + 1]]`, in order.
  private let starts: FlatArray<UInt32>
  private let lines: FlatArray<UInt32>
  /// By line, its reason.
  private let reasons: FlatArray<UInt32>

  init(_ policy: borrowing Policy, reason: (Isolation) -> UInt32) {
    let tree = policy.contexts
    let count = tree.nodes.count
    let words = (count + 63) / 64
    var linesOf = Array(repeating: [UInt32](), count: count)
    for (line, isolation) in policy.isolations.enumerated() {
      for context in isolation.contexts { linesOf[context].append(UInt32(line)) }
    }
    wordsInRow = words
    let matrix = policy.isolations.isEmpty ? [] : Self.matrix(policy.isolations, tree, words)
    rowStarts = FlatArray(
      tree.nodes.indices.map { context in
        let row = context * words
        return matrix.isEmpty || matrix[row..<(row + words)].allSatisfy { $0 == 0 } ? -1 : Int32(row)
      })
    self.matrix = FlatArray(matrix)
    parents = FlatArray(tree.nodes.map { UInt16($0.parent) })
    starts = FlatArray(linesOf.reduce(into: [0]) { $0.append($0[$0.count - 1] + UInt32($1.count)) })
    lines = FlatArray(linesOf.flatMap(\.self))
    reasons = FlatArray(policy.isolations.map(reason))
  }

  /// Marks what the lines say; then gives each context its parent's row, and in each row its parent's bit.
  private static func matrix(_ isolations: [Isolation], _ tree: ContextTree, _ words: Int) -> [UInt64] {
    var matrix = Array(repeating: UInt64(0), count: tree.nodes.count * words)
    for isolation in isolations {
      var members = Array(repeating: UInt64(0), count: words)
      for context in isolation.contexts { members[context / 64] |= 1 << UInt64(context % 64) }
      for context in isolation.contexts {
        for word in 0..<words { matrix[context * words + word] |= members[word] }
        matrix[context * words + context / 64] &= ~(1 << UInt64(context % 64))
      }
    }
    // Parents have lower numbers, so in one pass upwards every parent is ready before what is in it.
    for (context, node) in tree.nodes.enumerated() where node.parent != 0 {
      for word in 0..<words { matrix[context * words + word] |= matrix[node.parent * words + word] }
    }
    for row in tree.nodes.indices {
      for (context, node) in tree.nodes.enumerated() where node.parent != 0 {
        let parentBit = matrix[row * words + node.parent / 64] >> UInt64(node.parent % 64) & 1
        matrix[row * words + context / 64] |= parentBit << UInt64(context % 64)
      }
    }
    return matrix
  }

  /// The row of a caller's context; nil where nothing is kept from it.
  @inlinable func row(_ caller: UInt16) -> IsolationRow? {
    let start = rowStarts[Int(caller)]
    return start < 0 ? nil : IsolationRow(start: start)
  }

  /// True where a caller of a row must not see an endpoint of a context. Nobody is isolated from context 0.
  @inlinable func isIsolated(_ row: IsolationRow, _ endpoint: UInt16) -> Bool {
    matrix[Int(row.start) &+ Int(endpoint >> 6)] &>> UInt64(endpoint & 63) & 1 != 0
  }

  /// The reason of the line that isolates two contexts, innermost contexts first; 0 where none does.
  func reason(_ caller: UInt16, _ endpoint: UInt16) -> UInt32 {
    var outerCaller = caller
    while outerCaller != 0 {
      var outerEndpoint = endpoint
      while outerEndpoint != 0 {
        if outerCaller != outerEndpoint, let line = firstLine(naming: outerCaller, and: outerEndpoint) {
          return reasons[line]
        }
        outerEndpoint = parents[Int(outerEndpoint)]
      }
      outerCaller = parents[Int(outerCaller)]
    }
    return 0
  }

  /// Walks two sorted lists side by side.
  private func firstLine(naming one: UInt16, and other: UInt16) -> Int? {
    var left = Int(starts[Int(one)])
    var right = Int(starts[Int(other)])
    let leftEnd = Int(starts[Int(one) + 1])
    let rightEnd = Int(starts[Int(other) + 1])
    while left < leftEnd, right < rightEnd {
      let (leftLine, rightLine) = (lines[left], lines[right])
      if leftLine == rightLine { return Int(leftLine) }
      if leftLine < rightLine { left += 1 } else { right += 1 }
    }
    return nil
  }
}
