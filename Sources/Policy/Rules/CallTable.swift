internal import Diagnostics
public import FlatMemory

/// What every service's lines say of every caller, flat.
///
/// A row for each service; for each of its lines that names a service an entry in one hash table; and for its lines
/// that name contexts a few runs of context numbers, beside each other in memory. So a query costs a row, at most one
/// probe and a short binary search, however many rules there are, and memory grows with the lines alone. Where the
/// policy has tiers or `acyclic`, a caller that is a service costs its own row too, and a second short search.
@usableFromInline struct CallTable: ~Copyable, Sendable {
  /// One service, as a target and as a caller: 32 octets.
  @usableFromInline struct Row: BitwiseCopyable, Sendable {
    @usableFromInline var firstRun: UInt32 = 0
    @usableFromInline var runCount: UInt16 = 0
    /// False where everyone may call.
    @usableFromInline var isJudged = false
    /// True where a line names a service.
    @usableFromInline var namesServices = false
    /// Where it says that whoever is not named may not call: the first `allow` line, or `default refuse`.
    @usableFromInline var allowReason: UInt32 = 0
    /// The `require` line; 0 for none.
    @usableFromInline var requireReason: UInt32 = 0
    /// 1 the most important; 0 for none.
    @usableFromInline var tier: UInt32 = 0
    /// Its bit in the rows of those who call it, where the policy says `acyclic`.
    @usableFromInline var bit: UInt32 = 0
    /// Whom it calls, directly or by others: a row of ``AcyclicRule``; no words for nobody.
    @usableFromInline var firstCallee: UInt32 = 0
    @usableFromInline var calleeCount: UInt32 = 0
  }

  /// What a target's lines say of one caller's service.
  @usableFromInline struct Entry: BitwiseCopyable, Sendable {
    /// Target and caller's service; 0 for a free slot.
    @usableFromInline var key: UInt64 = 0
    @usableFromInline var facts = LineFacts()
  }

  /// What a target's lines say of the contexts from `firstContext` on.
  @usableFromInline struct Run: BitwiseCopyable, Sendable {
    @usableFromInline var firstContext: UInt32
    @usableFromInline var facts: LineFacts
  }

  /// By service number; number 0 is a row that allows.
  @usableFromInline let rows: FlatArray<Row>
  /// Open addressing: a power of two of slots, at least half of them free.
  @usableFromInline let entries: FlatArray<Entry>
  @usableFromInline let runs: FlatArray<Run>
  @usableFromInline let acyclic: AcyclicRule
  /// Which calls need no facts.
  @usableFromInline let clear: ClearCalls
  /// The policy's `acyclic` and `tiers` lines; 0 for none.
  @usableFromInline let acyclicReason: UInt32
  @usableFromInline let tiersReason: UInt32

  /// Reasons, as numbers of their texts.
  struct Reasons {
    /// `default refuse`; 0 for none.
    var other: UInt32 = 0
    var acyclic: UInt32 = 0
    var tiers: UInt32 = 0
  }

