internal import Contexts

/// The `allow`, `refuse` and `except` lines for one service, by whom they name: between the policy and ``CallTable``.
struct ServiceLines {
  /// By service number.
  private(set) var services: [UInt32: LineFacts] = [:]
  private var contexts: [Int: LineFacts] = [:]
  private var everyone = LineFacts()

  /// True where nothing is said.
  var isEmpty: Bool { services.isEmpty && contexts.isEmpty && everyone == LineFacts() }

  /// Changes what is said of a subject.
  mutating func update(_ subject: Grant.Subject, _ change: (inout LineFacts) -> Void) {
    switch subject {
    case .service(let index): change(&services[UInt32(index + 1), default: LineFacts()])
    case .context(let number): change(&contexts[number, default: LineFacts()])
    case .everyone: change(&everyone)
    }
  }

  /// What is said of every context, as runs of context numbers: `first` up to the next run's `first`.
  ///
  /// The contexts in a context are a run of numbers (``ContextTree``), so a line that names one makes two borders at
  /// most, however many contexts there are.
  func runs(in tree: ContextTree) -> [(first: Int, facts: LineFacts)] {
    var borders: Set<Int> = [0]
    for context in contexts.keys { borders.formUnion([context, tree.nodes[context].last + 1]) }
    var runs: [(first: Int, facts: LineFacts)] = []
    for border in borders.sorted() where border < tree.nodes.count {
      let facts = facts(of: border, in: tree)
      if runs.last?.facts != facts { runs.append((border, facts)) }
    }
    return runs
  }

  private func facts(of context: Int, in tree: ContextTree) -> LineFacts {
    var facts = LineFacts()
    for said in tree.path(from: context).compactMap({ contexts[$0] }) + [everyone] {
      if facts.refuseReason == 0 { facts.refuseReason = said.refuseReason }
      facts.isAllowed = facts.isAllowed || said.isAllowed
      facts.exceptEnd = max(facts.exceptEnd, said.exceptEnd)
    }
    return facts
  }
}
