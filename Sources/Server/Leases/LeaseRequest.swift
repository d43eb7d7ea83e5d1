package import Addresses
internal import DNSFormat
internal import Policy

/// An override as it is written: `orders=127.0.0.1:8080`, of several addresses `orders=127.0.0.1,::1`.
package struct OverrideWords: Hashable, Sendable {
  /// As written: relative to the policy's origin, or with a dot at its end.
  package var name: String
  package var addresses: [IPAddress]
  /// The one port that all of them have; nil for none.
  package var port: UInt16?
  /// Addresses of one override at the most.
  package static let mostAddresses = 16

  /// What is wrong with one, in a sentence.
  package struct Problem: Error, Hashable {
    package let text: String
  }

  /// Reads `NAME=ADDR[:PORT][,ADDR[:PORT]...]`.
  package init(_ text: String) throws(Problem) {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw Problem(text: "\"\(text)\" is no override; write NAME=ADDR or NAME=ADDR:PORT, as orders=127.0.0.1:8080")
    }
    let words = text[text.index(after: sign)...].split(separator: ",", omittingEmptySubsequences: false)
    try self.init(name: String(text[..<sign]), addresses: words.map(String.init))
  }

  /// - Parameter words: each an address, with a port or without.
  package init(name: String, addresses words: [String]) throws(Problem) {
    self.name = name
    addresses = []
    var ports: Set<UInt16?> = []
    for word in words {
      // Port 0 stands for none: it is none that anybody listens at.
      guard let address = SocketAddress(word, defaultPort: 0) else {
        throw Problem(text: "\"\(word)\" is no address; write for example 127.0.0.1, 127.0.0.1:8080 or [::1]:8080")
      }
      if address.address.isWildcard {
        throw Problem(text: "\"\(word)\" is no address that anybody can call; write for example 127.0.0.1")
      }
      if !addresses.contains(address.address) { addresses.append(address.address) }
      ports.insert(address.port == 0 ? nil : address.port)
    }
    if addresses.isEmpty || addresses.count > Self.mostAddresses {
      throw Problem(text: "an override of \(name) has 1 to \(Self.mostAddresses) addresses")
    }
    if ports.count > 1 {
      throw Problem(text: "the addresses of \(name) have different ports; an override has one port, or none")
    }
    port = ports.first ?? nil
  }

  /// As it is sent and shown: `orders=127.0.0.1:8080`.
  package var text: String { "\(name)=\(places.joined(separator: ","))" }

  /// The addresses, each with the port.
  package var places: [String] {
    addresses.map { address in port.map { SocketAddress(address, port: $0).description } ?? address.description }
  }

  /// The variable by which a program that is run learns where it is: `AMBIT_OVERRIDE_ORDERS`.
  package var variable: String {
    let letters = name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return "AMBIT_OVERRIDE_\(String(letters))"
  }
}

/// A request about leases, read.
enum LeaseRequest {
  case run(context: String, [OverrideWords])
  case override(context: String?, OverrideWords, seconds: UInt32)
  case restore(context: String?, name: String)
  /// Of a program: its own context, its address or its process.
  case end(run: String)
  case list(asJSON: Bool)

  /// Seconds that an override may be leased for.
  static let longest: UInt32 = 7 * 86_400
  /// Overrides of one run at the most.
  static let mostOverrides = 32

  /// - Returns: nil for a request about something else.
  init?(_ request: ControlRequest) throws(OverrideWords.Problem) {
    let words = request.words
    switch request.kind {
    case .reload, .state: return nil
    case .leases: self = .list(asJSON: request.wantsJSON)
    case .run:
      guard let context = words.first, words.count <= Self.mostOverrides + 1 else {
        throw .init(text: "a run is in one context, with at most \(Self.mostOverrides) overrides")
      }
      var overrides: [OverrideWords] = []
      for word in words.dropFirst() { overrides.append(try OverrideWords(word)) }
      self = .run(context: context, overrides)
    case .override:
      guard words.count == 3, let seconds = UInt32(words[1]), 1...Self.longest ~= seconds else {
        throw .init(text: "an override is for 1 second to 7 days")
      }
      self = .override(context: words[0] == "-" ? nil : words[0], try OverrideWords(words[2]), seconds: seconds)
    case .restore:
      guard words.count == 2 else { throw .init(text: "what is taken away is the override of one name") }
      self = .restore(context: words[0] == "-" ? nil : words[0], name: words[1])
    case .end:
      guard words.count == 1 else { throw .init(text: "what ends is the lease of one program") }
      self = .end(run: words[0])
    }
  }
}

/// What a program that is run needs to know, as a line of JSON.
package struct LeaseGrant: Codable, Hashable, Sendable {
  /// Where to ask, at port 53.
  package var resolver: String
  /// What bare names are completed with; nil for nothing.
  package var search: String?
  /// The context that its callers are in.
  package var context: String
}

/// What there is of leases, as `ambit override --list` shows it.
package struct LeaseList: Codable, Hashable, Sendable {
  /// A program that runs in a context.
  package struct Run: Codable, Hashable, Sendable {
    package var context: String
    package var resolver: String
    package var user: String
    /// Nil where it is not known.
    package var process: Int32?
    package var overrides: [String]
  }

  /// A name that has other addresses for a time.
  package struct Override: Codable, Hashable, Sendable {
    package var context: String
    package var name: String
    package var addresses: [String]
    package var user: String
    /// As ISO 8601.
    package var until: String
    package var secondsLeft: UInt32
  }

  package var runs: [Run] = []
  package var overrides: [Override] = []
  /// How many of both are other users', and are not shown; nil where all are shown.
  package var others: Int?
}
