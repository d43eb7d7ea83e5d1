/// Words, blocks and where statements belong.
let grammarCases: [MessageCase] = [
  MessageCase(
    """
    }
    """,
    #"p:1:1: error: this } closes nothing; remove it"#),
  MessageCase(
    """
    context a {
    """,
    #"p:1:11: error: this { is not closed before the end of the file; add }"#),
  MessageCase(
    """
    { mode enforce }
    """,
    #"p:1:1: error: this { has no keyword before it; put it on the line of its keyword"#),
  MessageCase(
    """
    context a { from "10.0.0.0/8 }
    mode enforce
    """,
    #"p:1:11: error: this { is not closed before the end of the file; add }"#,
    #"p:1:18: error: this quote is not closed before the end of its line; add ""#,
    #"p:1:18: error: "10.0.0.0/8 }" is no address or prefix; write for example 10.20.0.0/16 or ::1"#),
  MessageCase(
    """
    context "a"b
    """,
    #"p:1:12: error: a word begins right after a quote; put a space before it"#,
    #"p:1:12: error: "b" is not understood here; write context NAME [in PARENT] { from PREFIX... }"#),
  MessageCase(
    """
    mode en\u{0}force
    """,
    #"p:1:6: error: "en\x00force" is not understood here; did you mean "enforce"?"#,
    #"p:1:8: error: there is a control character (octet 0) in this word; type the word anew"#),
  MessageCase(
    """
    contxt a { nonsense }
    """,
    #"p:1:1: error: there is no statement "contxt"; did you mean "context"?"#),
  MessageCase(
    """
    mode enforce {
      default
    }
    """,
    #"p:1:14: error: "mode" takes no { }; write mode enforce|observe"#),
  MessageCase(
    """
    isolate a
    """,
    #"p:1:1: error: this "isolate" keeps "a" apart from nothing; name two contexts or more, or a group of them"#),
  MessageCase(
    """
    mode
    """,
    #"p:1:1: error: "mode" needs more after it; write mode enforce|observe"#),
  MessageCase(
    """
    origin a b
    """,
    #"p:1:10: error: "b" is one word too many for "origin"; write origin NAME, or origin NAME { ... }"#),
  MessageCase(
    """
    context a { service b }
    """,
    #"p:1:13: error: "service" does not belong in a context; write it at the top level"#),
  MessageCase(
    """
    from 10.0.0.0/8
    """,
    #"p:1:1: error: "from" does not belong at the top level; write it in a context"#),
  MessageCase(
    """
    service a. { listen 127.0.0.1 }
    """,
    #"p:1:14: error: "listen" does not belong in a service; write it at the top level or in a context"#),
  MessageCase(
    """
    a { b { c { d { e { f { g { h { i { } } } } } } } } }
    """,
    #"p:1:1: error: there is no statement "a"; at the top level there may be origin, include, zone, group, network, context, trust, service, default, isolate, tiers, tier, acyclic, except, observe, mode, deny-as, expect, prefer, forward, forward-cache, allow-private, local-zones, reverse-zones, explain, version, nsid, query-log, metrics-log, measure, dnstap, listen, http, http-host, user, reload, rate-limit, tcp-limits, cookies, cookie-secret, answer-order"#,
    #"p:1:35: error: blocks are more than 8 deep here; close some with }"#),
]

/// Statements by themselves.
let statementCases: [MessageCase] = [
  MessageCase(
    """
    zone a.test
    zone a.test in laptop
    zone a.test file
    zone a.test file ""
    zone a.test file x on laptop
    zone a.test file x in
    zone a..test file x
    zone a.test file x in labtop
    zone a.test file x in laptop now
    context laptop { from 127.0.0.1; zone a.test file x }
    zone A.test file x
    zone a.test. file y
    zone a.test. file y in laptop
    zone a.test. file z in laptop
    zone . file root
    """,
    #"p:1:1: error: "zone" needs more after it; write zone NAME file PATH [in CONTEXT]"#,
    #"p:2:13: error: "in" is not understood here; write zone NAME file PATH [in CONTEXT]"#,
    #"p:3:1: error: "zone" needs more after it; write zone NAME file PATH [in CONTEXT]"#,
    #"p:4:18: error: "" is not understood here; write zone NAME file PATH [in CONTEXT]"#,
    #"p:5:20: error: "on" is not understood here; write zone NAME file PATH [in CONTEXT]"#,
    #"p:6:1: error: "zone" needs more after it; write zone NAME file PATH [in CONTEXT]"#,
    #"p:7:6: error: "a..test" has an empty label (RFC 1035 §3.1); remove the extra dot"#,
    #"p:8:23: error: no context is called "labtop"; did you mean "laptop" (p:10)?"#,
    #"p:9:30: error: "now" is one word too many for "zone"; write zone NAME file PATH [in CONTEXT]"#,
    #"p:10:34: error: "zone" does not belong in a context; write it at the top level"#,
    #"p:12:1: error: zone a.test. has a file already, see p:11; keep one"#,
    #"p:14:1: error: zone a.test. in laptop has a file already, see p:13; keep one"#),
  MessageCase(
    """
    mode enforced
    """,
    #"p:1:6: error: "enforced" is not understood here; did you mean "enforce"?"#),
  MessageCase(
    """
    mode enforce; mode observe
    """,
    #"p:1:15: error: "mode" is already said at p:1; keep one"#),
  MessageCase(
    """
    default deny
    """,
    #"p:1:9: error: "deny" is not understood here; write allow or refuse"#),
  MessageCase(
    """
    default allow
    default refuse
    """,
    #"p:2:1: error: "default" is already said at p:1; keep one"#),
  MessageCase(
    """
    deny-as refuse
    """,
    #"p:1:9: error: "refuse" is not understood here; did you mean "refused"?"#),
  MessageCase(
    """
    deny-as refused ttl 5
    """,
    #"p:1:17: error: "refused" has no TTL; only nxdomain and nodata send one"#),
  MessageCase(
    """
    deny-as nxdomain 5
    """,
    #"p:1:18: error: "5" is not understood here; write deny-as refused|drop, or deny-as nxdomain|nodata [ttl SECONDS]"#),
  MessageCase(
    """
    deny-as nodata ttl
    """,
    #"p:1:1: error: "deny-as" needs more after it; write deny-as refused|drop, or deny-as nxdomain|nodata [ttl SECONDS]"#
  ),
  MessageCase(
    """
    deny-as nodata ttl 5m
    """,
    #"p:1:20: error: "5m" is no time in seconds; write 0 to 86400, for example 10s"#),
  MessageCase(
    """
    listen 127.0.0.1:99999
    """,
    #"p:1:8: error: "127.0.0.1:99999" is no address to listen on; write for example 127.0.0.1:5300 or [::1]:5300"#),
  MessageCase(
    """
    listen 127.0.0.1
    listen 127.0.0.1:53
    """,
    #"p:2:8: error: 127.0.0.1:53 is listened on twice, first at p:1; keep one"#),
  MessageCase(
    """
    context a { listen 127.0.0.2:53 }; context b { listen 127.0.0.2 }
    """,
    #"p:1:55: error: 127.0.0.2:53 is listened on twice, first at p:1; keep one"#),
  MessageCase(
    """
    origin a..b
    """,
    #"p:1:8: error: "a..b" has an empty label (RFC 1035 §3.1); remove the extra dot"#),
  MessageCase(
    """
    expect 10.0.0.1 a. A -> refused
    """,
    #"p:1:8: error: "10.0.0.1" is not understood here; write expect from ADDRESS [at LISTENER] [as identity NAME|as uid USER] NAME [TYPE] -> refused [RULE] | nxdomain | nodata | dropped | forwarded [SERVER...] | RDATA..."#
  ),
  MessageCase(
    """
    expect from 10.0.0.300 a. A -> refused
    """,
    #"p:1:13: error: "10.0.0.300" is no address; write for example 10.20.0.1 or ::1"#),
  MessageCase(
    """
    expect from 10.0.0.1 a. A refused
    """,
    #"p:1:1: error: this "expect" has no "->"; write expect from ADDRESS [at LISTENER] [as identity NAME|as uid USER] NAME [TYPE] -> refused [RULE] | nxdomain | nodata | dropped | forwarded [SERVER...] | RDATA..."#
  ),
  MessageCase(
    """
    expect from 10.0.0.1 -> refused
    """,
    #"p:1:22: error: "->" is not understood here; write expect from ADDRESS [at LISTENER] [as identity NAME|as uid USER] NAME [TYPE] -> refused [RULE] | nxdomain | nodata | dropped | forwarded [SERVER...] | RDATA..."#
  ),
  MessageCase(
    """
    expect from 10.0.0.1 a. A IN -> refused
    """,
    #"p:1:27: error: "IN" is not understood here; write expect from ADDRESS [at LISTENER] [as identity NAME|as uid USER] NAME [TYPE] -> refused [RULE] | nxdomain | nodata | dropped | forwarded [SERVER...] | RDATA..."#
  ),
  MessageCase(
    """
    expect from 10.0.0.1 a. A ->
    """,
    #"p:1:1: error: "expect" needs more after it; write expect from ADDRESS [at LISTENER] [as identity NAME|as uid USER] NAME [TYPE] -> refused [RULE] | nxdomain | nodata | dropped | forwarded [SERVER...] | RDATA..."#
  ),
  MessageCase(
    """
    expect from 10.0.0.1 orders A -> refused
    """,
    #"p:1:22: error: "orders" is relative and there is no origin; write for example "origin mesh.test" above it, or end it with a dot"#
  ),
  MessageCase(
    """
    metrics-log m.jsonl each 10s
    """,
    #"p:1:21: error: "each" is not understood here; write metrics-log PATH [every SECONDS] [rotate SIZE keep N], or metrics-log off"#
  ),
  MessageCase(
    """
    metrics-log m.jsonl every 0s
    """,
    #"p:1:27: error: "0s" is no time in seconds; write 1 to 86400, for example 10s"#),
  MessageCase(
    """
    metrics-log off every 5s
    """,
    #"p:1:17: error: "every" is one word too many for "metrics-log"; write metrics-log PATH [every SECONDS] [rotate SIZE keep N], or metrics-log off"#
  ),
  MessageCase(
    """
    metrics-log a; metrics-log off
    """,
    #"p:1:16: error: "metrics-log" is already said at p:1; keep one"#),
]
