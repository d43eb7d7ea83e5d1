internal import Contexts
internal import DNSFormat
internal import FlatMemory
internal import ZoneFile

/// The last step: every name's record, laid out as ``CompiledZone`` says.
extension ZoneBuilder {
  /// What a node is in one context.
  struct Body: Hashable {
    var data: EffectiveZone.Data
    var exists: Bool
    var cover: Int32
    /// The overlay's record that makes it so, where there is no data.
    var marker: RecordReference?

    /// The record that it was written by, first of those that were.
    var origin: RecordReference? {
      if case .records(let references) = data, let first = references.first { return first }
      return marker
    }
  }

  mutating func write(realm: Int, hasShortWay: Bool) -> CompiledZone {
    var memory = OctetBuilder(capacity: zone.names.allOctets.count * 2 + zone.names.count * 32)
    memory.append(host: UInt64(0))
    var records = [UInt32](repeating: 0, count: zone.names.count)
    var recordCount = 0
    var plain = PlainData(zone, options.endpoints)
    var versions = Versions()
    for name in 0..<zone.names.count {
      let record = memory.count
      records[name] = UInt32(record)
      if zone.forks[name] != nil || existence[name] == .partial || partialCovers[name] != nil || isSteered(name) {
        recordCount += writeForked(name, &versions, to: &memory, records)
      } else if hasShortWay, name > 0, plain.load(zone, name) {
        var flags = plain.flags
        if existence[name] == .everywhere { flags.insert(.exists) }
        let cover = cover(of: name)
        if cover >= 0 { flags.insert(.covered) }
        writeHead(of: name, flags.rawValue, UInt16(plain.size), to: &memory)
        if cover >= 0 { memory.append(host: records[Int(cover)]) }
        plain.write(to: &memory, &places)
        recordCount += plain.count
      } else {
        let body = Body(
          data: zone.data(of: name, in: zone.realm.lowerBound), exists: existence[name] == .everywhere,
          cover: cover(of: name))
        let content = content(of: body, at: name)
        writeHead(of: name, content.flags.rawValue, content.shortSize, to: &memory)
        let data = write(content, body, to: &memory, records)
        if let origin = body.origin { places.add(origin, data: data, zone.source) }
        recordCount += content.recordCount
      }
      if memory.count > UInt32.max / 2 {
        checks.tooLarge()
        break
      }
    }
    memory.append(host: UInt64(0))  // names are read in whole words
    signatureDiagnostics = checkSignatures()
    let existing = existence.count { $0 != .nowhere }
    let nameOrder = NameOrder(denials(.nsec, at: denying.byName, records), contextCount: options.contexts.nodes.count)
    let hashOrder = NameOrder(denials(.nsec3, at: denying.byHash, records), contextCount: options.contexts.nodes.count)
    return CompiledZone(
      origin: zone.source.origin, realm: realm, memory: memory.finish(), index: zone.names.takeIndex(records),
      seed: options.seed, nameOrder: nameOrder, hashOrder: hashOrder, places: takePlaces(),
      broken: brokenContexts(), nameCount: existing, recordCount: recordCount)
  }

  /// True for a name of a service that says which of its endpoints callers get.
  func isSteered(_ name: Int) -> Bool {
    !options.steeredServices.isEmpty && options.steeredServices[Int(services[name])]
  }

  private mutating func takePlaces() -> NodePlaces {
    var taken = NodePlaces.Builder()
    swap(&taken, &places)
    return NodePlaces(taken)
  }

  /// A record's head and name.
  func writeHead(of name: Int, _ flags: UInt8, _ count: UInt16, to memory: inout OctetBuilder) {
    let size = zone.names.range(of: name).count
    memory.append(
      host: UInt64(size) | UInt64(flags) << 8 | UInt64(count) << 16 | UInt64(services[name]) << 32)
    zone.names.append(name, to: &memory)
  }

  /// What a body will have.
  struct Content {
    var flags: ZoneNode.Flags
    /// In the order in which they are written: a set's signatures behind it.
    var rrsets: [(set: RRsetRecords, isSigned: Bool, dataSize: Int)] = []
    /// RRs, and octets of RRsets.
    var recordCount = 0
    var size = 0

    /// What the head says of the size.
    var shortSize: UInt16 { UInt16(min(size, Int(ZoneNode.largeSize))) }
  }

  /// The general way: any records, with all that there is to check.
  mutating func content(of body: Body, at name: Int) -> Content {
    var references: [RecordReference] = []
    if case .records(let records) = body.data { references = records }
    var content = Content(flags: body.exists ? .exists : [])
    if name == 0 { content.flags.insert(.apex) }
    if body.cover >= 0 { content.flags.insert(.covered) }
    if body.data == .hidden, !body.exists { content.flags.insert(.hidden) }
    if isSteered(name) { content.flags.insert(.steered) }
    let rrsets = checks.rrsets(references, isApex: name == 0)
    for rrset in rrsets where rrset.type != .rrsig {
      note(rrset.type, at: name, &content.flags)
      let signatures = rrsets.first { $0.covered == rrset.type }
      let isSigned = signatures.map { add($0, isSigned: false, to: &content, at: nil) }
      _ = add(rrset, isSigned: isSigned == true, to: &content, at: content.rrsets.count - (isSigned == true ? 1 : 0))
    }
    content.recordCount = rrsets.reduce(0) { $0 + $1.records.count }
    return content
  }

  /// - Returns: false for a set that fits in no message, which is reported and left out.
  private func add(_ set: RRsetRecords, isSigned: Bool, to content: inout Content, at place: Int?) -> Bool {
    let dataSize = set.records.reduce(0) { $0 + 2 + Int(zone.source.record($1).rdataCount) }
    if dataSize > 0xffff { return false }
    content.rrsets.insert((set, isSigned, dataSize), at: place ?? content.rrsets.count)
    content.size += RRsetImage.headerSize + dataSize
    return true
  }

  /// Writes a body, whose flags and short size were written.
  /// - Returns: where its RRsets are.
  mutating func write(
    _ content: Content, _ body: Body, to memory: inout OctetBuilder, _ records: [UInt32]
  ) -> Int {
    if content.shortSize == ZoneNode.largeSize { memory.append(host: UInt32(content.size)) }
    if body.cover >= 0 { memory.append(host: records[Int(body.cover)]) }
    let data = memory.count
    for (set, isSigned, dataSize) in content.rrsets {
      var endpoints = EndpointContexts.Gathering(options.endpoints, set.type)
      for reference in set.records { endpoints.add(zone.source.rdata(reference).span) }
      RRsetImage.begin(
        RRsetImage.Layout(set.type), ttl: set.ttl, count: set.records.count, dataSize: dataSize, isSigned: isSigned,
        endpointContext: endpoints.context, in: &memory)
      for reference in set.records { RRsetImage.append(rdata: zone.source.rdata(reference), in: &memory) }
    }
    return data
  }

  /// What a type at a name makes of it.
  private mutating func note(_ type: RRType, at name: Int, _ flags: inout ZoneNode.Flags) {
    switch type {
    case .cname: flags.insert(.alias)
    case .dname: flags.insert(.redirection)
    case .ns where name != 0: flags.insert(.cut)
    case .nsec where denying.byName.last != name: denying.byName.append(name)
    case .nsec3 where denying.byHash.last != name: denying.byHash.append(name)
    default: break
    }
  }
}
