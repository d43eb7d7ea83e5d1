internal import Answering
internal import FlatMemory
internal import Policy
internal import Synchronization

/// Who called whom through one worker: two tables of a fixed size, of which the worker counts in one while the control
/// thread reads the other. No lock, no allocation, and nothing is read while it is written.
///
/// The two pass the tables on by two numbers. The reader says which epoch it wants the worker to be in; the worker, at its
/// next batch or wake-up, says that it is. What it counted in the epoch before lies still until the reader, having read it,
/// wants the next. An entry belongs to the epoch that is written in it, so a table is emptied by a new number.
///
/// Refusals, real and would-be, are counted one by one; so is a service none of whose endpoints is given, which is nobody's
/// refusal. So are answers of batches of up to 4 queries; over TCP a batch is
/// what one writing answers. Of a larger batch one query, chosen at random, stands for all of it: its call is counted as
/// many times as the batch has queries. So counts of answers are estimates without bias; an edge with a share p of n
/// queries in batches of b is known to within some √(b(1 - p)/(pn)) of itself. Counting all would be a cache miss each
/// where there are many services. How far an estimate may be off is told beside it: the squares of what was added.
///
/// A call that finds its 8 places taken is counted as left out; a table takes 4096 calls at most, of one or two seconds.
final class WorkerCalls: Sendable {
  /// Calls that a table has room for.
  static let capacity = 4096
  /// Octets of addresses that both tables take; only what is counted in becomes real.
  static let size = 2 * capacity * Word.count * 8
  /// Queries of a batch up to which each is counted.
  static let countedWhole = 4
  private static let longestProbe = 8

  /// Words of an entry, one cache line.
  private enum Word {
    static let epoch = 0
    /// Caller, target.
    static let services = 1
    /// Generation of the snapshot, the caller's context, and whether it is in one.
    static let standing = 2
    static let answered = 3
    static let refused = 4
    static let wouldRefuse = 5
    /// Rule and reason of the last refusal.
    static let refusal = 6
    /// The squares of all that was added.
    static let squares = 7
    static let count = 8
  }

  private let tables = CounterArray(count: 2 * WorkerCalls.capacity * Word.count)
  /// By table: entries in use, and calls left out. A cache line for each table.
  private let sums = CounterArray(count: 16)
  private let wanted = Atomic<UInt64>(2)
  private let open = Atomic<UInt64>(2)
  private let random: Atomic<UInt64>
  private let seed: UInt64

  /// - Parameter seed: keeps the order of entries, and which queries are counted, from those who ask.
  init(seed: UInt64 = .random(in: .min ... .max)) {
    self.seed = seed
    random = Atomic(seed | 1)
  }

  /// Which queries of a batch are counted, and for how many each stands.
  struct Sample: BitwiseCopyable {
    /// Below zero where every one is.
    let chosen: Int
    let weight: UInt64

    /// 0 for one that is not counted.
    @inline(__always)
    func weight(of index: Int) -> UInt64 { chosen < 0 ? 1 : index == chosen ? weight : 0 }
  }

  // MARK: - For the worker

  /// Passes on what was counted, where it is asked for. Before each batch, and whenever the worker wakes up.
  @inline(__always)
  func turn() {
    let wanted = wanted.load(ordering: .acquiring)
    if wanted != open.load(ordering: .relaxed) { begin(wanted) }
  }

  @inline(never)
  private func begin(_ epoch: UInt64) {
    let place = Int(truncatingIfNeeded: epoch & 1) &* 8
    sums.set(0, at: place)
    sums.set(0, at: place &+ 1)
    open.store(epoch, ordering: .releasing)
  }

  /// Which queries of a batch of so many are counted.
  @inline(__always)
  func sample(of count: Int) -> Sample {
    if count <= Self.countedWhole { return Sample(chosen: -1, weight: 1) }
    var value = random.load(ordering: .relaxed)
    value ^= value &<< 13
    value ^= value &>> 7
    value ^= value &<< 17
    random.store(value, ordering: .relaxed)
    // The high half of a product: no division, and no bias worth a name.
    let chosen = ((value >> 32) &* UInt64(truncatingIfNeeded: count)) >> 32
    return Sample(chosen: Int(truncatingIfNeeded: chosen), weight: UInt64(truncatingIfNeeded: count))
  }

  /// Counts what became of a query, where it asked for a service; where another's endpoints were answered, that one's call
  /// too.
  /// - Parameter weight: for how many queries it stands; 0 for one that is counted only where it is refused.
  @inline(__always)
  func count(_ outcome: Outcome, generation: UInt64, weight: UInt64) {
    if outcome.refusal == nil, weight == 0 || outcome.decision != .answered, outcome.decision != .refused { return }
    if outcome.service == 0 { return }
    add(outcome, outcome.service, generation, weight)
    if outcome.standIn != 0, weight != 0 { add(outcome, outcome.standIn, generation, weight) }
  }

