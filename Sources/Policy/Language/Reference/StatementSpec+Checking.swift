/// Statements about which endpoints are well.
extension StatementSpec {
  static let checking: [StatementSpec] = [
    StatementSpec(
      "health", in: [.service], words: 2...Int.max,
      "health tcp PORT | http [HOST]:PORT/PATH [STATUS] | dns NAME [PORT] | exec COMMAND... "
        + "[every T] [timeout T] [up N] [down N]",
      """
      The server checks every address of the service, in every context, and gives no caller one that is down. tcp: the port \
      takes a connection. http: a GET (HTTP/1.0) is answered with the status, 200 to 399 unless said otherwise. dns: a query \
      for the name's A records over UDP is answered NOERROR. exec: the program exits with 0; it is started without a shell, \
      as the server's user, the address is its last argument, and at the time-out it and what it started are killed. \
      Checks begin every 5s, give or take a fifth, and fail after a timeout of 2s; up 2 and down 3 say how many in a row it \
      takes to be taken for up, and for down. Where every check of every endpoint fails, the service is broken and is checked \
      less and less often, up to once a minute, until one succeeds. Times are like 5s, 500ms or 1m.
      """,
      without: "every endpoint is taken for well.",
      example: "service orders { health http :8080/healthz 200 every 5s timeout 1s up 2 down 3 }", readHealth)
  ]
}
