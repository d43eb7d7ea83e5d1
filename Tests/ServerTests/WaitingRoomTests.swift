import Addresses
import Testing

@testable import Server

@Suite("What waits for answers from elsewhere")
struct WaitingRoomTests {
  private func query(_ client: Int, octets: Int) -> HandedQuery {
    var query = HandedQuery()
    query.evidence.source = IPAddress(v4: 0x0a00_0000 | UInt32(client))
    query.request = [UInt8](repeating: 1, count: octets)
    return query
  }

  /// Fills a room from one client, and says how many queries it took.
  private func fill(_ room: inout WaitingRoom, _ one: HandedQuery) -> Int {
    var taken = 0
    while taken < 100_000, room.hasRoom(for: one, questions: 1, of: 4096) {
      room.enter(one)
      taken += 1
    }
    return taken
  }

  @Test func `one client has a quarter of the octets at the most, and all have no more than there are`() {
    var room = WaitingRoom()
    let size = HandedQuery.longestRequest
    #expect(fill(&room, query(1, octets: size)) == WaitingRoom.mostOctetsOfClient / size)
    for client in 2...9 { _ = fill(&room, query(client, octets: size)) }
    #expect(room.octets <= WaitingRoom.mostOctets)
    #expect(room.octets + size > WaitingRoom.mostOctets)
    #expect(!room.hasRoom(for: query(77, octets: size), questions: 1, of: 4096))
  }

  @Test func `short queries are bounded by number, and who leaves makes room`() {
    var room = WaitingRoom()
    var clients = 0
    while clients < 100, fill(&room, query(clients, octets: 40)) > 0 { clients += 1 }
    #expect(room.count == WaitingRoom.mostQueries)
    let one = query(0, octets: 40)
    #expect(!room.hasRoom(for: one, questions: 1, of: 4096))
    let before = room.clients
    while room.count > 0, room.clients == before { room.leave(one) }
    #expect(room.hasRoom(for: one, questions: 1, of: 4096))
    #expect(room.octets == room.count * 40)
  }

  @Test func `a query of more than 4 KiB is not handed over`() throws {
    let server = try TCPTestServer()
    let longest = [UInt8](repeating: 0, count: HandedQuery.longestRequest)
    let isTaken = server.worker.handOver(HandedQuery(), longest.span)
    #expect(isTaken)
    let longer = longest + [0]
    let isLongerTaken = server.worker.handOver(HandedQuery(), longer.span)
    #expect(!isLongerTaken)
    #expect(server.worker.metrics.read()[.forwardedTurnedAway] == 1)
  }
}
