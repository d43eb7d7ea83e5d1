public import Addresses

/// Which context an endpoint belongs to: the one whose longest `from` or `endpoints` prefix covers it.
public struct EndpointTable: ~Copyable, Sendable {
  @usableFromInline let prefixes: PrefixTable

  init(_ policy: borrowing Policy) {
    var contexts: [(prefix: Prefix, value: UInt32)] = []
    for (number, context) in policy.contextDetails.enumerated().dropFirst() {
      contexts += (context.from + context.endpoints).map { ($0.prefix, UInt32(number)) }
    }
    prefixes = PrefixTable(contexts)
  }

  /// The number of the endpoint's context; 0 where it is in none.
  @inlinable public func context(of endpoint: IPAddress) -> UInt16 {
    UInt16(truncatingIfNeeded: prefixes.value(for: endpoint))
  }
}
