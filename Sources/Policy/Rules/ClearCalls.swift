public import FlatMemory

/// What tells in a few reads that the rules about names have nothing to say of a call: so it is with most.
///
/// A word for each service, of what it is as a callee and as a caller; and two bits for each context, kept once for all
/// services whose lines treat the contexts alike. Memory grows with the lines, not with the pairs. What is told is
/// only ever that a call is clear; of all others ``CallFacts`` are looked at.
@usableFromInline struct ClearCalls: ~Copyable, Sendable {
  /// By service number; number 0 is who or what is no service.
  @usableFromInline let words: FlatArray<Word>
  /// Row by row, two bits a context: a ``Standing``.
  @usableFromInline let standings: FlatArray<UInt64>
  @usableFromInline let wordsInRow: Int

  /// What a service's lines say of a context, without those that name services.
  @usableFromInline enum Standing {
    /// Only whom a line names may call.
    @usableFromInline static var closed: UInt32 { 0 }
    /// All may call.
    @usableFromInline static var open: UInt32 { 1 }
    /// There is an `except` line: the facts have to be looked at.
    @usableFromInline static var contested: UInt32 { 2 }
    /// There is a `refuse` line.
    @usableFromInline static var refused: UInt32 { 3 }
  }

  /// What one service is to others: the row of its standings, its tier, and flags, those of a caller three bits above the
  /// callee's that they meet.
  @usableFromInline struct Word: BitwiseCopyable, Hashable, Sendable {
    /// At first a caller's that is no service.
    @usableFromInline var bits = Word.isAddress

    @inlinable init() {}

    /// As a callee: it calls others itself.
    @inlinable static var calls: UInt32 { 1 }
    /// As a callee: a `refuse` or `except` line of its names a service.
    @inlinable static var contests: UInt32 { 2 }
    /// As a callee: it requires an identity.
    @inlinable static var wantsIdentity: UInt32 { 4 }
    /// As a caller: others call it.
    @inlinable static var isCalled: UInt32 { calls << 3 }
    /// As a caller: such a line names it.
    @inlinable static var isContested: UInt32 { contests << 3 }
    /// As a caller: it may be known by no more than an address. So it is with all.
    @inlinable static var isAddress: UInt32 { wantsIdentity << 3 }
    /// As a callee: a line of its names a service.
    @inlinable static var namesServices: UInt32 { 64 }

    /// 1 the most important; 0 for none. From 255 on all are 255, and their row says that they are contested.
    @inlinable var tier: UInt32 { bits >> 8 & 0xff }
    @inlinable var row: UInt32 { bits >> 16 }

    /// True where only standings count: no line and no call can be about a caller and this callee, and no tier.
    @inlinable @inline(__always) func isOpen(to caller: Word) -> Bool {
      bits & caller.bits &>> 3 & 7 == 0 && !isBelow(caller)
    }

    /// True for a caller of a higher tier than this callee's.
    @inlinable @inline(__always) func isBelow(_ caller: Word) -> Bool { tier > (caller.tier &- 1) & 0xff &+ 1 }
  }

  /// The rules that this tells of. One about names that is missing here is never asked where the words say that a call
  /// is clear: whoever adds one has to find a place for it in ``Word`` or ``Standing``, and in `permissionWithoutFacts`.
  static let rulesTold: RuleSet = [
    RuleSet(.refuse), RuleSet(.require), RuleSet(.allow), RuleSet(.acyclic), RuleSet(.tiers),
  ]

  init(_ builder: consuming Builder) {
    wordsInRow = builder.wordsInRow
    standings = FlatArray(builder.standings)
    words = FlatArray(builder.words)
  }

  /// What a callee's lines say of a context: a ``Standing``.
  @inlinable @inline(__always) func standing(_ callee: Word, _ context: UInt16) -> UInt32 {
    let word = standings[Int(callee.row) &* wordsInRow &+ Int(context >> 5)]
    return UInt32(truncatingIfNeeded: word &>> UInt64((context & 31) &* 2)) & 3
  }
}

extension ClearCalls {
  /// The words while services are added, in the order of their numbers.
  struct Builder {
    fileprivate var words = [Word()]
    fileprivate var standings: [UInt64]
    fileprivate let wordsInRow: Int
    private let contextCount: Int
    /// By runs of standings: the row.
    private var rows: [[UInt32]: Int] = [:]
    private var lastRuns: [UInt32] = []
    private var lastRow = 0

    /// Octets that rows may take: services whose lines would need more are contested for every context.
    private static let sizeLimit = 8 << 20
    /// Rows that are always there.
    private static let openRow = 0
    private static let contestedRow = 1

    init(contextCount: Int) {
      self.contextCount = contextCount
      wordsInRow = (contextCount + 31) / 32
      standings = Array(repeating: 0x5555_5555_5555_5555, count: wordsInRow)
      standings += Array(repeating: 0xaaaa_aaaa_aaaa_aaaa, count: wordsInRow)
      rows[[Standing.open]] = Self.openRow
    }

