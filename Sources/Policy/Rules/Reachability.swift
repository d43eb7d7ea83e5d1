/// Who reaches whom in the graph of declared calls: for every service the set of those it calls, directly or by others.
///
/// The sets are rows of bits, of which only words that are not zero are kept, and equal rows once; of a run of words that
/// are all ones only the first is, marked so, and the word after the run, be it zero. Bits stand for the graph's
/// components, numbered as a walk in depth left them, so that what is reached together lies together: a chain's or a
/// tree's rows are a few words each, however long it is.
@usableFromInline package struct Reachability: Sendable {
  /// By service: its bit.
  let bits: [UInt32]
  /// By service: where its row is in `words`.
  let rows: [Range<Int>]
  /// In a place: the words from here to the next one of the row are all ones.
  @inlinable static var runBit: UInt32 { 1 << 31 }
  /// The words' places in their rows, increasing within a row.
  let places: [UInt32]
  let words: [UInt64]

  /// Octets that the rows may take.
  package static let sizeLimit = 256 << 20
  private static let octetsOfWord = MemoryLayout<UInt32>.size + MemoryLayout<UInt64>.size

  /// Nil where the rows would take more than `limit` octets.
  package init?(_ graph: CallGraph, _ components: CallGraph.Components, limit: Int = Reachability.sizeLimit) {
    let (members, starts) = components.members
    var places: [UInt32] = []
    var words: [UInt64] = []
    var rowOf: [Range<Int>] = []
    rowOf.reserveCapacity(components.count)
    /// The first row of each hash: of rows whose hashes are equal by chance, the later are kept more than once.
    var rowsByHash: [UInt64: Range<Int>] = [:]
    var row = Row(bitCount: components.count)
    var callees: [Int] = []
    for component in 0..<components.count {
      let services = members[starts[component]..<starts[component + 1]]
      // Whoever reaches each other reaches itself.
      if services.count > 1 { row.insert(component) }
      callees.removeAll(keepingCapacity: true)
      for service in services { graph.appendCallees(of: service, components.number, to: &callees) }
      callees.sort(by: >)
      // From the top down: one that is in the row already was reached by another, and so was all that it reaches.
      var last = component
      for callee in callees where callee != last && callee != component && !row.contains(callee) {
        last = callee
        row.insert(callee)
        for word in rowOf[callee] {
          if places[word] & Self.runBit == 0 {
            row.insert(words[word], at: places[word])
          } else {
            row.insert(ones: (places[word] & ~Self.runBit)..<places[word + 1])
          }
        }
      }
      let (newPlaces, newWords) = row.take()
      let hash = Self.hash(newPlaces, newWords)
      if let equal = rowsByHash[hash], places[equal].elementsEqual(newPlaces), words[equal].elementsEqual(newWords) {
        rowOf.append(equal)
        continue
      }
      guard (words.count + newWords.count) * Self.octetsOfWord <= limit else { return nil }
      let range = words.count..<(words.count + newWords.count)
      places += newPlaces
      words += newWords
      rowsByHash[hash] = range
      rowOf.append(range)
    }
    bits = components.number.map { UInt32($0) }
    rows = components.number.map { rowOf[$0] }
    self.places = places
    self.words = words
  }

  private static func hash(_ places: [UInt32], _ words: [UInt64]) -> UInt64 {
    var hash = UInt64(places.count)
    for index in places.indices {
      hash = (hash ^ UInt64(places[index])) &* 0x9e37_79b9_7f4a_7c15
      hash = (hash ^ hash >> 29 ^ words[index]) &* 0xbf58_476d_1ce4_e5b9
      hash ^= hash >> 32
    }
    return hash
  }

  /// A row while it is made: words, which of them are not zero, and runs of words that are all ones whatever those say.
  private struct Row {
    private var words: [UInt64]
    private var touched: [UInt32] = []
    private var runs: [Range<UInt32>] = []

    init(bitCount: Int) { words = Array(repeating: 0, count: (bitCount + 63) / 64) }

    /// False also for some bits that are in the row: it is asked to save work, and looks at the first runs only.
    func contains(_ bit: Int) -> Bool {
      let place = UInt32(bit / 64)
      return words[bit / 64] >> UInt64(bit % 64) & 1 != 0 || runs.prefix(16).contains { $0.contains(place) }
    }

    mutating func insert(_ bit: Int) { insert(1 << UInt64(bit % 64), at: UInt32(bit / 64)) }

    mutating func insert(_ word: UInt64, at place: UInt32) {
      if word == 0 { return }
      if words[Int(place)] == 0 { touched.append(place) }
      words[Int(place)] |= word
    }

    mutating func insert(ones run: Range<UInt32>) { runs.append(run) }

    /// Gives the row and is empty again.
    mutating func take() -> (places: [UInt32], words: [UInt64]) {
      var full = runs
      var partial: [UInt32] = []
      for place in touched {
        if words[Int(place)] == .max { full.append(place..<(place + 1)) } else { partial.append(place) }
      }
      full.sort { $0.lowerBound < $1.lowerBound }
      partial.sort()
      var taken: (places: [UInt32], words: [UInt64]) = ([], [])
      func add(_ place: UInt32, _ word: UInt64) {
        taken.places.append(place)
        taken.words.append(word)
      }
      var next = 0
      var index = 0
      while index < full.count {
        let start = full[index].lowerBound
        var end = full[index].upperBound
        while index < full.count, full[index].lowerBound <= end {
          end = max(end, full[index].upperBound)
          index += 1
        }
        while next < partial.count, partial[next] < start {
          add(partial[next], words[Int(partial[next])])
          next += 1
        }
        while next < partial.count, partial[next] < end { next += 1 }
        if end - start == 1 {
          add(start, .max)
          continue
        }
        add(start | Reachability.runBit, .max)
        if next == partial.count || partial[next] != end { add(end, 0) }
      }
      for place in partial[next...] { add(place, words[Int(place)]) }
      for place in touched { words[Int(place)] = 0 }
      touched.removeAll(keepingCapacity: true)
      runs.removeAll(keepingCapacity: true)
      return taken
    }
  }
}
