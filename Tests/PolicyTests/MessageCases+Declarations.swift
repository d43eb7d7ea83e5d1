/// Contexts and `isolate`.
let contextCases: [MessageCase] = [
  MessageCase(
    """
    context a/b
    """,
    #"p:1:9: error: "a/b" is no context's name; write 1 to 63 of the letters A to Z, digits, - and _"#),
  MessageCase(
    """
    context a of b
    """,
    #"p:1:11: error: "of" is not understood here; write context NAME [in PARENT] { from PREFIX... }"#),
  MessageCase(
    """
    context a in
    """,
    #"p:1:1: error: "context" needs more after it; write context NAME [in PARENT] { from PREFIX... }"#),
  MessageCase(
    """
    context prod
    context prod { from 10.0.0.0/8 }
    """,
    #"p:2:9: error: context "prod" is declared twice, first at p:1; make them one"#),
  MessageCase(
    """
    context prod
    context shard in prd
    """,
    #"p:2:18: error: no context is called "prd"; did you mean "prod" (p:1)?"#),
  MessageCase(
    """
    context shard in nowhere
    """,
    #"p:1:18: error: no context is called "nowhere"; declare it with "context NAME { from PREFIX... }""#),
  MessageCase(
    """
    context a in c
    context b in a
    context c in b
    context d in a
    """,
    #"p:1:14: error: context "a" is in itself: a in c in b in a; remove one "in""#),
  MessageCase(
    """
    context a in a
    """,
    #"p:1:14: error: context "a" is in itself: a in a; remove one "in""#),
  MessageCase(
    """
    context a { sealed; sealed; mode enforce; mode observe }
    """,
    #"p:1:21: error: "sealed" is already said at p:1; keep one"#,
    #"p:1:43: error: "mode" is already said at p:1; keep one"#),
  MessageCase(
    """
    context a { sealed yes }
    """,
    #"p:1:20: error: "yes" is one word too many for "sealed"; write sealed"#),
  MessageCase(
    """
    context laptop
    isolate laptop labtop
    """,
    #"p:2:16: error: no context is called "labtop"; did you mean "laptop" (p:1)?"#),
  MessageCase(
    """
    service web.
    context laptop
    isolate laptop web.
    """,
    #"p:3:16: error: no context is called "web.", that is a service; isolate takes contexts, declare it with "context NAME { from PREFIX... }""#
  ),
  MessageCase(
    """
    context a
    isolate a a
    """,
    #"p:2:11: error: context "a" is isolated from itself; name it once"#),
  MessageCase(
    """
    context a
    context b in a
    isolate b a
    """,
    #"p:3:11: error: context "b" is in "a" and cannot be isolated from it; isolate it from others"#),
  MessageCase(
    """
    context a
    context b in a
    context c in b
    context d
    isolate d a c
    """,
    #"p:5:13: error: context "c" is in "a" and cannot be isolated from it; isolate it from others"#),
]

/// Services and whom they name.
let serviceCases: [MessageCase] = [
  MessageCase(
    """
    service orders
    """,
    #"p:1:9: error: "orders" is relative and there is no origin; write for example "origin mesh.test" above it, or end it with a dot"#
  ),
  MessageCase(
    """
    origin mesh.test
    service orders
    service orders.mesh.test.
    """,
    #"p:3:9: error: service "orders.mesh.test." is declared twice, first at p:2; make them one"#),
  MessageCase(
    """
    origin mesh.test
    service checkout
    service orders { allow chekout }
    """,
    #"p:3:24: error: no service or context is called "chekout"; did you mean "checkout" (p:2)?"#),
  MessageCase(
    """
    origin mesh.test
    service orders { refuse nobody-at-all }
    """,
    #"p:2:25: error: no service or context is called "nobody-at-all"; declare it with "service NAME" or "context NAME", or remove the word"#
  ),
  MessageCase(
    """
    service orders. { allow web }
    """,
    #"p:1:25: error: no service or context is called "web"; declare it with "service NAME" or "context NAME", or remove the word"#
  ),
  MessageCase(
    """
    origin mesh.test
    service orders
    context orders
    """,
    #"p:3:9: error: "orders" is both a service and a context, the other at p:2; rename one"#),
  MessageCase(
    """
    origin mesh.test
    context orders
    service orders
    """,
    #"p:3:9: error: "orders" is both a service and a context, the other at p:2; rename one"#),
  MessageCase(
    """
    origin .
    service orders
    context orders
    """,
    #"p:3:9: error: "orders" is both a service and a context, the other at p:2; rename one"#),
  MessageCase(
    """
    origin mesh.test
    service *.orders
    """,
    #"p:2:9: error: "*.orders" is a wildcard; write the service's own name, names below it are its too"#),
  MessageCase(
    """
    origin mesh.test
    service or..ders
    service web { allow or..ders }
    """,
    #"p:2:9: error: "or..ders" has an empty label (RFC 1035 §3.1); remove the extra dot"#),
  MessageCase(
    """
    origin mesh.test
    service a { deny-as drop; deny-as drop }
    """,
    #"p:2:27: error: "deny-as" is already said at p:2; keep one"#),
  MessageCase(
    """
    origin mesh.test
    context far { mode observe }
    service far.example.
    origin example
    service a { allow far }
    """,
    #"p:5:19: error: "far" is both a context and the service far.example. (p:3); rename one, or write the service's name with its final dot"#
  ),
]

/// Prefixes and whose they are.
let prefixCases: [MessageCase] = [
  MessageCase(
    """
    context a { from 10.300.1.0/24 }
    """,
    #"p:1:18: error: "10.300.1.0/24" is no address or prefix; write for example 10.20.0.0/16 or ::1"#),
  MessageCase(
    """
    context a { from 10.0.0.0/33 ::1/129 10.0.0.0/ x }
    """,
    #"p:1:18: error: "10.0.0.0/33" is no address or prefix; write for example 10.20.0.0/16 or ::1"#,
    #"p:1:30: error: "::1/129" is no address or prefix; write for example 10.20.0.0/16 or ::1"#,
    #"p:1:38: error: "10.0.0.0/" is no address or prefix; write for example 10.20.0.0/16 or ::1"#,
    #"p:1:48: error: "x" is no address, prefix or network; write for example 10.20.0.0/16 or ::1"#),
  MessageCase(
    """
    context a { from 10.30.1.5/24 fe80::1/64 10.30.1.16/28 }
    """,
    #"p:1:18: warning: "10.30.1.5/24" has bits beyond its length and reads as 10.30.1.0/24; write 10.30.1.0/24 if that is meant"#,
    #"p:1:31: warning: "fe80::1/64" has bits beyond its length and reads as fe80::/64; write fe80::/64 if that is meant"#
  ),
  MessageCase(
    """
    context a { from 10.0.0.0/8 }
    context b { from 10.0.0.0/8 }
    """,
    #"p:2:18: error: 10.0.0.0/8 belongs to context "a" (p:1) and cannot belong to "b" too; keep one"#),
  MessageCase(
    """
    context a { from 10.0.0.0/8 }
    context b in a { endpoints 10.0.0.0/8 }
    """,
    #"p:2:28: error: 10.0.0.0/8 belongs to context "a" (p:1) and cannot belong to "b" too; keep one"#),
  MessageCase(
    """
    context a { from 10.0.0.0/8; endpoints 10.0.0.0/8 }
    """,
    #"p:1:40: warning: 10.0.0.0/8 is already said of context "a" at p:1; once is enough"#),
  MessageCase(
    """
    service a. { runs-at 10.0.0.1 }
    service b. { runs-at 10.0.0.1/32 }
    """,
    #"p:2:22: error: 10.0.0.1 belongs to service "a." (p:1) and cannot belong to "b." too; keep one"#),
  MessageCase(
    """
    service a. { runs-at ::ffff:10.0.0.1, 10.0.0.1 }
    """,
    #"p:1:39: warning: 10.0.0.1 is already said of service "a." at p:1; once is enough"#),
  MessageCase(
    """
    origin a
    service web { runs-at 10.0.0.1 }
    origin b
    service web { runs-at 10.0.0.1 }
    """,
    #"p:4:23: error: 10.0.0.1 belongs to service "web.a." (p:2) and cannot belong to "web.b." too; keep one"#),
]
