/// What a browser may do with a page that brings its own script and style: run and apply these, ask the server that it came
/// from, and nothing else (Content Security Policy Level 3). Inline parts are allowed by their SHA-256, so a script that
/// somebody smuggles into the page's data does not run.
package func contentPolicy(ofPage document: [UInt8]) -> String {
  func sources(_ tag: String) -> String {
    let hashes = parts(of: document, tag).map { " 'sha256-\(base64(sha256($0)))'" }
    return hashes.isEmpty ? " 'none'" : hashes.joined()
  }
  return "default-src 'none'; script-src\(sources("script")); style-src\(sources("style")); img-src data:; "
    + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

/// What lies between the tags of each element of a kind; such elements have no others within.
private func parts(of document: [UInt8], _ tag: String) -> [[UInt8]] {
  let open = Array("<\(tag)".utf8), close = Array("</\(tag)>".utf8)
  var found: [[UInt8]] = []
  var rest = document[...]
  while let start = rest.firstRange(of: open), let end = rest[start.upperBound...].firstIndex(of: UInt8(ascii: ">")) {
    guard let last = rest[end...].firstRange(of: close) else { break }
    found.append(Array(rest[(end + 1)..<last.lowerBound]))
    rest = rest[last.upperBound...]
  }
  return found
}

private func base64(_ octets: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  var text = ""
  for start in stride(from: 0, to: octets.count, by: 3) {
    let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < octets.count ? Int(octets[start + $1]) : 0) }
    for index in 0..<4 {
      let isThere = start + index <= octets.count
      text.append(isThere ? alphabet[group >> (18 - 6 * index) & 63] : "=")
    }
  }
  return text
}
