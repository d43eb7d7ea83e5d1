import Foundation
import Metrics
import TestSupport
import Testing

@testable import Measuring

@Suite("How a measurement is written")
struct TextTests {
  @Test func `a singleton has the registry's columns first, as JSON and as CSV`() {
    var record = record(2)
    record.take(response(100, rcode: 3, answers: 2), at: 1_000_000_123_456)
    record.expire(now: 1_006_000_000_000)
    let lines = SingletonFormat.allCases.map { format in record.singletons.map { format.line($0, of: askedServer) } }
    #expect(
      lines[0][0] == #"{"T":"1970-01-01T00:16:40.000000000Z","dT":0.000123456,"RCODE":3,"Logical":0,"#
        + #""server":"127.0.0.1:5300","number":0,"id":100,"port":40000,"due":0.000000000,"lag":0.000000000,"answers":2,"#
        + #""truncated":false,"note":null,"calibration":false}"#)
    #expect(
      lines[1][1] == "1970-01-01T00:16:41.000000000Z,,,1,127.0.0.1:5300,1,101,40000,1.000000000,0.000000000,,,,false")
    #expect(SingletonFormat.csv.heading?.hasPrefix("T,dT,RCODE,Logical,server,") == true)
    for line in lines[0] { #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil) }
  }

  @Test(arguments: [MetricDefinition.responseTime.word, MetricDefinition.responseLoss.word])
  func `what the registered metrics put out are columns`(word: String) throws {
    let outputs = try #require(MetricDefinition.called(word)).outputs.map(\.name)
    #expect(!outputs.isEmpty && outputs.allSatisfy(SingletonFormat.columns.contains), "\(outputs)")
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2026-11-21T19:46:57.5Z", 1_795_290_417_500_000_000),
    ("2000-02-29t23:59:59.000000001z", 951_868_799_000_000_001),
  ])
  func `a moment is read and written`(text: String, nanoseconds: UInt64) throws {
    let moment = try #require(DateAndTime(text))
    #expect(moment.nanoseconds == nanoseconds)
    #expect(DateAndTime(moment.description) == moment)
  }

  @Test(arguments: [
    "", "now", "2026-11-21", "2026-11-21T19:46:57", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T19:46:57.Z", "2026-11-21T19:46:57.1234567890Z", "1969-12-31T23:59:59Z", "2026-11-21T19:46:5xZ",
    "+026-11-21T19:46:57Z",
  ])
  func `what is no moment is not read`(text: String) { #expect(DateAndTime(text) == nil) }

  @Test func `every moment comes back, and no text is a trap`() {
    var random = SeededGenerator(seed: 2)
    for _ in 0..<rounds(5_000) {
      let moment = DateAndTime(nanoseconds: UInt64(random.number(0...8_000_000_000_000_000_000)))
      #expect(DateAndTime(moment.description) == moment)
      _ = DateAndTime(String(decoding: random.octets(random.number(0...32)), as: UTF8.self))
    }
  }

  @Test func `the histogram has a bar for every delay, whatever they are`() {
    #expect(DelayHistogram.text([]) == "")
    var random = SeededGenerator(seed: 3)
    let samples: [[UInt64]] =
      [[0], [UInt64.max], [0, .max], [99, 100, 101], [1_000_000]]
      + (0..<200).map { _ in (0..<random.number(1...50)).map { _ in random.next() >> UInt64(random.number(0...63)) } }
    for sample in samples {
      let lines = DelayHistogram.text(sample).split(separator: "\n")
      let total = lines.reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
      #expect(total == sample.count && lines.count <= 25, "\(sample)")
    }
  }

  @Test func `the report tells of each stream and of the comparison, as text and as JSON`() throws {
    let measurement = try measurement()
    for needle in [
      "RTDNS_Active_IP-UDP-Poisson_RFC8912sec6_Seconds_Raw", "RLDNS_Active_IP-UDP-Poisson_RFC8912sec6_Logical_Raw",
      "100 sent, 99 responses (60 NOERROR, 39 REFUSED), 1 lost", "destination port 5300, not 53", "1 a second response",
      "100 sent, 0 responses, 100 lost", "+99.00 %", "the two differ", "independent singletons",
    ] { #expect(measurement.text.contains(needle), "\(needle)\n\(measurement.text)") }
    let object = try JSONSerialization.jsonObject(with: Data(measurement.json.utf8)) as? [String: Any]
    let streams = object?["servers"] as? [[String: Any]]
    #expect(streams?.count == 2 && streams?[0]["lost"] as? Int == 1)
    #expect((streams?[0]["populations"] as? [[String: Any]])?.map { $0["rcode"] as? Int } == [0, 5])
    #expect((object?["comparison"] as? [String: Any])?["differs"] as? Bool == true)
    #expect(((object?["calibration"] as? [String: Any])?["systematic"] as? Double).map { close($0, 5e-6) } == true)
  }

  private func measurement() throws -> Measuring.Measurement {
    var (first, second) = (record(100), record(100))
    for number in 0..<99 {
      let sent = 1_000_000_000_000 + UInt64(number) * 1_000_000_000
      first.take(response(UInt16(100 + number), rcode: number < 60 ? 0 : 5), at: sent + 50_000 + UInt64(number) * 1000)
    }
    first.take(response(100), at: 1_000_000_060_000)
    first.expire(now: 2_000_000_000_000)
    second.expire(now: 2_000_000_000_000)
    let calibration = try #require(Calibration([5000, 5000, 5500], clockResolution: 1e-9, clockReadCost: 2e-8))
    return Measuring.Measurement(
      plan: plan(servers: 2), records: [first, second], start: 1_000_000_000_000, end: 1_100_000_000_000,
      wasEndedEarly: false, calibration: calibration)
  }
}
