import Testing

@testable import Policy

@Suite("What a health line says")
struct HealthTests {
  private func check(_ line: String) throws -> HealthCheck {
    let (policy, diagnostics) = read(("p", "origin mesh.test\nservice a { \(line) }"))
    #expect(diagnostics.map(\.description) == [])
    return try #require(policy?.services.first?.steering.health)
  }

  @Test(arguments: [
    ("health tcp 8080", "tcp 8080 every 5s timeout 2s up 2 down 3"),
    ("health http :80/a?b=c every 90s timeout 60s", "http :80/a?b=c 200-399 every 90s timeout 1m up 2 down 3"),
    ("health http [::1]:8080/ 204", "http [::1]:8080/ 204 every 5s timeout 2s up 2 down 3"),
    ("health dns @", "dns mesh.test. 53 every 5s timeout 2s up 2 down 3"),
    ("health dns . 5353 every 1h down 1", "dns . 5353 every 1h timeout 2s up 2 down 1"),
    ("health exec /bin/check -x \"every\" every 1 up 1", "exec /bin/check -x every every 1s timeout 1s up 1 down 3"),
  ])
  func `what is not said is taken for granted, and all of it can be told`(line: String, text: String) throws {
    let check = try check(line)
    #expect("\(check)" == text)
    // What is told reads again as the same, where no word of a command is an option's.
    if !line.contains("\"") { #expect("\(try self.check("health \(text)"))" == text) }
  }

  @Test func `a service without a health line has no check`() throws {
    let (policy, _) = read(("p", "service a."))
    #expect(try #require(policy).services.first?.steering.health == nil)
  }

  @Test(arguments: [(1, "1ms"), (1000, "1s"), (1500, "1500ms"), (60_000, "1m"), (90_000, "90s"), (7_200_000, "2h")])
  func `durations are told in the largest unit without a fraction`(time: Int, text: String) {
    #expect(durationText(UInt32(time)) == text)
  }
}
