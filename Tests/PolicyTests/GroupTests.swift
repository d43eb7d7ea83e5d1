import Testing

@testable import Policy

@Suite("DESIGN §2: groups and networks stand for what is in them")
struct GroupTests {
  @Test func `a group is its members, at the place of the word that names it`() throws {
    let policy = try policy(
      """
      origin t
      service orders { allow everybody }
      group everybody storefront prod web
      group storefront web cart.t.
      service web; service cart; context prod
      except storefront -> storefront until 2027-01-31 because "x"
      """)
    #expect(policy.services[0].allows.map(\.subject) == [.service(1), .service(2), .context(1)])
    #expect(Set(policy.services[0].allows.map(\.location.description)) == ["p:2:24"])
    #expect(policy.services[0].allows.map(\.group) == [0, 0, 0])
    #expect(policy.groups.map(\.name) == ["everybody", "storefront"])
    #expect(policy.groups[0].members.map(\.location.column) == [17, 17, 28])
    #expect(policy.exceptions.map { [$0.service] } == [[1], [2], [1], [2]])
  }

  @Test func `members are relative to the origin of the group's line, wherever it is used`() throws {
    let policy = try policy(
      """
      origin a.test { service web; service orders { allow all } }
      origin b.test { service web; group all web web.a.test. }
      """)
    #expect(policy.services[1].allows.map(\.subject) == [.service(2), .service(0)])
    #expect(policy.services.map(\.display) == ["web.a.test.", "orders", "web.b.test."])
  }

  @Test func `a group of contexts is isolated and told as they are`() throws {
    let policy = try policy(
      """
      context a { from 10.0.0.0/16 }
      context b { from 10.1.0.0/16 }
      context c { from 10.2.0.0/16 }
      group shards a b
      isolate shards
      isolate shards c
      explain to shards
      """)
    #expect(policy.isolations.map(\.contexts) == [[1, 2], [1, 2, 3]])
    #expect(policy.explaining.audience == .contexts([1, 2]))
  }

  @Test func `a network is its prefixes wherever a prefix may be`() throws {
    let policy = try policy(
      """
      context a { from offices; endpoints host }
      network offices 192.0.2.0/24 home
      network home 10.0.0.1 192.0.2.0/24
      network host 10.0.0.2
      service s. { runs-at offices }
      trust ecs from host; trust proxy from host ::1
      rate-limit 5/s except home slip 1
      """)
    #expect(policy.contextDetails[1].from.map(\.prefix.description) == ["192.0.2.0/24", "10.0.0.1"])
    #expect(policy.contextDetails[1].from.map(\.location.column) == [18, 18])
    #expect(policy.contextDetails[1].endpoints.map(\.prefix.description) == ["10.0.0.2"])
    #expect(policy.services[0].runsAt.count == 2)
    #expect(policy.trustedForwarders.count == 1 && policy.trustedProxies.count == 2)
    #expect(policy.rateLimit.exempt.count == 2 && policy.rateLimit.slip == 1)
  }

  @Test func `a thousand groups in each other do not explode`() {
    var text = "origin t\n" + (0..<1000).map { "service s\($0)\n" }.joined()
    for number in 0..<1000 {
      let inner = (max(0, number - 50)..<number).map { " g\($0)" }.joined()
      text += "group g\(number) s\(number)\(inner)\n"
    }
    let found = findings(text).split(separator: "\n")
    #expect(found.count == 1)
    #expect(
      found.first?.hasSuffix(
        "error: groups come to more than 2000000 members, those of groups in groups counted each time; name fewer")
        == true)
  }

  @Test func `a chain of groups may be long`() throws {
    let chain = (1..<20_000).map { "group g\($0) g\($0 - 1)\n" }.joined()
    let policy = try policy("service s.\ngroup g0 s.\n\(chain)service x. { allow g19999 }")
    #expect(policy.services[1].allows.map(\.subject) == [.service(0)])
  }

  @Test func `lines that name large groups again and again have a bound`() {
    var diagnostics = DiagnosticList()
    let text =
      "group all a. b. c.\nservice a. { allow all }\nservice b. { allow all; refuse all }\nservice c. { allow all }"
    let statements = StatementParser.parse(file: "p", text: Array(text.utf8), &diagnostics)
    var reader = PolicyReader(NetworkTable([], &diagnostics), diagnostics)
    reader.readStatements(statements, origin: nil)
    var resolver = PolicyResolver(reader.draft, reader.diagnostics)
    resolver.membersLeft = 8
    #expect(resolver.resolve().services.map(\.allows.count) == [3, 3, 0])
    #expect(
      resolver.diagnostics.all.map(\.description) == [
        "p:3:32: error: the groups that lines name come to more than 2000000 members; declare a context from the members' addresses and name that, which is one"
      ])
  }

  @Test func `networks that come to too much are an error`() {
    let prefixes = (0..<2000).map { " 10.\($0 / 250).\($0 % 250).0/24" }.joined()
    let found = findings(
      "network big\(prefixes)\nrate-limit 5/s except\(String(repeating: " big", count: 501))")
    #expect(
      found
        == "p:2:2023: error: the networks that lines name come to more than 1000000 prefixes; name them less often")
  }
}

@Suite("A day is one of the calendar")
struct CalendarDayTests {
  @Test(arguments: [
    ("1970-01-01", 0), ("1970-03-01", 59), ("1972-02-29", 789), ("2000-02-29", 11016), ("2000-03-01", 11017),
    ("2026-12-31", 20818), ("2100-03-01", 47541), ("1969-12-31", -1),
  ])
  func `days are counted from 1970`(text: String, days: Int) throws {
    #expect(try #require(CalendarDay(text)).daysSince1970 == days)
  }

  @Test(arguments: [
    "2026-02-29", "2026-02-30", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-01", "2026-01-00", "0000-01-01",
    "2026-1-01", "26-01-01", "2026-01-01T00", "+026-01-01", "2026/01/01", "", "----", "２０２６-01-01",
  ])
  func `what no month has is no day`(text: String) {
    #expect(CalendarDay(text) == nil)
  }

  @Test func `every day of four centuries follows the one before`() throws {
    var before = try #require(CalendarDay("1999-12-31")).daysSince1970
    for year in 2000..<2400 {
      for month in 1...12 {
        for day in 1...31 {
          func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
          guard let next = CalendarDay("\(year)-\(padded(month))-\(padded(day))")?.daysSince1970 else { continue }
          #expect(next == before + 1)
          before = next
        }
      }
    }
    #expect(before == 10957 + 146_097 - 1)
  }
}
