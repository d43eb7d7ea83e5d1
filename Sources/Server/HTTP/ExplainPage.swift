internal import Addresses
internal import Answering
internal import DNSFormat
internal import FoundationEssentials
internal import HTTP
internal import Inspection
internal import LinuxIO
internal import Zones

/// `/explain.json?name=orders&type=A&from=127.0.2.66`: what `ambit explain --json` prints, of the snapshot in service.
enum ExplainPage {
  /// `certificate` and `user` may be given too, one of them.
  private static let parameters = ["name", "type", "from", "certificate", "user"]

  /// Why a question is none, in words for who asked.
  private struct Problem: Error {
    let text: String
  }

  /// - Parameters:
  ///   - allowance: how much of zone files may be read; beyond it, no lines are named.
  ///   - now: nanoseconds of the clock that never goes back.
  static func response(
    to request: HTTPRequest, _ served: ServedSnapshot, _ allowance: ReadingAllowance, at now: UInt64
  ) -> HTTPResponse {
    if request.isOfOtherSite { return json(["error": "another site's page may not ask this"], .forbidden) }
    do throws(Problem) {
      return json(try explanation(request.query, served, allowance, now))
    } catch {
      return json(["error": error.text], .badRequest)
    }
  }

  private static func explanation(
    _ query: String, _ served: ServedSnapshot, _ allowance: ReadingAllowance, _ now: UInt64
  ) throws(Problem) -> Explanation {
    let values: HTTPQuery
    do throws(HTTPQuery.Problem) {
      values = try HTTPQuery(query, known: parameters)
    } catch {
      throw Problem(text: error.text)
    }
    guard let written = values["name"] else { throw Problem(text: "say which name is asked for: name=NAME") }
    guard let from = values["from"] else { throw Problem(text: "say who asks: from=127.0.0.1") }
    guard let source = IPAddress(from) else {
      throw Problem(text: "\"\(shortened(from))\" is no address; write for example from=127.0.0.1")
    }
    let typeText = values["type"] ?? "A"
    guard let type = RRType(mnemonic: typeText) else {
      throw Problem(text: "\"\(shortened(typeText))\" is no type of record")
    }
    guard let name = served.snapshot.name(meantBy: written) else {
      throw Problem(text: noName(written))
    }
    let asker = Asker(source, certificate: values["certificate"], user: try user(values))
    // Each zone on the way is read once, and an alias's target is mostly in the same.
    var read: [DomainName: ZoneSource?] = [:]
    return Explanation(name, type, asker, at: Clock.realtimeSeconds(), served.snapshot) { origin in
      if let known = read[origin] { return known }
      let source = served.written.read(origin, allowance, at: now)
      read[origin] = .some(source)
      return source
    }
  }

  private static func user(_ values: HTTPQuery) throws(Problem) -> UInt32? {
    guard let written = values["user"] else { return nil }
    if values["certificate"] != nil {
      throw Problem(text: "a caller behind a proxy has no user here: certificate or user")
    }
    // To look a name up may take as long as a network does, and would tell anyone which users there are.
    guard let user = UInt32(written) else {
      throw Problem(text: "write the user's number, which \"id -u NAME\" says: user=1000")
    }
    return user
  }

  private static func json(_ value: some Encodable, _ status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(status, type: "application/json", Array(indentedJSON(value).utf8))
  }
}

/// A value as indented JSON with a line end, the same wherever it is printed.
package func indentedJSON(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { return "" }
  return String(decoding: data, as: UTF8.self) + "\n"
}
