internal import Addresses
internal import Contexts
internal import DNSFormat
internal import Policy

/// The `isolate` lines and prefixes of a policy, read once more and plainly, as a person would.
///
/// Shares nothing with what queries use, which is tables of bits and tries: where the two disagree, one of them is wrong.
struct IsolationReading {
  private let policy: Policy
  /// By length and family, the prefixes of that length.
  private var prefixes: [(length: Int, isIPv4: Bool, contexts: [Prefix: Int])] = []
  private var known: [UInt32: Bool] = [:]

  init(_ policy: Policy) {
    self.policy = policy
    var byLength: [Int: [Prefix: Int]] = [:]
    for (number, context) in policy.contextDetails.enumerated() where number > 0 {
      for located in context.from + context.endpoints {
        byLength[located.prefix.length * 2 + (located.prefix.address.isIPv4 ? 1 : 0), default: [:]][located.prefix] =
          number
      }
    }
    for (key, contexts) in byLength.sorted(by: { $0.key > $1.key }) {
      prefixes.append((key / 2, key % 2 == 1, contexts))
    }
  }

  /// The context whose longest prefix an address is in; 0 for none.
  func context(of address: IPAddress) -> Int {
    for (length, isIPv4, contexts) in prefixes where isIPv4 == address.isIPv4 {
      if let context = contexts[Prefix(address, length: length)] { return context }
    }
    return 0
  }

  /// True where a line names a context that the caller's is or is in, and another that the endpoint's is or is in.
  mutating func isIsolated(_ caller: Int, _ endpoint: Int) -> Bool {
    if caller == 0 || endpoint == 0 { return false }
    let key = UInt32(caller) << 16 | UInt32(endpoint)
    if let known = known[key] { return known }
    let tree = policy.contexts
    let answer = policy.isolations.contains { line in
      line.contexts.contains { one in
        tree.isContext(caller, in: one)
          && line.contexts.contains { $0 != one && tree.isContext(endpoint, in: $0) }
      }
    }
    known[key] = answer
    return answer
  }

  /// The addresses in an RR: that of A and AAAA, what other types hint at, and the IPv4 addresses that those of IPv6
  /// lead to: below 64:ff9b::/96 (RFC 6052 §2.1) the last four octets, below 2002::/16 (RFC 3056 §2) the third to sixth.
  static func endpoints(_ type: RRType, _ rdata: [UInt8]) -> [IPAddress] {
    written(type, rdata).flatMap { address -> [IPAddress] in
      let octets = address.octets
      var inner: ArraySlice<UInt8> = []
      if octets.starts(with: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) { inner = octets.suffix(4) }
      if octets.count == 16, octets.starts(with: [0x20, 0x02]) { inner = octets[2..<6] }
      return inner.isEmpty ? [address] : [address, IPAddress(v4: inner.reduce(0) { $0 << 8 | UInt32($1) })]
    }
  }

  private static func written(_ type: RRType, _ rdata: [UInt8]) -> [IPAddress] {
    func address(_ start: Int, _ size: Int) -> [IPAddress] {
      guard start + size <= rdata.count else { return [] }
      var words: [UInt64] = [0, 0]
      for index in 0..<size {
        let place = 16 - size + index
        words[place / 8] |= UInt64(rdata[start + index]) << UInt64(56 - place % 8 * 8)
      }
      return [
        size == 4 ? IPAddress(v4: UInt32(truncatingIfNeeded: words[1])) : IPAddress(high: words[0], low: words[1])
      ]
    }
    switch type.rawValue {
    case 1, 11: return address(0, 4)
    case 28: return address(0, 16)
    case 105: return address(2, 4)
    case 106:
      guard rdata.count >= 10 else { return [] }
      let high = rdata[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return [IPAddress(high: high, low: 0)]
    case 45: return rdata.count < 2 || rdata[1] == 0 || rdata[1] > 2 ? [] : address(3, rdata[1] == 1 ? 4 : 16)
    case 260:
      let kind = rdata.count < 2 ? 0 : rdata[1] & 0x7f
      return kind == 1 ? address(2, 4) : kind == 2 ? address(2, 16) : []
    case 64, 65: return hints(rdata, address)
    default: return []
    }
  }

  private static func hints(_ rdata: [UInt8], _ address: (Int, Int) -> [IPAddress]) -> [IPAddress] {
    var offset = 2
    while offset < rdata.count, rdata[offset] != 0 { offset += 1 + Int(rdata[offset]) }
    offset += 1
    var found: [IPAddress] = []
    while offset + 4 <= rdata.count {
      let key = Int(rdata[offset]) << 8 | Int(rdata[offset + 1])
      let end = offset + 4 + (Int(rdata[offset + 2]) << 8 | Int(rdata[offset + 3]))
      let size = key == 4 ? 4 : 16
      if key == 4 || key == 6 {
        for start in stride(from: offset + 4, to: end, by: size) where start + size <= end {
          found += address(start, size)
        }
      }
      offset = end
    }
    return found
  }
}
