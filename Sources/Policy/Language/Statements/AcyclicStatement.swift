internal import Diagnostics

/// `acyclic`: the graph of who calls whom, by the `allow` lines that name services, has no cycle. `acyclic observed`: what
/// closes a cycle among the calls that the server sees is refused. Each is a line of its own.
func readAcyclic(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let word = statement.words.first else { return reader.setOnce(\.acyclic, to: true, by: statement) }
  if word.text == "observed" { return reader.setOnce(\.acyclicObserved, to: true, by: statement) }
  reader.diagnostics.error(
    at: word.location, "\(quoted(word.text)) does not follow acyclic", meant: word.text,
    known: [.init(name: "observed")], remedy: "write acyclic, acyclic observed, or both on lines of their own")
}
