import Addresses
import Answering
import DNSFormat
import Diagnostics
import Inspection
import Policy
import ZoneFile

/// Any text is a policy or has mistakes, and by what loads can be judged. An input is one policy file or, parted by lines
/// of three hyphens, several; each may be included as 0, 1 and so on, from a folder in which they are not read anyway.
struct PolicyTarget: FuzzTarget {
  private let callers = ["127.0.0.1", "127.0.2.10", "10.30.1.5", "192.0.2.1", "::1", "2001:db8::1"]
    .compactMap { IPAddress($0) }
  private let zone: [UInt8]

  init() {
    zone = Array("@ 5 SOA . . 1 1 1 1 1\n@ 5 NS ns\nns 5 A 10.30.1.1\norders 5 A 10.30.1.17\n* 5 CNAME orders\n".utf8)
  }

  func run(_ input: [UInt8]) {
    let files = parts(input, atLeast: 1).enumerated().map { (path: "\($0.offset).policy", text: $0.element) }
    let folder = PolicyFolder(
      open: { path in
        let number = Int(path) ?? -1
        return files.indices.contains(number) ? .success(files[number].text) : .failure(.init("there is none"))
      },
      list: { $0 == "all" ? .success(["0.policy", "x.polcy"]) : nil })
    let including = Policy.read(files, including: folder)
    hold((including.policy == nil) == including.diagnostics.hasErrors, "a policy or errors, with files included")
    let (policy, diagnostics) = Policy.read(files)
    hold((policy == nil) == diagnostics.hasErrors, "a policy or errors")
    for diagnostic in diagnostics {
      hold(!diagnostic.description.contains { $0.isNewline }, "a message is one line: \(diagnostic)")
    }
    if policy == nil { return }
    let loaded = SnapshotBuilder.build(
      ConfigurationFiles(
        policies: files, zones: [.init(path: "mesh.test.zone", origin: "mesh.test", context: nil)],
        open: { [zone] _ in .success(zone) }),
      seed: 1)
    hold(!Checks(loaded, at: 1_800_000_000).summary.isEmpty, "a policy can be checked")
    if let snapshot = loaded.snapshot { judge(snapshot.policy, services: snapshot.policy.policy.services.count) }
  }

  /// Every caller's calls: the first refusal is that which the list of all begins with.
  private func judge(_ policy: CompiledPolicy, services: Int) {
    for source in callers {
      let caller = policy.callers.caller(Evidence(source: source, listenerContext: nil))
      _ = policy.mode(caller.context)
      let placement = policy.judgePlacement(caller)
      for service in 0...UInt32(min(services, 20)) {
        let judgement = policy.judge(caller, target: service, at: 0)
        let all = policy.judgeAll(caller, target: service, at: 0)
        let told = [placement, judgement.refusal, judgement.wouldBe].compactMap(\.self)
        hold(told.allSatisfy(all.contains), "what is told is among all")
        hold(told.isEmpty == all.isEmpty, "something is told where anything is broken")
        _ = policy.denyAs(context: caller.context, service: service)
      }
      for endpoint in callers {
        let isIsolated = policy.isIsolated(callerContext: caller.context, endpoint: endpoint)
        let own = policy.endpoints.context(of: endpoint)
        hold(!isIsolated || own != caller.context, "no context is isolated from itself")
      }
    }
  }
}
