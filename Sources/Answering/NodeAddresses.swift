internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Zones

/// The addresses at a node, those of its A and AAAA sets one after the other, in the zone's order.
///
///     var addresses = NodeAddresses(of: node, zone.memory)
///     while let address = addresses.next(zone.memory) { … }
///
/// On a query's path: it allocates nothing. The memory is the zone's, which is lent and cannot be kept.
struct NodeAddresses {
  private let node: ZoneNode
  private var rrset: RRsetImage?
  /// Where the next RDATA is, behind its length.
  private var rdata: Int

  @inline(__always)
  init(of node: ZoneNode, _ memory: borrowing FlatArray<UInt8>) {
    self.node = node
    rrset = node.addresses(memory)
    rdata = (rrset?.dataStart ?? 0) &+ 2
  }

  /// The next address; nil behind the last.
  @inline(__always)
  mutating func next(_ memory: borrowing FlatArray<UInt8>) -> IPAddress? {
    while let rrset {
      if rdata < rrset.end {
        let start = rdata
        let isIPv4 = rrset.type == .a
        rdata &+= isIPv4 ? 6 : 18
        return isIPv4 ? IPAddress(v4: memory, at: start) : IPAddress(v6: memory, at: start)
      }
      self.rrset = node.addresses(memory, after: rrset)
      rdata = (self.rrset?.dataStart ?? 0) &+ 2
    }
    return nil
  }
}
