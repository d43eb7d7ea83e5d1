/// `tiers`, `tier`, `acyclic`, `observe`, `except`, `require`, and who is told.
let tierCases: [MessageCase] = [
  MessageCase(
    """
    tiers critical
    tiers critical >
    tiers > critical
    tiers critical standard
    tiers critical >> standard
    """,
    #"p:1:1: error: "tiers" needs more after it; write tiers HIGHEST > NEXT..."#,
    #"p:2:1: error: "tiers" needs more after it; write tiers HIGHEST > NEXT..."#,
    #"p:3:7: error: ">" is not understood here; write tiers HIGHEST > NEXT..."#,
    #"p:4:16: error: "standard" is not understood here; write tiers HIGHEST > NEXT..."#,
    #"p:5:16: error: ">>" is not understood here; write tiers HIGHEST > NEXT..."#),
  MessageCase(
    """
    tiers critical>standard > critical
    tiers other > more
    """,
    #"p:1:27: error: tier "critical" is there twice; name it once"#,
    #"p:2:1: error: "tiers" is already said at p:1; keep one"#),
  MessageCase(
    """
    origin t
    tiers critical > standard
    service orders { tier critcal }
    service web { tier gold; tier gold }
    service reports { tier standard }
    """,
    #"p:3:23: error: no tier is called "critcal"; did you mean "critical" (p:2)?"#,
    #"p:4:20: error: no tier is called "gold"; add it to the tiers"#,
    #"p:4:26: error: "tier" is already said at p:4; keep one"#),
  MessageCase(
    """
    origin t
    service a { tier critical }
    service b { tier standard }
    tier standard
    """,
    #"p:2:18: error: no line says the order of the tiers, for this one and 2 more; write for example tiers critical > standard > best-effort"#
  ),
  MessageCase(
    """
    tiers critical > standard
    tier standrd
    """,
    #"p:2:6: error: no tier is called "standrd"; did you mean "standard" (p:1)?"#),
  MessageCase(
    """
    acyclic now
    acyclic
    acyclic
    """,
    #"p:1:9: error: "now" does not follow acyclic; write acyclic, acyclic observed, or both on lines of their own"#,
    #"p:3:1: error: "acyclic" is already said at p:2; keep one"#),
  MessageCase(
    """
    observe tires nothing
    observe
    """,
    #"p:1:9: error: no rule is called "tires"; did you mean "tiers"?"#,
    #"p:1:15: error: no rule is called "nothing"; the rules are placement, refuse, require, allow, acyclic, tiers, isolate"#,
    #"p:2:1: error: "observe" needs more after it; write observe RULE..."#),
  MessageCase(
    """
    origin t
    service web
    service reports
    context prod { from 10.0.0.0/8 }
    except web reports until tomorrow
    except web->reports until 2027-01-01 because "x"
    except web -> reports until tomorrow because "x"
    except web -> reports until 2026-02-30 because "x"
    except web -> reports until 2027-1-1 because "x"
    except web -> reports until 9999-12-31 because "x"
    except web -> reports
    except web -> reports until 2027-01-01
    except web -> reports until 2027-01-01 because
    except web -> reports until 2027-01-01 because "  "
    except web -> reports until 2027-01-01 because it is so
    except * -> reports until 2027-01-01 because "x"
    except web -> prod until 2027-01-01 because "x"
    except wep -> report until 2027-01-01 because "x"
    except
    """,
    #"p:5:12: error: "reports" is not understood here; write except CALLER -> SERVICE until YYYY-MM-DD because "WHY, AND WHO ANSWERS FOR IT""#,
    #"p:6:8: error: "web->reports" is one word; put spaces around ->"#,
    #"p:7:29: error: "tomorrow" is no day of the calendar; write for example until 2027-01-31"#,
    #"p:8:29: error: "2026-02-30" is no day of the calendar; write for example until 2027-01-31"#,
    #"p:9:29: error: "2027-1-1" is no day of the calendar; write for example until 2027-01-31"#,
    #"p:10:29: error: "9999-12-31" is not between 1970 and 2105; write a nearer day"#,
    #"p:11:1: error: this exception has no end; add until YYYY-MM-DD and because "WHY""#,
    #"p:12:1: error: this exception has no reason; add because "WHY, AND WHO ANSWERS FOR IT""#,
    #"p:13:1: error: this exception has no reason; add because "WHY, AND WHO ANSWERS FOR IT""#,
    #"p:14:48: error: this reason is empty; say why the call is needed, and who answers for it"#,
    #"p:15:51: error: a reason of several words stands in quotes; write because "...""#,
    #"p:16:8: error: an exception is for one caller; name a service, a context or a group"#,
    #"p:17:15: error: an exception is for calls of services; name them"#,
    #"p:18:8: error: no service or context is called "wep"; did you mean "web" (p:2)?"#,
    #"p:18:15: error: no service or context is called "report"; did you mean "reports" (p:3)?"#,
    #"p:19:1: error: "except" needs more after it; write except CALLER -> SERVICE until YYYY-MM-DD because "WHY, AND WHO ANSWERS FOR IT""#
  ),
  MessageCase(
    """
    service a. { require identities; require identity; require identity }
    require identity
    """,
    #"p:1:22: error: "identities" is not understood here; write require identity"#,
    #"p:1:52: error: "require" is already said at p:1; keep one"#,
    #"p:2:1: error: "require" does not belong at the top level; write it in a service"#),
  MessageCase(
    """
    explain
    explain maybe
    explain on off
    explain to
    explain to nowhere
    explain off
    explain on
    """,
    #"p:1:1: error: "explain" needs more after it; write explain on|off, or explain to CONTEXT..."#,
    #"p:2:9: error: "maybe" is not understood here; write explain on|off, or explain to CONTEXT..."#,
    #"p:3:12: error: "off" is one word too many for "explain"; write explain on|off, or explain to CONTEXT..."#,
    #"p:4:1: error: "explain" needs more after it; write explain on|off, or explain to CONTEXT..."#,
    #"p:5:12: error: no context is called "nowhere"; explain takes contexts, declare it with "context NAME { from PREFIX... }""#,
    #"p:6:1: error: "explain" is already said at p:5; keep one"#,
    #"p:7:1: error: "explain" is already said at p:5; keep one"#),
  MessageCase(
    """
    context prod; context test
    service web.
    explain to prd test web.
    """,
    #"p:3:12: error: no context is called "prd"; did you mean "prod" (p:1)?"#,
    #"p:3:21: error: no context is called "web.", that is a service; explain takes contexts, declare it with "context NAME { from PREFIX... }""#
  ),
  MessageCase(
    """
    query-log
    query-log ""
    query-log q refsed
    query-log off all
    query-log q all; query-log off
    """,
    #"p:1:1: error: "query-log" needs more after it; write query-log PATH [all|refused] [one in N] [rotate SIZE keep N], or query-log off"#,
    #"p:2:11: error: "" is not understood here; write query-log PATH [all|refused] [one in N] [rotate SIZE keep N], or query-log off"#,
    #"p:3:13: error: "refsed" is not understood here; did you mean "refused"?"#,
    #"p:4:15: error: "all" is one word too many for "query-log"; write query-log PATH [all|refused] [one in N] [rotate SIZE keep N], or query-log off"#,
    #"p:5:18: error: "query-log" is already said at p:5; keep one"#),
  MessageCase(
    """
    reload
    reload guard 100%
    reload guard 20
    reload gard 20%
    reload guard 5%; reload guard 6%
    """,
    #"p:1:1: error: "reload" needs more after it; write reload guard PERCENT%"#,
    #"p:2:14: error: "100%" is no share; write 0% to 99%, for example reload guard 20%"#,
    #"p:3:14: error: "20" is no share; write 0% to 99%, for example reload guard 20%"#,
    #"p:4:8: error: "gard" is not understood here; write reload guard PERCENT%"#,
    #"p:5:18: error: "reload" is already said at p:5; keep one"#),
  MessageCase(
    """
    version off; version "1 2"
    """,
    #"p:1:14: error: "version" is already said at p:1; keep one"#),
]
