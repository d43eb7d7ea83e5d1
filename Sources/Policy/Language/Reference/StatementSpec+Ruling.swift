/// Statements about who may call whom.
extension StatementSpec {
  static let ruling: [StatementSpec] = [
    StatementSpec(
      "service", in: [.top], words: 1...1, hasBlock: true, "service NAME { runs-at PREFIX...; allow NAME... }",
      """
      A name that is called, with all names below it, and that calls others. A service in a zone is written relative to \
      the origin, or in full with its final dot, as are all words that name it.
      """,
      without: "a name is no service: whoever sees it may look it up, isolated endpoints apart.",
      example: "service orders { runs-at 10.30.1.16/28; allow web }", readService),
    StatementSpec(
      "allow", in: [.service], words: many, "allow NAME..., or allow *",
      """
      Only whom such a line names may call the service: services, contexts with all contexts in them, groups, or * for \
      everyone. A service may always call itself, but for require identity.
      """,
      without: "what default says holds.",
      example: "service orders { allow web test }", readAllow),
    StatementSpec(
      "refuse", in: [.service], words: many, "refuse NAME..., or refuse *",
      """
      Whom such a line names may not call the service, whatever allow says. The service itself still may, be it in a \
      group or context that is named.
      """,
      without: "nobody is refused by name.",
      example: "service orders { refuse batch }", readRefuse),
    StatementSpec(
      "require", in: [.service], words: 1...1, "require identity",
      "Who is known by the address alone may not call the service: it takes an identity or a uid. "
        + "That holds for the service's calls of itself too.",
      without: "an address is enough.",
      example: """
        service orders { require identity; allow cart }
        service cart { uid www-data }
        """, readRequire),
    StatementSpec(
      "default", in: [.top], words: 1...1, "default allow|refuse",
      "What services without allow lines do.",
      without: "default allow.", example: "default refuse", readDefault),
    StatementSpec(
      "isolate", in: [.top], words: many, "isolate CONTEXT CONTEXT...",
      """
      Callers in one of the contexts never receive an endpoint in another, whichever record leads there. Such endpoints \
      are left out of answers; where none remains the lookup is refused. A group stands for its contexts, which are \
      then kept apart from each other too.
      """,
      without: "no context is kept apart from another.",
      example: """
        isolate test prod
        isolate shard-a shard-b
        """, readIsolate),
    StatementSpec(
      "tiers", in: [.top], words: many, "tiers HIGHEST > NEXT...",
      "Orders services by importance. A service may not call one of a lower tier than its own, whatever allow says.",
      without: "there are no tiers.",
      example: """
        tiers critical > standard
        service orders { tier critical }
        tier standard
        """, readTiers),
    StatementSpec(
      "tier", in: [.top, .service], words: 1...1, "tier NAME",
      "The service's tier; at the top level, that of all services that say none.",
      without: "the service is in no tier, and no tier keeps it from calling or being called.",
      example: """
        tiers critical > standard
        service orders { tier critical }
        tier standard
        """, readTier),
    StatementSpec(
      "acyclic", in: [.top], words: 0...1, "acyclic [observed]",
      """
      The calls that allow lines declare, by a service's name or a group's, have no cycle: one is an error, shown with the \
      line of each call. A call that only * or a context's name allows is refused where it would close a cycle. A \
      declared call that an except lifts may close one while that lasts, and is refused when it has ended. Chains and \
      most trees take little memory at any size; where a great many services call each other at random and it would \
      take more than 256 MiB, the policy is refused. \
      acyclic observed is a line of its own, with or without the other: of the calls that the server sees, per \
      outermost context, the one whose first lookup was the last of a cycle's is refused from then on, until a call of \
      the cycle was not seen for a day. observe acyclic, mode observe and except hold for both.
      """,
      without: "services may call each other in circles; the log tells of cycles that are seen.",
      example: """
        acyclic
        acyclic observed
        """, readAcyclic),
    StatementSpec(
      "except", in: [.top], words: many, exceptUsage,
      """
      Lifts tiers, acyclic and isolate, and nothing else, for the calls of one service by a service or context, to the \
      end of the day in UTC. With groups, for each pair. The reason is shown wherever the exception is.
      """,
      without: "these rules hold for all calls.",
      example: """
        acyclic
        except web -> reports until 2027-01-31 because "INC-482: quarterly figures; owner sre"
        """, readExcept),
    StatementSpec(
      "observe", in: [.top], words: many, "observe RULE...",
      """
      Rules in shadow: what they would refuse is answered, logged and counted. The rules are placement, refuse, require, \
      allow, acyclic, tiers and isolate.
      """,
      without: "every rule is enforced, as mode says.",
      example: """
        acyclic
        observe acyclic
        """, readObserve),
    StatementSpec(
      "mode", in: [.top, .context, .service], words: 1...1, "mode enforce|observe",
      """
      Whether what the rules refuse is refused, or only logged and counted. The word of the service that is called goes \
      before that of the caller's context, and this before the server's. Placement is under the server's.
      """,
      without: "mode enforce, or what the parent says.",
      example: "context laptop { from 127.0.0.1; mode observe }", readMode),
    StatementSpec(
      "deny-as", in: [.top, .context, .service], words: 1...3,
      "deny-as refused|drop, or deny-as nxdomain|nodata [ttl SECONDS]",
      """
      What a refused caller gets: REFUSED, no response, or the answer that the name or its data does not exist, which \
      may be kept for the TTL. The service's word goes before the context's, and that before the server's. So is refused, \
      but never by silence and for a shorter TTL, who asks for a service none of whose endpoints is given.
      """,
      without: "deny-as refused; with nxdomain and nodata, ttl 5.",
      example: "deny-as nxdomain ttl 10", readDenyAs),
    StatementSpec(
      "expect", in: [.top], words: many, expectUsage,
      """
      A test, run by check and at every load before anything changes: what a caller at ADDRESS is answered, who asks at \
      LISTENER, or is known by a certificate or as a user of this host. Where one fails, the load does.
      """,
      without: "nothing is tried.",
      example: "expect from 10.30.1.5 web A -> refused isolate", readExpect),
  ]
}
