# EDNS Client Subnet through other people's forwarders: dnsmasq, which says for whom it asks, and Unbound, which caches by the
# scopes we give. Two contexts ask the same names through them; neither may see what is the other's.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir zones zones/shard-a zones/shard-b
head='$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n'
printf "${head}orders A 192.0.2.1\nshared A 192.0.2.2\nsecret A 192.0.2.3\n" >zones/mesh.test.zone
printf '$TTL 300\norders A 192.0.2.10\nonly-a A 192.0.2.11\n' >zones/shard-a/mesh.test.zone
printf '$TTL 300\norders A 192.0.2.20\n' >zones/shard-b/mesh.test.zone
cat >zones/ambit.policy <<'POLICY'
origin  mesh.test
trust   ecs from 127.0.0.53
deny-as nxdomain
context others  { from 127.0.0.0/8 }
context shard-a { from 127.0.2.0/24 }
context shard-b { from 127.0.3.0/24 }
service secret { refuse shard-b }
POLICY
serve zones --listen "127.0.0.1:$port" --metrics-log metrics.jsonl --metrics-interval 1

forwarder_port=$(free_port)
through() { # CLIENT-ADDRESS NAME [OPTION…]: the RCODE and the answer's addresses
  local client=$1 name=$2
  shift 2
  dig -r @127.0.0.1 -p "$forwarder_port" -b "$client" "$name" A +tries=1 +timeout=3 "$@" >answer
  printf '%s %s\n' "$(sed -nE 's/.*status: ([A-Z]+).*/\1/p' answer)" \
    "$(awk '$4 == "A" { print $5 }' answer | sort | paste -sd ' ')"
}

# Each context asks each name, the one first and then the other, again and again; the answers are its own.
keeps_apart() { # TITLE
  local order name client wanted
  for order in "127.0.2.7 127.0.3.7" "127.0.3.8 127.0.2.8" "127.0.2.9 127.0.3.9"; do
    for client in $order; do
      for name in orders secret only-a shared; do
        case $client/$name in
        127.0.2.*/orders) wanted="NOERROR 192.0.2.10" ;;
        127.0.3.*/orders) wanted="NOERROR 192.0.2.20" ;;
        127.0.2.*/secret) wanted="NOERROR 192.0.2.3" ;;
        127.0.2.*/only-a) wanted="NOERROR 192.0.2.11" ;;
        127.0.3.*/secret | 127.0.3.*/only-a) wanted="NXDOMAIN " ;;
        */shared) wanted="NOERROR 192.0.2.2" ;;
        esac
        same "$1: $name for $client" "$wanted" "$(through "$client" "$name.mesh.test")"
      done
    done
  done
}

is_answering() { [[ $(through 127.0.2.1 shared.mesh.test) == "NOERROR 192.0.2.2" ]]; }

# --- dnsmasq ---------------------------------------------------------------------------------------------------------

if is_there dnsmasq; then
  for bits in 32 24; do
    # Its cache knows no scopes: it keeps no answer to a query that it added a subnet to.
    dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --port="$forwarder_port" --listen-address=127.0.0.1 \
      --bind-interfaces --add-subnet="$bits,128" --user="$(id -un)" --pid-file= \
      --server="127.0.0.1#$port@127.0.0.53" >dnsmasq.log 2>&1 &
    dnsmasq=$!
    pids+=("$dnsmasq")
    if until_true is_answering; then keeps_apart "dnsmasq, add-subnet=$bits"; else
      failed "dnsmasq answers" "an answer" "$(cat dnsmasq.log answer)"
    fi
    if ((bits == 32)); then
      whoami=$(dig -r @127.0.0.1 -p "$forwarder_port" -b 127.0.3.7 CH TXT whoami.ambit +short)
      has "dnsmasq: whoami tells how the caller is known" "client subnet 127.0.3.7/32, by the trusted forwarder" "$whoami"
    fi
    stop "$dnsmasq"
    forwarder_port=$(free_port)
  done
  # A prefix that says too little is no caller's: refused, and not guessed.
  short=$(ask +subnet=127.0.0.0/16 -b 127.0.0.53 orders.mesh.test)
  has "a subnet that is too short" "is too short: callers are told apart by /23 here" "$short"
  has "a subnet that is too short gets the length it takes" "CLIENT-SUBNET: 127.0.0.0/16/23" "$short"
else
  skip "ecs: no dnsmasq here"
fi

# --- Unbound ---------------------------------------------------------------------------------------------------------

if is_there unbound && unbound -V 2>/dev/null | grep -q subnet; then
  cat >unbound.conf <<CONF
server:
  interface: 127.0.0.1@$forwarder_port
  access-control: 127.0.0.0/8 allow
  outgoing-interface: 127.0.0.53
  do-not-query-localhost: no
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "$work"
  use-syslog: no
  logfile: ""
  num-threads: 1
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
  client-subnet-always-forward: yes
  client-subnet-zone: mesh.test
  max-client-subnet-ipv4: 24
  domain-insecure: mesh.test
  local-zone: "test." nodefault
  qname-minimisation: no
  prefetch: no
  rrset-roundrobin: no
stub-zone:
  name: mesh.test
  stub-addr: 127.0.0.1@$port
remote-control:
  control-enable: no
CONF
  unbound -d -c unbound.conf >unbound.log 2>&1 &
  unbound=$!
  pids+=("$unbound")
  queries() { # how many datagrams have reached Ambit: its metrics are written every second
    sleep 1.2
    python3 -c 'import json
lines = [json.loads(line) for line in open("metrics.jsonl")]
print(sum(line["events"].get("datagramsReceived", 0) for line in lines if "events" in line))'
  }
  if until_true is_answering; then
    keeps_apart "Unbound, first"
    before=$(queries)
    # Another client of the same context is within the scope, and has never asked.
    same "Unbound: a client that is new is answered" "NOERROR 192.0.2.10" "$(through 127.0.2.99 orders.mesh.test)"
    keeps_apart "Unbound, from its cache"
    after=$(queries)
    matches "Unbound: the count of queries is known" '^[1-9][0-9]*$' "$before"
    same "Unbound: what it has cached by our scopes it asks no more" "$before" "$after"
  else
    failed "Unbound answers" "an answer" "$(cat unbound.log answer)"
  fi
  stop "$unbound"
else
  skip "ecs: no Unbound with subnetcache here"
fi
stop "$server"
same "it ends as asked" 0 "$code"
