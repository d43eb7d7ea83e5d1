internal import Addresses
internal import DNSFormat
internal import LinuxIO
internal import Measuring
internal import Metrics

/// The words of `ambit measure`, read: what is wrong with them ends the program with exit code 2 and one line.
struct MeasureWords {
  private let arguments: Arguments
  /// Queries a second to one server: a measurement must not become the load.
  static let highestRate = 1000.0
  static let highestCount = 1_000_000

  init(_ arguments: Arguments) { self.arguments = arguments }

  var format: SingletonFormat {
    guard let word = arguments.value("--format") else { return .json }
    if arguments.value("--output") == nil {
      arguments.fail("--format is that of the singletons: write --output FILE too")
    }
    guard let format = SingletonFormat(rawValue: word) else {
      arguments.fail("\"\(word)\" is no format; write json or csv")
    }
    return format
  }

  /// The query; of a calibration without a name, that for the root.
  var query: ProbeQuery {
    if arguments.has("--tcp") {
      arguments.fail("the metric is registered for UDP only (RFC 8912 §6.2.2), and --tcp is not offered")
    }
    var operands = arguments.operands.filter { !$0.hasPrefix("@") }
    var name = DomainName.root
    if operands.count == arguments.operands.count, let word = operands.first,
      SocketAddress(word, defaultPort: 53) != nil
    {
      arguments.fail("\"\(word)\" is a name to ask for here; the server has an @: write @\(word)")
    }
    if arguments.has("--calibrate") { refuseWithCalibration() }
    if operands.isEmpty, !arguments.has("--calibrate") {
      if arguments.operands.isEmpty {
        arguments.fail("measure takes a server and a name: ambit measure @127.0.0.1:5300 orders.mesh.test")
      } else {
        arguments.fail("measure takes a name to ask for")
      }
    } else if !operands.isEmpty {
      let written = operands.removeFirst()
      guard let read = try? DomainName(written) else { arguments.fail("\"\(written)\" is no domain name") }
      name = read
    }
    var type = RRType.a
    if let word = operands.first {
      guard let known = RRType(mnemonic: word) else { arguments.fail("\"\(word)\" is no type of record") }
      type = known
    }
    if type.isTransfer { arguments.fail("a transfer is no query of this metric; ask for one type") }
    if operands.count > 1 { arguments.fail("\"\(operands[1])\" is one word too many") }
    var payloadSize: UInt16?
    if let word = arguments.value("--edns") {
      guard let size = UInt16(word), size >= 512 else {
        arguments.fail("\"\(word)\" is no payload size; write for example --edns 1232")
      }
      payloadSize = size
    }
    return ProbeQuery(name, type, isRecursive: !arguments.has("--no-recurse"), payloadSize: payloadSize)
  }

  /// A calibration has its own number of round trips, and no server.
  private func refuseWithCalibration() {
    if let server = arguments.operands.first(where: { $0.hasPrefix("@") }) {
      arguments.fail("--calibrate asks no server: \(server) is one")
    }
    for option in [
      "--count", "--duration", "--rate", "--start", "--compare", "--source", "--threshold", "--trunc", "--seed",
    ]
    where arguments.value(option) != nil {
      arguments.fail("--calibrate asks no server, and takes no \(option)")
    }
  }

  /// What is to be known before queries are sent: that it takes long, or cannot tell two servers apart.
  func remarks(on plan: ProbePlan) -> [String] {
    var remarks: [String] = []
    let seconds = min(Double(plan.count) / plan.stream.meanRate, Double(plan.duration) / 1e9)
    if seconds > 60 {
      remarks.append("this takes about \(Int((seconds / 60).rounded(.up))) minutes; Ctrl-C ends it and reports")
    }
    let least = Comparison.fewestQueries
    let expected = min(Double(plan.count), plan.stream.meanRate * seconds)
    if plan.servers.count > 1, expected < Double(least) {
      remarks.append(
        "it takes \(least) queries to each server at least to say whether they differ; these are some \(Int(expected))")
    }
    return remarks
  }

