internal import CLinux
internal import Glibc

/// Gives memory that was freed back to the system: what a load took beside what it made is much, and lies in pieces that
/// the allocator would keep.
package func giveBackFreeMemory() { clinux_give_back_free_memory() }

/// Octets of this process's memory that are in the machine's; nil where the system does not say.
package func residentMemory() -> UInt64? {
  guard let octets = try? readFile("/proc/self/statm", atMost: 4096) else { return nil }
  let words = octets.split(separator: UInt8(ascii: " "))
  guard words.count > 1, let pages = UInt64(String(decoding: words[1], as: UTF8.self)) else { return nil }
  return pages &* UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))
}

/// The number of this process.
package var processNumber: Int32 { getpid() }
