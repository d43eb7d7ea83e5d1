import Foundation
import LinuxIO
import TestSupport
import Testing

@testable import Server

@Suite("ambit reload: what a command and a server say to each other")
struct ControlProtocolTests {
  @Test(arguments: [false, true], [false, true])
  func `a request comes back from its octets`(isForced: Bool, wantsJSON: Bool) throws {
    let request = ControlRequest(isForced: isForced, wantsJSON: wantsJSON)
    #expect(request.octets.last == 10 && request.octets.count <= ControlRequest.longest)
    #expect(try ControlRequest(line: request.octets.dropLast()) == request)
  }

  @Test func `a look is a request too, and takes no words`() throws {
    #expect(try ControlRequest(line: "state".utf8) == ControlRequest(.state))
    #expect(ControlRequest(.state).octets == Array("state\n".utf8))
    for line in ["state json", "state force", "state x", "states"] {
      #expect(throws: ControlRequest.Problem.self) { try ControlRequest(line: line.utf8) }
    }
  }

  @Test(arguments: ["", " ", "restart", "reload now", "Reload", "reload\tforce", "reloadforce", "\0", "force reload"])
  func `what is no request is said to be none`(line: String) {
    #expect(throws: ControlRequest.Problem.self) { try ControlRequest(line: line.utf8) }
  }

  @Test(arguments: ControlAnswer.Status.allCases)
  func `an answer comes back from its octets`(status: ControlAnswer.Status) {
    for text in ["", "reloaded zones\n", "two\nlines\n"] {
      let answer = ControlAnswer(status, text)
      #expect(ControlAnswer(answer.octets) == answer)
    }
  }

  @Test func `an answer that is too long is cut at a line's end, and says so`() throws {
    let long = ControlAnswer(.failed, String(repeating: "zones/x.zone: error\n", count: 100_000))
    #expect(long.octets.count <= ControlAnswer.longest)
    let read = try #require(ControlAnswer(long.octets))
    #expect(read.text.hasSuffix("error\n(the rest is in the server's log)\n"))
    let line = ControlAnswer(.failed, String(repeating: "x", count: 2_000_000))
    #expect(line.octets.count <= ControlAnswer.longest)
    #expect(ControlAnswer(line.octets) != nil)
  }

  @Test(arguments: 1...4)
  func `any octets are a message or none`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<rounds(2000) {
      var octets = random.octets(random.number(0...300))
      if random.chance(50) { octets = Array("reloaded\n".utf8) + octets }
      _ = try? ControlRequest(line: octets)
      _ = ControlAnswer(octets)
    }
  }

  @Test func `a folder has one name whatever path leads to it, and one for where its path stands`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder + "/zones", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "zones")
    let names = controlNames(ofFolder: folder + "/zones")
    #expect(names.count == 2 && Set(names).count == 2)
    #expect(controlNames(ofFolder: folder + "/zones/") == names)
    #expect(controlNames(ofFolder: folder + "//link/../zones") == names)
    #expect(controlNames(ofFolder: folder + "/link").first == names.first)
    #expect(controlNames(ofFolder: folder + "/link").last != names.last)
    #expect(controlNames(ofFolder: folder + "/zones/.") == [names[0]])
    #expect(
      controlNames(ofFolder: folder + "/" + String(repeating: "é", count: 120)).allSatisfy { $0.utf8.count < 107 })
    #expect(controlNames(ofFolder: "/nowhere/at/all") == [])
    #expect(controlNames(ofFolder: "").isEmpty)
  }
}

