import Testing

@testable import Inspection

@Suite("expect lines: tests that live in the policy")
struct ExpectationTests {
  private static let policy = """
    origin example.test
    context here { from 10.0.0.0/8 }
    context there { from 172.16.0.0/12 }
    context quiet { from 192.168.0.0/16; deny-as drop; listen 127.0.0.54 }
    isolate here there
    service orders { refuse batch; runs-at 10.0.0.1 }
    service batch { runs-at 10.0.0.66 192.168.0.66; identity "batch.prod"; uid 4242 }
    """

  private static let zone =
    apex
      + """
      orders A 10.1.1.1
      orders A 10.1.1.2
      far    A 172.16.1.1
      mail   MX 10 orders
      text   TXT "two words" second
      cart   CNAME orders
      *.w    A 10.3.3.3

      """

  private func failures(of line: String) -> [String] {
    let loaded = load(zones: ["example.test.zone": Self.zone], policy: Self.policy + "\n" + line)
    return Checks(loaded, at: 1_800_000_000).diagnostics.filter { $0.severity == .error }.map(\.description)
  }

  @Test(arguments: [
    "expect from 10.0.0.2 orders A -> 10.1.1.2 10.1.1.1",
    "expect from 10.0.0.2 orders -> 10.1.1.1 10.1.1.2",
    "expect from 10.0.0.2 cart A -> 10.1.1.1 10.1.1.2",
    "expect from 10.0.0.2 mail MX -> 10 orders",
    "expect from 10.0.0.2 text TXT -> \"two words\" second",
    "expect from 10.0.0.2 x.y.w A -> 10.3.3.3",
    "expect from 10.0.0.2 orders AAAA -> nodata",
    "expect from 10.0.0.2 nothing A -> nxdomain",
    "expect from 10.0.0.66 orders A -> refused",
    "expect from 10.0.0.66 orders A -> refused refuse",
    "expect from 10.0.0.2 as identity batch.prod orders A -> refused refuse",
    "expect from 10.0.0.66 as identity \"no such\" orders A -> 10.1.1.1 10.1.1.2",
    "expect from 192.168.0.2 at 127.0.0.54 as uid 4242 orders -> dropped",
    "expect from 10.0.0.66 as uid 4243 orders -> refused refuse",
    "expect from 10.0.0.2 far A -> refused isolate",
    "expect from 172.16.0.2 far A -> 172.16.1.1",
    "expect from 192.168.0.66 orders A -> dropped",
    "expect from 198.51.100.1 orders A -> refused placement",
    "expect from 198.51.100.1 at 127.0.0.54 orders A -> 10.1.1.1 10.1.1.2",
    "expect from 192.168.0.66 at 127.0.0.54:53 orders -> dropped",
    "expect from 10.0.0.2 orders AAAA -> nodata",
  ])
  func `holds where the caller is told so`(line: String) {
    #expect(failures(of: line) == [])
  }

  @Test(arguments: [
    ("expect from 10.0.0.2 orders A -> 10.1.1.1", "the answer is 10.1.1.1 10.1.1.2"),
    ("expect from 10.0.0.2 orders A -> refused", "the answer is 10.1.1.1 10.1.1.2"),
    ("expect from 10.0.0.2 as uid nosuch orders A -> refused", "no service has the uid \"nosuch\""),
    ("expect from 10.0.0.2 as root orders now A -> refused", "\"root\" is not understood here; write expect from"),
    ("expect from 10.0.0.66 orders A -> refused isolate", "the answer is refused by refuse"),
    ("expect from 10.0.0.2 nothing A -> nodata", "the answer is nxdomain"),
    ("expect from 10.0.0.2 orders A -> nxdomain", "the answer is 10.1.1.1 10.1.1.2"),
    ("expect from 10.0.0.2 nothing A -> 10.1.1.1", "the answer is nxdomain"),
  ])
  func `fails with what the caller is told instead`(line: String, message: String) throws {
    let failure = try #require(failures(of: line).first)
    #expect(failure.hasPrefix("p.policy:8:"))
    #expect(failure.contains(message))
  }

  @Test(arguments: [
    ("expect from 10.0.0.2 orders AAA -> 10.1.1.1", "did you mean"),
    ("expect from 10.0.0.2 orders A -> refusd", "did you mean \"refused\"?"),
    ("expect from 10.0.0.2 orders A -> refused alow", "no rule is called \"alow\"; did you mean \"allow\"?"),
    ("expect from 10.0.0.2 orders A -> refused none", "write one of placement, refuse, require, allow"),
    (
      "expect from 10.0.0.2 at 127.0.0.1:1 orders A -> refused",
      "nobody can ask at 127.0.0.1:1: no listen line has it; write an address of one, for example 127.0.0.54:53"
    ),
    ("expect from 10.0.0.2 orders A -> 10.1.1.300", "is no A and none of refused"),
  ])
  func `says what cannot be read in it`(line: String, message: String) throws {
    let failure = try #require(failures(of: line).first)
    #expect(failure.contains(message))
  }
}
