internal import Addresses

/// One worker's connections: by slot, in the order of their last progress, and those that hold memory in the order in
/// which they began to. A *newcomer* has had no response yet.
struct TCPTable {
  private var connections: [TCPConnection?] = []
  private var freeSlots: [Int] = []
  private var byProgress = QuietOrder()
  private var newcomers = QuietOrder()
  private var holders = QuietOrder()
  /// Octets that all of them hold.
  private(set) var heldOctets = 0

  /// How many there are.
  var count: Int { byProgress.count }

  /// The connection in a slot.
  subscript(_ slot: Int) -> TCPConnection? { connections.indices.contains(slot) ? connections[slot] : nil }

  /// The one without progress for longest.
  var quietest: TCPConnection? { byProgress.first.flatMap { self[$0] } }

  /// The one to close where there are too many: the oldest newcomer, where a quarter or more are newcomers, so that a
  /// flood of those who ask nothing costs nobody who has asked his connection; else the quietest.
  var mostDispensable: TCPConnection? {
    let slot = newcomers.count * 4 >= count ? newcomers.first : byProgress.first
    return slot.flatMap { self[$0] }
  }

  /// The one that has held memory for longest.
  var oldestHolder: TCPConnection? { holders.first.flatMap { self[$0] } }

  /// A client's quietest, among so many of the quietest of all.
  func quietest(of client: IPAddress, among most: Int) -> TCPConnection? {
    var slot = byProgress.first
    for _ in 0..<most {
      guard let current = slot, let connection = self[current] else { return nil }
      if connection.client?.client == client { return connection }
      slot = byProgress.slot(after: current)
    }
    return nil
  }

  /// The connections that came by some of the listeners.
  func connections(by listeners: Set<Int>) -> [TCPConnection] {
    listeners.isEmpty ? [] : connections.compactMap { $0 }.filter { listeners.contains($0.listener) }
  }

  /// Adds a connection, made for the slot it gets.
  mutating func add(_ make: (Int) -> TCPConnection) -> TCPConnection {
    let slot = freeSlots.popLast() ?? connections.count
    if slot == connections.count { connections.append(nil) }
    let connection = make(slot)
    connections[slot] = connection
    byProgress.touch(slot)
    newcomers.touch(slot)
    return connection
  }

  mutating func remove(_ connection: TCPConnection) {
    heldOctets -= connection.countedOctets
    byProgress.remove(connection.slot)
    newcomers.remove(connection.slot)
    holders.remove(connection.slot)
    connections[connection.slot] = nil
    freeSlots.append(connection.slot)
  }

  /// A response was given or all were taken.
  mutating func noteProgress(_ connection: TCPConnection, now: UInt64) {
    connection.lastProgress = now
    byProgress.touch(connection.slot)
    newcomers.remove(connection.slot)
  }

  /// Counts anew what a connection holds.
  mutating func noteHeld(_ connection: TCPConnection) {
    let held = connection.heldOctets
    if held == connection.countedOctets { return }
    heldOctets += held - connection.countedOctets
    if held == 0 {
      holders.remove(connection.slot)
    } else if connection.countedOctets == 0 {
      holders.touch(connection.slot)
    }
    connection.countedOctets = held
  }
}
