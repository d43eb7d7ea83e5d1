package import Addresses
internal import Contexts
package import DNSFormat
internal import ZoneFile
internal import Zones

/// Other addresses for one name in one context, for a time: no file says so, but somebody who may.
///
/// It is read as an overlay's lines would be: the name's own records in that context give way to it, and, where it has a
/// port, the SRV records (RFC 2782) of the services below the name too.
package struct NameOverride: Hashable, Sendable {
  /// The context, by name: numbers change from load to load.
  package var context: String
  package var name: DomainName
  package var addresses: [IPAddress]
  /// Where there: what SRV records then say. An address record has none.
  package var port: UInt16?
  /// Who and until when, as explanations name a file: `override by ann until 14:00 UTC`.
  package var title: String
  /// Seconds: what is leased is soon something else.
  static let ttl = 5

  package init(context: String, name: DomainName, addresses: [IPAddress], port: UInt16?, title: String) {
    self.context = context
    self.name = name
    self.addresses = addresses
    self.port = port
    self.title = title
  }

  /// All of it in one line: what is the same is equal.
  var identity: String {
    "\(title)\n\(name) \(addresses.map(\.description).joined(separator: " ")) \(port.map { "\($0)" } ?? "")"
  }

  /// As a zone file's lines.
  /// - Parameter services: the owners of the SRV records that it replaces.
  func text(services: [DomainName]) -> String {
    var lines = addresses.map { "\(name) \(Self.ttl) IN \($0.isIPv4 ? "A" : "AAAA") \($0)\n" }
    if let port { lines += services.map { "\($0) \(Self.ttl) IN SRV 0 0 \(port) \(name)\n" } }
    return lines.joined()
  }
}

extension [NameOverride] {
  /// By origin, the overrides that concern each zone.
  /// - Parameter origins: all zones'.
  func byZone(_ origins: [DomainName]) -> [DomainName: [NameOverride]] {
    let known = Set(origins)
    return Dictionary(
      grouping: compactMap { override in override.zone(among: known).map { ($0, override) } }, by: \.0
    ).mapValues { $0.map(\.1) }
  }
}

extension NameOverride {
  /// The zone that the name is in: the longest; nil where it is in none.
  package func zone(among origins: Set<DomainName>) -> DomainName? {
    var ancestor = name
    while true {
      if origins.contains(ancestor) { return ancestor }
      if ancestor.labelCount == 0 { return nil }
      ancestor = ancestor.parent
    }
  }

  /// Puts it where it belongs among a zone's layers.
  /// - Returns: false where there is no such context.
  func apply(to layers: inout [ZoneSource.Layer], origin: DomainName, _ contexts: ContextTree) -> Bool {
    guard let number = contexts.number(of: context) else { return false }
    // The SRV records that callers there see: those of its layer, or of those above it.
    let path = Set(contexts.path(from: number))
    var services: [DomainName] = []
    for layer in layers where path.contains(layer.context) {
      for owner in layer.records.owners(of: .srv, atOrBelow: name) where owner != name && !services.contains(owner) {
        services.append(owner)
      }
    }
    let records = ZoneFileReader.read(
      Array(text(services: services).utf8), path: title, origin: origin, open: { _ in .success([]) }
    ).zone.withoutLines
    if let index = layers.firstIndex(where: { $0.context == number }) {
      layers[index].records = layers[index].records.replacing(records)
    } else {
      layers.append(ZoneSource.Layer(context: number, records: records))
    }
    return true
  }
}
