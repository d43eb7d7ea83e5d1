internal import FlatMemory

/// RRs of sets of which not all are answered, or not in the zone's order: each in the order in which it goes out.
///
/// Bounded, in place, reused. There is room for the largest set of addresses that a message can have (4,095 of A), so
/// the answer's own set is never cut; of additional data what finds no room is left out.
struct Selection: ~Copyable {
  /// One RR.
  struct Element: BitwiseCopyable {
    /// Where its RDATA is.
    var rdata: UInt32
    /// The least goes first.
    var key: Float
    /// Of an SRV, what its weight is replaced by; `keptWeight` where it is not.
    var weight: UInt32
  }

  /// Part of the selection: the RRs of one set.
  struct Part: BitwiseCopyable {
    var first: UInt16
    var count: UInt16

    static var none: Part { Part(first: 0, count: 0) }
  }

  static var keptWeight: UInt32 { .max }
  static var capacity: Int { 8192 }

  private var elements = FlatScratch<Element>(
    repeating: Element(rdata: 0, key: 0, weight: 0), count: Selection.capacity)
  private(set) var count = 0

  subscript(_ index: Int) -> Element { elements[index] }

  mutating func reset() { count = 0 }

  /// Adds an RR; false where there is no room.
  mutating func add(_ element: Element) -> Bool {
    if count == Selection.capacity { return false }
    elements[count] = element
    count &+= 1
    return true
  }

  /// Takes back all from `first` on.
  mutating func truncate(to first: Int) { count = first }

  /// Leaves out those from `first` on whose weight is 0, where there are any others.
  mutating func removeWeightless(from first: Int) {
    var kept = first
    var index = first
    while index < count {
      if elements[index].weight != 0 {
        elements[kept] = elements[index]
        kept &+= 1
      }
      index &+= 1
    }
    if kept > first { count = kept }
  }

  /// Orders those from `first` on by their keys: a heap sort, which needs no memory and is never slow.
  mutating func sort(from first: Int) {
    let size = count &- first
    var start = size / 2
    while start > 0 {
      start &-= 1
      sink(start, size, first)
    }
    var end = size
    while end > 1 {
      end &-= 1
      let greatest = elements[first]
      elements[first] = elements[first &+ end]
      elements[first &+ end] = greatest
      sink(0, end, first)
    }
  }

  /// Moves an element of the heap down to where no child is greater.
  private mutating func sink(_ start: Int, _ size: Int, _ first: Int) {
    let moved = elements[first &+ start]
    var place = start
    while place &* 2 &+ 1 < size {
      var child = place &* 2 &+ 1
      if child &+ 1 < size, elements[first &+ child].key < elements[first &+ child &+ 1].key { child &+= 1 }
      if elements[first &+ child].key <= moved.key { break }
      elements[first &+ place] = elements[first &+ child]
      place = child
    }
    elements[first &+ place] = moved
  }
}

/// Random order by weight, without a generator's state: the same query gives the same order.
enum WeightedOrder {
  /// An RR's key: of several RRs each has the least one with the chance that its weight has of all weights, and so on
  /// among the rest (Efraimidis and Spirakis 2006, in logarithms).
  /// - Parameter random: 64 random bits.
  static func key(_ random: UInt64, weight: UInt32) -> Float {
    // Uniform in (0, 1): 52 bits, and never 0 or 1.
    let uniform = (Double(random >> 12) + 0.5) * 0x1p-52
    return Float(-log2(uniform) / Double(max(1, weight)))
  }

  /// The binary logarithm of a positive number, to 9 digits: there is no Glibc on a query's path.
  private static func log2(_ value: Double) -> Double {
    // log2 m = 2 / ln 2 * artanh z with z = (m - 1) / (m + 1), which is at most 1/3 for m in 1..<2.
    let z = (value.significand - 1) / (value.significand + 1)
    let square = z * z
    var sum = 1.0 / 17
    var divisor = 15.0
    while divisor > 0 {
      sum = sum * square + 1 / divisor
      divisor -= 2
    }
    return Double(value.exponent) + 2.885_390_081_777_927 * z * sum
  }
}
