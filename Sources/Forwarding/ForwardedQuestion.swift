public import DNSFormat

/// What a question is about, but for its name: replies are kept apart by it.
public struct QuestionKind: Hashable, Sendable, BitwiseCopyable {
  /// QTYPE; the class is IN.
  public let type: RRType
  /// The DO bit (RFC 3225): the asker wants signatures, so the reply has other records.
  public let isDNSSECOK: Bool
  /// The CD bit (RFC 4035 §3.2.2): the asker takes what does not validate, which nobody else may be given.
  public let isCheckingDisabled: Bool
  /// What the servers that are asked have as a number of their own: others may say something else.
  public let route: UInt64

  /// A kind of question that the servers of a route are asked.
  public init(_ type: RRType, isDNSSECOK: Bool, isCheckingDisabled: Bool, route: UInt64) {
    self.type = type
    self.isDNSSECOK = isDNSSECOK
    self.isCheckingDisabled = isCheckingDisabled
    self.route = route
  }

  /// Type and flags in a word.
  var word: UInt64 { UInt64(type.rawValue) | (isDNSSECOK ? 1 << 16 : 0) | (isCheckingDisabled ? 1 << 17 : 0) }

  /// The hash of a question of this kind from that of its name.
  @inline(__always) func hash(ofName hash: UInt64) -> UInt64 {
    let product = (hash ^ route).multipliedFullWidth(by: word &* 2 &+ 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }
}

/// A question that is asked elsewhere: what queries in flight are merged by and a reply is kept under.
///
/// For the forwarder, which may allocate; a worker looks its questions up by ``NameKey`` and ``QuestionKind``.
package struct ForwardedQuestion: Hashable, Sendable {
  /// The name in wire format, in small letters.
  package let name: [UInt8]
  /// All the rest.
  package let kind: QuestionKind

  /// A question for a name.
  package init(_ name: borrowing NameKey, _ kind: QuestionKind) {
    self.name = (0..<name.length).map { name.octet(at: $0) }
    self.kind = kind
  }

  /// The name as messages for people have it.
  package var domainName: DomainName { DomainName(validWire: name) }
}
