internal import Diagnostics

/// `trust ecs from PREFIX...`, `trust proxy from PREFIX...`: who may speak for callers.
func readTrust(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard ["ecs", "proxy"].contains(words[0].text) else {
    reader.diagnostics.error(
      at: words[0].location, "\(quoted(words[0].text)) is nothing that is trusted", meant: words[0].text,
      known: [.init(name: "ecs"), .init(name: "proxy")],
      remedy: "write trust ecs from PREFIX..., or trust proxy from PREFIX...")
    return
  }
  guard words.count > 1 else { return reader.refuseForm(statement) }
  guard words[1].text == "from" else {
    reader.diagnostics.error(
      at: words[1].location,
      "there is no \"from\" before \(quoted(words[1].text)); write trust \(words[0].text) from PREFIX...")
    return
  }
  guard words.count > 2 else { return reader.refuseForm(statement) }
  let prefixes = reader.prefixes(Array(words[2...]))
  if words[0].text == "ecs" {
    reader.draft.trustedForwarders += prefixes
  } else {
    reader.draft.trustedProxies += prefixes
  }
}
