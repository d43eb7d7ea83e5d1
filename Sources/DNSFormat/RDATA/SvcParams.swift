internal import Addresses

// SvcParams (RFC 9460 §2.1, §2.2, Appendix A): pairs of a key and a value, in text in any order, on the wire ascending.
// A value is decoded as a <character-string> first, then by its key; after `keyNNNNN` it stands as on the wire.
//
// Choices: parameters beside priority 0 are taken, for a client ignores them (§2.4.2; NSD takes them, BIND does not).
// A key that is mandatory anyway may be on the list of `mandatory` (§8 says SHOULD NOT). In value lists `\` stands
// before a comma or itself only (Appendix A.1), and `no-default-alpn` without `alpn` is a mistake (§7.1.1).

/// The form of a parameter's value, by its key.
enum SvcParamForm {
  case keys, list, nothing, port, ipv4Addresses, base64, ipv6Addresses, template, opaque

  /// The names of the keys that have a form, by number (RFC 9460 §14.3.2, RFC 9461 §5, RFC 9540 §4).
  static let names = [
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp",
  ]

  init(key: UInt16) {
    let forms: [SvcParamForm] = [
      .keys, .list, .nothing, .port, .ipv4Addresses, .base64, .ipv6Addresses, .template, .nothing,
    ]
    self = key < forms.count ? forms[Int(key)] : .opaque
  }

  /// Whether a value on the wire has this form.
  func allows(_ value: ArraySlice<UInt8>) -> Bool {
    switch self {
    case .keys: !value.isEmpty && value.count.isMultiple(of: 2)
    case .list: protocols(value) != nil
    case .nothing: value.isEmpty
    case .port: value.count == 2
    case .ipv4Addresses: !value.isEmpty && value.count.isMultiple(of: 4)
    case .ipv6Addresses: !value.isEmpty && value.count.isMultiple(of: 16)
    case .template: isTemplate(value)
    case .base64, .opaque: true
    }
  }

  /// How a value is written, for messages.
  var example: String {
    switch self {
    case .keys: "mandatory=alpn,port"
    case .list: "alpn=h2,h3"
    case .nothing: "no value"
    case .port: "port=443"
    case .ipv4Addresses: "ipv4hint=192.0.2.1,192.0.2.2"
    case .base64: "ech=AEj+DQBEAQAg"
    case .ipv6Addresses: "ipv6hint=2001:db8::1,2001:db8::2"
    case .template: "dohpath=/dns-query{?dns}"
    case .opaque: "key65400=\"any text\""
    }
  }
}

/// `alpn`, or `key667`.
func svcParamName(_ key: UInt16) -> String {
  key < SvcParamForm.names.count ? SvcParamForm.names[Int(key)] : "key\(key)"
}

/// The key of a name; nil where there is none. 65535 is reserved as no key (RFC 9460 §14.3.2).
private func svcParamKey(_ name: some StringProtocol) -> (key: UInt16, isNumbered: Bool)? {
  if let index = SvcParamForm.names.firstIndex(of: String(name)) { return (UInt16(index), false) }
  let digits = name.dropFirst(3)
  guard name.hasPrefix("key"), !digits.isEmpty, digits.utf8.allSatisfy(isDigit),
    digits == "0" || !digits.hasPrefix("0"), let key = UInt16(digits), key < 65535
  else { return nil }
  return (key, true)
}

/// The protocol identifiers of `alpn`, each behind its length; nil where they are cut short, empty or none.
private func protocols(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
  var cursor = OctetCursor(value)
  var items: [ArraySlice<UInt8>] = []
  while !cursor.isAtEnd {
    guard let item = cursor.takeCounted(), !item.isEmpty else { return nil }
    items.append(item)
  }
  return items.isEmpty ? nil : items
}

/// RFC 9461 §5: a URI template in relative form, in UTF-8, with a variable `dns`.
private func isTemplate(_ value: ArraySlice<UInt8>) -> Bool {
  guard value.first == UInt8(ascii: "/"), let text = String(validating: value, as: UTF8.self) else { return false }
  return text.split(separator: "{").dropFirst().contains { part in
    let expression = part.prefix { $0 != "}" }
    guard expression.endIndex < part.endIndex else { return false }
    return expression.drop { "+#./;?&".contains($0) }.split(separator: ",").contains("dns")
  }
}

// MARK: - Check