  /// The whole plan.
  var plan: ProbePlan {
    let source = self.source
    let servers = self.servers(from: source)
    let rate = self.rate
    let stream = PoissonStream(
      rate: rate, truncation: time("--trunc", default: 30_000_000_000, in: 1_000_000...3_600_000_000_000))
    if stream.meanRate > MeasureWords.highestRate * 1.001 {
      arguments.fail("--trunc makes that \(Int(stream.meanRate)) queries a second; lower --rate or raise --trunc")
    }
    let threshold = time("--threshold", default: ProbePlan.registeredThreshold, in: 1_000_000...60_000_000_000)
    // An ID must not come again while a query still waits with it.
    if stream.meanRate * Double(threshold) * 1e-9 > 32_768 / Double(servers.count) {
      arguments.fail("at --rate \(rate) the IDs run out within --threshold; lower one of them")
    }
    let hasDuration = arguments.value("--duration") != nil
    let duration = hasDuration ? time("--duration", default: 0, in: 1_000_000...86_400_000_000_000) : .max
    // With a duration alone, no count may end the stream before Tf: how many fall into it is random.
    let count =
      arguments.value("--count") == nil && hasDuration
      ? .max : number("--count", default: 100, in: 1...MeasureWords.highestCount)
    if count == .max, stream.meanRate * Double(duration) * 1e-9 > Double(MeasureWords.highestCount) {
      arguments.fail("that is more than \(MeasureWords.highestCount) queries; lower --rate or --duration")
    }
    var start: UInt64?
    if let word = arguments.value("--start") {
      guard let moment = DateAndTime(word) else {
        arguments.fail("\"\(word)\" is no time; write 2026-11-21T20:00:00Z, in UTC")
      }
      let now = Clock.realtimeNanoseconds()
      if moment.nanoseconds < now { arguments.fail("--start \(word) is over") }
      if moment.nanoseconds - now > 86_400_000_000_000 { arguments.fail("--start \(word) is more than a day away") }
      start = moment.nanoseconds
    }
    var seed = UInt64.random(in: 0...UInt64(UInt32.max))
    if let word = arguments.value("--seed") {
      guard let written = UInt64(word) else { arguments.fail("\"\(word)\" is no seed; write a number") }
      seed = written
    }
    return ProbePlan(
      servers: servers, query: query, stream: stream, count: count, duration: duration, threshold: threshold,
      start: start, source: source, seed: seed)
  }

  private func servers(from source: SocketAddress?) -> [SocketAddress] {
    let written = arguments.operands.filter { $0.hasPrefix("@") }
    guard let first = written.first else { arguments.fail("measure takes a server to ask: @127.0.0.1:5300") }
    if written.count > 1 {
      arguments.fail("\"\(written[1])\" is a second server; to measure two, write --compare \(written[1])")
    }
    let words = [first] + (arguments.value("--compare").map { [$0] } ?? [])
    let servers = words.map { ServerWord($0.hasPrefix("@") ? String($0.dropFirst()) : $0) }
    for (word, server) in zip(words, servers) where server == nil {
      arguments.fail("\"\(word)\" is no address or host; write for example @127.0.0.1:5300 or @[::1]:5300")
    }
    return servers.compactMap { $0 }.map { server in
      let address = server.address(from: source)
      if let source, source.address.isIPv4 != address.address.isIPv4 {
        arguments.fail("\(address.address) cannot be asked from \(source.address): one is IPv4, the other IPv6")
      }
      return address
    }
  }

  private var source: SocketAddress? {
    guard let word = arguments.value("--source") else { return nil }
    guard let source = SocketAddress(word, defaultPort: 0) else {
      arguments.fail("\"\(word)\" is no address; write for example --source 127.0.2.66")
    }
    return source
  }

  private var rate: Double {
    guard let word = arguments.value("--rate") else { return 10 }
    guard let rate = Double(word), rate >= 0.001, rate <= MeasureWords.highestRate else {
      arguments.fail("\"\(word)\" is no rate; write 0.001 to 1000 queries a second (for load there are other programs)")
    }
    return rate
  }

  private func number(_ option: String, default value: Int, in range: ClosedRange<Int>) -> Int {
    guard let word = arguments.value(option) else { return value }
    guard let number = Int(word), range.contains(number) else {
      arguments.fail("\"\(word)\" is no \(option.dropFirst(2)); write \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A time such as `30s`, `500ms`, `5m`, `2h` or `0.5s`, in nanoseconds.
  private func time(_ option: String, default value: UInt64, in range: ClosedRange<UInt64>) -> UInt64 {
    guard let word = arguments.value(option) else { return value }
    let units: [(String, Double)] = [("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
    for (name, size) in units where word.hasSuffix(name) {
      guard let number = Double(word.dropLast(name.count)), number >= 0 else { continue }
      let nanoseconds = number * size
      if nanoseconds >= Double(range.lowerBound), nanoseconds <= Double(range.upperBound) { return UInt64(nanoseconds) }
      arguments.fail("\(option) \(word) is out of range; write \(text(range.lowerBound)) to \(text(range.upperBound))")
    }
    arguments.fail("\"\(word)\" is no time; write for example \(option) 30s, 500ms or 5m")
  }

  private func text(_ nanoseconds: UInt64) -> String {
    nanoseconds < 1_000_000_000 ? "\(nanoseconds / 1_000_000)ms" : "\(nanoseconds / 1_000_000_000)s"
  }
}
