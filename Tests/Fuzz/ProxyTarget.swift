import FlatMemory

@testable import Server

/// Any octets are a PROXY header, the start of one, or none; and what is told of a header is within it.
struct ProxyTarget: FuzzTarget {
  init() {}

  func run(_ input: [UInt8]) {
    switch ProxyHeader.read(input.span) {
    case .header(let header):
      hold((16...min(input.count, ProxyHeader.longest)).contains(header.length), "a header is within the octets")
      if let name = header.commonName {
        hold(name.upperBound <= header.length && name.count <= ProxyHeader.longestCommonName, "so is a name")
        hold(header.client != .proxy, "the proxy itself has no certificate")
      }
      let alone = Array(input[..<header.length])
      hold(ProxyHeader.read(alone.span) == .header(header), "what is behind a header does not matter")
      for end in 0..<header.length {
        hold(ProxyHeader.read(input.span.extracting(0..<end)) == .incomplete, "its beginnings are incomplete")
      }
    case .incomplete: hold(input.count < ProxyHeader.longest, "a header that is too long is not waited for")
    case .malformed: hold(ProxyHeader.read((input + [0]).span) == .malformed, "more octets make nothing better")
    }
  }
}
