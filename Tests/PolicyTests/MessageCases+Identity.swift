/// `trust`, `identity`, `uid`, `require`, and the logs.
let identityCases: [MessageCase] = [
  MessageCase(
    """
    trust ecs 10.0.0.1
    trust esc from 10.0.0.1
    trust dns from 10.0.0.1
    trust
    trust ecs
    trust proxy from
    trust proxy from 10.0.0.256
    """,
    #"p:1:11: error: there is no "from" before "10.0.0.1"; write trust ecs from PREFIX..."#,
    #"p:2:7: error: "esc" is nothing that is trusted; did you mean "ecs"?"#,
    #"p:3:7: error: "dns" is nothing that is trusted; write trust ecs from PREFIX..., or trust proxy from PREFIX..."#,
    #"p:4:1: error: "trust" needs more after it; write trust ecs from PREFIX..., or trust proxy from PREFIX..."#,
    #"p:5:1: error: "trust" needs more after it; write trust ecs from PREFIX..., or trust proxy from PREFIX..."#,
    #"p:6:1: error: "trust" needs more after it; write trust ecs from PREFIX..., or trust proxy from PREFIX..."#,
    #"p:7:18: error: "10.0.0.256" is no address or prefix; write for example 10.20.0.0/16 or ::1"#),
  MessageCase(
    """
    service a. { identity "" }
    service b. { uid "" 4294967295 -1 }
    """,
    #"p:1:23: error: a certificate's common name has 1 to 64 characters (RFC 5280 §A.1); write for example "web.prod""#,
    #"p:2:18: error: "" is no user; write a name, or a number below 4294967295"#,
    #"p:2:21: error: "4294967295" is no user; write a name, or a number below 4294967295"#),
  MessageCase(
    """
    trust proxy from 10.0.0.60
    service a. { identity "web.prod" }
    service b. { identity "x" "web.prod" "x" }
    """,
    #"p:3:27: error: identity "web.prod" belongs to service "a." (p:2) and cannot belong to "b." too; keep one"#,
    #"p:3:38: warning: identity "x" is already said of service "b." at p:3; once is enough"#),
  // One name in two encodings is two names of certificates.
  MessageCase(
    "trust proxy from 10.0.0.60\nservice a. { identity \"caf\u{e9}\" }\nservice b. { identity \"cafe\u{301}\" }"),
  MessageCase(
    """
    service a. { uid www-data 33 }
    service b. { uid 033 www-data }
    """,
    #"p:2:18: error: uid "033" belongs to service "a." (p:1) and cannot belong to "b." too; keep one"#,
    #"p:2:22: error: uid "www-data" belongs to service "a." (p:1) and cannot belong to "b." too; keep one"#),
  MessageCase(
    """
    trust ecs from 10.0.0.53
    trust proxy from 10.0.0.53
    trust ecs from 10.0.0.53 0.0.0.0/0
    trust proxy from ::/0
    """,
    #"p:3:16: warning: 10.0.0.53 is already trusted for ecs at p:1; once is enough"#,
    #"p:3:26: warning: 0.0.0.0/0 is everyone, who may then pretend to be anyone; write the addresses of your forwarders"#,
    #"p:4:18: warning: ::/0 is everyone, who may then pretend to be anyone; write the addresses of your proxies"#),
  MessageCase(
    """
    service a. { identity "web.prod" }
    """,
    #"p:1:23: warning: no line says whose word is taken for certificates' names, so none is ever known; write "trust proxy from PREFIX..." with the addresses of your proxies"#
  ),
  MessageCase(
    """
    service a. { require identity; allow b. }
    service b.
    """,
    #"p:1:14: warning: no caller's identity is ever known, so nobody can call "a."; write an identity or uid line in the services that call"#
  ),
  MessageCase(
    """
    service a. { require identity }
    service b. { require identity }
    """,
    #"p:1:14: warning: no caller's identity is ever known, so nobody can call 2 services; write an identity or uid line in the services that call"#
  ),
  MessageCase(
    """
    service a. { require identity }
    service b. { identity "b" }
    """,
    #"p:1:14: warning: no caller's identity is ever known, so nobody can call "a."; write "trust proxy from PREFIX...""#,
    #"p:2:23: warning: no line says whose word is taken for certificates' names, so none is ever known; write "trust proxy from PREFIX..." with the addresses of your proxies"#
  ),
  MessageCase(
    """
    trust proxy from 10.0.0.60
    origin t
    group others web batch
    service orders { require identity; allow web cart others orders * }
    service cart { uid 7 }
    service web { runs-at 10.0.0.1 }
    service batch { identity "batch" }
    """,
    #"p:4:42: warning: "web" is allowed by "*" (p:4) already; remove it"#,
    #"p:4:42: warning: "web" has neither identity nor uid line, and "orders" requires one (p:4); write one in its service, or remove the word"#,
    #"p:4:46: warning: "cart" is allowed by "*" (p:4) already; remove it"#,
    #"p:4:51: warning: group "others" is allowed by "*" (p:4) already; remove it"#,
    #"p:4:58: warning: "orders" is allowed by "*" (p:4) already; remove it"#),
  MessageCase(
    """
    metrics-log m.jsonl
    query-log m.jsonl
    """,
    #"p:2:1: warning: queries and metrics are both written to "m.jsonl", see p:1; name another file"#),
]
