package import Addresses
internal import DNSFormat
package import FlatMemory
internal import Randomness

/// What services say of their endpoints, ready for queries: a row for each service that says anything, and what lines say
/// of an address, found by service and prefix.
///
/// A lookup takes one probe for each length of prefix that the service's lines have; as a rule that is one.
public struct SteeringTable: ~Copyable, Sendable {
  /// What is answered where none of the endpoints is well.
  package enum Failure: UInt8, BitwiseCopyable, Sendable {
    case open
    case refuse
    case fallback
  }

  /// What one service says.
  package struct Row: BitwiseCopyable, Sendable {
    /// The service's number.
    package let service: UInt32
    package let failure: Failure
    /// The number of the service that stands in; 0 for none.
    package let fallback: UInt32
    /// Percent of the endpoints that have to be well.
    package let floor: Int
    /// How many addresses of one type an answer has at the most.
    package let mostAnswers: Int
    package let prefersNear: Bool
    package let hasCanaries: Bool
    /// 1 for blue, 2 for green; 0 where both are given.
    package let live: UInt8
    /// Seconds that an answer may be believed for while the service is not well.
    package let unsettledTTL: UInt32
    /// Made of the service's name: the callers of one service's canary are not those of another's.
    package let salt: UInt64
    /// Where the name of the service that stands in is in ``names``.
    package let fallbackName: Int
    /// False for a service that says nothing and only stands in for another.
    let isSteered: Bool
    /// The place of its `health` line, for ``appendPlace(_:to:)``; 0 for none.
    package let healthPlace: UInt32
    /// The same of its `fail` line.
    package let failPlace: UInt32
    let firstLength: Int
    let lengthCount: Int
  }

  /// What lines say of an address.
  package struct Mark: BitwiseCopyable, Sendable {
    package var isDrained = false
    /// 1 for blue, 2 for green; 0 for none.
    package var colour: UInt8 = 0
    /// Which of a thousand callers it is a canary for: none where `canaryEnd` is 0.
    package var canaryStart: UInt32 = 0
    package var canaryEnd: UInt32 = 0
    /// Its share, where a line says it.
    package var weight: UInt32 = 1
    package var hasWeight = false

    package var isCanary: Bool { canaryEnd != 0 }

    package init() {}

    /// Takes from a shorter prefix what no longer one says.
    fileprivate mutating func add(_ outer: Mark) {
      if outer.isDrained { isDrained = true }
      if colour == 0 { colour = outer.colour }
      if canaryEnd == 0 { (canaryStart, canaryEnd) = (outer.canaryStart, outer.canaryEnd) }
      if !hasWeight { (weight, hasWeight) = (outer.weight, outer.hasWeight) }
    }
  }

  /// Open addressing, a power of two of slots, at most half of them taken.
  struct Slot: BitwiseCopyable {
    /// 0 where the slot is free.
    var service: UInt32 = 0
    var length: UInt8 = 0
    var address = IPAddress(v4: 0)
    var mark = Mark()
  }

  /// By service number: the index of its row and 1 more; 0 for one that says nothing. Empty where none says anything.
  private let rowNumbers: FlatArray<UInt32>
  private let rows: FlatArray<Row>
  /// For each row the lengths of its prefixes, longest first; those of IPv6 have 33 added.
  private let lengths: FlatArray<UInt8>
  private let slots: FlatArray<Slot>
  /// Wire format, small letters, and eight zeros.
  package let names: FlatArray<UInt8>
  private let places: TextTable
  /// By context number: the context around it, and the last one in it.
  private let parents: FlatArray<UInt16>
  private let lasts: FlatArray<UInt16>
  /// True where no service says anything.
  package let isEmpty: Bool

