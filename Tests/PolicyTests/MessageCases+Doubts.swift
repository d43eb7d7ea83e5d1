/// What reads without an error and is hardly meant.
let doubtCases: [MessageCase] = [
  MessageCase(
    """
    origin t
    context prod { from 10.0.0.0/8 }
    context shard in prod { from 10.1.0.0/16 }
    service web
    service cart
    service batch
    group storefront web cart
    service a { allow web; refuse web }
    service b { allow shard web web; refuse prod }
    service c { allow web storefront storefront; refuse batch batch }
    service d { allow * prod storefront }
    service e { allow web; refuse * }
    service f { allow prod shard f }
    service g { allow storefront batch; refuse batch storefront }
    service h { allow storefront; refuse web }
    service i { allow * *; refuse web shard prod * }
    """,
    #"p:8:19: warning: "web" is refused (p:8), and refuse wins; remove one of the two"#,
    #"p:9:19: warning: "shard" is in "prod", which is refused (p:9), and refuse wins; remove one of the two"#,
    #"p:9:29: warning: "web" is allowed (p:9) already; remove it"#,
    #"p:10:19: warning: "web" is in group "storefront", which is allowed (p:10) already; remove it"#,
    #"p:10:34: warning: group "storefront" is allowed (p:10) already; remove it"#,
    #"p:10:59: warning: "batch" is refused (p:10) already; remove it"#,
    #"p:11:21: warning: "prod" is allowed by "*" (p:11) already; remove it"#,
    #"p:11:26: warning: group "storefront" is allowed by "*" (p:11) already; remove it"#,
    #"p:12:19: warning: "web" is refused by "*" (p:12), and refuse wins; remove one of the two"#,
    #"p:13:24: warning: "shard" is in "prod", which is allowed (p:13) already; remove it"#,
    #"p:13:30: warning: "f" may always call itself; remove the word"#,
    #"p:14:19: warning: group "storefront" is refused (p:14), and refuse wins; remove one of the two"#,
    #"p:14:30: warning: "batch" is refused (p:14), and refuse wins; remove one of the two"#,
    #"p:16:19: warning: "*" is refused (p:16), and refuse wins; remove one of the two"#,
    #"p:16:21: warning: "*" is refused (p:16), and refuse wins; remove one of the two"#,
    #"p:16:31: warning: "web" is refused by "*" (p:16) already; remove it"#,
    #"p:16:35: warning: "shard" is refused by "*" (p:16) already; remove it"#,
    #"p:16:41: warning: "prod" is refused by "*" (p:16) already; remove it"#),
  MessageCase(
    """
    origin t
    tiers critical > standard > best-effort
    service a { tier critical }
    service b { tier standard }
    service c
    service d
    service e
    service f
    """,
    #"p:2:1: warning: 4 of 6 services are in no tier, which lets them call and be called by all: "c" (p:5), "d" (p:6), "e" (p:7) and 1 more; give them one, or write "tier NAME" outside the services, for all that say none"#,
    #"p:2:29: warning: no service is in tier "best-effort"; write "tier best-effort" in one, or remove it"#),
  MessageCase(
    """
    origin t
    tiers critical > standard
    service a
    """,
    #"p:2:1: warning: no service is in any of these tiers, so none refuses a call; write "tier NAME" in services"#),
  MessageCase(
    """
    origin t
    tiers critical > standard
    tier standard
    service a { tier critical }
    service b { tier standard }
    """,
    #"p:3:1: warning: every service says its own tier, so this one is nobody's; remove it"#),
  MessageCase(
    """
    origin t
    tiers critical > standard
    context prod { from 10.0.0.0/8 }
    service web { tier critical }
    service cart { tier critical }
    service reports { tier standard; refuse web }
    service charts { tier standard }
    except web -> cart until 2027-01-01 because "of the same tier"
    except prod -> charts until 2027-01-01 because "some there are critical"
    except prod -> cart until 2027-01-01 because "nothing is higher"
    except charts -> web until 2027-01-01 because "it is higher"
    except web -> reports until 2027-01-01 because "it refuses"
    except web -> charts until 2027-01-01 because "good"
    except web -> charts until 2028-01-01 because "again"
    except web -> web until 2028-01-01 because "itself"
    """,
    #"p:12:1: warning: "reports" refuses "web" (p:6), which no exception lifts; remove one of the two"#,
    #"p:14:1: warning: "web" -> "charts" is excepted already at p:13, until 2027-01-01; keep one"#),
  MessageCase(
    """
    origin t
    service web
    except web -> web until 2027-01-01 because "x"
    observe tiers acyclic isolate require refuse allow placement tiers
    context default
    """,
    #"p:4:9: warning: there is no "tiers" line to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:15: warning: there is no "acyclic" line to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:23: warning: there is no "isolate" line to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:31: warning: there is no "require" line to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:39: warning: there is no "refuse" line to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:46: warning: there is no "allow" line to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:52: warning: every caller is in a context, the last in "default", so there is no placement to observe; remove the word, or see that it is spelt as meant"#,
    #"p:4:62: warning: "tiers" is already observed at p:4; once is enough"#),
  MessageCase(
    """
    origin t
    service web { refuse web }
    observe placement
    """,
    #"p:2:22: warning: "web" may always call itself, which no refuse prevents; remove the word"#,
    #"p:3:9: warning: no context is declared, so nobody is refused for being in none, and there is no placement to observe; remove the word, or see that it is spelt as meant"#
  ),
  MessageCase(
    """
    context a { from 10.0.0.0/8 }
    context b in a { from 10.1.0.0/16 }
    explain to a b a
    """,
    #"p:3:16: warning: context "a" is already told; name it once"#),
]
