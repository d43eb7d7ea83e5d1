internal import CLinux
internal import Glibc

/// A program that this process started, without a shell and with nothing to read, in a process group of its own; killed with
/// all of that where its owner's life ends before it. Nothing here waits for it. However much it prints, it never waits for a
/// reader for long, nor does it keep the reader busy: see ``isLoud``.
package struct ChildProgram: ~Copyable, Sendable {
  private let process: pid_t
  private let output: Descriptor
  private let watch: Descriptor
  /// Watches both of them: one descriptor for who waits.
  private let poller: Poller
  /// What it has printed.
  package private(set) var printed = PrintedText()
  /// Nobody can print into its output any more.
  private var isOutputOver = false
  /// True from where it has printed very much: ``raw`` then tells of its end alone, and ``end()`` is to be called from time to
  /// time, too. It prints no more than some 100 KiB each time.
  package private(set) var isLoud = false
  /// How much it has printed, as far as it counts for that.
  private var amount = 0
  /// What is read goes here.
  private var buffer = [UInt8](repeating: 0, count: ChildProgram.readSize)
  /// True where its end was noted.
  package private(set) var isReaped = false

  /// The descriptor that is readable when the program has printed something or has ended, for a ``Poller``: ``end()`` is to
  /// be called then.
  package var raw: Int32 { poller.raw }

  /// Starts a program; its environment is nothing but a usual PATH.
  /// - Parameter command: an absolute path, and the arguments; without zero octets.
  package init(_ command: [String]) throws(SystemError) {
    precondition(!command.isEmpty, "a command has a path")
    // Safe: the copies end in a zero, the list in nil, and all live to the end of the call, which only reads them.
    var arguments = unsafe command.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var (process, output, watch) = (pid_t(), Int32(-1), Int32(-1))
    let poller = try Poller()
    let reason = unsafe clinux_start_program(&arguments, &process, &output, &watch)
    if reason != 0 { throw SystemError("start", command[0], errno: reason) }
    let ownOutput = Descriptor(owning: output)
    let ownWatch = Descriptor(owning: watch)
    do throws(SystemError) {
      try poller.add(output, token: 0)
      try poller.add(watch, token: 1)
    } catch {
      clinux_kill_program(process)
      // It has only begun: it dies at once.
      _ = uninterrupted { waitpid(process, nil, 0) }
      throw error
    }
    self.process = process
    self.output = ownOutput
    self.watch = ownWatch
    self.poller = poller
  }

  /// How a program ended.
  package enum End: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)
  }

  /// Reads what it has printed, and takes note of its end, with which what it left behind is killed; nil where it has not
  /// ended, or that was noted before.
  package mutating func end() -> End? {
    if isReaped { return nil }
    let code = clinux_reap_program(process)
    isReaped = code >= 0
    // Behind its end, so that all that it has printed itself is there. What a child of it still prints, in a group of its
    // own, is nobody's business.
    drain()
    if code < 0 { return nil }
    return code < 256 ? .exit(code) : .signal(code - 256)
  }

  /// Descriptors that one holds: its output, its watch and the poller.
  package static let descriptors = 3

  /// Octets read at once, and how often in a turn at the most: together more than a pipe holds, and yet a program that
  /// prints for ever keeps nobody.
  private static let readSize = 32_768
  private static let readsInTurn = 8
  /// Octets after which it is loud. Each reading counts for some, however little there was: it is the waking that costs.
  private static let loudFrom = 102_400
  private static let leastCounted = 1024

  private mutating func drain() {
    if isOutputOver { return }
    let raw = output.raw
    for _ in 0..<Self.readsInTurn {
      // Safe: the kernel writes no more than the memory's count.
      let count = uninterrupted {
        unsafe buffer.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
      }
      if count < 0, errno == EAGAIN { return }
      if count <= 0 {
        // The end is reported again and again otherwise.
        isOutputOver = true
        poller.remove(raw)
        return
      }
      printed.append(buffer[..<count])
      amount += max(count, Self.leastCounted)
      if !isLoud, amount >= Self.loudFrom {
        isLoud = true
        poller.remove(raw)
      }
    }
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
