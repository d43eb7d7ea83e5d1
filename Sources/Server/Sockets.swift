internal import Addresses
internal import LinuxIO

/// The sockets of all workers, bound before any worker starts.
struct Sockets {
  /// Where the server listens, ports chosen by the kernel filled in.
  private(set) var addresses: [SocketAddress] = []
  /// Addresses of IPv6's loopback that are not listened on, since the host has IPv6 switched off.
  private(set) var left: [SocketAddress] = []
  /// By worker, then by address.
  private(set) var datagrams: [[UDPListener]]
  private(set) var doors: [[TCPDoor]]

  /// Binds UDP and TCP at every address, once for each worker.
  ///
  /// Sockets that share a port would also share it with another server of the same user, and each would get half of the
  /// queries: so the port is tried first without sharing.
  init(_ wanted: [SocketAddress], workers: Int) throws(SystemError) {
    datagrams = Array(repeating: [], count: workers)
    doors = Array(repeating: [], count: workers)
    let wanted = try there(wanted)
    for address in wanted where address.port != 0 {
      if UDPSocket.isTaken(address) || TCPListener.isTaken(address) {
        throw SystemError.addressInUse(address)
      }
    }
    for (index, address) in wanted.enumerated() {
      var address = address
      for worker in 0..<workers {
        let socket = try UDPSocket.bind(to: address, sharesPort: true)
        if worker == 0 {
          address = socket.localAddress
          addresses.append(address)
        }
        datagrams[worker].append(UDPListener(socket, index: index))
        doors[worker].append(TCPDoor(try TCPListener.bind(to: address), index: index))
      }
    }
  }

  /// The addresses without ::1 where the host has no IPv6, as in many containers: who listens on both loopbacks means
  /// those that there are. Any other address that is missing is a mistake, and found when it is bound.
  private mutating func there(_ wanted: [SocketAddress]) throws(SystemError) -> [SocketAddress] {
    var found: [SocketAddress] = []
    for address in wanted {
      do throws(SystemError) {
        if address.address == IPAddress(high: 0, low: 1) {
          _ = try UDPSocket.bind(to: SocketAddress(address.address, port: 0), sharesPort: false)
        }
        found.append(address)
      } catch {
        guard error.isAddressMissing else { throw error }
        left.append(address)
      }
    }
    if found.isEmpty {
      left = []
      return wanted
    }
    return found
  }
}
