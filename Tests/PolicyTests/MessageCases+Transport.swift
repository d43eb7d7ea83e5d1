/// `nsid`, `cookies`, `cookie-secret`, `answer-order`.
let transportCases: [MessageCase] = [
  MessageCase(
    """
    nsid hostname
    """,
    #"p:1:6: warning: this sends the text "hostname"; write host-name for the machine's name, or quote it"#),
  MessageCase(
    """
    answer-order random
    cookies demand
    nsid
    cookie-secret
    """,
    #"p:1:14: error: "random" is not understood here; write rotate or fixed"#,
    #"p:2:9: error: "demand" is not understood here; write on or require or off"#,
    #"p:3:1: error: "nsid" needs more after it; write nsid TEXT, nsid hex:DIGITS, nsid host-name or nsid off"#,
    #"p:4:1: error: "cookie-secret" needs more after it; write cookie-secret HEX [OLD-HEX], or cookie-secret file PATH"#
  ),
  MessageCase(
    """
    context a { from ::1; cookies off; nsid off }
    service b. { answer-order fixed }
    """,
    #"p:1:23: error: "cookies" does not belong in a context; write it at the top level"#,
    #"p:1:36: error: "nsid" does not belong in a context; write it at the top level"#,
    #"p:2:14: error: "answer-order" does not belong in a service; write it at the top level"#),
  MessageCase(
    """
    nsid hex:6e7
    nsid hex:
    nsid hex:6g
    nsid ""
    nsid \(String(repeating: "n", count: 129))
    nsid a b
    """,
    #"p:1:6: error: "hex:6e7" is no hexadecimal text; write pairs of digits, for example hex:6e7331"#,
    #"p:2:6: error: "hex:" is no hexadecimal text; write pairs of digits, for example hex:6e7331"#,
    #"p:3:6: error: "hex:6g" is no hexadecimal text; write pairs of digits, for example hex:6e7331"#,
    #"p:4:6: error: an NSID has 1 to 128 octets and this one has 0; write a shorter one, or nsid off"#,
    #"p:5:6: error: an NSID has 1 to 128 octets and this one has 129; write a shorter one, or nsid off"#,
    #"p:6:8: error: "b" is one word too many for "nsid"; write nsid TEXT, nsid hex:DIGITS, nsid host-name or nsid off"#),
  MessageCase(
    """
    nsid a; nsid b
    cookies on; cookies off
    answer-order fixed
    answer-order rotate
    """,
    #"p:1:9: error: "nsid" is already said at p:1; keep one"#,
    #"p:2:13: error: "cookies" is already said at p:2; keep one"#,
    #"p:4:1: error: "answer-order" is already said at p:3; keep one"#),
  // A secret does not stand in a message, nor what is nearly one.
  MessageCase(
    """
    cookie-secret e5e973e5a6b2a43f48e7dc849e37bfc
    cookie-secret e5e973e5a6b2a43f48e7dc849e37bfcf 12
    cookie-secret file
    cookie-secret file ""
    cookie-secret fil secret
    """,
    #"p:1:15: error: a cookie secret is 32 hexadecimal digits, and this is something else; make one: openssl rand -hex 16"#,
    #"p:2:48: error: a cookie secret is 32 hexadecimal digits, and this is something else; make one: openssl rand -hex 16"#,
    #"p:3:1: error: "cookie-secret" needs more after it; write cookie-secret HEX [OLD-HEX], or cookie-secret file PATH"#,
    #"p:4:20: error: "" is not understood here; write cookie-secret HEX [OLD-HEX], or cookie-secret file PATH"#,
    #"p:5:15: error: a cookie secret is 32 hexadecimal digits, and this is something else; make one: openssl rand -hex 16"#
  ),
]
