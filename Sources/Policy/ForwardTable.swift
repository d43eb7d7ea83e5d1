internal import Addresses
internal import Contexts
public import DNSFormat
public import FlatMemory

/// Which `forward` line a name goes by, made ready for queries.
///
/// Immutable; asking it allocates nothing and counts no references. One probe of a hash table for each count of labels
/// that some line's zone has, longest first, and a binary search among the contexts where several have a line for it.
public final class ForwardTable: Sendable {
  /// True where nothing is forwarded for anybody.
  public let isEmpty: Bool
  /// An open-addressing table, by the hash of a zone's name.
  @usableFromInline let index: FlatArray<Entry>
  /// Bit n: some line's zone has n labels.
  @usableFromInline let labelCounts: FlatArray<UInt64>
  /// What counts in which contexts, the runs of a zone together and in order.
  @usableFromInline let runs: FlatArray<Run>
  /// The zones' names in small letters, one after the other.
  @usableFromInline let names: FlatArray<UInt8>
  /// By line: not 0 for `off`. Index 0 is no line.
  @usableFromInline let isOff: FlatArray<UInt8>
  @usableFromInline let fingerprints: FlatArray<UInt64>
  /// By line: what becomes of its names, in words.
  private let texts: TextTable

  /// A slot of the table.
  @usableFromInline struct Entry: BitwiseCopyable, Sendable {
    @usableFromInline var hash: UInt64 = 0
    @usableFromInline var name: UInt32 = 0
    /// In octets; 0 where the slot is free.
    @usableFromInline var length: UInt32 = 0
    @usableFromInline var firstRun: UInt32 = 0
    @usableFromInline var runCount: UInt32 = 0
  }

  /// Contexts from one on, up to where the next run begins.
  @usableFromInline struct Run: BitwiseCopyable, Sendable {
    @usableFromInline var firstContext: UInt16
    /// 0 where no line counts.
    @usableFromInline var line: UInt16
  }

  /// Lines are numbered from 1, as the policy has them.
  package init(_ policy: Policy) {
    precondition(policy.forwards.count <= Int(UInt16.max), "the numbers of forward lines fit in 16 bits")
    isEmpty = policy.forwards.allSatisfy(\.isOff)
    var lines: [DomainName: [Int]] = [:]
    for (index, line) in policy.forwards.enumerated() { lines[line.zone, default: []].append(index) }
    var table = [Entry](repeating: Entry(), count: max(2, 1 << (Int.bitWidth - (lines.count * 2).leadingZeroBitCount)))
    var counts: [UInt64] = [0, 0]
    var runs: [Run] = []
    var names: [UInt8] = []
    var name = NameKey()
    // In the order of the lines: what was compiled of the same policy is the same.
    for line in policy.forwards {
      guard let numbers = lines.removeValue(forKey: line.zone) else { continue }
      name.load(line.zone)
      counts[name.labelCount >> 6] |= 1 << UInt64(name.labelCount & 63)
      let hash = name.hash(from: 0, seed: Self.seed)
      var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
      while table[slot].length != 0 { slot = (slot + 1) & (table.count - 1) }
      let own = Self.runs(numbers, policy)
      table[slot] = Entry(
        hash: hash, name: UInt32(names.count), length: UInt32(name.length), firstRun: UInt32(runs.count),
        runCount: UInt32(own.count))
      runs += own
      for offset in 0..<name.length { names.append(name.octet(at: offset)) }
    }
    index = FlatArray(table)
    labelCounts = FlatArray(counts)
    self.runs = FlatArray(runs)
    // Names are compared in whole words, which may reach behind the last.
    self.names = FlatArray(names + [UInt8](repeating: 0, count: 8))
    isOff = FlatArray([0] + policy.forwards.map { $0.isOff ? 1 : 0 })
    fingerprints = FlatArray([0] + policy.forwards.map(Self.fingerprint))
    var texts = TextTable.Builder()
    for line in policy.forwards { texts.add("\(line.effect), by \(line.text) (\(line.location.short))") }
    self.texts = TextTable(texts)
  }

  /// Names come from outside and zones do not: no one can fill the table, so its order need not be kept from anyone.
  @usableFromInline static let seed: UInt64 = 0x666f_7277_6172_6473

  /// Which of a zone's lines counts in which contexts.
  private static func runs(_ lines: [Int], _ policy: Policy) -> [Run] {
    // A context's numbers are a run, and an inner context's lies within it: later lines of this order are nearer.
    let sorted = lines.sorted { policy.forwards[$0].context < policy.forwards[$1].context }
    var runs = [Run(firstContext: 0, line: 0)]
    var open: [(last: Int, line: UInt16)] = [(Int.max, 0)]
    func begin(_ context: Int, _ line: UInt16) {
      if Int(runs[runs.count - 1].firstContext) == context { runs.removeLast() }
      runs.append(Run(firstContext: UInt16(context), line: line))
    }
    func close(before context: Int) {
      while let inner = open.last, inner.last < context {
        open.removeLast()
        if inner.last + 1 < policy.contexts.nodes.count { begin(inner.last + 1, open[open.count - 1].line) }
      }
    }
    for index in sorted {
      let context = policy.forwards[index].context
      close(before: context)
      begin(context, UInt16(index + 1))
      open.append((policy.contexts.nodes[context].last, UInt16(index + 1)))
    }
    close(before: policy.contexts.nodes.count)
    return runs
  }

