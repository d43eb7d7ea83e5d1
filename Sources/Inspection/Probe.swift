// Inspection: questions that a person asks of a snapshot: is it right (`Checks`, `Expectations`), why this answer
// (`Explanation`). Takes a loaded configuration, gives findings and words; asks the same `respond` that serves queries.

package import Addresses
package import Answering
package import DNSFormat
internal import FlatMemory
package import Policy

/// Asks a snapshot as a client on the network would, and reads the response.
package struct Probe: ~Copyable {
  private var workspace = Workspace()
  private var response = OctetBuffer(capacity: 65535)
  private let snapshot: Snapshot
  private let time: UInt32

  /// - Parameters:
  ///   - time: when its queries come, in seconds since 1970: exceptions end.
  ///   - capsAnswers: false where answers are to have all that may be given: which of them `max-answers` leaves is chance.
  package init(_ snapshot: Snapshot, at time: UInt32, capsAnswers: Bool = true) {
    workspace.capsAnswers = capsAnswers
    self.snapshot = snapshot
    self.time = time
  }

  /// One query with EDNS over TCP, so that nothing is cut.
  /// - Parameter listener: the address asked, where a context may claim it.
  /// - Returns: the outcome, and the response; nil for silence.
  package mutating func ask(
    _ name: DomainName, _ type: RRType, from source: IPAddress, at listener: SocketAddress? = nil
  ) -> (Outcome, Message?) {
    ask(name, type, Asker(source, at: listener))
  }

  /// The same of an asker of whom more is known.
  package mutating func ask(_ name: DomainName, _ type: RRType, _ asker: Asker) -> (Outcome, Message?) {
    ask(name, type, by: asker.evidence(for: snapshot.policy))
  }

  /// The same query, from whom the evidence shows.
  /// - Parameter subnet: for whom it is asked, where the query says so; believed of a trusted forwarder.
  package mutating func ask(
    _ name: DomainName, _ type: RRType, by evidence: Evidence, for subnet: ClientSubnet? = nil
  ) -> (Outcome, Message?) {
    let query = Message.query(name, type, clientSubnet: subnet)
    let outcome = respond(
      to: query.span, Arrival(evidence, transport: .tcp, time: time), snapshot, using: &workspace, into: &response)
    let octets = response.octets.octets(0..<response.count)
    return (outcome, octets.isEmpty ? nil : try? Message(octets))
  }
}

/// Who asks, as a person tells it.
package struct Asker: Sendable {
  /// Its address.
  package let source: IPAddress
  /// The address that it asks, where a context may claim it.
  package let listener: SocketAddress?
  /// The common name of the certificate that a trusted proxy would have verified.
  package let certificate: String?
  /// The number of the user of this host that it is.
  package let user: UInt32?

  package init(
    _ source: IPAddress, at listener: SocketAddress? = nil, certificate: String? = nil, user: UInt32? = nil
  ) {
    self.source = source
    self.listener = listener
    self.certificate = certificate
    self.user = user
  }

  /// What a server would know.
  func evidence(for policy: CompiledPolicy) -> Evidence {
    let listen = listener.flatMap { listener in policy.policy.listens.first { $0.address == listener } }
    var evidence = Evidence(source: source, listenerContext: listen?.context.map { UInt16($0) }, user: user)
    if let certificate {
      evidence.addressSource = .proxy
      policy.callers.note(commonName: Array(certificate.utf8).span, in: &evidence)
    }
    return evidence
  }
}
