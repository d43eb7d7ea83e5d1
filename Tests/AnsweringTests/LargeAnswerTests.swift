import Testing

@testable import Answering

@Suite("What is too large is said so, at load or by TC")
struct LargeAnswerTests {
  @Test func `an RRset that no message can hold is an error, and the rest is still checked`() throws {
    let text = String(repeating: "x", count: 250)
    let records = (1...400).map { "big TXT \"\($0)\(text)\"\n" }.joined()
    let fixture = try Fixture(["i.test.zone": zoneHead + records + "y A 10.0.0.1\n"], strict: false)
    #expect(fixture.diagnostics.count == 1)
    #expect(fixture.diagnostics.first?.contains("the TXT records at big.i.test. do not fit in a message") == true)
  }

  @Test func `thousands of records at one name are told apart`() throws {
    let records = (0..<3000).map { "big A 10.1.\($0 / 250).\($0 % 250)\n" }.joined()
    let fixture = try Fixture(["i.test.zone": zoneHead + records])
    let reply = try fixture.ask("big.i.test.", from: "127.0.0.1", transport: .tcp)
    #expect(Set(reply.data).count == 3000 && !reply.isTruncated)
    let twice = try Fixture(["i.test.zone": zoneHead + records + "big A 10.1.8.7\n"], strict: false)
    #expect(try twice.ask("big.i.test.", from: "127.0.0.1", transport: .tcp).data.count == 3000)
  }

  @Test func `an error is told however many warnings come before it`() throws {
    let twice = (1...600).map { "n\($0) A 10.0.0.1\nn\($0) A 10.0.0.1\n" }.joined()
    let fixture = try Fixture(["i.test.zone": zoneHead + twice + "x CNAME y\nx A 10.0.0.2\n"], strict: false)
    #expect(fixture.diagnostics.contains { $0.contains("error: CNAME x.i.test. has an A beside it") })
    #expect(fixture.brokenZones == ["i.test."])
    #expect(fixture.diagnostics.count == 501)
  }
}
