import Testing

@testable import DNSFormat

@Suite("RFC 9460 Appendix D: the test vectors of SVCB and HTTPS, by figure")
struct ServiceBindingTests {
  /// `foo.example.com.` and `foo.example.org.` on the wire.
  private static let com = "03666f6f076578616d706c6503636f6d00"
  private static let org = "03666f6f076578616d706c65036f726700"

  static let good: [(figure: Int, text: String, wire: String)] = [
    (2, "0 foo.example.com.", "0000" + com),
    (3, "1 .", "000100"),
    (4, "16 foo.example.com. port=53", "0010" + com + "000300020035"),
    (5, "1 foo.example.com. key667=hello", "0001" + com + "029b000568656c6c6f"),
    (6, #"1 foo.example.com. key667="hello\210qoo""#, "0001" + com + "029b000968656c6c6fd2716f6f"),
    (
      7, #"1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1""#,
      "0001" + com + "0006002020010db800000000000000000000000120010db8000000000000000000530001"
    ),
    (
      8, #"1 example.com. ipv6hint="2001:db8:ffff:ffff:ffff:ffff:198.51.100.100""#,
      "0001076578616d706c6503636f6d000006001020010db8ffffffffffffffffc6336464"
    ),
    (
      9, "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
      "0010" + org + "000000040001000400010009026832" + "0568332d313900040004c0000201"
    ),
    (10, #"16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#, "0010" + org + "0001000c08665c6f6f2c626172026832"),
    (10, #"16 foo.example.org. alpn=f\\\092oo\092,bar,h2"#, "0010" + org + "0001000c08665c6f6f2c626172026832"),
  ]

  static let bad: [(figure: Int, parameters: String, problem: RDataTextError.Problem)] = [
    (11, "key123=abc key123=def", .badParameter("key123", .twice)),
    (12, "mandatory", .badParameter("mandatory", .missingValue(example: "mandatory=alpn,port"))),
    (12, "alpn", .badParameter("alpn", .missingValue(example: "alpn=h2,h3"))),
    (12, "port", .badParameter("port", .missingValue(example: "port=443"))),
    (12, "ipv4hint", .badParameter("ipv4hint", .missingValue(example: "ipv4hint=192.0.2.1,192.0.2.2"))),
    (12, "ipv6hint", .badParameter("ipv6hint", .missingValue(example: "ipv6hint=2001:db8::1,2001:db8::2"))),
    (13, "no-default-alpn=abc", .badParameter("no-default-alpn", .surplusValue)),
    (14, "mandatory=key123", .badParameter("mandatory", .lacks("key123"))),
    (15, "mandatory=mandatory", .badParameter("mandatory", .ofItself)),
    (16, "mandatory=key123,key123 key123=abc", .badParameter("mandatory", .names("key123"))),
  ]

  @Test(arguments: good.indices, [RRType.svcb, .https])
  func `D.1 and D.2: text becomes these octets, and they print so that they are read back`(
    index: Int, type: RRType
  ) throws {
    let vector = Self.good[index]
    let wire = try rdata(vector.text, of: type)
    #expect(hexadecimal(wire) == vector.wire, "figure \(vector.figure)")
    #expect(try rdata(rdataText(wire, of: type), of: type) == wire, "figure \(vector.figure)")
  }

  @Test(arguments: bad.indices, [RRType.svcb, .https])
  func `D.3: a mistake is named`(index: Int, type: RRType) throws {
    let vector = Self.bad[index]
    let error = #expect(throws: RDataTextError.self) {
      try rdata("1 foo.example.com. " + vector.parameters, of: type)
    }
    #expect(error?.problem == vector.problem, "figure \(vector.figure)")
  }

  @Test(
    arguments: [
      ("1 . alpn=h2,h3 port=53", #"1 . alpn="h2,h3" port=53"#),
      (#"16 a. alpn="f\\\\oo\\,bar,h2" mandatory=alpn"#, #"16 a. mandatory=alpn alpn="f\\\\oo\\,bar,h2""#),
      ("1 . key667=a\\;b ohttp key8000", #"1 . ohttp key667="a;b" key8000"#),
      ("1 . ipv6hint=2001:DB8:0:0::1 ipv4hint=192.0.2.1", "1 . ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"),
      ("1 . dohpath=/q{?dns} ech=AAEC", #"1 . ech=AAEC dohpath="/q{?dns}""#),
      (#"1 . key1="\002h2""#, #"1 . alpn="h2""#),
    ])
  func `parameters print ascending, by name, values in quotes where they may need them`(
    text: String, printed: String
  ) throws {
    #expect(rdataText(try rdata(text, of: .svcb), of: .svcb) == printed)
  }
}
