internal import DNSFormat

/// Who was seen calling whom: a graph that never has a cycle, and beside it the calls that would have closed one.
///
/// A call that is seen for the first time joins the graph, unless the graph already leads from its callee back to its
/// caller: then it is a *closing* call, with that way, and never joins. So of a cycle's calls the one that was first seen
/// last is the closing one, and of those first seen in the same turn the last by names: the same lookups in the same turns
/// give the same closing calls. A call without a lookup for a day is forgotten; a closing one also when its way is.
///
/// Pure: the time is handed in, in seconds of a clock that never goes back. At most 65,536 calls, of which the longest unseen make room. Whether a call
/// closes a cycle is found by a topological order that is kept (Pearce and Kelly, "A dynamic topological sort algorithm
/// for directed acyclic graphs", 2006), so most new calls cost no search; what searches cost in one turn is bounded, and
/// calls beyond that are looked at when they are seen again, as ways that are gone are in the next turn.
struct ObservedGraph: Sendable {
  static let mostCalls = 65_536
  static let mostClosing = 1024
  /// Seconds without a lookup after which a call is forgotten.
  static let lifetime: UInt64 = 86_400
  /// Calls that searches look at in one turn; the last search may exceed it by a graph's.
  static let mostSteps = 500_000

  /// Who calls whom, in one realm: an outermost context's name.
  struct Call: Hashable, Sendable, Comparable {
    var realm: String
    var caller: DomainName
    var callee: DomainName

    static func < (one: Call, other: Call) -> Bool {
      (one.realm, one.caller.description, one.callee.description)
        < (other.realm, other.caller.description, other.callee.description)
    }
  }

  /// When a call was seen, in seconds.
  struct Sight: Equatable, Sendable {
    var first: UInt64
    var last: UInt64
  }

  /// A call that closes a cycle.
  struct Closing: Equatable, Sendable {
    let call: Call
    /// The services from the callee back to the caller, both included.
    let way: [DomainName]
    var sight: Sight

    /// The cycle, its first service again at its end.
    var cycle: [DomainName] { [call.caller] + way }
  }

  private struct Node: Sendable {
    let service: Service
    /// In the graph every call leads to a greater one.
    var order: Int
    var callees: [Int] = []
    var callers: [Int] = []
  }

  private struct Service: Hashable, Sendable {
    let realm: String
    let name: DomainName
  }

  private struct Pair: Hashable, Sendable {
    let caller: Int
    let callee: Int
  }

  private var nodes: [Node] = []
  private var numbers: [Service: Int] = [:]
  private var sights: [Pair: Sight] = [:]
  private var closings: [Call: Closing] = [:]
  private var stepsLeft = 0
  /// Closing calls that made room, or whose way did, since ``takeGone()``.
  private var gone: [Closing] = []
  /// True where ways are left to be looked at.
  private var isMending = false
  /// Calls that made room for others, or found none.
  private(set) var leftOut: UInt64 = 0

  /// Calls in the graph; closing ones are not.
  var count: Int { sights.count }

  /// The closing calls, the first seen first.
  var closing: [Closing] { closings.values.sorted { ($0.sight.first, $0.call) < ($1.sight.first, $1.call) } }

  /// When a call was seen; nil where it was not, or is forgotten.
  func sight(of call: Call) -> Sight? {
    if let closing = closings[call] { return closing.sight }
    guard let caller = number(call.realm, call.caller), let callee = number(call.realm, call.callee) else { return nil }
    return sights[Pair(caller: caller, callee: callee)]
  }

