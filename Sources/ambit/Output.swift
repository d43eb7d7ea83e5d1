internal import LinuxIO

/// Writes what a command found. Where that cannot be written, the program ends with exit code 3: a report that is not there
/// is no result. A reader who has seen enough, as `head` has, is none of that.
func writeOutput(_ text: String) {
  do throws(SystemError) {
    try writeStandardOutput(text)
  } catch {
    writeStandardError("ambit: \(error)\n")
    endProcess(ExitCode.system.rawValue)
  }
}
