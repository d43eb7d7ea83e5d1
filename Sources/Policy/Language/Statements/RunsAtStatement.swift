/// `runs-at PREFIX...`: who asks from there is the service.
func readRunsAt(_ statement: Statement, _ reader: inout PolicyReader) {
  let prefixes = reader.prefixes(statement.words)
  reader.draft.services[reader.draft.services.count - 1].runsAt += prefixes
}
