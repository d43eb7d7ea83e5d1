internal import CLinux
internal import Glibc

/// Waits until one of many descriptors is ready (epoll, level-triggered: what is not read is reported again).
package struct Poller: ~Copyable, Sendable {
  private let descriptor: Descriptor

  package init() throws(SystemError) {
    descriptor = Descriptor(owning: try attempt("make", "an epoll descriptor") { clinux_epoll_create() })
  }

  /// The descriptor's number: a poller can be watched by another, and is readable while it has events.
  package var raw: Int32 { descriptor.raw }

  /// Watches a descriptor from now on; its events carry `token`. The descriptor must outlive the watching: closing it
  /// ends it.
  package func add(_ raw: Int32, token: UInt64, readable: Bool = true, writable: Bool = false) throws(SystemError) {
    let epoll = descriptor.raw
    try attempt("watch", "descriptor \(raw)") { clinux_epoll_add(epoll, raw, token, readable, writable) }
  }

  /// Changes what a watched descriptor is watched for; broken connections are reported even where neither is wanted.
  package func modify(_ raw: Int32, token: UInt64, readable: Bool, writable: Bool) throws(SystemError) {
    let epoll = descriptor.raw
    try attempt("watch", "descriptor \(raw)") { clinux_epoll_modify(epoll, raw, token, readable, writable) }
  }

  /// Stops watching a descriptor; of no consequence where it was not watched.
  package func remove(_ raw: Int32) { _ = clinux_epoll_remove(descriptor.raw, raw) }

  /// Waits for events, forgetting those of the last wait; there are none after the time-out, or when interrupted.
  /// - Parameter timeoutMilliseconds: 0 only looks, -1 waits for ever.
  package func wait(timeoutMilliseconds: Int32, into events: inout PollEvents) throws(SystemError) {
    events.count = 0
    // Safe: the kernel writes at most `capacity` events, for which there is memory.
    let count = unsafe clinux_epoll_wait(
      descriptor.raw, events.memory, Int32(events.capacity), timeoutMilliseconds)
    if count >= 0 {
      events.count = Int(count)
    } else if errno != EINTR {
      throw SystemError("wait for", "events", errno: errno)
    }
  }
}

/// What is ready on one descriptor.
package struct PollEvent: Equatable, Sendable {
  /// What the descriptor was added with.
  package let token: UInt64
  /// There is something to read: octets, a connection, the peer's end, or an error to be read.
  package let isReadable: Bool
  /// There is room to write, or an error to be met by writing.
  package let isWritable: Bool
  /// Both directions have ended, or the socket has an error.
  package let isBroken: Bool
}

/// The events of one wait: memory for up to 64, used again for each.
///
///     try poller.wait(timeoutMilliseconds: 1000, into: &events)
///     for index in 0..<events.count { handle(events[index]) }
@safe
package struct PollEvents: ~Copyable, @unchecked Sendable {
  /// How many events one wait gives at the most; others come with the next.
  package let capacity: Int
  /// How many there were.
  package fileprivate(set) var count = 0
  /// The kernel's own, which are packed: Swift cannot index them, so C takes them apart.
  fileprivate let memory: UnsafeMutableRawPointer

  package init(capacity: Int = 64) {
    precondition((1...64).contains(capacity), "a wait gives 1 to 64 events")
    self.capacity = capacity
    unsafe memory = .allocate(
      byteCount: capacity * clinux_event_size(), alignment: 8)
  }

  deinit { unsafe memory.deallocate() }

  /// The event at `index`, which must be in `0 ..< count`.
  package subscript(_ index: Int) -> PollEvent {
    precondition(index >= 0 && index < count, "an event is one of those that there were")
    // Safe: checked above; the kernel has written `count` events.
    let events = unsafe clinux_event_kinds(memory, Int32(index))
    return PollEvent(
      token: unsafe clinux_event_token(memory, Int32(index)), isReadable: clinux_is_readable(events),
      isWritable: clinux_is_writable(events), isBroken: clinux_is_broken(events))
  }
}
