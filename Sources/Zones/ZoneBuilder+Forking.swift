internal import Contexts
internal import FlatMemory

/// Names that are not the same in all contexts, or seem not to be: overlays mostly repeat some of what they replace.
extension ZoneBuilder {
  /// What one name has in all contexts: each body once, with the head that a run's has, before it is known where they go.
  struct Versions: ~Copyable {
    /// A body that lies in `memory`, and the contexts' versions that it is for.
    struct Written {
      let hash: UInt64
      /// Its head, then itself.
      let octets: Range<Int>
      let flags: ZoneNode.Flags
      let shortSize: UInt16
      /// Where its RRsets are.
      let data: Int
      /// False for one that a marker made, which is told by it.
      let mayServeOthers: Bool
    }

    /// For each distinct body, in the order of their first contexts: a number that is mostly its own, and which of
    /// `written` it is.
    private var keys: [UInt64] = []
    private(set) var bodies: [(body: Body, written: Int)] = []
    private(set) var written: [Written] = []
    /// Of more bodies than a few: which of `written` each is, and of those that may serve others which have a hash.
    private var numbers: [Body: Int] = [:]
    private var numbersByHash: [UInt64: [Int]] = [:]
    /// So many bodies are compared one by one: nearly all names that differ have no more.
    private static let few = 16
    var memory = OctetBuilder(capacity: 4096)
    /// Where runs begin, and which of `written` they see.
    var runs: [(first: Int, written: Int)] = []

    /// Of the name before, nothing is left.
    mutating func removeAll() {
      keys.removeAll(keepingCapacity: true)
      bodies.removeAll(keepingCapacity: true)
      written.removeAll(keepingCapacity: true)
      if !numbers.isEmpty { (numbers, numbersByHash) = ([:], [:]) }
      runs.removeAll(keepingCapacity: true)
      memory.truncate(to: 0)
    }

    /// Which of `written` a body is; nil where it was not there yet.
    func number(of body: Body) -> Int? {
      if !numbers.isEmpty { return numbers[body] }
      let key = Self.key(body)
      for index in keys.indices where keys[index] == key && bodies[index].body == body { return bodies[index].written }
      return nil
    }

    /// Notes a body that lies in memory from `start` on. Where the same octets lie there already, it is those.
    /// - Parameter data: where its RRsets are.
    mutating func add(_ body: Body, _ content: Content, start: Int, data: Int) -> Int {
      let octets = start..<memory.count
      let mayServeOthers = body.marker == nil
      let hash = Self.hash(memory.octets, octets)
      let same = mayServeOthers ? written(hash, octets) : nil
      let number = same ?? written.count
      if same != nil {
        memory.truncate(to: start)
      } else {
        written.append(
          Written(
            hash: hash, octets: octets, flags: content.flags, shortSize: content.shortSize, data: data,
            mayServeOthers: mayServeOthers))
      }
      keys.append(Self.key(body))
      bodies.append((body, number))
      if !numbers.isEmpty {
        numbers[body] = number
        if same == nil { numbersByHash[hash, default: []].append(number) }
      } else if bodies.count > Self.few {
        for (body, number) in bodies { numbers[body] = number }
        for number in written.indices { numbersByHash[written[number].hash, default: []].append(number) }
      }
      return number
    }

    /// Which of `written` has the same octets; nil where none has.
    private func written(_ hash: UInt64, _ octets: Range<Int>) -> Int? {
      func isSame(_ number: Int) -> Bool {
        let other = written[number]
        return other.hash == hash && other.mayServeOthers && Self.areSame(memory.octets, other.octets, octets)
      }
      return numbers.isEmpty ? written.indices.first(where: isSame) : numbersByHash[hash]?.first(where: isSame)
    }

    private static func key(_ body: Body) -> UInt64 {
      guard case .records(let records) = body.data, let first = records.first else { return .max }
      return UInt64(first.layer) << 32 | UInt64(first.index)
    }

    private static func hash(_ memory: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
      var hash = UInt64(truncatingIfNeeded: range.count)
      for index in range { hash = (hash ^ UInt64(memory[index])) &* 0x0100_0000_01b3 }
      return hash
    }

