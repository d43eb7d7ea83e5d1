package import DNSFormat
package import FlatMemory

/// All that a zone has, for commands that compare or prove: a query's path asks for one name at a time.
extension CompiledZone {
  /// Where the record of each name is in memory, in the order in which the zone was built.
  package var recordOffsets: [Int] {
    var offsets: [Int] = []
    var record = CompiledZone.firstRecord
    while record < memory.count, memory[record] != 0 {
      offsets.append(record)
      record = end(ofRecord: record)
    }
    return offsets
  }

  /// Where the record behind one starts.
  private func end(ofRecord record: Int) -> Int {
    firstContexts(ofRecord: record).map { node(ofRecord: record, context: $0).end }.max() ?? record
  }

  /// Where the record of a name is; nil where no context has anything there.
  package func recordOffset(of name: borrowing NameKey) -> Int? {
    node(name, labels: name.labelCount, context: UInt16(realm))?.record
  }

  /// Where a record's name is in memory.
  package func nameOffset(ofRecord record: Int) -> Int { record + 8 }

  /// A record's name.
  package func name(ofRecord record: Int) -> DomainName {
    DomainName(validWire: memory.octets((record + 8)..<(record + 8 + Int(memory[record]))))
  }

  /// A record's node as a context sees it.
  package func node(ofRecord record: Int, context: UInt16) -> ZoneNode {
    ZoneNode(memory, record: record, context: context)
  }

  /// The first context of each run of contexts that see the same at a record's name; one where all do.
  package func firstContexts(ofRecord record: Int) -> [UInt16] {
    guard isForked(record: record) else { return [UInt16(realm)] }
    let head = memory.load(record, as: UInt64.self)
    let runs = record + 8 + Int(memory[record])
    return (0..<Int(head >> 16 & 0xffff)).map { memory.load(runs + $0 * 6, as: UInt16.self) }
  }
}

extension ZoneNode {
  /// The RRsets at a node, signatures among them.
  package func rrsets(_ memory: borrowing FlatArray<UInt8>) -> [RRsetImage] {
    var sets: [RRsetImage] = []
    var offset = firstRRset
    while offset < end {
      let image = RRsetImage(memory, at: offset)
      sets.append(image)
      offset = image.end
    }
    return sets
  }

  /// True where two nodes are the same kind of place and have the same records in the same order.
  package func isSame(
    as other: ZoneNode, _ memory: borrowing FlatArray<UInt8>, _ otherMemory: borrowing FlatArray<UInt8>
  ) -> Bool {
    let size = end - firstRRset
    guard flags == other.flags, size == other.end - other.firstRRset else { return false }
    for index in 0..<size where memory[firstRRset + index] != otherMemory[other.firstRRset + index] { return false }
    return true
  }

  /// Tells the data of one context from that of another, within one zone.
  package var version: Int { firstRRset }
}

extension CompiledZone {
  /// True where contexts see different things at a record's name.
  package func isForked(record: Int) -> Bool {
    memory.load(record, as: UInt32.self) & ZoneNode.forked != 0
  }
}
