internal import Metrics
internal import Policy

/// Who called whom since the server started: what the workers counted, by names, which a reload does not change.
///
/// At most 4096 calls; where there are more, those that nobody made lately make room, the least frequent first, and what
/// was counted of them is counted as left out.
struct LiveCalls: Sendable {
  static let mostRows = 4096
  /// Rows that make room at a time.
  private static let clearance = 512
  /// Calls whose names are made at a time: beyond that, calls never seen before are left out.
  private static let namedInTurn = 2048

  /// Who calls whom, by names.
  struct Edge: Hashable, Sendable {
    /// Nil for a caller that is no service.
    var service: String?
    /// Nil for a caller in no context.
    var context: String?
    var target: String
  }

  /// What became of a call's queries.
  struct Row: Sendable {
    let edge: Edge
    var answered: UInt64 = 0
    var refused: UInt64 = 0
    var wouldRefuse: UInt64 = 0
    var rule: String?
    var place: String?
    /// The squares of what was counted at a time, see ``WorkerCalls``.
    var squares: UInt64 = 0
    /// By turn, as a ring.
    fileprivate var lately = Array(repeating: UInt64(0), count: MetricWindow.intervals)

    var total: UInt64 { answered &+ refused &+ wouldRefuse }
    /// Queries within the last turns.
    var recent: UInt64 { lately.reduce(0, &+) }
  }

  /// A call by numbers, which mean something in one snapshot only.
  private struct Numbers: Hashable {
    let generation: UInt64
    let services: UInt64
    let standing: UInt32
  }

  private(set) var rows: [Row] = []
  /// Queries that are in no row.
  private(set) var leftOut: UInt64 = 0
  private var byEdge: [Edge: Int] = [:]
  private var byNumbers: [Numbers: Int] = [:]
  private var turn = 0
  private var namedThisTurn = 0
  private var hasCleared = false

  /// Begins a turn, of which there is one a second.
  mutating func begin(generations: some Sequence<UInt64>) {
    turn = (turn + 1) % MetricWindow.intervals
    for row in rows.indices { rows[row].lately[turn] = 0 }
    (namedThisTurn, hasCleared) = (0, false)
    let known = Set(generations)
    if byNumbers.contains(where: { !known.contains($0.key.generation) }) {
      byNumbers = byNumbers.filter { known.contains($0.key.generation) }
    }
  }

  /// Counts queries that a worker had no room for.
  mutating func add(leftOut count: UInt64) { leftOut &+= count }

  /// Adds what a worker counted.
  /// - Parameter policy: of the snapshot that the entry's numbers are of; nil where it is gone.
  mutating func add(_ entry: WorkerCalls.Entry, _ policy: CompiledPolicy?) {
    guard let policy, let row = row(of: entry, policy) else { return leftOut &+= entry.count }
    rows[row].answered &+= entry.answered
    rows[row].refused &+= entry.refused
    rows[row].wouldRefuse &+= entry.wouldRefuse
    rows[row].squares &+= max(entry.squares, entry.count)
    rows[row].lately[turn] &+= entry.count
    if let refusal = entry.refusal {
      rows[row].rule = refusal.rule.word
      let place = policy.reason(refusal.reason)
      rows[row].place = place.isEmpty ? nil : clipped(place)
    }
  }

  private mutating func row(of entry: WorkerCalls.Entry, _ policy: CompiledPolicy) -> Int? {
    let numbers = Numbers(
      generation: entry.generation, services: UInt64(entry.service) << 32 | UInt64(entry.target),
      standing: UInt32(entry.context) << 1 | (entry.isPlaced ? 1 : 0))
    if let row = byNumbers[numbers] { return row }
    if namedThisTurn == Self.namedInTurn { return nil }
    namedThisTurn += 1
    let edge = Edge(
      service: entry.service == 0 ? nil : clipped(policy.serviceName(entry.service)),
      context: entry.isPlaced ? policy.shownContext(entry.context) : nil,
      target: clipped(policy.serviceName(entry.target)))
    if byEdge[edge] == nil {
      if rows.count >= Self.mostRows { clear() }
      if rows.count >= Self.mostRows { return nil }
      byEdge[edge] = rows.count
      rows.append(Row(edge: edge))
    }
    byNumbers[numbers] = byEdge[edge]
    return byEdge[edge]
  }

  /// Makes room, once a turn.
  private mutating func clear() {
    if hasCleared { return }
    hasCleared = true
    let idle = rows.indices.filter { rows[$0].recent == 0 }.sorted { rows[$0].total < rows[$1].total }
    let going = Set(idle.prefix(Self.clearance))
    if going.isEmpty { return }
    leftOut &+= going.reduce(0) { $0 &+ rows[$1].total }
    rows = rows.indices.filter { !going.contains($0) }.map { rows[$0] }
    byEdge = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($0.element.edge, $0.offset) })
    byNumbers = [:]
  }

  /// The busiest first, and among them those that were refused, so that many answers do not hide them.
  /// - Returns: the rows, and how many queries are in none.
  func shown(atMost limit: Int) -> (rows: [Row], leftOut: UInt64) {
    func isBusier(_ a: Row, _ b: Row) -> Bool {
      (a.total, b.edge.target, b.edge.service ?? "", b.edge.context ?? "")
        > (b.total, a.edge.target, a.edge.service ?? "", a.edge.context ?? "")
    }
    let inOrder = rows.sorted(by: isBusier)
    if inOrder.count <= limit { return (inOrder, leftOut) }
    let refused = inOrder.filter { $0.refused &+ $0.wouldRefuse > 0 }.prefix(limit / 2)
    let reserved = Set(refused.map(\.edge))
    let others = inOrder.filter { !reserved.contains($0.edge) }.prefix(limit - refused.count)
    let shown = (Array(refused) + others).sorted(by: isBusier)
    let all = inOrder.reduce(0) { $0 &+ $1.total }
    return (shown, leftOut &+ (all &- shown.reduce(0) { $0 &+ $1.total }))
  }
}

extension CompiledPolicy {
  /// A context as people see it: the one that all others are in has no name of its own.
  func shownContext(_ context: UInt16) -> String { context == 0 ? "(everyone)" : clipped(contextName(context)) }
}
