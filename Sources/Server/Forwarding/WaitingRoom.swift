internal import Addresses

/// What waits for answers from elsewhere: bounded in queries and in octets, so that nobody makes it grow, and shared, so
/// that one that asks for random names leaves the others room.
struct WaitingRoom {
  /// Queries that wait at a time. While half of the places are taken, one client has a quarter of them at the most.
  static let mostQueries = 16384
  /// Octets that they have together, and those of one client.
  static let mostOctets = 8 << 20
  static let mostOctetsOfClient = mostOctets / 4

  /// What one client has in it.
  private struct Share {
    var count = 0
    var octets = 0
  }

  /// Queries that wait.
  private(set) var count = 0
  /// Octets of their messages.
  private(set) var octets = 0
  private var shares: [IPAddress: Share] = [:]

  /// Clients that wait.
  var clients: Int { shares.count }

  /// Whether one more query may wait. While half of the places are free anybody may have them.
  /// - Parameters:
  ///   - questions: those that are being asked.
  ///   - room: those that can be.
  func hasRoom(for query: HandedQuery, questions: Int, of room: Int) -> Bool {
    let share = shares[query.client] ?? Share()
    let size = query.request.count
    guard count < Self.mostQueries, octets + size <= Self.mostOctets, share.octets + size <= Self.mostOctetsOfClient
    else { return false }
    if count * 2 < Self.mostQueries, questions * 2 < room { return true }
    return share.count * 4 < min(Self.mostQueries, room)
  }

  /// A query waits from now on.
  mutating func enter(_ query: HandedQuery) {
    count += 1
    octets += query.request.count
    shares[query.client, default: Share()].count += 1
    shares[query.client, default: Share()].octets += query.request.count
  }

  /// A query that waited has its answer.
  mutating func leave(_ query: HandedQuery) {
    guard var share = shares[query.client] else { return }
    count -= 1
    octets -= query.request.count
    share.count -= 1
    share.octets -= query.request.count
    shares[query.client] = share.count == 0 ? nil : share
  }
}
