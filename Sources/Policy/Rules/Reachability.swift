/// Who reaches whom in the graph of declared calls: for every service the set of those it calls, directly or by others.
///
/// The sets are rows of bits, of which only words that are not zero are kept, and equal rows once. Bits stand for the
/// graph's components, numbered as a walk in depth left them, so that what is reached together lies together.
package struct Reachability: Sendable {
  /// By service: its bit.
  let bits: [UInt32]
  /// By service: where its row is in `words`.
  let rows: [Range<Int>]
  /// The words' places in their rows, increasing within a row.
  let places: [UInt32]
  let words: [UInt64]

  /// Octets that the rows may take.
  package static let sizeLimit = 256 << 20
  private static let octetsOfWord = MemoryLayout<UInt32>.size + MemoryLayout<UInt64>.size

  /// Nil where the rows would take more than `limit` octets.
  package init?(_ graph: CallGraph, _ components: CallGraph.Components, limit: Int = Reachability.sizeLimit) {
    var members = Array(repeating: [Int](), count: components.count)
    for service in 0..<graph.serviceCount { members[components.number[service]].append(service) }
    var places: [UInt32] = []
    var words: [UInt64] = []
    var rowOf: [Range<Int>] = []
    var rowsByHash: [Int: [Range<Int>]] = [:]
    var row = Row(bitCount: components.count)
    for (component, services) in members.enumerated() {
      // Whoever reaches each other reaches itself.
      if services.count > 1 { row.insert(component) }
      let callees = Set(services.flatMap { graph.calls(of: $0).map { components.number[$0.callee] } })
      // From the top down: one that is in the row already was reached by another, and so was all that it reaches.
      for callee in callees.sorted(by: >) where callee != component && !row.contains(callee) {
        row.insert(callee)
        for word in rowOf[callee] { row.insert(words[word], at: places[word]) }
      }
      let (newPlaces, newWords) = row.take()
      var hasher = Hasher()
      hasher.combine(newPlaces)
      hasher.combine(newWords)
      let hash = hasher.finalize()
      let equal = rowsByHash[hash]?.first { places[$0] == newPlaces[...] && words[$0] == newWords[...] }
      if let equal {
        rowOf.append(equal)
        continue
      }
      guard (words.count + newWords.count) * Self.octetsOfWord <= limit else { return nil }
      let range = words.count..<(words.count + newWords.count)
      places += newPlaces
      words += newWords
      rowsByHash[hash, default: []].append(range)
      rowOf.append(range)
    }
    bits = components.number.map { UInt32($0) }
    rows = components.number.map { rowOf[$0] }
    self.places = places
    self.words = words
  }

  /// A row while it is made: all its words, and which of them are not zero.
  private struct Row {
    private var words: [UInt64]
    private var touched: [UInt32] = []

    init(bitCount: Int) { words = Array(repeating: 0, count: (bitCount + 63) / 64) }

    func contains(_ bit: Int) -> Bool { words[bit / 64] >> UInt64(bit % 64) & 1 != 0 }

    mutating func insert(_ bit: Int) { insert(1 << UInt64(bit % 64), at: UInt32(bit / 64)) }

    mutating func insert(_ word: UInt64, at place: UInt32) {
      if words[Int(place)] == 0 { touched.append(place) }
      words[Int(place)] |= word
    }

    /// Gives the row and is empty again.
    mutating func take() -> (places: [UInt32], words: [UInt64]) {
      let places = touched.sorted()
      let taken = places.map { words[Int($0)] }
      for place in places { words[Int(place)] = 0 }
      touched.removeAll(keepingCapacity: true)
      return (places, taken)
    }
  }
}
