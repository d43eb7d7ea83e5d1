import Addresses
import DNSFormat
import FlatMemory
import Policy
import TestSupport
import Testing

@testable import Answering
@testable import Server

@Suite("Response rate limiting: which responses are looked at, and what goes out in place of one held back")
struct ResponseLimitingTests {
  private let client = IPAddress(v4: 0xc000_0201)

  private func outcome(_ rcode: RCode = .noError) -> Outcome {
    var outcome = Outcome(caller: Caller(context: 1, service: 0))
    (outcome.rcode, outcome.decision) = (rcode, .answered)
    return outcome
  }

  /// A response's header: flags and counts.
  private func header(_ flags: UInt16, answers: UInt16 = 0, authority: UInt16 = 0) -> OctetBuffer {
    var buffer = OctetBuffer(capacity: 512)
    for word in [7, flags, 1, answers, authority, 0] { buffer.append(word) }
    return buffer
  }

  @Test func `a response's kind is in its header`() {
    func kind(_ header: consuming OctetBuffer, _ rcode: RCode = .noError) -> RateLimiter.Kind {
      RateLimiter.Kind(of: header, outcome(rcode))
    }
    #expect(kind(header(0x8400, answers: 1)) == .answer)
    #expect(kind(header(0x8400, answers: 256)) == .answer)
    #expect(kind(header(0x8400, authority: 1)) == .nodata)
    #expect(kind(header(0x8400)) == .nodata)
    #expect(kind(header(0x8000, authority: 2)) == .referral)
    #expect(kind(header(0x8403, authority: 1), .nxDomain) == .nxdomain)
    for rcode in [RCode.refused, .formErr, .servFail, .notImp, .badVers] {
      #expect(kind(header(0x8000), rcode) == .error)
    }
  }

  /// How many of 50 answers a source gets at once.
  private func sent(_ policy: RateLimiting, to source: IPAddress) -> Int {
    let limiting = ResponseLimiting(policy)
    let limiter = RateLimiter(seeds: (1, 2))
    let response = header(0x8400, answers: 1)
    let request = Message.query(.root, .a)
    return (0..<50).count { _ in
      limiting.judge(response, to: request.span, of: source, outcome(), by: limiter, at: 1_000_000) == .send
    }
  }

  @Test func `loopback and exceptions are left alone, off is off`() throws {
    var policy = RateLimiting()
    policy.rate = 10
    let loopbacks = [IPAddress(v4: 0x7f00_0001), IPAddress(v4: 0x7fff_0001), IPAddress(high: 0, low: 1)]
    #expect(sent(policy, to: client) == 10)
    #expect(loopbacks.map { sent(policy, to: $0) } == [50, 50, 50])
    policy.isLoopbackLimited = true
    #expect(loopbacks.map { sent(policy, to: $0) } == [10, 10, 10])
    let prefix = try #require(Prefix("192.0.2.0/31"))
    policy.exempt = [LocatedPrefix(prefix: prefix, location: policy.location)]
    #expect(sent(policy, to: client) == 50)
    #expect(sent(policy, to: IPAddress(v4: 0xc000_0202)) == 10)
    policy.rate = 0
    #expect(sent(policy, to: IPAddress(v4: 0xc000_0202)) == 50)
  }

  /// How many of 2000 responses, each to another name, one source gets at once at 10/s.
  private func sent(_ response: consuming OctetBuffer, _ rcode: RCode = .noError) throws -> Int {
    var policy = RateLimiting()
    policy.rate = 10
    let limiting = ResponseLimiting(policy)
    let limiter = RateLimiter(seeds: (0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321))
    var count = 0
    for number in 0..<2000 {
      let request = Message.query(try DomainName("n\(number).test."), .aaaa)
      let verdict = limiting.judge(
        response, to: request.span, of: client, outcome(rcode), by: limiter, at: 1_000_000)
      if verdict == .send { count += 1 }
    }
    return count
  }

  @Test func `what is said of names that are there is spread by name; of others, and errors, a prefix has one account`()
    throws
  {
    #expect(try sent(header(0x8400, answers: 1)) == 160)
    #expect(try sent(header(0x8400, authority: 1)) == 160)
    #expect(try sent(header(0x8000, authority: 2)) == 160)
    #expect(try sent(header(0x8403, authority: 1), .nxDomain) == 10)
    #expect(try sent(header(0x8005), .refused) == 10)
  }

  @Test func `silence is not charged`() {
    var policy = RateLimiting()
    policy.rate = 1
    let limiting = ResponseLimiting(policy)
    let limiter = RateLimiter(seeds: (1, 2))
    let nothing = OctetBuffer(capacity: 12)
    for _ in 0..<5 {
      let verdict = limiting.judge(
        nothing, to: [UInt8](repeating: 0, count: 20).span, of: client, outcome(), by: limiter, at: 1)
      #expect(verdict == .send)
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `what is slipped has ID, opcode, RD and question, TC, and is no larger than the request`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var request = Message.query(try DomainName("Orders.mesh.test."), .aaaa)
    // Any octet changed, and sometimes the end cut off: whatever was limited, the writer must take.
    if seed % 3 > 0 {
      request[Int.random(in: 0..<request.count, using: &random)] = .random(in: 0...255, using: &random)
    }
    if seed % 5 == 4 { request.removeLast(Int.random(in: 0..<(request.count - 12), using: &random)) }
    var response = OctetBuffer(capacity: 4096)
    response.append([UInt8](repeating: 0xee, count: 900).span)
    var writer = SlipWriter()
    writer.write(insteadOf: &response, to: request.span, outcome(.nxDomain))
    let octets = response.octets.octets(0..<response.count)
    #expect(octets.count >= 12 && octets.count <= request.count, "seed \(seed)")
    #expect(octets[0..<2] == request[0..<2])
    #expect(octets[2] == request[2] & 0x79 | 0x82 && octets[3] == 3)
    #expect(Array(octets[6..<10]) == [0, 0, 0, 0])
    if seed % 15 == 0 { #expect(octets[12...].starts(with: request[12..<(12 + 18 + 4)])) }
  }
}
