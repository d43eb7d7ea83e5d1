package import Addresses
internal import CLinux
internal import Glibc

/// Says as which user a process of this host asks, by the socket that it asks from (NETLINK_SOCK_DIAG; sock_diag(7)).
///
/// One netlink socket, opened when it is first needed. A question is answered within the system call that asks it, so
/// nobody waits; nothing is allocated. Any user may ask. Whose socket it was is told as of now: a process that has asked
/// and gone is nobody.
package struct SocketOwners: ~Copyable {
  /// What is known of an asker's user.
  package enum Answer: Equatable, Sendable {
    case user(UInt32)
    /// One that does not matter.
    case other
    /// There is no such socket (any more), or it cannot be told whose it is: users share the port.
    case nobody
    /// The kernel does not answer.
    case failed
  }

  private var descriptor: Descriptor?
  private var number: UInt32 = 0

  package init() {}

  /// The user whose process has the socket at `client`, from which `server` was asked.
  ///
  /// Over TCP the socket of just this connection. Over UDP a socket that is bound to the client's port and connected to
  /// the server or to nobody; and, since a datagram can claim any address of its host, only where all sockets at that port
  /// are the user's. That takes longer, so it is done for users that matter.
  /// - Parameters:
  ///   - client: an address of this host.
  ///   - isOfInterest: whether a user matters.
  package mutating func user(
    of client: SocketAddress, asking server: SocketAddress, isStream: Bool, isOfInterest: (UInt32) -> Bool
  ) -> Answer {
    if descriptor == nil {
      let raw = clinux_diag_socket()
      guard raw >= 0 else { return .failed }
      descriptor = Descriptor(owning: raw)
    }
    guard let raw = descriptor?.raw, client.address.isIPv4 == server.address.isIPv4 else { return .nobody }
    var sender = clinux_sender(
      client_high: client.address.high, client_low: client.address.low, server_high: server.address.high,
      server_low: server.address.low, client_port: client.port, server_port: server.port,
      ipv4: client.address.isIPv4, stream: isStream)
    var user: UInt32 = 0
    number &+= 1
    // Safe, here and below: the calls read the sender and write the user, both alive until they return.
    guard isFound(unsafe clinux_socket_user(raw, number, &sender, &user)) else {
      return descriptor == nil ? .failed : .nobody
    }
    guard isOfInterest(user) else { return .other }
    if isStream { return .user(user) }
    number &+= 2
    guard isFound(unsafe clinux_port_is_of_v4(raw, number &- 1, &sender, user)),
      isFound(unsafe clinux_port_is_of_v6(raw, number, &sender, user))
    else { return descriptor == nil ? .failed : .nobody }
    return .user(user)
  }

  /// Takes a call's result. After a failure the socket may have more to say of what was asked: the next has a new one.
  private mutating func isFound(_ result: Int32) -> Bool {
    if result < 0 { descriptor = nil }
    return result == 1
  }
}
