internal import Addresses
internal import Contexts
internal import DNSFormat
internal import Diagnostics

/// Who is asked for names of others.
extension PolicyResolver {
  /// A zone in a context, of which there is one line.
  private struct Place: Hashable {
    let zone: DomainName
    let context: Int
  }

  /// Once it is known where the server listens.
  mutating func resolveForwards() {
    policy.forwardCache = draft.forwardCache?.value ?? policy.forwardCache
    policy.privateAllowance = draft.privateAllowance
    policy.hasLocalZones = draft.hasLocalZones?.value ?? true
    policy.reverseZones = draft.reverseZones?.value
    var first: [Place: SourceLocation] = [:]
    for line in draft.forwards {
      let context = line.context.flatMap { contextNumbers[draft.contexts[$0].name.text] } ?? 0
      let place = Place(zone: line.zone, context: context)
      if let other = first[place] {
        diagnostics.error(
          at: line.location,
          "names below \(line.zone) are forwarded already, see \(other.short); write all servers in one line")
        continue
      }
      first[place] = line.location
      for server in line.servers {
        guard let listen = policy.listens.first(where: { $0.address.receives(for: server.value) }) else { continue }
        let place = policy.isListenDefaulted ? "without a \"listen\"" : "see \(listen.location.short)"
        diagnostics.error(
          at: server.location,
          "\(server.value) is where this server listens (\(place)): it would ask itself; write another server's address"
        )
      }
      if policy.forwards.count == Self.maximalForwardCount {
        diagnostics.error(
          at: line.location, "there are more than \(Self.maximalForwardCount) \"forward\" lines; use fewer")
        return
      }
      policy.forwards.append(
        Forward(zone: line.zone, servers: line.servers.map(\.value), context: context, location: line.location))
    }
  }

  /// The numbers of lines fit in 16 bits.
  static let maximalForwardCount = 65_535
}

extension SocketAddress {
  /// True where a server that listens here gets what is sent to `other` by itself: also at `0.0.0.0` or `::` for what is
  /// sent to this host's loopback addresses.
  fileprivate func receives(for other: SocketAddress) -> Bool {
    if self == other { return true }
    guard port == other.port, address.low == 0, address.high == 0 else { return false }
    // A socket at [::] takes IPv6 only: the server makes it so.
    guard address.isIPv4 == other.address.isIPv4 else { return false }
    return address.isIPv4 ? other.address.low >> 24 == 127 : other.address.high == 0 && other.address.low == 1
  }
}
