internal import Diagnostics
internal import DNSFormat

/// `health tcp PORT`, `health http [HOST]:PORT/PATH [STATUS]`, `health dns NAME [PORT]`, `health exec COMMAND...`, each with
/// `every T`, `timeout T`, `up N` and `down N`: how it is found out whether an endpoint is well.
func readHealth(_ statement: Statement, _ reader: inout PolicyReader) {
  let options = statement.words.dropFirst().firstIndex { !$0.isQuoted && HealthOption(rawValue: $0.text) != nil }
  let target = statement.words[1..<(options ?? statement.words.count)]
  guard let probe = reader.probe(statement, Array(target)) else { return }
  var check = HealthCheck(probe, location: statement.keyword.location)
  guard reader.readOptions(statement, from: options ?? statement.words.count, into: &check) else { return }
  reader.setOnce(ofService: \.health, to: check, by: statement)
}

/// What may follow the target, in any order.
private enum HealthOption: String, CaseIterable {
  case every, timeout, up, down
}

extension PolicyReader {
  /// What is done at an endpoint; nil where a word is wrong, which was said.
  fileprivate mutating func probe(_ statement: Statement, _ target: [Word]) -> HealthCheck.Probe? {
    let kind = statement.words[0]
    guard let first = target.first else {
      let isKnown = ["tcp", "http", "dns", "exec"].contains(kind.text)
      refuseForm(statement, at: isKnown ? nil : kind)
      return nil
    }
    let most = ["tcp": 1, "http": 2, "dns": 2][kind.text] ?? .max
    if target.count > most {
      refuseSurplus(statement, from: 1 + most)
      return nil
    }
    switch kind.text {
    case "tcp": return port(first).map { .tcp(port: $0) }
    case "http":
      guard let probe = httpTarget(first) else { return nil }
      guard let status = target.dropFirst().first.map({ statusRange($0) }) ?? 200...399 else { return nil }
      return .http(host: probe.host, port: probe.port, path: probe.path, status: status)
    case "dns":
      guard let name = name(first) else { return nil }
      guard let port = target.dropFirst().first.map({ port($0) }) ?? 53 else { return nil }
      return .dns(name: name, port: port)
    case "exec":
      guard first.text.hasPrefix("/"), !target.contains(where: { $0.text.utf8.contains(0) }) else {
        diagnostics.error(
          at: first.location,
          "\(quoted(first.text)) is no absolute path of a program; write for example /usr/local/bin/check, no shell is asked"
        )
        return nil
      }
      return .exec(command: target.map(\.text))
    default:
      refuseForm(statement, at: kind)
      return nil
    }
  }

  private mutating func port(_ word: Word) -> UInt16? {
    number(word, in: 1...65535, example: "8080").map { UInt16($0) }
  }

  /// `:8080/healthz`, `orders.mesh.test:8080/healthz`.
  private mutating func httpTarget(_ word: Word) -> (host: String?, port: UInt16, path: String)? {
    let text = word.text
    if let slash = text.firstIndex(of: "/"), let colon = text[..<slash].lastIndex(of: ":"),
      let port = number(text[text.index(after: colon)..<slash], in: 1...65535)
    {
      let (host, path) = (String(text[..<colon]), String(text[slash...]))
      // What goes into a request has no octet that would end its line.
      let isPlain = host.utf8.count <= 255 && host.utf8.allSatisfy(isOfHost)
      if isPlain, path.utf8.count <= 1024, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
        return (host.isEmpty ? nil : host, UInt16(port), path)
      }
    }
    diagnostics.error(
      at: word.location, "\(quoted(text)) is not [HOST]:PORT/PATH; write for example :8080/healthz")
    return nil
  }

  /// `200` or `200-299`.
  private mutating func statusRange(_ word: Word) -> ClosedRange<Int>? {
    let ends = word.text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = ends.compactMap { number($0, in: 100...599) }
    if numbers.count == ends.count, let first = numbers.first, let last = numbers.last, first <= last {
      return first...last
    }
    diagnostics.error(
      at: word.location, "\(quoted(word.text)) is no HTTP status; write 100 to 599, for example 200 or 200-299")
    return nil
  }

  /// - Returns: false where a word is wrong, which was said.
  fileprivate mutating func readOptions(
    _ statement: Statement, from start: Int, into check: inout HealthCheck
  ) -> Bool {
    var rest = statement.words[start...]
    var said: Set<HealthOption> = []
    while let word = rest.popFirst() {
      guard !word.isQuoted, let option = HealthOption(rawValue: word.text) else {
        refuseForm(statement, at: word)
        return false
      }
      guard said.insert(option).inserted else {
        refuseAgain(word)
        return false
      }
      guard let value = rest.popFirst() else {
        refuseForm(statement)
        return false
      }
      switch option {
      case .every, .timeout:
        let range: ClosedRange<UInt32> = option == .every ? 100...3_600_000 : 10...60_000
        guard let time = milliseconds(value, in: range) else { return false }
        if option == .every { check.interval = time } else { check.timeout = time }
      case .up, .down:
        guard let count = number(value, in: 1...100, example: "2") else { return false }
        if option == .up { check.up = count } else { check.down = count }
      }
    }
    if !said.contains(.timeout) { check.timeout = min(check.timeout, check.interval) }
    if check.timeout > check.interval {
      diagnostics.error(
        at: statement.keyword.location,
        "a check may take \(durationText(check.timeout)), longer than the \(durationText(check.interval)) to the next; "
          + "write a timeout of at most that")
      return false
    }
    return true
  }
}

/// Letters, digits, `.`, `-`, `_`, and of addresses `[`, `]` and `:`.
private func isOfHost(_ octet: UInt8) -> Bool {
  switch octet {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"),
    UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"):
    true
  default: false
  }
}
