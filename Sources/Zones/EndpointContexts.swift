package import Addresses
internal import DNSFormat

/// Which contexts endpoints lead into, as the policy says: sets of addresses are marked with it, so that `isolate` need
/// not look at each address of an answer.
package struct EndpointContexts: Sendable {
  /// By context, the prefixes whose endpoints are its own.
  package let prefixes: [[Prefix]]
  /// The one context that an endpoint leads into, 0 for none; nil where it leads into two.
  let context: @Sendable (IPAddress) -> UInt16?

  /// - Parameters:
  ///   - prefixes: by context; two of equal prefixes say the same.
  ///   - context: what they say of an endpoint; nil where it leads into two.
  package init(prefixes: [[Prefix]], context: @escaping @Sendable (IPAddress) -> UInt16?) {
    self.prefixes = prefixes
    self.context = context
  }

  /// Where the endpoints of one set lead, while they are gone through.
  struct Gathering {
    /// The only context so far other than none, 0 where there is only none; nil where there are several.
    private(set) var context: UInt16? = 0
    private let endpoints: EndpointContexts?

    /// For a set of A or AAAA; of other types, and where nothing is known of endpoints, it gathers nothing.
    init(_ endpoints: EndpointContexts?, _ type: RRType) {
      self.endpoints = type == .a || type == .aaaa ? endpoints : nil
      if self.endpoints == nil { context = nil }
    }

    /// Takes an RDATA in; one of another size than an address's leads where nobody knows.
    mutating func add(_ rdata: Span<UInt8>) {
      guard let endpoints, let before = context else { return }
      guard let address = IPAddress(rdata), let next = endpoints.context(address) else {
        context = nil
        return
      }
      if next != 0 { context = before == 0 || before == next ? next : nil }
    }
  }
}

extension IPAddress {
  /// The address in four or sixteen octets; nil of any other number.
  fileprivate init?(_ octets: Span<UInt8>) {
    func number(_ range: Range<Int>) -> UInt64 {
      var number: UInt64 = 0
      for index in range { number = number << 8 | UInt64(octets[index]) }
      return number
    }
    switch octets.count {
    case 4: self.init(v4: UInt32(number(0..<4)))
    case 16: self.init(high: number(0..<8), low: number(8..<16))
    default: return nil
    }
  }
}
