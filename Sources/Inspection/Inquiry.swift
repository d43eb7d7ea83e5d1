internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy

/// Asks a snapshot many questions, as whoever some evidence shows, and takes a response apart only where it is looked at.
struct Inquiry: ~Copyable {
  private var workspace = Workspace()
  private var response = OctetBuffer(capacity: 65535)
  private let snapshot: Snapshot
  private let time: UInt32

  /// - Parameter time: when its queries come, in seconds since 1970: exceptions end.
  init(_ snapshot: Snapshot, at time: UInt32) {
    self.snapshot = snapshot
    self.time = time
  }

  /// One query with EDNS over TCP, so that nothing is cut.
  mutating func ask(_ name: DomainName, _ type: RRType, _ evidence: Evidence) -> Outcome {
    respond(
      to: Message.query(name, type).span, Arrival(evidence, transport: .tcp, time: time), snapshot, using: &workspace,
      into: &response)
  }

  /// The last response, taken apart; nil for silence.
  var message: Message? { response.count == 0 ? nil : try? Message(response.octets.octets(0..<response.count)) }

  /// True where two last responses are the same, octet by octet.
  func hasSameResponse(as other: borrowing Inquiry) -> Bool {
    guard response.count == other.response.count else { return false }
    let own = response.octets, others = other.response.octets
    for index in own.indices where own[index] != others[index] { return false }
    return true
  }
}
