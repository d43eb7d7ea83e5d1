import Addresses
import DNSFormat

@testable import Measuring

let askedServer = SocketAddress(IPAddress(v4: 0x7f00_0001), port: 5300)
let otherServer = SocketAddress(IPAddress(v4: 0x7f00_0002), port: 5300)
let query = ProbeQuery(DomainName(validWire: Array("\u{6}orders\u{4}mesh\u{4}test\0".utf8)), .a)

func plan(servers: Int = 1, count: Int = 100, rate: Double = 10) -> ProbePlan {
  ProbePlan(
    servers: Array([askedServer, otherServer].prefix(servers)), query: query,
    stream: PoissonStream(rate: rate, truncation: 30_000_000_000), count: count, duration: .max,
    threshold: 5_000_000_000,
    start: nil, source: nil, seed: 7)
}

/// A response as a server that repeats the question sends it.
func response(_ id: UInt16, rcode: UInt8 = 0, answers: UInt8 = 1) -> [UInt8] {
  var octets = query.message(id: id)
  octets[2] |= 0x80
  octets[3] = octets[3] & 0xf0 | rcode
  octets[7] = answers
  return octets
}

/// A record with queries 0 to `count` sent, one a second from second 1000, IDs from 100.
func record(_ count: Int) -> StreamRecord {
  var record = StreamRecord(askedServer, query, threshold: 5_000_000_000)
  for number in 0..<count {
    let time = UInt64(number) * 1_000_000_000
    record.sent(
      Singleton(
        number: number, id: UInt16(100 + number), port: 40_000, due: time, sentAt: 1_000_000_000_000 + time, lag: 0),
      at: 1_000_000_000_000 + time, clockOffset: 0)
  }
  return record
}

extension StreamRecord {
  mutating func take(
    _ octets: [UInt8], from source: SocketAddress = askedServer, at time: UInt64, clockOffset: Int64 = 0
  ) {
    received(octets.span, from: source, arrivedAt: time, clockOffset: clockOffset)
  }
}
