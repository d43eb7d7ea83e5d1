internal import DNSFormat
internal import FlatMemory

/// Names of a zone in canonical order (RFC 4034 §6.1): those with NSEC records, or those with NSEC3 records, whose names
/// are hashes. Finds the record that proves a name's absence for a context.
///
/// Names that have such a record in every context are one list; what only some contexts have is a further list for those
/// contexts. So a lookup halves two lists, and a context costs memory for what differs.
struct NameOrder: ~Copyable, Sendable {
  /// For each name: the offset of its record in the zone (4 octets), octets of its key (2 octets), its key.
  private let memory: FlatArray<UInt8>
  /// Where each name is in `memory`, list after list, each in order.
  private let starts: FlatArray<UInt32>
  /// Where in `starts` each list ends; the first is that of all contexts.
  private let ends: FlatArray<UInt32>
  /// For each context the number of its further list; 0 where it has none.
  private let lists: FlatArray<UInt16>

  /// A name that has such a record.
  struct Entry {
    /// Its ``OrderKey``.
    var key: [UInt8]
    /// The offset of its record in the zone.
    var record: UInt32
    /// The contexts that have it; nil for all.
    var contexts: Set<Int>?
  }

  /// - Parameters:
  ///   - entries: in any order, each name once.
  ///   - contextCount: one more than the greatest number of a context.
  init(_ entries: [Entry], contextCount: Int) {
    let sorted = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    var builder = OctetBuilder(capacity: sorted.count * 32)
    var all: [UInt32] = []
    var further: [Int: [UInt32]] = [:]
    for entry in sorted {
      let start = UInt32(builder.count)
      builder.append(host: entry.record)
      builder.append(host: UInt16(entry.key.count))
      builder.append(entry.key[...])
      if let contexts = entry.contexts {
        for context in contexts { further[context, default: []].append(start) }
      } else {
        all.append(start)
      }
    }
    memory = builder.finish()
    var ends = [UInt32(all.count)]
    var numbers: [[UInt32]: UInt16] = [:]
    var lists = [UInt16](repeating: 0, count: contextCount)
    for (context, list) in further {
      if numbers[list] == nil {
        numbers[list] = UInt16(ends.count)
        all += list
        ends.append(UInt32(all.count))
      }
      lists[context] = numbers[list] ?? 0
    }
    starts = FlatArray(all)
    self.ends = FlatArray(ends)
    self.lists = FlatArray(lists)
  }

  /// True where no context has such a record.
  var isEmpty: Bool { starts.count == 0 }

  /// True where a context has no such record.
  func isEmpty(for context: UInt16) -> Bool { ends[0] == 0 && lists[Int(context)] == 0 }

  /// The last name that is not after the key, round the circle: the offset of its record, and whether it is the key's own.
  /// Nil where the context has no such record.
  func record(notAfter key: borrowing OrderKey, context: UInt16) -> (offset: Int, isMatch: Bool)? {
    let list = Int(lists[Int(context)])
    var found = index(notAfter: key, from: 0, to: Int(ends[0]))
    if list > 0 {
      let other = index(notAfter: key, from: Int(ends[list &- 1]), to: Int(ends[list]))
      found = later(found, other)
    }
    // Nothing before it: the last of all leads round the circle.
    if found == nil {
      found = ends[0] > 0 ? Int(ends[0]) &- 1 : nil
      if list > 0 { found = later(found, Int(ends[list]) &- 1) }
    }
    guard let found else { return nil }
    let start = Int(starts[found])
    return (Int(memory.load(start, as: UInt32.self)), order(of: key, against: found) == 0)
  }

  /// The index of the last name of a list that is not after the key; nil where all are.
  private func index(notAfter key: borrowing OrderKey, from first: Int, to end: Int) -> Int? {
    var low = first &- 1
    var high = end
    while high &- low > 1 {
      let middle = (low &+ high &+ 1) / 2
      if order(of: key, against: middle) >= 0 { low = middle } else { high = middle }
    }
    return low < first ? nil : low
  }

  private func order(of key: borrowing OrderKey, against index: Int) -> Int {
    let start = Int(starts[index])
    let size = Int(memory.load(start &+ 4, as: UInt16.self))
    return key.order(against: memory, at: start &+ 6, count: size)
  }

  /// Of two names, if there are two, the one that comes later.
  private func later(_ left: Int?, _ right: Int?) -> Int? {
    guard let left, let right else { return left ?? right }
    let (a, b) = (Int(starts[left]), Int(starts[right]))
    let (sizeA, sizeB) = (Int(memory.load(a &+ 4, as: UInt16.self)), Int(memory.load(b &+ 4, as: UInt16.self)))
    var offset = 0
    while offset < min(sizeA, sizeB) {
      let difference = Int(memory[a &+ 6 &+ offset]) &- Int(memory[b &+ 6 &+ offset])
      if difference != 0 { return difference > 0 ? left : right }
      offset &+= 1
    }
    return sizeA > sizeB ? left : right
  }
}
