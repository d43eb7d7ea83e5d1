internal import Addresses
internal import Answering
internal import DNSFormat
internal import Policy

/// What a caller is told, as far as it matters whether two answers are the same: the order of records, the serial of a
/// zone, the line of a rule and DNSSEC's proofs do not.
struct AnswerDigest: Hashable {
  /// Nil for silence.
  var rcode: UInt16?
  var isAuthoritative = false
  var answer: Set<Message.Record> = []
  /// The servers of a referral. The SOA of a negative answer is not looked at.
  var servers: Set<Message.Record> = []
  var additional: Set<Message.Record> = []
  /// The rule that refuses, or would; `none` where none does.
  var rule = Rule.none
  var isOnlyObserved = false
  /// No endpoint of the service is given: all are drained, or of the other colour.
  var isFailed = false
  /// Who is asked instead, in order: what they say is not known.
  var asked: [SocketAddress]?

  init(_ outcome: Outcome, _ message: Message?, _ snapshot: Snapshot) {
    if let refusal = outcome.refusal {
      rule = refusal.rule
      isOnlyObserved = outcome.isOnlyObserved
    }
    if outcome.decision == .forwarded {
      asked = snapshot.policy.policy.forwards[Int(outcome.route) - 1].servers
      return
    }
    isFailed = outcome.decision == .refused && outcome.refusal == nil && outcome.service != 0
    guard let message else { return }
    rcode = message.rcode
    isAuthoritative = message.isAuthoritative
    answer = Set(message.answer.map(Self.withoutSerial))
    servers = Set(message.authority.filter { $0.type == .ns || $0.type == .ds })
    additional = Set(message.additional)
  }

  /// A zone's serial counts its edits; what was edited is told by itself.
  private static func withoutSerial(_ record: Message.Record) -> Message.Record {
    guard record.type == .soa, record.rdata.count >= 20 else { return record }
    var copy = record
    let start = copy.rdata.count - 20
    for index in start..<(start + 4) { copy.rdata[index] = 0 }
    return copy
  }

  var isRefused: Bool { rule != .none && !isOnlyObserved }

  /// The same with every TTL 0.
  var withoutTTLs: AnswerDigest {
    var copy = self
    func bare(_ records: Set<Message.Record>) -> Set<Message.Record> {
      Set(
        records.map {
          var record = $0
          record.ttl = 0
          return record
        })
    }
    copy.answer = bare(answer)
    copy.servers = bare(servers)
    copy.additional = bare(additional)
    return copy
  }

  /// In the words of an `expect` line, where it has words for it.
  func words(_ type: RRType) -> String {
    if isRefused { return "refused \(rule.word)" }
    let told = toldWords(type)
    return rule == .none ? told : "\(told) (would be refused \(rule.word))"
  }

  private func toldWords(_ type: RRType) -> String {
    if let asked { return "forwarded \(asked.map(\.description).joined(separator: " "))" }
    guard let rcode else { return "silence" }
    if isFailed { return "none of its endpoints" }
    let data = answer.filter { $0.type == type || type == .any }.map(\.text).sorted()
    switch RCode(rawValue: rcode) {
    case .noError where !data.isEmpty: return data.joined(separator: " ")
    case .noError where !servers.isEmpty:
      return "referral to " + servers.filter { $0.type == .ns }.map(\.text).sorted().joined(separator: " ")
    case .noError: return "nodata"
    case .nxDomain: return "nxdomain"
    case .refused: return "no zone"
    default: return RCode(rawValue: rcode)?.mnemonic.lowercased() ?? "RCODE \(rcode)"
    }
  }

  /// What changed between two answers to one question, as `before` and `after`.
  static func change(_ old: AnswerDigest, _ new: AnswerDigest, _ type: RRType) -> (before: String, after: String) {
    let before = old.words(type), after = new.words(type)
    if before != after { return (before, after) }
    if old.withoutTTLs == new.withoutTTLs {
      let changed = [(old.answer, new.answer), (old.servers, new.servers), (old.additional, new.additional)]
        .first { $0.0 != $0.1 }
      func ttl(_ records: Set<Message.Record>) -> String {
        "TTL " + Set(records.map(\.ttl)).sorted().map(String.init).joined(separator: " and ")
      }
      if let changed {
        return (ttl(changed.0.subtracting(changed.1)), ttl(changed.1.subtracting(changed.0)))
      }
    }
    func list(_ records: Set<Message.Record>) -> String {
      records.isEmpty ? "none" : records.map { "\($0.owner) \($0.type) \($0.text)" }.sorted().joined(separator: ", ")
    }
    if old.answer != new.answer {
      return (
        "by way of \(list(old.answer.subtracting(new.answer)))", "by way of \(list(new.answer.subtracting(old.answer)))"
      )
    }
    if old.additional != new.additional {
      return (
        "beside it \(list(old.additional.subtracting(new.additional)))",
        "beside it \(list(new.additional.subtracting(old.additional)))"
      )
    }
    return (before, old.isAuthoritative != new.isAuthoritative ? "\(after), now without authority" : after)
  }
}
