# Other people's programs: kdig and drill read the answers without complaint, dnsperf loses none, and NSD answers every
# question of the same zones alike.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
serve zones --metrics-log off

# --- kdig and drill --------------------------------------------------------------------------------------------------

if is_there kdig; then
  by_kdig() { kdig @127.0.0.1 -p "$port" +timeout=3 +retry=0 +edns "$@" 2>&1; }
  all=""
  for options in "" "+tcp" "-b 127.0.2.1" "-b 127.0.2.66" "-b 127.0.1.66" "+bufsize=512" "+dnssec" "+nsid" "+cookie" "+padding=64"; do
    for name in "orders.mesh.test" "mesh.test SOA" "mail.mesh.test MX" "info.mesh.test TXT" "_http._tcp.orders.mesh.test SRV" \
      "absent.mesh.test" "x.tenants.mesh.test" "mesh.test ANY" "example.org"; do
      # shellcheck disable=SC2086
      all+=$(by_kdig $options $name)$'\n'
    done
  done
  same "kdig complains of nothing" "" "$(grep -E '^;; (WARNING|ERROR)|[Mm]alformed' <<<"$all")"
  same "kdig got all answers" 90 "$(grep -c '^;; ->>HEADER' <<<"$all")"
  matches "kdig reads the EDE" "EDE: 18 \(Prohibited\): 'batch may not call orders: refuse \(orders.policy:[0-9]+\)'" \
    "$(by_kdig -b 127.0.2.66 orders.mesh.test)"
  matches "kdig +dnssec gets the DO bit back" "flags: do" "$(by_kdig +dnssec orders.mesh.test)"
else
  skip "peers: no kdig here"
fi

if is_there drill; then
  by_drill() { drill -b 1232 -I "$1" -p "$port" "${@:2}" @127.0.0.1 2>&1; }
  matches "drill reads an answer" "orders.mesh.test.	30	IN	A	127.0.2.30" "$(by_drill 127.0.2.1 orders.mesh.test)"
  matches "drill reads the EDE" "EDE: 18 \(Prohibited\).*batch may not call orders: refuse" "$(by_drill 127.0.2.66 orders.mesh.test)"
  matches "drill reads an answer over TCP" "orders.mesh.test.	30	IN	A	127.0.2.30" "$(by_drill 127.0.2.1 -t orders.mesh.test)"
  same "drill complains of nothing" "" "$(by_drill 127.0.0.1 mesh.test SOA | grep -iE '^(;; )?(error|warning)|malformed')"
else
  skip "peers: no drill here"
fi

# --- dnsperf ---------------------------------------------------------------------------------------------------------

if is_there dnsperf; then
  printf '%s\n' "orders.mesh.test A" "orders.mesh.test AAAA" "web.mesh.test A" "mail.mesh.test MX" "absent.mesh.test A" \
    "x.tenants.mesh.test A" "ledger.mesh.test A" "mesh.test SOA" >queries
  for source in 127.0.0.1 127.0.2.66; do
    report=$(dnsperf -s 127.0.0.1 -p "$port" -a "$source" -d queries -l 2 -c 4 -q 40 -e 2>&1)
    matches "dnsperf from $source loses none in 2 s ($(sed -nE 's/.*per second: *([0-9]+).*/\1/p' <<<"$report") a second)" \
      "Queries sent: +[1-9][0-9]{3,}.*Queries lost: +0 " "$report"
  done
  report=$(dnsperf -m tcp -s 127.0.0.1 -p "$port" -d queries -l 2 -c 4 -q 40 -e 2>&1)
  matches "dnsperf over TCP loses none in 2 s" "Queries sent: +[1-9][0-9]{3,}.*Queries lost: +0 " "$report"
else
  skip "peers: no dnsperf here"
fi
stop "$server"

# --- NSD -------------------------------------------------------------------------------------------------------------

if ! is_there nsd || ! is_there named-checkzone; then
  skip "peers: no nsd or no named-checkzone here"
  exit 0
fi

mkdir base
cp "$root"/zones/*.zone "$here"/corners.test.zone base
nsd_port=$(free_port)
{
  cat <<END
server:
    ip-address: 127.0.0.1@$nsd_port
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "$work/base"
    database: ""
    pidfile: "$work/nsd.pid"
    xfrdfile: "$work/nsd.xfrd"
    zonelistfile: "$work/nsd.zones"
    xfrdir: "$work"
    rrl-ratelimit: 0
    minimal-responses: yes
remote-control:
    control-enable: no
END
  for file in base/*.zone; do
    printf 'zone:\n    name: "%s"\n    zonefile: "%s"\n' "$(basename "$file" .zone)" "$(basename "$file")"
  done
} >nsd.conf
nsd -d -c nsd.conf >nsd.log 2>&1 &
nsd=$!
pids+=("$nsd")
if ! until_true dig -r @127.0.0.1 -p "$nsd_port" +tries=1 +timeout=1 mesh.test SOA; then
  failed "NSD starts" "an answer" "$(cat nsd.log)"
  exit 1
fi
serve base --metrics-log off
python3 "$here/differential.py" "$port" "$nsd_port" base/*.zone 2>&1 || failed "the comparison ends well" 0 "$?"
stop "$nsd"
