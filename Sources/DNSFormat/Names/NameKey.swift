public import FlatMemory

/// A name as a query's path compares it: wire format with capitals made small, held in place, eight octets a step.
///
/// Holds 255 octets and where each label starts, so every ancestor of the name is a suffix of it and costs no copy.
/// What lies behind the name's end is zero: words may be read past it, and equal names have equal words.
public struct NameKey: ~Copyable {
  @usableFromInline var words = FlatScratch<UInt64>(repeating: 0, count: 34)
  @usableFromInline var starts = FlatScratch<UInt8>(repeating: 0, count: 128)
  /// Octets in wire format, the root's zero included: 1 to 255.
  public private(set) var length = 1
  /// How many labels, the root not counted: 0 to 127.
  public private(set) var labelCount = 0

  /// The root.
  public init() {}

  /// Takes the uncompressed name at `start` of a message.
  /// - Returns: the offset after it.
  /// - Throws: where it ends beyond the message, has a pointer (a question's name has nothing before it to point to),
  ///   or more than 255 octets.
  public mutating func load(_ message: Span<UInt8>, at start: Int) throws(WireError) -> Int {
    var starts = starts.mutableSpan
    var offset = start
    var labels = 0
    while true {
      guard offset < message.count else { throw .malformed }
      let length = message[offset]
      if length == 0 { break }
      guard length <= 63, offset &- start &+ Int(length) < 254 else { throw .malformed }
      starts[labels] = UInt8(truncatingIfNeeded: offset &- start)
      labels &+= 1
      offset &+= 1 &+ Int(length)
    }
    let length = offset &- start &+ 1
    self.length = length
    labelCount = labels
    words.loadLowercased(message, from: start, count: length)
    return offset &+ 1
  }

  /// Takes the name at `start` of flat memory, which is known to be whole and uncompressed; eight more octets follow.
  public mutating func load(_ memory: borrowing FlatArray<UInt8>, at start: Int) {
    var offset = start
    var labels = 0
    while memory[offset] != 0 {
      starts[labels] = UInt8(truncatingIfNeeded: offset &- start)
      labels &+= 1
      offset &+= 1 &+ Int(memory[offset])
    }
    length = offset &- start &+ 1
    labelCount = labels
    words.loadLowercased(memory.span, from: start, count: length)
  }

  /// Becomes another name.
  public mutating func load(_ name: borrowing NameKey) {
    length = name.length
    labelCount = name.labelCount
    var index = 0
    while index &* 8 < length {
      words[index] = name.words[index]
      index &+= 1
    }
    clearTail()
    index = 0
    while index < labelCount {
      starts[index] = name.starts[index]
      index &+= 1
    }
  }

  /// Takes a name of the control plane.
  package mutating func load(_ name: DomainName) {
    let wire = name.wire.span
    var offset = 0
    var labels = 0
    while wire[offset] != 0 {
      starts[labels] = UInt8(truncatingIfNeeded: offset)
      labels &+= 1
      offset &+= 1 &+ Int(wire[offset])
    }
    length = offset &+ 1
    labelCount = labels
    words.loadLowercased(wire, from: 0, count: length)
  }

  /// Becomes `*` below the ancestor of `name` that has `labelCount` labels (RFC 4592 §2.1.1). The ancestor is not
  /// `name` itself, so the result is at most as long.
  public mutating func load(wildcardBelow ancestorLabels: Int, of name: borrowing NameKey) {
    let from = name.start(ofSuffix: ancestorLabels)
    length = name.length &- from &+ 2
    labelCount = ancestorLabels &+ 1
    starts[0] = 0
    var label = 1
    while label <= ancestorLabels {
      starts[label] = name.starts[name.labelCount &- ancestorLabels &+ label &- 1] &- UInt8(from) &+ 2
      label &+= 1
    }
    var carry: UInt64 = 0x2a01  // the label "*": its length, then the asterisk
    var index = 0
    while index &* 8 < length {
      let word = name.word(at: from &+ index &* 8)
      words[index] = carry | word &<< 16
      carry = word &>> 48
      index &+= 1
    }
    clearTail()
  }

