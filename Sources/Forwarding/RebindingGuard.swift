package import Addresses
package import DNSFormat

/// Which addresses names of others may have.
///
/// A page of somebody's whose name leads to 192.168.1.1 or 127.0.0.1 could talk to the reader's own network as if it were
/// part of it (DNS rebinding). Private addresses are left out of such answers, but for names and addresses that are allowed.
/// Unbound's `private-address` leaves them out too; dnsmasq's `stop-dns-rebind` drops the whole answer. Both then say that
/// there is no data, with NOERROR, and so do we: NXDOMAIN would be wrong about other types, and REFUSED or SERVFAIL sends
/// clients to their next server, which may not protect them.
package struct RebindingGuard: Sendable {
  /// What is said where addresses were left out.
  package static var reason: StaticString {
    "a name of somebody else's has a private address; a line allow-private would let it pass"
  }

  private let zones: [Zone]
  private let prefixes: [Prefix]

  /// A zone's name in wire format, in small letters, and how many labels it has.
  private struct Zone {
    let name: [UInt8]
    let labels: Int
  }

  /// Addresses that mean something else in every network. Those inside IPv6 ones (RFC 6052, RFC 3056) are judged as well.
  package static let privatePrefixes: [Prefix] = [
    "0.0.0.0/8",  // this host, RFC 1122
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private, RFC 1918
    "100.64.0.0/10",  // between a provider and its customers, RFC 6598
    "127.0.0.0/8",  // loopback, RFC 1122
    "169.254.0.0/16",  // link-local, RFC 3927
    "198.18.0.0/15",  // measuring devices in a laboratory, RFC 2544
    "224.0.0.0/4", "255.255.255.255/32",  // many hosts, nearby ones among them: RFC 5771, RFC 919
    "::/96",  // unspecified, loopback, and IPv4-compatible, which nobody should have (RFC 4291)
    "64:ff9b:1::/48",  // translators' own, RFC 8215
    "fc00::/7",  // unique local, RFC 4193
    "fe80::/10", "fec0::/10",  // link-local and what was site-local, RFC 4291, RFC 3879
    "ff00::/8",  // many hosts, RFC 4291
  ].compactMap { Prefix($0) }

  /// - Parameters:
  ///   - zones: names at and below these may have any address.
  ///   - prefixes: addresses that any name may have.
  package init(zones: [DomainName] = [], prefixes: [Prefix] = []) {
    self.zones = zones.map { zone in
      var key = NameKey()
      key.load(zone)
      return Zone(name: (0..<key.length).map { key.octet(at: $0) }, labels: key.labelCount)
    }
    self.prefixes = prefixes
  }

  /// True where a name may have any address. Allocates nothing.
  /// - Parameter name: in wire format, in small letters.
  package func trusts(_ name: borrowing NameKey) -> Bool {
    for zone in zones where zone.labels <= name.labelCount {
      let start = name.start(ofSuffix: zone.labels)
      guard name.length - start == zone.name.count else { continue }
      var index = 0
      while index < zone.name.count, name.octet(at: start + index) == zone.name[index] { index += 1 }
      if index == zone.name.count { return true }
    }
    return false
  }

  /// True for an address that names of others may not have.
  package func blocks(_ address: IPAddress) -> Bool {
    if prefixes.contains(where: { $0.contains(address) }) { return false }
    if Self.privatePrefixes.contains(where: { $0.contains(address) }) { return true }
    return address.embeddedIPv4.map { blocks($0) } ?? false
  }

  /// True for a record that has an address which names of others may not have, or is cut short.
  package func blocks(_ type: RRType, _ data: Span<UInt8>) -> Bool {
    switch type {
    case .a where data.count != 4, .aaaa where data.count != 16: true
    default: RecordAddresses.contains(data, of: type) { blocks($0) }
    }
  }
}
