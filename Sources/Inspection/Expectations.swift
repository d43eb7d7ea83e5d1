internal import Addresses
package import Answering
package import DNSFormat
package import Diagnostics
internal import Policy

/// Runs the policy's `expect` lines against a snapshot.
///
/// `expect from ADDR NAME TYPE -> OUTCOME`, where OUTCOME is `refused [RULE]`, `nxdomain`, `nodata`, `dropped`,
/// `forwarded [SERVER...]`, or the RDATA of the answer in presentation format, in any order. What counts is what the caller is told in the end: an alias
/// on the way is not listed.
package enum Expectations {
  /// The expectations that do not hold, and those that cannot be read, each as an error at its line.
  /// - Parameters:
  ///   - time: seconds since 1970, for exceptions.
  ///   - brokenZones: what is expected of names in them says nothing new.
  package static func run(_ snapshot: Snapshot, at time: UInt32, except brokenZones: [DomainName] = []) -> [Diagnostic]
  {
    var probe = Probe(snapshot, at: time, capsAnswers: false)
    var diagnostics: [Diagnostic] = []
    for expectation in snapshot.policy.policy.expectations
    where !brokenZones.contains(where: { expectation.name.isAtOrBelow($0) }) {
      if let diagnostic = run(expectation, snapshot, &probe) { diagnostics.append(diagnostic) }
    }
    return diagnostics
  }

  private static func run(
    _ expectation: Expectation, _ snapshot: Snapshot, _ probe: inout Probe
  ) -> Diagnostic? {
    guard let type = RRType(mnemonic: expectation.typeText), !type.isMeta else {
      let suggestion = didYouMean(expectation.typeText.uppercased(), in: RRTypeTable.mnemonics)
      return .error(
        at: expectation.typeLocation,
        "\"\(expectation.typeText)\" is no type of record\(suggestion.isEmpty ? "; write for example A" : suggestion)")
    }
    if let problem = problem(of: expectation, snapshot.policy.policy) { return problem }
    var certificate: String?
    var user: UInt32?
    switch expectation.identity {
    case .certificate(let name): certificate = name
    case .user(let text):
      let users = snapshot.policy.policy.services.flatMap(\.users)
      user = UInt32(text) ?? users.first { $0.text == text }?.number
      if user == nil, !users.contains(where: { $0.text == text }) {
        return .error(
          at: expectation.location, "no service has the uid \"\(visible(text))\"; write a uid of a service, or a number"
        )
      }
      // A user that this host does not have was warned of at its uid line; there is nobody to ask as.
      if user == nil { return nil }
    case nil: break
    }
    let asker = Asker(expectation.source, at: expectation.listener, certificate: certificate, user: user)
    let (outcome, message) = probe.ask(expectation.name, type, asker)
    let found = Found(outcome, message, type, snapshot)
    let words = expectation.outcome.map(\.text)
    let isMet: Bool
    switch words[0].lowercased() {
    case "refused" where words.count <= 2:
      isMet = found.isRefused && (words.count == 1 || found.rule == words[1].lowercased())
    case "nxdomain" where words.count == 1, "nodata" where words.count == 1, "dropped" where words.count == 1:
      isMet = found.word == words[0].lowercased()
    case "forwarded":
      isMet = found.word == "forwarded" && servers(words).allSatisfy(found.servers.contains)
    default:
      switch rdata(words, type, origin: snapshot.policy.policy.origin) {
      case .failure(let problem):
        return .error(at: expectation.outcome[0].location, problem.text)
      case .success(let expected):
        isMet = Set(expected) == Set(found.rdata) && !found.rdata.isEmpty
      }
    }
    if isMet { return nil }
    return .error(
      at: expectation.location,
      "expected \(expectation.name) \(type) from \(expectation.source) -> \(words.joined(separator: " ")), "
        + "but the answer is \(found.description); mend the zone or the policy, or this line")
  }

  /// A listener or a rule that there is not.
  private static func problem(of expectation: Expectation, _ policy: Policy) -> Diagnostic? {
    if let listener = expectation.listener, !policy.listens.contains(where: { $0.address == listener }) {
      let some = policy.listens.prefix(3).map { "\($0.address)" }.joined(separator: ", ")
      return .error(
        at: expectation.location,
        "nobody can ask at \(listener): no listen line has it; write an address of one, for example \(some)")
    }
    let words = expectation.outcome
    if words[0].text.lowercased() == "forwarded",
      let word = words.dropFirst().first(where: { SocketAddress($0.text, defaultPort: 53) == nil })
    {
      return .error(
        at: word.location,
        "\"\(visible(word.text))\" is no address of a server; write for example forwarded 192.0.2.53")
    }
    guard words.count == 2, words[0].text.lowercased() == "refused" else { return nil }
    let rules = Rule.allCases.filter { $0 != .none && $0 != .observed }.map(\.word)
    if rules.contains(words[1].text.lowercased()) { return nil }
    let suggestion = didYouMean(words[1].text.lowercased(), in: rules)
    return .error(
      at: words[1].location,
      "no rule is called \"\(visible(words[1].text))\""
        + (suggestion.isEmpty ? "; write one of \(rules.joined(separator: ", "))" : suggestion))
  }

  /// The servers behind `forwarded`.
  private static func servers(_ words: [String]) -> [SocketAddress] {
    words.dropFirst().compactMap { SocketAddress($0, defaultPort: 53) }
  }

  private struct Problem: Error {
    let text: String
  }

  /// Reads the RDATA of as many RRs as the words make.
  private static func rdata(_ words: [String], _ type: RRType, origin: DomainName?) -> Result<[[UInt8]], Problem> {
    let text = Array(words.joined(separator: " ").utf8)
    var fields: [TextField] = []
    var start = 0
    for word in words {
      fields.append(TextField(range: start..<(start + word.utf8.count), isQuoted: false))
      start += word.utf8.count + 1
    }
    // A type with a field to the end takes all words as one RR; any other as many words as it has fields.
    let fieldsOfOne = RRTypeTable.row(of: type)?.fields ?? []
    let takesAll = fieldsOfOne.contains(where: \.takesAllWords)
    let size = takesAll || fieldsOfOne.isEmpty ? fields.count : fieldsOfOne.count
    var result: [[UInt8]] = []
    for first in stride(from: 0, to: fields.count, by: size) {
      var wire: [UInt8] = []
      do {
        try appendRData(
          of: type, text: text.span, fields: Array(fields[first..<min(first + size, fields.count)]), from: 0,
          origin: origin?.wire ?? [], to: &wire)
      } catch {
        let known = ["refused", "nxdomain", "nodata", "dropped", "forwarded"]
        return .failure(
          Problem(
            text: "\"\(words.joined(separator: " "))\" is no \(type) and none of \(known.joined(separator: ", "))"
              + didYouMean(words[0].lowercased(), in: known)))
      }
      result.append(wire)
    }
    return .success(result)
  }
}

