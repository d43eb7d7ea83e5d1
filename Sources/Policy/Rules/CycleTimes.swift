/// From when on declared calls close a cycle: those that exceptions lift, each when the last exception that kept its cycle
/// open has ended.
///
/// While an exception is live its call is for the time being no part of the graph. So calls only ever join, and each is
/// in a cycle from one time on. A call without an exception is not touched by those of others, and has a time only where
/// it is in a cycle without any excepted call: at 0, in a policy that only observes `acyclic`.
struct CycleTimes: Sendable {
  /// One call, by indices of services.
  struct Pair: Hashable, Sendable {
    let caller: Int
    let callee: Int
  }

  /// In seconds since 1970. Calls that close no cycle are not there.
  private(set) var starts: [Pair: UInt32] = [:]

  init() {}

  /// - Parameters:
  ///   - graph: all declared calls.
  ///   - components: the graph's.
  init(_ graph: CallGraph, _ components: CallGraph.Components, _ exceptions: [PolicyException]) {
    var ends: [Pair: UInt32] = [:]
    for exception in exceptions {
      guard case .service(let caller) = exception.caller else { continue }
      let pair = Pair(caller: caller, callee: exception.service)
      ends[pair] = max(ends[pair] ?? 0, exception.end)
    }
    let inCycles = graph.calls.filter { components.number[$0.caller] == components.number[$0.callee] }
    let edges = inCycles.map { call in
      let pair = Pair(caller: call.caller, callee: call.callee)
      return Edge(pair: pair, caller: call.caller, callee: call.callee, joins: ends[pair] ?? 0)
    }
    let times = Set(edges.map(\.joins)).union([0]).sorted()
    var found: [(Pair, UInt32)] = []
    Self.search(edges, times[...]) { found.append(($0, $1)) }
    for (pair, time) in found where time == 0 || ends[pair] != nil { starts[pair] = time }
  }

  /// A call, from when on it is in the graph, and between which parts: services, or what was found to be one component.
  private struct Edge {
    let pair: Pair
    var caller: Int
    var callee: Int
    let joins: UInt32
  }

  /// Tells the time of each edge, all of which are in cycles at the last of the times, by halving the times: edges that
  /// are in a cycle at the middle one go into the first half, the others, with the components found made one part
  /// each, into the second. So each edge is looked at once for each halving.
  private static func search(_ edges: [Edge], _ times: ArraySlice<UInt32>, _ tell: (Pair, UInt32) -> Void) {
    guard let last = times.last, !edges.isEmpty else { return }
    if times.count == 1 {
      for edge in edges { tell(edge.pair, last) }
      return
    }
    let middle = times.startIndex + (times.count - 1) / 2
    var numbers: [Int: Int] = [:]
    func number(_ part: Int) -> Int {
      if let number = numbers[part] { return number }
      numbers[part] = numbers.count
      return numbers.count - 1
    }
    let numbered = edges.map { edge in
      var edge = edge
      edge.caller = number(edge.caller)
      edge.callee = number(edge.callee)
      return edge
    }
    let early = numbered.filter { $0.joins <= times[middle] }
    let calls = early.map { CallGraph.Call(caller: $0.caller, callee: $0.callee, location: .init(file: "")) }
    let components = CallGraph(calls, serviceCount: numbers.count).components.number
    var first: [Edge] = []
    var second: [Edge] = []
    for var edge in numbered {
      let isOne = components[edge.caller] == components[edge.callee]
      if isOne, edge.joins <= times[middle] {
        first.append(edge)
      } else if isOne {
        // What joins a component is in a cycle at once.
        tell(edge.pair, edge.joins)
      } else {
        edge.caller = components[edge.caller]
        edge.callee = components[edge.callee]
        second.append(edge)
      }
    }
    search(first, times[...middle], tell)
    search(second, times[(middle + 1)...], tell)
  }
}
