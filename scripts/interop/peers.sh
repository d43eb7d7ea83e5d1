# Other people's programs: dig, kdig, drill and delv read every kind of response without complaint (dnspython does in
# scripts/differential), and dnsperf loses none.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
cp "$root"/scripts/differential/zones/*.zone zones
if is_there ldns-signzone; then
  cat >plain <<'END'
@ 300 IN SOA ns hostmaster 1 3600 600 604800 60
@ 300 IN NS ns
ns 300 IN A 192.0.2.1
*.wild 300 IN TXT "wild"
alias 300 IN CNAME a.wild
tree 300 IN DNAME wild
cut 300 IN NS ns.cut
ns.cut 300 IN A 192.0.2.2
END
  ldns-signzone -e 20400101 -o signed.test. -f zones/signed.test.zone plain "$(
    ldns-keygen -k -a ECDSAP256SHA256 -r /dev/urandom signed.test.
  )"
fi
serve zones --metrics-log off

# --- readers ---------------------------------------------------------------------------------------------------------

# One question for every kind of response: data of all types, aliases, wildcards, referrals, negative, refused, large ones.
kinds=("orders.mesh.test A" "mesh.test SOA" "mesh.test NS" "mail.mesh.test MX" "info.mesh.test TXT" "mesh.test ANY"
  "_http._tcp.orders.mesh.test SRV" "orders.mesh.test TYPE65280" "absent.mesh.test A" "x.tenants.mesh.test A" "example.org A"
  "texts.corners.test TXT" "unknown.corners.test TYPE65280" "unknown.corners.test TYPE65281" "dotted\\.label.corners.test A"
  "octets\\000\\255.corners.test A" "alias.corners.test A" "alias3.corners.test A" "alias6.corners.test A" "x.cut.corners.test A"
  "cut.corners.test DS" "non.terminal.corners.test A" "x.wild.corners.test TXT" "x.wild.corners.test MX" "large.corners.test TXT"
  "medium.corners.test A" "signed.test DNSKEY" "signed.test RRSIG" "a.wild.signed.test TXT" "absent.signed.test A"
  "ns.signed.test MX" "a.wild.signed.test MX" "alias.signed.test TXT" "a.tree.signed.test TXT" "x.cut.signed.test A" "cut.signed.test DS")

# Reads every kind with a program; says what it complained of, and what no response came to. Truncation is no fault.
read_by() { # PROGRAM COMMAND…
  local kind output complaints all=""
  for kind in "${kinds[@]}"; do
    # shellcheck disable=SC2086
    output=$("${@:2}" $kind 2>&1)
    complaints=$(grep -iE '^(;;? ?)?(error|warning)|malformed|bad packet|mismatch|parse|extra (bytes|input)|garbage' <<<"$output" |
      grep -v 'truncated')
    if [[ $output != *"->>HEADER<<-"* ]]; then complaints+="no response: $output"; fi
    if [[ -n $complaints ]]; then all+="$kind: $complaints"$'\n'; fi
  done
  same "$1 reads ${#kinds[@]} kinds of responses: ${*:3}" "" "$all"
}

for options in "+ignore" "+tcp" "+noedns +ignore" "+bufsize=512 +ignore" "+dnssec" "+dnssec +ignore +bufsize=512" "+nsid +cookie"; do
  # shellcheck disable=SC2086
  read_by dig ask +norecurse $options
done
for source in 127.0.2.1 127.0.2.66 127.0.1.66; do read_by dig ask +norecurse -b "$source"; done

if is_there kdig; then
  by_kdig() { kdig @127.0.0.1 -p "$port" +timeout=3 +retry=0 "$@"; }
  for options in "+edns +ignore" "+tcp" "+noedns +ignore" "+bufsize=512 +ignore" "+dnssec" "+nsid +cookie" "+padding=64" "-b 127.0.2.66"; do
    # shellcheck disable=SC2086
    read_by kdig by_kdig $options
  done
  matches "kdig reads the EDE" "EDE: 18 \(Prohibited\): 'batch may not call orders: refuse \(orders.policy:[0-9]+\)'" \
    "$(by_kdig +edns -b 127.0.2.66 orders.mesh.test)"
  matches "kdig +dnssec gets the DO bit back" "flags: do" "$(by_kdig +dnssec orders.mesh.test)"
else
  skip "peers: no kdig here"
fi

if is_there drill; then
  by_drill() { drill -p "$port" "${@:1:$#-2}" "${@: -2:1}" @127.0.0.1 "${@: -1}"; }
  for options in "-b 1232" "-t" "-D -b 1232" "-D -t" "-b 1232 -I 127.0.2.66"; do
    # shellcheck disable=SC2086
    read_by drill by_drill $options
  done
  matches "drill reads the EDE" "EDE: 18 \(Prohibited\).*batch may not call orders: refuse" \
    "$(by_drill -b 1232 -I 127.0.2.66 orders.mesh.test A)"
else
  skip "peers: no drill here"
fi

# delv asks on its own behalf and has no header to show; what it cannot read it says. It is no resolver: no cuts, none refused.
if is_there delv; then
  all=""
  for kind in "${kinds[@]}"; do
    if [[ $kind == *example* || $kind == *cut* || $kind == alias6* ]]; then continue; fi
    # shellcheck disable=SC2086
    all+=$(delv @127.0.0.1 -p "$port" +noroot -i $kind 2>&1 | grep '^;; ' | grep -v '^;; resolution failed: ncache')
  done
  same "delv complains of nothing" "" "$all"
else
  skip "peers: no delv here"
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
