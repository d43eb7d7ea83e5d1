/// Statements about the server itself: rates, connections, its user.
let serverCases: [MessageCase] = [
  MessageCase(
    """
    http 127.0.0.1:8053 [::1]
    http off
    """,
    #"p:2:1: error: "http" is already said at p:1; keep one"#),
  MessageCase(
    """
    http localhost
    http-host a.test. 127.0.0.1 b:80
    """,
    #"p:1:6: error: "localhost" is no address to serve HTTP at; write for example 127.0.0.1:8053 or off"#,
    #"p:2:29: error: "b:80" is no name of a host; write it as browsers do, without port, for example ambit.internal.test"#
  ),
  MessageCase(
    """
    http 127.0.0.1 127.0.0.1:8053
    """,
    #"p:1:16: error: "127.0.0.1:8053" is there twice; keep one"#),
  MessageCase(
    """
    http off 127.0.0.1
    """,
    #"p:1:10: error: "127.0.0.1" is one word too many for "http"; write http ADDRESS[:PORT]..., or http off"#),
  MessageCase(
    """
    listen 127.0.0.1:80
    http 127.0.0.1:8053 127.0.0.1:80
    """,
    #"p:2:1: error: 127.0.0.1:80 is where DNS over TCP is served (listen); write another port, for example 127.0.0.1:8053"#
  ),
  MessageCase(
    """
    http 127.0.0.1:0
    """,
    #"p:1:6: error: "127.0.0.1:0" is no address to serve HTTP at; write for example 127.0.0.1:8053 or off"#),
  MessageCase(
    """
    measure every
    """,
    #"p:1:1: error: "measure" needs more after it; write measure all, measure every N, or measure off"#),
  MessageCase(
    """
    measure every 0
    measure every other
    measure some
    measure off 5
    """,
    #"p:1:15: error: "0" is no number here; write 1 to 1000000, for example 100"#,
    #"p:2:15: error: "other" is no number here; write 1 to 1000000, for example 100"#,
    #"p:3:9: error: "some" is not understood here; write measure all, measure every N, or measure off"#,
    #"p:4:13: error: "5" is one word too many for "measure"; write measure all, measure every N, or measure off"#),
  MessageCase(
    """
    rate-limit 1000/s except 10.0.0.0/8 fd00::/8 including loopback slip 3
    listen ::1:5300
    context a in b { from 10.0.0.0/8 }
    """,
    #"p:2:8: warning: "::1:5300" reads as [::1:5300]:53; for port 5300 write [::1]:5300"#,
    #"p:3:14: error: no context is called "b"; declare it with "context NAME { from PREFIX... }""#),
  MessageCase(
    """
    rate-limit 1000
    """,
    #"p:1:12: error: "1000" is no rate; write 1/s to 1000000/s, for example 1000/s, or off"#),
  MessageCase(
    """
    rate-limit 0/s
    """,
    #"p:1:12: error: "0/s" is no rate; write 1/s to 1000000/s, for example 1000/s, or off"#),
  MessageCase(
    """
    rate-limit 99999999999999999999/s
    """,
    #"p:1:12: error: "99999999999999999999/s" is no rate; write 1/s to 1000000/s, for example 1000/s, or off"#),
  MessageCase(
    """
    rate-limit off slip 2
    """,
    #"p:1:16: error: "slip" is one word too many for "rate-limit"; write rate-limit N/s [slip N] [ipv4 /N] [ipv6 /N] [including loopback] [except PREFIX...], or rate-limit off"#
  ),
  MessageCase(
    """
    rate-limit 5/s slip 11
    """,
    #"p:1:21: error: "11" is no number here; write 0 to 10, for example 2"#),
  MessageCase(
    """
    rate-limit 5/s ipv4 33
    """,
    #"p:1:21: error: "33" is no length of a prefix here; write /1 to /32"#),
  MessageCase(
    """
    rate-limit 5/s ipv6 /65
    """,
    #"p:1:21: error: "/65" is no length of a prefix here; write /1 to /64"#),
  MessageCase(
    """
    rate-limit 5/s including everyone
    """,
    #"p:1:26: error: "everyone" is not understood here; write rate-limit N/s [slip N] [ipv4 /N] [ipv6 /N] [including loopback] [except PREFIX...], or rate-limit off"#
  ),
  MessageCase(
    """
    rate-limit 5/s slip 1 slip 2
    """,
    #"p:1:23: error: "slip" is already said in this line; keep one"#),
  MessageCase(
    """
    rate-limit 5/s except
    """,
    #"p:1:1: error: "rate-limit" needs more after it; write rate-limit N/s [slip N] [ipv4 /N] [ipv6 /N] [including loopback] [except PREFIX...], or rate-limit off"#
  ),
  MessageCase(
    """
    rate-limit 5/s except 10.0.0.0/8 nobody
    """,
    #"p:1:34: error: "nobody" is no address, prefix or network; write for example 10.20.0.0/16 or ::1"#),
  MessageCase(
    """
    rate-limit 5/s; rate-limit off
    """,
    #"p:1:17: error: "rate-limit" is already said at p:1; keep one"#),
  MessageCase(
    """
    tcp-limits conections 5
    """,
    #"p:1:12: error: "conections" is not understood here; write tcp-limits [connections N] [per-client N] [idle SECONDS]"#
  ),
  MessageCase(
    """
    tcp-limits connections
    """,
    #"p:1:1: error: "tcp-limits" needs more after it; write tcp-limits [connections N] [per-client N] [idle SECONDS]"#),
  MessageCase(
    """
    tcp-limits connections 0
    """,
    #"p:1:24: error: "0" is no number here; write 1 to 1000000, for example 1024"#),
  MessageCase(
    """
    tcp-limits idle 0s
    """,
    #"p:1:17: error: "0s" is no time in seconds; write 1 to 3600, for example 10s"#),
  MessageCase(
    """
    tcp-limits connections 10 per-client 20
    """,
    #"p:1:1: warning: per-client 20 limits nothing, there are 10 connections in all; write a smaller one"#),
  MessageCase(
    """
    user ambit:
    """,
    #"p:1:6: error: "ambit:" is no user; write NAME or NAME:GROUP, for example ambit"#),
  MessageCase(
    """
    context a { user ambit }
    """,
    #"p:1:13: error: "user" does not belong in a context; write it at the top level"#),
  MessageCase(
    """
    query-log a.jsonl all all
    query-log a.jsonl one in 0
    query-log a.jsonl one of 5
    query-log a.jsonl rotate 100MB keep 5
    query-log a.jsonl rotate 1KiB keep 5
    query-log a.jsonl rotate 1MiB keep 0
    query-log a.jsonl rotate 1MiB
    metrics-log b.jsonl refused
    """,
    #"p:1:23: error: "all" is already said in this line; keep one"#,
    #"p:2:26: error: "0" is no number here; write 1 to 1000000, for example 100"#,
    #"p:3:1: error: "query-log" needs more after it; write query-log PATH [all|refused] [one in N] [rotate SIZE keep N], or query-log off"#,
    #"p:4:26: error: "100MB" is no size of a file; write 4KiB to 1024GiB, for example 100MiB"#,
    #"p:5:26: error: "1KiB" is no size of a file; write 4KiB to 1024GiB, for example 100MiB"#,
    #"p:6:36: error: "0" is no number here; write 1 to 1000, for example 5"#,
    #"p:7:1: error: "query-log" needs more after it; write query-log PATH [all|refused] [one in N] [rotate SIZE keep N], or query-log off"#,
    #"p:8:21: error: "refused" is not understood here; write metrics-log PATH [every SECONDS] [rotate SIZE keep N], or metrics-log off"#
  ),
  MessageCase(
    """
    dnstap
    dnstap unix
    dnstap unix s.sock rotate 1MiB keep 1
    dnstap unix \(String(repeating: "x", count: 108))
    dnstap off all
    dnstap a.fstrm refused; dnstap off
    query-log a.fstrm
    """,
    #"p:1:1: error: "dnstap" needs more after it; write dnstap PATH [all|refused] [one in N] [rotate SIZE keep N], dnstap unix PATH [all|refused] [one in N], or dnstap off"#,
    #"p:2:1: error: "dnstap" needs more after it; write dnstap PATH [all|refused] [one in N] [rotate SIZE keep N], dnstap unix PATH [all|refused] [one in N], or dnstap off"#,
    #"p:3:20: error: "rotate" is not understood here; write dnstap PATH [all|refused] [one in N] [rotate SIZE keep N], dnstap unix PATH [all|refused] [one in N], or dnstap off"#,
    #"p:4:13: error: the path of a socket has at most 107 octets and this one has 108; put the socket somewhere else, or start the server nearer to it and write it relative"#,
    #"p:5:12: error: "all" is one word too many for "dnstap"; write dnstap PATH [all|refused] [one in N] [rotate SIZE keep N], dnstap unix PATH [all|refused] [one in N], or dnstap off"#,
    #"p:6:25: error: "dnstap" is already said at p:6; keep one"#
  ),
  MessageCase(
    """
    dnstap m
    metrics-log m
    query-log q
    """,
    #"p:2:1: warning: metrics and dnstap are both written to "m", see p:1; name another file"#),
]
