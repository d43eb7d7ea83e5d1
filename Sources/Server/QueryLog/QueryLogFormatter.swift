internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import FoundationEssentials
internal import Policy

/// Makes the query log's lines: one JSON object a query, every field there in every line but those that say how a caller
/// is known by more than its address. docs/observe-to-enforce.md lists them.
///
/// Everything that does not change from line to line (names of services, of types, the second) is made once and copied.
struct QueryLogFormatter {
  /// What a snapshot calls things, as JSON values.
  private struct Words {
    let policy: CompiledPolicy
    let contexts: [[UInt8]]
    var services: [UInt32: [UInt8]] = [:]

    init(_ policy: CompiledPolicy) {
      self.policy = policy
      contexts = policy.policy.contexts.nodes.map { jsonText($0.name) }
    }

    mutating func service(_ number: UInt32) -> [UInt8] {
      if let text = services[number] { return text }
      let text = number == 0 ? Array("null".utf8) : jsonText(policy.serviceName(number))
      services[number] = text
      return text
    }

    func context(_ number: UInt16) -> [UInt8] { contexts[Int(number)] }
  }

  private var words: [UInt64: Words] = [:]
  private var types: [UInt16: [UInt8]] = [:]
  private var second: UInt64 = .max
  private var secondText: [UInt8] = []

  /// Forgets the words of snapshots that no record can be of any more.
  mutating func keep(_ generations: some Collection<UInt64>) {
    words = words.filter { generations.contains($0.key) }
  }

  /// Appends a record's line; where it does not fit, the buffer says that it overflowed.
  mutating func append(_ record: DecisionRecord, _ policy: CompiledPolicy, to line: inout OctetBuffer) {
    var words = self.words.removeValue(forKey: record.generation) ?? Words(policy)
    line.append("{\"time\":\"")
    appendTime(record.time, to: &line)
    line.append("\",\"source\":\"")
    appendAddress(record.evidence.source, to: &line)
    line.append(
      record.transport == .udp ? "\",\"transport\":\"udp\",\"context\":" : "\",\"transport\":\"tcp\",\"context\":")
    appendCaller(record.caller, &words, to: &line)
    line.append("\"")
    appendEvidence(record.evidence, &words, to: &line)
    line.append(",\"name\":\"")
    appendName(record.wire, to: &line)
    line.append("\",\"type\":\"")
    line.append(type(record).span)
    line.append("\",\"target\":")
    line.append(words.service(record.service).span)
    appendDecision(record, to: &line)
    line.append(",\"rules\":[")
    if record.refusal != nil { appendRules(record, policy, to: &line) }
    line.append(record.isOnlyObserved ? "],\"observed\":true}\n" : "],\"observed\":false}\n")
    self.words[record.generation] = words
  }

  /// Appends a line that says how many records are missing here.
  mutating func append(dropped count: UInt64, at time: UInt64, to line: inout OctetBuffer) {
    line.append("{\"time\":\"")
    appendTime(time, to: &line)
    line.append("\",\"dropped\":")
    appendNumber(count, to: &line)
    line.append("}\n")
  }

  /// Appends a line that says what is logged from here on; of a sample, of how many queries it has one.
  mutating func append(_ choice: LogChoice, at time: UInt64, to line: inout OctetBuffer) {
    line.append("{\"time\":\"")
    appendTime(time, to: &line)
    line.append(choice.scope == .all ? "\",\"scope\":\"all\"" : "\",\"scope\":\"refused\"")
    if choice.sample > 1 {
      line.append(",\"sample\":")
      appendNumber(UInt64(choice.sample), to: &line)
    }
    line.append("}\n")
  }

  /// Appends what was decided, as one JSON object without an end of line: for dnstap, which has the rest in fields.
  mutating func append(decisionOf record: DecisionRecord, _ policy: CompiledPolicy, to text: inout OctetBuffer) {
    var words = self.words.removeValue(forKey: record.generation) ?? Words(policy)
    text.append("{\"context\":")
    appendCaller(record.caller, &words, to: &text)
    text.append("\",\"target\":")
    text.append(words.service(record.service).span)
    appendDecision(record, to: &text)
    text.append(",\"rules\":[")
    appendRules(record, policy, to: &text)
    text.append(record.isOnlyObserved ? "],\"observed\":true}" : "],\"observed\":false}")
    self.words[record.generation] = words
  }

  // MARK: - Parts

  /// Context, service, and the beginning of how they are known, whose quotation mark is left open: more may come.
  private func appendCaller(_ caller: Caller, _ words: inout Words, to line: inout OctetBuffer) {
    if caller.isPlaced { line.append(words.context(caller.context).span) } else { line.append("null") }
    line.append(",\"service\":")
    line.append(words.service(caller.service).span)
    line.append(",\"known\":\"")
    appendKnown(caller, to: &line)
  }

  private func appendKnown(_ caller: Caller, to line: inout OctetBuffer) {
    switch caller.addressSource {
    case .packet: line.append("address")
    case .proxy: line.append("proxy")
    case .clientSubnet: line.append("client-subnet")
    }
    switch caller.identification {
    case .none: break
    case .address: line.append(" address")
    case .certificate: line.append(" certificate")
    case .user: line.append(" user")
    }
  }

