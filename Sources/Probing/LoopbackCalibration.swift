internal import Addresses
internal import DNSFormat
package import LinuxIO
package import Measuring
internal import Randomness

/// The instrument measured by itself (RFC 8912 §6.4.4): the same socket, clock reads and records, at a server that is another
/// socket of this thread. No other thread or process is in the way, so what is measured is this host's own part.
package enum LoopbackCalibration {
  /// Takes a tenth of a second: round trips are Poisson, too, as a host that has just slept is slower than one in a loop.
  /// - Returns: what was found, and the singletons it rests on.
  package static func run(_ query: ProbeQuery, count: Int = 500) throws(SystemError) -> (Calibration, StreamRecord) {
    let loopback = SocketAddress(IPAddress(v4: 0x7f00_0001), port: 0)
    let near = try ProbeRun.socket(from: loopback)
    let far = try ProbeRun.socket(from: loopback)
    var record = StreamRecord(far.localAddress, query, threshold: 1_000_000_000)
    var memory = [UInt8](repeating: 0, count: 65_535)
    waitExactly()
    defer { waitAsUsual() }
    var random = SplitMix64(seed: 1)
    let stream = PoissonStream(rate: 5000, truncation: 2_000_000)
    let start = Clock.monotonicNanoseconds()
    for number in 0..<count {
      waitReadable([], nanoseconds: stream.spacing(&random))
      let id = UInt16(truncatingIfNeeded: number)
      let offset = ProbeRun.clockOffset()
      let sending = near.send(query.message(id: id), to: far.localAddress)
      if let error = sending.error { throw error }
      record.sent(
        Singleton(
          number: number, id: id, port: near.localAddress.port, due: sending.monotonic - start,
          sentAt: sending.realtime, lag: 0),
        at: sending.monotonic, clockOffset: offset)
      try turn(far, back: near.localAddress, &memory)
      try take(near, into: &record, &memory)
    }
    let clock = Clock.calibrate().realtime
    let calibration = Calibration(
      record.singletons.compactMap(\.delay), clockResolution: clock.resolution * 1e-9,
      clockReadCost: clock.readCost * 1e-9)
    guard let calibration else { throw SystemError("measure", "the loopback of this host", errno: 0) }
    return (calibration, record)
  }

  /// The server's part: the query with QR set.
  private static func turn(_ far: ProbeSocket, back peer: SocketAddress, _ memory: inout [UInt8]) throws(SystemError) {
    waitReadable([far.raw], nanoseconds: 100_000_000)
    guard let query = try far.receive(into: &memory), query.count > 2, query.peer == peer else { return }
    var response = Array(memory[..<query.count])
    response[2] |= 0x80
    _ = far.send(response, to: peer)
  }

  private static func take(
    _ near: ProbeSocket, into record: inout StreamRecord, _ memory: inout [UInt8]
  ) throws(SystemError) {
    waitReadable([near.raw], nanoseconds: 100_000_000)
    guard let datagram = try near.receive(into: &memory), let peer = datagram.peer, datagram.kernelTime != 0 else {
      return
    }
    record.received(
      memory.span.extracting(0..<datagram.count), from: peer, arrivedAt: datagram.kernelTime,
      clockOffset: ProbeRun.clockOffset())
  }
}
