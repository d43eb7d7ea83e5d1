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
