package import DNSFormat
internal import FlatMemory
internal import ZoneFile

/// The services, of those whose names lie below a zone's apex, that some layer of it has a record at or below; by index.
///
/// Nearly every one has a node of its own that the compiled zone finds at once; for what is left all owner names are
/// looked through, since an overlay's record may be one that only hides.
package func servicesNamed(
  in source: ZoneSource, _ zones: [CompiledZone], _ services: [DomainName]
) -> [UInt32] {
  var named: [UInt32] = []
  var missing: [DomainName: UInt32] = [:]
  var key = NameKey()
  for (index, service) in services.enumerated()
  where service.wire.count > source.origin.wire.count && service.isAtOrBelow(source.origin) {
    key.load(service)
    let hasNode = zones.contains { zone in
      let view = ContextView(zone: zone, context: UInt16(zone.realm))
      return view.node(at: key)?.exists ?? false
    }
    if hasNode { named.append(UInt32(index)) } else { missing[service] = UInt32(index) }
  }
  if missing.isEmpty { return named }
  let sieve = NameSieve(missing.keys)
  for layer in source.layers {
    let octets = layer.records.octets.span
    var last: UInt32?
    for record in layer.records.records where record.owner != last {
      last = record.owner
      var end = Int(record.owner)
      while octets[end] != 0 { end &+= 1 &+ Int(octets[end]) }
      end &+= 1
      var start = Int(record.owner)
      while end &- start > source.origin.wire.count {
        if sieve.mayHold(octets, start..<end) {
          let name = DomainName(validWire: Array(layer.records.octets[start..<end]))
          if let index = missing.removeValue(forKey: name) { named.append(index) }
        }
        start &+= 1 &+ Int(octets[start])
      }
    }
  }
  return named
}

/// Tells most names that are not in a set from those that are, by their sizes and their first sixteen octets.
struct NameSieve {
  private var bits: [UInt64]
  /// How far a hash is shifted to be the number of a bit.
  private let shift: UInt64

  init(_ names: some Collection<DomainName>) {
    // Sixteen bits a name: of the names that are not there, one in sixteen seems to be.
    let logarithm = max(10, min(30, 64 - (names.count * 16).leadingZeroBitCount))
    shift = UInt64(64 - logarithm)
    bits = Array(repeating: 0, count: 1 << (logarithm - 6))
    for name in names {
      let bit = hash(name.wire.span, name.wire.indices)
      bits[bit >> 6] |= 1 << UInt64(bit & 63)
    }
  }

  /// False where the name that lies there, in any case of its letters, is none of the set.
  func mayHold(_ octets: Span<UInt8>, _ name: Range<Int>) -> Bool {
    let bit = hash(octets, name)
    return bits[bit &>> 6] &>> UInt64(bit & 63) & 1 == 1
  }

  private func hash(_ octets: Span<UInt8>, _ name: Range<Int>) -> Int {
    let first = Self.word(octets, name.lowerBound, name.upperBound) &* 0x9e37_79b9_7f4a_7c15
    let second = Self.word(octets, name.lowerBound &+ 8, name.upperBound)
    let mixed = (first ^ first &>> 32 ^ second ^ UInt64(name.count) &<< 56) &* 0xbf58_476d_1ce4_e5b9
    return Int((mixed ^ mixed &<< 32) &>> shift)
  }

  /// Eight octets of a name with small letters; zeros for those behind its end.
  private static func word(_ octets: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
    if start >= end { return 0 }
    let word = lowercased(octets.paddedWord(at: start))
    return end &- start >= 8 ? word : word & (1 &<< (UInt64(end &- start) &* 8) &- 1)
  }
}
