internal import Answering
internal import Contexts
internal import DNSFormat
internal import Policy
internal import Zones

/// Two snapshots side by side: contexts, services and callers are the same where they are called the same.
struct SnapshotPair {
  /// A context of both; the root only where callers stand in it.
  struct Context {
    let name: String
    let old: UInt16
    let new: UInt16
    /// Who can ask in it, in both.
    var callers: [Asker] = []
  }

  /// A caller of both.
  struct Asker {
    /// Empty for none.
    let service: String
    let isIdentified: Bool
    let old: CallerCensus.Member
    let new: CallerCensus.Member
  }

  let old: Snapshot
  let new: Snapshot
  let time: UInt32
  private(set) var contexts: [Context] = []
  let oldCensus: CallerCensus
  let newCensus: CallerCensus

  init(_ old: Snapshot, _ new: Snapshot, at time: UInt32) {
    self.old = old
    self.new = new
    self.time = time
    oldCensus = CallerCensus(old.policy)
    newCensus = CallerCensus(new.policy)
    let newNumbers = Dictionary(
      new.contexts.nodes.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    for (number, node) in old.contexts.nodes.enumerated() {
      guard let other = newNumbers[node.name] else { continue }
      contexts.append(Context(name: node.name, old: UInt16(number), new: UInt16(other)))
    }
    findAskers()
  }

  private mutating func findAskers() {
    struct Key: Hashable {
      let context: String
      let service: String
      let isIdentified: Bool
    }
    func key(_ kind: CallerCensus.Kind, _ snapshot: Snapshot) -> Key {
      Key(
        context: snapshot.policy.contextName(kind.context), service: snapshot.policy.serviceName(kind.service),
        isIdentified: kind.isIdentified)
    }
    let news = Dictionary(
      newCensus.members.map { (key($0.key, new), $0.value) }, uniquingKeysWith: { first, _ in first })
    var found: [String: [Asker]] = [:]
    for (kind, member) in oldCensus.members {
      let key = key(kind, old)
      guard let other = news[key] else { continue }
      found[key.context, default: []].append(
        Asker(service: key.service, isIdentified: key.isIdentified, old: member, new: other))
    }
    for index in contexts.indices {
      contexts[index].callers = (found[contexts[index].name] ?? []).sorted {
        ($0.service, $0.isIdentified ? 1 : 0) < ($1.service, $1.isIdentified ? 1 : 0)
      }
    }
    contexts.removeAll { $0.callers.isEmpty }
  }

  /// The new number of a service by its old one; 0 where it has none.
  func newService(_ number: UInt32) -> UInt32 {
    number == 0 ? 0 : new.policy.ownNumber(of: old.policy.policy.services[Int(number) - 1].name)
  }
}

extension CompiledPolicy {
  /// The number of the service that is called so itself; 0 where none is.
  func ownNumber(of name: DomainName) -> UInt32 {
    let number = serviceNumber(for: name)
    return number != 0 && policy.services[Int(number) - 1].name == name ? number : 0
  }

  /// Which rules refuse a call and would refuse it, and whether an exception lifts some, in one number.
  func verdict(_ caller: Caller, _ service: UInt32, at time: UInt32) -> UInt16 {
    let judgement = judge(caller, target: service, at: time)
    return UInt16(judgement.refusal?.rule.rawValue ?? 0) | UInt16(judgement.wouldBe?.rule.rawValue ?? 0) << 8
      | (judgement.isExcepted ? 1 << 15 : 0)
  }
}

/// Contexts of a pair, by index.
struct ContextSet: Hashable {
  private var words: [UInt64]

  init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  mutating func insert(_ index: Int) { words[index / 64] |= 1 << UInt64(index % 64) }

  mutating func formUnion(_ other: ContextSet) { for index in words.indices { words[index] |= other.words[index] } }

  func isSuperset(of other: ContextSet) -> Bool { words.indices.allSatisfy { other.words[$0] & ~words[$0] == 0 } }

  func contains(_ index: Int) -> Bool { words[index / 64] >> UInt64(index % 64) & 1 != 0 }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  var members: [Int] { (0..<words.count * 64).filter { contains($0) } }
}
