package import Diagnostics

/// Who calls whom, as the policy declares it: by `allow` lines that name services.
///
/// There is a call from one service to another where a line of the latter allows the former by name and none refuses it,
/// by name or as `*`. A service that allows itself says nothing: it always may. Exceptions change nothing of this: a call
/// that one lifts is still declared. But they are left out of the graph that must have no cycle, ``init(_:leavingOut:)``.
package struct CallGraph: Sendable {
  /// One declared call.
  package struct Call: Hashable, Sendable {
    /// Indices into the policy's services.
    package let caller: Int
    package let callee: Int
    /// The word that allows it; the first, where there are several.
    package let location: SourceLocation
  }

  /// By caller, then in the order of the services called.
  package let calls: [Call]
  /// The calls of service n are `calls[starts[n] ..< starts[n + 1]]`.
  private let starts: [Int]

  /// The graph of a policy's services; time and memory grow with the words of its lines.
  package init(_ policy: Policy) {
    self.init(policy.services)
  }

  /// - Parameter exceptions: pairs that are left out, whenever they end: what an exception is for is no mistake in the
  ///   lines. Those in contexts leave out nothing.
  init(_ services: [Service], leavingOut exceptions: [PolicyException] = []) {
    var excepted = Array(repeating: Set<Int>(), count: exceptions.isEmpty ? 0 : services.count)
    for case (.service(let caller), let callee) in exceptions.map({ ($0.caller, $0.service) }) {
      excepted[callee].insert(caller)
    }
    var found: [Call] = []
    // By index, here and where else all services are gone through: a copy of one counts references to all that it has.
    for callee in services.indices {
      if services[callee].refuses.contains(where: { $0.subject == .everyone }) { continue }
      var closed = excepted.isEmpty ? [] : excepted[callee]
      closed.insert(callee)
      for case .service(let caller) in services[callee].refuses.map(\.subject) { closed.insert(caller) }
      for grant in services[callee].allows {
        // Whoever was allowed once is closed for the words that follow.
        guard case .service(let caller) = grant.subject, closed.insert(caller).inserted else { continue }
        found.append(Call(caller: caller, callee: callee, location: grant.location))
      }
    }
    self.init(found, serviceCount: services.count)
  }

  /// A graph of other calls than declared ones, by caller and callee; they have no places.
  package init(pairs: [(Int, Int)], serviceCount: Int) {
    self.init(
      pairs.map { Call(caller: $0.0, callee: $0.1, location: SourceLocation(file: "")) }, serviceCount: serviceCount)
  }

  /// Sorts by counting: those of one caller stay in their order, which should be that of the services called.
  init(_ found: [Call], serviceCount: Int) {
    var starts = Array(repeating: 0, count: serviceCount + 1)
    for call in found { starts[call.caller + 1] += 1 }
    for index in 0..<serviceCount { starts[index + 1] += starts[index] }
    var next = starts
    var order = Array(repeating: 0, count: found.count)
    for (index, call) in found.enumerated() {
      order[next[call.caller]] = index
      next[call.caller] += 1
    }
    self.starts = starts
    calls = order.map { found[$0] }
  }

  /// How many services there are.
  package var serviceCount: Int { starts.count - 1 }

  /// The calls that a service makes.
  package func calls(of service: Int) -> ArraySlice<Call> { calls[starts[service]..<starts[service + 1]] }

  /// Appends, for each call that a service makes, a number of whom it calls.
  func appendCallees(of service: Int, _ numbers: [Int], to callees: inout [Int]) {
    for index in starts[service]..<starts[service + 1] { callees.append(numbers[calls[index].callee]) }
  }

  /// The fewest calls that lead from one service to another; empty where none do. From a service to itself: a cycle.
  package func path(from start: Int, to end: Int) -> [Call] {
    var steps = Int.max
    return path(from: start, to: end, steps: &steps) { _ in true }
  }

  /// Looks at the calls nearest first.
  /// - Parameters:
  ///   - steps: how many calls may be looked at; those that were are taken off.
  ///   - mayPass: whether the path may go by a service.
  private func path(from start: Int, to end: Int, steps: inout Int, by mayPass: (Int) -> Bool) -> [Call] {
    var cameBy: [Int: Int] = [:]
    var reached = [start]
    var next = 0
    while next < reached.count {
      for index in starts[reached[next]]..<starts[reached[next] + 1] {
        if steps == 0 { return [] }
        steps -= 1
        let callee = calls[index].callee
        guard callee == end || callee != start && cameBy[callee] == nil && mayPass(callee) else { continue }
        cameBy[callee] = index
        if callee == end {
          var path = [calls[index]]
          while let first = path.last, first.caller != start { path.append(calls[cameBy[first.caller] ?? index]) }
          return path.reversed()
        }
        reached.append(callee)
      }
      next += 1
    }
    return []
  }

  /// One cycle of each part of the graph whose services all reach each other; told from its first word on.
  ///
  /// The shortest one through the part's first service, or through one of its next, as long as looking takes no longer
  /// than the graph is large: so that the time stays linear.
  package func cycles(_ components: Components) -> [[Call]] {
    var members = Array(repeating: [Int](), count: components.count)
    for service in 0..<serviceCount { members[components.number[service]].append(service) }
    var steps = calls.count + 100_000
    return members.filter { $0.count > 1 }.compactMap { part in
      let number = components.number[part[0]]
      var all = Int.max
      var best = path(from: part[0], to: part[0], steps: &all) { components.number[$0] == number }
      for service in part.dropFirst() {
        if best.count <= 2 || steps == 0 { break }
        let other = path(from: service, to: service, steps: &steps) { components.number[$0] == number }
        if !other.isEmpty, other.count < best.count { best = other }
      }
      guard let first = best.indices.min(by: { best[$0].location < best[$1].location }) else { return nil }
      return Array(best[first...] + best[..<first])
    }.sorted { $0[0].location < $1[0].location }
  }
}