    private static func areSame(_ memory: Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
      guard left.count == right.count else { return false }
      for index in 0..<left.count where memory[left.lowerBound + index] != memory[right.lowerBound + index] {
        return false
      }
      return true
    }
  }

  /// A name that may not be the same in all contexts: runs of contexts, then each distinct body once. Where there turns
  /// out to be one body, the record is that of a name that is the same everywhere; who wrote it is for the places to say.
  /// - Returns: how many RRs it took.
  mutating func writeForked(
    _ name: Int, _ versions: inout Versions, to memory: inout OctetBuilder, _ records: [UInt32]
  ) -> Int {
    versions.removeAll()
    var recordCount = 0
    for run in runs(of: name) {
      var number = versions.number(of: run.body)
      if number == nil {
        let content = content(of: run.body, at: name)
        let start = versions.memory.count
        versions.memory.append(host: UInt32(content.flags.rawValue) << 8 | UInt32(content.shortSize) << 16)
        let data = write(content, run.body, to: &versions.memory, records)
        let bodyCount = versions.written.count
        number = versions.add(run.body, content, start: start, data: data)
        if versions.written.count > bodyCount { recordCount += content.recordCount }
      }
      if let number, versions.runs.last?.written != number { versions.runs.append((run.first, number)) }
    }
    let octets = versions.memory.octets
    let shift: Int
    if versions.runs.count == 1, !isSteered(name), let only = versions.written.first {
      writeHead(of: name, only.flags.rawValue, only.shortSize, to: &memory)
      shift = memory.count - 4
      memory.append(octets, octets: 4..<octets.count)
    } else {
      writeHead(of: name, UInt8(ZoneNode.forked >> 8), UInt16(versions.runs.count), to: &memory)
      shift = memory.count + versions.runs.count * 6
      for run in versions.runs {
        memory.append(host: UInt16(run.first))
        memory.append(host: UInt32(shift + versions.written[run.written].octets.lowerBound))
      }
      memory.append(octets, octets: 0..<octets.count)
    }
    for (body, number) in versions.bodies.sorted(by: { $0.written < $1.written }) {
      if let origin = body.origin { places.add(origin, data: versions.written[number].data + shift, zone.source) }
    }
    return recordCount
  }

  /// The runs of contexts that see the same at a name.
  private func runs(of name: Int) -> [(first: Int, body: Body)] {
    var runs: [(first: Int, body: Body)] = []
    let fork = zone.forks[name] ?? EffectiveZone.Fork(runs: [(0, zone.data(of: name, in: zone.realm.lowerBound))])
    let someExist = existence[name] == .partial ? partialExistence[name] : nil
    let someCover = partialCovers[name]
    let everyCover = cover(of: name)
    // Where contexts differ in their data alone, a run begins where the data's does.
    if someExist == nil, someCover == nil, innerRealms.isEmpty, !fork.runs.contains(where: \.data.mayHaveMarker) {
      for (first, data) in fork.runs {
        let body = Body(data: data, exists: existence[name] == .everywhere, cover: everyCover, marker: nil)
        if runs.last?.body != body { runs.append((zone.realm.lowerBound + first, body)) }
      }
      return runs
    }
    var last: (part: Int, exists: Bool, cover: Int32)?
    var part = 0
    for context in zone.realm {
      // A sealed context inside this realm has a zone of its own; whatever stands here is never read.
      if !innerRealms.isEmpty, innerRealms[context - zone.realm.lowerBound] { continue }
      let index = context - zone.realm.lowerBound
      while part + 1 < fork.runs.count, fork.runs[part + 1].first <= index { part += 1 }
      let exists = someExist?[index] ?? (existence[name] == .everywhere)
      let cover = someCover?[index] ?? everyCover
      let data = fork.runs[part].data
      let hasMarker = data.mayHaveMarker
      if !hasMarker, let last, last == (part, exists, cover) { continue }
      last = (part, exists, cover)
      let body = Body(
        data: data, exists: exists, cover: cover, marker: hasMarker ? zone.marker(of: data, at: name, in: context) : nil
      )
      if runs.last?.body != body { runs.append((context, body)) }
    }
    return runs
  }
}
