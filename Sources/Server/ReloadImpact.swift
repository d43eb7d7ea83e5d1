internal import Addresses
internal import Answering
internal import DNSFormat
internal import Inspection
internal import Policy

/// What a new snapshot would change for those who asked lately.
struct ReloadImpact: Sendable {
  /// The line in force that bounds it.
  let bound: ReloadGuard
  /// Questions asked lately, each as often as it was asked.
  private(set) var asked: UInt64 = 0
  /// Those of them that would get something else.
  private(set) var changed: UInt64 = 0
  /// What would change, the heaviest first.
  private(set) var changes: [Change] = []

  /// One name and type, and the way in which what callers get changes.
  struct Change: Sendable {
    let name: DomainName
    let type: RRType
    /// What the caller that asked most got, and would get.
    var before: String
    var after: String
    /// That caller, in words.
    var caller: String
    /// How often it asked.
    fileprivate var most: UInt64 = 0
    /// How often all did.
    var asked: UInt64 = 0
    var callers = 0
  }

  /// True where more than the bound would change.
  var isTooMuch: Bool {
    let (share, limit) = (changed.multipliedFullWidth(by: 100), asked.multipliedFullWidth(by: UInt64(bound.percent)))
    return (share.high, share.low) > (limit.high, limit.low)
  }

  private struct Kind: Hashable {
    let name: DomainName
    let type: RRType
    let before: String
    let after: String
  }

  /// Asks both snapshots every question.
  /// - Parameters:
  ///   - queries: what was asked, and how often.
  ///   - time: seconds since 1970, for both.
  init(
    of queries: [RecentQuery: UInt64], from old: ReloadSide, to new: ReloadSide, bound: ReloadGuard, at time: UInt32
  ) {
    self.bound = bound
    var before = Probe(old.snapshot, at: time)
    var after = Probe(new.snapshot, at: time)
    var groups: [Kind: Change] = [:]
    for (query, count) in queries {
      guard let certificate = old.certificateService(of: query) else { continue }
      asked += count
      let then = CallersView(of: query, certificate.number, old, asking: &before)
      let now = CallersView(of: query, new.service(for: certificate), new, asking: &after)
      if then.isSame(as: now) { continue }
      changed += count
      let kind = Kind(name: query.name, type: query.type, before: then.word, after: now.word)
      var change =
        groups[kind]
        ?? Change(name: query.name, type: query.type, before: "", after: "", caller: "")
      // Of equals the lowest address, so that the same changes give the same words.
      let caller = then.caller
      if (count, change.caller) > (change.most, caller) || change.callers == 0 {
        (change.before, change.after, change.caller, change.most) = (then.text, now.text, caller, count)
      }
      change.asked += count
      change.callers += 1
      groups[kind] = change
    }
    changes = groups.values.sorted {
      ($1.asked, $0.name.description, $0.type.rawValue, $0.before, $0.after)
        < ($0.asked, $1.name.description, $1.type.rawValue, $1.before, $1.after)
    }
  }
}

/// A snapshot, and what evidence of another time means in it.
struct ReloadSide: Sendable {
  let snapshot: Snapshot
  private let listenerContexts: [UInt16?]
  private let proxies: [Prefix]
  private let generation: UInt64
  /// The services by number, of the snapshots that certificates were judged by.
  private let past: [UInt64: [DomainName]]
  private let numbers: [DomainName: UInt32]
  private let byCommonName: [String: UInt32]

  init(
    _ snapshot: Snapshot, generation: UInt64, listeners: [SocketAddress], past: [UInt64: [DomainName]] = [:]
  ) {
    self.snapshot = snapshot
    self.generation = generation
    self.past = past
    let policy = snapshot.policy.policy
    listenerContexts = policy.contexts(ofListeners: listeners)
    proxies = policy.trustedProxies.map(\.prefix)
    var (numbers, byCommonName): ([DomainName: UInt32], [String: UInt32]) = ([:], [:])
    for (index, service) in policy.services.enumerated() {
      numbers[service.name] = UInt32(index + 1)
      for identity in service.identities { byCommonName[identity.commonName] = UInt32(index + 1) }
    }
    (self.numbers, self.byCommonName) = (numbers, byCommonName)
  }

  /// What a caller's certificate says, as of the snapshot in force.
  struct CertificateService {
    /// Nil without a certificate.
    var number: UInt32?
    var name: DomainName?
    var commonNames: [String] = []
  }

  /// Which service a caller's certificate named, in this snapshot; nil where that is forgotten.
  func certificateService(of query: RecentQuery) -> CertificateService? {
    guard let certificate = query.certificate else { return CertificateService() }
    if certificate.service == 0 { return CertificateService(number: 0) }
    var number = certificate.service
    if certificate.generation != generation {
      guard let names = past[certificate.generation], names.indices.contains(Int(number) - 1) else { return nil }
      number = numbers[names[Int(number) - 1]] ?? 0
    }
    let services = snapshot.policy.policy.services
    guard services.indices.contains(Int(number) - 1) else { return CertificateService(number: 0) }
    let service = services[Int(number) - 1]
    return CertificateService(
      number: number, name: service.name, commonNames: service.identities.map(\.commonName))
  }

