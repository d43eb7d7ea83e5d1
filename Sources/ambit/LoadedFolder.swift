internal import Answering
internal import Diagnostics
internal import LinuxIO
internal import Policy
internal import Server

/// Loads a folder as `serve` would; says why and gives nil where the system does not let it.
func loadFolder(_ folder: String) -> LoadedConfiguration? {
  do {
    var loaded = SnapshotBuilder.build(
      try ConfigurationFolder.read(folder), seed: UInt64.random(in: .min ... .max),
      server: ServerFacts(userNumber: userNumber))
    if let policy = loaded.snapshot?.policy.policy { loaded.diagnostics += hostDoubts(policy) }
    return loaded
  } catch {
    writeStandardError("ambit: \(error)\n")
    return nil
  }
}

/// The snapshot of a folder, whose errors are reported.
/// - Parameter purpose: what there would have been to do: "draw".
/// - Returns: nil where it does not load, which is said, and the exit code for that.
func loadSnapshot(_ folder: String, to purpose: String) -> (snapshot: Snapshot?, problem: ExitCode) {
  guard let loaded = loadFolder(folder) else { return (nil, .system) }
  report(loaded.diagnostics.filter { $0.severity == .error })
  if loaded.snapshot == nil {
    writeStandardError("ambit: \(folder) does not load; there is nothing to \(purpose)\n")
  }
  return (loaded.snapshot, .badInput)
}

/// What would keep a server from starting on this host; a doubt, since who checks a policy need not be on the server.
private func hostDoubts(_ policy: Policy) -> [Diagnostic] {
  var found: [Diagnostic] = []
  if let user = policy.user {
    do throws(SystemError) {
      _ = try ProcessUser.find(user.name, group: user.group)
    } catch {
      found.append(
        .warning(
          at: user.location, "\(error); until then a server does not start here"))
    }
  }
  let logs = [
    ("query log", policy.queryLog.map { ($0.path, $0.location) }),
    ("metrics log", policy.metricsLog.flatMap { log in log.path.map { ($0, log.location) } }),
  ]
  for (what, log) in logs + [("dnstap file", dnstapFile(policy))] {
    guard let (path, location) = log, path != "off", let reason = whyNotWritable(path) else { continue }
    found.append(
      .warning(
        at: location,
        "the \(what) \(path) cannot be written here: \(reason); a server that cannot write it does not start"))
  }
  return found + programDoubts(policy)
}

/// Programs of `health exec` that cannot be run: they may come later, and until then all endpoints are taken for well.
private func programDoubts(_ policy: Policy) -> [Diagnostic] {
  policy.services.compactMap { service in
    guard let health = service.steering.health, case .exec(let command) = health.probe,
      let reason = whyNotRunnable(command[0])
    else { return nil }
    return .warning(
      at: health.location,
      "\(command[0]) cannot be run here: \(reason); until it can, nothing is found out of the endpoints of \(service.display)"
    )
  }
}

/// The file that dnstap goes to; a collector's socket may come later.
private func dnstapFile(_ policy: Policy) -> (String, SourceLocation)? {
  guard let tap = policy.dnstap, case .file(let path) = tap.destination else { return nil }
  return (path, tap.location)
}

/// Writes diagnostics for people, one a line.
func report(_ diagnostics: [Diagnostic]) {
  for diagnostic in diagnostics { writeStandardError("\(diagnostic)\n") }
}