/// What is wrong with a parameter.
package enum SvcParamProblem: Hashable, Sendable {
  case unknownKey
  /// The quotes stand round the key too.
  case quotedWhole
  case twice
  case badValue(example: String)
  case missingValue(example: String)
  case surplusValue
  case tooLong
  /// `mandatory` names itself.
  case ofItself
  /// `mandatory` names the key that is not there.
  case lacks(String)
  /// `mandatory` names a key twice.
  case names(String)
  /// `no-default-alpn` without `alpn`.
  case needsALPN
}

/// Why parameters are none, and the key of the one to blame; nil where they are well formed.
///
/// RFC 9460 §2.2 (ascending, no key twice), §7.1.1 (`no-default-alpn` needs `alpn`), §8 (`mandatory`).
func svcParamMistake(_ wire: ArraySlice<UInt8>) -> (key: UInt16, problem: SvcParamProblem)? {
  var params: [(key: UInt16, value: ArraySlice<UInt8>)] = []
  var cursor = OctetCursor(wire)
  while !cursor.isAtEnd {
    guard let key = cursor.integer(octets: 2).map({ UInt16($0) }), let count = cursor.integer(octets: 2),
      let value = cursor.take(Int(count))
    else { return (params.last?.key ?? 0, .tooLong) }
    if let last = params.last, last.key >= key { return (key, .twice) }
    let form = SvcParamForm(key: key)
    if key == 65535 { return (key, .unknownKey) }
    if !form.allows(value) {
      if case .nothing = form { return (key, .surplusValue) }
      return (key, value.isEmpty ? .missingValue(example: form.example) : .badValue(example: form.example))
    }
    params.append((key, value))
  }
  let keys = Set(params.map(\.key))
  if keys.contains(2), !keys.contains(1) { return (2, .needsALPN) }
  guard let first = params.first, first.key == 0 else { return nil }
  var mandatory = OctetCursor(first.value)
  var last: UInt16 = 0
  while let key = mandatory.integer(octets: 2).map({ UInt16($0) }) {
    if key == 0 { return (0, .ofItself) }
    if key <= last { return (0, .names(svcParamName(key))) }
    if !keys.contains(key) { return (0, .lacks(svcParamName(key))) }
    last = key
  }
  return nil
}

// MARK: - Read

extension TextCursor {
  /// All fields that are left: `key`, `key=value` or `key="value"`.
  mutating func readSvcParams(text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    var params: [(key: UInt16, field: Int, value: [UInt8])] = []
    var keys: Set<UInt16> = []
    while !isAtEnd {
      let (key, value) = try readSvcParam(text: text)
      guard keys.insert(key).inserted else { throw error(.badParameter(svcParamName(key), .twice)) }
      params.append((key, next - 1, value))
    }
    params.sort { $0.key < $1.key }
    let start = wire.count
    for param in params {
      wire.append(integer: param.key)
      wire.append(integer: UInt16(param.value.count))
      wire += param.value
    }
    if let mistake = svcParamMistake(wire[start...]) {
      let field = params.first { $0.key == mistake.key }?.field ?? next
      throw RDataTextError(field: field, problem: .badParameter(svcParamName(mistake.key), mistake.problem))
    }
  }

  /// One parameter, its value as on the wire.
  private mutating func readSvcParam(text: Span<UInt8>) throws(RDataTextError) -> (key: UInt16, value: [UInt8]) {
    let isQuoted = coming?.isQuoted ?? false
    let range = try take("parameter")
    var end = range.lowerBound
    while end < range.upperBound, text[end] != UInt8(ascii: "=") { end += 1 }
    let name = String(decoding: text.octets(range.lowerBound..<min(end, range.lowerBound + 64)), as: UTF8.self)
    if isQuoted { throw error(.badParameter(name, .quotedWhole)) }
    guard let (key, isNumbered) = svcParamKey(name) else { throw error(.badParameter(name, .unknownKey)) }
    guard end < range.upperBound else { return (key, []) }
    var valueRange = (end + 1)..<range.upperBound
    // The quote ended the field before it: what stands in quotes right behind the "=" belongs to it.
    if valueRange.isEmpty, let quoted = coming, quoted.isQuoted, quoted.range.lowerBound == range.upperBound + 1 {
      valueRange = try take("value")
    }
    var value: [UInt8] = []
    try appendUnescaped(text: text, valueRange, field: next - 1, to: &value)
    guard value.count <= 65535 else { throw error(.badParameter(name, .tooLong)) }
    if isNumbered || value.isEmpty { return (key, value) }
    guard let octets = svcParamValue(value, SvcParamForm(key: key)) else {
      throw error(.badParameter(name, .badValue(example: SvcParamForm(key: key).example)))
    }
    guard octets.count <= 65535 else { throw error(.badParameter(name, .tooLong)) }
    return (key, octets)
  }
}

