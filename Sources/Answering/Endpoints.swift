internal import Addresses
package import DNSFormat
package import FlatMemory
package import Policy
internal import Zones

// Which RRs say where a service is, and whether `isolate` lets a caller have them.

extension RRType {
  @inline(__always) fileprivate static var wks: RRType { RRType(11) }
  @inline(__always) fileprivate static var apl: RRType { RRType(42) }
  @inline(__always) fileprivate static var ipseckey: RRType { RRType(45) }
  @inline(__always) fileprivate static var l32: RRType { RRType(105) }
  @inline(__always) fileprivate static var l64: RRType { RRType(106) }
  @inline(__always) fileprivate static var amtrelay: RRType { RRType(260) }
}

extension RRsetImage {
  /// True for SVCB and HTTPS (RFC 9460).
  var isService: Bool { type == .svcb || type == .https }

  /// True where RRs of the type have addresses in them: A and AAAA, and what hints at addresses.
  var holdsEndpoints: Bool { type.holdsEndpoints }
}

extension RRType {
  /// True where RRs of the type have addresses in them: A and AAAA, and what hints at addresses.
  var holdsEndpoints: Bool {
    switch self {
    case .a, .aaaa, .svcb, .https, .wks, .apl, .ipseckey, .l32, .l64, .amtrelay: true
    default: false
    }
  }
}

extension CompiledPolicy {
  /// Where endpoints lead, for sets of addresses to be marked with; nil where nothing is isolated.
  var endpointContexts: EndpointContexts? {
    if !hasIsolations { return nil }
    return EndpointContexts(prefixes: policy.contextDetails.map { ($0.from + $0.endpoints).map(\.prefix) }) {
      self.onlyContext(of: $0)
    }
  }

  /// True where `isolate` keeps one of a set's addresses from a caller, or may: most sets' marks say that it does not.
  @inline(__always)
  func hidesAny(of rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, from callerContext: UInt16) -> Bool {
    guard let row = isolation(ofContext: callerContext) else { return false }
    guard rrset.holdsAddresses else { return rrset.holdsEndpoints }
    if let context = rrset.endpointContext { return isHidden(context, by: row) }
    return hidesAny(of: rrset, memory, by: row)
  }

  /// The same of a set without a mark.
  @inline(never)
  private func hidesAny(of rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, by row: IsolationRow) -> Bool {
    let size = rrset.type == .a ? 4 : 16
    var rdata = rrset.dataStart &+ 2
    while rdata < rrset.end {
      let endpoint = size == 4 ? IPAddress(v4: memory, at: rdata) : IPAddress(v6: memory, at: rdata)
      if isHidden(endpoint, by: row) { return true }
      rdata &+= 2 &+ size
    }
    return false
  }

  /// True where `isolate` lets a caller have the RR whose RDATA is at `offset`: it has no endpoint, or only such as the
  /// caller may call.
  @inline(__always)
  func mayPass(
    _ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, rdataAt offset: Int, callerContext: UInt16
  ) -> Bool {
    isolatedContext(rrset, memory, rdataAt: offset, callerContext: callerContext) == nil
  }

  /// The context of the RR's first endpoint that the caller is isolated from; nil where there is none.
  package func isolatedContext(
    _ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, rdataAt offset: Int, callerContext: UInt16
  ) -> UInt16? {
    switch rrset.type {
    case .a: return isolatedContext(of: IPAddress(v4: memory, at: offset), callerContext)
    case .aaaa: return isolatedContext(of: IPAddress(v6: memory, at: offset), callerContext)
    default:
      guard rrset.holdsEndpoints else { return nil }
      let end = offset &+ Int(UInt16(bigEndian: memory.load(offset &- 2, as: UInt16.self)))
      return isolatedContext(of: rrset.type, memory.span.extracting(offset..<end), callerContext: callerContext)
    }
  }

