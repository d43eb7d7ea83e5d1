internal import FlatMemory

/// A domain name, absolute, as the control plane handles it: owned octets in wire format, case kept.
///
/// RFC 1035 §3.1: labels of 1 to 63 octets, each after its length, the root's empty label at the end, 255 octets in all.
/// Compared without regard to ASCII case (RFC 4343). On a query's path names are ``NameKey``s or offsets instead.
public struct DomainName: Sendable {
  /// The wire format, from the first label's length to the root's zero; 1 to 255 octets.
  package let wire: [UInt8]

  /// The root.
  package static let root = DomainName(validWire: [0])

  /// Takes octets already known to be one whole name in wire format.
  package init(validWire wire: [UInt8]) { self.wire = wire }

  /// A name in wire format without compression, all of `octets`.
  package init(wire octets: [UInt8]) throws(NameError) {
    var offset = 0
    while true {
      guard offset < octets.count else { throw .unterminated }
      let length = Int(octets[offset])
      if length == 0 { break }
      guard length <= 63 else { throw .longLabel }
      offset += 1 + length
    }
    guard offset + 1 == octets.count else { throw .unterminated }
    guard octets.count <= 255 else { throw .longName }
    wire = octets
  }

  /// A name in presentation format (RFC 1035 §5.1), relative to `origin` unless it ends in a dot.
  package init(_ text: String, relativeTo origin: DomainName = .root) throws(NameError) {
    if text == "@" {
      self = origin
      return
    }
    let octets = Array(text.utf8)
    var wire: [UInt8] = []
    try appendName(text: octets.span, 0..<octets.count, origin: origin.wire, to: &wire)
    self.wire = wire
  }

  /// The labels' octets, leftmost first, without the root.
  package var labels: [ArraySlice<UInt8>] {
    var labels: [ArraySlice<UInt8>] = []
    var offset = 0
    while wire[offset] != 0 {
      let end = offset + 1 + Int(wire[offset])
      labels.append(wire[(offset + 1)..<end])
      offset = end
    }
    return labels
  }

  /// How many labels, the root not counted.
  package var labelCount: Int {
    var count = 0, offset = 0
    while wire[offset] != 0 {
      offset += 1 + Int(wire[offset])
      count += 1
    }
    return count
  }

  /// The name without its first label; the root for the root.
  package var parent: DomainName {
    wire[0] == 0 ? self : DomainName(validWire: Array(wire[(1 + Int(wire[0]))...]))
  }

  /// True where this name is `ancestor` or below it.
  package func isAtOrBelow(_ ancestor: DomainName) -> Bool {
    let surplus = wire.count - ancestor.wire.count
    var offset = 0
    while offset < surplus { offset += 1 + Int(wire[offset]) }
    return offset == surplus && wire.span.isSameName(as: ancestor.wire.span, from: offset)
  }

  /// This name with a label in front of it.
  package func prepending(label: [UInt8]) throws(NameError) -> DomainName {
    guard !label.isEmpty else { throw .emptyLabel }
    guard label.count <= 63 else { throw .longLabel }
    guard wire.count + 1 + label.count <= 255 else { throw .longName }
    return DomainName(validWire: [UInt8(label.count)] + label + wire)
  }

  /// True where the first label is a lone asterisk (RFC 4592 §2.1.1).
  package var isWildcard: Bool { wire.count > 2 && wire[0] == 1 && wire[1] == 0x2a }
}

extension DomainName: Hashable {
  /// Equal but for ASCII case (RFC 4343 §3).
  public static func == (left: DomainName, right: DomainName) -> Bool {
    left.wire.count == right.wire.count && left.wire.span.isSameName(as: right.wire.span, from: 0)
  }

  /// Hashes without regard to ASCII case.
  public func hash(into hasher: inout Hasher) {
    let octets = wire.span
    var offset = 0
    while offset < octets.count {
      hasher.combine(lowercased(octets.paddedWord(at: offset)))
      offset &+= 8
    }
  }
}

extension Span<UInt8> {
  /// True where the octets from `offset` on are those of `other`, but for ASCII case; both end together.
  fileprivate func isSameName(as other: Span<UInt8>, from offset: Int) -> Bool {
    guard count &- offset == other.count else { return false }
    var place = 0
    while place < other.count {
      if lowercased(paddedWord(at: offset &+ place)) != lowercased(other.paddedWord(at: place)) { return false }
      place &+= 8
    }
    return true
  }
}

extension DomainName: CustomStringConvertible {
  /// The presentation format, with the final dot.
  public var description: String {
    var text: [UInt8] = []
    printName(wire.span, at: 0, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The name as a person writes it below `origin`: relative and without a dot, `@` for the origin itself.
  package func description(relativeTo origin: DomainName) -> String {
    if self == origin { return "@" }
    guard isAtOrBelow(origin), origin != .root else { return description }
    let own = wire[..<(wire.count - origin.wire.count)] + [0]
    return String(DomainName(validWire: Array(own)).description.dropLast())
  }
}
