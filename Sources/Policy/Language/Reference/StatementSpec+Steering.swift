/// Statements about which endpoints of a service callers are given.
extension StatementSpec {
  static let steering: [StatementSpec] = [
    StatementSpec(
      "weight", in: [.service], words: 2...Int.max, "weight ADDRESS N[, ADDRESS N]...",
      """
      Relative shares of the addresses, 0 to 65535: answers begin with each as often as its weight says, whatever \
      answer-order says. 0 is for an address that is not given while there are any others. Where a prefix or network is \
      named, each address in it has the weight, and the longest prefix counts. In an SRV record the weight of the \
      target's address takes the place of the record's own.
      """,
      without: "every address has the weight 1.",
      example: "service orders { weight 10.30.1.17 90, 10.30.1.18 10 }", readWeight),
    StatementSpec(
      "drain", in: [.service], words: many, "drain ADDRESS...",
      """
      Addresses, prefixes or networks that are given to nobody any more, be the others well or not. Who has one already \
      keeps it for its TTL, and for as long as a connection lasts.
      """,
      without: "every address of the zone is given.",
      example: "service orders { drain 10.30.1.19 }", readDrain),
    StatementSpec(
      "canary", in: [.service], words: 2...Int.max, "canary ADDRESS... PERCENT%",
      """
      Addresses for a share of the callers, from 0.1%: they get no others while one of them is well, and other callers get \
      none of them. A caller's address says whether it is among them, so it is so again at every lookup and after a \
      restart. The shares of several lines are of different callers.
      """,
      without: "all callers get all addresses.",
      example: "service orders { canary 10.30.1.20 5% }", readCanary),
    StatementSpec(
      "blue", in: [.service], words: many, "blue ADDRESS...",
      "Addresses that are given only while live says blue; those that no colour has are given always.",
      without: "no address is blue.",
      example: "service orders { blue 10.30.1.17; green 10.30.2.17; live blue }", readColour),
    StatementSpec(
      "green", in: [.service], words: many, "green ADDRESS...",
      "Addresses that are given only while live says green; those that no colour has are given always.",
      without: "no address is green.",
      example: "service orders { blue 10.30.1.17; green 10.30.2.17; live green }", readColour),
    StatementSpec(
      "live", in: [.service], words: 1...1, "live blue|green",
      "Which colour is given: to change it is to switch.",
      without: "addresses of both colours are given.",
      example: "service orders { blue 10.30.1.17; green 10.30.2.17; live blue }", readLive),
    StatementSpec(
      "max-answers", in: [.service], words: 1...1, "max-answers N",
      """
      How many addresses of one type an answer has at the most, 1 to 1000. With 1 shares are exact, since many clients sort \
      what they get by rules of their own.
      """,
      without: "an answer has all addresses that may be given.",
      example: "service orders { max-answers 2 }", readMaxAnswers),
    StatementSpec(
      "prefer", in: [.top, .service], words: 1...1, "prefer near|any",
      """
      With near callers get the endpoints in their own context while any of them is well and no fewer than floor says, else \
      those in contexts within it too, then those in the context around it, and so on outwards. At the top level it is said \
      for all services that do not say it themselves.
      """,
      without: "prefer any: endpoints of all contexts are given alike.",
      example: "service orders { prefer near }", readPrefer),
    StatementSpec(
      "floor", in: [.service], words: 1...1, "floor PERCENT%",
      """
      The share of the endpoints that have to be well: with fewer, those that are down are answered too, so that the few \
      that are left are not overrun.
      """,
      without: "floor 0%: those that are down are left out while any is well.",
      example: "service orders { floor 50% }", readFloor),
    StatementSpec(
      "fail", in: [.service], words: 1...2, "fail open|refuse, or fail fallback SERVICE",
      """
      What is answered where none of the endpoints is well: all of them (open), a refusal as deny-as says it, or the \
      addresses of another service, which the caller has to be allowed to call. An Extended DNS Error says which it is.
      """,
      without: "fail open.",
      example: "service orders { fail fallback reports }", readFail),
  ]
}
