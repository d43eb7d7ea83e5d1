internal import Addresses
internal import DNSFormat
internal import ZoneFile

/// A zone that every server that forwards should have itself, because its names have no business outside.
struct LocalZone: Sendable {
  let origin: DomainName
  /// What stands behind SOA and NS, as a master file has it.
  let text: String
  /// The addresses whose reverse names are in it; nil where ours are not to be found by it.
  let addresses: Prefix?

  private init(_ origin: String, _ text: String = "", addresses: String? = nil) {
    guard let name = try? DomainName(origin) else { preconditionFailure("a local zone's name is one") }
    self.origin = name
    self.text = text
    self.addresses = addresses.flatMap(Prefix.init)
  }

  /// The records: RFC 6303 §3's SOA and NS, and its own.
  /// - Parameter isMade: true where records are made for it that may be others after a reload: what is not there is then
  ///   remembered for a minute, not for three hours.
  func records(isMade: Bool) -> ZoneRecords {
    let head = "@ 10800 IN SOA @ nobody.invalid. 1 3600 1200 604800 \(isMade ? 60 : 10800)\n@ 10800 IN NS @\n"
    let reading = ZoneFileReader.read(
      Array((head + text).utf8), path: "built in (RFC 6303)", origin: origin,
      open: { _ in .failure(.init(reason: "a local zone includes nothing")) })
    precondition(!reading.diagnostics.contains { $0.severity == .error }, "a local zone has no mistake")
    return reading.zone
  }

  /// All of them.
  ///
  /// RFC 6303 §4 and RFC 7793 (reverse), RFC 6761 §6.2 to §6.4 (test, localhost, invalid), RFC 7686 (onion), RFC 8375
  /// (home.arpa), RFC 6762 §22.1 (local: only a host that speaks multicast can know), RFC 9462 §6.4 (resolver.arpa). Who
  /// has test names elsewhere has a `forward` line for them. Not `example`: its zones exist (RFC 6761 §6.5).
  static let all: [LocalZone] = names + reverse

  private static let names = [
    LocalZone("localhost.", "@ 10800 A 127.0.0.1\n@ 10800 AAAA ::1\n* 10800 A 127.0.0.1\n* 10800 AAAA ::1\n"),
    LocalZone("invalid."), LocalZone("test."), LocalZone("onion."), LocalZone("local."), LocalZone("home.arpa."),
    LocalZone("resolver.arpa.", "_dns 10800 TXT \"\"\n"),
  ]

  private static let reverse: [LocalZone] =
    [
      LocalZone("0.in-addr.arpa."),
      LocalZone("127.in-addr.arpa.", "1.0.0 10800 PTR localhost.\n", addresses: "127.0.0.0/8"),
      LocalZone("254.169.in-addr.arpa.", addresses: "169.254.0.0/16"), LocalZone("255.255.255.255.in-addr.arpa."),
      LocalZone("10.in-addr.arpa.", addresses: "10.0.0.0/8"),
      LocalZone("168.192.in-addr.arpa.", addresses: "192.168.0.0/16"),
      LocalZone("2.0.192.in-addr.arpa.", addresses: "192.0.2.0/24"),
      LocalZone("100.51.198.in-addr.arpa.", addresses: "198.51.100.0/24"),
      LocalZone("113.0.203.in-addr.arpa.", addresses: "203.0.113.0/24"),
    ] + (16...31).map { LocalZone("\($0).172.in-addr.arpa.", addresses: "172.\($0).0.0/16") }
    + (64...127).map { LocalZone("\($0).100.in-addr.arpa.", addresses: "100.\($0).0.0/16") }
    + [
      LocalZone(zeros(32)), LocalZone("1." + zeros(31), "@ 10800 PTR localhost.\n"),
      LocalZone("d.f.ip6.arpa.", addresses: "fd00::/8"), LocalZone("8.e.f.ip6.arpa.", addresses: "fe80::/12"),
      LocalZone("9.e.f.ip6.arpa.", addresses: "fe90::/12"), LocalZone("a.e.f.ip6.arpa.", addresses: "fea0::/12"),
      LocalZone("b.e.f.ip6.arpa.", addresses: "feb0::/12"),
      LocalZone("8.b.d.0.1.0.0.2.ip6.arpa.", addresses: "2001:db8::/32"),
    ]

  private static func zeros(_ count: Int) -> String { String(repeating: "0.", count: count) + "ip6.arpa." }
}