/// A value's text as on the wire; nil where it is not of the form.
private func svcParamValue(_ value: [UInt8], _ form: SvcParamForm) -> [UInt8]? {
  let comma = UInt8(ascii: ",")
  let items = value.split(separator: comma, omittingEmptySubsequences: false)
  var wire: [UInt8] = []
  switch form {
  case .keys:
    var keys: [UInt16] = []
    for item in items {
      guard let (key, _) = svcParamKey(String(decoding: item, as: UTF8.self)) else { return nil }
      keys.append(key)
    }
    for key in keys.sorted() { wire.append(integer: key) }
  case .list:
    guard let items = valueList(value) else { return nil }
    for item in items {
      guard (1...255).contains(item.count) else { return nil }
      wire.append(UInt8(item.count))
      wire += item
    }
  case .port:
    guard let port = decimal(value.span, 0..<value.count), port <= 0xffff else { return nil }
    wire.append(integer: UInt16(port))
  case .ipv4Addresses:
    for item in items {
      guard let bits = parseIPv4(item) else { return nil }
      wire.append(integer: bits)
    }
  case .ipv6Addresses:
    for item in items {
      guard let (high, low) = parseIPv6(Array(item)) else { return nil }
      wire.append(integer: high)
      wire.append(integer: low)
    }
  case .base64:
    var cursor = TextCursor([TextField(range: 0..<value.count, isQuoted: true)], from: 0)
    do throws(RDataTextError) {
      try cursor.readBase64("", text: value.span, to: &wire)
    } catch {
      return nil
    }
  case .template, .opaque, .nothing: wire = value
  }
  return wire
}

/// RFC 9460 Appendix A.1: items parted by commas; `\,` is a comma of an item, `\\` its backslash; nil for any other `\`.
private func valueList(_ value: [UInt8]) -> [[UInt8]]? {
  var items: [[UInt8]] = [[]]
  var offset = 0
  while offset < value.count {
    var octet = value[offset]
    if octet == UInt8(ascii: ",") {
      items.append([])
      offset += 1
      continue
    }
    if octet == UInt8(ascii: "\\") {
      offset += 1
      guard offset < value.count, [UInt8(ascii: ","), UInt8(ascii: "\\")].contains(value[offset]) else { return nil }
      octet = value[offset]
    }
    items[items.count - 1].append(octet)
    offset += 1
  }
  return items
}

// MARK: - Print

/// Parameters known to be well formed, by name where they have one.
func svcParamsText(_ wire: ArraySlice<UInt8>) -> String {
  var cursor = OctetCursor(wire)
  var params: [String] = []
  while let key = cursor.integer(octets: 2), let count = cursor.integer(octets: 2), let value = cursor.take(Int(count))
  {
    let name = svcParamName(UInt16(key))
    params.append(value.isEmpty ? name : "\(name)=\(svcParamText(value, SvcParamForm(key: UInt16(key))))")
  }
  return params.joined(separator: " ")
}

private func svcParamText(_ value: ArraySlice<UInt8>, _ form: SvcParamForm) -> String {
  var cursor = OctetCursor(value)
  var items: [String] = []
  switch form {
  case .keys:
    while let key = cursor.integer(octets: 2) { items.append(svcParamName(UInt16(key))) }
  case .list:
    let escaped = (protocols(value) ?? []).map { item in
      item.flatMap { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), $0] : [$0] }
    }
    return quotedText(Array(escaped.joined(separator: [UInt8(ascii: ",")])))
  case .port: items.append(String(cursor.number(octets: 2)))
  case .ipv4Addresses:
    while let bits = cursor.integer(octets: 4) { items.append(IPAddress(v4: UInt32(bits)).description) }
  case .ipv6Addresses:
    while let high = cursor.integer(octets: 8), let low = cursor.integer(octets: 8) {
      items.append(describeIPv6(high: high, low: low))
    }
  case .base64: return base64Text(value)
  case .template, .opaque, .nothing: return quotedText(value)
  }
  return items.joined(separator: ",")
}
