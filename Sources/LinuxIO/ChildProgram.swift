internal import CLinux
internal import Glibc

/// A program that this process started, without a shell and with nothing to read, in a process group of its own; killed with
/// all of that where its owner's life ends before it. Nothing here waits for it.
package struct ChildProgram: ~Copyable, Sendable {
  private let process: pid_t
  private let output: Descriptor
  private let watch: Descriptor
  /// True where its end was noted.
  package private(set) var isReaped = false

  /// The descriptor that becomes readable when the program has ended, for a ``Poller``.
  package var raw: Int32 { watch.raw }

  /// Starts a program; its environment is nothing but a usual PATH.
  /// - Parameter command: an absolute path, and the arguments; without zero octets.
  package init(_ command: [String]) throws(SystemError) {
    precondition(!command.isEmpty, "a command has a path")
    // Safe: the copies end in a zero, the list in nil, and all live to the end of the call, which only reads them.
    var arguments = unsafe command.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var (process, output, watch) = (pid_t(), Int32(-1), Int32(-1))
    let reason = unsafe clinux_start_program(&arguments, &process, &output, &watch)
    if reason != 0 { throw SystemError("start", command[0], errno: reason) }
    self.process = process
    self.output = Descriptor(owning: output)
    self.watch = Descriptor(owning: watch)
  }

  /// How a program ended.
  package enum End: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)
  }

  /// Takes note of its end, and kills what it left behind; nil where it has not ended, or that was noted before.
  package mutating func end() -> End? {
    if isReaped { return nil }
    let code = clinux_reap_program(process)
    if code < 0 { return nil }
    isReaped = true
    return code < 256 ? .exit(code) : .signal(code - 256)
  }

  /// What it has printed and was not read yet, at most 4096 octets; it may print more than a pipe holds, and waits then.
  package mutating func printed() -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: 4096)
    let raw = output.raw
    // Safe: the kernel writes no more than the memory's count.
    let count = unsafe octets.withUnsafeMutableBytes { memory in
      uninterrupted { unsafe read(raw, memory.baseAddress, memory.count) }
    }
    return Array(octets.prefix(max(0, count)))
  }

  /// Kills it and what it started; ``end()`` has yet to take note of it.
  package mutating func kill() { if !isReaped { clinux_kill_program(process) } }

  deinit {
    if isReaped { return }
    clinux_kill_program(process)
    // Not waited for: one that waits for a disk dies when the disk says so. Who lets go of one that has not ended leaves it to
    // the process that inherits it.
    _ = clinux_reap_program(process)
  }
}