  /// Puts another name in the place of the ancestor with `labels` labels: the one at `start` of flat memory, which is
  /// whole and uncompressed. Together they have no more than 255 octets. What stands in front is not read again.
  public mutating func replace(suffix labels: Int, by memory: borrowing FlatArray<UInt8>, at start: Int) {
    let kept = self.start(ofSuffix: labels)
    var label = labelCount &- labels
    var next = start  // where the label after this one begins
    var from = start
    while true {
      let octet = memory[from]
      if from == next, octet != 0 {
        starts[label] = UInt8(truncatingIfNeeded: kept &+ from &- start)
        label &+= 1
        next &+= 1 &+ Int(octet)
      }
      set(lowercased(octet), at: kept &+ from &- start)
      if from == next { break }
      from &+= 1
    }
    length = kept &+ from &- start &+ 1
    labelCount = label
    clearTail()
  }

  private mutating func set(_ octet: UInt8, at offset: Int) {
    let shift = UInt64(offset & 7) &* 8
    words[offset &>> 3] = words[offset &>> 3] & ~(0xff &<< shift) | UInt64(octet) &<< shift
  }

  /// Zeroes what lies behind the name's last octet.
  @usableFromInline mutating func clearTail() {
    let last = length &>> 3
    let kept = UInt64(length & 7) &* 8
    words[last] &= (1 &<< kept) &- 1
    words[last &+ 1] = 0
  }

  /// Where the ancestor with `labels` labels starts; the name itself for its own count, the root for 0.
  @inlinable public func start(ofSuffix labels: Int) -> Int {
    labels == 0 ? length &- 1 : Int(starts[labelCount &- labels])
  }

  /// Eight octets from `offset` on, zeros behind the end; `offset` is within the name.
  @inlinable func word(at offset: Int) -> UInt64 {
    let index = offset &>> 3
    let shift = UInt64(offset & 7) &* 8
    if shift == 0 { return words[index] }
    return words[index] &>> shift | words[index &+ 1] &<< (64 &- shift)
  }

  /// Eight octets of the name, by number, the first in the lowest bits; zeros behind its end.
  @inlinable public func alignedWord(_ index: Int) -> UInt64 { words[index] }

  /// A hash of the suffix that starts at `offset`. Seeded, so that nobody outside can aim names at one place.
  @inlinable public func hash(from offset: Int, seed: UInt64) -> UInt64 {
    var hash = seed ^ UInt64(truncatingIfNeeded: length &- offset)
    var offset = offset
    while offset < length {
      hash = NameKey.mixed(hash, word(at: offset), seed: seed)
      offset &+= 8
    }
    return hash
  }

  /// A step of a name's hash: eight octets more.
  @inlinable @inline(__always) static func mixed(_ hash: UInt64, _ word: UInt64, seed: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low &+ seed
  }

  /// True where the suffix from `offset` on is the folded name of `size` octets at `start` of flat memory, behind which
  /// eight more octets follow.
  @inlinable public func suffix(
    from offset: Int, equals memory: borrowing FlatArray<UInt8>, at start: Int, count size: Int
  ) -> Bool {
    guard size == length &- offset else { return false }
    var done = 0
    while done &+ 8 <= size {
      if word(at: offset &+ done) != memory.load(start &+ done, as: UInt64.self) { return false }
      done &+= 8
    }
    let rest = UInt64(size & 7) &* 8
    if rest == 0 { return true }
    let mask: UInt64 = (1 &<< rest) &- 1
    return (word(at: offset &+ done) ^ memory.load(start &+ done, as: UInt64.self)) & mask == 0
  }

  /// The folded octet at `offset`, which is within the name.
  @inlinable public func octet(at offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: words[offset &>> 3] &>> UInt64((offset & 7) &* 8))
  }
}
