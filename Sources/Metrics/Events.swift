/// What is counted beside the metrics, each in one line: HELP of an exposition, and what `ambit metrics events` prints.
package struct EventDefinition: Hashable, Sendable {
  /// As the metrics log has it; a part in capitals stands for any word: `refusedBy_RULE`.
  package let name: String
  package let help: String

  /// Every event that the metrics log may have.
  package static let all: [EventDefinition] =
    MetricCounter.allCases.filter(\.isLogged).map { EventDefinition(name: "\($0)", help: $0.help) } + [
      EventDefinition(name: "RCODE", help: "Responses with this RCODE"),
      EventDefinition(name: "refusedBy_RULE", help: "Queries refused, by the rule that refused them"),
      EventDefinition(
        name: "wouldRefuseBy_RULE", help: "Queries that a rule in shadow would have refused, or answered otherwise"),
    ]
    + SilenceCause.allCases.map {
      EventDefinition(name: "silent_\($0)", help: "Queries without a response: \($0.help)")
    }

  /// What defines an event of the log; nil for one that nothing defines.
  /// - Parameter isRCode: whether a word is an RCODE's name, which has no prefix.
  package static func of(_ event: String, isRCode: (String) -> Bool) -> EventDefinition? {
    let name =
      event.hasPrefix("refusedBy_")
      ? "refusedBy_RULE" : event.hasPrefix("wouldRefuseBy_") ? "wouldRefuseBy_RULE" : isRCode(event) ? "RCODE" : event
    return all.first { $0.name == name }
  }
}

extension MetricCounter {
  /// False for what is a means of measuring.
  var isLogged: Bool { ![.batches, .sendSpan, .timedDatagrams].contains(self) }

  /// What it counts, in one line without a full stop.
  package var help: String {
    switch self {
    case .datagramsReceived: "Datagrams taken from the kernel"
    case .datagramsCut: "Datagrams longer than 4096 octets, cut by the kernel"
    case .responsesSent: "Responses that the kernel took, over UDP"
    case .sendFailures: "Responses that the kernel refused, over UDP"
    case .truncated: "Responses with TC set, because they did not fit"
    case .responsesSlipped: "Responses over UDP that the rate limit cut to an empty one with TC set"
    case .batches: "Calls that took at least one datagram"
    case .sendSpan: "Time that the calls took which sent the responses of queries timed over UDP, summed over these"
    case .timedDatagrams: "Queries timed over UDP"
    case .negativeDifferences: "Queue times below zero (the wall clock was set back), discarded"
    case .queueTimesDistrusted: "Queue times discarded because the wall clock was set, or stamping had just begun"
    case .clockSteps: "Steps of the wall clock noticed, each counted by every worker that noticed it"
    case .unstamped: "Queries whose receive time the kernel did not tell"
    case .requestsCut: "TCP connections that ended in the middle of a request"
    case .connectionsAccepted: "TCP connections accepted"
    case .connectionsClosed: "TCP connections ended, by either side"
    case .connectionsRefused: "TCP connections turned away: too many, or no descriptor left"
    case .logRecordsDropped:
      "Refusals not handed to the log: its queue was full, or they were part of a flood of the same"
    case .queryRecordsDropped: "Records of the query log dropped because it is not written fast enough"
    case .queryRecordsLost: "Records of the query log that its file did not take"
    case .dnstapRecordsDropped: "Queries not handed to dnstap: they are not taken fast enough"
    case .dnstapRecordsLost: "Queries that dnstap's file or collector did not take"
    case .metricsLinesLost: "Lines of the metrics log that its file did not take"
    case .usersAsked: "Askers on this host whose user was looked up, for uid lines"
    case .usersNotFound: "Askers on this host that no user was found for"
    case .cyclesSeen: "Calls that closed a cycle among the calls seen"
    case .retryStorms: "Times that a call's rate left its usual one far behind"
    case .upstreamQueries: "Queries sent to other servers over UDP"
    case .upstreamStreams: "Queries sent to other servers over TCP"
    case .upstreamTimeouts: "Queries to other servers that were not replied to in time"
    case .upstreamFailures: "Queries to other servers that came to nothing: silence, an error, no way there"
    case .rejectedMalformed: "Messages of other servers passed over because they cannot be read"
    case .rejectedQuery: "Messages of other servers passed over because they are no responses"
    case .rejectedID: "Messages of other servers passed over because their ID is not the query's"
    case .rejectedQuestion: "Messages of other servers passed over because they repeat another question"
    case .rejectedCase: "Messages of other servers passed over because they repeat the name in other capitals"
    case .forwardedFromCache: "Queries for names of others answered from the cache"
    case .forwardedMisses: "Queries for names of others that the cache had no answer to"
    case .forwardedMerged: "Queries that joined others waiting for the same answer"
    case .forwardedStale: "Queries answered with what is past its end because no server answered"
    case .forwardedPrefetches: "Questions asked in advance because an answer asked for often was about to end"
    case .forwardedTurnedAway: "Queries for names of others answered SERVFAIL because too many wait"
    case .forwardedLoops: "Queries that came back to this server"
    }
  }
}

extension SilenceCause {
  /// Why there was no response, in one line without a full stop.
  package var help: String {
    switch self {
    case .short: "shorter than a header"
    case .isResponse: "a response, not a query"
    case .dropped: "deny-as drop"
    case .limited: "held back by the rate limit"
    case .badSource: "from where no client can be"
    case .noProxyHeader: "of a trusted proxy without a PROXY header that makes sense"
    case .untrustedProxy: "with a PROXY header of a peer that is no trusted proxy"
    case .other: "nothing could be encoded, or the sender was too slow"
    }
  }
}
