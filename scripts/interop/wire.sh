# Octets as no honest program sends them: each gets the right RCODE or silence, the server goes on, and all is counted.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
for workers in 1 2; do
  serve zones --workers "$workers" --metrics-log off
  echo "# with --workers $workers"
  PORT=$port python3 "$here/wire.py" >wire.log 2>&1
  code=$?
  grep -v '^sent ' wire.log
  same "the sender of raw octets ends well" 0 "$code"
  same "the server still answers dig" "127.0.2.30 127.0.2.31" "$(data -b 127.0.2.1 orders.mesh.test)"
  same "over TCP too" "127.0.2.30 127.0.2.31" "$(data -b 127.0.2.1 orders.mesh.test +tcp)"
  stop "$server"
  same "it ends as asked" 0 "$code"
  matches "the summary counts what failed" "laptop +failed +udp +[1-9]" "$(cat "$out")"
  matches "over TCP too" "laptop +failed +tcp +[1-9]" "$(cat "$out")"
  matches "and what got no response" "no response: [1-9][0-9]* of [1-9][0-9]* queries" "$(cat "$out")"
  same "nothing but refusals is logged" "" "$(grep -v ' refused ' "$err")"
done

# More connections than the server may have descriptors: the quietest go, the newest are answered.
limit=$(ulimit -n)
ulimit -S -n 64
serve zones --metrics-log off
ulimit -S -n "$limit" 2>/dev/null
PORT=$port python3 - "$here" <<'END'
import contextlib, socket, struct, sys
sys.path.insert(0, sys.argv[1])
from dns import Message, expect, port_from_environment, query
octets = query("orders.mesh.test")
answered = 0
with contextlib.ExitStack() as stack:
    for _ in range(300):
        stream = stack.enter_context(socket.create_connection(("127.0.0.1", port_from_environment()), timeout=2))
        stream.sendall(struct.pack("!H", len(octets)) + octets)
        with contextlib.suppress(OSError, struct.error):
            (size,) = struct.unpack("!H", stream.recv(2))
            answered += Message(stream.recv(size)).rcode == 0
    expect("300 connections stay open at a server with 64 descriptors: each is answered", 300, answered)
END
same "and UDP goes on" "127.0.0.1" "$(data orders.mesh.test)"
stop "$server"

# Cookies outlive a reload; with a secret they are those of every server that has it.
rm -rf cookies && copy_zones cookies
serve cookies --metrics-log off
client=0123456789abcdef
cookie_of() { ask "$@" | sed -nE 's/^; COOKIE: ([0-9a-f]+).*/\1/p'; }
first=$(cookie_of +cookie=$client mesh.test SOA)
matches "dig gets a cookie, and finds it good" "^$client[0-9a-f]{32}$" "$first"
echo 'nsid "one of several"' >>cookies/ambit.policy
reload
same "the cookie is good after a reload" "$first" "$(cookie_of "+cookie=$first" mesh.test SOA)"
has "NSID says what the policy says" '("one of several")' "$(ask +nsid mesh.test SOA)"
echo 'cookies require; cookie-secret file cookie.secret' >>cookies/ambit.policy
reload
has "a secret that cannot be read keeps the old snapshot" "cookie.secret cannot be read" "$(cat "$err")"
same "whose cookies go on" "$first" "$(cookie_of "+cookie=$first" mesh.test SOA)"
echo e5e973e5a6b2a43f48e7dc849e37bfcf >cookies/cookie.secret
reload
same "with another secret the cookie is none" "BADCOOKIE" "$(status +nobadcookie "+cookie=$first" mesh.test SOA)"
same "dig learns a new one and is answered" "NOERROR" "$(status +cookie=$client mesh.test SOA)"
same "who has no cookies is answered" "NOERROR" "$(status +nocookie mesh.test SOA)"
same "over TCP nobody needs any" "NOERROR" "$(status +tcp +nobadcookie +cookie=$client mesh.test SOA)"
has "dig reads the idle time" "TCP KEEPALIVE: 10.0 secs" "$(ask +tcp +keepalive mesh.test SOA)"
stop "$server"
