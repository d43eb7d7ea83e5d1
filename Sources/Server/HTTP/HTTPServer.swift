internal import Addresses
internal import HTTP
internal import LinuxIO
internal import Synchronization

/// Serves pages over HTTP, on a thread of its own that steps back for the workers.
final class HTTPServer: Sendable {
  /// Answers a request for one path. On the server's thread; takes a bounded time.
  typealias Page = @Sendable (HTTPRequest) -> HTTPResponse

  let listeners: HTTPListeners
  let counts: HTTPCounts
  private let pages: [String: Page]
  /// Further names by which it may be asked, as the policy says now.
  private let names: @Sendable () -> [String]
  private let bell: WakeUp
  private let isStopping = Atomic<Bool>(false)

  init(
    _ listeners: HTTPListeners, names: @escaping @Sendable () -> [String], _ pages: [String: Page],
    _ counts: HTTPCounts = HTTPCounts()
  ) throws(SystemError) {
    self.listeners = listeners
    self.names = names
    self.pages = pages
    self.counts = counts
    bell = try WakeUp()
  }

  /// Serves until told to stop.
  func run() throws(SystemError) {
    stepBack()
    let loop = try HTTPLoop(self)
    try loop.watch(bell)
    while !isStopping.load(ordering: .acquiring) { try loop.turn() }
  }

  /// Asks it to end.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    bell.wake()
  }

  /// What a request gets.
  /// - Parameter local: where it came to.
  func response(to request: HTTPRequest, at local: SocketAddress?) -> HTTPResponse {
    guard isMeant(request.host, local) else {
      return HTTPResponse(
        .misdirectedRequest,
        text:
          "421 Misdirected Request: ask by localhost, by an address where this is served, or by a name of the policy's "
          + "http-host line")
    }
    guard let page = pages[request.path] else {
      return HTTPResponse(.notFound, text: "404 Not Found: there is \(pages.keys.sorted().joined(separator: ", "))")
    }
    return page(request)
  }

  private func isMeant(_ host: HTTPHost?, _ local: SocketAddress?) -> Bool {
    // Without one it is no browser's: HTTP/1.0.
    guard let host else { return true }
    if host.isLoopback || names().contains(host.name) { return true }
    guard let address = host.address else { return false }
    return listeners.addresses.contains {
      $0.address == address || $0.address.isWildcard && local?.address == address
    }
  }
}

/// What is counted of HTTP.
final class HTTPCounts: Sendable {
  private let responses = Mutex<[HTTPStatus: UInt64]>([:])
  private let lost = Atomic<UInt64>(0)

  func note(_ status: HTTPStatus) { responses.withLock { $0[status, default: 0] += 1 } }
  func noteGivenUp() { lost.add(1, ordering: .relaxed) }

  /// By status, in order.
  var byStatus: [(status: Int, count: UInt64)] {
    responses.withLock { $0.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, $0.value) } }
  }
  var givenUp: UInt64 { lost.load(ordering: .relaxed) }
}
