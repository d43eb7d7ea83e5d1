internal import CLinux
internal import Glibc

/// Tells the service manager how the server is (the sd_notify protocol of systemd); says nothing where there is none.
package struct ServiceNotifier: Sendable {
  /// The manager's socket: a path, or `@` and an abstract name.
  private let path: String?

  /// Takes the manager's socket from the environment, `NOTIFY_SOCKET`.
  package init() {
    // Safe: the text is copied at once; nothing in Ambit changes the environment.
    self.init(path: unsafe getenv("NOTIFY_SOCKET").map { unsafe String(cString: $0) })
  }

  /// Takes the manager's socket as given; nil for none.
  package init(path: String?) { self.path = path }

  /// Sends one message of `NAME=value` lines: `READY=1`, `STATUS=…`, `STOPPING=1`, `RELOADING=1`.
  ///
  /// A message with `RELOADING=1` is given the `MONOTONIC_USEC` that the protocol wants beside it.
  /// - Returns: true where the manager took it.
  @discardableResult
  package func notify(_ lines: String) -> Bool {
    guard let path, !path.isEmpty else { return false }
    var message = lines
    if lines.split(separator: "\n").contains("RELOADING=1") {
      message += "\nMONOTONIC_USEC=\(Clock.monotonicNanoseconds() / 1000)"
    }
    var name = Array(path.utf8)
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    let octets = Array(message.utf8)
    let raw = clinux_unix_socket()
    guard raw >= 0 else { return false }
    let socket = Descriptor(owning: raw)
    // Safe: the kernel only reads octets that live for the call; the shim checks the name's length.
    let sent = uninterrupted {
      unsafe clinux_send_to_path(socket.raw, octets, octets.count, name, name.count)
    }
    return sent == octets.count
  }
}
