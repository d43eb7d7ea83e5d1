/// `weight`, `drain`, `canary`, `blue`, `green`, `live`, `max-answers`, `prefer`, `floor`, `fail`.
let steeringCases: [MessageCase] = [
  MessageCase(
    """
    network pool 10.0.1.0/24
    service a. {
      weight 10.0.0.1 90, 10.0.0.2 10
      weight pool 5
      drain 10.0.0.3 ::3
      canary 10.0.0.4 0.1%
      canary 10.0.0.5 99.9%
      blue 10.0.0.6; green 10.0.0.7; live blue
      max-answers 2; prefer near; floor 50%; fail fallback b.
    }
    service b. { fail refuse }
    """),
  MessageCase(
    """
    service a. {
      weight 10.0.0.1
      weight 10.0.0.1 90 10.0.0.2
      weight 10.0.0.1, 90
      weight 10.0.0.1 -1
      weight 10.0.0.300 1
      canary 10.0.0.4 101%
      canary 10.0.0.4 0%
      canary 10.0.0.4 10
      canary 10.0.0.4 0.05%
      floor 101%
      floor 50
      canary 10.0.0.4 101 %
      canary 10.0.0.4 %
      floor 101 %
    }
    """,
    #"p:2:3: error: "weight" needs more after it; write weight ADDRESS N[, ADDRESS N]..."#,
    #"p:3:3: error: "weight" needs more after it; write weight ADDRESS N[, ADDRESS N]..."#,
    #"p:4:20: error: "90" is not understood here; write weight ADDRESS N[, ADDRESS N]..."#,
    #"p:5:19: error: "-1" is no number here; write 0 to 65535, for example 90"#,
    #"p:6:10: error: "10.0.0.300" is no address or prefix; write for example 10.20.0.0/16 or ::1"#,
    #"p:7:19: error: "101%" is no share of the callers; write 0.1% to 100%, for example 10%"#,
    #"p:8:19: error: "0%" is no share of the callers; write 0.1% to 100%, for example 10%"#,
    #"p:9:19: error: "10" is no share of the callers; write 0.1% to 100%, for example 10%"#,
    #"p:10:19: error: "0.05%" is no share of the callers; write 0.1% to 100%, for example 10%"#,
    #"p:11:9: error: "101%" is no share here; write 0% to 100%, for example 50%"#,
    #"p:12:9: error: "50" is no share here; write 0% to 100%, for example 50%"#,
    #"p:13:19: error: "101%" is no share of the callers; write 0.1% to 100%, for example 10%"#,
    #"p:14:19: error: "%" is no share of the callers; write 0.1% to 100%, for example 10%"#,
    #"p:15:9: error: "101%" is no share here; write 0% to 100%, for example 50%"#),
  MessageCase(
    """
    service a. {
      live purple
      max-answers 0
      prefer far
      fail closed
      fail open now
      fail fallback
      fail refuse
      fail open
    }
    drain 10.0.0.1
    """,
    #"p:2:8: error: "purple" is not understood here; write blue or green"#,
    #"p:3:15: error: "0" is no number here; write 1 to 1000, for example 2"#,
    #"p:4:10: error: "far" is not understood here; write prefer near|any"#,
    #"p:5:8: error: "closed" is not understood here; write fail open|refuse, or fail fallback SERVICE"#,
    #"p:6:13: error: "now" is one word too many for "fail"; write fail open|refuse, or fail fallback SERVICE"#,
    #"p:7:3: error: "fail" needs more after it; write fail open|refuse, or fail fallback SERVICE"#,
    #"p:9:3: error: "fail" is already said at p:8; keep one"#,
    #"p:11:1: error: "drain" does not belong at the top level; write it in a service"#),
  MessageCase(
    """
    context c { from ::1 }
    service a. { fail fallback a. }
    service b. { fail fallback d. }
    service d. { fail fallback b. }
    service e. { fail fallback c }
    service f. { fail fallback bb. }
    service g. { canary ::1 60%; canary ::2 50% }
    service h. { green ::1; live blue }
    """,
    #"p:2:28: error: "a." cannot stand in for itself; write another service, or fail open"#,
    #"p:3:14: error: fail fallback goes round in a circle: b. -> d. -> b.; let one of them fail open or refuse"#,
    #"p:5:28: error: "c" is a context, and only a service stands in; declare it with "service NAME", or write fail open or fail refuse"#,
    #"p:6:28: error: "bb." is no service; did you mean "b." (p:3)?"#,
    #"p:7:30: error: with this line the service's canaries come to more than 100% of the callers; write smaller shares"#,
    #"p:8:25: error: no address is blue; write a line "blue ADDRESS...", or another colour"#),
  MessageCase(
    """
    context c { from ::1 }
    service a. { weight ::1 5; drain ::1; fail fallback b.; allow c }
    service b. { allow a. }
    service d. { blue ::1; green ::2; weight ::3 1, ::3 2 }
    """,
    #"p:2:21: warning: ::1 is drained (p:2), so weight does nothing for it; remove one of the two"#,
    #"p:2:39: warning: callers in c may not call b., so it does not stand in for them; add an allow line to b. (p:3)"#,
    #"p:4:19: warning: addresses of both colours are given, since no line says which is live; add live blue or live green"#,
    #"p:4:49: warning: ::3 has a line of weight already (p:4), which counts; remove one of the two"#),
]
