import Foundation
import Glibc
import LinuxIO
import Testing

@Suite("sd_notify: telling the service manager")
struct ServiceNotifierTests {
  @Test(arguments: [false, true])
  func `a message reaches a path and an abstract name`(isAbstract: Bool) throws {
    try withDirectory { directory in
      let path = isAbstract ? "@\(directory)" : "\(directory)/notify"
      let manager = try Manager(path)
      let notifier = ServiceNotifier(path: path)
      #expect(notifier.notify("READY=1\nSTATUS=serving"))
      #expect(manager.next() == "READY=1\nSTATUS=serving")
      #expect(notifier.notify("RELOADING=1"))
      let lines = manager.next().split(separator: "\n")
      #expect(lines.count == 2)
      #expect(lines[0] == "RELOADING=1")
      #expect(lines[1].hasPrefix("MONOTONIC_USEC="))
      #expect((Int(lines[1].dropFirst(15)) ?? 0) > 0)
    }
  }

  @Test func `without a manager nothing is sent`() {
    #expect(!ServiceNotifier(path: nil).notify("READY=1"))
    #expect(!ServiceNotifier(path: "").notify("READY=1"))
    #expect(!ServiceNotifier(path: "/nowhere/to/be/found").notify("READY=1"))
    #expect(!ServiceNotifier(path: String(repeating: "x", count: 200)).notify("READY=1"))
  }
}

/// A service manager's end: a datagram socket at a path, or at an abstract name where that begins with `@`.
private struct Manager {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var octets = Array(path.utf8)
    if octets[0] == UInt8(ascii: "@") { octets[0] = 0 }
    // Safe: a test's path is shorter than the 108 octets of sun_path, which copyBytes would check.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
    let length = socklen_t(2 + octets.count)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
    }
    try #require(result == 0)
  }

  /// The next message: waits for it, and it has been sent.
  func next() -> String {
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = unsafe recv(descriptor, &buffer, 512, 0)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }
}
