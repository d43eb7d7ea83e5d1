/// Events that a worker counts by themselves, whoever asked. A row is all a counter needs.
public enum MetricCounter: Int, CaseIterable, Sendable {
  /// Datagrams taken from the kernel.
  case datagramsReceived
  /// Datagrams longer than a slot, cut by the kernel.
  case datagramsCut
  /// Responses that the kernel took, over UDP.
  case responsesSent
  /// Responses that the kernel refused, over UDP.
  case sendFailures
  /// Responses with TC set, because they did not fit.
  case truncated
  /// Responses over UDP that the rate limit cut to an empty one with TC set.
  case responsesSlipped
  /// Calls that took at least one datagram.
  case batches
  /// Nanoseconds that the call took which sent a query's response, summed over the queries timed over UDP: within it the
  /// response left.
  case sendSpan
  /// Queries timed over UDP.
  case timedDatagrams
  /// Queue times below zero (a clock step), discarded.
  case negativeDifferences
  /// Queue times discarded because the wall clock was set while they passed, or stamping had just begun.
  case queueTimesDistrusted
  /// Steps of the wall clock that a worker noticed.
  case clockSteps
  /// Queries whose queue time the kernel did not tell.
  case unstamped
  /// TCP connections that ended in the middle of a request.
  case requestsCut
  /// TCP connections accepted.
  case connectionsAccepted
  /// TCP connections ended, by either side.
  case connectionsClosed
  /// TCP connections turned away: too many, or no descriptor left.
  case connectionsRefused
  /// Refusals that the log was not handed: its queue was full, or they were part of a flood of the same.
  case logRecordsDropped
  /// Records of the query log dropped because it is not written fast enough.
  case queryRecordsDropped
  /// Records of the query log that its file did not take: a full disk.
  case queryRecordsLost
  /// Queries that dnstap was not handed: they are not taken fast enough.
  case dnstapRecordsDropped
  /// Queries that dnstap was handed, and that its file or collector did not take.
  case dnstapRecordsLost
  /// Lines of the metrics log that its file did not take.
  case metricsLinesLost
  /// Askers on this host whose user was looked up, for `uid` lines.
  case usersAsked
  /// Of these, those that no user was found for: the socket was gone, or the kernel did not say.
  case usersNotFound
  /// Calls that closed a cycle among calls seen.
  case cyclesSeen
  /// Calls that left their usual rate far behind.
  case retryStorms
  /// Queries sent to other servers over UDP.
  case upstreamQueries
  /// Queries sent to other servers over TCP.
  case upstreamStreams
  /// Queries to other servers that were not replied to in time.
  case upstreamTimeouts
  /// Queries to other servers that came to nothing: silence, an error, no way there.
  case upstreamFailures
  /// Messages of other servers passed over because they cannot be read.
  case rejectedMalformed
  /// Messages of other servers passed over because they are no responses.
  case rejectedQuery
  /// Messages of other servers passed over because their ID is not the query's.
  case rejectedID
  /// Messages of other servers passed over because they repeat another question.
  case rejectedQuestion
  /// Messages of other servers passed over because they repeat the name in other capitals.
  case rejectedCase
  /// Queries for names of others answered from the cache.
  case forwardedFromCache
  /// Queries for names of others that the cache had no answer to.
  case forwardedMisses
  /// Queries that joined others waiting for the same answer.
  case forwardedMerged
  /// Queries answered with what is past its end because no server answered.
  case forwardedStale
  /// Questions asked in advance because an answer asked for often was about to end.
  case forwardedPrefetches
  /// Queries for names of others answered SERVFAIL because too many wait.
  case forwardedTurnedAway
  /// Queries that came back to this server.
  case forwardedLoops
}

/// Why a query got no response.
public enum SilenceCause: Int, CaseIterable, Sendable {
  /// Shorter than a header: there is no ID to answer to.
  case short
  /// A response, not a query: answering could begin a loop.
  case isResponse
  /// The policy says `deny-as drop`.
  case dropped
  /// The rate limit: too many responses of a kind to one prefix.
  case limited
  /// The source cannot be a client's: port 0, a broadcast address.
  case badSource
  /// A trusted proxy's datagram or connection without a PROXY header, or with one that makes no sense.
  case noProxyHeader
  /// A connection that begins with a PROXY header, of a peer that is no trusted proxy.
  case untrustedProxy
  /// Nothing could be encoded, or the sender was too slow: none of the above.
  case other
}
