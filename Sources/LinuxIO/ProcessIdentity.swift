internal import CLinux
internal import Glibc

/// What tells a process from every other that has its number later; the same text for as long as it lives, and never given
/// again while the machine runs. Nil where there is no such process, or the system does not tell.
///
/// It is when the process was started, in the kernel's ticks. Where `/proc` hides the processes of other users
/// (`ProtectProc=invisible`), it is the number of its descriptor, which Linux 6.9 and later give once.
package func processIdentity(_ process: Int32) -> String? {
  if let ticks = (try? readFile("/proc/\(process)/stat", atMost: 4096)).flatMap(startTicks) { return "start \(ticks)" }
  let raw = clinux_process_descriptor(process)
  if raw < 0 { return nil }
  let descriptor = Descriptor(owning: raw)
  let number = clinux_process_descriptor_number(descriptor.raw)
  return number == 0 ? nil : "descriptor \(number)"
}

/// What tells this run of the machine from every other: the kernel's boot ID. Nil where the system does not tell, as a unit
/// with `ProcSubset=pid` is not told.
package func machineRun() -> String? {
  (try? readFile("/proc/sys/kernel/random/boot_id", atMost: 4096)).map { octets in
    String(decoding: octets.prefix { $0 != 0x0a }, as: UTF8.self)
  }
}

/// The 22nd field of `/proc/PID/stat`, proc_pid_stat(5): the second is a name in parentheses that may have any in it.
func startTicks(_ stat: [UInt8]) -> UInt64? {
  guard let close = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
  let fields = stat[(close + 1)...].split { $0 == 0x20 || $0 == 0x0a }
  return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
}
