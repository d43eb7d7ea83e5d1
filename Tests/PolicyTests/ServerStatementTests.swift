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
    ] as [(String, Measuring.Share)] { #expect(try policy(text).measuring.share == share, "\(text)") }
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
