import HTTP

/// Any octets are a request, the beginning of one, or none; and what is told of a request is within it.
struct HTTPTarget: FuzzTarget {
  init() {}

  func run(_ input: [UInt8]) {
    let reading = HTTPRequest.read(input.span)
    switch reading {
    case .request(let request, let length):
      hold(length <= min(input.count, HTTPRequest.longestHead), "a request is within the octets")
      hold(request.path.hasPrefix("/"), "a path begins with a slash")
      let alone = Array(input[..<length])
      hold(HTTPRequest.read(alone.span) == reading, "what is behind a request does not matter")
      for end in 0..<length {
        hold(HTTPRequest.read(input.span.extracting(0..<end)) == .incomplete, "its beginnings are incomplete")
      }
      _ = try? HTTPQuery(request.query, known: ["name", "type", "from"])
    case .incomplete: hold(input.count < HTTPRequest.longestHead, "a head that is too long is not waited for")
    case .refused(let status):
      let head = HTTPResponse(status).head(at: UInt64(input.count), isLast: true)
      hold(head.suffix(4).elementsEqual("\r\n\r\n".utf8), "a head ends in an empty line")
      let longer = input + [0x41]
      if case .request = HTTPRequest.read(longer.span) { hold(false, "more octets make nothing better") }
    }
    _ = contentPolicy(ofPage: input)
  }
}
