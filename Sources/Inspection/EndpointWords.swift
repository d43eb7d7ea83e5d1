internal import Addresses
internal import Answering
internal import Diagnostics
internal import Policy

/// What is said of one endpoint of a service, for `explain`: why a caller does not get it, or how often.
struct EndpointWords {
  private let service: Service
  private let number: UInt32
  private let row: SteeringTable.Row
  private let snapshot: Snapshot
  /// Which of a thousand callers asks.
  private let place: UInt32

  /// - Parameter caller: whose address says whether a canary is for it.
  /// - Returns: nil for a service that says nothing of its endpoints.
  init?(_ number: UInt32, _ snapshot: Snapshot, caller: IPAddress) {
    guard let row = snapshot.policy.steering.row(of: number) else { return nil }
    self.number = number
    self.row = row
    self.snapshot = snapshot
    service = snapshot.policy.policy.services[Int(number) - 1]
    place = snapshot.policy.steering.place(of: caller, row)
  }

  /// `  (left out: drain orders.policy:9)`; empty where there is nothing to say.
  func words(_ address: IPAddress) -> String {
    let steering = service.steering
    let mark = snapshot.policy.steering.mark(of: address, row)
    var said: [String] = []
    if mark.isDrained { said.append("left out: drain\(line(steering.drained, address))") }
    for colour in Steering.Colour.allCases {
      guard let live = steering.live, live != colour, row.live != mark.colour, mark.colour != 0,
        let prefixes = steering.colours[colour]
      else { continue }
      said.append("left out: \(colour.rawValue)\(line(prefixes, address)), live is \(live.rawValue)")
    }
    if mark.isCanary, let canary = steering.canaries.first(where: { covers($0.prefixes, address) }) {
      let isFor = place >= mark.canaryStart && place < mark.canaryEnd
      said.append(
        "\(isFor ? "given: canary" : "left out: canary") of \(shareText(canary.share)) of the callers "
          + "(\(canary.location.short)), this one \(isFor ? "among them" : "not among them")")
    }
    if mark.hasWeight {
      said.append("weight \(mark.weight)\(line(steering.weights.map(\.prefix), address))")
    }
    if snapshot.situation.endpoints.isDown(address, of: number) {
      said.append("down: health\(steering.health.map { " (\($0.location.short))" } ?? "")")
    }
    return said.isEmpty ? "" : "  (\(said.joined(separator: "; ")))"
  }

  /// What the service says of all its endpoints.
  var facts: [(text: String, place: String?)] {
    let steering = service.steering
    let lines = steeringLines(service, snapshot.policy.policy)
    var facts: [(text: String, place: String?)] = []
    for keyword in ["max-answers", "prefer", "floor", "fail"] {
      if let line = lines[keyword] { facts.append(("\(keyword) \(line.text)", line.place?.short)) }
    }
    switch snapshot.situation.endpoints.state(of: number) {
    case .well: break
    case .unsettled: facts.append(("not all endpoints are well: answers have a short TTL", nil))
    case .broken:
      facts.append(("the circuit breaker is open: fail says what is answered", steering.health?.location.short))
    }
    return facts
  }

  private func covers(_ prefixes: [LocatedPrefix], _ address: IPAddress) -> Bool {
    prefixes.contains { $0.prefix.contains(address) }
  }

  /// ` (orders.policy:9)`, of the longest prefix that covers an address.
  private func line(_ prefixes: [LocatedPrefix], _ address: IPAddress) -> String {
    let longest = prefixes.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
    return longest.map { " (\($0.location.short))" } ?? ""
  }
}

extension IPAddress {
  /// The address in four or sixteen octets; nil of any other number.
  init?(octets: [UInt8]) {
    func number(_ range: Range<Int>) -> UInt64 { octets[range].reduce(0) { $0 << 8 | UInt64($1) } }
    switch octets.count {
    case 4: self.init(v4: UInt32(number(0..<4)))
    case 16: self.init(high: number(0..<8), low: number(8..<16))
    default: return nil
    }
  }
}
