internal import Addresses
internal import Answering
internal import FlatMemory
internal import Policy
internal import Synchronization

/// Takes queries from one worker to the forwarder without either waiting: what does not fit is turned away, and counted.
///
/// One writer, one reader. A query is 15 words and those of its octets.
final class HandOverRing: Sendable {
  private static let headWords = 15
  /// Words: 512 KiB, about 3000 usual queries. Memory that was never written to is not taken.
  static let capacity = 1 << 16
  private let words = CounterArray(count: HandOverRing.capacity)
  private static let mask = UInt64(HandOverRing.capacity - 1)
  /// Counted in words since the start; the place in memory is the number modulo the capacity.
  private let written = Atomic<UInt64>(0)
  private let read = Atomic<UInt64>(0)

  /// True once nobody takes from it any more.
  private let closed = Atomic<Bool>(false)

  private enum Flag {
    static let sourceIsIPv4: UInt64 = 1
    static let hasListenerContext: UInt64 = 2
    static let hasCertificate: UInt64 = 4
    static let hasUser: UInt64 = 8
    static let isTCP: UInt64 = 16
    static let isPrefetch: UInt64 = 32
    static let peerIsIPv4: UInt64 = 64
    static let hasHeader: UInt64 = 128
    static let serverIsIPv4: UInt64 = 256
  }

  /// True once the forwarder has ended: nothing goes in any more.
  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Lets nothing in from now on. For the forwarder.
  func close() { closed.store(true, ordering: .releasing) }

  /// True where nothing waits.
  var isEmpty: Bool { read.load(ordering: .relaxed) == written.load(ordering: .acquiring) }

  /// Hands a query over. For the worker; no allocation.
  /// - Parameters:
  ///   - query: all but its octets.
  ///   - request: these.
  /// - Returns: false where there is no room.
  func push(_ query: borrowing HandedQuery, request: Span<UInt8>) -> Bool {
    guard request.count <= 65535, !isClosed else { return false }
    let wordCount = Self.headWords &+ (request.count &+ 7) / 8
    let start = written.load(ordering: .relaxed)
    guard start &- read.load(ordering: .acquiring) &+ UInt64(wordCount) <= UInt64(Self.capacity) else { return false }
    let evidence = query.evidence
    var flags: UInt64 = evidence.source.isIPv4 ? Flag.sourceIsIPv4 : 0
    if evidence.listenerContext != nil { flags |= Flag.hasListenerContext }
    if evidence.certificateService != nil { flags |= Flag.hasCertificate }
    if evidence.user != nil { flags |= Flag.hasUser }
    if query.transport == .tcp { flags |= Flag.isTCP }
    if query.isPrefetch { flags |= Flag.isPrefetch }
    if query.peer.address.isIPv4 { flags |= Flag.peerIsIPv4 }
    if query.hasHeader { flags |= Flag.hasHeader }
    if query.server.address.isIPv4 { flags |= Flag.serverIsIPv4 }
    set(query.generation << 16 | UInt64(request.count), start)
    set(query.monotonic, start &+ 1)
    set(query.wall, start &+ 2)
    set(evidence.source.high, start &+ 3)
    set(evidence.source.low, start &+ 4)
    set(
      UInt64(query.idleTime) << 48 | UInt64(evidence.listenerContext ?? 0) << 32
        | UInt64(evidence.addressSource.rawValue) << 16 | flags, start &+ 5)
    set(UInt64(evidence.certificateService ?? 0) << 32 | UInt64(evidence.certificateBasis), start &+ 6)
    set(UInt64(evidence.user ?? 0) << 32 | UInt64(query.scope), start &+ 7)
    set(UInt64(truncatingIfNeeded: query.slot), start &+ 8)
    set(query.serial, start &+ 9)
    set(query.peer.address.high, start &+ 10)
    set(query.peer.address.low, start &+ 11)
    set(query.server.address.high, start &+ 12)
    set(query.server.address.low, start &+ 13)
    set(
      UInt64(query.peer.port) << 48 | UInt64(query.server.port) << 32 | UInt64(truncatingIfNeeded: query.listener),
      start &+ 14)
    words.set(request, at: start &+ UInt64(Self.headWords))
    written.store(start &+ UInt64(wordCount), ordering: .releasing)
    return true
  }

  /// Takes the oldest query; nil where none waits. For the forwarder.
  func pop() -> HandedQuery? {
    let start = read.load(ordering: .relaxed)
    guard start != written.load(ordering: .acquiring) else { return nil }
    let bits = word(start &+ 5)
    let certificate = word(start &+ 6)
    let user = word(start &+ 7)
    let ports = word(start &+ 14)
    var query = HandedQuery()
    query.generation = word(start) >> 16
    query.monotonic = word(start &+ 1)
    query.wall = word(start &+ 2)
    query.evidence = Evidence(
      source: Self.address(word(start &+ 3), word(start &+ 4), isIPv4: bits & Flag.sourceIsIPv4 != 0),
      addressSource: AddressSource(rawValue: UInt8(truncatingIfNeeded: bits >> 16)) ?? .packet,
      listenerContext: bits & Flag.hasListenerContext != 0 ? UInt16(truncatingIfNeeded: bits >> 32) : nil,
      certificateService: bits & Flag.hasCertificate != 0 ? UInt32(certificate >> 32) : nil,
      user: bits & Flag.hasUser != 0 ? UInt32(user >> 32) : nil)
    query.evidence.certificateBasis = UInt32(truncatingIfNeeded: certificate)
    query.transport = bits & Flag.isTCP != 0 ? .tcp : .udp
    query.idleTime = UInt16(bits >> 48)
    query.isPrefetch = bits & Flag.isPrefetch != 0
    query.hasHeader = bits & Flag.hasHeader != 0
    query.scope = UInt32(truncatingIfNeeded: user)
    query.slot = Int(truncatingIfNeeded: word(start &+ 8))
    query.serial = word(start &+ 9)
    query.peer = SocketAddress(
      Self.address(word(start &+ 10), word(start &+ 11), isIPv4: bits & Flag.peerIsIPv4 != 0),
      port: UInt16(ports >> 48))
    query.server = SocketAddress(
      Self.address(word(start &+ 12), word(start &+ 13), isIPv4: bits & Flag.serverIsIPv4 != 0),
      port: UInt16(truncatingIfNeeded: ports >> 32))
    query.listener = Int(ports & 0xffff_ffff)
    let size = Int(word(start) & 0xffff)
    query.request.reserveCapacity((size + 7) & ~7)
    words.copy(size, from: start &+ UInt64(Self.headWords), into: &query.request)
    query.request.removeLast(query.request.count - size)
    read.store(start &+ UInt64(Self.headWords &+ (size &+ 7) / 8), ordering: .releasing)
    return query
  }

  private static func address(_ high: UInt64, _ low: UInt64, isIPv4: Bool) -> IPAddress {
    isIPv4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(high: high, low: low)
  }

  private func set(_ value: UInt64, _ position: UInt64) { words.set(value, at: Int(position & Self.mask)) }

  private func word(_ position: UInt64) -> UInt64 { words[Int(position & Self.mask)] }
}
