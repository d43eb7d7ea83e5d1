# Programs of every kind whose only nameserver is Ambit on port 53: mesh names by context, names of others through an Unbound,
# refusals that fail fast. In a mount and a network namespace of its own; the machine around it is not touched.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
needs_namespaces clients ip unbound

# --- the clients -----------------------------------------------------------------------------------------------------
# Each takes a name and prints its IPv4 addresses in order, or "no: " and the error's name.

cat >by_python.py <<'END'
import socket, sys
try:
    print(*sorted({i[4][0] for i in socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET, socket.SOCK_STREAM)}))
except socket.gaierror as error:
    print("no:", {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}[error.errno])
END
cat >by_libc.c <<'END'
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(a, b); }
int main(int count, char **words) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  char texts[64][INET_ADDRSTRLEN];
  int number = 0, code = getaddrinfo(words[1], "80", &hints, &found);
  (void)count;
  if (code) return printf("no: %s\n", gai_strerror(code)), 0;
  for (; found && number < 64; found = found->ai_next)
    inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, texts[number++], INET_ADDRSTRLEN);
  qsort(texts, number, sizeof *texts, compare);
  for (int i = 0; i < number; i++) printf("%s%s", i ? " " : "", texts[i]);
  puts("");
}
END
cat >by_go.go <<'END'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
)

func main() {
	addresses, err := (&net.Resolver{PreferGo: true}).LookupIP(context.Background(), "ip4", os.Args[1])
	var failed *net.DNSError
	if errors.As(err, &failed) {
		fmt.Println("no:", failed.Err)
		return
	}
	texts := []string{}
	for _, address := range addresses {
		texts = append(texts, address.String())
	}
	sort.Strings(texts)
	fmt.Println(strings.Join(texts, " "))
}
END
cat >ByJava.java <<'END'
import java.net.*;
import java.util.*;
public class ByJava {
  public static void main(String[] words) {
    try {
      TreeSet<String> texts = new TreeSet<>();
      for (InetAddress address : InetAddress.getAllByName(words[0])) if (address instanceof Inet4Address) texts.add(address.getHostAddress());
      System.out.println(String.join(" ", texts));
    } catch (UnknownHostException error) { System.out.println("no: UnknownHostException"); }
  }
}
END
cat >by_node.js <<'END'
const dns = require("dns"), [way, name] = process.argv.slice(2);
const done = (error, found) => console.log(error ? "no: " + error.code : found.map(a => a.address || a).sort().join(" "));
way == "lookup" ? dns.lookup(name, {family: 4, all: true}, done) : dns.resolve4(name, done);
END

# NAME|COMMAND|what it says of a name that is not there
clients=("python3|python3 by_python.py|EAI_NONAME")
if is_there cc; then
  cc -O -o by_glibc by_libc.c && clients+=("C with glibc|./by_glibc|Name or service not known")
else
  skip "clients: no C compiler here"
fi
if is_there musl-gcc; then
  musl-gcc -static -O -o by_musl by_libc.c && clients+=("C with musl|./by_musl|Name does not resolve")
else
  skip "clients: no musl here"
fi
if is_there go; then
  HOME=$work GOCACHE=$work/go GO111MODULE=off CGO_ENABLED=0 go build -o by_go by_go.go &&
    clients+=("Go, its own resolver|./by_go|no such host")
else
  skip "clients: no Go here"
fi
if is_there javac && javac ByJava.java; then
  clients+=("Java|java -Xshare:auto -XX:TieredStopAtLevel=1 ByJava|UnknownHostException")
else
  skip "clients: no Java here"
fi
if is_there node; then
  clients+=("Node, lookup|node by_node.js lookup|ENOTFOUND" "Node, resolve4|node by_node.js resolve4|ENOTFOUND")
else
  skip "clients: no Node here"
fi
printf '%s\n' "${clients[@]}" >clients

# Installing systemd-resolved would change who resolves names on this machine: it is only unpacked, here.
resolved=/lib/systemd/systemd-resolved
if [[ ! -x $resolved ]] && is_there apt-get && apt-get download -q systemd-resolved libsystemd-shared >/dev/null 2>&1; then
  for package in ./*.deb; do dpkg -x "$package" unpacked; done
  resolved=$work/unpacked/lib/systemd/systemd-resolved
fi

# --- the servers -----------------------------------------------------------------------------------------------------

cat >unbound.conf <<END
server:
  interface: 127.0.0.1@5353
  do-not-query-localhost: no
  username: ""
  chroot: ""
  directory: "$work"
  pidfile: "$work/unbound.pid"
  use-syslog: no
  logfile: "$work/unbound.log"
  module-config: "iterator"
  local-zone: "test." nodefault
  local-zone: "outside.example." static
  local-data: "outside.example. 300 IN SOA ns.outside.example. h.outside.example. 1 3600 600 604800 60"
  local-data: "www.outside.example. 300 IN A 203.0.113.80"
  local-data: "_service.outside.example. 300 IN TXT text"
forward-zone:
  name: mesh.test
  forward-addr: 127.0.0.1
remote-control:
  control-enable: no
END
sed -i 's/^deny-as refused.*/deny-as nxdomain/; s/^listen .*/forward . 127.0.0.1:5353/' zones/ambit.policy
# Nobody listens at these: one service is refused then, all endpoints of the other are given, of the third those of orders.
printf '%s\n' 'lost A 127.0.0.99' 'hopeful A 127.0.0.98' 'helped A 127.0.0.97' 'parked A 127.0.0.96' >>zones/mesh.test.zone
cat >>zones/ambit.policy <<'END'
service lost { health tcp 9 every 300ms timeout 200ms down 1; fail refuse }
service hopeful { health tcp 9 every 300ms timeout 200ms down 1 }
service helped { health tcp 9 every 300ms timeout 200ms down 1; fail fallback orders }
service parked { drain 127.0.0.96 }
END
printf 'nameserver 127.0.0.1\nsearch mesh.test\noptions timeout:2 attempts:1\n' >resolv.conf
printf 'hosts: files dns\n' >nsswitch.conf
printf '127.0.0.1 localhost\n' >hosts

