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
  /// Which endpoint, by number.
  let endpoint: Int
  /// When it began and when it has failed, nanoseconds of the clock that never goes back.
  let began: UInt64
  let deadline: UInt64

  private enum Stage {
    case connecting, sending, reading, running
    /// Its time is up and its program was killed, which has not ended yet.
    case dying
  }

  /// What a poller is to watch.
  let raw: Int32
  /// True for a program: of these only few run at a time.
  let isProgram: Bool

  private let probe: HealthCheck.Probe
  private let address: IPAddress
  private var stage: Stage
  private var tcp: TCPSocket?
  private var udp: UDPSocket?
  private var program: ChildProgram?
  /// What is left to be sent of a request.
  private var request: ArraySlice<UInt8> = []
  private var received: OctetBuffer
  private var query: (probe: ProbeQuery, id: UInt16)?

  /// Octets of a DNS response without EDNS at the most, and more than a status line's.
  private static let bufferSize = 2048

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
      let any = address.isIPv4 ? IPAddress(v4: 0) : IPAddress(high: 0, low: 0)
      let socket = try UDPSocket.bind(to: SocketAddress(any, port: 0), sharesPort: false)
      if try !socket.send(query.message(id: id), to: SocketAddress(address, port: port)) {
        throw SystemError.noRoom(to: "send to \(address)")
      }
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
    case .running, .dying: return endOfProgram()
    }
  }

  /// Its time is up.
  /// - Returns: nil where a program is yet to die: its end will be reported.
  func expire() -> CheckResult? {
    guard isProgram else {
      return .failure(stage == .connecting ? "no connection within the time-out" : "no answer within the time-out")
    }
    program?.kill()
    stage = .dying
    return endOfProgram()
  }

  /// Nobody wants to know any more: what it started is killed.
  func giveUp() { program?.kill() }

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
    guard let query, case .dns(_, let port) = probe else { return nil }
    while true {
      let sender: SocketAddress?
      do throws(SystemError) {
        sender = try udp?.receive(into: &received)
      } catch {
        return .failure(error.reason)
      }
      guard let sender else { return nil }
      // What comes from elsewhere, or answers something else, is no answer: the right one may still come.
      guard sender == SocketAddress(address, port: port),
        case .response(let response) = query.probe.read(received.octets),
        response.id == query.id
      else { continue }
      return response.rcode == 0 ? .success(now &- began) : .failure("DNS \(rcodeText(response.rcode))")
    }
  }

  // MARK: - Programs

  private func endOfProgram() -> CheckResult? {
    guard let end = program?.end() else { return nil }
    if stage == .dying { return .failure("the program did not end within the time-out\(firstLine())") }
    switch end {
    case .exit(0): return .success(nil)
    case .exit(let code): return .failure("the program ended with \(code)\(firstLine())")
    case .signal(let number): return .failure("signal \(number) ended the program\(firstLine())")
    }
  }

  /// The first line of what it printed, behind a colon.
  private func firstLine() -> String {
    let octets = program?.printed() ?? []
    let line = octets.prefix { $0 != 0x0a && $0 != 0x0d }
    return line.isEmpty ? "" : ": " + clipped(visible(String(decoding: line, as: UTF8.self)), to: 200)
  }
}
