internal import Addresses
internal import Answering
internal import FlatMemory
internal import Policy

/// Makes dnstap's messages of records, each in its frame: AUTH_QUERY and, where there was a response, AUTH_RESPONSE. Where
/// the policy refused or would have, what it decided is in `extra`, as JSON.
struct DnstapFormatter: ~Copyable {
  /// Octets that one record's frames have room in.
  static let longest = 2 * (65535 + 2 * DnstapFormatter.longestExtra)
  /// A decision's JSON text that is longer is left out.
  private static let longestExtra = 16384

  /// The numbers of dnstap.proto's fields and values.
  private enum Number {
    static let identity: UInt64 = 1, version: UInt64 = 2, extra: UInt64 = 3, message: UInt64 = 14, type: UInt64 = 15
    static let isMessage: UInt64 = 1
  }
  private enum MessageNumber {
    static let type: UInt64 = 1, family: UInt64 = 2, transport: UInt64 = 3, queryAddress: UInt64 = 4
    static let responseAddress: UInt64 = 5, queryPort: UInt64 = 6, responsePort: UInt64 = 7
    static let querySeconds: UInt64 = 8, queryNanoseconds: UInt64 = 9, query: UInt64 = 10
    static let responseSeconds: UInt64 = 12, responseNanoseconds: UInt64 = 13, response: UInt64 = 14
    static let authQuery: UInt64 = 1, authResponse: UInt64 = 2
  }

  private let hostName: [UInt8]
  private var texts = QueryLogFormatter()
  private var message = OctetBuffer(capacity: 65535 + 256)
  private var extra = OctetBuffer(capacity: DnstapFormatter.longestExtra)
  /// What the server is called, by the last snapshot seen.
  private var identity: [UInt8] = []
  private var version: [UInt8] = []
  private var generation: UInt64 = 0

  /// - Parameter hostName: the server's identity where its policy says no NSID.
  init(hostName: String) { self.hostName = Array(hostName.utf8) }

  /// Forgets the words of snapshots that no record can be of any more.
  mutating func keep(_ generations: Set<UInt64>) { texts.keep(generations) }

  /// Appends a record's frames.
  /// - Parameter snapshot: the one that decided; nil where it is gone, and with it what there is to say of a decision.
  /// - Returns: how many there are; 0 where they do not fit, and nothing was appended.
  mutating func append(_ record: DecisionRecord, _ snapshot: Snapshot?, to frames: inout OctetBuffer) -> Int {
    extra.reset()
    if let snapshot {
      if record.generation != generation {
        identity = snapshot.nsid.count > 0 ? snapshot.nsid.octets(0..<snapshot.nsid.count) : hostName
        version = snapshot.version.octets(0..<snapshot.version.count)
        generation = record.generation
      }
      if record.refusal != nil { texts.append(decisionOf: record, snapshot.policy, to: &extra) }
      if extra.overflowed { extra.reset() }
    }
    let start = frames.count
    append(record, isResponse: false, to: &frames)
    if record.responseSize > 0 { append(record, isResponse: true, to: &frames) }
    if frames.overflowed {
      frames.truncate(to: start)
      return 0
    }
    return record.responseSize > 0 ? 2 : 1
  }

  private mutating func append(_ record: DecisionRecord, isResponse: Bool, to frames: inout OctetBuffer) {
    write(record, isResponse: isResponse)
    let start = frames.count
    frames.append(UInt32(0))
    if !identity.isEmpty { frames.append(field: Number.identity, octets: identity.span) }
    if !version.isEmpty { frames.append(field: Number.version, octets: version.span) }
    if extra.count > 0 { frames.append(field: Number.extra, octets: extra.octets) }
    frames.append(field: Number.message, octets: message.octets)
    frames.append(field: Number.type, varint: Number.isMessage)
    if !frames.overflowed { frames.set(UInt32(frames.count - start - 4), at: start) }
  }

  private mutating func write(_ record: DecisionRecord, isResponse: Bool) {
    let exchange = record.exchange
    let source = record.evidence.source
    message.reset()
    message.append(
      field: MessageNumber.type, varint: isResponse ? MessageNumber.authResponse : MessageNumber.authQuery)
    message.append(field: MessageNumber.family, varint: source.isIPv4 ? 1 : 2)
    message.append(field: MessageNumber.transport, varint: record.transport == .udp ? 1 : 2)
    append(source, as: MessageNumber.queryAddress)
    // A proxy may take IPv6 and speak IPv4 with us: an address of the other family says nothing here.
    if exchange.server.address.isIPv4 == source.isIPv4 {
      append(exchange.server.address, as: MessageNumber.responseAddress)
    }
    if exchange.peerPort > 0 { message.append(field: MessageNumber.queryPort, varint: UInt64(exchange.peerPort)) }
    if exchange.server.port > 0 {
      message.append(field: MessageNumber.responsePort, varint: UInt64(exchange.server.port))
    }
    message.append(field: MessageNumber.querySeconds, varint: exchange.received / 1_000_000_000)
    message.append(
      field: MessageNumber.queryNanoseconds, fixed: UInt32(truncatingIfNeeded: exchange.received % 1_000_000_000))
    guard isResponse else {
      return message.append(field: MessageNumber.query, octets: record.request)
    }
    message.append(field: MessageNumber.responseSeconds, varint: exchange.answered / 1_000_000_000)
    message.append(
      field: MessageNumber.responseNanoseconds, fixed: UInt32(truncatingIfNeeded: exchange.answered % 1_000_000_000))
    message.append(field: MessageNumber.response, octets: record.response)
  }

  private mutating func append(_ address: IPAddress, as field: UInt64) {
    message.append(varint: field << 3 | 2)
    if address.isIPv4 {
      message.append(UInt8(4))
      message.append(UInt32(truncatingIfNeeded: address.low))
    } else {
      message.append(UInt8(16))
      message.append(address.high)
      message.append(address.low)
    }
  }
}