/// What a query got, in the words of an `expect` line.
private struct Found {
  var word: String
  var rule: String?
  var rdata: [[UInt8]] = []
  /// Who would be asked.
  var servers: [SocketAddress] = []
  var description: String

  /// True for a service none of whose endpoints is given: a refusal without a rule, which `deny-as` may have made another
  /// answer.
  var isFailed = false

  var isRefused: Bool { rule != nil || isFailed || word == "refused" }

  init(_ outcome: Outcome, _ message: Message?, _ type: RRType, _ snapshot: Snapshot) {
    if let refusal = outcome.refusal, !outcome.isOnlyObserved {
      word = message == nil ? "dropped" : "refused"
      rule = refusal.rule.word
      if let message, message.rcode != RCode.refused.rawValue {
        word = message.rcode == RCode.nxDomain.rawValue ? "nxdomain" : "nodata"
      }
      description = "refused by \(refusal.rule.word): \(snapshot.policy.text(of: refusal, outcome))"
      return
    }
    if outcome.decision == .forwarded {
      let line = snapshot.policy.policy.forwards[Int(outcome.route) - 1]
      word = "forwarded"
      servers = line.servers
      description =
        "forwarded \(servers.map(\.description).joined(separator: " ")), by \(line.text) at \(line.location.short)"
      return
    }
    guard let message else {
      word = "dropped"
      description = "silence"
      return
    }
    isFailed = outcome.decision == .refused && outcome.service != 0
    rdata = message.answer.filter { $0.type == type }.map(\.rdata)
    switch RCode(rawValue: message.rcode) {
    case .noError where !rdata.isEmpty:
      word = "answer"
      description = message.answer.filter { $0.type == type }.map(\.text).joined(separator: " ")
    case .noError:
      word = "nodata"
      description = message.answer.isEmpty && !message.isAuthoritative ? "a referral" : "nodata"
      if isFailed { description = "nodata: none of its endpoints is given" }
    case .nxDomain:
      word = "nxdomain"
      description = isFailed ? "nxdomain: none of its endpoints is given" : "nxdomain"
    case .refused:
      word = "refused"
      description = "refused: \(isFailed ? "none of its endpoints is given" : "no zone of this name is served here")"
    default:
      word = "failure"
      description = RCode(rawValue: message.rcode)?.mnemonic ?? "RCODE \(message.rcode)"
    }
  }
}
