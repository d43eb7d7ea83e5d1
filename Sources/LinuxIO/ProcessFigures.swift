internal import Glibc

/// What the system says of this process; nil for what it does not say.
package struct ProcessFigures: Equatable, Sendable {
  /// Nanoseconds of processor time used, in user and system mode.
  package let cpuTime: UInt64
  /// Octets in RAM.
  package let residentMemory: UInt64?
  /// Octets of addresses.
  package let addresses: UInt64?
  /// Descriptors in use.
  package let openFiles: Int?
  /// Descriptors that there may be.
  package let mostFiles: Int?

  /// As it is now; takes some 50 µs, longer with many descriptors.
  package static func read() -> ProcessFigures {
    var time = timespec()
    // Safe: the kernel writes one timespec.
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    let pages = ((try? readFile("/proc/self/statm")) ?? []).split(separator: UInt8(ascii: " ")).prefix(2).map {
      UInt64(String(decoding: $0, as: UTF8.self))
    }
    let pageSize = UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    var limit = rlimit()
    // Safe: the call writes one rlimit.
    let hasLimit = unsafe getrlimit(RLIMIT_NOFILE, &limit) == 0
    return ProcessFigures(
      cpuTime: UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec),
      residentMemory: pages.count == 2 ? pages[1].map { $0 &* pageSize } : nil,
      addresses: pages.first.flatMap { $0 }.map { $0 &* pageSize }, openFiles: openFiles(),
      mostFiles: hasLimit ? Int(clamping: limit.rlim_cur) : nil)
  }

  private static func openFiles() -> Int? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    return max(0, count - 3)  // the two dots, and the descriptor that lists them
  }
}

/// Lets this thread wait for those of the process that are more in a hurry, where there are more than processors.
package func stepBack() {
  // On Linux it is the thread's own; refused only where it would be raised.
  _ = setpriority(PRIO_PROCESS, 0, 5)
}