# Reports and cases from within come out on standard output.
"${enter[@]}" bash -s "$here" "$work" "$resolved" <<'END'
source "$1/lib.sh"
cd "$2" || exit 3
# getent asks for what the machine has addresses of (AI_ADDRCONFIG), and loopback does not count.
ip link set lo up && ip address add 198.18.0.1/32 dev lo || { skip "clients: the loopback of a namespace cannot be set up"; exit 0; }
for file in resolv.conf nsswitch.conf hosts; do
  mount --bind "$2/$file" "$(readlink -f /etc/$file)" || { skip "clients: mounts are not permitted here"; exit 0; }
done
"$(command -v unbound || echo /usr/sbin/unbound)" -d -c unbound.conf &
pids+=($!)
serve zones --listen 127.0.0.1:53 --metrics-log off
until_true dig -r @127.0.0.1 -p 5353 +tries=1 +timeout=1 www.outside.example.
mapfile -t clients <clients
stands_at() { ip route replace table local local 127.0.0.1 dev lo src "$1"; }
slowest=0 slowest_of=none
# A name by a client: what it says is in $said, and the time is kept where it is the longest of a refusal.
try() { # COMMAND NAME
  local start end
  start=$(date +%s%3N)
  # shellcheck disable=SC2086
  said=$(timeout 20 $1 "$2" 2>&1 | tail -1)
  end=$(date +%s%3N)
  took=$((end - start))
}
each() { # TITLE NAME WANTED; "no" is what the client says of a name that is not there
  local client name command absent
  for client in "${clients[@]}"; do
    IFS='|' read -r name command absent <<<"$client"
    try "$command" "$2"
    same "$name: $1" "${3/#no/no: $absent}" "$said"
  done
}
forget() { :; } # what is kept between a client and the server
# Refused each time, and within a second: what a program takes to start is left out.
each_refused() { # TITLE NAME
  local client name command absent idle
  for client in "${clients[@]}"; do
    IFS='|' read -r name command absent <<<"$client"
    try "$command" 127.0.0.9
    idle=$took
    # Who asks again after a time-out of 2 s takes that long each time; who waits for a processor does not.
    for _ in 1 2 3; do
      forget
      try "$command" "$2"
      took=$((took > idle ? took - idle : 0))
      if [[ $said != "no: $absent" ]] || ((took <= 1000)); then break; fi
    done
    same "$name: $1" "no: $absent" "$said"
    if ((took <= 1000)); then ok "$name: $1, within a second"; else failed "$name: $1, within a second" "at most 1000 ms" "$took ms"; fi
    if ((took >= slowest)); then slowest=$took slowest_of=$name; fi
  done
}

each "a mesh name" orders.mesh.test 127.0.0.1
each "a mesh name that is not there" absent.mesh.test. no
each "localhost is answered here" x.localhost 127.0.0.1
each "a name for this network alone" printer.home.arpa. no
if [[ $(dig -r @127.0.0.1 +tries=1 +timeout=3 +short www.outside.example.) == 203.0.113.80 ]]; then
  each "a name of others" www.outside.example 203.0.113.80
  each "a name of others that is not there" absent.outside.example. no
  same "curl: a name of others" 203.0.113.80 "$(
    curl -sv --connect-timeout 0.1 http://www.outside.example/ 2>&1 | sed -nE 's/^\*\s+Trying ([0-9.]+):.*/\1/p' | head -1)"
else
  failed "a name of others by way of Ambit" 203.0.113.80 "$(dig -r @127.0.0.1 +tries=1 +timeout=3 www.outside.example.)"
fi
if is_there getent; then same "getent, by the search list" 127.0.0.1 "$(getent hosts orders | awk '{ print $1 }')"; fi

