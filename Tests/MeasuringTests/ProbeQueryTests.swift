import DNSFormat
import TestSupport
import Testing

@testable import Measuring

@Suite("RFC 8912 §6.2.2: the query, and what is a response to it")
struct ProbeQueryTests {
  @Test func `the query's octets are those that the registry fixes`() {
    let header: [UInt8] = [0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    #expect(query.message(id: 0xabcd) == header + query.name.wire + [0, 1, 0, 1])
  }

  @Test func `RD and EDNS are as told`() {
    let octets = ProbeQuery(query.name, .aaaa, isRecursive: false, payloadSize: 1232).message(id: 1)
    #expect(octets[2] == 0 && octets[11] == 1)
    #expect(octets.suffix(11) == [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0])
  }

  @Test func `a response is known by QR and question, in any case of letters`() {
    var octets = response(7, rcode: 3, answers: 2)
    octets[13] ^= 0x20
    octets[2] |= 2
    #expect(query.read(octets.span) == .response(.init(id: 7, rcode: 3, answerCount: 2, isTruncated: true)))
  }

  @Test func `an error without a question counts, an answer without one does not`() {
    let bare: [UInt8] = [0, 7, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(query.read(bare.span) == .response(.init(id: 7, rcode: 1, answerCount: 0, isTruncated: false)))
    var empty = bare
    empty[3] = 0
    #expect(query.read(empty.span) == .otherQuestion(id: 7))
  }

  @Test func `queries, other names, types and classes are no response`() {
    #expect(query.read(query.message(id: 7).span) == .noResponse)
    let good = response(7)
    for index in [13, good.count - 3, good.count - 1] {
      var other = good
      other[index] ^= 1
      #expect(query.read(other.span) == .otherQuestion(id: 7), "octet \(index)")
    }
  }

  @Test func `any octets are read as something`() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<rounds(20_000) {
      let octets = random.octets(random.number(0...64))
      _ = query.read(octets.span)
      var near = response(UInt16(random.number(0...65_535)))
      for _ in 0..<random.number(0...3) { near[random.number(0...near.count - 1)] = UInt8(random.number(0...255)) }
      _ = query.read(near.span.extracting(first: random.number(0...near.count)))
    }
  }
}
