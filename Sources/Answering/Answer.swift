internal import DNSFormat
internal import FlatMemory
internal import Policy

/// What was found for a query: RRsets by section, as places in memory, and what kind of answer they make.
///
/// Bounded, in place, reused: finding an answer allocates nothing, and nothing is copied before it is written.
struct Answer: ~Copyable {
  /// One RRset of the answer.
  struct Item: BitwiseCopyable {
    /// The number of the zone it is in; `Answer.synthesised` for a CNAME that a DNAME made.
    var zone: UInt32
    var section: ResponseWriter.Section
    /// Leave out addresses that the caller is isolated from.
    var isFiltered = false
    /// The RRs of the set that are answered, in the workspace's selection; nil for all as they are.
    var selected: Selection.Part?
    /// Glue: without it a referral is no use, so TC is set where it does not fit (RFC 9471 §3.1).
    var isGlue = false
    /// The offset of its image; of a synthesised CNAME, that of its canonical name among the workspace's names.
    var rrset: UInt32
    /// Seconds.
    var ttl: UInt32
    var owner: Owner

    /// False for what a response may lack without being truncated (RFC 2181 §9).
    var isNeeded: Bool { section != .additional || isGlue }
  }

  /// The number that stands for no zone: names that DNAMEs made are in the workspace.
  static var synthesised: UInt32 { .max }

  /// An owner name: the question's, one in a zone's memory, or one that a DNAME made.
  struct Owner: BitwiseCopyable, Equatable {
    /// `UInt32.max`: the question's.
    var offset: UInt32
    /// `Answer.synthesised` where the offset is among the workspace's names.
    var zone: UInt32

    static var question: Owner { Owner(offset: .max, zone: 0) }
  }

  /// RRsets at the most: a chain of aliases, their data, and addresses of what it points to. A referral to more than a
  /// hundred servers is cut.
  static var capacity: Int { 256 }

  private var items = FlatScratch<Item>(
    repeating: Item(zone: 0, section: .answer, rrset: 0, ttl: 0, owner: .question), count: Answer.capacity)
  private(set) var count = 0
  /// The number of the zone that the question's name is in.
  var questionZone: UInt32?
  var isAuthoritative = false
  var rcode = RCode.noError
  /// An Extended DNS Error that is not a refusal's.
  var infoCode: ExtendedDNSError.InfoCode?
  /// The service whose `_timeout` is the answer; 0 where it is none's.
  var timeoutService: UInt32 = 0
  /// The line by which that service's names are asked for elsewhere; 0 for a service of our zones.
  var timeoutRoute: UInt16 = 0

  subscript(_ index: Int) -> Item { items[index] }

  mutating func reset() {
    count = 0
    isAuthoritative = false
    rcode = .noError
    infoCode = nil
    timeoutService = 0
    timeoutRoute = 0
    isIncomplete = false
  }

  /// Forgets all but the proofs: an alias's, that no name is nearer than the wildcard it is made of, stands in the authority
  /// section whoever has what the alias leads to (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6).
  mutating func resetButProofs() {
    var kept = 0, index = 0
    while index < count {
      if items[index].section == .authority {
        items[kept] = items[index]
        kept &+= 1
      }
      index &+= 1
    }
    reset()
    count = kept
  }

  /// True where there is room for no more RRsets.
  var isFull: Bool { count == Answer.capacity }
  /// True where something needed was left out for want of room.
  private(set) var isIncomplete = false

  /// Adds an RRset; nothing where it is there already, or the answer is full.
  mutating func add(_ item: Item) {
    if contains(item) { return }
    if isFull {
      if item.isNeeded { isIncomplete = true }
      return
    }
    // By section, as the wire has them: an alias's proof may come before what the alias leads to.
    var index = count
    while index > 0, items[index &- 1].section.rawValue > item.section.rawValue {
      items[index] = items[index &- 1]
      index &-= 1
    }
    items[index] = item
    count &+= 1
  }

  /// True where the same RRset is there under the same owner name.
  func contains(_ item: Item) -> Bool {
    var index = 0
    while index < count {
      if items[index].rrset == item.rrset, items[index].zone == item.zone, items[index].owner == item.owner {
        return true
      }
      index &+= 1
    }
    return false
  }
}
