# Active measurement (RFC 8912 §6): ambit measure against Ambit, NSD and Unbound, on loopback and over an emulated link that
# delays and drops; the singletons are checked one by one, by measure.py.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
serve zones --metrics-log off
PORT=$port PYTHONPATH=$root/scripts/measure:$here timeout 400 python3 "$here/measure.py" 2>&1
code=$?
same "the checks end well" 0 "$code"
stop "$server"

# --- what is wrong is said -------------------------------------------------------------------------------------------

refuses() { # TITLE CODE NEEDLE ARGUMENT…
  local output code
  output=$("$AMBIT" measure "${@:4}" 2>&1)
  code=$?
  same "$1: exit code" "$2" "$code"
  has "$1" "$3" "$output"
}
refuses "no server" 2 "measure takes a server" orders.mesh.test
refuses "a server by no name" 2 "is no address or host" @local_host:x orders.mesh.test
refuses "a mistyped address" 2 "is no address or host" @127.0.0.256 orders.mesh.test
refuses "an address with a scope" 2 "is no address or host" @fe80::1%lo orders.mesh.test
refuses "a host that there is not" 3 "cannot find the address of" "@$(printf "x%.0s" {1..70})" orders.mesh.test
refuses "a rate above the limit by --trunc" 2 "queries a second" @127.0.0.1 a.test --rate 1000 --trunc 1ms
refuses "a bad name" 2 "is no domain name" @127.0.0.1 a..b
refuses "a bad type" 2 "is no type of record" @127.0.0.1 a.test NONSENSE
refuses "a bad rate" 2 "is no rate" @127.0.0.1 a.test --rate 5000
refuses "a rate of none" 2 "is no rate" @127.0.0.1 a.test --rate nan
refuses "TCP" 2 "registered for UDP only" @127.0.0.1 a.test --tcp
refuses "a foreign source" 3 "no interface of this host has it" @127.0.0.1 a.test --source 192.0.2.7 --count 1
refuses "another family's source" 2 "one is IPv4, the other IPv6" @127.0.0.1 a.test --source ::1
refuses "a closed port" 3 "connection refused" "@127.0.0.1:$port" a.test --rate 500 --count 20
refuses "an unwritable file" 3 "cannot write" "@127.0.0.1:$port" a.test --output /nonexistent/file
has "help tells of it" "--compare" "$("$AMBIT" help measure)"
