/// Statements about who calls.
extension StatementSpec {
  static let calling: [StatementSpec] = [
    StatementSpec(
      "context", in: [.top], words: 1...3, hasBlock: true, "context NAME [in PARENT] { from PREFIX... }",
      """
      A place where callers stand. One in another inherits what that one says and sees. `context default` is where \
      callers stand who are in no other.
      """,
      without: "every caller is refused whom no other context has (placement).",
      example: "context laptop { from 127.0.0.0/8 ::1 }", readContext),
    StatementSpec(
      "from", in: [.context], words: many, "from PREFIX...",
      """
      Who asks from these addresses is in the context; of several contexts' prefixes the longest that covers the address \
      decides. Endpoints in them belong to the context too.
      """,
      without: "callers come into the context by its listen addresses, or not at all.",
      example: "context laptop { from 127.0.0.0/8 ::1 }", readFrom),
    StatementSpec(
      "endpoints", in: [.context], words: many, "endpoints PREFIX...",
      "Where the context's services live, beside its from prefixes: isolate judges endpoints by it. Nobody who asks from "
        + "there is in the context for it.",
      without: "the context's endpoints are those in its from prefixes.",
      example: "context laptop { from 127.0.0.1; endpoints 127.0.1.0/24 }", readEndpoints),
    StatementSpec(
      "sealed", in: [.context], words: 0...0, "sealed",
      "The context inherits no data from its parent's overlay and the base but the zones' apexes.",
      without: "a name that the context's overlay does not mention is as in its parent.",
      example: "context laptop { from 127.0.0.1; sealed }", readSealed),
    StatementSpec(
      "runs-at", in: [.service], words: many, "runs-at PREFIX...",
      "Who asks from these addresses is this service. The longest prefix wins.",
      without: "no caller is the service by its address.",
      example: "service orders { runs-at 10.30.1.16/28 }", readRunsAt),
    StatementSpec(
      "identity", in: [.service], words: many, "identity \"COMMON NAME\"...",
      """
      Whose client certificate has this common name is the service, whatever the address, where a proxy that is trusted \
      has verified the certificate and says so (PROXY protocol v2). Compared letter by letter.
      """,
      without: "no caller is the service by a certificate.",
      example: """
        trust proxy from 127.0.0.60
        service orders { identity "orders.prod" }
        """, readIdentity),
    StatementSpec(
      "uid", in: [.service], words: many, "uid USER...",
      "A process of this user, by name or number, that asks from this host is the service.",
      without: "no caller is the service by its user.",
      example: "service orders { uid www-data 1001 }", readUID),
    StatementSpec(
      "trust", in: [.top], words: many, "trust ecs from PREFIX..., or trust proxy from PREFIX...",
      """
      Who may speak for callers: forwarders, whose EDNS Client Subnet (RFC 7871) then says where the caller is; and \
      proxies, who must begin with a PROXY protocol v2 header, which says so, and whose certificate the caller has. \
      From others both are never believed.
      """,
      without: "a caller is where its packets come from.",
      example: """
        trust ecs from 127.0.0.53
        trust proxy from 127.0.0.60
        """, readTrust),
  ]
}
