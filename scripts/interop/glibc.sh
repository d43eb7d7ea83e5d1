# An ordinary program resolves names through Ambit, by glibc and nothing else: in a mount and a network namespace of its own,
# whose resolv.conf points to 127.0.0.1, port 53. The machine around it is not touched.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
needs_namespaces glibc ip getent

printf 'nameserver 127.0.0.1\nsearch mesh.test\noptions timeout:2 attempts:1\n' >resolv.conf
printf 'hosts: files dns\n' >nsswitch.conf
printf '127.0.0.1 localhost\n' >hosts

# Reports and cases from within come out on standard output.
"${enter[@]}" bash -s "$here" "$work" <<'END'
source "$1/lib.sh"
cd "$2" || exit 3
# getent asks for what the machine has addresses of (AI_ADDRCONFIG), and loopback does not count.
ip link set lo up && ip address add 198.18.0.1/32 dev lo || { skip "glibc: the loopback of a namespace cannot be set up"; exit 0; }
for file in resolv.conf nsswitch.conf hosts; do
  mount --bind "$2/$file" "$(readlink -f /etc/$file)" || { skip "glibc: mounts are not permitted here"; exit 0; }
done
serve zones --listen 127.0.0.1:53 --metrics-log off
addresses() { getent ahostsv4 "$1" | awk '$2 == "STREAM" { print $1 }' | sort | paste -sd ' '; }
by_python() { # the addresses, or the error's name
  python3 -c 'import socket, sys
try: print(*sorted({i[4][0] for i in socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET, socket.SOCK_STREAM)}))
except socket.gaierror as e: print({getattr(socket, n): n for n in dir(socket) if n.startswith("EAI_")}[e.errno])' "$1"
}

same "getent hosts" "127.0.0.1" "$(getent hosts orders.mesh.test | awk '{ print $1 }')"
same "getent ahosts, a short name by the search list" "127.0.0.1" "$(addresses orders)"
same "getaddrinfo in python" "127.0.0.1" "$(by_python orders.mesh.test)"
same "getaddrinfo, a name that is not there" "EAI_NONAME" "$(by_python absent.mesh.test.)"
same "getaddrinfo, a name without addresses" "EAI_NODATA" "$(by_python reports.mesh.test.)"
same "an address family that the name lacks" "" "$(getent ahostsv6 orders.mesh.test | grep -v ::ffff:)"

# The same program elsewhere: the kernel gives it a source address in shard a, in shard b, in test; then batch's.
stands_at() { ip route replace table local local 127.0.0.1 dev lo src "$1"; }
if stands_at 127.0.2.1; then
  same "the same program in shard a" "127.0.2.30 127.0.2.31" "$(by_python orders)"
  same "an alias by a wildcard" "127.0.2.10" "$(by_python any.tenants.mesh.test)"
  same "getaddrinfo, refused by isolate" "EAI_AGAIN" "$(by_python ledger.mesh.test.)"
  stands_at 127.0.3.1
  same "the same program in shard b" "127.0.3.30 127.0.3.31" "$(by_python orders)"
  stands_at 127.0.1.66
  same "batch in test, refused as nxdomain" "EAI_NONAME" "$(by_python orders.mesh.test.)"
else
  skip "glibc: the source address of local routes cannot be chosen here"
fi
stop "$server"
same "it ends as asked" 0 "$code"
END