  init(_ policy: borrowing Policy) {
    var numbers: [UInt32] = []
    var rows: [Row] = []
    var lengths: [UInt8] = []
    var marks: [Key: Mark] = [:]
    var names: [UInt8] = []
    var nameOffsets: [Int: Int] = [:]
    var places = TextTable.Builder()
    let standIns = Set(policy.services.compactMap(\.steering.fallback))
    for (index, service) in policy.services.enumerated()
    where !service.steering.isEmpty || standIns.contains(index) {
      let steering = service.steering
      let number = UInt32(index + 1)
      if numbers.isEmpty { numbers = Array(repeating: 0, count: policy.services.count + 1) }
      for (prefix, mark) in Self.marks(of: steering) {
        marks[Key(service: number, prefix: prefix), default: Mark()].add(mark)
      }
      let used = Set(steering.named.map { UInt8($0.prefix.prefix.length + ($0.prefix.prefix.address.isIPv4 ? 0 : 33)) })
      let fallback = steering.fallback
      if let fallback, nameOffsets[fallback] == nil {
        nameOffsets[fallback] = names.count
        names += policy.services[fallback].name.wire.map(lowercased)
      }
      let failure: Failure =
        switch steering.failure {
        case .open: .open
        case .refuse: .refuse
        case .fallback: .fallback
        }
      rows.append(
        Row(
          service: number, failure: failure, fallback: fallback.map { UInt32($0 + 1) } ?? 0, floor: steering.floor,
          mostAnswers: steering.mostAnswers ?? .max, prefersNear: steering.prefersNear,
          hasCanaries: !steering.canaries.isEmpty, live: Self.number(of: steering.live),
          unsettledTTL: max(1, (steering.health?.interval ?? 5000) / 1000), salt: Self.salt(service.name),
          fallbackName: fallback.flatMap { nameOffsets[$0] } ?? 0, isSteered: !steering.isEmpty,
          healthPlace: steering.health.map { places.number(of: $0.location.short) } ?? 0,
          failPlace: steering.places["fail"].map { places.number(of: $0.short) } ?? 0, firstLength: lengths.count,
          lengthCount: used.count))
      numbers[index + 1] = UInt32(rows.count)
      lengths += used.sorted(by: >)
    }
    var slots = Array(
      repeating: Slot(), count: marks.isEmpty ? 0 : 1 << (Int.bitWidth - (2 * marks.count).leadingZeroBitCount))
    for (key, mark) in marks {
      var index = Self.hash(key.service, UInt8(key.prefix.length), key.prefix.address) & (slots.count - 1)
      while slots[index].service != 0 { index = (index + 1) & (slots.count - 1) }
      slots[index] = Slot(
        service: key.service, length: UInt8(key.prefix.length), address: key.prefix.address, mark: mark)
    }
    isEmpty = rows.isEmpty
    rowNumbers = FlatArray(numbers)
    self.rows = FlatArray(rows)
    self.lengths = FlatArray(lengths)
    self.slots = FlatArray(slots)
    self.names = FlatArray(names + [UInt8](repeating: 0, count: 8))
    self.places = TextTable(places)
    parents = FlatArray(rows.isEmpty ? [] : policy.contexts.nodes.map { UInt16($0.parent) })
    lasts = FlatArray(rows.isEmpty ? [] : policy.contexts.nodes.map { UInt16($0.last) })
  }

  private struct Key: Hashable {
    let service: UInt32
    let prefix: Prefix
  }

  /// What each line says of each of its prefixes.
  private static func marks(of steering: Steering) -> [(Prefix, Mark)] {
    func mark(_ prefix: LocatedPrefix, _ change: (inout Mark) -> Void) -> (Prefix, Mark) {
      var mark = Mark()
      change(&mark)
      return (prefix.prefix, mark)
    }
    var marks: [(Prefix, Mark)] = steering.drained.map { mark($0) { $0.isDrained = true } }
    marks += steering.weights.map { weight in mark(weight.prefix) { ($0.weight, $0.hasWeight) = (weight.share, true) } }
    for colour in Steering.Colour.allCases {
      marks += (steering.colours[colour] ?? []).map { mark($0) { $0.colour = number(of: colour) } }
    }
    var start: UInt32 = 0
    for canary in steering.canaries {
      let end = start + canary.share
      marks += canary.prefixes.map { mark($0) { ($0.canaryStart, $0.canaryEnd) = (start, end) } }
      start = end
    }
    return marks
  }

