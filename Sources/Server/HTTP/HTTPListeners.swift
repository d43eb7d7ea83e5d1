internal import Addresses
internal import LinuxIO
internal import Policy

/// The sockets that HTTP is served at, bound with those for queries, before the server becomes another user.
struct HTTPListeners: Sendable {
  /// A listener as an object, since it cannot be copied.
  final class Door: Sendable {
    let socket: TCPListener
    init(_ socket: consuming TCPListener) { self.socket = socket }
  }

  private(set) var doors: [Door] = []
  /// Why it is not served at the address that one gets when nothing is said; nil where it is.
  private(set) var problem: String?

  var addresses: [SocketAddress] { doors.map { $0.socket.localAddress } }

  /// Where HTTP is to be served, by the command line, by the policy, or since nobody says otherwise.
  static func wanted(_ options: ServerOptions, _ policy: Policy) -> [SocketAddress]? {
    options.http ?? policy.http?.addresses
  }

  /// - Throws: for an address that somebody asked for. One that nobody asked for may be taken: that is a ``problem`` only.
  init(_ options: ServerOptions, _ policy: Policy) throws(SystemError) {
    if let wanted = Self.wanted(options, policy) {
      do throws(SystemError) {
        for address in wanted { doors.append(try Self.bind(address)) }
      } catch {
        throw error.asked(by: options.setting("http", isOption: options.http != nil, policy.http?.location))
      }
      return
    }
    do throws(SystemError) {
      doors = [try Self.bind(HTTPService.defaultAddress)]
    } catch {
      let reason = error.isAddressInUse ? "another program has \(HTTPService.defaultAddress)" : "\(error)"
      problem =
        "\(reason), so there is no page and no /metrics; write \"http ADDRESS:PORT\" or \"http off\" in the policy, or "
        + "start with --http"
    }
  }

  /// True where a policy wants it elsewhere than it is. One that says nothing wants the default, which may have been taken.
  func areElsewhere(than policy: Policy) -> Bool {
    guard let wanted = policy.http?.addresses else {
      return problem == nil && addresses != [HTTPService.defaultAddress]
    }
    return Set(wanted) != Set(addresses)
  }

  private static func bind(_ address: SocketAddress) throws(SystemError) -> Door {
    // Sockets of one user may share a port, and each server would get half of the connections.
    if TCPListener.isTaken(address) { throw SystemError.addressInUse(address) }
    return Door(try TCPListener.bind(to: address))
  }
}
