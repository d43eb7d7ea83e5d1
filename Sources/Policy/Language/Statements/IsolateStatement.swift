/// `isolate A B C...`: callers in one never receive an endpoint of another.
func readIsolate(_ statement: Statement, _ reader: inout PolicyReader) {
  reader.draft.isolations.append(Located(statement.words, at: statement.keyword.location))
}
