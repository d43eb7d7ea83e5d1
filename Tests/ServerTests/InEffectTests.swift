import Addresses
import Foundation
import LinuxIO
import Policy
import Testing

@testable import Server

@Suite("What of a policy is not in effect is told, with what asked for it")
struct InEffectTests {
  private let folder = NSTemporaryDirectory() + "ambit-effect-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func policy(_ text: String) throws -> Policy {
    let reading = Policy.read([("zones/a.policy", Array(text.utf8))])
    return try #require(reading.policy, "\(reading.diagnostics)")
  }

  private func logs(_ options: ServerOptions = ServerOptions(), _ text: String = "") throws -> ServerLogs {
    try ServerLogs(options, policy(text), [], [:], log: ServerLog())
  }

  @Test func `a reload tells every log that cannot be opened, each time, until it can be`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let logs = try logs(ServerOptions(), "query-log \(folder)/q")
    let wrong = try policy("metrics-log \(folder)\nquery-log \(folder)/no/q\ndnstap \(folder)/no/d")
    let problems = [
      "cannot write \(folder) (metrics-log, zones/a.policy:1): is a directory; until a reload can open it, metrics go "
        + "nowhere",
      "cannot write \(folder)/no/q (query-log, zones/a.policy:2): no such file or directory; until a reload can open it, "
        + "queries are logged as before",
      "cannot write \(folder)/no/d (dnstap, zones/a.policy:3): no such file or directory; until a reload can open it, "
        + "dnstap goes nowhere",
    ]
    #expect(logs.change(to: wrong) == problems)
    #expect(logs.change(to: wrong) == problems)
    #expect(logs.places == "queries to \(folder)/q")
    let right = try policy("metrics-log \(folder)/m\nquery-log \(folder)/r refused\ndnstap unix \(folder)/no/d")
    #expect(logs.change(to: right) == [])
    #expect(logs.places == "metrics to \(folder)/m, refused queries to \(folder)/r, dnstap to socket \(folder)/no/d")
    #expect(try logs.change(to: policy("")) == [])
    #expect(logs.places == nil)
  }

  @Test func `a start that cannot open a log names the option or the statement`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = ServerOptions()
    options.dnstap = .to(.file(folder))
    #expect(throws: SystemError("write", "\(folder) (--dnstap)", errno: 21)) {
      try logs(options, "dnstap \(folder)/d")
    }
    #expect(throws: SystemError("write", "\(folder) (query-log, zones/a.policy:2)", errno: 21)) {
      try logs(ServerOptions(), "cookies on\nquery-log \(folder)")
    }
  }

  @Test func `HTTP is elsewhere than a policy wants, by what is bound`() throws {
    let free = try TCPListener.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0)).localAddress
    let listeners = try HTTPListeners(ServerOptions(), policy("http \(free)"))
    #expect(try !listeners.areElsewhere(than: policy("http \(free)")))
    for text in ["http off", "", "http 127.0.0.77:8053", "http \(free) [::1]:8053"] {
      #expect(try listeners.areElsewhere(than: policy(text)), "\(text)")
    }
    let none = try HTTPListeners(ServerOptions(), policy("http off"))
    #expect(try !none.areElsewhere(than: policy("http off")))
    #expect(try none.areElsewhere(than: policy("")))
    // Whoever has the default port.
    let unsaid = try HTTPListeners(ServerOptions(), policy(""))
    #expect(try !unsaid.areElsewhere(than: policy("")))
    #expect(try unsaid.areElsewhere(than: policy("http 127.0.0.1:8053")) == (unsaid.problem != nil))
  }

  @Test func `an HTTP address that is taken is told as one of HTTP`() throws {
    let taken = try TCPListener.bind(to: SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0))
    let address = taken.localAddress
    var options = ServerOptions()
    options.http = [address]
    #expect(throws: SystemError("bind", "\(address) (--http)", errno: 98)) {
      try HTTPListeners(options, policy(""))
    }
    #expect(throws: SystemError("bind", "\(address) (http, zones/a.policy:1)", errno: 98)) {
      try HTTPListeners(ServerOptions(), policy("http \(address)"))
    }
  }
}