  /// - Parameter reason: the number of a place's text.
  init(_ policy: borrowing Policy, _ reasons: Reasons, reason: (SourceLocation) -> UInt32) {
    var rows = [Row()]
    var named: [Entry] = []
    var runs: [Run] = []
    let declared = policy.acyclicLocation == nil ? nil : CallGraph(policy.services)
    var callers = Array(repeating: [Int](), count: declared == nil ? 0 : policy.services.count)
    for call in declared?.calls ?? [] { callers[call.callee].append(call.caller) }
    rows.reserveCapacity(policy.services.count + 1)
    var lastLines: ServiceLines?
    var lastRuns: [(first: Int, facts: LineFacts)] = []
    var firstRun: UInt32 = 0
    let exceptions = Dictionary(grouping: policy.exceptions, by: \.service)
    let contested = Self.contested(policy)
    var clear = ClearCalls.Builder(contextCount: policy.contexts.nodes.count)
    for (index, service) in policy.services.enumerated() {
      var lines = ServiceLines()
      RefuseRule.note(service, in: &lines) { reason($0.location) }
      AllowRule.note(service, in: &lines)
      ExceptRule.note(exceptions[index] ?? [], in: &lines)
      if !callers.isEmpty {
        for caller in callers[index] { lines.update(.service(caller)) { $0.isDeclared = true } }
      }
      var row = Row(allowReason: service.allows.first.map { reason($0.location) } ?? reasons.other)
      row.requireReason = service.requireLocation.map(reason) ?? 0
      row.tier = UInt32((service.tier ?? -1) + 1)
      if let reachability = policy.reachability {
        row.bit = reachability.bits[index]
        row.firstCallee = UInt32(reachability.rows[index].lowerBound)
        row.calleeCount = UInt32(reachability.rows[index].count)
      }
      if !lines.isEmpty {
        // Many services say the same of the contexts: their runs are there once.
        if lastLines?.saysTheSameOfContexts(as: lines) != true {
          lastLines = lines
          lastRuns = lines.runs(in: policy.contexts)
          firstRun = UInt32(runs.count)
          runs += lastRuns.map { Run(firstContext: UInt32($0.first), facts: $0.facts) }
        }
        row.firstRun = firstRun
        row.runCount = UInt16(lastRuns.count)
        row.namesServices = !lines.services.isEmpty
        for (service, facts) in lines.services.all {
          named.append(Entry(key: Self.key(UInt32(index + 1), service), facts: facts))
        }
      }
      row.isJudged =
        row.runCount > 0 || row.allowReason != 0 || row.requireReason != 0 || row.tier > 1 || row.calleeCount > 0
      rows.append(row)
      clear.add(
        row, lines, lines.isEmpty ? [] : lastRuns, isCalled: !callers.isEmpty && !callers[index].isEmpty,
        isContested: contested[index])
    }
    for index in named.indices {
      let (target, caller) = (Int(named[index].key >> 32), Int(named[index].key & 0xffff_ffff))
      let mayClose =
        rows[target].calleeCount > 0
        && (!named[index].facts.isDeclared
          || policy.cycleTimes.starts[.init(caller: caller - 1, callee: target - 1)] != nil)
      let isDownwards = rows[caller].tier != 0 && rows[caller].tier < rows[target].tier
      let isAllowed = named[index].facts.isAllowed || rows[target].allowReason == 0
      named[index].facts.isClear = isAllowed && !named[index].facts.isContested && !isDownwards && !mayClose
    }
    var slots = Array(repeating: Entry(), count: 2)
    while slots.count < named.count * 2 { slots += slots }
    for entry in named {
      var slot = Self.firstSlot(entry.key, slots.count)
      while slots[slot].key != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
    self.rows = FlatArray(rows)
    self.runs = FlatArray(runs)
    entries = FlatArray(slots)
    acyclic = AcyclicRule(policy.reachability, policy.cycleTimes)
    self.clear = ClearCalls(clear)
    acyclicReason = reasons.acyclic
    tiersReason = reasons.tiers
  }

  /// By service: whether a `refuse` or `except` line names it.
  private static func contested(_ policy: borrowing Policy) -> [Bool] {
    var contested = Array(repeating: false, count: policy.services.count)
    for service in policy.services {
      for case .service(let caller) in service.refuses.map(\.subject) { contested[caller] = true }
    }
    for case .service(let caller) in policy.exceptions.map(\.caller) { contested[caller] = true }
    return contested
  }

  /// The facts to judge; nil where everyone may call.
  @inline(__always) func facts(_ caller: Caller, _ target: UInt32, at time: UInt32) -> CallFacts? {
    let row = rows[Int(target)]
    if !row.isJudged { return nil }
    let service = serviceFacts(row, target, caller.service)
    let context = contextFacts(row, caller.context)
    let isSelf = caller.service == target
    var callerTier: UInt32 = 0
    var closesCycle = false
    if caller.service != 0, !isSelf, row.tier > 1 || row.calleeCount > 0 {
      let own = rows[Int(caller.service)]
      callerTier = own.tier
      closesCycle =
        service.isDeclared
        ? own.bit == row.bit && acyclic.isClosing(Self.key(target, caller.service), at: time)
        : acyclic.contains(own.bit, first: row.firstCallee, count: row.calleeCount)
    }
    return CallFacts(
      row: row, isSelf: isSelf, isIdentified: caller.isIdentified, service: service, context: context,
      isExcepted: ExceptRule.isLive(service, context, at: time), callerTier: callerTier, closesCycle: closesCycle,
      acyclicReason: acyclicReason, tiersReason: tiersReason)
  }

  @inline(__always) private func serviceFacts(_ row: Row, _ target: UInt32, _ service: UInt32) -> LineFacts {
    !row.namesServices || service == 0 ? LineFacts() : pairFacts(target, service)
  }

  /// What a target's lines say of a service; nothing, where none names it.
  @inline(__always) func pairFacts(_ target: UInt32, _ service: UInt32) -> LineFacts {
    let key = Self.key(target, service)
    var slot = Self.firstSlot(key, entries.count)
    while true {
      let entry = entries[slot]
      if entry.key == key { return entry.facts }
      if entry.key == 0 { return LineFacts() }
      slot = (slot &+ 1) & (entries.count &- 1)
    }
  }

  /// The last run that starts at or before the context; the first starts at 0.
  @inline(__always) private func contextFacts(_ row: Row, _ context: UInt16) -> LineFacts {
    if row.runCount == 0 { return LineFacts() }
    var low = Int(row.firstRun)
    var high = low &+ Int(row.runCount)
    while high &- low > 1 {
      let middle = (low &+ high) >> 1
      if runs[middle].firstContext <= UInt32(context) { low = middle } else { high = middle }
    }
    return runs[low].facts
  }

  @inlinable static func key(_ target: UInt32, _ service: UInt32) -> UInt64 { UInt64(target) << 32 | UInt64(service) }

  /// Where the search for a key begins: Fibonacci hashing, the product's upper half.
  @inlinable static func firstSlot(_ key: UInt64, _ count: Int) -> Int {
    let mixed = (key ^ key >> 29) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 32) & (count &- 1)
  }
}
