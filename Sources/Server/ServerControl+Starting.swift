internal import Answering
internal import Inspection
internal import LinuxIO
internal import Policy

/// The threads of a server start, and it says where it is.
extension ServerControl {
  func startWorkers() throws(SystemError) {
    let cores = sockets.datagrams.count
    let log = log
    try startForwarder()
    try logs.start { ServerControl.guarding(log, $0) }
    for core in 0..<cores {
      let datagrams = UDPWorker(workers[core], listeners: sockets.datagrams[core], limiter: limiter)
      let stream = TCPWorker(
        workers[cores + core], doors: sockets.doors[core], census: census,
        heldLimit: TCPWorker.heldLimit(workers: cores))
      threads.append(
        try WorkerThread.start(name: "ambit-udp-\(core)") {
          ServerControl.guarding(log) { () throws(SystemError) in try datagrams.run() }
        })
      threads.append(
        try WorkerThread.start(name: "ambit-tcp-\(core)") {
          ServerControl.guarding(log) { () throws(SystemError) in try stream.run() }
        })
    }
    try startLeaseWorkers()
  }

  /// Answers at listeners that are leased, where there can be any: on threads of their own, so that those that all others
  /// ask keep to what they listen at.
  private func startLeaseWorkers() throws(SystemError) {
    guard let listeners = leases.listeners else { return }
    let first = 2 * sockets.datagrams.count
    let log = log
    let datagrams = UDPWorker(workers[first], listeners: [], limiter: limiter, leased: listeners)
    let stream = TCPWorker(
      workers[first + 1], doors: [], census: census, heldLimit: TCPWorker.heldLimit(workers: sockets.datagrams.count),
      leased: listeners)
    threads.append(
      try WorkerThread.start(name: "ambit-udp-lease") {
        ServerControl.guarding(log) { () throws(SystemError) in try datagrams.run() }
      })
    threads.append(
      try WorkerThread.start(name: "ambit-tcp-lease") {
        ServerControl.guarding(log) { () throws(SystemError) in try stream.run() }
      })
  }

  /// Starts the forwarder, which has nothing to do until a policy forwards something.
  private func startForwarder() throws(SystemError) {
    let (forwarder, log) = (forwarder, log)
    board.show(forwarder.board)
    forwardThread = try WorkerThread.start(name: "ambit-forward") {
      ServerControl.guarding(log) { () throws(SystemError) in try forwarder.run() }
    }
  }

  /// Serves the page and the metrics, where there is a place for them.
  func startHTTP() throws(SystemError) {
    if http.listeners.addresses.isEmpty { return }
    let (http, log) = (http, log)
    httpThread = try WorkerThread.start(name: "ambit-http") {
      do throws(SystemError) {
        try http.run()
      } catch {
        log.write("the page and /metrics end here, queries are not affected: \(error)")
      }
    }
  }

  /// Has the endpoints checked of services that say `health`; the thread that does it starts with the first of them.
  /// - Returns: why it cannot be done; nil where it is.
  func startChecking(_ snapshot: Snapshot) -> String? {
    checker.use(snapshot)
    guard checkThread == nil, snapshot.policy.policy.services.contains(where: { $0.steering.health != nil }) else {
      return nil
    }
    let (checker, log) = (checker, log)
    do throws(SystemError) {
      checkThread = try WorkerThread.start(name: "ambit-health") {
        do throws(SystemError) {
          try checker.run()
        } catch {
          log.write("no endpoint is checked any more, all are taken for what they were last: \(error)")
        }
      }
      return nil
    } catch {
      return "endpoints cannot be checked, all are taken for well: \(error)"
    }
  }

  /// A worker that the kernel fails says so and ends the process: half a server looks like a whole one from outside.
  private static func guarding(_ log: ServerLog, _ body: () throws(SystemError) -> Void) {
    do throws(SystemError) {
      try body()
    } catch {
      log.write("a worker cannot go on: \(error)")
      endProcess(ServerExit.system.rawValue)
    }
  }

  func announce(_ snapshot: Snapshot, broken: [String]) {
    if let remark = door.remark { log.write(remark) }
    if let problem = http.listeners.problem { log.write(problem) }
    for address in sockets.left { log.write("\(address) is not listened on: this host has IPv6 switched off") }
    if !broken.isEmpty {
      log.write(
        "\(amount(broken.count, "zone")) did not load and \(broken.count == 1 ? "answers" : "answer") SERVFAIL: \(broken.joined(separator: ", "))"
      )
    }
    let places = sockets.addresses.map(\.description).joined(separator: ", ")
    let examples = exampleQueries(snapshot, at: sockets.addresses).map { "  \($0)\n" }.joined()
    try? writeStandardOutput(
      """
      ambit \(options.version) serves \(options.folder): \(describe(snapshot))
      listening on \(places) over UDP and TCP, \(amount(sockets.datagrams.count, "worker")); Ctrl-C ends, SIGHUP reloads
      \(logsLine)\(pagesLine)try:
      \(examples)
      """)
    notifier.notify("READY=1\nSTATUS=serving \(describe(snapshot))")
  }

  /// Where its logs are; empty where it has none.
  private var logsLine: String { logs.places.map { "writing \($0)\n" } ?? "" }

  /// Where to look at it; empty where it is not served.
  private var pagesLine: String {
    guard let first = http.listeners.addresses.first else { return "" }
    return "see http://\(first)/, for Prometheus http://\(first)/metrics\n"
  }
}
