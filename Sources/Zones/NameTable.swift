internal import DNSFormat
internal import FlatMemory

/// The names of a zone while it is being built: each once, with its parent, down from the apex, which is number 0.
///
/// Adding a name adds its ancestors, so every empty non-terminal is there (RFC 4592 §2.2.2).
struct NameTable: ~Copyable {
  /// What is kept of a name: together, since it is used together.
  private struct Entry: BitwiseCopyable {
    /// Kept so that growing and the final index need not make it again.
    var hash: UInt64
    /// Where it starts in `octets`.
    var start: UInt32
    /// The number of the parent; the apex's is itself.
    var parent: UInt32
    /// The first and the last base record, -1 for none.
    var firstRecord: Int32 = -1
    var lastRecord: Int32 = -1
  }

  /// Names in wire format, small letters.
  private var octets: OctetBuilder
  private var entries: [Entry] = []
  /// Names' numbers plus one.
  private var index: NameIndex
  private let originLabels: Int
  private let seed: UInt64

  init(origin: borrowing NameKey, seed: UInt64, expecting count: Int) {
    originLabels = origin.labelCount
    self.seed = seed
    index = NameIndex(names: count)
    octets = OctetBuilder(capacity: count * 24)
    entries.reserveCapacity(count)
    _ = add(origin, labels: originLabels)
  }

  var count: Int { entries.count }

  /// The number of a name's parent, which is smaller; the apex's is its own.
  func parent(of name: Int) -> Int { Int(entries[name].parent) }

  /// Where a name is in `allOctets`.
  func range(of name: Int) -> Range<Int> {
    Int(entries[name].start)..<(name + 1 < entries.count ? Int(entries[name + 1].start) : octets.count)
  }

  /// All names, one after the other.
  var allOctets: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { octets.octets }
  }

  /// A name in wire format, small letters.
  func name(_ number: Int) -> [UInt8] { allOctets.octets(range(of: number)) }

  /// Appends a name to memory that is being built.
  func append(_ number: Int, to memory: inout OctetBuilder) { memory.append(allOctets, octets: range(of: number)) }

  /// The number of a name at or below the origin; the name and its ancestors are added where they are new.
  mutating func add(_ name: borrowing NameKey) -> Int { add(name, labels: name.labelCount) }

  /// The number of a name; nil where it is not there.
  func number(of name: borrowing NameKey) -> Int? {
    number(of: name, from: 0, hash: name.hash(from: 0, seed: seed))
  }

  private func number(of name: borrowing NameKey, from start: Int, hash: UInt64) -> Int? {
    var probe = index.probe(hash)
    while let found = index.next(&probe) {
      let range = range(of: found - 1)
      if name.suffix(from: start, equals: allOctets, at: range.lowerBound, count: range.count) { return found - 1 }
    }
    return nil
  }

  private mutating func add(_ name: borrowing NameKey, labels: Int) -> Int {
    let start = name.start(ofSuffix: labels)
    let hash = name.hash(from: start, seed: seed)
    if let known = number(of: name, from: start, hash: hash) { return known }
    // The parent first, so that parents have smaller numbers than their children.
    let parent = labels > originLabels ? add(name, labels: labels - 1) : 0
    let number = entries.count
    entries.append(Entry(hash: hash, start: UInt32(octets.count), parent: UInt32(parent)))
    name.append(suffixFrom: start, to: &octets)
    if index.isFull { index = makeIndex(names: number * 2) }
    index.insert(UInt32(number + 1), hash: hash)
    return number
  }

  private func makeIndex(names: Int) -> NameIndex {
    var index = NameIndex(names: names)
    for (number, entry) in entries.enumerated() where number < self.index.count {
      index.insert(UInt32(number + 1), hash: entry.hash)
    }
    return index
  }

  /// The index that finds names' records.
  /// - Parameter records: for each name the offset of its record.
  mutating func takeIndex(_ records: [UInt32]) -> NameIndex {
    var taken = NameIndex(names: 0)
    swap(&taken, &index)
    // Many fewer names than were expected.
    if taken.isRoomy {
      swap(&taken, &index)
      taken = makeIndex(names: count)
      index = NameIndex(names: 0)
    }
    taken.renumber(records)
    return taken
  }

  // MARK: - Base records

  /// A name's first base record, -1 for none.
  func firstRecord(of name: Int) -> Int { Int(entries[name].firstRecord) }

  /// Makes a record the last of a name.
  /// - Returns: the one that was before; -1 for none.
  mutating func append(record: Int, to name: Int) -> Int {
    let last = Int(entries[name].lastRecord)
    entries[name].lastRecord = Int32(record)
    if last < 0 { entries[name].firstRecord = Int32(record) }
    return last
  }
}
