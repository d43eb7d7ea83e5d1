public import DNSFormat
internal import FlatMemory

/// Which service a name belongs to that no zone of ours has: zones know it of their own names.
///
/// Immutable; asking it allocates nothing and counts no references. A probe of a hash table for each label of the name.
public final class ServiceNames: Sendable {
  /// An open-addressing table, by the hash of a service's name.
  private let index: FlatArray<Entry>
  /// The services' names in small letters, one after the other.
  private let names: FlatArray<UInt8>

  /// A slot of the table.
  private struct Entry: BitwiseCopyable {
    var hash: UInt64 = 0
    var name: UInt32 = 0
    /// In octets; 0 where the slot is free.
    var length: UInt32 = 0
    var service: UInt32 = 0
  }

  /// - Parameter services: in the order of their numbers, from 1; none where nobody is asked for names of others.
  init(_ services: [Service]) {
    var size = 2
    while size < services.count * 2 { size *= 2 }
    var table = [Entry](repeating: Entry(), count: size)
    var names: [UInt8] = []
    var name = NameKey()
    for (number, service) in services.enumerated() {
      name.load(service.name)
      let hash = name.hash(from: 0, seed: ForwardTable.seed)
      var slot = Int(truncatingIfNeeded: hash) & (size - 1)
      while table[slot].length != 0 { slot = (slot + 1) & (size - 1) }
      table[slot] = Entry(
        hash: hash, name: UInt32(names.count), length: UInt32(name.length), service: UInt32(number + 1))
      for offset in 0..<name.length { names.append(name.octet(at: offset)) }
    }
    index = FlatArray(table)
    // Names are compared in whole words, which may reach behind the last.
    self.names = FlatArray(names + [UInt8](repeating: 0, count: 8))
  }

  /// The number of the service with the longest name that a name is at or below; 0 for none.
  public func service(of name: borrowing NameKey) -> UInt32 {
    var labels = name.labelCount
    while labels > 0 {
      let service = service(at: name, labels: labels)
      if service != 0 { return service }
      labels &-= 1
    }
    return 0
  }

  /// The service whose name is the name's ancestor with so many labels; 0 for none.
  private func service(at name: borrowing NameKey, labels: Int) -> UInt32 {
    let start = name.start(ofSuffix: labels)
    let hash = name.hash(from: start, seed: ForwardTable.seed)
    let mask = index.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = index[slot]
      if entry.length == 0 { return 0 }
      if entry.hash == hash, name.suffix(from: start, equals: names, at: Int(entry.name), count: Int(entry.length)) {
        return entry.service
      }
      slot = (slot &+ 1) & mask
    }
  }
}
