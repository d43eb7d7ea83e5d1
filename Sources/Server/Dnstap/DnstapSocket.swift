internal import FlatMemory
internal import LinuxIO

/// A collector behind a socket: connects when it is there, shakes hands, and sends it frames as fast as it takes them.
///
/// Never waits: everything is tried, and tried again at the next turn. A connection that breaks is made again after a
/// while that grows; the frame it broke in goes whole over the next. What the kernel had taken for a collector that ends
/// is lost unseen: the protocol confirms nothing but the end.
struct DnstapSocket: ~Copyable, Sendable {
  /// Nanoseconds between two tries to connect: the first, and the most.
  private static let backoffs: ClosedRange<UInt64> = 100_000_000...5_000_000_000
  /// Nanoseconds that a collector has for the handshake.
  private static let patience: UInt64 = 5_000_000_000
  /// Nanoseconds after which a connection counts as one that lasts: until then nothing is taken back that was said of the
  /// one before, and the next try waits as long as if this one had failed.
  private static let trial: UInt64 = 2_000_000_000

  private enum Stage {
    /// Not connected; tries again at this time.
    case away(UInt64)
    /// READY was sent; waits for ACCEPT until this time.
    case greeted(UInt64)
    /// START was sent; frames follow. It lasts from this time on.
    case open(UInt64)
    /// STOP was sent; FINISH is to come.
    case stopped
    case finished
  }

  /// Where the collector listens, as the operator wrote it.
  let path: String
  private let log: ServerLog
  private let connect: @Sendable (String) throws(SystemError) -> LocalSocket
  private var socket: LocalSocket?
  private var stage = Stage.away(0)
  private var replies = FrameStreamReplies()
  /// Control frames not sent yet; before any frame.
  private var control: [UInt8] = []
  private var backoff = DnstapSocket.backoffs.lowerBound
  private var isFailing = false
  /// Records that were lost since the collector last took some, for the log.
  var missing: UInt64 = 0

  /// - Parameter connect: how to reach it; tests have their own.
  init(
    _ path: String, log: ServerLog,
    connect: @escaping @Sendable (String) throws(SystemError) -> LocalSocket = DnstapSocket.connectToPath
  ) {
    self.path = path
    self.log = log
    self.connect = connect
  }

  private static func connectToPath(_ path: String) throws(SystemError) -> LocalSocket {
    try LocalSocket.connect(toPath: path)
  }

  /// True once the collector has said that it has read all.
  var isFinished: Bool { if case .finished = stage { true } else { false } }

  /// True where there is a collector that frames go to.
  var isConnected: Bool { socket != nil }

  /// What there is to wait for: its answer, or room.
  func awaited(toSend: Bool) -> (raw: Int32, writable: Bool)? {
    let wish: Bool? =
      switch stage {
      case .greeted: !control.isEmpty
      case .open where toSend || !control.isEmpty: true
      default: nil
      }
    guard let writable = wish else { return nil }
    switch socket {
    case .some(let socket): return (socket.raw, writable)
    case nil: return nil
    }
  }

  /// Connects, reads what the collector says, and sends what it takes.
  /// - Parameters:
  ///   - frames: whole frames, of which those up to `sent` are gone; emptied when all of them are.
  ///   - now: nanoseconds of CLOCK_MONOTONIC.
  mutating func turn(_ frames: inout OctetBuffer, sent: inout Int, at now: UInt64) {
    if isFinished { return }
    if case .away(let next) = stage, now >= next { greet(at: now) }
    guard socket != nil else { return }
    if let problem = listen(at: now) ?? send(&frames, &sent) {
      socket = nil
      control = []
      if case .stopped = stage {
        stage = .finished
        return
      }
      // The frame that the connection broke in begins anew.
      sent = LogForm.frames.records(in: frames.octets, from: 0, to: sent).end
      stay(away: problem, at: now)
    } else if case .open(let lasting) = stage, now >= lasting {
      settle()
    }
  }

  /// The collector stays: that is told where it had not, and the next failure is a first one. What is dropped while it stays,
  /// because it is slow, is counted and told elsewhere.
  private mutating func settle() {
    backoff = Self.backoffs.lowerBound
    if isFailing {
      log.write("dnstap's collector \(path) is there\(missing > 0 ? "; \(missing) queries are missing" : "")")
    }
    (isFailing, missing) = (false, 0)
  }

  /// Says STOP, once all frames are sent.
  mutating func stop() {
    guard case .open = stage, control.isEmpty else {
      stage = .finished
      return
    }
    control += FrameStream.stop
    stage = .stopped
  }

  private mutating func greet(at now: UInt64) {
    do throws(SystemError) {
      socket = try connect(path)
      replies = FrameStreamReplies()
      control = FrameStream.ready
      stage = .greeted(now &+ Self.patience)
    } catch {
      stay(away: "\(error)", at: now)
    }
  }

  private mutating func stay(away problem: String, at now: UInt64) {
    if !isFailing {
      log.write("dnstap has no collector: \(problem); queries are answered, and what waits too long for one is dropped")
    }
    isFailing = true
    stage = .away(now &+ backoff)
    backoff = min(backoff * 2, Self.backoffs.upperBound)
  }

  /// - Returns: what is wrong with the connection; nil for nothing.
  private mutating func listen(at now: UInt64) -> String? {
    guard let reading = socket?.read(atMost: 4096) else { return nil }
    switch reading {
    case .closed: return "\(path) has closed the connection"
    case .wouldBlock:
      if case .greeted(let deadline) = stage, now >= deadline { return "\(path) does not answer READY with ACCEPT" }
      return nil
    case .octets(let octets): return take(replies.take(octets), at: now)
    }
  }

  private mutating func take(_ reply: FrameStreamReplies.Reply?, at now: UInt64) -> String? {
    switch (reply, stage) {
    case (nil, _): return nil
    case (.broken(let problem), _): return "\(path): \(problem)"
    case (.accepted, .greeted):
      control += FrameStream.start
      stage = .open(now &+ Self.trial)
      return nil
    case (.finished, .stopped):
      stage = .finished
      return nil
    default: return "\(path) answers out of turn"
    }
  }

  /// - Returns: what is wrong with the connection; nil for nothing.
  private mutating func send(_ frames: inout OctetBuffer, _ sent: inout Int) -> String? {
    // STOP goes behind the frames, other control frames go before them.
    if case .stopped = stage {} else if !control.isEmpty, let problem = sendControl() { return problem }
    guard control.isEmpty || isStopped else { return nil }
    switch stage {
    case .open, .stopped: break
    default: return nil
    }
    while sent < frames.count {
      guard let count = socket?.write(frames.octets.extracting(sent..<frames.count)) else { return broken }
      if count == 0 { return nil }
      sent += count
    }
    frames.reset()
    sent = 0
    return isStopped ? sendControl() : nil
  }

  private var isStopped: Bool { if case .stopped = stage { true } else { false } }
  private var broken: String { "\(path) takes no more" }

  private mutating func sendControl() -> String? {
    if control.isEmpty { return nil }
    guard let count = socket?.write(control[...]) else { return broken }
    control.removeFirst(count)
    return nil
  }
}
