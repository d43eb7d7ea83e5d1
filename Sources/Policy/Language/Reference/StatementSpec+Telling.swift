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
      "query-log", in: [.top], words: many,
      "query-log PATH [all|refused] [one in N] [rotate SIZE keep N], or query-log off",
      """
      Logs queries as JSON lines: all, or those that were refused or would have been; with `one in N` a sample of them, \
      each drawn by itself, N up to 1,000,000. With `rotate` a file that has come to SIZE, from 4KiB to 1024GiB, is moved \
      to PATH.1, that to PATH.2, up to N, at most 1000. The lines' fields: docs/observe-to-enforce.md.
      """,
      without: "query-log off.", example: "query-log queries.jsonl refused rotate 100MiB keep 5", readQueryLog),
    StatementSpec(
      "metrics-log", in: [.top], words: many,
      "metrics-log PATH [every SECONDS] [rotate SIZE keep N], or metrics-log off",
      "Writes the metrics as JSON lines, every 1 to 86,400 seconds; `rotate` as for query-log.",
      without: "metrics-log off; without every, each 10 seconds.",
      example: "metrics-log metrics.jsonl every 60s rotate 10MiB keep 3", readMetricsLog),
    StatementSpec(
      "measure", in: [.top], words: 1...2, "measure all, measure every N, or measure off",
      """
      Which queries are timed: all, one in N (1 to 1,000,000) drawn at random, or none, and then the kernel stamps no datagram either. What \
      the metrics are, `ambit metrics` says; counts are complete whatever is timed.
      """,
      without: "measure all.",
      example: "measure every 100", readMeasure),
    StatementSpec(
      "dnstap", in: [.top], words: many,
      "dnstap PATH [all|refused] [one in N] [rotate SIZE keep N], dnstap unix PATH [all|refused] [one in N], or "
        + "dnstap off",
      """
      Hands queries and responses, whole, to those who read dnstap: in a file, or at the socket where a collector \
      listens, now or later. What it does not take in time is dropped and counted. `one in` and `rotate` as for \
      query-log.
      """,
      without: "dnstap off.", example: "dnstap unix /run/dnstap.sock all one in 10", readDnstap),
  ]
}