  private static func number(of colour: Steering.Colour?) -> UInt8 {
    switch colour {
    case nil: 0
    case .blue: 1
    case .green: 2
    }
  }

  /// FNV-1a of the name in small letters: the same in every process, so that a canary's callers stay its callers.
  private static func salt(_ name: DomainName) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for octet in name.wire { hash = (hash ^ UInt64(lowercased(octet))) &* 0x0100_0000_01b3 }
    return hash
  }

  private static func hash(_ service: UInt32, _ length: UInt8, _ address: IPAddress) -> Int {
    var mixed = (address.high ^ UInt64(service) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(length)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 29 ^ address.low) &* 0x94d0_49bb_1331_11eb
    return Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & 0x7fff_ffff)
  }
}

/// On a query's path.
extension SteeringTable {
  /// What a service says of its endpoints; nil for nothing, and for 0, no service.
  package func row(of service: UInt32) -> Row? {
    guard let row = anyRow(of: service), row.isSteered else { return nil }
    return row
  }

  /// The same, and for a service that says nothing a row with nothing in it, where it stands in for another.
  package func anyRow(of service: UInt32) -> Row? {
    if isEmpty { return nil }
    let number = rowNumbers[Int(service)]
    return number == 0 ? nil : rows[Int(number &- 1)]
  }

  /// What a service's lines say of an address.
  package func mark(of address: IPAddress, _ row: Row) -> Mark {
    var mark = Mark()
    var index = row.firstLength
    let end = index &+ row.lengthCount
    while index < end {
      let coded = lengths[index]
      index &+= 1
      let isIPv4 = coded < 33
      if isIPv4 != address.isIPv4 { continue }
      let length = isIPv4 ? coded : coded &- 33
      if let found = find(row.service, length, address.cut(toLength: length)) { mark.add(found) }
    }
    return mark
  }

  private func find(_ service: UInt32, _ length: UInt8, _ address: IPAddress) -> Mark? {
    var index = Self.hash(service, length, address) & (slots.count &- 1)
    while slots[index].service != 0 {
      let slot = slots[index]
      if slot.service == service, slot.length == length, slot.address == address { return slot.mark }
      index = (index &+ 1) & (slots.count &- 1)
    }
    return nil
  }

  /// Bits of an address, at the most, that say which of a thousand callers it is.
  package static let longestPlace: UInt8 = 64

  /// Which of a thousand callers an address is for a service: always the same one. Of IPv6 the first 64 bits count: a
  /// host's others change every day (RFC 8981).
  package func place(of caller: IPAddress, _ row: Row) -> UInt32 {
    let low = caller.isIPv4 ? caller.low : 0
    let mixed = SplitMix64.mixed(SplitMix64.mixed(row.salt ^ caller.high) ^ low)
    return UInt32(truncatingIfNeeded: ((mixed >> 32) &* UInt64(Steering.callers)) >> 32)
  }

  /// The context around one; 0, the root, for one in none.
  package func parent(of context: UInt16) -> UInt16 { parents[Int(context)] }

  /// True where there are contexts in one.
  package func hasInner(_ context: UInt16) -> Bool { lasts[Int(context)] != context }

  /// True where `context` is `ancestor` or in it.
  package func isContext(_ context: UInt16, in ancestor: UInt16) -> Bool {
    ancestor <= context && context <= lasts[Int(ancestor)]
  }

  /// Appends a line's place; nothing for 0.
  package func appendPlace(_ place: UInt32, to buffer: inout OctetBuffer) { places.append(place, to: &buffer) }
}

extension IPAddress {
  /// Its first bits; the others are zero.
  @inline(__always) fileprivate func cut(toLength length: UInt8) -> IPAddress {
    if length >= (isIPv4 ? 32 : 128) { return self }
    if isIPv4 { return IPAddress(v4: UInt32(truncatingIfNeeded: low) & ~(UInt32.max >> UInt32(length))) }
    let high = length >= 64 ? high : high & ~(UInt64.max >> UInt64(length))
    return IPAddress(high: high, low: length <= 64 ? 0 : low & ~(UInt64.max >> UInt64(length &- 64)))
  }
}
