extension Policy {
  /// The graph that must have no cycle for `acyclic`: the declared calls without those that an exception lifts.
  package var provedCalls: CallGraph {
    exceptions.isEmpty ? CallGraph(self) : CallGraph(services, leavingOut: exceptions)
  }

  /// Works out what `acyclic` asks of the declared calls at a lookup; anew, after lines were added.
  /// - Returns: false where they are too entangled to be judged.
  package mutating func findReachability() -> Bool {
    let graph = CallGraph(self)
    let components = graph.components
    cycleTimes = CycleTimes(graph, components, exceptions)
    reachability = Reachability(graph, components)
    return reachability != nil
  }
}
