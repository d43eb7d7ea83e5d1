/// `answer-order rotate|fixed`: whether the RRs of a set change places from answer to answer.
func readAnswerOrder(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let order: AnswerOrder = reader.choice(statement.words[0]) else { return }
  reader.setOnce(\.answerOrder, to: order, by: statement)
}
