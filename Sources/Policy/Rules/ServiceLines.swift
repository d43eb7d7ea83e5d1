internal import Contexts

/// The `allow`, `refuse` and `except` lines for one service, by whom they name: between the policy and ``CallTable``.
struct ServiceLines {
  /// By service number.
  private(set) var services = SaidOf<UInt32>()
  private var contexts = SaidOf<Int>()
  private var everyone = LineFacts()

  /// True where nothing is said.
  var isEmpty: Bool { services.isEmpty && contexts.isEmpty && everyone == LineFacts() }

  /// Changes what is said of a subject.
  mutating func update(_ subject: Grant.Subject, _ change: (inout LineFacts) -> Void) {
    switch subject {
    case .service(let index): services.update(UInt32(index + 1), change)
    case .context(let number): contexts.update(number, change)
    case .everyone: change(&everyone)
    }
  }

  /// True where both have the same runs.
  func saysTheSameOfContexts(as other: ServiceLines) -> Bool {
    everyone == other.everyone && contexts.all.elementsEqual(other.contexts.all) { $0 == $1 }
  }

  /// What is said of every context, as runs of context numbers: `first` up to the next run's `first`.
  ///
  /// The contexts in a context are a run of numbers (``ContextTree``), so a line that names one makes two borders at
  /// most, however many contexts there are.
  func runs(in tree: ContextTree) -> [(first: Int, facts: LineFacts)] {
    var borders: Set<Int> = [0]
    for (context, _) in contexts.all { borders.formUnion([context, tree.nodes[context].last + 1]) }
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

/// What is said of subjects by number, in the order of the first words that name them.
///
/// Most services name a few: those are searched one by one, which takes no memory beside them.
struct SaidOf<Number: Hashable & Sendable>: Sendable {
  private static var fewest: Int { 16 }
  private(set) var all: [(number: Number, facts: LineFacts)] = []
  /// Empty for few.
  private var places: [Number: Int] = [:]

  var isEmpty: Bool { all.isEmpty }

  subscript(_ number: Number) -> LineFacts? { place(of: number).map { all[$0].facts } }

  mutating func update(_ number: Number, _ change: (inout LineFacts) -> Void) {
    if let place = place(of: number) { return change(&all[place].facts) }
    var facts = LineFacts()
    change(&facts)
    all.append((number, facts))
    if all.count == Self.fewest {
      for (place, said) in all.enumerated() { places[said.number] = place }
    } else if all.count > Self.fewest {
      places[number] = all.count - 1
    }
  }

  private func place(of number: Number) -> Int? {
    all.count < Self.fewest ? all.firstIndex { $0.number == number } : places[number]
  }
}
