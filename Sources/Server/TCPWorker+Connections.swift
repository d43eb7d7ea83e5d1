internal import Addresses
internal import LinuxIO
internal import Metrics
internal import Policy

/// Who gets a connection, and who loses one.
extension TCPWorker {
  /// Connections looked at for one of a client that has too many: a bound on the time an accept takes.
  private static let quietestLookedAt = 256

  func accept(at door: TCPDoor, _ now: UInt64, _ bench: inout Bench) {
    for _ in 0..<64 {
      do throws(SystemError) {
        guard let socket = try door.listener.accept() else { return }
        worker.metrics.count(.connectionsAccepted)
        let isProxy = bench.served.isProxy(socket.peer.address)
        guard makeRoom(for: isProxy ? nil : socket.peer.address, &bench) else {
          worker.metrics.count(.connectionsRefused)
          worker.metrics.count(.connectionsClosed)
          continue
        }
        let raw = socket.raw
        // A closure cannot consume what it captures, but it can take it out of an optional.
        var accepted: TCPSocket? = consume socket
        bench.serial &+= 1
        let serial = bench.serial
        let connection = bench.table.add { slot in
          guard let socket = accepted.take() else { preconditionFailure("a table makes one connection of a socket") }
          return TCPConnection(socket, isProxy: isProxy, listener: door.index, slot: slot, serial: serial, now: now)
        }
        do throws(SystemError) {
          try bench.poller.add(raw, token: UInt64(connection.slot))
        } catch {
          bench.table.remove(connection)
          worker.metrics.count(.connectionsClosed)
          census.leave(connection.client)
          throw error
        }
        // Most who mean it have asked by now, and the next wait may be many others away.
        finish(connection, read(connection, now, &bench), &bench)
      } catch {
        // No descriptor left, most likely: the quietest connection makes room, and the next wait brings this one again.
        // Where this worker has none, the doors stay shut until the next sweep: a listener with someone waiting is
        // always ready.
        worker.metrics.count(.connectionsRefused)
        guard let other = bench.table.mostDispensable else { return watchDoors(false, &bench) }
        return close(other, &bench)
      }
    }
  }

  /// Counts a connection, closing another where there are too many.
  /// - Parameter source: nil for a trusted proxy's.
  /// - Returns: false where its client has too many, none of them among this worker's quietest.
  func makeRoom(for source: IPAddress?, _ bench: inout Bench) -> Bool {
    let limits = bench.served.tcpLimits
    let share = census.share(limits)
    while bench.table.count >= share, let other = bench.table.mostDispensable { close(other, &bench) }
    if census.admit(source, limits) { return true }
    return source.map { takePlace(of: $0, limits, &bench) } ?? false
  }

  /// Counts a connection of a client that has too many, in the place of its quietest, which is closed.
  func takePlace(of client: IPAddress, _ limits: TCPLimits, _ bench: inout Bench) -> Bool {
    guard let own = bench.table.quietest(of: client.client, among: Self.quietestLookedAt) else { return false }
    end(own, &bench)
    return census.admit(client, replacing: own.client, limits)
  }

  /// Counts a proxy's connection as its client's, once that is known.
  /// - Returns: false where the client has too many, none of them among this worker's quietest.
  func count(_ connection: TCPConnection, as client: IPAddress, _ bench: inout Bench) -> Bool {
    let limits = bench.served.tcpLimits
    guard census.admit(client, limits) || takePlace(of: client, limits, &bench) else {
      worker.metrics.count(.connectionsRefused)
      return false
    }
    census.leave(connection.client)
    connection.client = client
    return true
  }

  /// Takes other doors; connections by one that is gone end.
  func change(to doors: [TCPDoor], _ bench: inout Bench) throws(SystemError) {
    let gone = Set(bench.doors.map(\.index)).subtracting(doors.map(\.index))
    for door in bench.doors { bench.poller.remove(door.listener.raw) }
    for connection in bench.table.connections(by: gone) { close(connection, &bench) }
    bench.doors = doors
    for (position, door) in doors.enumerated() {
      try bench.poller.add(
        door.listener.raw, token: UInt64(position) | Self.doorBit, readable: bench.areDoorsOpen)
    }
  }

  func watchDoors(_ areOpen: Bool, _ bench: inout Bench) {
    bench.areDoorsOpen = areOpen
    for (position, door) in bench.doors.enumerated() {
      try? bench.poller.modify(
        door.listener.raw, token: UInt64(position) | Self.doorBit, readable: areOpen, writable: false)
    }
  }

  func close(_ connection: TCPConnection, _ bench: inout Bench) {
    end(connection, &bench)
    census.leave(connection.client)
  }

  /// Closes a connection, but leaves it in the census.
  func end(_ connection: TCPConnection, _ bench: inout Bench) {
    if connection.holdsRequest { worker.metrics.count(.requestsCut) }
    // Its socket is closed with it, which ends the watching.
    bench.table.remove(connection)
    worker.metrics.count(.connectionsClosed)
  }

  func closeIdle(_ now: UInt64, _ bench: inout Bench) {
    guard now &- bench.lastSweep > 1_000_000_000 else { return }
    bench.lastSweep = now
    if !bench.areDoorsOpen { watchDoors(true, &bench) }
    bench.idleTime = census.idleTime(bench.served.tcpLimits)
    while let quietest = bench.table.quietest, now &- quietest.lastProgress > bench.idleTime {
      if quietest.awaitsAnswer(at: now) {
        bench.table.noteProgress(quietest, now: now)
      } else {
        close(quietest, &bench)
      }
    }
  }

  /// Counts what a connection holds; where all hold too much, those go that have held for longest.
  func noteHeld(_ connection: TCPConnection, _ bench: inout Bench) {
    bench.table.noteHeld(connection)
    while bench.table.heldOctets > heldLimit, let holder = bench.table.oldestHolder { close(holder, &bench) }
  }
}
