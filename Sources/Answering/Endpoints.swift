internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Policy

extension RRsetImage {
  /// True for SVCB and HTTPS (RFC 9460).
  var isService: Bool { type == .svcb || type == .https }
  /// True where RRs of the type say where a service is: addresses, or hints of them.
  var holdsEndpoints: Bool { holdsAddresses || isService }
}

extension CompiledPolicy {
  /// True where `isolate` lets a caller have the RR whose RDATA is at `offset`: it has no endpoint, or only such as the
  /// caller may call.
  @inline(__always)
  func mayPass(
    _ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, rdataAt offset: Int, callerContext: UInt16
  ) -> Bool {
    isolatedContext(rrset, memory, rdataAt: offset, callerContext: callerContext) == nil
  }

  /// The context of the RR's first endpoint that the caller is isolated from; nil where there is none.
  func isolatedContext(
    _ rrset: RRsetImage, _ memory: borrowing FlatArray<UInt8>, rdataAt offset: Int, callerContext: UInt16
  ) -> UInt16? {
    switch rrset.type {
    case .a: return isolatedContext(of: IPAddress(v4: memory, at: offset), callerContext)
    case .aaaa: return isolatedContext(of: IPAddress(v6: memory, at: offset), callerContext)
    case .svcb, .https: return isolatedContext(ofHintsAt: offset, memory, callerContext)
    default: return nil
    }
  }

  @inline(__always)
  private func isolatedContext(of endpoint: IPAddress, _ callerContext: UInt16) -> UInt16? {
    isIsolated(callerContext: callerContext, endpoint: endpoint) ? endpoints.context(of: endpoint) : nil
  }

  /// The parameters ipv4hint and ipv6hint (RFC 9460 §7.3) of an SVCB or HTTPS RR.
  private func isolatedContext(
    ofHintsAt rdata: Int, _ memory: borrowing FlatArray<UInt8>, _ callerContext: UInt16
  ) -> UInt16? {
    let end = rdata &+ Int(UInt16(bigEndian: memory.load(rdata &- 2, as: UInt16.self)))
    var offset = rdata &+ 2
    while offset < end, memory[offset] != 0 { offset &+= 1 &+ Int(memory[offset]) }
    offset &+= 1
    while offset &+ 4 <= end {
      let key = UInt16(bigEndian: memory.load(offset, as: UInt16.self))
      let size = key == 4 ? 4 : 16
      offset &+= 4
      let valueEnd = min(end, offset &+ Int(UInt16(bigEndian: memory.load(offset &- 2, as: UInt16.self))))
      while key == 4 || key == 6, offset &+ size <= valueEnd {
        let hint = key == 4 ? IPAddress(v4: memory, at: offset) : IPAddress(v6: memory, at: offset)
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
  fileprivate init(v4 memory: borrowing FlatArray<UInt8>, at offset: Int) {
    self.init(v4: UInt32(bigEndian: memory.load(offset, as: UInt32.self)))
  }

  /// The IPv6 address in the sixteen octets at `offset`.
  @inline(__always)
  fileprivate init(v6 memory: borrowing FlatArray<UInt8>, at offset: Int) {
    self.init(
      high: UInt64(bigEndian: memory.load(offset, as: UInt64.self)),
      low: UInt64(bigEndian: memory.load(offset &+ 8, as: UInt64.self)))
  }
}