  /// Of the servers and their order, and of nothing else.
  private static func fingerprint(of line: Forward) -> UInt64 {
    var hash: UInt64 = 0x6465_7374_696e_6564
    func mix(_ word: UInt64) {
      let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
      hash = product.high ^ product.low &+ 0x2545_f491_4f6c_dd1d
    }
    for server in line.servers {
      mix(server.address.high)
      mix(server.address.low)
      mix(UInt64(server.port) << 1 | (server.address.isIPv4 ? 1 : 0))
    }
    return hash
  }

  /// The number of the line that a name goes by for a caller in a context; 0 for none, and where it says `off`.
  ///
  /// Of the lines whose zone the name is at or below, the longest zone counts; of two for the same zone, the one of the
  /// nearer context.
  /// - Parameters:
  ///   - type: DS is the parent's (RFC 4035 §3.1.4.1), so a line for the very name counts only where there is no other.
  ///   - labels: zones with no more labels do not count: those that a zone of ours is in, or is.
  @inlinable public func route(
    of name: borrowing NameKey, type: RRType = .a, context: UInt16, longerThan labels: Int = -1
  ) -> UInt16 {
    let line = line(of: name, type: type, context: context, longerThan: labels)
    return isOff(line) ? 0 : line
  }

  /// True where a line says that nobody is asked.
  @inlinable public func isOff(_ line: UInt16) -> Bool { isOff[Int(line)] != 0 }

  /// The number of the line that says what becomes of a question for a name, also where it says `off`; 0 for none.
  @inlinable public func line(
    of name: borrowing NameKey, type: RRType, context: UInt16, longerThan labels: Int = -1
  ) -> UInt16 {
    let nearest = line(of: name, context: context, longerThan: labels)
    guard type == .ds, nearest != 0, name.labelCount > 0 else { return nearest }
    let parents = line(of: name, context: context, longerThan: labels, shorterThan: name.labelCount)
    // Below a zone of ours the parent is ours.
    return parents == 0 && labels < 0 ? nearest : parents
  }

  /// The number of the line that says what becomes of a name, also where it says `off`; 0 for none.
  /// - Parameter most: zones with as many labels or more do not count either.
  @inlinable public func line(
    of name: borrowing NameKey, context: UInt16, longerThan labels: Int = -1, shorterThan most: Int = .max
  ) -> UInt16 {
    var half = name.labelCount &>> 6
    while half >= 0 {
      // The counts that the name has enough labels for, longest first.
      var counts = labelCounts[half]
      if half == name.labelCount &>> 6 { counts &= ~0 &>> UInt64(63 &- name.labelCount & 63) }
      while counts != 0 {
        let bit = 63 &- counts.leadingZeroBitCount
        counts ^= 1 &<< UInt64(bit)
        let count = half &<< 6 &+ bit
        if count <= labels { return 0 }
        if count >= most { continue }
        let line = line(atZone: name, labels: count, context: context)
        if line != 0 { return line }
      }
      half &-= 1
    }
    return 0
  }

  /// The line for the zone that is the name's ancestor with so many labels; 0 for none.
  @inlinable func line(atZone name: borrowing NameKey, labels: Int, context: UInt16) -> UInt16 {
    let start = name.start(ofSuffix: labels)
    let hash = name.hash(from: start, seed: ForwardTable.seed)
    let mask = index.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = index[slot]
      if entry.length == 0 { return 0 }
      if entry.hash == hash, name.suffix(from: start, equals: names, at: Int(entry.name), count: Int(entry.length)) {
        return line(of: entry, context: context)
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// The line of the run that a context is in.
  @inlinable func line(of entry: Entry, context: UInt16) -> UInt16 {
    var low = Int(entry.firstRun), high = Int(entry.firstRun &+ entry.runCount)
    while high &- low > 1 {
      let middle = (low &+ high) &>> 1
      if runs[middle].firstContext <= context { low = middle } else { high = middle }
    }
    return runs[low].line
  }

  /// Appends what becomes of the names of a line: `forwarded to 192.0.2.53:53, by forward . (a.policy:3)`.
  package func appendText(of line: UInt16, to buffer: inout OctetBuffer) { texts.append(UInt32(line), to: &buffer) }

  /// What answers of a line are kept under: the same for the same servers in the same order, in whatever snapshot; 0 for
  /// no line.
  @inlinable public func fingerprint(of route: UInt16) -> UInt64 { fingerprints[Int(route)] }
}
