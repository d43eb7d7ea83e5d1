public import FlatMemory

/// A name as octets whose plain order is the canonical order of names (RFC 4034 §6.1).
///
/// Labels from the apex downwards, each ended by a zero; a zero or a one in a label becomes two octets, so that the end
/// of a label sorts before anything that could stand there. Reused; allocates nothing after `init`.
public struct OrderKey: ~Copyable {
  /// 255 octets of name are at most twice as many here.
  private var octets = FlatScratch<UInt8>(repeating: 0, count: 512)
  /// Octets of the key.
  public private(set) var count = 0

  /// The key of the apex.
  public init() {}

  /// The octet at `index`, which is below `count`.
  public subscript(_ index: Int) -> UInt8 { octets[index] }

  /// Takes a name at or below an apex of `originLabels` labels.
  public mutating func load(_ name: borrowing NameKey, originLabels: Int) {
    clear()
    var labels = originLabels &+ 1
    while labels <= name.labelCount {
      let start = name.start(ofSuffix: labels)
      let end = start &+ 1 &+ Int(name.octet(at: start))
      var offset = start &+ 1
      while offset < end {
        let octet = name.octet(at: offset)
        if octet <= 1 { append(plain: 1) }
        append(plain: octet <= 1 ? octet &+ 1 : octet)
        offset &+= 1
      }
      append(plain: 0)
      labels &+= 1
    }
  }

  mutating func clear() { count = 0 }

  mutating func append(plain octet: UInt8) {
    octets[count] = octet
    count &+= 1
  }

  /// How this key sorts against the `size` octets at `start` of flat memory: negative where before, 0 where equal.
  public func order(against memory: borrowing FlatArray<UInt8>, at start: Int, count size: Int) -> Int {
    var index = 0
    while index < count, index < size {
      let difference = Int(octets[index]) &- Int(memory[start &+ index])
      if difference != 0 { return difference }
      index &+= 1
    }
    return count &- size
  }
}
