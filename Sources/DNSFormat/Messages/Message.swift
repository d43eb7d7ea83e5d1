/// A whole message, taken apart: what `explain`, `expect` and tests read. A query's path never makes one.
package struct Message: Sendable, Hashable {
  /// One RR as a person reads it; names in the RDATA are uncompressed.
  package struct Record: Sendable, Hashable {
    package var owner: DomainName
    package var type: RRType
    package var rclass: UInt16
    package var ttl: UInt32
    package var rdata: [UInt8]

    /// The RDATA in presentation format.
    package var text: String { rdataText(rdata, of: type) }
  }

  /// A question as it was asked.
  package struct Question: Sendable, Hashable {
    package var name: DomainName
    package var type: RRType
    package var qclass: UInt16
  }

  /// An EDNS option.
  package struct Option: Sendable, Hashable {
    package var code: UInt16
    package var data: [UInt8]
  }

  package var id: UInt16
  package var flags: UInt16
  package var questions: [Question]
  package var answer: [Record]
  package var authority: [Record]
  /// Without the OPT.
  package var additional: [Record]
  /// The options of the OPT, by code; nil where there is no OPT.
  package var options: [Option]?
  /// The RCODE, its upper bits from the OPT.
  package var rcode: UInt16
  /// The UDP size in the OPT; 0 without one.
  package var udpSize: UInt16 = 0

  package var isAuthoritative: Bool { flags & 0x0400 != 0 }
  package var isTruncated: Bool { flags & 0x0200 != 0 }

  /// The INFO-CODE and EXTRA-TEXT of the Extended DNS Error, if there is one (RFC 8914 §2).
  package var extendedError: (code: UInt16, text: String)? {
    guard let data = options?.first(where: { $0.code == 15 })?.data, data.count >= 2 else { return nil }
    return (UInt16(data[0]) << 8 | UInt16(data[1]), String(decoding: data[2...], as: UTF8.self))
  }

  /// Takes a message apart; throws where any of it is cut short, or octets follow it.
  package init(_ octets: [UInt8]) throws(WireError) {
    var reader = Reader(octets: octets)
    id = try reader.u16()
    flags = try reader.u16()
    let counts = [try reader.u16(), try reader.u16(), try reader.u16(), try reader.u16()]
    questions = []
    for _ in 0..<counts[0] {
      questions.append(
        Question(name: try reader.name(), type: RRType(try reader.u16()), qclass: try reader.u16()))
    }
    (answer, authority, additional) = ([], [], [])
    rcode = flags & 15
    for _ in 0..<counts[1] { answer.append(try reader.record()) }
    for _ in 0..<counts[2] { authority.append(try reader.record()) }
    for _ in 0..<counts[3] {
      let record = try reader.record()
      guard record.type == .opt else {
        additional.append(record)
        continue
      }
      rcode |= UInt16(record.ttl >> 24) << 4
      udpSize = record.rclass
      options = try Reader.options(record.rdata)
    }
    guard reader.offset == octets.count else { throw .malformed }
  }

  /// A query as a client sends it.
  /// - Parameter udpSize: of the OPT; nil for none.
  package static func query(
    _ name: DomainName, _ type: RRType, id: UInt16 = 0, flags: UInt16 = 0x0100, udpSize: UInt16? = 1232,
    clientSubnet: ClientSubnet? = nil
  ) -> [UInt8] {
    var octets: [UInt8] = []
    for field in [id, flags, 1, 0, 0, udpSize == nil ? 0 : 1] { octets.append(integer: field) }
    octets += name.wire
    octets.append(integer: type.rawValue)
    octets.append(integer: UInt16(1))
    if let udpSize {
      octets.append(0)
      let size = UInt16(clientSubnet?.optionSize ?? 0)
      for field in [RRType.opt.rawValue, udpSize, 0, 0, size] { octets.append(integer: field) }
      if let clientSubnet {
        for field in [EDNSOption.clientSubnet, size - 4, clientSubnet.family] { octets.append(integer: field) }
        octets += [clientSubnet.sourceLength, 0]
        octets += (0..<clientSubnet.octetCount).map { clientSubnet.octet($0) }
      }
    }
    return octets
  }
}

/// Reads a message from front to back, following compression pointers backwards only (RFC 1035 §4.1.4).
private struct Reader {
  let octets: [UInt8]
  var offset = 0

  init(octets: [UInt8]) { self.octets = octets }

  mutating func u16() throws(WireError) -> UInt16 {
    guard offset + 2 <= octets.count else { throw .malformed }
    defer { offset += 2 }
    return UInt16(octets[offset]) << 8 | UInt16(octets[offset + 1])
  }

  mutating func name() throws(WireError) -> DomainName {
    let (name, end) = try Reader.name(octets, at: offset)
    offset = end
    return name
  }

  /// A name and the offset behind it.
  static func name(_ octets: [UInt8], at start: Int) throws(WireError) -> (DomainName, Int) {
    var wire: [UInt8] = []
    var offset = start
    var lowest = start  // pointers go before what was read: so there is no loop
    var end: Int?
    while true {
      guard offset < octets.count else { throw .malformed }
      let length = Int(octets[offset])
      if length & 0xc0 == 0xc0 {
        guard offset + 1 < octets.count else { throw .malformed }
        let target = (length & 0x3f) << 8 | Int(octets[offset + 1])
        guard target < lowest else { throw .malformed }
        if end == nil { end = offset + 2 }
        lowest = target
        offset = target
      } else {
        guard length <= 63, offset + length < octets.count, wire.count + length < 255 else { throw .malformed }
        wire += octets[offset...(offset + length)]
        offset += 1 + length
        if length == 0 { return (DomainName(validWire: wire), end ?? offset) }
      }
    }
  }

  mutating func record() throws(WireError) -> Message.Record {
    let owner = try name()
    let type = RRType(try u16())
    let rclass = try u16()
    let ttl = UInt32(try u16()) << 16 | UInt32(try u16())
    let end = Int(try u16()) + offset
    guard end <= octets.count else { throw .malformed }
    var rdata: [UInt8] = []
    // Names are uncompressed on the way; what stands around them is copied.
    for field in RRTypeTable.row(of: type)?.fields ?? [] {
      guard case .name = field else {
        guard let size = field.size(in: octets, at: offset, end: end), offset + size <= end else { break }
        rdata += octets[offset..<(offset + size)]
        offset += size
        continue
      }
      let (name, after) = try Reader.name(octets, at: offset)
      guard after <= end else { throw .malformed }
      rdata += name.wire
      offset = after
    }
    guard offset <= end else { throw .malformed }
    rdata += octets[offset..<end]
    offset = end
    return Message.Record(owner: owner, type: type, rclass: rclass, ttl: ttl, rdata: rdata)
  }

  static func options(_ rdata: [UInt8]) throws(WireError) -> [Message.Option] {
    var reader = Reader(octets: rdata)
    var options: [Message.Option] = []
    while reader.offset < rdata.count {
      let code = try reader.u16()
      let size = Int(try reader.u16())
      guard reader.offset + size <= rdata.count else { throw .malformed }
      options.append(Message.Option(code: code, data: Array(rdata[reader.offset..<(reader.offset + size)])))
      reader.offset += size
    }
    return options
  }
}

extension RDataField {
  /// Octets of a field that a name may follow; nil for one that no name follows.
  fileprivate func size(in octets: [UInt8], at offset: Int, end: Int) -> Int? {
    if case .string = self { return offset < end ? 1 + Int(octets[offset]) : nil }
    return fixedSize
  }
}
