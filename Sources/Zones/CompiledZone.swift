// Zones: records → one structure that answers "what is at this name, for a caller in this context?"
//
// Takes records by layer (the base and the overlays of contexts) and gives a `CompiledZone`, immutable and flat, and a
// `ZoneDirectory` that finds the zone of a name. Knows the contexts as numbers and services as numbers; knows nothing of
// rules. `ZoneBuilder` and the files beside it do the work at load; the two types named above are what a query reads.

public import DNSFormat
public import FlatMemory

/// The data of one zone for all contexts of one realm, in flat memory.
///
/// An index from names to records, and the records. A record has the name, the service it belongs to, and the node's
/// data: one body where all contexts see the same, else runs of context numbers with a body each. So a name costs
/// memory for what differs, not for how many contexts there are.
///
///     record  octets  what
///             0       octets of the name
///             1       flags (ZoneNode.Flags); or `forked` alone, which the node of a steered service has always
///             2..<4   octets of RRsets, 65,535 where 4 octets in the body say it; or, where forked, how many runs
///             4..<8   service number, 0 for none
///             8...    the name, wire format, small letters
///             then    a body; or runs: first context (2 octets), offset of what follows
///     a run's         one octet of no meaning; flags and octets of RRsets, as in a record's head; a body
///     body            where the head has 65,535, octets of RRsets (4 octets)
///             then    where covered, offset of the record of the zone cut or DNAME above (4 octets)
///             then    RRset images, one after the other
///
/// Records lie one after the other. Numbers are in the host's byte order. Offset 0 holds no record, so 0 can mean "none".
public final class CompiledZone: Sendable {
  /// The apex.
  package let origin: DomainName
  /// The apex in wire format, small letters, and eight zeros.
  @usableFromInline let foldedOrigin: FlatArray<UInt8>
  /// Labels of the apex, the root not counted.
  public let originLabels: Int
  /// Octets of the apex in wire format.
  @inlinable public var originSize: Int { foldedOrigin.count &- 8 }
  /// The names and their data. Bodies, RRset images and names are offsets into it.
  public let memory: FlatArray<UInt8>
  /// The SOA record, as the contexts see it that have no other, for negative answers.
  public let readySOA: ReadyRRset
  /// The TTL that it has there: the lesser of its own and its MINIMUM field (RFC 2308 §5).
  public let negativeTTL: UInt32
  /// True where a denial may have to be proved to who sets DO: the SOA is signed, or there are NSEC or NSEC3 records.
  public let provesDenials: Bool
  /// The names, by their hashes.
  @usableFromInline let index: NameIndex
  @usableFromInline let seed: UInt64
  /// The names with NSEC records.
  let nameOrder: NameOrder
  /// The names with NSEC3 records.
  let hashOrder: NameOrder
  /// Where the data was written.
  package let places: NodePlaces
  /// The root of the realm: 0, or the sealed context that the data is for.
  package let realm: Int
  /// Not 0 at the numbers of contexts whose data did not load: they get SERVFAIL.
  let broken: FlatArray<UInt8>
  /// True where some context's data did not load.
  public let hasBroken: Bool
  /// Names with data or below which there is data, in any context.
  package let nameCount: Int
  /// RRs in memory, for all contexts.
  package let recordCount: Int

  init(
    origin: DomainName, realm: Int, memory: consuming FlatArray<UInt8>, index: consuming NameIndex, seed: UInt64,
    nameOrder: consuming NameOrder, hashOrder: consuming NameOrder, places: consuming NodePlaces, broken: [Bool],
    nameCount: Int, recordCount: Int
  ) {
    self.origin = origin
    self.realm = realm
    originLabels = origin.labelCount
    foldedOrigin = FlatArray(origin.wire.map(lowercased) + [UInt8](repeating: 0, count: 8))
    let soa = ZoneNode(memory, record: Self.firstRecord, context: UInt16(realm)).rrset(.soa, memory)
    readySOA = ReadyRRset(soa, memory, owner: origin)
    negativeTTL = soa?.negativeTTL(memory) ?? 0
    provesDenials = soa?.isSigned == true || !nameOrder.isEmpty || !hashOrder.isEmpty
    self.memory = memory
    self.index = index
    self.seed = seed
    self.nameOrder = nameOrder
    self.hashOrder = hashOrder
    self.places = places
    self.broken = FlatArray(broken.map { $0 ? 1 : 0 } as [UInt8])
    hasBroken = broken.contains(true)
    self.nameCount = nameCount
    self.recordCount = recordCount
  }