  /// The same of an RR of any type, by its RDATA.
  package func isolatedContext(of type: RRType, _ rdata: Span<UInt8>, callerContext: UInt16) -> UInt16? {
    let size = rdata.count
    switch type {
    case .a where size >= 4: return isolatedContext(of: IPAddress(v4: rdata, at: 0), callerContext)
    case .aaaa where size >= 16: return isolatedContext(of: IPAddress(v6: rdata, at: 0), callerContext)
    case .svcb, .https: return isolatedContext(ofHintsIn: rdata, callerContext)
    case .wks where size >= 4: return isolatedContext(of: IPAddress(v4: rdata, at: 0), callerContext)
    case .l32 where size >= 6: return isolatedContext(of: IPAddress(v4: rdata, at: 2), callerContext)
    case .ipseckey where size >= 7 && rdata[1] == 1:  // RFC 4025 §2.3: a gateway's IPv4 address
      return isolatedContext(of: IPAddress(v4: rdata, at: 3), callerContext)
    case .ipseckey where size >= 19 && rdata[1] == 2:
      return isolatedContext(of: IPAddress(v6: rdata, at: 3), callerContext)
    case .l64 where size >= 10:  // RFC 6742 §2.3: the upper half of an address
      let high = UInt64(rdata.u32(at: 2)) << 32 | UInt64(rdata.u32(at: 6))
      return isolatedContext(of: IPAddress(high: high, low: 0), callerContext)
    case .amtrelay where size >= 6 && rdata[1] & 0x7f == 1:  // RFC 8777 §4.2.3
      return isolatedContext(of: IPAddress(v4: rdata, at: 2), callerContext)
    case .amtrelay where size >= 18 && rdata[1] & 0x7f == 2:
      return isolatedContext(of: IPAddress(v6: rdata, at: 2), callerContext)
    case .apl: return isolatedContext(ofPrefixesIn: rdata, callerContext)
    default: return nil
    }
  }

  /// The prefixes of an APL RR (RFC 3123 §4), by their first addresses; trailing zeros are not written.
  private func isolatedContext(ofPrefixesIn rdata: Span<UInt8>, _ callerContext: UInt16) -> UInt16? {
    var item = 0
    while item &+ 4 <= rdata.count {
      let size = Int(rdata[item &+ 3] & 0x7f)
      var high: UInt64 = 0, low: UInt64 = 0
      var index = 0
      while index < min(size, 16, rdata.count &- item &- 4) {
        let octet = UInt64(rdata[item &+ 4 &+ index])
        if index < 8 { high |= octet &<< UInt64(56 &- index &* 8) } else { low |= octet &<< UInt64(120 &- index &* 8) }
        index &+= 1
      }
      let isIPv4 = rdata[item] == 0 && rdata[item &+ 1] == 1
      let address = isIPv4 ? IPAddress(v4: UInt32(truncatingIfNeeded: high &>> 32)) : IPAddress(high: high, low: low)
      if let context = isolatedContext(of: address, callerContext) { return context }
      item &+= 4 &+ size
    }
    return nil
  }

  @inline(__always)
  private func isolatedContext(of endpoint: IPAddress, _ callerContext: UInt16) -> UInt16? {
    let context = isolatedContext(callerContext: callerContext, endpoint: endpoint)
    return context == 0 ? nil : context
  }

  /// The parameters ipv4hint and ipv6hint (RFC 9460 §7.3) of an SVCB or HTTPS RR.
  private func isolatedContext(ofHintsIn rdata: Span<UInt8>, _ callerContext: UInt16) -> UInt16? {
    let end = rdata.count
    var offset = 2
    while offset < end, rdata[offset] != 0 { offset &+= 1 &+ Int(rdata[offset]) }
    offset &+= 1
    while offset &+ 4 <= end {
      let key = rdata.u16(at: offset)
      let size = key == 4 ? 4 : 16
      let valueEnd = min(end, offset &+ 4 &+ Int(rdata.u16(at: offset &+ 2)))
      offset &+= 4
      while key == 4 || key == 6, offset &+ size <= valueEnd {
        let hint = key == 4 ? IPAddress(v4: rdata, at: offset) : IPAddress(v6: rdata, at: offset)
        if let context = isolatedContext(of: hint, callerContext) { return context }
        offset &+= size
      }
      offset = valueEnd
    }
    return nil
  }
}

extension IPAddress {
  /// The IPv4 address in the four octets at `offset`.
  @inline(__always)
  init(v4 memory: borrowing FlatArray<UInt8>, at offset: Int) {
    self.init(v4: UInt32(bigEndian: memory.load(offset, as: UInt32.self)))
  }

  /// The IPv6 address in the sixteen octets at `offset`.
  @inline(__always)
  init(v6 memory: borrowing FlatArray<UInt8>, at offset: Int) {
    self.init(
      high: UInt64(bigEndian: memory.load(offset, as: UInt64.self)),
      low: UInt64(bigEndian: memory.load(offset &+ 8, as: UInt64.self)))
  }

  /// The same of octets of a message.
  init(v4 octets: Span<UInt8>, at offset: Int) { self.init(v4: octets.u32(at: offset)) }

  init(v6 octets: Span<UInt8>, at offset: Int) {
    self.init(
      high: UInt64(octets.u32(at: offset)) << 32 | UInt64(octets.u32(at: offset &+ 4)),
      low: UInt64(octets.u32(at: offset &+ 8)) << 32 | UInt64(octets.u32(at: offset &+ 12)))
  }
}
