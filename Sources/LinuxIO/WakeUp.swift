internal import CLinux
internal import Glibc

/// Wakes a thread that waits in a ``Poller``: any thread rings, the one that waits hears (eventfd).
package final class WakeUp: Sendable {
  private let descriptor: Descriptor

  package init() throws(SystemError) {
    descriptor = Descriptor(owning: try attempt("make", "an event descriptor") { clinux_eventfd() })
  }

  /// The descriptor's number, for a ``Poller``; readable from `wake()` until `drain()`.
  package var raw: Int32 { descriptor.raw }

  /// Makes the descriptor readable. Any thread, any number of times; never blocks.
  package func wake() {
    let raw = descriptor.raw
    var one: UInt64 = 1
    // Safe: eight octets are read from an integer of eight. A full counter is readable already.
    _ = uninterrupted { unsafe write(raw, &one, MemoryLayout<UInt64>.size) }
  }

  /// Makes the descriptor unreadable again; to be called before looking at what one was woken for.
  package func drain() { _ = readCounter(descriptor.raw) }
}

/// Reads the eight octets of an eventfd or a timerfd; 0 where there is nothing to read.
func readCounter(_ raw: Int32) -> UInt64 {
  var value: UInt64 = 0
  // Safe: eight octets are written to an integer of eight.
  let size = uninterrupted { unsafe read(raw, &value, MemoryLayout<UInt64>.size) }
  return size == MemoryLayout<UInt64>.size ? value : 0
}