  /// The number, here, of the service that a certificate names: by its common name, where all that it may be mean one
  /// service here; else by the service's name.
  func service(for certificate: CertificateService) -> UInt32? {
    guard let number = certificate.number else { return nil }
    guard number != 0, let name = certificate.name else { return 0 }
    let found = Set(certificate.commonNames.map { byCommonName[$0] ?? 0 })
    return found.count == 1 ? found.first : numbers[name] ?? 0
  }

  /// True for a peer that has to send a PROXY header, which is believed.
  func isProxy(_ peer: IPAddress) -> Bool { proxies.contains { $0.contains(peer) } }

  /// The evidence of a query as it would be here.
  func evidence(of query: RecentQuery, _ certificateService: UInt32?) -> Evidence {
    Evidence(
      source: query.source, addressSource: query.addressSource,
      listenerContext: listenerContexts.indices.contains(query.way.listener)
        ? listenerContexts[query.way.listener] : nil,
      certificateService: certificateService, user: query.user)
  }
}

extension Policy {
  /// By listener: the context that claims it.
  func contexts(ofListeners addresses: [SocketAddress]) -> [UInt16?] {
    addresses.map { address in listens.first { $0.address == address }?.context.map { UInt16($0) } }
  }
}

/// What a caller gets: whether it is answered, the RCODE, and the RRs of the answer, of a referral the NS set.
///
/// In any order, and whatever their TTLs; an SOA without its serial, which every edit moves. What would only be refused if
/// the rules were enforced is no refusal, and why a refusal is one makes no difference.
private struct CallersView {
  /// `data`, `nodata`, `nxdomain`, `refused by isolate`, `no response` and so on.
  let word: String
  /// The same for one caller, the data told.
  let text: String
  private let decision: Decision
  private let rcode: UInt16
  private let items: Set<Item>
  /// `web in prod at 127.0.2.10`, `127.0.2.1 in prod`.
  let caller: String

  private struct Item: Hashable {
    let owner: DomainName
    let type: RRType
    let rdata: [UInt8]
  }

  /// Asks what was asked, as the snapshot would understand it now.
  init(of query: RecentQuery, _ certificateService: UInt32?, _ side: ReloadSide, asking probe: inout Probe) {
    // A trusted proxy's query without a header gets silence, and one with a header from anyone else is no DNS message.
    if side.isProxy(query.way.peer) != query.way.hasHeader {
      word = query.way.hasHeader ? "no response, as trust proxy has not" : "no response, as trust proxy has"
      text = "\(word) \(query.way.peer)"
      caller = "\(query.source)"
      (decision, rcode, items) = (.silent, 0, [])
      return
    }
    let type = query.type
    let evidence = side.evidence(of: query, certificateService)
    let (outcome, message) = probe.ask(query.name, type, by: evidence, for: query.clientSubnet)
    let policy = side.snapshot.policy
    decision = message == nil ? .silent : outcome.decision
    rcode = message?.rcode ?? 0
    let isReferral =
      rcode == RCode.noError.rawValue && message?.isAuthoritative == false && message?.answer.isEmpty == true
    let records = (isReferral ? message?.authority.filter { $0.type == .ns } : message?.answer) ?? []
    items = Set(
      records.lazy.filter { $0.type != .rrsig }.map { record in
        var rdata = record.rdata
        if record.type == .soa, rdata.count >= 20 {
          rdata.replaceSubrange(rdata.count - 20..<rdata.count - 16, with: [])
        }
        return Item(owner: record.owner, type: record.type, rdata: rdata)
      })
    let service = policy.serviceName(outcome.caller.service)
    let context = policy.contextName(outcome.caller.context)
    let source = outcome.evidence(evidence).source
    let place = context.isEmpty ? "" : " in \(context)"
    caller = service.isEmpty ? "\(source)\(place)" : "\(service)\(place) at \(source)"

    if let refusal = outcome.refusal, !outcome.isOnlyObserved {
      word = "refused by \(refusal.rule.word)"
      text = word
      return
    }
    guard let message else {
      (word, text) = ("no response", "no response")
      return
    }
    let known = RCode(rawValue: message.rcode)
    guard known == .noError, !items.isEmpty else {
      word = known == .noError ? "nodata" : (known?.mnemonic.lowercased() ?? "rcode \(message.rcode)")
      text = word
      return
    }
    word = isReferral ? "referral" : "data"
    let shown = records.contains { $0.type == type } ? records.filter { $0.type == type } : records
    let texts = Set(shown.map(\.text)).sorted()
    let limit = 4
    text =
      (isReferral ? "referral to " : "") + texts.prefix(limit).joined(separator: " ")
      + (texts.count > limit ? " and \(texts.count - limit) more" : "")
  }

  func isSame(as other: CallersView) -> Bool {
    decision == other.decision && rcode == other.rcode && items == other.items
  }
}
