/// Statements about names that are not ours.
extension StatementSpec {
  static let forwarding: [StatementSpec] = [
    StatementSpec(
      "forward", in: [.top, .context], words: 2...Int.max, "forward ZONE SERVER[:PORT]..., or forward ZONE off",
      """
      Whom to ask for names at and below a zone that is not ours, on port 53 where none is written; `.` is every name. Of \
      several lines the one with the longest zone counts, and of two for one zone that of the nearer context. A zone below \
      one of ours is a part of it that the other server answers for. With `off` nobody is asked, though a line for a \
      shorter zone says so. Callers in no context are refused: their names are never forwarded. The zone's name is in full, \
      whatever the origin.
      """,
      without: "names that no zone of ours has are refused.",
      example: """
        forward . 192.0.2.53 192.0.2.54
        forward corp.example. 10.20.0.53:5353 [2001:db8::53]:53
        forward onlyhere.example. off
        context lab { from 10.90.0.0/16; forward . 10.90.0.53 }
        """, readForward),
    StatementSpec(
      "forward-cache", in: [.top], words: many,
      "forward-cache SIZE [ttl TIME] [negative TIME] [stale TIME|off], or forward-cache off",
      """
      How much memory answers of other servers may take, how long one is kept at the most, how long one that something \
      does not exist, and for how long after its end it may stand in where no server can be reached (RFC 8767).
      """,
      without: "forward-cache 32MiB ttl 1d negative 1h stale 1d.",
      example: "forward-cache 64MiB ttl 1h negative 5m stale off", readForwardCache),
    StatementSpec(
      "allow-private", in: [.top], words: many, "allow-private NAME|PREFIX...",
      """
      Names of others that may have private addresses, and private addresses that names of others may have. All other \
      private addresses are left out of their answers: a page of elsewhere could lead a browser into this network by them. \
      Names are in full, whatever the origin.
      """,
      without: "only names that a zone of ours has may have private addresses.",
      example: "forward . 192.0.2.53\nallow-private corp.example. 192.168.7.0/24", readAllowPrivate),
    StatementSpec(
      "local-zones", in: [.top], words: 1...1, "local-zones on|off",
      """
      Whether names that have no business outside are answered here: localhost, home.arpa, invalid, onion and the reverse \
      zones of private addresses (RFC 6303, 6761, 7686, 8375). A zone of one's own, or a `forward` line for the same name \
      or below it, comes before.
      """,
      without: "local-zones on, where anything is forwarded.", example: "local-zones off", readLocalZones),
    StatementSpec(
      "reverse-zones", in: [.top], words: 1...1, "reverse-zones on|off",
      """
      Whether private addresses that our zones' names have are answered for in reverse, a PTR record each, as the caller's \
      context sees the zones. Where a reverse zone is written, or forwarded, that comes before.
      """,
      without: "they are where anything is forwarded, and are not elsewhere.", example: "reverse-zones on",
      readReverseZones),
  ]
}
