/// When endpoints are checked. Times are nanoseconds of a clock that never goes back; randomness is handed in.
package enum CheckSchedule {
  /// The first check of one of many new endpoints: they are spread over an interval, but over a second at the most, so that
  /// soon after a start all is known.
  /// - Parameter random: any number.
  package static func first(at now: UInt64, interval: UInt64, random: UInt64) -> UInt64 {
    now &+ part(of: min(interval, 1_000_000_000), random)
  }

  /// The check after one that began: an interval later, give or take a fifth, so that servers and endpoints do not fall
  /// into step.
  /// - Parameter factor: how many times longer it is than usual.
  package static func next(began: UInt64, interval: UInt64, factor: UInt64 = 1, random: UInt64) -> UInt64 {
    let (whole, overflow) = interval.multipliedReportingOverflow(by: max(1, factor))
    let time = min(overflow ? .max : whole, 1 << 62)
    return began &+ (time - time / 5) &+ part(of: time / 5 * 2, random)
  }

  /// Evenly from 0 to `most`, without it.
  private static func part(of most: UInt64, _ random: UInt64) -> UInt64 { most.multipliedFullWidth(by: random).high }
}

/// A queue of what is due when: the earliest first. A binary heap.
package struct DueQueue: Sendable {
  /// One entry.
  package struct Entry: Equatable, Sendable {
    package let time: UInt64
    package let number: Int

    package init(time: UInt64, number: Int) { (self.time, self.number) = (time, number) }
  }

  private var heap: [Entry] = []

  package init() {}

  package var isEmpty: Bool { heap.isEmpty }

  /// The earliest; nil where there is none.
  package var first: Entry? { heap.first }

  package mutating func add(_ entry: Entry) {
    heap.append(entry)
    var index = heap.count - 1
    while index > 0, heap[index].time < heap[(index - 1) / 2].time {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the earliest away; nil where there is none.
  package mutating func removeFirst() -> Entry? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return first }
    heap[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].time < heap[least].time {
        least = child
      }
      if least == index { return first }
      heap.swapAt(index, least)
      index = least
    }
  }
}
