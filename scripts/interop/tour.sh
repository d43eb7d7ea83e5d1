# The tour of the README: one name, four answers; refusals and their reasons; explain tells what dig sees.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
serve zones

matches "the first lines say how much is served, and where" \
  "serves zones: 1 zone, [0-9]+ names, 5 contexts, [0-9]+ services.*listening on 127.0.0.1:$port, \[::1\]:$port" "$(cat "$out")"
while read -r example; do
  succeeds "what the server says to try works: $example" $example +tries=1 +timeout=3
done < <(grep '^  dig ' "$out")

same "orders on the laptop" "127.0.0.1" "$(data -b 127.0.0.1 orders.mesh.test)"
same "orders in test" "127.0.1.30" "$(data -b 127.0.1.1 orders.mesh.test)"
same "orders in shard a" "127.0.2.30 127.0.2.31" "$(data -b 127.0.2.1 orders.mesh.test)"
same "orders in shard b" "127.0.3.30 127.0.3.31" "$(data -b 127.0.3.1 orders.mesh.test)"
same "one RRset, filtered: web in shard a" "127.0.2.10" "$(data -b 127.0.2.1 web.mesh.test)"
same "one RRset, filtered: web in shard b" "127.0.3.10" "$(data -b 127.0.3.1 web.mesh.test)"
same "over TCP" "127.0.2.30 127.0.2.31" "$(data -b 127.0.2.1 orders.mesh.test +tcp)"
same "over IPv6" "127.0.0.1" "$(dig -r @::1 -p "$port" +tries=1 +short orders.mesh.test)"
same "over IPv6 and TCP" "127.0.0.1" "$(dig -r @::1 -p "$port" +tries=1 +short +tcp orders.mesh.test)"

# What a refused caller is told: the rule's words, and its line as it stands in the file.
line_of() { awk -v words="$2" 'index($0, words) { print FILENAME ":" FNR; exit }' "zones/$1" | sed 's,^zones/,,'; }
refuse=$(line_of orders.policy "refuse  batch")
isolate=$(line_of ambit.policy "isolate shard-a shard-b")
same "batch is refused orders" "REFUSED" "$(status -b 127.0.2.66 orders.mesh.test)"
same "and told by which rule" "18 batch may not call orders: refuse ($refuse)" "$(ede -b 127.0.2.66 orders.mesh.test)"
same "over TCP too" "18 batch may not call orders: refuse ($refuse)" "$(ede -b 127.0.2.66 orders.mesh.test +tcp)"
same "no EDE where the query has no OPT" "REFUSED " \
  "$(status -b 127.0.2.66 orders.mesh.test +noedns) $(ede -b 127.0.2.66 orders.mesh.test +noedns)"
same "every type is refused alike" "REFUSED REFUSED" \
  "$(status -b 127.0.2.66 orders.mesh.test AAAA) $(status -b 127.0.2.66 _http._tcp.orders.mesh.test SRV)"
same "a name whose endpoints are all in shard b is refused in shard a" "REFUSED" "$(status -b 127.0.2.1 ledger.mesh.test)"
matches "by isolate" "^15 .*isolate \\($isolate\\)$" "$(ede -b 127.0.2.1 ledger.mesh.test)"
same "deny-as nxdomain of test" "NXDOMAIN" "$(status -b 127.0.1.66 orders.mesh.test)"
has "with the SOA, for 5 s" "mesh.test.		5	IN	SOA" "$(ask -b 127.0.1.66 orders.mesh.test +noall +authority)"
same "and the EDE" "18 batch may not call orders: refuse ($refuse)" "$(ede -b 127.0.1.66 orders.mesh.test)"
same "an alias is no way round" "REFUSED" "$(status -b 127.0.2.1 cart.mesh.test)"
same "a caller of no context" "REFUSED" "$(status -b 127.0.9.9 orders.mesh.test)"
same "a name outside the zones" "REFUSED" "$(status example.org)"
until_true grep -q "batch may not call orders" "$err"
has "a refusal is logged with its rule" "batch may not call orders: refuse ($refuse)" "$(cat "$err")"

# explain loads the folder afresh, asks nothing over the network, and must tell the same story as dig.
same "ambit explain and dig agree for every caller and name" "" "$(python3 "$here/stories.py" "$port" zones 2>&1)"
has "explain names the files" "zones/laptop/mesh.test.zone:" "$("$AMBIT" explain orders --from 127.0.0.1 zones)"
has "explain names the rule" "$refuse" "$("$AMBIT" explain orders --from 127.0.2.66 zones)"
succeeds "ambit check finds nothing wrong" "$AMBIT" check zones
same "ambit check --json has findings, a summary and what was proved" "findings proof summary" \
  "$("$AMBIT" check zones --json | python3 -c 'import json, sys; print(*sorted(json.load(sys.stdin)))')"

# The last line of the example, without its "#", forwards; the README quotes what explain says of it.
copy_zones forwarding
sed -i 's/^#forward/forward/' forwarding/ambit.policy
succeeds "the example with its forward line has no mistake" "$AMBIT" check forwarding
told=$("$AMBIT" explain www.example.org --from 127.0.0.1 forwarding)
while read -r line; do
  has "explain says what the README says: $line" "$line" "$told"
done < <(sed -nE '/explain www.example.org/,/^$/s/^    (data|decision) /\1 /p' "$root/README.md")
has "who is in no context is refused" "refused: the caller's address is in no context" \
  "$("$AMBIT" explain www.example.org --from 127.0.9.9 forwarding)"
# Every document that the README links is there.
while read -r document; do
  succeeds "the README links $document" test -s "$root/$document"
done < <(grep -oE '\]\([A-Za-z/.-]+\)' "$root/README.md" | tr -d '])(' | sort -u)
