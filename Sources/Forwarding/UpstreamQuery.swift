internal import DNSFormat
internal import FlatMemory

/// A query to another server, and what its reply has to repeat.
package struct UpstreamQuery: Sendable {
  /// What is asked.
  package let question: ForwardedQuestion
  /// The message, without TCP's length.
  package let octets: [UInt8]
  /// True where the name's capitals are a secret that the reply has to repeat.
  package let isCaseMixed: Bool
  /// True where there is an OPT record (RFC 6891).
  package let hasEDNS: Bool

  /// The UDP size we take: no path fragments it (RFC 9715 §3.2).
  package static let udpSize: UInt16 = 1232

  /// Makes the query.
  ///
  /// RD is set. So is AD, whatever the asker's: it says that the bit is understood (RFC 6840 §5.7), and a reply is kept for
  /// those who understand it too. CD and DO are the question's. Nothing else of a client's goes on: no cookie, no subnet.
  /// - Parameters:
  ///   - id: nobody can foretell it.
  ///   - caseBits: random, for capitals here and there in the name (draft-vixie-dnsext-dns0x20); nil for none.
  ///   - hasEDNS: false for servers that do not take an OPT; DO is lost then.
  ///   - options: whole EDNS options to go into the OPT.
  package init(
    _ question: ForwardedQuestion, id: UInt16, caseBits: UInt64?, hasEDNS: Bool = true, options: [UInt8] = []
  ) {
    self.question = question
    self.hasEDNS = hasEDNS
    isCaseMixed = caseBits != nil
    let kind = question.kind
    var octets: [UInt8] = []
    octets.reserveCapacity(12 + question.name.count + 4 + 11 + options.count)
    let flags: UInt16 = 0x0120 | (kind.isCheckingDisabled ? 0x0010 : 0)
    for field in [id, flags, 1, 0, 0, hasEDNS ? 1 : 0] { octets.append(network: field) }
    octets += caseBits.map { Self.mixed(question.name, $0) } ?? question.name
    octets.append(network: kind.type.rawValue)
    octets.append(network: 1)
    if hasEDNS {
      octets.append(0)
      let rest: [UInt16] = [
        RRType.opt.rawValue, Self.udpSize, 0, kind.isDNSSECOK ? 0x8000 : 0, UInt16(truncatingIfNeeded: options.count),
      ]
      for field in rest { octets.append(network: field) }
      octets += options
    }
    self.octets = octets
  }

  /// The ID, which the reply has to repeat.
  package var id: UInt16 { octets.span.u16(at: 0) }

  /// Octets up to the end of the question.
  var questionEnd: Int { 12 + question.name.count + 4 }

  /// The name with a capital for every letter whose bit is set. 64 bits are more than ID and port together: longer names
  /// use them again.
  private static func mixed(_ name: [UInt8], _ bits: UInt64) -> [UInt8] {
    var mixed = name
    var next = 0, letters: UInt64 = 0
    for offset in name.indices {
      if offset == next {
        next += 1 + Int(name[offset])
      } else if name[offset] &- 0x61 < 26 {
        if bits >> (letters & 63) & 1 == 1 { mixed[offset] ^= 0x20 }
        letters += 1
      }
    }
    return mixed
  }
}

extension [UInt8] {
  /// Appends an integer in network byte order.
  fileprivate mutating func append(network value: UInt16) {
    append(UInt8(value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }
}
