package import Addresses
internal import Answering
internal import Contexts
package import Policy

/// Everyone who can ask, as far as a policy tells callers apart: each once, with an address or a name to ask by.
///
/// Between two neighbouring borders of prefixes all addresses are the same caller, so one address of each range is asked
/// for, by way of the table that queries use. Listeners put every such caller into their context, and certificates and
/// users may come from anywhere.
package struct CallerCensus: Sendable {
  /// Callers that no rule tells apart.
  package struct Kind: Hashable, Sendable {
    package let context: UInt16
    /// 0 for none.
    package let service: UInt32
    /// True where more than an address says which service it is.
    package let isIdentified: Bool
  }

  /// One of them, as the policy sees it and as it would ask.
  package struct Member: Sendable {
    package let caller: Caller
    package let evidence: Evidence
  }

  /// Addresses that are one caller, up to the next range's first.
  package struct Range: Sendable {
    package let first: IPAddress
    package let caller: Caller
  }

  package private(set) var members: [Kind: Member] = [:]
  /// By address, IPv4 before IPv6.
  package private(set) var ranges: [Range] = []

  package init(_ policy: CompiledPolicy) {
    let written = policy.policy
    let prefixes =
      written.contextDetails.flatMap { $0.from.map(\.prefix) } + written.services.flatMap { $0.runsAt.map(\.prefix) }
    for first in addressBorders(prefixes) {
      let evidence = Evidence(source: first)
      let caller = policy.callers.caller(evidence)
      ranges.append(Range(first: first, caller: caller))
      add(caller, evidence)
    }
    let byAddress = Dictionary(members.values.map { ($0.caller.service, $0.evidence) }) { first, _ in first }
    for listen in written.listens {
      guard let context = listen.context else { continue }
      for (_, evidence) in byAddress {
        add(Evidence(source: evidence.source, listenerContext: UInt16(context)), policy)
      }
      // Someone who is no service may ask there as well, from an address that is in no range or any other.
      if byAddress[0] == nil {
        let free = ranges.first { $0.caller.service == 0 }?.first ?? IPAddress(v4: 0)
        add(Evidence(source: free, listenerContext: UInt16(context)), policy)
      }
    }
    addIdentified(policy)
  }

  /// Those whom a certificate or a user tells, in every context that anyone can be in.
  private mutating func addIdentified(_ policy: CompiledPolicy) {
    let anyone = Dictionary(members.values.map { ($0.caller.context, $0.evidence) }) { first, _ in first }
    for (index, service) in policy.policy.services.enumerated() {
      for (_, evidence) in anyone {
        var known = evidence
        if !service.identities.isEmpty {
          known.certificateService = UInt32(index + 1)
        } else if let user = service.users.compactMap(\.number).first {
          known.user = user
        } else {
          break
        }
        let caller = policy.callers.caller(known)
        if caller.service == UInt32(index + 1) { add(caller, known) }
      }
    }
  }

  private mutating func add(_ evidence: Evidence, _ policy: CompiledPolicy) {
    add(policy.callers.caller(evidence), evidence)
  }

  private mutating func add(_ caller: Caller, _ evidence: Evidence) {
    guard caller.isPlaced else { return }
    let kind = Kind(context: caller.context, service: caller.service, isIdentified: caller.isIdentified)
    if members[kind] == nil { members[kind] = Member(caller: caller, evidence: evidence) }
  }
}

/// The first address of each range that no border of a prefix cuts, in order, IPv4 before IPv6.
package func addressBorders(_ prefixes: some Sequence<Prefix>) -> [IPAddress] {
  var v4: Set<UInt64> = [0]
  // The IPv4 addresses lie mapped among the IPv6 ones; behind them a range of IPv6 begins anew.
  var v6: Set<Wide> = [Wide(high: 0, low: 0), Wide(high: 0, low: 1 << 48)]
  for prefix in prefixes {
    let address = prefix.address
    if address.isIPv4 {
      v4.insert(address.low)
      let next = address.low + (1 << UInt64(32 - prefix.length))
      if next <= UInt64(UInt32.max) { v4.insert(next) }
    } else {
      v6.insert(Wide(high: address.high, low: address.low))
      if let next = Wide(high: address.high, low: address.low).adding(bit: 128 - prefix.length) { v6.insert(next) }
    }
  }
  return v4.sorted().map { IPAddress(v4: UInt32(truncatingIfNeeded: $0)) }
    + v6.sorted().map { IPAddress(high: $0.high, low: $0.low) }.filter { !$0.isIPv4 }
}

/// 128 bits that can be counted on.
private struct Wide: Hashable, Comparable {
  let high: UInt64
  let low: UInt64

  static func < (left: Wide, right: Wide) -> Bool { (left.high, left.low) < (right.high, right.low) }

  /// This and 2^bit; nil where that is more than 128 bits can say.
  func adding(bit: Int) -> Wide? {
    if bit >= 128 { return nil }
    if bit >= 64 {
      let (sum, overflow) = high.addingReportingOverflow(1 << UInt64(bit - 64))
      return overflow ? nil : Wide(high: sum, low: low)
    }
    let (sum, carry) = low.addingReportingOverflow(1 << UInt64(bit))
    if !carry { return Wide(high: high, low: sum) }
    return high == .max ? nil : Wide(high: high + 1, low: sum)
  }
}