  /// True where the data of a context did not load.
  public func isBroken(for context: UInt16) -> Bool { hasBroken && broken[Int(context)] != 0 }

  /// What the zone has under the ancestor of `name` with `labels` labels (`name` itself for its own count), as a
  /// context sees it; nil where no context has anything there.
  ///
  /// One hash and, nearly always, one line of the index.
  @inlinable public func node(_ name: borrowing NameKey, labels: Int, context: UInt16) -> ZoneNode? {
    let start = name.start(ofSuffix: labels)
    return node(name, from: start, hash: name.hash(from: start, seed: seed), context: context)
  }

  /// The same of `name` itself, whose hash is known (``ZoneDirectory/hash(ofQuestionIn:)``).
  @inlinable public func node(_ name: borrowing NameKey, hash: UInt64, context: UInt16) -> ZoneNode? {
    node(name, from: 0, hash: hash, context: context)
  }

  @inlinable func node(_ name: borrowing NameKey, from start: Int, hash: UInt64, context: UInt16) -> ZoneNode? {
    var probe = index.probe(hash)
    while let record = index.next(&probe) {
      if name.suffix(from: start, equals: memory, at: record &+ 8, count: Int(memory[record])) {
        return ZoneNode(memory, record: record, context: context)
      }
    }
    return nil
  }

  /// Brings near the line of the index that a lookup of a name reads first. A hint: nothing depends on it.
  @inlinable public func prefetchIndex(_ hash: UInt64) { index.prefetch(hash) }

  /// Brings near the record that a lookup of a name reads, where there is one; reads the line of the index.
  @inlinable public func prefetchRecord(_ hash: UInt64) {
    var probe = index.probe(hash)
    guard let record = index.next(&probe) else { return }
    memory.prefetch(record)
    memory.prefetch(record &+ 64)
  }

  /// The apex as a context sees it; it is the first record.
  @inlinable public func apex(context: UInt16) -> ZoneNode {
    ZoneNode(memory, record: CompiledZone.firstRecord, context: context)
  }

  /// True where a name is the apex or below it.
  @inlinable public func covers(_ name: borrowing NameKey) -> Bool {
    name.labelCount >= originLabels
      && name.suffix(
        from: name.start(ofSuffix: originLabels), equals: foldedOrigin, at: 0, count: originSize)
  }

  /// True where a context may have another SOA than ``readySOA``: some see different things at the apex.
  @inlinable public func hasOtherApex(_ context: UInt16) -> Bool {
    ZoneNode.isForked(memory, record: CompiledZone.firstRecord)
      && apex(context: context).rrset(.soa, memory)?.offset != readySOA.offset
  }

  /// Where the first record is: behind the eight octets that make offset 0 mean "none".
  @inlinable static var firstRecord: Int { 8 }

  /// The node at `name`, or the closest encloser of it (RFC 4592 §3.3.1): its longest ancestor that exists for the
  /// context, empty non-terminals included.
  ///
  /// Every ancestor of a name is in the index, so the longest one there is found by steps and halving. The service of a
  /// name is that of the longest ancestor in the index, whether or not this context sees anything there.
  /// - Parameter name: at or below the apex, which exists for the context.
  @inlinable public func find(_ name: borrowing NameKey, context: UInt16) -> ZoneMatch {
    if let exact = node(name, labels: name.labelCount, context: context), exact.exists {
      return ZoneMatch(own: exact, labels: name.labelCount)
    }
    var low = originLabels  // is in the index
    var high = name.labelCount &+ 1  // is not
    var best: ZoneNode?
    // Of long names few labels exist as a rule, and short ones are looked up for less: steps that double, from the apex on.
    var step = 1
    while high &- low > 1 {
      let middle = min(low &+ step, (low &+ high) / 2)
      if let found = node(name, labels: middle, context: context) {
        best = found
        low = middle
        step &*= 2
      } else {
        high = middle
        step = 128
      }
    }
    var match = best ?? apex(context: context)
    let service = match.service
    var isHidden = false
    while !match.exists, low > originLabels {
      if match.flags.contains(.hidden) { isHidden = true }
      low &-= 1
      match = node(name, labels: low, context: context) ?? match
    }
    return ZoneMatch(node: match, labels: low, service: service, isHidden: isHidden)
  }
}

