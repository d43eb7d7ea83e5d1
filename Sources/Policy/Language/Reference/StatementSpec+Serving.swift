/// Statements about the server itself.
extension StatementSpec {
  static let serving: [StatementSpec] = [
    StatementSpec(
      "listen", in: [.top, .context], words: many, "listen ADDRESS[:PORT]...",
      "Where the server listens, on port 53 where none is written. In a context, whoever asks there is in the context. "
        + "A change takes a restart.",
      without: "listen 127.0.0.1:5300 [::1]:5300.",
      example: "listen 127.0.0.1:5300 [::1]:5300", readListen),
    StatementSpec(
      "http", in: [.top], words: many, "http ADDRESS[:PORT]..., or http off",
      """
      Where the page, /metrics for Prometheus, /healthz and /readyz are served over HTTP, on port 8053 where none is \
      written. Whoever reaches the address may read them, and nobody can change anything by them. A change takes a restart.
      """,
      without: "http 127.0.0.1:8053, and where another program has that port, nowhere.",
      example: "http 127.0.0.1:8053 [::1]:8053", readHTTP),
    StatementSpec(
      "http-host", in: [.top], words: many, "http-host NAME...",
      """
      Names by which browsers may ask for the page, beside localhost and the addresses where it is served. Others are \
      turned away: a page of elsewhere could let a name of its own lead here.
      """,
      without: "the page is asked for by localhost or by address.",
      example: "http-host ambit.internal.test", readHTTPHost),
    StatementSpec(
      "user", in: [.top], words: 1...1, "user NAME[:GROUP]",
      "Who the server becomes once its sockets are bound. A change takes a restart.",
      without: "it stays who started it.", example: "user ambit", readUser),
    StatementSpec(
      "reload", in: [.top], words: 2...2, "reload guard PERCENT%",
      """
      A reload that would change more than this share of the answers recently given is held back, with the list of what \
      would change, until `ambit reload --force`.
      """,
      without: "every reload without mistakes is taken.", example: "reload guard 20%", readReload),
    StatementSpec(
      "rate-limit", in: [.top], words: many,
      "rate-limit N/s [slip N] [ipv4 /N] [ipv6 /N] [including loopback] [except PREFIX...], or rate-limit off",
      """
      How many responses of one kind a client's prefix gets in a second over UDP. Of those held back every slip-th is \
      sent, cut short, so that a real client comes back over TCP.
      """,
      without: "rate-limit 1000/s slip 2 ipv4 /24 ipv6 /56.",
      example: "rate-limit 200/s slip 2 except 10.0.0.0/8", readRateLimit),
    StatementSpec(
      "tcp-limits", in: [.top], words: many, "tcp-limits [connections N] [per-client N] [idle SECONDS]",
      "How many TCP connections there may be, in all and of one client, and how long one may be quiet.",
      without:
        "tcp-limits connections \(TCPLimits().connections) per-client \(TCPLimits().perClient) idle \(TCPLimits().idle).",
      example: "tcp-limits connections 1000 per-client 100 idle 10s", readTCPLimits),
    StatementSpec(
      "cookies", in: [.top], words: 1...1, "cookies on|require|off",
      "Whether DNS cookies (RFC 7873) are answered, or required of clients over UDP that send one.",
      without: "cookies on.", example: "cookies require", readCookies),
    StatementSpec(
      "cookie-secret", in: [.top], words: 1...2, "cookie-secret HEX [OLD-HEX], or cookie-secret file PATH",
      """
      What server cookies are made with, so that servers behind one address share it (RFC 9018). The first makes \
      cookies, the second is accepted too.
      """,
      without: "the server has one of its own, for as long as it runs.",
      example: "cookie-secret file secrets/cookie", readCookieSecret),
    StatementSpec(
      "answer-order", in: [.top], words: 1...1, "answer-order rotate|fixed",
      "Whether the records of an RRset begin with another one from answer to answer.",
      without: "answer-order rotate.", example: "answer-order fixed", readAnswerOrder),
  ]
}
