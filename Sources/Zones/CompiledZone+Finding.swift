public import DNSFormat
internal import FlatMemory

/// What a zone has for a name: the cases of RFC 1034 §4.3.2 step 3, one for each kind of answer.
public struct ZoneFinding: BitwiseCopyable, Sendable {
  /// The kinds of answer.
  public enum Kind: BitwiseCopyable, Sendable {
    /// The name is at or below a zone cut, which is the node.
    case referral
    /// The name is below the owner of a DNAME, which is the node (RFC 6672 §3.2).
    case redirection
    /// The node is the name's own.
    case exact
    /// The node is a wildcard that stands in for the name (RFC 4592 §3.3.1).
    case wildcard
    /// The name does not exist; the node is its closest encloser.
    case absent
  }

  /// What kind of answer it makes.
  public let kind: Kind
  /// The node that the kind says.
  public let node: ZoneNode
  /// Labels of the closest encloser: the name's own where it exists (RFC 4592 §3.3.1).
  public let encloser: Int
  /// The service that the name belongs to; 0 for none.
  public let service: UInt32

  @inlinable init(kind: Kind, node: ZoneNode, encloser: Int, service: UInt32) {
    self.kind = kind
    self.node = node
    self.encloser = encloser
    self.service = service
  }
}

extension CompiledZone {
  /// Finds what the zone has for a name, as a context sees it.
  /// - Parameters:
  ///   - name: at or below the apex, which exists for the context.
  ///   - own: the name's own node, where it is known and exists.
  ///   - type: DS is the parent's own data at a cut (RFC 4035 §3.1.4.1).
  ///   - wildcard: to work with.
  @inlinable public func finding(
    _ name: borrowing NameKey, own: ZoneNode? = nil, type: RRType, context: UInt16, wildcard: inout NameKey
  ) -> ZoneFinding {
    let match = own.map { ZoneMatch(own: $0, labels: name.labelCount) } ?? find(name, context: context)
    let isExact = match.labels == name.labelCount
    func finding(_ kind: ZoneFinding.Kind, _ node: ZoneNode) -> ZoneFinding {
      ZoneFinding(kind: kind, node: node, encloser: match.labels, service: match.service)
    }
    if match.node.flags.contains(.covered), let cover = match.node.cover(memory, context: context) {
      return finding(cover.flags.contains(.cut) ? .referral : .redirection, cover)
    }
    if match.node.flags.contains(.cut), !(isExact && type == .ds) { return finding(.referral, match.node) }
    if isExact { return finding(.exact, match.node) }
    if match.node.flags.contains(.redirection) { return finding(.redirection, match.node) }
    if !match.isHidden {
      wildcard.load(wildcardBelow: match.labels, of: name)
      if let source = node(wildcard, labels: wildcard.labelCount, context: context), source.exists {
        return finding(.wildcard, source)
      }
    }
    return finding(.absent, match.node)
  }
}
