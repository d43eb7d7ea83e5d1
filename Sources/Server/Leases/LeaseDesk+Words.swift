internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import FoundationEssentials
internal import Inspection
internal import LinuxIO
internal import Policy

/// Who may lease what, and how it is said.
extension LeaseDesk {
  /// Why a user may not lease a context; nil where they may.
  func whyNot(_ user: UInt32?, in context: Int, _ policy: Policy) -> String? {
    let name = policy.contexts.nodes[context].name
    guard let leasing = policy.contextDetails[context].leasing else {
      return "nobody leases \(name): write \"leases\" in its context block (then root and the server's user may), "
        + "\"leases USER\" or \"leases *\"" + (listeners == nil ? ", and restart the server" : "")
    }
    if listeners == nil {
      return "this server started without any leases (\(leasing.location.short) is newer): restart it"
    }
    guard let user else { return "the system does not say who asks" }
    if user == 0 || user == currentUser || leasing.isForAll { return nil }
    let isNamed = leasing.users.contains { (UInt32($0) ?? userNumber(of: $0)) == user }
    return isNamed
      ? nil
      : "user \(Self.name(of: user)) may not lease \(name) (\(leasing.location.short)); add the user there, or write "
        + "leases *"
  }

  /// The context whose answers are to change for all its callers.
  /// - Parameter name: nil for that of callers at 127.0.0.1.
  static func sharedContext(_ name: String?, _ snapshot: Snapshot) throws(OverrideWords.Problem) -> Int {
    let policy = snapshot.policy.policy
    let number: Int
    if let name {
      guard let found = policy.contexts.number(of: name) else { throw .init(text: noContext(name, policy)) }
      number = found
    } else {
      let caller = snapshot.policy.callers.caller(Evidence(source: IPAddress(v4: 127 << 24 | 1)))
      guard caller.isPlaced, caller.context != 0 else {
        throw .init(text: "127.0.0.1 is in no context; name one: --context NAME")
      }
      number = Int(caller.context)
    }
    if let problem = whyNotShared(number, policy) { throw .init(text: problem) }
    return number
  }

  /// Why what is answered in a context cannot be changed for all its callers: some may be of other hosts. Nil where none is.
  static func whyNotShared(_ number: Int, _ policy: Policy) -> String? {
    let display = policy.contexts.nodes[number].name
    let all = policy.contexts.nodes.indices.filter { $0 == number || policy.contexts.isContext($0, in: number) }
    let others =
      all.lazy.flatMap { policy.contextDetails[$0].from }.first { !$0.prefix.isLoopback }.map { "from \($0.prefix)" }
      ?? policy.listens.first { listen in
        listen.context.map(all.contains) == true && !listen.address.address.isLoopback
      }.map { "who ask \($0.address) (\($0.location.short))" }
    if let others {
      return "callers \(others) would see an override in \(display), which is for contexts of this host alone; "
        + "ambit run --context \(display) --override is for one program"
    }
    guard let standard = policy.defaultContext, all.contains(standard) else { return nil }
    return "everybody who is in no other context is in \(policy.contexts.nodes[standard].name)"
      + (standard == number ? "" : ", so in \(display)") + ", which cannot be overridden"
  }

  /// An override with its name in full, if it is in a zone that is served.
  static func named(
    _ words: OverrideWords, _ context: String, _ title: String, _ snapshot: Snapshot
  ) throws(OverrideWords.Problem) -> NameOverride {
    let policy = snapshot.policy.policy
    let name = try name(words.name, policy)
    let override = NameOverride(
      context: context, name: name, addresses: words.addresses, port: words.port, title: title)
    let origins = Set(snapshot.zones.zones.map(\.origin))
    guard let origin = override.zone(among: origins) else {
      throw .init(
        text:
          "\(name) is in no zone that is served; \(origins.isEmpty ? "there is none" : "zones are \(origins.map(\.description).sorted().prefix(5).joined(separator: ", "))")"
      )
    }
    if origin == name {
      throw .init(text: "\(name) is a zone's apex, which has what the zone stands on; override a name below it")
    }
    return override
  }

  static func name(_ word: String, _ policy: Policy) throws(OverrideWords.Problem) -> DomainName {
    do throws(NameError) {
      return try DomainName(word, relativeTo: policy.origin ?? .root)
    } catch {
      throw .init(text: "\"\(word)\" is no name: it \(error)")
    }
  }

  static func noContext(_ name: String, _ policy: Policy) -> String {
    let known = policy.contexts.nodes.dropFirst().map(\.name)
    return "no context is called \"\(name)\""
      + (nearest(to: name, in: known).map { "; did you mean \($0)?" }
        ?? (known.isEmpty ? "; the policy has none" : "; there are \(known.prefix(10).joined(separator: ", "))"))
  }

  /// `run-1` and so on: the first that neither the policy nor another lease has.
  static func freeContext(_ policy: Policy, _ leases: [Lease]) -> String {
    var number = 1
    while policy.contexts.number(of: "run-\(number)") != nil
      || leases.contains(where: { $0.ownContext == "run-\(number)" })
    {
      number += 1
    }
    return "run-\(number)"
  }

