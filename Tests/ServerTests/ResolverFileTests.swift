import Testing

@testable import Server

@Suite("ambit run: the files that a program finds its name server by")
struct ResolverFileTests {
  @Test func `resolv conf names one server and completes bare names`() {
    let text = resolverConfiguration(nameserver: "127.53.0.1", search: "mesh.test")
    #expect(text.contains("\nnameserver 127.53.0.1\nsearch mesh.test\noptions ndots:1 "))
    // No client gives up before the server says that there is no answer.
    #expect(text.contains(" timeout:5 ") && Forwarder.deadline < 5_000_000_000)
    #expect(!resolverConfiguration(nameserver: "127.53.0.1", search: nil).contains("search"))
  }

  @Test(arguments: [
    ("hosts: files dns", nil),
    ("# hosts: resolve dns\nhosts:\tfiles dns # as usual", nil),
    ("passwd: files systemd", nil),
    ("hosts: files resolve [!UNAVAIL=return] dns", "hosts: files dns"),
    (
      "passwd: files\nhosts: mymachines resolve [!UNAVAIL=return] files myhostname dns # x\nnetworks: files",
      "passwd: files\nhosts: mymachines files dns myhostname\nnetworks: files"
    ),
    ("hosts: files mdns4_minimal[NOTFOUND=return]dns mdns4", "hosts: files dns"),
    ("hosts: files [ SUCCESS = return ] sss dns resolve", "hosts: files [ SUCCESS = return ] sss dns"),
    ("hosts: files", "hosts: files dns"),
  ])
  func `host names go by files and DNS before all that knows better`(text: String, wanted: String?) {
    #expect(nameServiceSwitch(text) == wanted)
    if let wanted { #expect(nameServiceSwitch(wanted) == nil) }
  }
}

@Suite("Overrides as they are written")
struct OverrideWordsTests {
  @Test(arguments: [
    ("orders=127.0.0.1", ["127.0.0.1"], "AMBIT_OVERRIDE_ORDERS"),
    ("orders=127.0.0.1:8080,[::1]:8080", ["127.0.0.1:8080", "[::1]:8080"], "AMBIT_OVERRIDE_ORDERS"),
    ("best-effort.mesh.test.=::1", ["::1"], "AMBIT_OVERRIDE_BEST_EFFORT_MESH_TEST_"),
  ])
  func `an override is read as it is shown`(text: String, places: [String], variable: String) throws {
    let words = try OverrideWords(text)
    #expect(words.places == places)
    #expect(words.variable == variable)
    #expect(words.text == text)
  }

  @Test(arguments: [
    "orders", "=127.0.0.1", "orders=", "orders=web", "orders=127.0.0.1:1,127.0.0.1:2", "orders=127.0.0.1:1,::1",
    "orders=0.0.0.0", "orders=127.0.0.1,", "orders=127.0.0.1:99999",
    "orders=" + (1...17).map { "127.0.0.\($0)" }.joined(separator: ","),
  ])
  func `what is no override is told so`(text: String) {
    #expect(throws: OverrideWords.Problem.self) { _ = try OverrideWords(text) }
  }

  @Test(arguments: [
    "run test", "run test orders=127.0.0.1:8080 web=::1", "override - 7200 orders=127.0.0.1", "restore laptop orders",
    "end run-1", "leases", "leases json", "reload force json", "state",
  ])
  func `a request comes back as it was sent`(line: String) throws {
    let request = try ControlRequest(line: line.utf8)
    #expect(request.octets == Array("\(line)\n".utf8))
    if request.kind.isForEveryone { #expect(try LeaseRequest(request) != nil) }
  }

  @Test(arguments: [
    "run test orders\u{1b}[2J=127.0.0.1", "run test orders\u{202e}=127.0.0.1", "restore - a\tb", "restore - a\u{85}b",
  ])
  func `a request with characters that are not seen is refused`(line: String) {
    #expect(throws: ControlRequest.Problem.self) { _ = try ControlRequest(line: line.utf8) }
    #expect(throws: ControlRequest.Problem.self) { _ = try ControlRequest(line: Array("run ".utf8) + [0xff]) }
  }

  @Test(arguments: [
    "override - 0 orders=127.0.0.1", "override - 604801 orders=127.0.0.1", "override - x orders=127.0.0.1",
    "override - 60", "restore -", "run", "run test orders", "end", "end a b",
  ])
  func `a request that says too little or too much is refused`(line: String) throws {
    let request = try ControlRequest(line: line.utf8)
    #expect(throws: OverrideWords.Problem.self) { _ = try LeaseRequest(request) }
  }
}