@Suite("ambit reload: the server's door")
final class ControlDoorTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// One who connects, and what it has read.
  private func connect(_ name: String? = nil) throws -> LocalSocket {
    guard let socket = try LocalSocket.connect(to: name ?? controlNames(ofFolder: folder)[0]) else {
      throw CocoaError(.fileNoSuchFile)
    }
    return socket
  }

  private func read(_ socket: borrowing LocalSocket) -> [UInt8]? {
    var octets: [UInt8] = []
    while true {
      switch socket.read(atMost: 1000) {
      case .octets(let more): octets += more
      case .wouldBlock: return nil
      case .closed: return octets
      }
    }
  }

  @Test func `who asks in pieces is heard, waits, and is answered up to the end`() throws {
    let door = try ControlDoor(folder: folder)
    #expect(door.remark == nil)
    let client = try connect()
    #expect(client.peerUser == currentUser)
    _ = client.write(Array("rel".utf8)[...])
    #expect(door.turn(at: 0).isEmpty && door.turn(at: 0).isEmpty)
    _ = client.write(Array("oad force\n".utf8)[...])
    let asker = try #require(door.turn(at: 0).first)
    #expect(asker.request == ControlRequest(isForced: true))
    door.expire(at: .max)  // who waits for a load is not let go
    #expect(read(client) == nil)
    door.answer(asker, ControlAnswer(.reloaded, "reloaded x\n"), at: 0)
    #expect(read(client) == Array("reloaded\nreloaded x\n".utf8))
  }

  @Test func `who does not take a long answer is let go in time; who does gets all of it`() throws {
    let door = try ControlDoor(folder: folder)
    let slow = try connect(), client = try connect()
    let line = ControlRequest().octets
    _ = slow.write(line[...])
    _ = client.write(line[...])
    var askers: [ControlDoor.Asker] = []
    for _ in 0..<3 { askers += door.turn(at: 0) }
    #expect(askers.count == 2)
    let answer = ControlAnswer(.failed, String(repeating: "error\n", count: 150_000))
    for asker in askers { door.answer(asker, answer, at: 0) }
    var octets: [UInt8] = []
    reading: while true {
      switch client.read(atMost: 1 << 16) {
      case .octets(let more): octets += more
      case .wouldBlock: _ = door.turn(at: 0)
      case .closed: break reading
      }
    }
    #expect(octets == answer.octets)
    door.expire(at: 20_000_000_000)
    #expect((read(slow) ?? []).count < answer.octets.count)
  }

  @Test func `who is silent is let go in time, who talks nonsense is told, who has gone is forgotten`() throws {
    let door = try ControlDoor(folder: folder)
    let silent = try connect(), fool = try connect(), endless = try connect()
    _ = fool.write(Array("shutdown\n".utf8)[...])
    _ = endless.write(Array(repeating: 120, count: 4999)[...])
    for _ in 0..<3 { #expect(door.turn(at: 0).isEmpty) }
    #expect(read(fool).map { ControlAnswer($0)?.status } == .refused)
    #expect(read(endless) == [])
    #expect(read(silent) == nil)
    door.expire(at: 6_000_000_000)
    #expect(read(silent) == [])
    do {
      let gone = try connect()
      _ = gone.write(ControlRequest().octets[...])
    }
    var askers: [ControlDoor.Asker] = []
    for _ in 0..<3 { askers += door.turn(at: 0) }
    for asker in askers { door.answer(asker, ControlAnswer(.held, ""), at: 0) }
  }

  @Test func `too many at once are turned away, and those there are answered`() throws {
    let door = try ControlDoor(folder: folder)
    var clients: [Box] = []
    for _ in 0..<20 {
      clients.append(Box(try connect()))
      _ = door.turn(at: 0)
    }
    for client in clients { _ = client.socket.write(ControlRequest().octets[...]) }
    var askers: [ControlDoor.Asker] = []
    for _ in 0..<4 { askers += door.turn(at: 0) }
    #expect(askers.count == 16)
    for asker in askers { door.answer(asker, ControlAnswer(.reloaded, ""), at: 0) }
    #expect(clients.count { self.read($0.socket) == Array("reloaded\n".utf8) } == 16)
  }

  @Test func `a turn takes so many and no more, whoever waits`() throws {
    let door = try ControlDoor(folder: folder)
    var clients: [Box] = []
    for _ in 0..<17 { clients.append(Box(try connect())) }
    _ = door.turn(at: 0)
    #expect(clients[16].socket.read(atMost: 1) == .wouldBlock)
    _ = door.turn(at: 0)
    #expect(clients[16].socket.read(atMost: 5) == .octets(Array("busy\n".utf8)))
  }

  @Test func `each server of a folder has names of its own up to a number, and takes those that are free`() throws {
    var doors: [ControlDoor] = []
    for _ in controlNumbers { doors.append(try ControlDoor(folder: folder)) }
    #expect(doors[0].remark == nil)
    #expect(doors.dropFirst().allSatisfy { $0.remark?.hasPrefix("another server of \(folder) runs; ") == true })
    for number in controlNumbers {
      for name in controlNames(ofFolder: folder, number: number) {
        let client = Box(try connect(name))
        _ = doors[number].turn(at: 0)
        _ = client.socket.write(ControlRequest().octets[...])
        #expect(doors[number].turn(at: 0).count == 1)
      }
    }
    let last = try ControlDoor(folder: folder)
    #expect(
      last.remark?.hasPrefix(
        "all 16 names by which ambit reload finds servers of \(folder) are taken, by servers of it") == true)
    #expect(last.turn(at: 0).isEmpty)
    doors.remove(at: 3)
    doors.append(try ControlDoor(folder: folder))
    _ = try connect(controlNames(ofFolder: folder, number: 3)[0])
  }

  @Test func `who takes a name and no connection keeps nobody from the server`() throws {
    let squatted = try LocalListener(controlNames(ofFolder: folder, number: 0)[0])
    var waiting: [Box] = []
    let isFull = #expect(throws: SystemError.self) {
      while waiting.count < 1000 { waiting.append(Box(try connect())) }
    }
    #expect(isFull != nil)
    let door = try ControlDoor(folder: folder)
    #expect(
      door.remark
        == "1 of the 16 names by which servers of \(folder) are found is taken, by programs that take no connection; "
        + "ambit reload, top, run and override reach this one all the same")
    var finder = ServerFinder(folder)
    #expect(finder.next() != nil)
    #expect(finder.next() == nil && finder.problems.count == 1)
    withExtendedLifetime(squatted) {}
  }

  @Test func `a folder whose name ends like a number has names of its own`() throws {
    let z = folder + "/z", other = folder + "/z#1"
    for path in [z, other] { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    func all(_ path: String) -> Set<String> { Set(controlNumbers.flatMap { controlNames(ofFolder: path, number: $0) }) }
    #expect(all(z).count == 2 * controlNumbers.count)
    #expect(all(z).isDisjoint(with: all(other)))
  }

  @Test func `without a server the command knows`() {
    #expect(throws: ControlClient.Problem.noServer) { try ControlClient.ask(folder, ControlRequest()) }
  }

  private final class Box {
    let socket: LocalSocket
    init(_ socket: consuming LocalSocket) { self.socket = socket }
  }
}