    /// - Parameters:
    ///   - row: the service's in the table.
    ///   - lines: what its lines say.
    ///   - runs: what they say of the contexts; empty where they say nothing.
    ///   - isCalled: true where another service calls it, in a policy that says `acyclic`.
    ///   - contested: by service, whether a `refuse` or `except` line names it.
    mutating func add(
      _ row: CallTable.Row, _ lines: ServiceLines, _ runs: [(first: Int, facts: LineFacts)], isCalled: Bool,
      isContested: Bool
    ) {
      var word = Word()
      if row.calleeCount > 0 { word.bits |= Word.calls }
      if lines.services.all.contains(where: \.facts.isContested) { word.bits |= Word.contests }
      if isCalled { word.bits |= Word.isCalled }
      if isContested { word.bits |= Word.isContested }
      if row.requireReason != 0 { word.bits |= Word.wantsIdentity }
      if row.namesServices { word.bits |= Word.namesServices }
      word.bits |= min(row.tier, 255) << 8
      let number = row.tier < 255 ? self.row(runs, row.allowReason) : Self.contestedRow
      word.bits |= UInt32(number) << 16
      words.append(word)
    }

    private mutating func row(_ runs: [(first: Int, facts: LineFacts)], _ allowReason: UInt32) -> Int {
      var key: [UInt32] = []
      for run in runs.isEmpty ? [(0, LineFacts())] : runs {
        let standing = Self.standing(run.1, allowReason)
        if let last = key.last, last & 3 == standing { continue }
        key.append(UInt32(run.0) << 2 | standing)
      }
      // Services beside each other are often alike.
      if key == lastRuns { return lastRow }
      lastRuns = key
      lastRow = rows[key] ?? newRow(key)
      return lastRow
    }

    private mutating func newRow(_ key: [UInt32]) -> Int {
      let number = standings.count / wordsInRow
      if number > 0xffff || (standings.count + wordsInRow) * 8 > Self.sizeLimit { return Self.contestedRow }
      let first = standings.count
      standings += repeatElement(0, count: wordsInRow)
      for (place, run) in key.enumerated() {
        let end = place + 1 < key.count ? Int(key[place + 1] >> 2) : contextCount
        for context in Int(run >> 2)..<end {
          standings[first + context / 32] |= UInt64(run & 3) << UInt64(context % 32 * 2)
        }
      }
      rows[key] = number
      return number
    }

    private static func standing(_ facts: LineFacts, _ allowReason: UInt32) -> UInt32 {
      if facts.refuseReason != 0 { return Standing.refused }
      if facts.exceptEnd != 0 { return Standing.contested }
      return facts.isAllowed || allowReason == 0 ? Standing.open : Standing.closed
    }
  }
}

/// What a call comes to, as far as it can be told without the line that says so.
public enum Permission: UInt8, Sendable, BitwiseCopyable {
  /// No rule about names has anything to say.
  case clear
  /// Nor has any, but an exception is live: `isolate` leaves out none of the service's endpoints.
  case excepted
  /// Some rule is broken, be it one in shadow.
  case broken
}

extension CompiledPolicy {
  /// What ``judge(_:target:at:)`` says, in short.
  @inlinable @inline(__always)
  public func permission(_ caller: Caller, target service: UInt32, at time: UInt32) -> Permission {
    isOpen(to: caller, service) ? .clear : permissionByLines(caller, service, at: time)
  }

  /// True where a call is clear by the words of both services and a standing; false says nothing.
  @inlinable @inline(__always) func isOpen(to caller: Caller, _ service: UInt32) -> Bool {
    let callee = calls.clear.words[Int(service)]
    let own = calls.clear.words[Int(caller.service)]
    return callee.isOpen(to: own) && calls.clear.standing(callee, caller.context) == ClearCalls.Standing.open
  }

  @usableFromInline @inline(never)
  func permissionByLines(_ caller: Caller, _ service: UInt32, at time: UInt32) -> Permission {
    if let permission = permissionWithoutFacts(caller, service) { return permission }
    let judgement = judgeByFacts(caller, target: service, at: time)
    return !judgement.broken.isEmpty ? .broken : judgement.isExcepted ? .excepted : .clear
  }

  /// The same at any time, where a line may name the caller's service, or both are in the graph of calls; nil where an
  /// exception may be for the call.
  @inline(__always) func permissionWithoutFacts(_ caller: Caller, _ service: UInt32) -> Permission? {
    let callee = calls.clear.words[Int(service)]
    let own = calls.clear.words[Int(caller.service)]
    let standing = calls.clear.standing(callee, caller.context)
    if standing == ClearCalls.Standing.contested { return nil }
    if callee.bits & ClearCalls.Word.wantsIdentity != 0, !caller.isIdentified { return .broken }
    if caller.service == service, service != 0 {
      let isSaid = standing == ClearCalls.Standing.refused || callee.bits & ClearCalls.Word.contests != 0
      return isSaid ? nil : .clear
    }
    if standing == ClearCalls.Standing.refused { return .broken }
    if caller.service != 0, callee.bits & ClearCalls.Word.namesServices != 0 {
      let facts = calls.pairFacts(service, caller.service)
      if facts.isClear { return .clear }
      if facts != LineFacts() { return nil }
    }
    if standing != ClearCalls.Standing.open || callee.isBelow(own) { return .broken }
    if caller.service == 0 || callee.bits & ClearCalls.Word.calls == 0 || own.bits & ClearCalls.Word.isCalled == 0 {
      return .clear
    }
    let row = calls.rows[Int(service)]
    let bit = calls.rows[Int(caller.service)].bit
    return calls.acyclic.contains(bit, first: row.firstCallee, count: row.calleeCount) ? .broken : .clear
  }
}
