/// `group`.
let groupCases: [MessageCase] = [
  MessageCase(
    """
    group
    group a
    group a/b c
    """,
    #"p:1:1: error: "group" needs more after it; write group NAME WORD..."#,
    #"p:2:1: error: "group" needs more after it; write group NAME WORD..."#,
    #"p:3:7: error: "a/b" is no group's name; write 1 to 63 of the letters A to Z, digits, - and _"#,
    #"p:3:11: error: no service, context or group is called "c"; declare it with "service NAME" or "context NAME", or remove the word"#
  ),
  MessageCase(
    """
    origin t
    service web
    service cart
    group storefront web cart
    service orders { allow storefrot }
    service pay { allow storefront }
    """,
    #"p:5:24: error: no service, context or group is called "storefrot"; did you mean "storefront" (p:4)?"#),
  MessageCase(
    """
    origin t
    context prod
    service web
    group prod web
    group web prod
    group both prod web
    group both web
    service a { allow both }
    """,
    #"p:4:7: error: "prod" is both a group and a context, the other at p:2; rename one"#,
    #"p:5:7: error: "web" is both a group and a service, the other at p:3; rename one"#,
    #"p:7:7: error: group "both" is declared twice, first at p:6; make them one"#),
  MessageCase(
    """
    origin t
    service web
    group a web *
    group b a wbe
    service x { allow b }
    """,
    #"p:3:13: error: a group names its members, and "*" is everyone; write * where the group is used"#,
    #"p:4:11: error: no service, context or group is called "wbe"; did you mean "web" (p:2)?"#),
  MessageCase(
    """
    origin t
    service web
    group a b web
    group b c
    group c a
    service x { allow a }
    """,
    #"p:5:9: error: group "a" (p:3) is in itself: a has b has c has a; remove one"#),
  MessageCase(
    """
    group a a
    service x. { refuse a }
    """,
    #"p:1:9: error: group "a" (p:1) is in itself: a has a; remove one"#),
  MessageCase(
    """
    origin t
    service web
    group everyone web
    """,
    #"p:3:7: warning: group "everyone" is used nowhere; name it in an allow line, for example, or remove it"#),
  MessageCase(
    """
    context test { from 10.0.0.0/8 }
    context prod { from 11.0.0.0/8 }
    context shard in prod { from 11.1.0.0/16 }
    service web.
    group shards test prod
    group mixed test web.
    group one test
    group inner prod shard
    isolate shards
    isolate mixed prod
    isolate one
    isolate inner
    isolate shards test
    explain to mixed
    """,
    #"p:10:9: error: group "mixed" has the service "web." (p:6) in it; isolate takes contexts, make a group of contexts only"#,
    #"p:11:1: error: this "isolate" keeps "test" apart from nothing; name two contexts or more, or a group of them"#,
    #"p:12:9: error: context "shard" is in "prod" and cannot be isolated from it; isolate it from others"#,
    #"p:13:16: error: context "test" is isolated from itself; name it once"#,
    #"p:14:12: error: group "mixed" has the service "web." (p:6) in it; explain takes contexts, make a group of contexts only"#
  ),
  MessageCase(
    """
    origin t
    acyclic
    context prod { from 10.0.0.0/8 }
    service web
    service cart
    group storefront web cart
    group places prod
    except storefront -> storefront until 2027-01-01 because "x"
    except web -> places until 2027-01-01 because "x"
    except everyone -> web until 2027-01-01 because "x"
    observe storefront
    """,
    #"p:9:15: error: group "places" has a context in it; an exception is for calls of services; name them"#,
    #"p:10:8: error: no service, context or group is called "everyone"; declare it with "service NAME" or "context NAME", or remove the word"#,
    #"p:11:9: error: no rule is called "storefront"; the rules are placement, refuse, require, allow, acyclic, tiers, isolate"#
  ),
]

/// `network`.
let networkCases: [MessageCase] = [
  MessageCase(
    """
    network
    network offices
    network a/b ::1
    network ::1 ::2
    network except 10.0.0.1
    """,
    #"p:1:1: error: "network" needs more after it; write network NAME PREFIX|NETWORK..."#,
    #"p:2:1: error: "network" needs more after it; write network NAME PREFIX|NETWORK..."#,
    #"p:3:9: error: "a/b" is no network's name; write 1 to 63 of the letters A to Z, digits, - and _"#,
    #"p:4:9: error: "::1" is no network's name; write 1 to 63 of the letters A to Z, digits, - and _"#,
    #"p:5:9: error: "except" means something else where a network may stand; choose another name"#),
  MessageCase(
    """
    network offices 192.0.2.1/24 ofices nowhere 10.0.0.300
    context a { from offices }
    """,
    #"p:1:17: warning: "192.0.2.1/24" has bits beyond its length and reads as 192.0.2.0/24; write 192.0.2.0/24 if that is meant"#,
    #"p:1:30: error: "ofices" is no address, prefix or network; did you mean "offices" (p:1)?"#,
    #"p:1:37: error: "nowhere" is no address, prefix or network; write for example 10.20.0.0/16 or ::1"#,
    #"p:1:45: error: "10.0.0.300" is no address or prefix; write for example 10.20.0.0/16 or ::1"#),
  MessageCase(
    """
    network offices 192.0.2.0/24
    network offices 192.0.3.0/24
    context a { from ofices offices }
    """,
    #"p:2:9: error: network "offices" is declared twice, first at p:1; make them one"#,
    #"p:3:18: error: "ofices" is no address, prefix or network; did you mean "offices" (p:1)?"#),
  MessageCase(
    """
    network a b
    network b 10.0.0.0/8 a
    context c { from a }
    """,
    #"p:2:22: error: network "a" (p:1) is in itself: a has b has a; remove one"#),
  MessageCase(
    """
    network offices 192.0.2.0/25 192.0.2.128/25
    context a { from offices }
    context b { from offices }
    """,
    #"p:3:18: error: 192.0.2.0/25 belongs to context "a" (p:2) and cannot belong to "b" too; keep one"#),
  MessageCase(
    """
    network offices 192.0.2.0/25
    context a { network inner ::1; from offices }
    """,
    #"p:2:13: error: "network" does not belong in a context; write it at the top level"#),
  MessageCase(
    """
    network spare ::1
    """,
    #"p:1:9: warning: network "spare" is used nowhere; use it where a prefix may be, or remove it"#),
]

/// `origin` and `include`.
let originCases: [MessageCase] = [
  MessageCase(
    """
    origin a.test {
      service web
      service orders { allow web }
    }
    origin b.test {
      service web { runs-at 10.0.0.1 }
      service batch { allow orders weeb oders web.a.test. ordes.a.test. }
    }
    service late
    """,
    #"p:7:25: error: no service or context is called "orders" in b.test.; did you mean "orders.a.test." (p:3)?"#,
    #"p:7:32: error: no service or context is called "weeb"; did you mean "web" (p:6)?"#,
    #"p:7:37: error: no service or context is called "oders"; did you mean "orders.a.test." (p:3)?"#,
    #"p:7:55: error: no service or context is called "ordes.a.test."; did you mean "orders.a.test." (p:3)?"#,
    #"p:9:9: error: "late" is relative and there is no origin; write for example "origin mesh.test" above it, or end it with a dot"#
  ),
  MessageCase(
    """
    origin a..test { service web }
    origin mesh.test { allow web }
    """,
    #"p:1:8: error: "a..test" has an empty label (RFC 1035 §3.1); remove the extra dot"#,
    #"p:1:26: error: "web" is relative and there is no origin; write for example "origin mesh.test" above it, or end it with a dot"#,
    #"p:2:20: error: "allow" does not belong at the top level; write it in a service"#),
  MessageCase(
    """
    origin mesh.test
    origin a.test { origin b.test; service web }
    service shop { allow web }
    """,
    #"p:3:22: error: no service or context is called "web" in mesh.test.; did you mean "web.b.test." (p:2)?"#),
  MessageCase(
    """
    include
    include ""
    include a b
    include a { }
    context c { from ::1; include x }
    include no/such.policy
    """,
    #"p:1:1: error: "include" needs more after it; write include PATH"#,
    #"p:2:9: error: "" is not understood here; write include PATH"#,
    #"p:3:11: error: "b" is one word too many for "include"; write include PATH"#,
    #"p:4:11: error: "include" takes no { }; write include PATH"#,
    #"p:5:23: error: "include" does not belong in a context; write it at the top level"#,
    #"p:6:9: error: no/such.policy cannot be read: no such file or directory"#),
]
