import Addresses
import DNSFormat
import FlatMemory

@testable import Forwarding

/// Any octets that come as a reply get a result; what is usable becomes a response that reads as a message, has nothing but
/// the question's chain in its answer, and no private address. An input is the flags and the type of a question, then a
/// reply, whose ID and question are put right so that more than the header is reached.
struct ReplyTarget: FuzzTarget {
  private let bench = Bench()

  init() {}

  func run(_ input: [UInt8]) {
    guard input.count >= 2 else { return }
    var name = NameKey()
    let wire: [UInt8] = [3, 119, 119, 119, 7, 101, 120, 97, 109, 112, 108, 101, 3, 111, 114, 103, 0]
    guard (try? name.load(wire.span, at: 0)) != nil else { return }
    let kind = QuestionKind(
      RRType(UInt16(input[1])), isDNSSECOK: input[0] & 1 != 0, isCheckingDisabled: false, route: 1)
    let query = UpstreamQuery(ForwardedQuestion(name, kind), id: 0x1234, caseBits: nil)
    var reply = Array(input.dropFirst(2))
    if input[0] & 2 == 0, reply.count >= 12 {
      reply.replaceSubrange(0..<2, with: [0x12, 0x34])
      reply.replaceSubrange(4..<6, with: [0, 1])
      reply.insert(contentsOf: query.octets[12..<(12 + wire.count + 4)], at: 12)
    }
    bench.read(reply, to: query)
  }

  /// What a forwarder reads with.
  private final class Bench {
    private var reader = ReplyReader(seed: 1)
    private var image = ReplyImage()
    private var writer = ReplyCacheWriter(ReplyCache(size: 128 << 10, seed: 3))
    private var response = OctetBuffer(capacity: 65535)
    private var name = NameKey()
    private var scratch = OctetBuffer(capacity: 512)
    private var proofs = OctetBuffer(capacity: 16384)

    private static func message(in response: borrowing OctetBuffer) -> Message? {
      let octets = response.octets.octets(0..<response.count)
      return try? Message(octets)
    }

    func read(_ reply: [UInt8], to query: UpstreamQuery) {
      let result = reader.read(reply.span, to: query, ReplyLimits(), RebindingGuard(), into: &image)
      guard result == .usable else { return }
      writer.insert(image, for: query.question, now: 0)
      response.reset()
      response.append(reply.span.extracting(0..<(12 + query.question.name.count + 4)))
      response.set(UInt32(image.answerCount) << 16 | UInt32(image.authorityCount), at: 6)
      response.set(0 as UInt16, at: 10)
      guard image.append(ReplyImage.Ageing(age: 1, staleTTL: nil), rotation: 3, into: &response) else { return }
      guard let message = Self.message(in: response) else {
        return hold(false, "what is usable reads as a message")
      }
      hold(message.additional.isEmpty && message.options == nil, "nothing is taken of the additional section")
      for record in message.answer where record.type.rawValue == 1 {
        let octets = record.rdata
        guard octets.count == 4 else { return hold(false, "an address has four octets") }
        let address = IPAddress(v4: octets.reduce(0) { $0 << 8 | UInt32($1) })
        hold(!RebindingGuard().blocks(address), "no name of others has a private address")
      }
      cut(query)
    }

    /// Cuts the reply behind its first alias, keeps its proofs, and writes it behind a name elsewhere.
    private func cut(_ query: UpstreamQuery) {
      guard image.hasAliases, var alias = image.answer(at: 0), (try? name.load(query.question.name.span, at: 0)) != nil
      else { return }
      var records = 1
      while alias.type != .cname, let next = image.answer(at: alias.end) { (alias, records) = (next, records + 1) }
      guard alias.type == .cname else { return hold(false, "a reply with aliases has an alias") }
      scratch.reset()
      image.copyName(at: alias.data, question: name, into: &scratch)
      let time = ReplyImage.Ageing(age: 1, staleTTL: nil)
      proofs.reset()
      image.appendProofs(ofNamesBefore: alias.end, question: name, time, using: &scratch, to: &proofs)
      image.cut(behind: alias.end, records: records)
      response.reset()
      response.append(query.octets.span.extracting(0..<(12 + query.question.name.count + 4)))
      response.set(UInt32(records) << 16, at: 6)
      response.set(0 as UInt16, at: 10)
      let start = response.count
      guard image.append(isAnswer: true, name: 12, answer: start, time, into: &response) else {
        return hold(false, "aliases alone fit")
      }
      guard let message = Self.message(in: response) else { return hold(false, "what was cut reads as a message") }
      hold(message.answer.count == records && message.authority.isEmpty, "an alias and what is before it are left")
    }
  }
}
