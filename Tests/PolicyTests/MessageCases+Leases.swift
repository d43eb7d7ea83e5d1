/// `leases`.
let leaseCases: [MessageCase] = [
  MessageCase(
    """
    context a { from 10.0.0.1; leases "" 4294967295 ann * }
    context b { from 10.0.0.2; leases; leases 1000 }
    leases *
    """,
    #"p:1:35: error: "" is no user; write a name, a number below 4294967295, or *"#,
    #"p:1:38: error: "4294967295" is no user; write a name, a number below 4294967295, or *"#,
    #"p:3:1: error: "leases" does not belong at the top level; write it in a context"#)
]
