package import Answering
package import DNSFormat
internal import Diagnostics
internal import Policy
internal import Zones

extension Snapshot {
  /// The name that a person means: as it is written; below the policy's origin where that is a name of ours and the written
  /// one is not. Nil where it is no name.
  package func name(meantBy written: String) -> DomainName? {
    guard let name = try? DomainName(written) else { return nil }
    let isOurs = zones.zones.contains { name.isAtOrBelow($0.origin) }
    guard !isOurs, !written.hasSuffix("."), let origin = policy.policy.origin,
      let below = try? DomainName(written, relativeTo: origin)
    else { return name }
    // Of several labels only where it is the policy's own way of writing: www.google.com is not meant to be below it.
    let isService = policy.policy.services.contains { below.isAtOrBelow($0.name) }
    return name.labelCount == 1 || isService ? below : name
  }
}

/// What is wrong with a text that is no name, as a message: `"a..b" is no domain name: it has an empty label (…)`.
package func noName(_ written: String) -> String {
  let shown = "\"\(shortened(visible(written)))\" is no domain name"
  do throws(NameError) {
    _ = try DomainName(written)
    return shown
  } catch {
    return "\(shown): it \(error)"
  }
}

/// Start and end of a text that is longer than a message has room for.
package func shortened(_ text: String) -> String {
  text.count <= 80 ? text : "\(text.prefix(40))…\(text.suffix(20))"
}
