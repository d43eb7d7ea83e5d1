import DNSFormat
import FlatMemory

@testable import Forwarding

/// A reply as a test writes one: names are not compressed.
struct Wire {
  var id: UInt16 = 7
  /// QR, RD and RA.
  var flags: UInt16 = 0x8180
  var question: [UInt8]
  var answer: [[UInt8]] = []
  var authority: [[UInt8]] = []
  var additional: [[UInt8]] = []

  init(_ query: UpstreamQuery, flags: UInt16 = 0x8180, answer: [[UInt8]] = [], authority: [[UInt8]] = []) {
    id = query.id
    self.flags = flags
    question = Array(query.octets[12..<query.questionEnd])
    (self.answer, self.authority) = (answer, authority)
  }

  var octets: [UInt8] {
    var octets: [UInt8] = []
    for field in [id, flags, 1, UInt16(answer.count), UInt16(authority.count), UInt16(additional.count)] {
      octets += [UInt8(field >> 8), UInt8(field & 255)]
    }
    return octets + question + answer.joined() + authority.joined() + additional.joined()
  }
}

func wire(_ name: String) -> [UInt8] { (try? DomainName(name).wire) ?? [0] }
func u16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
func u32(_ value: Int) -> [UInt8] { u16(value >> 16) + u16(value) }

/// One record.
func record(_ owner: String, _ type: Int, ttl: Int = 300, _ rdata: [UInt8]) -> [UInt8] {
  wire(owner) + u16(type) + u16(1) + u32(ttl) + u16(rdata.count) + rdata
}

func a(_ owner: String, _ address: [UInt8], ttl: Int = 300) -> [UInt8] { record(owner, 1, ttl: ttl, address) }
func cname(_ owner: String, _ target: String, ttl: Int = 300) -> [UInt8] { record(owner, 5, ttl: ttl, wire(target)) }
func soa(_ owner: String, ttl: Int = 900, minimum: Int = 60) -> [UInt8] {
  record(
    owner, 6, ttl: ttl, wire("ns." + owner) + wire("h." + owner) + [1, 7200, 600, 3_600_000, minimum].flatMap(u32))
}
func signature(_ owner: String, covers: Int, by signer: String, ttl: Int = 300) -> [UInt8] {
  record(
    owner, 46, ttl: ttl, u16(covers) + [13, 2] + u32(300) + u32(9) + u32(1) + u16(5) + wire(signer) + [1, 2, 3, 4])
}

/// A question with a name.
func forwarded(
  _ name: String, _ type: UInt16 = 1, isDNSSECOK: Bool = false, isCheckingDisabled: Bool = false, route: UInt64 = 1
) -> ForwardedQuestion {
  var key = NameKey()
  _ = try? key.load(wire(name).span, at: 0)
  return ForwardedQuestion(
    key,
    QuestionKind(RRType(type), isDNSSECOK: isDNSSECOK, isCheckingDisabled: isCheckingDisabled, route: route))
}

/// What a reader made of a reply: the result, and the message that a response with the image would be.
struct Reading {
  let result: UpstreamReply
  var message: Message?
  var life: UInt32 = 0
  var errorCode: UInt16?
  var isAuthentic = false

  init(
    _ reply: [UInt8], to query: UpstreamQuery, _ limits: ReplyLimits = ReplyLimits(),
    _ rebinding: RebindingGuard = RebindingGuard(), age: UInt32 = 0, rotation: UInt16 = 0
  ) throws {
    var reader = ReplyReader(seed: 3)
    var image = ReplyImage()
    result = reader.read(reply.span, to: query, limits, rebinding, into: &image)
    guard result == .usable else { return }
    (life, errorCode, isAuthentic) = (image.life, image.errorCode, image.isAuthentic)
    var response = OctetBuffer(capacity: 65535)
    response.append(reply.span.extracting(0..<query.questionEnd))
    response.set(UInt32(image.answerCount) << 16 | UInt32(image.authorityCount), at: 6)
    response.set(0 as UInt16, at: 10)
    guard image.append(ReplyImage.Ageing(age: age, staleTTL: nil), rotation: rotation, into: &response) else { return }
    message = try Message(response.octets.octets(0..<response.count))
    message?.rcode = image.rcode
  }

  var answer: [String] { Self.lines(message?.answer) }
  var authority: [String] { Self.lines(message?.authority) }

  private static func lines(_ records: [Message.Record]?) -> [String] {
    (records ?? []).map { "\($0.owner) \($0.ttl) \($0.type) \($0.text)" }
  }
}
