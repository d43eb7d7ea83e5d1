internal import Inspection
internal import LinuxIO
internal import Metrics
internal import Policy

/// What a server takes of its machine: found out before it begins, so that want of it is one clear line.
enum ServerMemory {
  /// Octets beside the counters that the two threads of a core take: stacks, batches, buffers, rings of the logs.
  private static let threadMemory =
    2 * (8 << 20 + 8 * (QueryLogDesk.ringCapacity + DnstapDesk.ringCapacity) + WorkerCalls.size)
  /// Octets that the forwarder takes beside its counters: its stack, buffers and what waits for it.
  private static let forwarderMemory = 32 << 20
  /// Descriptors beside sockets and connections: the logs, the control thread's, those of who asks for a reload, and files
  /// read at one.
  private static let spareDescriptors = 48

  /// Finds out whether the memory that all workers take at their start can be had.
  static func reserve(cores: Int) throws(SystemError) {
    try tryAddressSpace(
      cores * (2 * WorkerMetrics.size() + threadMemory) + WorkerMetrics.size() + threadMemory / 2 + forwarderMemory,
      for: amount(cores, "worker"))
  }

  /// Raises the limit on open files.
  /// - Parameter checks: whether endpoints are checked.
  /// - Returns: how many connections there are descriptors for.
  static func connectionRoom(_ cores: Int, _ addresses: Int, http doors: Int, checks: Bool) -> Int {
    // A core has a socket of each kind for each address, and each of its two threads a poller and a bell.
    let http = doors == 0 ? 0 : doors + HTTPLoop.connectionLimit + 8
    let limit = raiseDescriptorLimit()
    let checks = checks ? HealthChecker.descriptors(atOnce: checksAtOnce(limit)) : 0
    return max(1, limit - cores * (2 * addresses + 4) - spareDescriptors - http - checks - forwardRoom)
  }

  /// How many endpoints are checked at a time: an eighth of the descriptors, or enough for thousands in all.
  static func checksAtOnce(_ limit: Int = raiseDescriptorLimit()) -> Int { max(4, min(256, limit / 8)) }

  /// Questions that may be asked elsewhere at a time, each of which takes a descriptor: an eighth of those that there may
  /// be.
  static var forwardRoom: Int { min(Forwarder.mostQuestions, max(16, raiseDescriptorLimit() / 8)) }

  /// What to say where a policy wants more connections than there are descriptors for; nil where it does not.
  static func warning(room: Int, _ limits: TCPLimits) -> String? {
    guard room < limits.connections else { return nil }
    return "no more than \(amount(room, "TCP connection")) at a time, not \(limits.connections); "
      + "raise the limit on open files (ulimit -n, LimitNOFILE=)"
  }
}
