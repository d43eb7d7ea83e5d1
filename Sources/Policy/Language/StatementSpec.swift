/// A kind of statement: where it may stand, how it is written, and how it is read.
struct StatementSpec: Sendable {
  let keyword: String
  /// The blocks it may stand in.
  let places: Set<PolicyReader.Place>
  /// How many words follow the keyword.
  let words: ClosedRange<Int>
  /// True where a `{ }` may follow.
  let hasBlock: Bool
  /// How to write it, as messages show it.
  let usage: String
  /// Reads a statement whose place and count of words were checked.
  let read: @Sendable (Statement, inout PolicyReader) -> Void

  init(
    _ keyword: String, in places: Set<PolicyReader.Place>, words: ClosedRange<Int>, hasBlock: Bool = false,
    _ usage: String, _ read: @escaping @Sendable (Statement, inout PolicyReader) -> Void
  ) {
    self.keyword = keyword
    self.places = places
    self.words = words
    self.hasBlock = hasBlock
    self.usage = usage
    self.read = read
  }

  /// A count of words without an upper end.
  private static let many = 1...Int.max

  /// Every statement of the language. A further one is a row here and a file in Statements/.
  static let table: [StatementSpec] = [
    StatementSpec("origin", in: [.top], words: 1...1, "origin NAME", readOrigin),
    StatementSpec("listen", in: [.top, .context], words: many, "listen ADDRESS[:PORT]...", readListen),
    StatementSpec("mode", in: [.top, .context, .service], words: 1...1, "mode enforce|observe", readMode),
    StatementSpec("default", in: [.top], words: 1...1, "default allow|refuse", readDefault),
    StatementSpec(
      "deny-as", in: [.top, .context, .service], words: 1...3,
      "deny-as refused|drop, or deny-as nxdomain|nodata [ttl SECONDS]", readDenyAs),
    StatementSpec(
      "context", in: [.top], words: 1...3, hasBlock: true, "context NAME [in PARENT] { from PREFIX... }", readContext),
    StatementSpec("from", in: [.context], words: many, "from PREFIX...", readFrom),
    StatementSpec("endpoints", in: [.context], words: many, "endpoints PREFIX...", readEndpoints),
    StatementSpec("sealed", in: [.context], words: 0...0, "sealed", readSealed),
    StatementSpec("isolate", in: [.top], words: 2...Int.max, "isolate CONTEXT CONTEXT...", readIsolate),
    StatementSpec(
      "service", in: [.top], words: 1...1, hasBlock: true, "service NAME { runs-at PREFIX...; allow NAME... }",
      readService),
    StatementSpec("runs-at", in: [.service], words: many, "runs-at PREFIX...", readRunsAt),
    StatementSpec("allow", in: [.service], words: many, "allow NAME..., or allow *", readAllow),
    StatementSpec("refuse", in: [.service], words: many, "refuse NAME..., or refuse *", readRefuse),
    StatementSpec("expect", in: [.top], words: many, expectUsage, readExpect),
    StatementSpec("zone", in: [.top], words: 3...5, "zone NAME file PATH [in CONTEXT]", readZone),
    StatementSpec(
      "metrics-log", in: [.top], words: 1...3, "metrics-log PATH [every SECONDS], or metrics-log off", readMetricsLog),
    StatementSpec("answer-order", in: [.top], words: 1...1, "answer-order rotate|fixed", readAnswerOrder),
    StatementSpec("nsid", in: [.top], words: 1...1, "nsid TEXT, nsid hex:DIGITS, nsid host-name or nsid off", readNSID),
    StatementSpec("cookies", in: [.top], words: 1...1, "cookies on|require|off", readCookies),
    StatementSpec(
      "cookie-secret", in: [.top], words: 1...2, "cookie-secret HEX [OLD-HEX], or cookie-secret file PATH",
      readCookieSecret),
    StatementSpec(
      "rate-limit", in: [.top], words: many,
      "rate-limit N/s [slip N] [ipv4 /N] [ipv6 /N] [including loopback] [except PREFIX...], or rate-limit off",
      readRateLimit),
    StatementSpec(
      "tcp-limits", in: [.top], words: many, "tcp-limits [connections N] [per-client N] [idle SECONDS]", readTCPLimits),
    StatementSpec("user", in: [.top], words: 1...1, "user NAME[:GROUP]", readUser),
    StatementSpec("tiers", in: [.top], words: many, "tiers HIGHEST > NEXT...", readTiers),
    StatementSpec("tier", in: [.top, .service], words: 1...1, "tier NAME", readTier),
    StatementSpec("acyclic", in: [.top], words: 0...0, "acyclic", readAcyclic),
    StatementSpec("observe", in: [.top], words: many, "observe RULE...", readObserve),
    StatementSpec("except", in: [.top], words: 7...Int.max, exceptUsage, readExcept),
    StatementSpec(
      "trust", in: [.top], words: 3...Int.max, "trust ecs from PREFIX..., or trust proxy from PREFIX...", readTrust),
    StatementSpec("identity", in: [.service], words: many, "identity \"COMMON NAME\"...", readIdentity),
    StatementSpec("uid", in: [.service], words: many, "uid USER...", readUID),
    StatementSpec("require", in: [.service], words: 1...1, "require identity", readRequire),
    StatementSpec("explain", in: [.top], words: many, "explain on|off, or explain to CONTEXT...", readExplain),
    StatementSpec("version", in: [.top], words: 1...1, "version TEXT, or version off", readVersion),
    StatementSpec("query-log", in: [.top], words: 1...2, "query-log PATH [all|refused]", readQueryLog),
    StatementSpec("reload", in: [.top], words: 2...2, "reload guard PERCENT%", readReload),
  ]

  /// The statements by their keywords.
  static let byKeyword = Dictionary(uniqueKeysWithValues: table.map { ($0.keyword, $0) })

  /// Keywords of the language that are not built yet. A rule that is read and does nothing is worse than an error.
  static let notSupportedYet: Set<String> = [
    "forward", "health", "floor", "weight", "drain", "include",
  ]

  /// The keywords that may stand in a block.
  static func keywords(in place: PolicyReader.Place) -> [String] {
    table.filter { $0.places.contains(place) }.map(\.keyword)
  }

  /// All keywords, those that may stand in a block first: of two that are equally near, the first is suggested.
  static func keywords(nearestTo place: PolicyReader.Place) -> [String] {
    keywords(in: place) + table.filter { !$0.places.contains(place) }.map(\.keyword) + notSupportedYet.sorted()
  }
}
