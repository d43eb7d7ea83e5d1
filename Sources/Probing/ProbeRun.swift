internal import Addresses
internal import DNSFormat
package import LinuxIO
package import Measuring
internal import Metrics

/// An active measurement as it runs: sends each query at its time, whatever has come back by then, and hands all that comes
/// to its stream's record. One thread, and one socket for all streams: two servers are asked from the same port, as a server may
/// spread callers over its threads by it.
package struct ProbeRun: ~Copyable {
  private let plan: ProbePlan
  /// One a family of addresses.
  private let sockets: [ProbeSocket]
  /// Which of them each stream has.
  private let socketOf: [Int]
  private let schedules: [(times: [UInt64], ids: QueryIDs)]
  private var records: [StreamRecord]
  private var next: [Int]

  /// Opens the sockets and draws the sending times.
  /// - Throws: where the source address cannot be bound.
  package init(_ plan: ProbePlan) throws(SystemError) {
    self.plan = plan
    var sockets: [ProbeSocket] = []
    var socketOf: [Int] = []
    for server in plan.servers {
      let isIPv4 = server.address.isIPv4
      if let known = sockets.firstIndex(where: { $0.localAddress.address.isIPv4 == isIPv4 }) {
        socketOf.append(known)
        continue
      }
      let wildcard = isIPv4 ? IPAddress(v4: 0) : IPAddress(high: 0, low: 0)
      socketOf.append(sockets.count)
      sockets.append(try ProbeRun.socket(from: plan.source ?? SocketAddress(wildcard, port: 0)))
    }
    self.sockets = sockets
    self.socketOf = socketOf
    schedules = plan.schedules()
    records = plan.servers.map { StreamRecord($0, plan.query, threshold: plan.threshold) }
    next = plan.servers.map { _ in 0 }
  }

  /// A socket that sends what RFC 8912 §6.2.2 fixes of the IP header.
  static func socket(from address: SocketAddress) throws(SystemError) -> ProbeSocket {
    try ProbeSocket(
      // A DSCP is the upper six bits of the octet.
      from: address, hopLimit: ActiveMeasurement.hopLimit, trafficClass: ActiveMeasurement.trafficClass << 2)
  }

  /// How far it is.
  package struct Progress: Sendable {
    package let sent: Int
    package let planned: Int
    package let lost: Int
    package let waiting: Int
    /// The last delay, in nanoseconds.
    package let lastDelay: UInt64?
  }

  /// What a run gives.
  package struct Result: Sendable {
    package let records: [StreamRecord]
    /// T0 and the end, in nanoseconds since 1970-01-01 UTC.
    package let start: UInt64
    package let end: UInt64
    package let wasEndedEarly: Bool
  }

  /// Measures; returns when every query is decided, Tmax after the last one at the latest, or when `isEnded` says so.
  /// - Parameters:
  ///   - ending: a descriptor that becomes readable when it may be time to end; nil for none.
  ///   - isEnded: asked whenever something happened.
  ///   - progress: told five times a second.
  package mutating func measure(
    ending: Int32? = nil, isEnded: () -> Bool = { false }, progress: ((Progress) -> Void)? = nil
  ) throws(SystemError) -> Result {
    waitExactly()
    defer { waitAsUsual() }
    var memory = [UInt8](repeating: 0, count: 65_535)
    let watched = sockets.map(\.raw) + (ending.map { [$0] } ?? [])
    var offset = ProbeRun.clockOffset()
    let start = plan.start ?? Clock.realtimeNanoseconds() &+ 10_000_000
    // T0 on the monotonic clock, so that no step of the wall clock moves the sending times.
    let zero = UInt64(bitPattern: Int64(bitPattern: start) &- offset)
    var nextTelling: UInt64 = 0
    var wasEndedEarly = false
    var lastSending = zero
    while true {
      if isEnded() {
        wasEndedEarly = true
        break
      }
      var now = Clock.monotonicNanoseconds()
      while let stream = dueStream(), zero &+ schedules[stream].times[next[stream]] <= now {
        try send(stream, zero: zero, &memory)
        now = Clock.monotonicNanoseconds()
        lastSending = now
      }
      offset = ProbeRun.clockOffset()
      let heardUntil = try receiveAll(clockOffset: offset, &memory)
      for index in records.indices { records[index].expire(now: heardUntil[socketOf[index]]) }
      now = Clock.monotonicNanoseconds()
      if let progress, now >= nextTelling {
        nextTelling = now &+ 200_000_000
        progress(self.progress)
      }
      let due = dueStream().map { zero &+ schedules[$0].times[next[$0]] }
      if due == nil, records.allSatisfy({ $0.waiting == 0 }) { break }
      // Tmax after the last one, and a little more, so that then it has gone by.
      let wake = due ?? lastSending &+ plan.threshold &+ ProbeRun.grace &+ 1_000_000
      let limit: UInt64 = progress == nil ? 3_600_000_000_000 : 200_000_000
      if wake > now { waitReadable(watched, nanoseconds: Swift.min(wake - now, limit)) }
    }
    if wasEndedEarly { for index in records.indices { records[index].endEarly() } }
    if let progress { progress(self.progress) }
    let ended = wasEndedEarly ? Clock.realtimeNanoseconds() : start &+ length
    return Result(records: records, start: start, end: Swift.max(start, ended), wasEndedEarly: wasEndedEarly)
  }

  /// Tf − T0: as asked, or until the last sending where a count was.
  private var length: UInt64 {
    plan.duration < .max ? plan.duration : schedules.reduce(0) { Swift.max($0, $1.times.last ?? 0) }
  }

  /// The stream whose query is due first; nil where all were sent.
  private func dueStream() -> Int? {
    next.indices.filter { next[$0] < schedules[$0].times.count }
      .min { schedules[$0].times[next[$0]] < schedules[$1].times[next[$1]] }
  }

  private mutating func send(_ stream: Int, zero: UInt64, _ memory: inout [UInt8]) throws(SystemError) {
    let number = next[stream]
    next[stream] += 1
    let id = schedules[stream].ids[number]
    let due = schedules[stream].times[number]
    let message = plan.query.message(id: id)
    let server = plan.servers[stream]
    let socket = socketOf[stream]
    var offset = ProbeRun.clockOffset()
    var sending = sockets[socket].send(message, to: server)
    if sending.error != nil {
      // The error may be that of an earlier datagram: hear it, and send again.
      try receiveErrors(socket, &memory)
      offset = ProbeRun.clockOffset()
      sending = sockets[socket].send(message, to: server)
    }
    if let error = sending.error { return records[stream].notSent(error.reason) }
    records[stream].sent(
      Singleton(
        number: number, id: id, port: sockets[socket].localAddress.port, due: due, sentAt: sending.realtime,
        lag: sending.monotonic > zero &+ due ? sending.monotonic - zero - due : 0),
      at: sending.monotonic, clockOffset: offset)
  }

  /// How long after the kernel's stamp a datagram is in the socket at the latest, in nanoseconds.
  private static let grace: UInt64 = 1_000_000

  /// Takes what has come.
  /// - Returns: a socket each, until when, on the monotonic clock, all that came has been taken.
  private mutating func receiveAll(clockOffset: Int64, _ memory: inout [UInt8]) throws(SystemError) -> [UInt64] {
    var heardUntil: [UInt64] = []
    for socket in sockets.indices {
      var until = Clock.monotonicNanoseconds()
      // At most so many at a time: a flood of datagrams must not keep the next query from leaving. Nor may it hide a response
      // that was there within Tmax: no query is given up before what came until then was read, which is in order of coming.
      for number in 1...64 {
        guard let datagram = try sockets[socket].receive(into: &memory) else { break }
        let arrival = datagram.kernelTime == 0 ? Clock.realtimeNanoseconds() : datagram.kernelTime
        if number == 64 { until = Swift.min(until, arrival &- UInt64(bitPattern: clockOffset)) }
        guard let peer = datagram.peer else { continue }
        records[stream(of: memory, datagram.count)].received(
          memory.span.extracting(0..<datagram.count), from: peer, arrivedAt: arrival, clockOffset: clockOffset)
      }
      try receiveErrors(socket, &memory)
      heardUntil.append(until &- ProbeRun.grace)
    }
    return heardUntil
  }

  private mutating func receiveErrors(_ socket: Int, _ memory: inout [UInt8]) throws(SystemError) {
    for _ in 0..<64 {
      guard let error = try sockets[socket].receiveError(into: &memory) else { break }
      let stream = stream(of: memory, error.count)
      guard let reason = error.reason, error.count >= 2, error.peer == plan.servers[stream] else { continue }
      records[stream].unreachable(id: UInt16(memory[0]) << 8 | UInt16(memory[1]), reason.reason)
    }
  }

  /// Whose ID it is; what has none is the first's.
  private func stream(of memory: [UInt8], _ count: Int) -> Int {
    count < 2 ? 0 : (Int(memory[0]) << 8 | Int(memory[1])) % plan.servers.count
  }

  private var progress: Progress {
    Progress(
      sent: records.reduce(0) { $0 + $1.singletons.count }, planned: schedules.reduce(0) { $0 + $1.times.count },
      lost: records.reduce(0) { $0 + $1.lostSoFar }, waiting: records.reduce(0) { $0 + $1.waiting },
      lastDelay: records.compactMap(\.lastDelay).last)
  }

  /// Wall clock minus monotonic clock. Where something came between the two readings, they are read again: it would look like a
  /// clock that was set.
  static func clockOffset() -> Int64 {
    var best: (span: UInt64, offset: Int64) = (.max, 0)
    for _ in 0..<10 where best.span > 5_000 {
      let before = Clock.monotonicNanoseconds()
      let wall = Clock.realtimeNanoseconds()
      let span = Clock.monotonicNanoseconds() &- before
      if span < best.span { best = (span, Int64(bitPattern: wall &- before)) }
    }
    return best.offset
  }
}
