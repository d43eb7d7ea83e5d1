internal import Addresses
internal import LinuxIO
internal import Metrics

/// A server to ask as it is written: an address with or without a port, or a host's name likewise.
enum ServerWord {
  case address(SocketAddress)
  case host(String, port: UInt16)

  /// nil where it is neither: port 0, an address that is none, or what no host is called.
  init?(_ text: String) {
    if let address = SocketAddress(text, defaultPort: ActiveMeasurement.port) {
      if address.port == 0 { return nil }
      self = .address(address)
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let host = parts.first, parts.count <= 2, ServerWord.isHost(host) else { return nil }
    var port = ActiveMeasurement.port
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let written = UInt16(parts[1]), written > 0 else {
        return nil
      }
      port = written
    }
    self = .host(String(host), port: port)
  }

  /// Letters, digits and hyphens (RFC 1123 §2.1), underscores too; the last label is no number, as a mistyped address has.
  private static func isHost(_ text: Substring) -> Bool {
    let labels = (text.hasSuffix(".") ? text.dropLast() : text).split(separator: ".", omittingEmptySubsequences: false)
    guard let last = labels.last, !last.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return false }
    return labels.allSatisfy { label in
      !label.isEmpty
        && label.utf8.allSatisfy { octet in
          octet >= 0x30 && octet <= 0x39 || octet | 0x20 >= 0x61 && octet | 0x20 <= 0x7a || octet == 0x2d
            || octet == 0x5f
        }
    }
  }

  /// The address to ask; of a host, the first that the system names, of the source's family where there is a source, and what
  /// was taken is said. Ends the program where it has none.
  func address(from source: SocketAddress?) -> SocketAddress {
    switch self {
    case .address(let address): return address
    case .host(let name, let port):
      let (all, reason) = addresses(ofHost: name)
      let usable = source.map { source in all.filter { $0.isIPv4 == source.address.isIPv4 } } ?? all
      guard let taken = usable.first ?? all.first else {
        writeStandardError("ambit: cannot find the address of \(name): \(reason)\n")
        endProcess(ExitCode.system.rawValue)
      }
      let address = SocketAddress(taken, port: port)
      let others = all.filter { $0 != taken }.map(\.description).joined(separator: ", ")
      writeStandardError("ambit: \(name) is asked at \(address)\(others.isEmpty ? "" : "; it also has \(others)")\n")
      return address
    }
  }
}
