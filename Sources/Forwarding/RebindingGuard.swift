package import Addresses
package import DNSFormat

/// Which addresses names of others may have.
///
/// A page of somebody's whose name leads to 192.168.1.1 or 127.0.0.1 could talk to the reader's own network as if it were
/// part of it (DNS rebinding). Private addresses are left out of such answers, but for names and addresses that are allowed.
package struct RebindingGuard: Sendable {
  /// - Parameters:
  ///   - zones: names at and below these may have any address.
  ///   - prefixes: addresses that any name may have.
  ///   - isOn: false lets everything pass.
  package init(zones: [DomainName] = [], prefixes: [Prefix] = [], isOn: Bool = true) {}
}
