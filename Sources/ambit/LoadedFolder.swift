internal import Answering
internal import Diagnostics
internal import LinuxIO
internal import Server

/// Loads a folder as `serve` would; says why and gives nil where the system does not let it.
func loadFolder(_ folder: String) -> LoadedConfiguration? {
  do {
    return SnapshotBuilder.build(
      try ConfigurationFolder.read(folder), seed: UInt64.random(in: .min ... .max),
      server: ServerFacts(userNumber: userNumber))
  } catch {
    writeStandardError("ambit: \(error)\n")
    return nil
  }
}

/// Writes diagnostics for people, one a line.
func report(_ diagnostics: [Diagnostic]) {
  for diagnostic in diagnostics { writeStandardError("\(diagnostic)\n") }
}
