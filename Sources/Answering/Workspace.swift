internal import Addresses
internal import DNSFormat
internal import FlatMemory
internal import Forwarding

/// What answering writes on: one for each worker, reused for every query.
///
/// Methods that search and write are mutating even where they change nothing: for others Swift 6.3 copied all of it, 500
/// octets, where one called the other.
public struct Workspace: ~Copyable {
  /// The QNAME; while an alias's chain is followed, the name it has come to.
  var name = NameKey()
  /// A wildcard, or the target of an MX, NS or SRV.
  var other = NameKey()
  var query = Query()
  var answer = Answer()
  /// Names that DNAMEs made, one after the other, in wire format.
  var synthesised = OctetBuffer(capacity: 256 * Workspace.longestChain)
  /// A name's place in the order in which NSEC and NSEC3 records prove that there is none (Workspace+Proving).
  var orderKey = OrderKey()
  var hash = SHA1()
  var writer = ResponseWriter()
  /// A sentence that is being made, of those that `dig CH TXT` is told.
  var fact = OctetBuffer(capacity: 16384)
  /// The zone of the query before, by number: of whatever snapshot.
  var lastZone = 0
  /// The question's own node, where the direct way came to it: the long way goes on from there.
  var ownNode: OwnNode?
  /// False where every query is to go the long way: for tests, which compare the two.
  var takesDirectWay = true
  /// What others said, as it is written.
  var reply = ReplyImage()
  /// What others prove of aliases that lead to those who know better: whole records, without compression, for the end of the
  /// authority section. What does not fit here is more than a message has.
  var foreignProofs = OctetBuffer(capacity: 65535)
  /// RA, where somebody is asked for the caller: every response says so (RFC 1035 §4.1.1).
  var recursionFlag: UInt16 = 0
  /// When the query came, in seconds since 1970: exceptions end.
  var time: UInt32 = 0
  /// Whom a trusted forwarder asks for, where one asks, and how far the answer reaches: goes back with any response.
  var clientSubnet: ClientSubnet?
  var scope: UInt8 = 0
  /// True where the subnet is too short to say who the caller is, and that is not only observed: REFUSED, by whatever mode.
  var refusesSubnet = false
  /// The query's client cookie and what answers it, where it has one.
  var clientCookie: UInt64 = 0
  var serverCookie = ServerCookie(head: 0, hash: 0)

  /// RRs of sets of which not all are answered, or not in the zone's order.
  var selection = Selection()
  /// Random bits of this query: made of its ID, name, source and time, so that answers stay a function of what is asked.
  var chance: UInt64 = 0
  /// Whose address says whether a canary is for the caller.
  var callerAddress = IPAddress(v4: 0)
  /// The service none of whose endpoints is well or to be given: why the query is refused, or what its answer says of itself.
  var failedService: FailedService?
  /// False where `max-answers` is not to cut answers: which of them it leaves is chance, and `expect` and `diff` ask what
  /// may be given.
  package var capsAnswers = true

  /// Aliases followed in one answer at the most: as many as BIND 9.18 and Unbound 1.17 follow (max-query-restarts). A chain
  /// written by hand has two or three.
  static var longestChain: Int { 11 }

  /// A workspace that has answered nothing.
  public init() {}
}