extension RRsetImage {
  /// Of an SOA set, the TTL that it has in a negative answer: the lesser of its own and its MINIMUM field (RFC 2308 §5).
  @inlinable public func negativeTTL(_ memory: borrowing FlatArray<UInt8>) -> UInt32 {
    min(ttl, UInt32(bigEndian: memory.load(end &- 4, as: UInt32.self)))
  }
}

/// What ``CompiledZone/find(_:context:)`` found.
public struct ZoneMatch: BitwiseCopyable, Sendable {
  /// The node at the name, or its closest encloser.
  public let node: ZoneNode
  /// Labels of the node's name: as many as the name has where it is the name's own.
  public let labels: Int
  /// The service that the name belongs to; 0 for none.
  public let service: UInt32
  /// True where an overlay took the name, or one above it, away: there is nothing to synthesise.
  public let isHidden: Bool

  @inlinable init(node: ZoneNode, labels: Int, service: UInt32, isHidden: Bool) {
    self.node = node
    self.labels = labels
    self.service = service
    self.isHidden = isHidden
  }

  /// The name's own node, which exists.
  @inlinable init(own node: ZoneNode, labels: Int) {
    self.init(node: node, labels: labels, service: node.service, isHidden: false)
  }
}

/// A node as one context sees it: where its data is, and what kind of place it is.
public struct ZoneNode: BitwiseCopyable, Sendable {
  /// What kind of place a node is.
  public struct Flags: OptionSet, BitwiseCopyable, Sendable {
    /// One bit each, as in memory.
    public let rawValue: UInt8

    /// Flags from their bits.
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There is data here or below (RFC 4592 §2.2.2).
    @inlinable public static var exists: Flags { Flags(rawValue: 1) }
    /// The zone's apex.
    @inlinable public static var apex: Flags { Flags(rawValue: 2) }
    /// A zone cut: an NS set below the apex (RFC 9499 §7).
    @inlinable public static var cut: Flags { Flags(rawValue: 4) }
    /// Below a zone cut, glue or hidden by it; or below a DNAME (RFC 6672 §2.4).
    @inlinable public static var covered: Flags { Flags(rawValue: 8) }
    /// Has a CNAME.
    @inlinable public static var alias: Flags { Flags(rawValue: 16) }
    /// Has a DNAME: what is below it is somewhere else (RFC 6672 §2).
    @inlinable public static var redirection: Flags { Flags(rawValue: 64) }
    /// Of a service that says which of its endpoints callers get. Such a node is always written as one that contexts see
    /// differently, in one run at least: in a record's head the bit means that.
    @inlinable public static var steered: Flags { Flags(rawValue: 128) }
    /// Taken away by an overlay's `CNAME .`: it does not exist, and no wildcard stands in for it.
    @inlinable public static var hidden: Flags { Flags(rawValue: 32) }
  }

  @usableFromInline let recordOffset: UInt32
  @usableFromInline let dataStart: UInt32
  @usableFromInline let dataEnd: UInt32
  /// The service it belongs to; 0 for none.
  public let service: UInt32
  /// What kind of place it is.
  public let flags: Flags

  /// The bit in a record's flags that says that contexts see different things there.
  @inlinable static var forked: UInt32 { 0x8000 }
  /// The size in a head that says that the body has it.
  @inlinable static var largeSize: UInt32 { 0xffff }

