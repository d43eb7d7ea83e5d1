/// `metrics-log PATH [every SECONDS]` or `metrics-log off`: where the metrics are written, and how often.
func readMetricsLog(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  var log = MetricsLog(path: words[0].text, interval: 10, location: statement.keyword.location)
  if words[0].text == "off", !words[0].isQuoted {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    log.path = nil
  } else if words[0].text.isEmpty {
    return reader.refuseForm(statement, at: words[0])
  } else if words.count > 1 {
    guard words[1].text == "every" else { return reader.refuseForm(statement, at: words[1]) }
    guard words.count == 3 else { return reader.refuseForm(statement) }
    guard let interval = reader.seconds(words[2], in: 1...86_400) else { return }
    log.interval = interval
  }
  reader.setOnce(\.metricsLog, to: log, by: statement)
}
