internal import Addresses
internal import Contexts
public import DNSFormat
public import FlatMemory

/// Which `forward` line a name goes by, made ready for queries.
///
/// Immutable; asking it allocates nothing and counts no references. A probe for each count of labels that some line's zone
/// has, longest first, and a binary search among the contexts where several have a line for it.
public final class ForwardTable: Sendable {
  /// True where nothing is forwarded for anybody.
  public let isEmpty: Bool
  /// Which runs a zone has.
  @usableFromInline let zones: SuffixTable<Runs>
  /// What counts in which contexts, the runs of a zone together and in order.
  @usableFromInline let runs: FlatArray<Run>
  /// By line: not 0 for `off`. Index 0 is no line.
  @usableFromInline let isOff: FlatArray<UInt8>
  @usableFromInline let fingerprints: FlatArray<UInt64>
  /// By line: what becomes of its names, in words.
  private let texts: TextTable

  /// A zone's runs.
  @usableFromInline struct Runs: BitwiseCopyable, Sendable {
    @usableFromInline let first: UInt32
    @usableFromInline let count: UInt32
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
    var zones: [SuffixTable<Runs>.Entry] = []
    var runs: [Run] = []
    // In the order of the lines: what was compiled of the same policy is the same.
    for line in policy.forwards {
      guard let numbers = lines.removeValue(forKey: line.zone) else { continue }
      let own = Self.runs(numbers, policy)
      zones.append(SuffixTable.Entry(line.zone, Runs(first: UInt32(runs.count), count: UInt32(own.count))))
      runs += own
    }
    self.zones = SuffixTable(zones, seed: Self.seed)
    self.runs = FlatArray(runs)
    isOff = FlatArray([0] + policy.forwards.map { $0.isOff ? 1 : 0 })
    fingerprints = FlatArray([0] + policy.forwards.map(Self.fingerprint))
    var texts = TextTable.Builder()
    for line in policy.forwards { texts.add("\(line.effect), by \(line.text) (\(line.location.short))") }
    self.texts = TextTable(texts)
  }

  /// Names come from outside and zones do not: no one can fill the table, so its order need not be kept from anyone.
  static let seed: UInt64 = 0x666f_7277_6172_6473

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
    var count = zones.nextCount(from: min(name.labelCount, most &- 1))
    while count >= 0, count > labels {
      if let runs = zones.value(at: name, labels: count) {
        let line = line(of: runs, context: context)
        if line != 0 { return line }
      }
      count = zones.nextCount(from: count &- 1)
    }
    return 0
  }

  /// The line of the run that a context is in.
  @inlinable func line(of zone: Runs, context: UInt16) -> UInt16 {
    var low = Int(zone.first), high = Int(zone.first &+ zone.count)
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