  /// What became of a call.
  private enum Fate {
    case answered
    case refused
    case wouldRefuse
  }

  @inline(never)
  private func add(_ outcome: Outcome, _ service: UInt32, _ generation: UInt64, _ weight: UInt64) {
    let caller = outcome.caller
    // What a rule in shadow says, it says of the service that was asked for.
    let isAnother = service != outcome.service
    let fate: Fate =
      outcome.decision == .refused ? .refused : outcome.refusal == nil || isAnother ? .answered : .wouldRefuse
    let added = fate == .answered ? weight : 1
    let services = UInt64(caller.service) << 32 | UInt64(service)
    let standing = generation << 17 | UInt64(caller.context) << 1 | (caller.isPlaced ? 1 : 0)
    let epoch = open.load(ordering: .relaxed)
    let table = Int(truncatingIfNeeded: epoch & 1)
    var place = Int(truncatingIfNeeded: hash(services, standing))
    for _ in 0..<Self.longestProbe {
      place &= Self.capacity &- 1
      let entry = (table &* Self.capacity &+ place) &* Word.count
      if tables[entry] != epoch {
        tables.set(epoch, at: entry)
        tables.set(services, at: entry &+ Word.services)
        tables.set(standing, at: entry &+ Word.standing)
        for word in Word.answered...Word.squares { tables.set(0, at: entry &+ word) }
        sums.add(1, to: table &* 8)
        return count(fate, outcome.refusal, added, in: entry)
      }
      if tables[entry &+ Word.services] == services, tables[entry &+ Word.standing] == standing {
        return count(fate, outcome.refusal, added, in: entry)
      }
      place &+= 1
    }
    sums.add(added, to: table &* 8 &+ 1)
  }

  @inline(__always)
  private func count(_ fate: Fate, _ refusal: Refusal?, _ added: UInt64, in entry: Int) {
    tables.add(added &* added, to: entry &+ Word.squares)
    switch fate {
    case .answered: return tables.add(added, to: entry &+ Word.answered)
    case .refused: tables.add(added, to: entry &+ Word.refused)
    case .wouldRefuse: tables.add(added, to: entry &+ Word.wouldRefuse)
    }
    guard let refusal else { return }
    tables.set(UInt64(refusal.rule.rawValue) << 32 | UInt64(refusal.reason), at: entry &+ Word.refusal)
  }

  @inline(__always)
  private func hash(_ services: UInt64, _ standing: UInt64) -> UInt64 {
    let product = (services ^ seed).multipliedFullWidth(by: standing ^ 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low ^ product.low >> 32
  }

  // MARK: - For the control thread

  /// One call and what became of its queries in one epoch.
  struct Entry: Equatable {
    var generation: UInt64
    var service: UInt32
    var context: UInt16
    var isPlaced: Bool
    var target: UInt32
    var answered: UInt64
    /// By rules, and because none of the service's endpoints is given.
    var refused: UInt64
    var wouldRefuse: UInt64
    /// The last by a rule; nil where none was.
    var refusal: Refusal?
    /// The squares of what was added, one after the other: as much as `count`, where nothing was drawn.
    var squares: UInt64 = 0

    var count: UInt64 { answered &+ refused &+ wouldRefuse }
  }

  /// Reads what was counted in the epoch that has ended, and asks for the next to end.
  /// - Returns: how many queries are in no entry; nil where the worker has not turned yet: ask again later.
  func take(_ body: (Entry) -> Void) -> UInt64? {
    let current = wanted.load(ordering: .relaxed)
    guard open.load(ordering: .acquiring) == current else { return nil }
    let epoch = current &- 1
    let table = Int(truncatingIfNeeded: epoch & 1)
    var left = sums[table * 8]
    let start = table * Self.capacity * Word.count
    var entry = start
    while left > 0, entry < start + Self.capacity * Word.count {
      if tables[entry] == epoch {
        body(read(entry))
        left -= 1
      }
      entry += Word.count
    }
    let leftOut = sums[table * 8 + 1]
    wanted.store(current &+ 1, ordering: .releasing)
    return leftOut
  }

  private func read(_ entry: Int) -> Entry {
    let (services, standing) = (tables[entry + Word.services], tables[entry + Word.standing])
    let (refused, wouldRefuse) = (tables[entry + Word.refused], tables[entry + Word.wouldRefuse])
    let last = tables[entry + Word.refusal]
    return Entry(
      generation: standing >> 17, service: UInt32(services >> 32), context: UInt16(truncatingIfNeeded: standing >> 1),
      isPlaced: standing & 1 == 1, target: UInt32(truncatingIfNeeded: services),
      answered: tables[entry + Word.answered], refused: refused, wouldRefuse: wouldRefuse,
      refusal: last == 0
        ? nil
        : Refusal(
          Rule(rawValue: UInt8(truncatingIfNeeded: last >> 32)) ?? .none, reason: UInt32(truncatingIfNeeded: last)),
      squares: tables[entry + Word.squares])
  }
}
