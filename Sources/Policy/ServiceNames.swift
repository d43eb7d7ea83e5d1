public import DNSFormat

/// Which service a name belongs to that no zone of ours has: zones know it of their own names.
///
/// Immutable; asking it allocates nothing and counts no references.
public final class ServiceNames: Sendable {
  private let numbers: SuffixTable<UInt32>

  /// - Parameter services: in the order of their numbers, from 1; none where nobody is asked for names of others.
  init(_ services: [Service]) {
    numbers = SuffixTable(
      services.enumerated().map { SuffixTable.Entry($1.name, UInt32($0 + 1)) }, seed: ForwardTable.seed)
  }

  /// The number of the service with the longest name that a name is at or below; 0 for none, and nothing is below the root's.
  public func service(of name: borrowing NameKey) -> UInt32 {
    var labels = numbers.nextCount(from: name.labelCount)
    while labels > 0 {
      if let service = numbers.value(at: name, labels: labels) { return service }
      labels = numbers.nextCount(from: labels &- 1)
    }
    return 0
  }
}