  /// Why a load did not bring what was asked for: all of it for who looks after the server, a sentence for others.
  static func why(_ result: ReloadResult, _ asker: ControlDoor.Asker) -> ControlAnswer {
    if asker.user == 0 || asker.user == currentUser {
      return ControlAnswer(.failed, result.answer(asJSON: false).text)
    }
    let reason =
      result.status == .held
      ? "reload guard holds back what was edited in the folder meanwhile"
      : "the folder does not load as it is now (\(amount(max(1, result.errorCount), "error")))"
    return ControlAnswer(
      .failed, "\(reason), and this would take a load; who looks after it sees more with ambit reload\n")
  }

  static func user(_ asker: ControlDoor.Asker) -> (number: UInt32, name: String) {
    guard let number = asker.user else { return (.max, "?") }
    return (number, name(of: number))
  }

  static func name(of user: UInt32) -> String { userName(of: user) ?? "\(user)" }

  static func grant(_ resolver: IPAddress, _ policy: Policy, context: String) -> ControlAnswer {
    let origin = policy.origin.map { String($0.description.dropLast()) }
    let grant = LeaseGrant(resolver: "\(resolver)", search: origin.flatMap { $0.isEmpty ? nil : $0 }, context: context)
    return ControlAnswer(.leased, json(grant) + "\n")
  }

  static func cannotBind(_ error: SystemError) -> String {
    let text = "\(SystemError(error.call, error.thing, errno: error.errno))"
    return error.isAddressInUse
      ? "\(text); a server at 0.0.0.0:53 takes every address of this host"
      : "the server \(text.prefix { $0 != ";" }); a lease takes port 53: start the server with CAP_NET_BIND_SERVICE or as "
        + "root with --user, or allow it to all: sysctl net.ipv4.ip_unprivileged_port_start=53"
  }

  static func portRemark(_ words: OverrideWords) -> String {
    "an address record has no port: who looks up SRV records learns \(words.port ?? 0), all others keep calling the port "
      + "that they know\n"
  }

  /// All that is leased.
  var list: LeaseList { list { _ in true } }

  /// What somebody is to see of it: root and the server's user all, others what is theirs.
  func list(for user: UInt32?) -> LeaseList {
    if user == 0 || user == currentUser { return list }
    var seen = list { $0 == user }
    let all = list
    seen.others = all.runs.count + all.overrides.count - seen.runs.count - seen.overrides.count
    return seen
  }

  private func list(of isShown: (UInt32) -> Bool) -> LeaseList {
    let now = LeaseMoment.now
    return LeaseList(
      runs: leases.filter { $0.isActive && isShown($0.user) }.map {
        .init(
          context: $0.context, resolver: "\($0.address.address)", user: $0.userName, process: $0.process,
          overrides: $0.words.map(\.text))
      },
      overrides: overrides.filter { $0.asker == nil && isShown($0.user) }.map {
        .init(
          context: $0.override.context, name: "\($0.override.name)", addresses: $0.words.places, user: $0.userName,
          until: isoText($0.end.time), secondsLeft: $0.end.seconds(from: now))
      })
  }
}

extension LeaseList {
  var json: String { Server.json(self) + "\n" }

  /// For people.
  var text: String {
    let rest = (others ?? 0) > 0 ? "\(others ?? 0) of other users, which root sees\n" : ""
    if runs.isEmpty, overrides.isEmpty {
      return rest.isEmpty ? "nothing is overridden, and no program runs by a lease\n" : "nothing of yours; \(rest)"
    }
    let lines =
      overrides.map {
        "\($0.name) is \($0.addresses.joined(separator: ", ")) in \($0.context), by \($0.user) until \($0.until)"
      }
      + runs.map { run in
        let overrides = run.overrides.isEmpty ? "" : " with \(visible(run.overrides.joined(separator: " ")))"
        let process = run.process.map { ", process \($0)" } ?? ""
        return "\(run.user) runs a program in \(run.context)\(overrides), at \(run.resolver)\(process)"
      }
    return lines.map { $0 + "\n" }.joined() + rest
  }
}

extension Policy {
  /// An address of a context's own at which a resolver is asked, so at port 53; of several the first of loopback.
  func ownResolver(ofContext number: Int) -> IPAddress? {
    let own = listens.filter {
      $0.context == number && $0.address.port == LeaseDesk.port && !$0.address.address.isWildcard
    }
    return (own.first { $0.address.address.isLoopback } ?? own.first)?.address.address
  }
}

extension Prefix {
  /// True where every address of it is of this host alone.
  var isLoopback: Bool { address.isLoopback && length >= (address.isIPv4 ? 8 : 128) }
}

private func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { return "{}" }
  return String(decoding: data, as: UTF8.self)
}

/// `2026-11-21T14:00:00Z`.
func isoText(_ seconds: UInt32) -> String {
  Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
}

/// `14:00:05 UTC`, with the day where it is another than today.
func timeText(_ seconds: UInt32) -> String {
  let text = isoText(seconds)
  let time = "\(text.dropFirst(11).prefix(8)) UTC"
  return isoText(Clock.realtimeSeconds()).prefix(10) == text.prefix(10) ? time : "\(text.prefix(10)) \(time)"
}
