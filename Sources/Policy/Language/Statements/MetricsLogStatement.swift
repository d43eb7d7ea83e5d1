/// `metrics-log PATH [every SECONDS] [rotate SIZE keep N]` or `metrics-log off`: where the metrics are written, and how
/// often.
func readMetricsLog(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  var log = MetricsLog(path: words[0].text, interval: 10, location: statement.keyword.location)
  if words[0].text == "off", !words[0].isQuoted {
    if words.count > 1 { return reader.refuseSurplus(statement, from: 1) }
    log.path = nil
  } else if words[0].text.isEmpty {
    return reader.refuseForm(statement, at: words[0])
  } else {
    guard let parts = reader.logParts(statement, from: 1, [.every, .rotate]) else { return }
    log.interval = parts.interval ?? log.interval
    log.rotation = parts.rotation
  }
  reader.setOnce(\.metricsLog, to: log, by: statement)
}
