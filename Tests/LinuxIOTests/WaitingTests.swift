import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite("Waiting: polls, wake-ups, timers, signals, threads")
struct WaitingTests {
  @Test func `a wake-up is seen once, however often it rang`() throws {
    let poller = try Poller()
    let bell = try WakeUp()
    var events = PollEvents()
    try poller.add(bell.raw, token: .max)
    try poller.wait(timeoutMilliseconds: 0, into: &events)
    #expect(events.count == 0)
    bell.wake()
    bell.wake()
    try poller.wait(timeoutMilliseconds: -1, into: &events)
    #expect(events.count == 1)
    let event = events[0]
    #expect(event.token == .max && event.isReadable && !event.isWritable && !event.isBroken)
    bell.drain()
    try poller.wait(timeoutMilliseconds: 0, into: &events)
    #expect(events.count == 0)
  }

  @Test func `only what is asked for is reported, and nothing after removal`() throws {
    let poller = try Poller()
    let bell = try WakeUp()
    var events = PollEvents()
    bell.wake()
    try poller.add(bell.raw, token: 1, readable: false, writable: true)
    try poller.wait(timeoutMilliseconds: 0, into: &events)
    #expect(events.count == 1)
    #expect(!events[0].isReadable && events[0].isWritable)
    try poller.modify(bell.raw, token: 2, readable: true, writable: false)
    try poller.wait(timeoutMilliseconds: 0, into: &events)
    #expect(events[0].token == 2 && events[0].isReadable)
    poller.remove(bell.raw)
    try poller.wait(timeoutMilliseconds: 0, into: &events)
    #expect(events.count == 0)
    #expect(throws: SystemError.self) { try poller.modify(bell.raw, token: 2, readable: true, writable: false) }
  }

  private func readable(_ wait: borrowing ReadableWait, after milliseconds: Int32 = 0) throws -> [Int] {
    try wait.wait(timeoutMilliseconds: milliseconds)
    var found: [Int] = []
    for index in 0..<wait.count where wait.isReadable(index) { found.append(index) }
    return found
  }

  @Test func `of a few descriptors those are readable that have something, for as long as they have it`() throws {
    let first = try WakeUp()
    let second = try WakeUp()
    let third = try WakeUp()
    let wait = ReadableWait([first.raw, second.raw, third.raw])
    #expect(try readable(wait) == [])
    third.wake()
    #expect(try readable(wait, after: -1) == [2])
    first.wake()
    #expect(try readable(wait) == [0, 2])
    third.drain()
    #expect(try readable(wait) == [0])
    first.drain()
    #expect(try readable(wait) == [])
  }

  @Test func `waiting for nothing ends with its time`() throws {
    let wait = ReadableWait([])
    #expect(try readable(wait) == [])
  }

  @Test func `a thread runs its body once, and may be waited for again`() throws {
    let seen = Collected()
    let thread = try WorkerThread.start(name: "ambit-worker-number-1", cpu: availableCPUs().first) {
      seen.append((try? readFile("/proc/thread-self/comm")).map { String(decoding: $0, as: UTF8.self) } ?? "")
    }
    thread.join()
    thread.join()
    #expect(seen.all.count == 1)
  }

  @Test func `a processor this host has not is refused`() {
    let words = refusal { () throws(SystemError) in _ = try WorkerThread.start(name: "w", cpu: 1023) {} }
    #expect(words?.hasPrefix("cannot start thread w on processor 1023: ") == true)
  }

  @Test func `signals are read in the thread that blocks them, in the server's words`() throws {
    // In a thread of its own, so that the tests' other threads keep their signals.
    let seen = Collected()
    let thread = try WorkerThread.start(name: "signals") {
      guard let reader = try? SignalReader() else { return }
      for number in [SIGHUP, SIGUSR1, SIGTERM, SIGINT] {
        pthread_kill(pthread_self(), number)
        while let signal = reader.next() { seen.append("\(signal)") }
      }
    }
    thread.join()
    #expect(seen.all == ["hangUp", "user1", "terminate", "interrupt"])
  }

  @Test(arguments: [IntervalTimer.Start.afterInterval, .onMultiple])
  func `a timer fires again and again`(start: IntervalTimer.Start) throws {
    let timer = try IntervalTimer(every: .microseconds(10), from: start)
    for _ in 0..<3 {
      _ = try waitUntilReady(timer.raw)
      #expect(timer.drain() >= 1)
    }
  }

  @Test func `clocks go on, and know their own error`() {
    let before = LinuxIO.Clock.monotonicNanoseconds()
    #expect(LinuxIO.Clock.monotonicNanoseconds() >= before)
    #expect(LinuxIO.Clock.realtimeNanoseconds() > 1_600_000_000_000_000_000)
    let (monotonic, realtime) = LinuxIO.Clock.calibrate()
    #expect(monotonic.resolution > 0 && monotonic.readCost > 0)
    #expect(realtime.resolution > 0 && realtime.readCost > 0)
  }
}

/// Words that a thread leaves for the test.
private final class Collected: Sendable {
  private let words = Mutex<[String]>([])
  func append(_ word: String) { words.withLock { $0.append(word) } }
  var all: [String] { words.withLock { $0 } }
}
