internal import FlatMemory
internal import LinuxIO
internal import Policy

/// Makes frames of records, and hands them to a file or a collector, many at once.
struct DnstapDesk: LogDesk, ~Copyable {
  /// Words of a worker's ring: half a million, 4 MiB; at least 31 of the longest records, and some 13,000 usual ones.
  static let ringCapacity = 1 << 19
  private static let bufferSize = 1 << 20

  /// Where frames go.
  struct Target: Sendable {
    enum Output: Sendable {
      case file(Handover<LogFile>)
      case socket(Handover<DnstapSocket>)
      /// Where they go already; a file is moved aside at another size.
      case same(LogRotation?)
    }

    let output: Output

    /// - Throws: where a file cannot be opened. A collector may come later.
    init(_ wanted: Dnstap, log: ServerLog) throws(SystemError) {
      switch wanted.destination {
      case .socket(let path): output = .socket(Handover(DnstapSocket(path, log: log)))
      case .file(let path):
        let words = LogFile.Words(
          name: "dnstap file", loss: "queries are answered, but dnstap lacks them until there is room",
          stays: "dnstap goes where it went")
        output = .file(Handover(try LogFile.open(path, .frames, wanted.rotation, words, log: log)))
      }
    }

    /// Where frames go already, with what else is wanted of it.
    init(changing wanted: Dnstap) { output = .same(wanted.rotation) }

    /// A collector that tests are.
    init(_ socket: consuming DnstapSocket) { output = .socket(Handover(socket)) }
  }

  private var file: LogFile?
  private var socket: DnstapSocket?
  private var formatter = DnstapFormatter(hostName: hostName())
  private var frames = OctetBuffer(capacity: DnstapDesk.bufferSize)
  /// Octets of them that a collector has.
  private var sent = 0
  /// For each record in `frames`, how many frames there are up to its last one.
  private var ends: [Int] = []
  private(set) var lostCount: UInt64 = 0
  private var isStopping = false

  init(_ log: ServerLog) {}

  var isOpen: Bool { file != nil || socket != nil }
  var hasRoom: Bool { !isOpen || frames.capacity - frames.count >= DnstapFormatter.longest }
  var awaited: (raw: Int32, writable: Bool)? {
    switch socket {
    case .some(let socket): socket.awaited(toSend: frames.count > 0)
    case nil: nil
    }
  }

  mutating func use(_ target: Target?) {
    if case .same(let rotation)? = target?.output {
      file?.rotate(rotation)
      return
    }
    leave()
    switch target?.output {
    case .file(let handover): file = handover.take()
    case .socket(let handover): socket = handover.take()
    case .same, nil: break
    }
  }

  mutating func reopen() {
    flush(at: Clock.monotonicNanoseconds())
    file?.reopen()
  }

  mutating func keep(_ generations: Set<UInt64>) { formatter.keep(generations) }

  mutating func noteDropped(_ count: UInt64) { socket?.missing += count }

  mutating func append(_ record: DecisionRecord, _ served: ServedSnapshot?) {
    if !isOpen { return }
    let count = formatter.append(record, served?.snapshot, to: &frames)
    if count > 0 { ends.append((ends.last ?? 0) + count) } else { lostCount += 1 }
  }

  mutating func flush(at now: UInt64) {
    if socket != nil {
      socket?.turn(&frames, sent: &sent, at: now)
      if frames.count == 0 { ends.removeAll(keepingCapacity: true) }
    } else if file != nil, frames.count > 0 {
      empty(taken: file?.append(frames, count: ends.last ?? 0) ?? 0)
    }
  }

  mutating func end(isLast: Bool) -> Bool {
    let now = Clock.monotonicNanoseconds()
    guard socket != nil else {
      flush(at: now)
      leave()
      return true
    }
    if !isStopping { socket?.stop() }
    isStopping = true
    flush(at: now)
    if socket?.isFinished != true, !isLast { return false }
    leave()
    return true
  }

  /// Ends what is written to, without waiting.
  private mutating func leave() {
    flush(at: Clock.monotonicNanoseconds())
    file?.end()
    file = nil
    if socket != nil, !isStopping {
      socket?.stop()
      socket?.turn(&frames, sent: &sent, at: Clock.monotonicNanoseconds())
    }
    socket = nil
    empty(taken: LogForm.frames.records(in: frames.octets, from: 0, to: sent).count)
  }

  /// Forgets the frames, and counts the records that are not wholly among the first so many.
  private mutating func empty(taken: Int) {
    lostCount += UInt64(ends.reversed().prefix { $0 > taken }.count)
    ends.removeAll(keepingCapacity: true)
    frames.reset()
    sent = 0
  }
}
