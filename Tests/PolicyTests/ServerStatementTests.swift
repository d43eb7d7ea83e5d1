import Testing

@testable import Policy

@Suite("DESIGN §2: what a policy says of the server itself")
struct ServerStatementTests {
  @Test func `a rate limit says all it has, in any order, the exceptions last`() throws {
    let limit = try policy(
      "rate-limit 50/s ipv6 /48 including loopback slip 1 ipv4 /32 except 10.0.0.0/8 2001:db8::1"
    ).rateLimit
    #expect((limit.rate, limit.slip, limit.ipv4Length, limit.ipv6Length) == (50, 1, 32, 48))
    #expect(limit.isLoopbackLimited)
    #expect(limit.exempt.map(\.prefix.description) == ["10.0.0.0/8", "2001:db8::1"])
  }

  @Test func `where nothing is said the limit is a thousand, and not for loopback`() throws {
    let limit = try policy("rate-limit 7/s").rateLimit
    #expect((limit.rate, limit.slip, limit.ipv4Length, limit.ipv6Length) == (7, 2, 24, 56))
    #expect(!limit.isLoopbackLimited && limit.exempt.isEmpty)
    #expect(try policy("").rateLimit.rate == 1000)
    #expect(try policy("rate-limit off").rateLimit.rate == 0)
  }

  @Test func `limits of connections; a client gets a quarter where nothing is said`() throws {
    #expect(try policy("").tcpLimits == TCPLimits())
    let some = try policy("tcp-limits idle 5s connections 400").tcpLimits
    #expect((some.connections, some.perClient, some.idle) == (400, 100, 5))
    let all = try policy("tcp-limits per-client 2 connections 3 idle 60").tcpLimits
    #expect((all.connections, all.perClient, all.idle) == (3, 2, 60))
    #expect(try policy("tcp-limits connections 2").tcpLimits.perClient == 1)
  }

  @Test func `which queries are timed: all where nothing is said, and one in one is all`() throws {
    for (text, share) in [
      ("", .all), ("measure all", .all), ("measure every 1", .all), ("measure every 100", .every(100)),
      ("measure off", .none),
    ] as [(String, QueryTiming.Share)] { #expect(try policy(text).measuring.share == share, "\(text)") }
    #expect(try policy("measure every 7").measuring.text == "every 7")
  }

  @Test func `a user, and perhaps its group`() throws {
    #expect(try policy("user ambit").user?.name == "ambit")
    let both = try #require(try policy("user ambit:dns").user)
    #expect((both.name, both.group, both.text) == ("ambit", "dns", "ambit:dns"))
    for text in ["", ":", "a:", ":b", "a:b:c", "a\0b"] { #expect(ServerUser(text) == nil) }
  }

  @Test func `HTTP is served where it says, nowhere, or as the server likes`() throws {
    #expect(try policy("").http == nil)
    #expect(try policy("http off").http?.addresses == [])
    #expect(
      try policy("http 127.0.0.1 [::1]:80").http?.addresses.map(\.description) == ["127.0.0.1:8053", "[::1]:80"])
    #expect(try policy("http-host A.test. b\nhttp-host c").httpHosts == ["a.test", "b", "c"])
  }
}

@Suite("Statements about logs: which queries, how many files")
struct LogStatementTests {
  private func policy(_ text: String) throws -> Policy {
    try Policy.read([("p", Array(text.utf8))]).policy.orThrow()
  }

  @Test func `what follows the path comes in any order`() throws {
    for text in [
      "query-log q refused one in 10 rotate 64KiB keep 3", "query-log q rotate 64KiB keep 3 one in 10 refused",
    ] {
      let log = try #require(try policy(text).queryLog)
      #expect(log.path == "q" && log.choice == LogChoice(.refused, oneIn: 10))
      #expect(log.rotation == LogRotation(size: 65536, keep: 3))
    }
    let plain = try #require(try policy("query-log q").queryLog)
    #expect(plain.choice == LogChoice() && plain.rotation == nil)
    let metrics = try #require(try policy("metrics-log m rotate 2GiB keep 1 every 5s").metricsLog)
    #expect(metrics.interval == 5 && metrics.rotation == LogRotation(size: 2 << 30, keep: 1))
  }

  @Test func `dnstap goes to a file or a socket`() throws {
    #expect(try policy("dnstap f").dnstap?.destination == .file("f"))
    #expect(try policy("dnstap \"unix\"").dnstap?.destination == .file("unix"))
    #expect(try policy("dnstap \"off\" all").dnstap?.destination == .file("off"))
    let tap = try #require(try policy("dnstap unix /run/s one in 5 refused").dnstap)
    #expect(tap.destination == .socket("/run/s") && tap.choice == LogChoice(.refused, oneIn: 5))
    #expect(try policy("dnstap off").dnstap == nil && policy("").dnstap == nil)
    #expect(Dnstap.Destination("unix:/run/s") == .socket("/run/s") && Dnstap.Destination("x") == .file("x"))
    #expect(Dnstap.Destination("") == nil && Dnstap.Destination("unix:") == nil)
    #expect(Dnstap.Destination("unix:\(String(repeating: "x", count: 108))") == nil)
  }
}
