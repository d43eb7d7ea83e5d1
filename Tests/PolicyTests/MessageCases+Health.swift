/// What is said of `health` lines.
let healthCases: [MessageCase] = [
  MessageCase(
    """
    origin mesh.test
    service a { health tcp 8080 }
    service b { health http :8080/healthz 200-299 every 1m timeout 500ms up 1 down 1 }
    service c { health dns @ 5353 every 500ms }
    service d { health exec /bin/test "every" -n every 5 timeout 5s }
    service e { health http orders.mesh.test:80/ down 10 }
    """),
  MessageCase(
    """
    service a. { health tcp }
    service b. { health udp 53 }
    service c. { health tcp 0 }
    service d. { health tcp 80 90 }
    service e. { health tcp every 5s }
    service f. { health tcp 80; health tcp 81 }
    service g. { health tcp 80 every 5s every 6s }
    service h. { health tcp 80 every }
    service i. { health tcp 80 every 5d }
    service j. { health tcp 80 every 1ms }
    service k. { health tcp 80 every 1s timeout 2s }
    service l. { health tcp 80 up 0 }
    service m. { health tcp 80 every 5s slowly }
    health tcp 80
    """,
    #"p:1:14: error: "health" needs more after it; write \#(usage)"#,
    #"p:2:21: error: "udp" is not understood here; write \#(usage)"#,
    #"p:3:25: error: "0" is no number here; write 1 to 65535, for example 8080"#,
    #"p:4:28: error: "90" is one word too many for "health"; write \#(usage)"#,
    #"p:5:14: error: "health" needs more after it; write \#(usage)"#,
    #"p:6:29: error: "health" is already said at p:6; keep one"#,
    #"p:7:37: error: "every" is already said in this line; keep one"#,
    #"p:8:14: error: "health" needs more after it; write \#(usage)"#,
    #"p:9:34: error: "5d" is no time here; write 100ms to 1h, for example 5s or 500ms"#,
    #"p:10:34: error: "1ms" is no time here; write 100ms to 1h, for example 5s or 500ms"#,
    #"p:11:14: error: a check may take 2s, longer than the 1s to the next; write a timeout of at most that"#,
    #"p:12:31: error: "0" is no number here; write 1 to 100, for example 2"#,
    #"p:13:37: error: "slowly" is not understood here; write \#(usage)"#,
    #"p:14:1: error: "health" does not belong at the top level; write it in a service"#),
  MessageCase(
    #"""
    service a. { health http 8080 }
    service b. { health http :8080 }
    service c. { health http :0/ }
    service d. { health http "a b:80/" }
    service e. { health http ":80/a b" }
    service f. { health http :80/ 99 }
    service g. { health http :80/ 300-200 }
    service h. { health http :80/ 200- }
    service i. { health dns a }
    service j. { health exec check }
    service k. { health exec "" }
    """#,
    #"p:1:26: error: "8080" is not [HOST]:PORT/PATH; write for example :8080/healthz"#,
    #"p:2:26: error: ":8080" is not [HOST]:PORT/PATH; write for example :8080/healthz"#,
    #"p:3:26: error: ":0/" is not [HOST]:PORT/PATH; write for example :8080/healthz"#,
    #"p:4:26: error: "a b:80/" is not [HOST]:PORT/PATH; write for example :8080/healthz"#,
    #"p:5:26: error: ":80/a b" is not [HOST]:PORT/PATH; write for example :8080/healthz"#,
    #"p:6:31: error: "99" is no HTTP status; write 100 to 599, for example 200 or 200-299"#,
    #"p:7:31: error: "300-200" is no HTTP status; write 100 to 599, for example 200 or 200-299"#,
    #"p:8:31: error: "200-" is no HTTP status; write 100 to 599, for example 200 or 200-299"#,
    #"p:9:25: error: "a" is relative and there is no origin; write for example "origin mesh.test" above it, or end it with a dot"#,
    #"p:10:26: error: "check" is no absolute path of a program; write for example /usr/local/bin/check, no shell is asked"#,
    #"p:11:26: error: "" is no absolute path of a program; write for example /usr/local/bin/check, no shell is asked"#
  ),
]

private let usage =
  "health tcp PORT | http [HOST]:PORT/PATH [STATUS] | dns NAME [PORT] | exec COMMAND... "
  + "[every T] [timeout T] [up N] [down N]"
