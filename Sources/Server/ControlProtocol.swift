internal import Diagnostics
internal import LinuxIO

// What `ambit reload` and `ambit top` and a server say to each other: a line, then an answer up to the connection's end.
//
//   reload [force] [json]↵          at most 4096 octets
//   state↵                          likewise; the answer's text is a LiveState as JSON
//   run CONTEXT [OVERRIDE...]↵      likewise, see LeaseRequest; `leased` is followed by a line, a LeaseGrant as JSON, and the
//                                   connection stays open for as long as the lease is wanted
//   override CONTEXT SECONDS OVERRIDE↵, restore CONTEXT NAME↵, end RUN↵, leases [json]↵
//   STATUS↵ and what to print       at most 1 MiB

/// What a server is asked to do.
package struct ControlRequest: Hashable, Sendable {
  /// Octets of a line at the most, its end included.
  package static let longest = 4096

  package enum Kind: String, CaseIterable, Hashable, Sendable {
    /// Load the configuration again.
    case reload
    /// Tell what is shown of the server; changes nothing.
    case state
    /// A lease of a context for a program.
    case run
    /// Another address for a name, for a time.
    case override
    /// The name's own address again.
    case restore
    /// An end to a program's lease.
    case end
    /// Which leases and overrides there are.
    case leases

    /// Whether any user may ask: what comes of it, the policy's `leases` lines say.
    package var isForEveryone: Bool { self != .reload && self != .state }
  }

  package var kind: Kind
  /// What follows the first word of a request about leases.
  package var words: [String] = []
  /// Taken whatever `reload guard` says.
  package var isForced: Bool
  /// What to print is to be JSON.
  package var wantsJSON: Bool

  package init(_ kind: Kind = .reload, isForced: Bool = false, wantsJSON: Bool = false) {
    self.kind = kind
    self.isForced = isForced
    self.wantsJSON = wantsJSON
  }

  /// The request as it is sent.
  package var octets: [UInt8] {
    let words = words.map { " \($0)" }.joined()
    return Array("\(kind.rawValue)\(words)\(isForced ? " force" : "")\(wantsJSON ? " json" : "")\n".utf8)
  }

  /// What is not understood, in a sentence for who asked.
  package struct Problem: Error, Hashable {
    package let text: String
  }

  private static let notUnderstood = Problem(
    text: "this server understands \"reload [force] [json]\", \"state\", run, override, restore, end and leases only")

  /// Reads a line without its end.
  package init(line: some Sequence<UInt8>) throws(Problem) {
    self.init()
    let octets = Array(line)
    // What is asked is told in logs and on terminals, root's too.
    let text = String(decoding: octets, as: UTF8.self)
    if visible(text) != text || !text.utf8.elementsEqual(octets) {
      throw Problem(text: "a request has characters in it that are not seen")
    }
    let words = octets.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    guard let first = words.first, let kind = Kind(rawValue: first) else { throw Self.notUnderstood }
    self.kind = kind
    for word in words.dropFirst() {
      switch word {
      case "force" where kind == .reload: isForced = true
      case "json" where kind == .reload || kind == .leases: wantsJSON = true
      case _ where kind.isForEveryone && kind != .leases: self.words.append(word)
      default: throw Self.notUnderstood
      }
    }
  }
}

/// What a server answers.
package struct ControlAnswer: Hashable, Sendable {
  /// Octets of an answer at the most; what is longer is cut.
  package static let longest = 1 << 20

  package enum Status: String, CaseIterable, Hashable, Sendable {
    case reloaded
    /// What was loaded has mistakes, or what was asked for has.
    case failed
    /// `reload guard` holds it back.
    case held
    /// What was asked for follows.
    case state
    /// It is as was asked: a lease, an override, or its end.
    case leased
    /// Not done: who asked may not, or was not understood.
    case refused
    /// Not done: too many ask at once.
    case busy
  }

  package var status: Status
  /// What to print: whole lines.
  package var text: String

  package init(_ status: Status, _ text: String) {
    self.status = status
    self.text = text
  }

  /// The answer as it is sent.
  package var octets: [UInt8] {
    let cut = "(the rest is in the server's log)\n"
    let octets = Array("\(status.rawValue)\n\(text)".utf8)
    if octets.count <= ControlAnswer.longest { return octets }
    // At a line's end, where there is one in sight.
    let room = octets[..<(ControlAnswer.longest - cut.utf8.count)]
    return Array(room[..<((room.lastIndex(of: UInt8(ascii: "\n")) ?? room.endIndex - 1) + 1)]) + Array(cut.utf8)
  }

  /// Reads an answer; nil for one that is none.
  package init?(_ octets: [UInt8]) {
    guard let end = octets.firstIndex(of: UInt8(ascii: "\n")),
      let status = Status(rawValue: String(decoding: octets[..<end], as: UTF8.self))
    else { return nil }
    self.init(status, String(decoding: octets[(end + 1)...], as: UTF8.self))
  }
}

/// The abstract names by which the server of a folder is reached.
///
/// First by which folder it is, whatever path leads there; then by where its path stands, so that a server finds itself
/// asked, too, where a link by which the folder was named has come to mean another folder (as when a release is put in
/// place by one renaming).
///
/// Several servers of one folder each have a number of their own.
/// - Parameter number: below ``controlNumbers``; 0 for the first server.
package func controlNames(ofFolder path: String, number: Int = 0) -> [String] {
  let names = controlNames(ofFolder: path)
  // A slash is in no folder's own name: no folder has the names of another.
  return number == 0 ? names : names.map { "\($0)/\(number)" }
}

/// Servers of one folder that can be told apart. A number that is taken, by whomever, is passed over.
package let controlNumbers = 0..<16

private func controlNames(ofFolder path: String) -> [String] {
  var names: [String] = []
  if let folder = fileStatus(path) { names.append("ambit-\(folder.device)-\(folder.number)") }
  let parts = path.split(separator: "/", omittingEmptySubsequences: true)
  guard let last = parts.last, last != ".", last != ".." else { return names }
  let above = (path.hasPrefix("/") ? "/" : "./") + parts.dropLast().joined(separator: "/")
  if let above = fileStatus(above) {
    names.append("ambit-\(above.device)-\(above.number)-\(String(decoding: last.utf8.prefix(48), as: UTF8.self))")
  }
  return names
}
