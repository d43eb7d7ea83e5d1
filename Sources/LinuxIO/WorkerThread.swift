internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread of this process, for work that blocks or spins: workers, the control plane. Never a `Task`.
package final class WorkerThread: Sendable {
  private let thread: Mutex<pthread_t?>

  private init(_ thread: pthread_t) { self.thread = Mutex(thread) }

  /// Octets of stack: what a worker needs is far less, and only what is touched is real.
  private static let stackSize = 4 << 20

  /// Starts a thread.
  /// - Parameters:
  ///   - name: as `top -H` shows it; cut to 15 octets.
  ///   - cpu: the only processor it may run on, one of ``availableCPUs()``; nil leaves it to the kernel.
  ///   - body: runs on the new thread.
  package static func start(name: String, cpu: Int? = nil, body: @escaping @Sendable () -> Void)
    throws(SystemError) -> WorkerThread
  {
    var thread = pthread_t()
    let shortName = String(decoding: name.utf8.prefix(15), as: UTF8.self)
    // Safe: the box is handed to the new thread, which releases it; where there is no thread it is released here.
    let box = unsafe Unmanaged.passRetained(ThreadBody(body))
    let reason = unsafe clinux_thread_start(
      &thread, shortName, Int32(cpu ?? -1), stackSize, runThread, box.toOpaque())
    guard reason == 0 else {
      unsafe box.release()
      throw SystemError("start", cpu.map { "thread \(name) on processor \($0)" } ?? "thread \(name)", errno: reason)
    }
    return WorkerThread(thread)
  }

  /// Waits until the thread has ended; at once where someone has waited before. Not to be called by the thread itself.
  package func join() {
    thread.withLock { thread in
      if let running = thread { pthread_join(running, nil) }
      thread = nil
    }
  }

  deinit {
    // A thread nobody waits for gives its memory back by itself.
    thread.withLock { thread in
      if let running = thread { pthread_detach(running) }
    }
  }
}

/// What a thread runs, as an object that a C pointer can carry.
private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A global function, not a closure: it is on no actor, whoever starts the thread.
private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context = unsafe context else { return nil }
  // Safe: `start` retained the box for this thread alone.
  let body = unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
  body.run()
  return nil
}

/// The numbers of the processors this process may run on (its affinity, which containers may narrow); at least one.
package func availableCPUs() -> [Int] {
  var numbers = [Int32](repeating: 0, count: 1024)
  // Safe: at most as many numbers are written as there is room for.
  let count = unsafe clinux_cpus(&numbers, 1024)
  return count > 0 ? numbers.prefix(Int(count)).map(Int.init) : [0]
}
