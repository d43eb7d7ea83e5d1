internal import Addresses
internal import Answering
internal import Forwarding
internal import Policy

/// A query that a worker hands to the forwarder, and the way back to whoever asked.
struct HandedQuery {
  /// What is known of who asks, as the worker found it out.
  var evidence = Evidence(source: IPAddress(v4: 0))
  var transport = Arrival.Transport.udp
  /// Over TCP, how long the connection may be idle, in units of 100 ms.
  var idleTime: UInt16 = 0
  /// True where nobody waits: an answer that is asked for often is about to end.
  var isPrefetch = false
  /// Of the snapshot by which it was forwarded.
  var generation: UInt64 = 0
  /// When it was handed to us, by both clocks, in nanoseconds.
  var monotonic: UInt64 = 0
  var wall: UInt64 = 0
  /// The place of the address asked among all that the server listens on.
  var listener = 0
  /// Who is to get the response, and the interface that a link-local one is behind.
  var peer = SocketAddress(IPAddress(v4: 0), port: 0)
  var scope: UInt32 = 0
  /// True where a PROXY header came first, which was believed.
  var hasHeader = false
  /// Where it was sent to.
  var server = SocketAddress(IPAddress(v4: 0), port: 0)
  /// The worker that handed it over, by number; the forwarder notes it.
  var worker = 0
  /// Over TCP: the connection's place, and its number, which no other connection of the worker ever has.
  var slot = 0
  var serial: UInt64 = 0
  /// Octets of a message that is handed over at the most: all that has more is no query of a name of others that any client
  /// sends, and would take the room of a hundred.
  static let longestRequest = 4096

  /// The message, without TCP's length.
  var request: [UInt8] = []

  /// Replies to questions that were asked for it, where their aliases lead on to others.
  var heard: [HeardReply] = []
  /// True where what it waits for, or waited for last, is where an alias of others leads.
  var isBehindAlias = false

  /// How it came, for logs.
  var way: QueryWay { QueryWay(listener: listener, peer: peer.address, hasHeader: hasHeader) }

  /// How it came, for dnstap.
  var exchange: Exchange { Exchange(peerPort: hasHeader ? 0 : peer.port, server: server, received: wall) }

  /// Who counts as one client where each has a share: the sender, or whom its proxy speaks for.
  var client: IPAddress { evidence.source.client }
}
