// What the C library reads to find its way to a name server, as `ambit run` shows it to a program.

/// The text of a resolv.conf that names one server.
/// - Parameter origin: what bare names are completed with; nil for nothing.
package func resolverConfiguration(nameserver: String, search origin: String?) -> String {
  // The server is near, but may ask others for a name, and answers within 4.8 s: who gave up before would ask it again
  // for what it is asking for. glibc waits 5 s for each of two tries, the second for a datagram that was dropped; musl
  // takes them for the whole, and asks every 2.5 s.
  let search = origin.map { "search \($0)\n" } ?? ""
  return "# made by ambit run, for this program only\nnameserver \(nameserver)\n\(search)"
    + "options ndots:1 timeout:5 attempts:2\n"
}

/// The text of an nsswitch.conf whose host names go by way of files and DNS; nil where they do already.
///
/// Taken out is who asks other servers than resolv.conf's (nss-resolve, which asks systemd-resolved; mDNS), with the
/// `[STATUS=action]` behind it. What knows only this host (myhostname) goes behind DNS, so that it answers nothing that
/// Ambit would. Everything else stays where it is.
package func nameServiceSwitch(_ text: String) -> String? {
  var isChanged = false
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
    let code = line.prefix { $0 != "#" }
    guard let colon = code.firstIndex(of: ":"), code[..<colon].trimmed == "hosts" else { return String(line) }
    let words = code[code.index(after: colon)...].spacedOut.split { $0 == " " || $0 == "\t" }.map(String.init)
    let kept = hostSources(words)
    if kept == words { return String(line) }
    isChanged = true
    return "hosts: \(kept.joined(separator: " "))"
  }
  return isChanged ? lines.joined(separator: "\n") : nil
}

private func hostSources(_ words: [String]) -> [String] {
  var kept: [String] = []
  var last: [String] = []
  var isDropping = false
  var isInAction = false
  for word in words {
    if isInAction || word.hasPrefix("[") {
      // An action belongs to the source before it.
      isInAction = !word.hasSuffix("]")
      if !isDropping { kept.append(word) }
      continue
    }
    isDropping = word == "resolve" || word.hasPrefix("mdns") || word == "myhostname"
    if word == "myhostname" { last.append(word) }
    if !isDropping { kept.append(word) }
  }
  if !kept.contains("dns") { kept.append("dns") }
  return kept + last
}

extension StringProtocol {
  fileprivate var trimmed: String { String(self.filter { $0 != " " && $0 != "\t" }) }

  /// With a space before each action: glibc needs none.
  fileprivate var spacedOut: String { reduce(into: "") { $0 += $1 == "[" ? " [" : $1 == "]" ? "] " : String($1) } }
}

/// Sockets by which programs resolve names past resolv.conf: nscd's, and those of systemd-resolved and Avahi.
package let resolverSockets = [
  "/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve", "/run/avahi-daemon/socket",
]