# A service that fails is as quick, and what an answer says of itself (EDE 23 with NOERROR) disturbs nobody.
says() { dig -r @127.0.0.1 "$1.mesh.test." +tries=1 +timeout=1; }
all_down() {
  local name
  for name in lost hopeful helped; do says "$name" | grep -q 'EDE: 23.*health' || return 1; done
}
if until_true all_down; then
  each_refused "a service none of whose endpoints is well" lost.mesh.test.
  each_refused "a service all of whose endpoints are drained" parked.mesh.test.
  each "fail open with everything down" hopeful.mesh.test 127.0.0.98
  each "fail fallback" helped.mesh.test 127.0.0.1
  same "by way of an Unbound: fail open with everything down" 127.0.0.98 \
    "$(dig -r @127.0.0.1 -p 5353 +tries=1 +timeout=3 +short hopeful.mesh.test.)"
  matches "by way of an Unbound: refused, with Ambit's SOA" 'NXDOMAIN.*ns1\.mesh\.test\.' \
    "$(dig -r @127.0.0.1 -p 5353 +tries=1 +timeout=3 lost.mesh.test. | tr '\n' ' ')"
else
  failed "services without a listener are found to be down" "EDE 23" "$(says lost)"
fi

if stands_at 127.0.2.1; then
  each "the same name in shard a" orders.mesh.test "127.0.2.30 127.0.2.31"
  each_refused "refused by isolate" ledger.mesh.test.
  stands_at 127.0.3.1
  each "the same name in shard b" orders.mesh.test "127.0.3.30 127.0.3.31"
  stands_at 127.0.1.66
  each_refused "batch in test, refused by its line" orders.mesh.test.
  stands_at 127.0.0.1
  echo "note: the slowest refusal took $slowest ms ($slowest_of)"
else
  skip "clients: the source address of local routes cannot be chosen here"
fi

# --- search lists ----------------------------------------------------------------------------------------------------
# As in a pod: every name of fewer than five dots goes through the list first.
printf 'nameserver 127.0.0.1\nsearch default.svc.mesh.test svc.mesh.test mesh.test\noptions ndots:5 timeout:2 attempts:1\n' >resolv.conf

for client in "${clients[@]}"; do
  IFS='|' read -r name command _ <<<"$client"
  # c-ares asks for the name as it is, without the list.
  if [[ $name == "Node, resolve4" ]]; then continue; fi
  try "$command" orders
  same "$name: a bare name, three suffixes, ndots 5" 127.0.0.1 "$said"
done

# --- systemd-resolved ------------------------------------------------------------------------------------------------
# The daemon without systemd: it takes a user of its own and its folder under /run.
if [[ -x $3 ]] && mount -t tmpfs tmpfs /run; then
  cp /etc/passwd passwd && cp /etc/group group
  if ! grep -q '^systemd-resolve:' passwd; then
    echo 'systemd-resolve:x:990:990::/:/usr/sbin/nologin' >>passwd
    echo 'systemd-resolve:x:990:' >>group
  fi
  mount --bind passwd /etc/passwd && mount --bind group /etc/group
  # It asks nobody where there is no link but the loopback.
  ip link add outside type veth peer name other && ip link set other up &&
    ip address add 198.18.1.1/24 dev outside && ip link set outside up
  mkdir -p /run/systemd/resolved.conf.d
  printf '[Resolve]\nDNS=127.0.0.1\nDomains=mesh.test ~.\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\n' \
    >/run/systemd/resolved.conf.d/ambit.conf
  LD_LIBRARY_PATH=$2/unpacked/usr/lib/x86_64-linux-gnu/systemd:$2/unpacked/lib/x86_64-linux-gnu/systemd \
    "$3" >resolved.log 2>&1 &
  by_resolved=$!
  pids+=("$by_resolved")
  flushes() { grep -c 'Flushed all caches' resolved.log; }
  has_flushed() { (($(flushes) > before)); }
  forget() {
    local before
    before=$(flushes)
    kill -USR2 "$by_resolved"
    until_true has_flushed || failed "systemd-resolved forgets what it kept" "Flushed all caches" "$(tail -1 resolved.log)"
  }
  printf 'nameserver 127.0.0.53\nsearch mesh.test\noptions timeout:2 attempts:1\n' >resolv.conf
  resolved_answers() { [[ $(dig -r @127.0.0.53 +tries=1 +timeout=1 +short orders.mesh.test) == 127.0.0.1 ]]; }
  if until_true resolved_answers; then
    clients=("systemd-resolved|python3 by_python.py|EAI_NONAME")
    each "a mesh name" orders.mesh.test 127.0.0.1
    each "a bare name" orders 127.0.0.1
    each "a mesh name that is not there" absent.mesh.test. no
    each "a name of others" www.outside.example 203.0.113.80
    each "a name of others that is not there" absent.outside.example. no
    each_refused "a service none of whose endpoints is well" lost.mesh.test.
    each "fail open with everything down" hopeful.mesh.test 127.0.0.98
    stands_at 127.0.1.66 && each_refused "batch in test, refused by its line" orders.mesh.test.
  else
    skip "clients: systemd-resolved does not run here: $(tail -1 resolved.log)"
  fi
else
  skip "clients: no systemd-resolved here"
fi
END
