internal import DNSFormat
internal import FlatMemory
internal import ZoneFile

/// The short way for a name's base records, which nearly all names take: a few records of common types that there is
/// nothing to say about. What it takes, ``ZoneChecks`` would have passed without a word; anything else it leaves to them.
///
/// Allocates nothing for a name.
struct PlainData: ~Copyable {
  private static let most = 16

  private let records: [ZoneRecords.Record]
  private let octets: [UInt8]
  private let layer: Int
  private let endpoints: EndpointContexts?
  /// The name's records; those of a type stand together, types in the order of their first records.
  private var sorted = FlatScratch<UInt32>(repeating: 0, count: most)
  private var layouts: [RRsetImage.Layout?] = Array(repeating: nil, count: 258)
  /// How many records the name has.
  private(set) var count = 0
  /// Octets that its RRsets take.
  private(set) var size = 0
  /// What its types make of it.
  private(set) var flags: ZoneNode.Flags = []
  private var first = 0

  /// - Parameter endpoints: where endpoints lead; nil where sets need no mark.
  init(_ zone: borrowing EffectiveZone, _ endpoints: EndpointContexts?) {
    self.endpoints = endpoints
    layer = zone.baseLayer ?? 0
    let base = zone.baseLayer.map { zone.source.layers[$0].records }
    records = base?.records ?? []
    octets = base?.octets ?? []
  }

  /// Takes the base records of a name below the apex; false where they are not plain.
  mutating func load(_ zone: borrowing EffectiveZone, _ name: Int) -> Bool {
    count = 0
    size = 0
    flags = []
    first = zone.names.firstRecord(of: name)
    var next = first
    while next >= 0 {
      guard add(next) else { return false }
      next = Int(zone.nextBaseRecord[next])
    }
    return size < Int(ZoneNode.largeSize)
  }

  private mutating func add(_ index: Int) -> Bool {
    let record = records[index]
    // An alias has nothing beside it.
    guard count < Self.most, !flags.contains(.alias) else { return false }
    switch record.type {
    case .soa, .dname, .rrsig, .nsec, .nsec3: return false
    case .cname where count > 0: return false
    case .cname: flags.insert(.alias)
    case .ns: flags.insert(.cut)
    default:
      if record.type.rawValue == 99 { return false }  // SPF records want a word
    }
    var place = count
    var isNew = true
    for number in 0..<count {
      let other = records[Int(sorted[number])]
      guard other.type == record.type else { continue }
      if other.ttl != record.ttl || isSame(other, record) { return false }
      isNew = false
      place = number + 1
    }
    var moved = count
    while moved > place {
      sorted[moved] = sorted[moved - 1]
      moved -= 1
    }
    sorted[place] = UInt32(index)
    count += 1
    size += (isNew ? RRsetImage.headerSize : 0) + 2 + Int(record.rdataCount)
    // Far below what a message holds, owner names and all.
    return size < 0x8000
  }

  /// True for RDATA that is the same but for the case of letters: names in it may make it the same.
  private func isSame(_ left: ZoneRecords.Record, _ right: ZoneRecords.Record) -> Bool {
    guard left.rdataCount == right.rdataCount else { return false }
    var (a, b) = (Int(left.rdata), Int(right.rdata))
    let end = a + Int(left.rdataCount)
    while a < end {
      if lowercased(octets[a]) != lowercased(octets[b]) { return false }
      a += 1
      b += 1
    }
    return true
  }

  /// Writes the RRsets, and where they come from.
  mutating func write(to memory: inout OctetBuilder, _ places: inout NodePlaces.Builder) {
    if count == 0 { return }
    let firstRecord = records[first]
    places.add(line: Int(firstRecord.line), file: Int(firstRecord.file), layer: layer, data: memory.count)
    var number = 0
    while number < count {
      let record = records[Int(sorted[number])]
      var end = number
      var dataSize = 0
      var marks = EndpointContexts.Gathering(endpoints, record.type)
      while end < count, case let other = records[Int(sorted[end])], other.type == record.type {
        dataSize += 2 + Int(other.rdataCount)
        marks.add(octets.span.extracting(Int(other.rdata)..<(Int(other.rdata) + Int(other.rdataCount))))
        end += 1
      }
      RRsetImage.begin(
        layout(record.type), ttl: record.ttl, count: end - number, dataSize: dataSize,
        endpointContext: marks.context, in: &memory)
      while number < end {
        let other = records[Int(sorted[number])]
        memory.append(wire: other.rdataCount)
        memory.append(octets.span, octets: Int(other.rdata)..<(Int(other.rdata) + Int(other.rdataCount)))
        number += 1
      }
    }
  }

  private mutating func layout(_ type: RRType) -> RRsetImage.Layout {
    let number = Int(type.rawValue)
    guard number < layouts.count else { return RRsetImage.Layout(type) }
    if let known = layouts[number] { return known }
    let made = RRsetImage.Layout(type)
    layouts[number] = made
    return made
  }
}
