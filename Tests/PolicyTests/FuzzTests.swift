import TestSupport
import Testing

@testable import Policy

@Suite("Any octets are a policy or an error")
struct FuzzTests {
  /// How many texts are tried.
  static let count = min(rounds(20_000), 120_000)

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `mutated policies are read without a trap, and what reads without errors compiles`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let seeds = [exampleServer, exampleOrders, RandomPolicy.text(&random), Self.oddments, Self.newer].map {
      Array($0.utf8)
    }
    for _ in 0..<(Self.count / 8) {
      var text = seeds.randomElement(using: &random) ?? []
      let start = Int.random(in: 0...text.count, using: &random)
      text = Array(text[start...].prefix(300))
      for _ in 0..<Int.random(in: 0...6, using: &random) { mutate(&text, seeds, &random) }
      let (policy, diagnostics) = Policy.read([(path: "ambit.policy", text: text)])
      #expect((policy == nil) == diagnostics.hasErrors)
      if let policy { _ = CompiledPolicy(policy) }
    }
  }

  private func mutate(_ text: inout [UInt8], _ seeds: [[UInt8]], _ random: inout SeededGenerator) {
    let at = Int.random(in: 0...text.count, using: &random)
    let end = min(text.count, at + Int.random(in: 0...8, using: &random))
    switch Int.random(in: 0..<5, using: &random) {
    case 0: text.insert(UInt8.random(in: 0...255, using: &random), at: at)
    case 1: text.removeSubrange(at..<end)
    case 2: text.insert(contentsOf: text[at..<end], at: at)
    case 3: text.insert(Array("{};\"#,\n/.*\\ ".utf8).randomElement(using: &random) ?? 0, at: at)
    default:
      let other = seeds.randomElement(using: &random) ?? []
      let from = Int.random(in: 0..<other.count, using: &random)
      text.insert(contentsOf: other[from..<min(other.count, from + 20)], at: at)
    }
  }

  private static let newer = """
    origin t { group g a h b ; group h g c ; network n 10.0.0.0/8 m ; network m ::/0 n ; include x }
    service a { allow g *; refuse h a; tier x; identity "a" "b"; uid 33 root; require identity; runs-at n }
    service b { allow b.t. g; tier y; identity "a" } ; context c { from n m } ; context d in c ; isolate h c d
    tiers x > y>z ; tier z ; acyclic ; observe tiers acyclic acyclic ; except g -> h until 2026-02-30 because "x"
    except a -> b until 2027-01-01 because y ; trust ecs from n 0.0.0.0/0 ; trust proxy from m ; explain to g c
    version off ; query-log off ; query-log q all ; reload guard 0% ; origin u { service a ; origin v ; service a }
    """

  private static let oddments = """
    origin . ; service @ { runs-at ::ffff:10.0.0.0/104 0.0.0.0/0 ::/0; allow *; refuse *, a; deny-as nodata ttl 0 }
    context default in default { sealed } ; expect from ::1 \\000\\255.x TYPE65535 -> "a\\"b" , c
    metrics-log "" every 99999999999s ; isolate a a a ; context in in in ; listen [::]:0 0.0.0.0
    """
}