  private func appendEvidence(_ evidence: Evidence, _ words: inout Words, to line: inout OctetBuffer) {
    if let context = evidence.listenerContext {
      line.append(",\"listener\":")
      line.append(words.context(context).span)
    }
    if let service = evidence.certificateService {
      line.append(",\"certificate\":")
      line.append(words.service(service).span)
    }
    if let user = evidence.user {
      line.append(",\"user\":")
      appendNumber(UInt64(user), to: &line)
    }
  }

  private func appendDecision(_ record: DecisionRecord, to line: inout OctetBuffer) {
    switch record.decision {
    case .answered: line.append(",\"decision\":\"answered\",\"rcode\":")
    case .forwarded: line.append(",\"decision\":\"forwarded\",\"rcode\":")
    case .refused: line.append(",\"decision\":\"refused\",\"rcode\":")
    case .failed: line.append(",\"decision\":\"failed\",\"rcode\":")
    case .silent: return line.append(",\"decision\":\"silent\",\"rcode\":null")
    }
    switch record.rcode {
    case .noError: line.append("\"NOERROR\"")
    case .nxDomain: line.append("\"NXDOMAIN\"")
    case .refused: line.append("\"REFUSED\"")
    default: line.append(jsonText(record.rcode.mnemonic).span)
    }
  }

  private func appendRules(_ record: DecisionRecord, _ policy: CompiledPolicy, to line: inout OctetBuffer) {
    for (index, refusal) in record.refusals(policy).enumerated() {
      line.append(index == 0 ? "{\"rule\":\"" : ",{\"rule\":\"")
      policy.appendRule(refusal.rule, to: &line)
      line.append("\",\"place\":")
      if refusal.reason == 0 {
        line.append("null}")
      } else {
        line.append(jsonText(policy.reason(refusal.reason)).span)
        line.append("}")
      }
    }
  }

  private mutating func type(_ record: DecisionRecord) -> [UInt8] {
    if record.wire.isEmpty { return [] }
    if let text = types[record.type.rawValue] { return text }
    let text = Array(record.type.description.utf8)
    types[record.type.rawValue] = text
    return text
  }

  /// The presentation format (RFC 1035 §5.1) within a JSON string (RFC 8259 §7): ASCII only, whatever the octets.
  private func appendName(_ wire: [UInt8], to line: inout OctetBuffer) {
    let wire = wire.span
    if wire.count == 1 { line.append(UInt8(ascii: ".")) }
    var offset = 0
    while offset < wire.count, wire[offset] != 0 {
      let end = min(wire.count, offset &+ 1 &+ Int(wire[offset]))
      offset &+= 1
      while offset < end {
        let octet = wire[offset]
        offset &+= 1
        if octet &- 0x61 < 26 || octet &- 0x30 < 10 || octet == 0x2d || octet &- 0x41 < 26 || octet == 0x5f {
          line.append(octet)
        } else {
          appendOddOctet(octet, to: &line)
        }
      }
      line.append(UInt8(ascii: "."))
    }
  }

  private func appendOddOctet(_ octet: UInt8, to line: inout OctetBuffer) {
    switch octet {
    case UInt8(ascii: "\\"): line.append("\\\\\\\\")
    case UInt8(ascii: "\""): line.append("\\\\\\\"")
    case UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"), UInt8(ascii: "@"),
      UInt8(ascii: "$"):
      line.append("\\\\")
      line.append(octet)
    case 0x21..<0x7f: line.append(octet)
    default:
      line.append("\\\\")
      line.append(48 + octet / 100)
      line.append(48 + octet / 10 % 10)
      line.append(48 + octet % 10)
    }
  }

  private func appendAddress(_ address: IPAddress, to line: inout OctetBuffer) {
    guard address.isIPv4 else { return line.append(Array(address.description.utf8).span) }
    appendNumber(address.low >> 24, to: &line)
    for place in 1...3 {
      line.append(UInt8(ascii: "."))
      appendNumber(address.low >> UInt64(24 - 8 * place) & 0xff, to: &line)
    }
  }

  private func appendNumber(_ number: UInt64, to line: inout OctetBuffer) {
    if number > 9 { appendNumber(number / 10, to: &line) }
    line.append(UInt8(48 + number % 10))
  }

  /// `2026-11-21T10:04:24.000001Z`, of nanoseconds since 1970.
  private mutating func appendTime(_ time: UInt64, to line: inout OctetBuffer) {
    let seconds = time / 1_000_000_000
    if seconds != second {
      second = seconds
      let date = Date(timeIntervalSince1970: Double(seconds))
      secondText = Array("\(date.formatted(.iso8601).dropLast()).".utf8)
    }
    line.append(secondText.span)
    var divisor: UInt64 = 100_000
    let micros = time % 1_000_000_000 / 1000
    while divisor > 0 {
      line.append(UInt8(48 + micros / divisor % 10))
      divisor /= 10
    }
    line.append(UInt8(ascii: "Z"))
  }
}

/// A text as a JSON string, quotes included (RFC 8259 §7).
func jsonText(_ text: String) -> [UInt8] {
  var octets: [UInt8] = [UInt8(ascii: "\"")]
  for octet in text.utf8 {
    switch octet {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): octets += [UInt8(ascii: "\\"), octet]
    case 0..<0x20, 0x7f:
      octets += Array("\\u00\(octet < 16 ? "0" : "")\(String(octet, radix: 16))".utf8)
    default: octets.append(octet)
    }
  }
  return octets + [UInt8(ascii: "\"")]
}
