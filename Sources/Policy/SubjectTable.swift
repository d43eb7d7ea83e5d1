internal import FlatMemory

/// What lines say of a service and one of their subjects, to be found by a caller; for the words of answers.
///
/// Sorted, and searched by halving: once for the caller's service and once for each context that it is in, however many
/// words the lines have.
struct SubjectTable: ~Copyable, Sendable {
  /// Service and subject, each once.
  private let keys: FlatArray<UInt64>
  private let values: FlatArray<UInt64>
  /// By context number.
  private let parents: FlatArray<UInt16>

  /// - Parameter lines: what is said of which service, by number; of several values for one subject the least counts.
  init(_ lines: [(service: UInt32, subject: Grant.Subject, value: UInt64)], _ policy: borrowing Policy) {
    // By service already, so that there is little to sort.
    let sorted = lines.map { (key: Self.key($0.service, $0.subject), value: $0.value) }.sorted {
      ($0.key, $0.value) < ($1.key, $1.value)
    }
    var keys: [UInt64] = []
    var values: [UInt64] = []
    for line in sorted where line.key != keys.last {
      keys.append(line.key)
      values.append(line.value)
    }
    self.keys = FlatArray(keys)
    self.values = FlatArray(values)
    parents = FlatArray(policy.contexts.nodes.map { UInt16($0.parent) })
  }

  /// The least value that is said of a service and the caller: by its service, its context, one that this is in, or as
  /// everyone; nil where none is.
  func least(_ caller: Caller, service: UInt32) -> UInt64? {
    var least: UInt64?
    func look(_ subject: UInt64) {
      if let value = value(UInt64(service) << 33 | subject), value < least ?? .max { least = value }
    }
    if caller.service != 0 { look(UInt64(caller.service) << 1 | 1) }
    var context = caller.context
    while context != 0 {
      look(UInt64(context) << 1)
      context = parents[Int(context)]
    }
    look(0)
    return least
  }

  private func value(_ key: UInt64) -> UInt64? {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low &+ high) >> 1
      if keys[middle] < key { low = middle &+ 1 } else { high = middle }
    }
    return low < keys.count && keys[low] == key ? values[low] : nil
  }

  /// Services are odd, contexts even; everyone is context 0.
  private static func key(_ service: UInt32, _ subject: Grant.Subject) -> UInt64 {
    let number: UInt64 =
      switch subject {
      case .everyone: 0
      case .context(let number): UInt64(number) << 1
      case .service(let index): UInt64(index + 1) << 1 | 1
      }
    return UInt64(service) << 33 | number
  }
}
