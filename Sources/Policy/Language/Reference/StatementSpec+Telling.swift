/// Statements about what callers and operators are told.
extension StatementSpec {
  static let telling: [StatementSpec] = [
    StatementSpec(
      "explain", in: [.top], words: many, "explain on|off, or explain to CONTEXT...",
      """
      Who is told why: by `dig CH TXT`, and by the rule and its place in a refusal's Extended DNS Error (RFC 8914). \
      Others read a REFUSED's code alone, and where deny-as says nxdomain or nodata no error at all.
      """,
      without: "explain on.", example: "explain to test", readExplain),
    StatementSpec(
      "version", in: [.top], words: 1...1, "version TEXT, or version off",
      "What `dig CH TXT version.bind` is told.",
      without: "ambit and its version.", example: "version off", readVersion),
    StatementSpec(
      "nsid", in: [.top], words: 1...1, "nsid TEXT, nsid hex:DIGITS, nsid host-name or nsid off",
      "The server's name for those who ask for it (NSID, RFC 5001).",
      without: "nsid off.", example: "nsid ns1", readNSID),
    StatementSpec(
      "query-log", in: [.top], words: 1...2, "query-log PATH [all|refused], or query-log off",
      "Logs queries as JSON lines: all, or those that were refused or would have been.",
      without: "query-log off.", example: "query-log queries.jsonl refused", readQueryLog),
    StatementSpec(
      "metrics-log", in: [.top], words: 1...3, "metrics-log PATH [every SECONDS], or metrics-log off",
      "Writes the metrics as JSON lines.",
      without: "metrics-log off; without every, each 10 seconds.",
      example: "metrics-log metrics.jsonl every 60s", readMetricsLog),
    StatementSpec(
      "measure", in: [.top], words: 1...2, "measure all, measure every N, or measure off",
      """
      Which queries are timed: all, one in N drawn at random, or none, and then the kernel stamps no datagram either. What \
      the metrics are, `ambit metrics` says; counts are complete whatever is timed.
      """,
      without: "measure all.",
      example: "measure every 100", readMeasure),
  ]
}
