package import Answering
internal import DNSFormat
internal import Diagnostics
internal import Policy

/// What `ambit diff` finds: everything that some caller is told differently by two configurations, by cause.
///
/// 1. Names whose data differs, names of services whose callers are judged differently, and all names that lead to them
///    are candidates (``ChangedNames``, ``PolicyChanges``).
/// 2. `respond` is asked about each in both snapshots, for every caller that a rule on the way tells apart.
/// 3. What differs is put down to the record or the line of the policy that it rests on.
package struct Differences: Codable, Sendable {
  /// Answers of one name and type that differ for some callers of one context.
  package struct Effect: Codable, Sendable {
    /// Where the callers stand; empty where no contexts are declared.
    package let context: String
    /// Every one: a service, `web (identified)` where it is known by more than its address, or `callers of no service`.
    package let callers: [String]
    /// Those of the context who are told the same as before; none where everyone is concerned.
    package let others: [String]
    package let callerCount: Int
    package let name: String
    /// `A`; `others` for all types that the name has no records of, before and after.
    package let type: String
    package let old: String
    package let new: String
  }

  /// One thing that was edited, and whom it concerns.
  package struct Cause: Codable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
      /// Records other than before.
      case data
      /// The same records for another time.
      case ttl
      /// Other callers may call a service, or others would not.
      case decision
      /// Endpoints are kept from others.
      case isolation
      /// Addresses, listeners or identities are other callers.
      case placement
      /// Settings of the server, its contexts and zones.
      case server
    }

    package let kind: Kind
    package let text: String
    /// `file:line` in NEW, or in OLD of what is gone.
    package let place: String?
    /// (context, caller, name) whose answer or decision differs. For placement: ranges of addresses.
    package internal(set) var changeCount = 0
    package internal(set) var effects: [Effect] = []
    /// Effects that are not listed.
    package internal(set) var unlistedCount = 0
    /// Queries of the log that it changes; nil without a log.
    package internal(set) var queryCount: Int?
  }

  package internal(set) var causes: [Cause] = []
  /// (context, caller, name) whose answer or decision differs.
  package internal(set) var changeCount = 0
  /// Names of which some answer differs.
  package internal(set) var changedNameCount = 0
  /// Names and kinds of callers that were compared.
  package internal(set) var nameCount = 0
  package internal(set) var callerCount = 0
  /// What a query log says; nil without one. See ``QueryReplay``.
  package internal(set) var replay: Replay?

  /// A query log, asked again.
  package struct Replay: Codable, Sendable {
    /// Lines that are queries with a question.
    package internal(set) var queryCount = 0
    package internal(set) var changedCount = 0
    /// Queries that the log says it lost.
    package internal(set) var missingCount = 0
    /// True where some of the log has refusals only: shares of its queries are none of all queries then.
    package internal(set) var isPartial = false
    /// More than 1 where some of it is a sample: one query in at most so many.
    package internal(set) var sample = 1
    /// Lines that are none of a query log's.
    package internal(set) var malformedCount = 0
    /// The first of these, counted from 1.
    package internal(set) var firstMalformedLine: Int?
  }

  package var isEmpty: Bool { causes.isEmpty }

  /// Of a hundred queries of the log, how many change; nil without a log or queries.
  package var changedPercent: Double? {
    replay.flatMap { $0.queryCount == 0 ? nil : 100 * Double($0.changedCount) / Double($0.queryCount) }
  }

  /// Compares two configurations, both of which have a snapshot.
  /// - Parameters:
  ///   - time: when the queries come, in seconds since 1970: exceptions end.
  ///   - limit: effects listed of one cause at the most.
  package init(
    _ old: LoadedConfiguration, _ oldSnapshot: Snapshot, _ new: LoadedConfiguration, _ newSnapshot: Snapshot,
    at time: UInt32, limit: Int = 10_000
  ) {
    var search = DifferenceSearch(old, new, SnapshotPair(oldSnapshot, newSnapshot, at: time), limit: limit)
    search.run()
    self = search.result
  }

  init() {}
}

/// Every (context, caller, name, type) that differs, one by one: what tests compare with asking everything.
func forEachDifference(_ old: Snapshot, _ new: Snapshot, at time: UInt32, _ body: (AnswerComparison.Change) -> Void) {
  let pair = SnapshotPair(old, new, at: time)
  let names = ChangedNames.all(pair)
  var comparison = AnswerComparison(pair)
  for name in names.inOrder { comparison.compareAll(name, names, body) }
}

extension ChangedNames {
  /// The names to ask about, for data, policy and what leads to them.
  static func all(_ pair: SnapshotPair) -> ChangedNames {
    var names = ChangedNames(pair)
    PolicyChanges(pair).addCandidates(to: &names)
    names.close()
    return names
  }

  /// The candidates, from the root downwards.
  var inOrder: [DomainName] {
    candidates.keys.map { (text: $0.description, name: $0) }
      .sorted { ($0.name.labelCount, $0.text) < ($1.name.labelCount, $1.text) }.map(\.name)
  }
}

extension AnswerComparison {
  /// Everything about a candidate that differs.
  mutating func compareAll(_ name: DomainName, _ names: borrowing ChangedNames, _ body: (Change) -> Void) {
    for context in names.candidates[name]?.members ?? [] {
      compare(name, context: context, types: names.types, body)
    }
  }
}
