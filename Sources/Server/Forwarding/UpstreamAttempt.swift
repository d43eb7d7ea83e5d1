internal import Addresses
internal import FlatMemory
internal import Forwarding
internal import LinuxIO
internal import Metrics

/// One query to one server: its socket, and what is known of it until its reply comes or time is up.
final class UpstreamAttempt {
  /// What its events carry.
  let token: UInt64
  /// What it is asked for; its attempts are taken from it when it ends.
  let question: PendingQuestion
  /// The server's place in the line.
  let server: Int
  let address: SocketAddress
  let query: UpstreamQuery
  /// What the query goes without.
  let lack: Upstreams.Lack?
  /// True where it is made over TCP since its server was silent to datagrams.
  let isLastTry: Bool
  /// Where it is counted; nil where its server is not shown.
  var tally: UpstreamTally?
  /// What it is counted as should it end now; nil once its reply has come.
  var noReply: NoReply? = .givenUp
  /// When it was sent, in nanoseconds of the monotonic clock.
  let sent: UInt64
  /// By datagram or by stream; nil where neither could be had.
  private(set) var datagrams: DatagramSocket?
  private(set) var stream: UpstreamStream?
  /// Datagrams that were no reply to it.
  var rejected = 0
  /// False once another server was asked in its stead: its reply is still welcome.
  var isCurrent = true
  /// True once its question has its answer from elsewhere: what comes says only that its server is alive.
  var isLate = false

  /// A socket in a box: an optional of one that cannot be copied would have to be moved to be used.
  final class DatagramSocket {
    let socket: AskingSocket
    init(_ socket: consuming AskingSocket) { self.socket = socket }
  }

  init(
    token: UInt64, _ question: PendingQuestion, server: Int, _ address: SocketAddress, _ query: UpstreamQuery,
    without lack: Upstreams.Lack?, isLastTry: Bool, at now: UInt64
  ) {
    self.token = token
    self.question = question
    self.server = server
    self.address = address
    self.query = query
    self.lack = lack
    self.isLastTry = isLastTry
    sent = now
  }

  /// Opens a socket and sends the query.
  /// - Parameter overStream: by TCP (RFC 7766).
  /// - Returns: the descriptor to be watched.
  func open(overStream: Bool, using buffer: inout OctetBuffer) throws(SystemError) -> Int32 {
    if overStream {
      let stream = UpstreamStream(try TCPSocket.connect(to: address), query)
      self.stream = stream
      return stream.raw
    }
    let datagrams = DatagramSocket(try AskingSocket(to: address))
    buffer.reset()
    let octets = query.octets
    buffer.append(octets.span)
    try datagrams.socket.send(buffer)
    self.datagrams = datagrams
    return datagrams.socket.raw
  }

  /// The descriptor; nil where there is none.
  var raw: Int32? { datagrams?.socket.raw ?? stream?.raw }

  /// True over TCP: nobody else can have written what comes.
  var isStream: Bool { stream != nil }
}