  @inlinable init(_ memory: borrowing FlatArray<UInt8>, record: Int, context: UInt16) {
    recordOffset = UInt32(truncatingIfNeeded: record)
    let head = memory.load(record, as: UInt64.self)
    service = UInt32(truncatingIfNeeded: head >> 32)
    var own = UInt32(truncatingIfNeeded: head)
    var offset = record &+ 8 &+ Int(own & 0xff)
    if own & ZoneNode.forked != 0 {
      offset = ZoneNode.body(memory, runs: offset, count: Int(own >> 16), context: context)
      own = memory.load(offset, as: UInt32.self)
      offset &+= 4
    }
    flags = Flags(rawValue: UInt8(truncatingIfNeeded: own >> 8))
    var size = Int(own >> 16)
    if own >> 16 == ZoneNode.largeSize {
      size = Int(memory.load(offset, as: UInt32.self))
      offset &+= 4
    }
    if flags.contains(.covered) { offset &+= 4 }
    dataStart = UInt32(truncatingIfNeeded: offset)
    dataEnd = UInt32(truncatingIfNeeded: offset &+ size)
  }

  /// True where contexts see different things at a record.
  @inlinable static func isForked(_ memory: borrowing FlatArray<UInt8>, record: Int) -> Bool {
    UInt32(truncatingIfNeeded: memory.load(record, as: UInt64.self)) & forked != 0
  }

  /// Where the body is of the run that a context is in: the last whose first context is not greater.
  @usableFromInline static func body(
    _ memory: borrowing FlatArray<UInt8>, runs: Int, count: Int, context: UInt16
  ) -> Int {
    var low = 0
    var high = count
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if memory.load(runs &+ middle &* 6, as: UInt16.self) <= context { low = middle } else { high = middle }
    }
    return Int(memory.load(runs &+ low &* 6 &+ 2, as: UInt32.self))
  }

  /// Where its record is.
  @inlinable var record: Int { Int(recordOffset) }

  /// True where there is data here or below.
  @inlinable public var exists: Bool { flags.contains(.exists) }

  /// Where the node's name is in memory, in wire format.
  @inlinable public var nameOffset: Int { Int(recordOffset) &+ 8 }

  /// The zone cut or DNAME above, which covers this node, as a context sees it.
  @inlinable public func cover(_ memory: borrowing FlatArray<UInt8>, context: UInt16) -> ZoneNode? {
    guard flags.contains(.covered) else { return nil }
    return ZoneNode(memory, record: Int(memory.load(firstRRset &- 4, as: UInt32.self)), context: context)
  }

  /// Where the RRset images start.
  @inlinable public var firstRRset: Int { Int(dataStart) }

  /// The offset behind the last RRset image.
  @inlinable public var end: Int { Int(dataEnd) }

  /// Labels of the node's name, the root not counted.
  @inlinable public func labelCount(_ memory: borrowing FlatArray<UInt8>) -> Int {
    var offset = nameOffset
    var count = 0
    while memory[offset] != 0 {
      offset &+= 1 &+ Int(memory[offset])
      count &+= 1
    }
    return count
  }

  /// The RRset of a type; nil where the node has none. Or the next one of the type after `previous`: signatures are an
  /// RRset for each type that they cover.
  @inlinable public func rrset(
    _ type: RRType, _ memory: borrowing FlatArray<UInt8>, after previous: RRsetImage? = nil
  ) -> RRsetImage? {
    var offset = previous?.end ?? firstRRset
    while offset < end {
      let image = RRsetImage(memory, at: offset)
      if image.type == type { return image }
      offset = image.end
    }
    return nil
  }

  /// The first RRset of addresses, A or AAAA; or the next one after `previous`.
  @inlinable public func addresses(_ memory: borrowing FlatArray<UInt8>, after previous: RRsetImage? = nil)
    -> RRsetImage?
  {
    var offset = previous?.end ?? firstRRset
    while offset < end {
      let image = RRsetImage(memory, at: offset)
      if image.holdsAddresses { return image }
      offset = image.end
    }
    return nil
  }
}
