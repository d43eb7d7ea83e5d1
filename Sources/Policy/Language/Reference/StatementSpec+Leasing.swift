/// Statements about who may stand where for a time.
extension StatementSpec {
  static let leasing: [StatementSpec] = [
    StatementSpec(
      "leases", in: [.context], words: 0...Int.max, "leases [USER...|*]",
      """
      Users of this host, by name or number, who may run a program in the context (`ambit run`), and, where all its from \
      prefixes are loopback, give names other addresses there for a time (`ambit override`). `*` is every user; root and \
      the server's own user always may where the line stands. A lease listens at port 53 of a free address of 127.0.0.0/8, \
      for which the server keeps the right to bind such ports.
      """,
      without: "nobody leases the context; `ambit run` there takes a listen line of its own with port 53.",
      example: "context laptop { from 127.0.0.0/8; leases * }", readLeases)
  ]
}