  /// Takes what was seen in one turn.
  /// - Parameters:
  ///   - calls: by call, whether any lookup was answered. A refused one keeps a closing call known, and no other.
  ///   - time: in seconds.
  /// - Returns: calls that closed a cycle just now.
  mutating func see(_ calls: [Call: Bool], at time: UInt64) -> [Closing] {
    stepsLeft = Self.mostSteps
    if isMending { gone += mendWays() }
    var new: [Call] = []
    for (call, isAnswered) in calls where call.caller != call.callee {
      if closings[call] != nil {
        closings[call]?.sight.last = time
      } else if isAnswered, !note(call, at: time) {
        new.append(call)
      }
    }
    if sights.count + new.count > Self.mostCalls { makeRoom(for: new.count) }
    var closed: [Closing] = []
    for call in new.sorted() {
      if stepsLeft <= 0 || sights.count >= Self.mostCalls {
        leftOut &+= 1
      } else if let way = join(call, at: time) {
        if closings.count >= Self.mostClosing, !makeRoomForClosing(at: time) {
          leftOut &+= 1
          continue
        }
        let closing = Closing(call: call, way: way, sight: Sight(first: time, last: time))
        closings[call] = closing
        closed.append(closing)
      }
    }
    return closed
  }

  /// Forgets what was not seen for a day.
  /// - Returns: closing calls that close nothing any more.
  mutating func age(at time: UInt64) -> [Closing] {
    stepsLeft = Self.mostSteps
    forget { $0.last &+ Self.lifetime <= time }
    let old = closings.values.filter { $0.sight.last &+ Self.lifetime <= time }
    for closing in old { closings[closing.call] = nil }
    return (old + mendWays()).sorted { $0.call < $1.call }
  }

  /// Closing calls that ``see(_:at:)`` took out, since it was last asked.
  mutating func takeGone() -> [Closing] {
    defer { gone = [] }
    return gone
  }

  // MARK: - Joining

  private func number(_ realm: String, _ name: DomainName) -> Int? { numbers[Service(realm: realm, name: name)] }

  /// - Returns: false where the call is not in the graph.
  private mutating func note(_ call: Call, at time: UInt64) -> Bool {
    guard let caller = number(call.realm, call.caller), let callee = number(call.realm, call.callee) else {
      return false
    }
    let pair = Pair(caller: caller, callee: callee)
    guard sights[pair] != nil else { return false }
    sights[pair]?.last = time
    return true
  }

  private mutating func node(_ realm: String, _ name: DomainName) -> Int {
    let service = Service(realm: realm, name: name)
    if let number = numbers[service] { return number }
    numbers[service] = nodes.count
    nodes.append(Node(service: service, order: nodes.count))
    return nodes.count - 1
  }

  /// Adds a call, unless it closes a cycle.
  /// - Returns: where it does, the way from its callee back to its caller.
  private mutating func join(_ call: Call, at time: UInt64) -> [DomainName]? {
    let caller = node(call.realm, call.caller)
    let callee = node(call.realm, call.callee)
    if nodes[caller].order > nodes[callee].order {
      let ahead = search(from: callee, to: caller)
      if let way = ahead.way { return way.map { nodes[$0].service.name } }
      reorder(behind: search(before: caller, downTo: nodes[callee].order), ahead: ahead.found)
    }
    nodes[caller].callees.append(callee)
    nodes[callee].callers.append(caller)
    sights[Pair(caller: caller, callee: callee)] = Sight(first: time, last: time)
    return nil
  }

  /// Looks for the shortest way, breadth first, among services that are not behind the last one.
  private mutating func search(from first: Int, to last: Int) -> (way: [Int]?, found: [Int]) {
    let bound = nodes[last].order
    var parents = [first: first]
    var queue = [first]
    var next = 0
    while next < queue.count {
      let node = queue[next]
      next += 1
      stepsLeft -= nodes[node].callees.count
      for callee in nodes[node].callees where nodes[callee].order <= bound && parents[callee] == nil {
        parents[callee] = node
        queue.append(callee)
        if callee == last {
          var way = [last]
          while let step = way.last, step != first, let parent = parents[step] { way.append(parent) }
          return (way.reversed(), queue)
        }
      }
    }
    return (nil, queue)
  }

  /// Who leads to a service, down to an order.
  private mutating func search(before last: Int, downTo bound: Int) -> [Int] {
    var found: Set = [last]
    var queue = [last]
    var next = 0
    while next < queue.count {
      stepsLeft -= nodes[queue[next]].callers.count
      for caller in nodes[queue[next]].callers where nodes[caller].order >= bound && found.insert(caller).inserted {
        queue.append(caller)
      }
      next += 1
    }
    return queue
  }

