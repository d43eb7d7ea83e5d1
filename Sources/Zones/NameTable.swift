internal import DNSFormat
internal import FlatMemory

/// The names of a zone while it is being built: each once, with its parent, down from the apex, which is number 0.
///
/// Adding a name adds its ancestors, so every empty non-terminal is there (RFC 4592 §2.2.2).
struct NameTable: ~Copyable {
  /// Names in wire format, small letters.
  private(set) var octets: [UInt8] = []
  /// Where each name starts in `octets`.
  private(set) var starts: [UInt32] = []
  /// The number of each name's parent; the apex's is itself.
  private(set) var parents: [UInt32] = []
  private(set) var labelCounts: [UInt8] = []
  /// Hashes, kept so that growing and the final index need not make them again.
  private(set) var hashes: [UInt64] = []
  private var slots: [UInt32]  // a name's number plus one; 0 where free
  private let originLabels: Int
  private let seed: UInt64

  init(origin: borrowing NameKey, seed: UInt64, expecting count: Int) {
    originLabels = origin.labelCount
    self.seed = seed
    slots = Array(repeating: 0, count: max(16, (count * 3 / 2).roundedUpToPowerOfTwo))
    starts.reserveCapacity(count)
    parents.reserveCapacity(count)
    labelCounts.reserveCapacity(count)
    hashes.reserveCapacity(count)
    octets.reserveCapacity(count * 24)
    _ = add(origin, labels: originLabels)
  }

  var count: Int { starts.count }

  /// Octets of a name.
  func size(of name: Int) -> Int {
    (name + 1 < starts.count ? Int(starts[name + 1]) : octets.count) - Int(starts[name])
  }

  /// The name in wire format, small letters.
  func name(_ number: Int) -> ArraySlice<UInt8> {
    octets[Int(starts[number])..<(Int(starts[number]) + size(of: number))]
  }

  /// The number of a name at or below the origin; the name and its ancestors are added where they are new.
  mutating func add(_ name: borrowing NameKey) -> Int { add(name, labels: name.labelCount) }

  /// The number of a name; nil where it is not there.
  func number(of name: borrowing NameKey) -> Int? {
    number(of: name, from: 0, hash: name.hash(from: 0, seed: seed))
  }

  private func number(of name: borrowing NameKey, from start: Int, hash: UInt64) -> Int? {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if hashes[number] == hash, isEqual(number, name, from: start) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private mutating func add(_ name: borrowing NameKey, labels: Int) -> Int {
    let start = name.start(ofSuffix: labels)
    let hash = name.hash(from: start, seed: seed)
    if let known = number(of: name, from: start, hash: hash) { return known }
    // The parent first, so that parents have smaller numbers than their children.
    let parent = labels > originLabels ? add(name, labels: labels - 1) : 0
    let number = starts.count
    starts.append(UInt32(octets.count))
    for offset in start..<name.length { octets.append(name.octet(at: offset)) }
    parents.append(UInt32(parent))
    labelCounts.append(UInt8(labels))
    hashes.append(hash)
    insert(number)
    return number
  }

  private mutating func insert(_ number: Int) {
    if starts.count * 4 > slots.count * 3 {
      slots = Array(repeating: 0, count: slots.count * 2)
      for known in 0..<number { place(known) }
    }
    place(number)
  }

  private mutating func place(_ number: Int) {
    var slot = Int(truncatingIfNeeded: hashes[number]) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(number + 1)
  }

  private func isEqual(_ number: Int, _ name: borrowing NameKey, from start: Int) -> Bool {
    guard size(of: number) == name.length - start else { return false }
    let at = Int(starts[number])
    for offset in 0..<(name.length - start) where octets[at + offset] != name.octet(at: start + offset) {
      return false
    }
    return true
  }
}