extension CallGraph {
  /// The parts of a graph within which every service reaches every other; most are single services.
  package struct Components: Sendable {
    /// By service: the number of its part. Whom a part calls outside itself has a lower number.
    package let number: [Int]
    package let count: Int

    /// The services, by their parts: those of part n are `services[starts[n] ..< starts[n + 1]]`, in order.
    var members: (services: [Int], starts: [Int]) {
      var starts = Array(repeating: 0, count: count + 1)
      for part in number { starts[part + 1] += 1 }
      for part in 0..<count { starts[part + 1] += starts[part] }
      var next = starts
      var services = Array(repeating: 0, count: number.count)
      for (service, part) in number.enumerated() {
        services[next[part]] = service
        next[part] += 1
      }
      return (services, starts)
    }
  }

  /// The strongly connected components, by Tarjan's algorithm with a stack of its own, in linear time.
  package var components: Components {
    var number = Array(repeating: -1, count: serviceCount)
    var count = 0
    /// When a service was met, from 1; 0 is not yet.
    var met = Array(repeating: 0, count: serviceCount)
    /// The earliest service, among those not in a part yet, that is known to be reached.
    var low = met
    var nextCall = Array(starts.dropLast())
    var clock = 0
    var open: [Int] = []
    var walk: [Int] = []
    for root in 0..<serviceCount where met[root] == 0 {
      walk.append(root)
      while let service = walk.last {
        if met[service] == 0 {
          clock += 1
          (met[service], low[service]) = (clock, clock)
          open.append(service)
        }
        if nextCall[service] < starts[service + 1] {
          let callee = calls[nextCall[service]].callee
          nextCall[service] += 1
          if met[callee] == 0 {
            walk.append(callee)
          } else if number[callee] < 0 {
            low[service] = min(low[service], met[callee])
          }
          continue
        }
        walk.removeLast()
        if let caller = walk.last { low[caller] = min(low[caller], low[service]) }
        guard low[service] == met[service] else { continue }
        while let member = open.popLast() {
          number[member] = count
          if member == service { break }
        }
        count += 1
      }
    }
    return Components(number: number, count: count)
  }
}
