internal import Glibc

/// Ends the process with exit code 3 and a line that says why: there is no memory for so many octets, and nothing to go
/// on with.
func endOutOfMemory(_ octets: Int) -> Never {
  let text =
    "ambit: cannot get \((octets + (1 << 20) - 1) >> 20) MB of memory: the machine, or the limit on this process "
    + "(ulimit -v, MemoryMax=), has none left\n"
  // Safe: the text is only read, and lives for the call.
  _ = unsafe Array(text.utf8).withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(3)
}
