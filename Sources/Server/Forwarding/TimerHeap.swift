/// What is to be done when, soonest first. An entry that means nothing any more is passed over when its time comes,
/// or swept out with others of its kind.
struct TimerHeap {
  /// What an entry is about.
  enum Kind: Sendable {
    /// A server has not replied: another is asked.
    case attempt
    /// Whoever waits may be given a stale answer.
    case stale
    /// A reply to a question that is over has not come either: it is waited for no longer.
    case late
    /// Of those who wait, some were taken up again after a reload and have waited for long enough.
    case overdue
    /// A question has taken too long.
    case deadline
  }

  struct Entry {
    let time: UInt64
    let kind: Kind
    let number: UInt64
  }

  private var entries: [Entry] = []

  /// How many there are.
  var count: Int { entries.count }
  /// When the soonest is due; nil where there is none.
  var next: UInt64? { entries.first?.time }

  /// Adds an entry.
  mutating func add(_ kind: Kind, _ number: UInt64, at time: UInt64) {
    entries.append(Entry(time: time, kind: kind, number: number))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if entries[parent].time <= entries[child].time { break }
      entries.swapAt(parent, child)
      child = parent
    }
  }

  /// Sweeps out what means nothing any more; for when that is the most of it.
  mutating func keep(_ isAlive: (Entry) -> Bool) {
    // In order of time an array is a heap.
    entries = entries.filter(isAlive).sorted { $0.time < $1.time }
  }

  /// Takes the soonest where it is due.
  mutating func take(at now: UInt64) -> Entry? {
    guard let first = entries.first, first.time <= now else { return nil }
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].time < entries[least].time {
        least = child
      }
      if least == parent { return first }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