  /// Puts those who lead to the new call's caller before those whom its callee leads to, in the places that both have.
  private mutating func reorder(behind: [Int], ahead: [Int]) {
    let inOrder =
      behind.sorted { nodes[$0].order < nodes[$1].order } + ahead.sorted { nodes[$0].order < nodes[$1].order }
    let places = inOrder.map { nodes[$0].order }.sorted()
    for (node, place) in zip(inOrder, places) { nodes[node].order = place }
  }

  // MARK: - Forgetting

  private mutating func makeRoom(for count: Int) {
    let going = max(Self.mostCalls / 16, sights.count + count - Self.mostCalls)
    let inOrder = sights.map { ($0.value.last, $0.key.caller, $0.key.callee) }.sorted { $0 < $1 }
    let gone = Set(inOrder.prefix(going).map { Pair(caller: $0.1, callee: $0.2) })
    leftOut &+= UInt64(gone.count)
    forget(gone)
    self.gone += mendWays()
  }

  /// Takes out the closing call that was not seen for longest.
  /// - Returns: false where all were seen in this turn: then the new one finds no room.
  private mutating func makeRoomForClosing(at time: UInt64) -> Bool {
    stepsLeft -= Self.mostClosing
    let longest = closings.values.min {
      $0.sight.last == $1.sight.last ? $0.call < $1.call : $0.sight.last < $1.sight.last
    }
    guard let longest, longest.sight.last < time else { return false }
    closings[longest.call] = nil
    gone.append(longest)
    leftOut &+= 1
    return true
  }

  private mutating func forget(_ isOld: (Sight) -> Bool) {
    forget(Set(sights.filter { isOld($0.value) }.keys))
  }

  /// Takes calls out, and services that are in no call any more; the order of the others stays.
  private mutating func forget(_ gone: Set<Pair>) {
    if gone.isEmpty { return }
    let old = nodes
    let left = sights.filter { !gone.contains($0.key) }
    var isUsed = Array(repeating: false, count: old.count)
    for pair in left.keys { (isUsed[pair.caller], isUsed[pair.callee]) = (true, true) }
    var renumbered = Array(repeating: -1, count: old.count)
    (nodes, numbers, sights) = ([], [:], [:])
    for number in old.indices.sorted(by: { old[$0].order < old[$1].order }) where isUsed[number] {
      renumbered[number] = node(old[number].service.realm, old[number].service.name)
    }
    for (pair, sight) in left {
      let (caller, callee) = (renumbered[pair.caller], renumbered[pair.callee])
      nodes[caller].callees.append(callee)
      nodes[callee].callers.append(caller)
      sights[Pair(caller: caller, callee: callee)] = sight
    }
    // What is found does not hang on the order of a dictionary.
    for number in nodes.indices {
      nodes[number].callees.sort()
      nodes[number].callers.sort()
    }
  }

  /// Looks for another way for closing calls whose own is gone.
  /// - Returns: those that have none; they are forgotten.
  private mutating func mendWays() -> [Closing] {
    var gone: [Closing] = []
    isMending = false
    for closing in closing {
      let realm = closing.call.realm
      let isWhole = zip(closing.way, closing.way.dropFirst()).allSatisfy { caller, callee in
        guard let caller = number(realm, caller), let callee = number(realm, callee) else { return false }
        return sights[Pair(caller: caller, callee: callee)] != nil
      }
      if isWhole { continue }
      if stepsLeft <= 0 {
        isMending = true
        break
      }
      var way: [DomainName]?
      if let first = number(realm, closing.call.callee), let last = number(realm, closing.call.caller) {
        way = search(from: first, to: last).way?.map { nodes[$0].service.name }
      }
      closings[closing.call] = way.map { Closing(call: closing.call, way: $0, sight: closing.sight) }
      if way == nil { gone.append(closing) }
    }
    return gone
  }
}
