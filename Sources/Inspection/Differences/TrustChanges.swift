internal import Addresses
internal import Policy

/// Who is believed what a caller's address is: whoever asks by way of a proxy or a forwarder is someone else where it is
/// no longer believed, and where it is believed anew it may say who it likes.
struct TrustChange {
  /// What is believed.
  let source: AddressSource
  private let isGained: Bool
  /// True where nobody is believed any more.
  private let isLost: Bool
  private let range: PlacementRange

  var key: DifferenceSearch.Key { range.key }

  /// True where a query that was answered no longer can be: nobody is left who may say what address it has, or it comes
  /// from a proxy without the header that is now asked for. Which proxy a query came by, a log does not say.
  func concerns(_ evidence: Evidence) -> Bool {
    if evidence.addressSource == source { return isLost }
    return source == .proxy && isGained && evidence.addressSource == .packet && range.contains(evidence.source)
  }

  /// Neighbouring addresses together, whichever prefixes they are written as.
  static func all(_ pair: SnapshotPair) -> [TrustChange] {
    let old = pair.old.policy.policy, new = pair.new.policy.policy
    return changes(
      .proxy, old.trustedProxies, new.trustedProxies, none: "no proxy", some: "a proxy, who says who asks")
      + changes(
        .clientSubnet, old.trustedForwarders, new.trustedForwarders, none: "no forwarder",
        some: "a forwarder, whose client subnets are believed")
  }

  private static func changes(
    _ source: AddressSource, _ old: [LocatedPrefix], _ new: [LocatedPrefix], none: String, some: String
  ) -> [TrustChange] {
    if Set(old.map(\.prefix)) == Set(new.map(\.prefix)) { return [] }
    let before = PrefixTable(old.enumerated().map { ($0.element.prefix, UInt32($0.offset + 1)) })
    let after = PrefixTable(new.enumerated().map { ($0.element.prefix, UInt32($0.offset + 1)) })
    let firsts = addressBorders((old + new).map(\.prefix))
    var ranges: [PlacementRange] = []
    for (index, first) in firsts.enumerated() {
      let was = before.value(for: first), now = after.value(for: first)
      if (was != 0) == (now != 0) { continue }
      let next = index + 1 < firsts.count && firsts[index + 1].isIPv4 == first.isIPv4 ? firsts[index + 1] : nil
      let texts = (was != 0 ? some : none, now != 0 ? some : none)
      if let last = ranges.last, last.end == first, last.new == texts.1 {
        ranges[ranges.count - 1].end = next
      } else {
        let line = now != 0 ? new[Int(now) - 1] : old[Int(was) - 1]
        ranges.append(
          PlacementRange(
            first: first, old: texts.0, new: texts.1, place: line.location.wholeLine.description, end: next))
      }
    }
    return ranges.map { TrustChange(source: source, isGained: $0.new == some, isLost: new.isEmpty, range: $0) }
  }
}
