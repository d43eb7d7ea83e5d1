package import DNSFormat

/// The query of a measurement, the same for every singleton but for its ID (RFC 8912 §6.2.2).
package struct ProbeQuery: Sendable {
  /// QNAME.
  package let name: DomainName
  /// QTYPE.
  package let type: RRType
  /// RD, set in the registered metric.
  package let isRecursive: Bool
  /// The payload size of an OPT record; nil sends none, as registered.
  package let payloadSize: UInt16?

  private let octets: [UInt8]

  package init(_ name: DomainName, _ type: RRType, isRecursive: Bool = true, payloadSize: UInt16? = nil) {
    self.name = name
    self.type = type
    self.isRecursive = isRecursive
    self.payloadSize = payloadSize
    var octets: [UInt8] = [0, 0, isRecursive ? 1 : 0, 0, 0, 1, 0, 0, 0, 0, 0, payloadSize == nil ? 0 : 1]
    octets += name.wire
    octets += [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 255), 0, 1]
    if let size = payloadSize { octets += [0, 0, 41, UInt8(size >> 8), UInt8(size & 255), 0, 0, 0, 0, 0, 0] }
    self.octets = octets
  }

  /// The message with this ID, without any length in front.
  package func message(id: UInt16) -> [UInt8] {
    var message = octets
    message[0] = UInt8(id >> 8)
    message[1] = UInt8(id & 255)
    return message
  }

  /// What a datagram is, seen as a response to this query. Total: any octets are one of the three.
  package func read(_ datagram: Span<UInt8>) -> Reading {
    guard datagram.count >= 12, datagram[2] & 0x80 != 0 else { return .noResponse }
    let id = UInt16(datagram[0]) << 8 | UInt16(datagram[1])
    let rcode = datagram[3] & 15
    let response = Reading.Response(
      id: id, rcode: rcode, answerCount: UInt16(datagram[6]) << 8 | UInt16(datagram[7]),
      isTruncated: datagram[2] & 2 != 0)
    let questionCount = UInt16(datagram[4]) << 8 | UInt16(datagram[5])
    // A server that could not read the query need not repeat the question (RFC 1035 §4.1.1).
    if questionCount == 0, rcode != 0 { return .response(response) }
    let end = 12 + name.wire.count + 4
    guard questionCount == 1, datagram[2] & 0x78 == 0, datagram.count >= end else { return .otherQuestion(id: id) }
    for index in 12..<end {
      // Length octets are below 64 and no letters; the case of a name's letters may change on the way.
      let isName = index < end - 4
      guard
        (isName ? lowercase(datagram[index]) : datagram[index]) == (isName ? lowercase(octets[index]) : octets[index])
      else { return .otherQuestion(id: id) }
    }
    return .response(response)
  }

  private func lowercase(_ octet: UInt8) -> UInt8 { octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet }

  /// What a datagram is.
  package enum Reading: Equatable, Sendable {
    /// No DNS response: too short, or a query.
    case noResponse
    /// A response to some other question.
    case otherQuestion(id: UInt16)
    /// A response to this question, whose ID is still to be looked up.
    case response(Response)

    /// What is kept of a response.
    package struct Response: Equatable, Sendable {
      package let id: UInt16
      /// The header's four bits.
      package let rcode: UInt8
      /// ANCOUNT, as the header says it.
      package let answerCount: UInt16
      /// TC.
      package let isTruncated: Bool
    }
  }
}

/// An RCODE in words: `NOERROR`, `RCODE 11`.
package func rcodeText(_ rcode: UInt8) -> String {
  let names = [
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
  ]
  return Int(rcode) < names.count ? names[Int(rcode)] : "RCODE \(rcode)"
}
