/// `acyclic`: the graph of who calls whom, by the `allow` lines that name services, has no cycle.
func readAcyclic(_ statement: Statement, _ reader: inout PolicyReader) {
  reader.setOnce(\.acyclic, to: true, by: statement)
}
