/// Slots in the order in which they were last touched: touching one, leaving one out and finding the one untouched for
/// longest take a fixed number of steps each, however many there are.
///
/// Pure. A doubly linked list within two arrays; node 0 is both ends.
struct QuietOrder {
  private var next: [Int32] = [0]
  private var previous: [Int32] = [0]
  /// How many slots are in it.
  private(set) var count = 0

  /// The slot untouched for longest.
  var first: Int? { next[0] == 0 ? nil : Int(next[0]) - 1 }

  /// The slot behind another in the order.
  func slot(after slot: Int) -> Int? { contains(slot) && next[slot + 1] != 0 ? Int(next[slot + 1]) - 1 : nil }

  /// True where the slot is in the order.
  func contains(_ slot: Int) -> Bool { slot + 1 < next.count && previous[slot + 1] >= 0 }

  /// Puts a slot at the end, wherever it was.
  mutating func touch(_ slot: Int) {
    remove(slot)
    while next.count <= slot + 1 {
      next.append(-1)
      previous.append(-1)
    }
    let node = Int32(slot + 1)
    let last = previous[0]
    previous[slot + 1] = last
    next[slot + 1] = 0
    next[Int(last)] = node
    previous[0] = node
    count += 1
  }

  /// Leaves a slot out; of no consequence where it is not in the order.
  mutating func remove(_ slot: Int) {
    guard contains(slot) else { return }
    let before = previous[slot + 1]
    let after = next[slot + 1]
    next[Int(before)] = after
    previous[Int(after)] = before
    (next[slot + 1], previous[slot + 1]) = (-1, -1)
    count -= 1
  }
}
