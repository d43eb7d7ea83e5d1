internal import Addresses
internal import Answering
internal import DNSFormat
internal import Diagnostics
internal import LinuxIO
internal import Policy

/// What a lease of a program holds: an address to listen at, and an eye on the process.
extension LeaseDesk {
  func watch(_ slot: Int, _ process: Int32?) {
    guard let process, let found = ProcessWatch(process), let index = leases.firstIndex(where: { $0.slot == slot })
    else {
      for index in leases.indices where leases[index].slot == slot { leases[index].isProcessGone = true }
      return
    }
    let watch = Watch(found)
    if (try? poller.add(watch.process.raw, token: UInt64(slot))) == nil {
      leases[index].isProcessGone = true
      return
    }
    watches[slot] = watch
  }

  /// Binds port 53 of an address of 127.53.0.0/16 that nobody has, and that nobody had lately: whoever still asks there,
  /// as the child of a program that was run, is not to be answered as somebody else's.
  func bind(_ slot: Int) throws(SystemError) -> (UDPListener, TCPDoor) {
    var first: SystemError?
    for _ in 0..<64 {
      let number = UInt16.random(in: 1...UInt16.max - 1)
      if given.contains(number) { continue }
      let address = SocketAddress(IPAddress(v4: 127 << 24 | 53 << 16 | UInt32(number)), port: Self.port)
      if UDPSocket.isTaken(address) || TCPListener.isTaken(address) {
        first = first ?? .addressInUse(address)
        continue
      }
      return try bind(slot, to: address)
    }
    throw first ?? .addressInUse(SocketAddress(IPAddress(v4: 127 << 24), port: Self.port))
  }

  /// Binds an address for a lease.
  func bind(_ slot: Int, to address: SocketAddress) throws(SystemError) -> (UDPListener, TCPDoor) {
    if UDPSocket.isTaken(address) || TCPListener.isTaken(address) { throw .addressInUse(address) }
    let index = firstIndex + slot
    let datagrams = UDPListener(try UDPSocket.bind(to: address, sharesPort: false), index: index)
    let door = TCPDoor(try TCPListener.bind(to: address), index: index)
    if given.count == Self.addressesRemembered { given.removeFirst() }
    given.append(UInt16(truncatingIfNeeded: address.address.low))
    return (datagrams, door)
  }

  /// Whether an address is of those that are leased.
  static func isLeasable(_ address: IPAddress) -> Bool { address.isIPv4 && address.low >> 16 == 127 << 8 | 53 }
}
