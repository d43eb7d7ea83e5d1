internal import Addresses
internal import Checking
internal import DNSFormat
internal import Diagnostics
internal import FlatMemory
internal import LinuxIO
internal import Measuring
internal import Policy

/// How a check ended.
enum CheckResult {
  /// It succeeded; how long the endpoint took, in nanoseconds, nil where that says nothing of it (a program's run).
  case success(UInt64?)
  /// It failed, for a reason in words.
  case failure(String)
  /// It could not be made, for want of something on this host: it says nothing of the endpoint.
  case undecided(SystemError)
}

/// One check of one endpoint that goes on: its socket, or its program, and how far it has come. Never blocks.
final class RunningCheck {
  /// Which endpoint, by number: another one after a reload.
  var endpoint: Int
  /// When it began and when it has failed, nanoseconds of the clock that never goes back.
  let began: UInt64
  let deadline: UInt64

  private enum Stage {
    case connecting, sending, reading, running
  }

  /// What a poller is to watch.
  let raw: Int32
  /// True for a program: of these only few run at a time.
  let isProgram: Bool

  private let probe: HealthCheck.Probe
  private let address: IPAddress
  private var stage: Stage
  private var tcp: TCPSocket?
  private var udp: AskingSocket?
  private var program: ChildProgram?
  /// What is left to be sent of a request.
  private var request: ArraySlice<UInt8> = []
  private var received: OctetBuffer
  private var query: (probe: ProbeQuery, id: UInt16)?

  /// Octets of a DNS response without EDNS at the most, and more than a status line's.
  private static let bufferSize = 2048

  /// Datagrams that are looked at in one turn.
  private static let mostAtOnce = 16

  /// Begins a check.
  /// - Parameters:
  ///   - host: what an HTTP request is for where the policy says none.
  ///   - id: of a DNS query: random, so that nobody else can answer it.
  init(
    _ check: HealthCheck, of endpoint: Int, at address: IPAddress, host: String, id: UInt16, now: UInt64
  ) throws(SystemError) {
    self.endpoint = endpoint
    self.address = address
    probe = check.probe
    began = now
    deadline = now &+ UInt64(check.timeout) * 1_000_000
    received = OctetBuffer(capacity: Self.bufferSize)
    var isProgram = false
    switch check.probe {
    case .tcp(let port):
      stage = .connecting
      let socket = try TCPSocket.connect(to: SocketAddress(address, port: port))
      raw = socket.raw
      tcp = consume socket
    case .http(let written, let port, let path, _):
      stage = .connecting
      let socket = try TCPSocket.connect(to: SocketAddress(address, port: port))
      raw = socket.raw
      tcp = consume socket
      let host = (written ?? host) + (port == 80 ? "" : ":\(port)")
      request =
        Array(
          "GET \(path) HTTP/1.0\r\nHost: \(host)\r\nUser-Agent: ambit-health\r\nConnection: close\r\n\r\n".utf8)[...]
    case .dns(let name, let port):
      stage = .reading
      let query = ProbeQuery(name, .a)
      self.query = (query, id)
      let socket = try AskingSocket(to: SocketAddress(address, port: port))
      received.append(query.message(id: id).span)
      try socket.send(received)
      raw = socket.raw
      udp = consume socket
    case .exec(let command):
      stage = .running
      let child = try ChildProgram(command + ["\(address)"])
      raw = child.raw
      program = consume child
      isProgram = true
    }
    self.isProgram = isProgram
  }

  /// Whether it waits to write, rather than to read.
  var waitsToWrite: Bool { stage == .connecting || stage == .sending }

  /// Its program prints so much that its descriptor tells of its end alone: it is to proceed from time to time, too.
  var isLoud: Bool { program?.isLoud ?? false }

  /// Its descriptor is ready.
  /// - Returns: nil where it goes on.
  func proceed(at now: UInt64) -> CheckResult? {
    switch stage {
    case .connecting:
      if let error = tcp?.connectionError() { return .failure(error.reason) }
      // Where nobody listens, the kernel may have given this end the very port that it connects to.
      if let own = tcp?.localAddress, own == tcp?.peer { return .failure("connection refused") }
      if request.isEmpty { return .success(now &- began) }
      stage = .sending
      return send()
    case .sending: return send()
    case .reading: return query == nil ? readStatus(now) : readResponse(now)
    case .running: return endOfProgram()
    }
  }

  /// Its time is up. A program that has not ended is killed, and need not have ended then either: see ``hasEnded()``.
  func expire() -> CheckResult {
    guard isProgram else {
      return .failure(stage == .connecting ? "no connection within the time-out" : "no answer within the time-out")
    }
    // It may have ended just before, or its end was not looked at in time.
    if let result = endOfProgram() { return result }
    program?.kill()
    return .failure("the program did not end within the time-out\(lines())")
  }

  /// Nobody wants to know any more: what it started is killed.
  func giveUp() { program?.kill() }

  /// False while its program has yet to die: one that waits for a disk may take for ever.
  func hasEnded() -> Bool {
    if program?.isReaped ?? true { return true }
    return program?.end() != nil
  }

  // MARK: - HTTP

  private func send() -> CheckResult? {
    while !request.isEmpty {
      switch tcp?.write(request) {
      case .octets(let count): request = request.dropFirst(count)
      case .wouldBlock: return nil
      case .closed, .failed, nil: return .failure("the connection was closed before the request was sent")
      }
    }
    stage = .reading
    return nil
  }

  private func readStatus(_ now: UInt64) -> CheckResult? {
    guard case .http(_, _, _, let wanted) = probe else { return nil }
    let progress = tcp?.read(into: &received)
    switch HTTPStatusLine.read(received.octets) {
    case .status(let status):
      return wanted.contains(status) ? .success(now &- began) : .failure("HTTP status \(status)")
    case .wrong: return .failure("what came is no HTTP/1 response")
    case .incomplete: break
    }
    switch progress {
    case .closed, .failed, nil: return .failure("the connection was closed before a status came")
    case .octets, .wouldBlock: return nil
    }
  }

  // MARK: - DNS

  private func readResponse(_ now: UInt64) -> CheckResult? {
    guard let query else { return nil }
    // A few at a time: what is left is reported again.
    for _ in 0..<Self.mostAtOnce {
      switch udp?.receive(into: &received) {
      case .nothing, nil: return nil
      case .unreachable(let error): return .failure(error.reason)
      case .datagram: break
      }
      // The kernel takes datagrams of that address and port alone. One that answers something else is no answer: the right
      // one may still come.
      guard case .response(let response) = query.probe.read(received.octets), response.id == query.id else { continue }
      return response.rcode == 0 ? .success(now &- began) : .failure("DNS \(rcodeText(response.rcode))")
    }
    return nil
  }

  // MARK: - Programs

  private func endOfProgram() -> CheckResult? {
    guard let end = program?.end() else { return nil }
    switch end {
    case .exit(0): return .success(nil)
    case .exit(let code): return .failure("the program ended with \(code)\(lines())")
    case .signal(let number): return .failure("signal \(number) ended the program\(lines())")
    }
  }

  /// The first line of what it printed, behind a colon; of very much the last one, too.
  private func lines() -> String {
    let printed = program?.printed ?? PrintedText()
    func text(_ line: ArraySlice<UInt8>) -> String {
      line.isEmpty ? "" : clipped(visible(String(decoding: line, as: UTF8.self)), to: 200)
    }
    let (first, last) = (text(printed.firstLine), text(printed.lastLine))
    return (first.isEmpty ? "" : ": \(first)") + (last.isEmpty ? "" : " … \(last)")
  }
}
