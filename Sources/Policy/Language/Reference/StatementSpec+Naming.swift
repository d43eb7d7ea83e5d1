/// Statements about names and files.
extension StatementSpec {
  static let naming: [StatementSpec] = [
    StatementSpec(
      "origin", in: [.top], words: 1...1, hasBlock: true, "origin NAME, or origin NAME { ... }",
      """
      Names that do not end in a dot are relative to NAME: in the rest of the file or, with a block, within it. The \
      origin of ambit.policy holds in files that say none; where it says none, the first that any file says.
      """,
      without: "names are written in full, with their final dot.",
      example: """
        origin mesh.test
        origin billing.test { service invoices; service ledger }
        """, readOrigin),
    StatementSpec(
      "include", in: [.top], words: 1...1, "include PATH",
      """
      Reads another file in this line's place, or all *.policy files of a folder in the order of their names. PATH is \
      relative to the configuration's folder. The origin in effect here holds in the file, and one that the file says \
      ends with it. Every file is read once; files in the configuration's own folder are read anyway.
      """,
      without: "the *.policy files in the configuration's folder are read, and none below it.",
      example: "include teams", readInclude),
    StatementSpec(
      "zone", in: [.top], words: 3...5, "zone NAME file PATH [in CONTEXT]",
      """
      Says which zone a file is, whatever its name, and with `in` for which context it is an overlay. PATH is relative \
      to the configuration's folder.
      """,
      without: "a file mesh.test.zone is the zone mesh.test, and in a folder its overlay for the context of that name.",
      example: "zone example.org file data/any-name in test", readZone),
    StatementSpec(
      "group", in: [.top], words: 2...Int.max, "group NAME WORD...",
      """
      Puts services, contexts and other groups under one name, for allow, refuse, except and, where it has contexts \
      only, isolate and explain. A line that names a group is read as if it named the members. Members are relative to \
      the origin, as services are; the group's name is the same everywhere. All groups have 2,000,000 members at the most, \
      and the lines that name groups name as many, each group counted in every line: where that is too few, a context \
      with the members' addresses counts as one.
      """,
      without: "there are no groups.",
      example: """
        group storefront web checkout
        group callers storefront test
        service orders { allow callers }
        """, readGroup),
    StatementSpec(
      "network", in: [.top], words: 2...Int.max, "network NAME PREFIX|NETWORK...",
      """
      Puts addresses, prefixes and other networks under one name, which may stand wherever a prefix may: in from, \
      endpoints, runs-at, trust and the exceptions of rate-limit. All networks, and all lines that name them, come to \
      1,000,000 prefixes each at the most.
      """,
      without: "there are no networks.",
      example: """
        network offices 192.0.2.0/25 2001:db8:1::/48
        context laptop { from offices }
        """, readNetwork),
  ]
}
