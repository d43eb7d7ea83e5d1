# Names of others: asked of servers that answer, lie, keep silent and loop; kept, joined, given stale; and bounded.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

upstream_port=$(free_port)
odd_port=$(free_port)
dead_port=$(free_port)
LOOP=$port python3 "$here/forward.py" upstream "$upstream_port" "$work/asked" >upstream.log 2>&1 &
pids+=($!)
WHO=2 python3 "$here/forward.py" upstream "$odd_port" "$work/odd" >odd.log 2>&1 &
pids+=($!)
for kind in drops headless; do
  declare "${kind}_port=$(free_port)"
  port_name=${kind}_port
  EDNS=$kind python3 "$here/forward.py" upstream "${!port_name}" "$work/$kind" >"$kind.log" 2>&1 &
  pids+=($!)
  until_true grep -q ready "$kind.log"
done
until_true grep -q ready odd.log
until_true grep -q ready upstream.log || failed "the upstream starts" ready "$(cat upstream.log)"

mkdir zones
cp "$root/zones/mesh.test.zone" zones/
cat >zones/ambit.policy <<END
origin mesh.test
context here { from 127.0.0.0/8 ::1 }
forward example 127.0.0.1:$upstream_port
forward formerr.example 127.0.0.1:$odd_port
forward badvers.example 127.0.0.1:$odd_port
forward wrongcase.example 127.0.0.1:$odd_port
forward drops.example 127.0.0.1:$drops_port
forward headless.example 127.0.0.1:$headless_port
forward two.example 127.0.0.1:$dead_port 127.0.0.1:$upstream_port
forward dead.example 127.0.0.1:$dead_port
forward self.example 127.0.0.1:$port
service quick.example. { refuse guest }
service owner.example.
service guest { runs-at 127.0.0.9 }
rate-limit off
END
http_port=$(free_port)
serve zones --http "127.0.0.1:$http_port" --metrics-log off

asked() { grep -c " $1\$" "$work/asked"; }
is_asked() { (($(asked "$1") > 0)); }
prefetches() { metric ambit_forwarded_prefetches_total; }
hot_is_fetched() {
  data hot.example >/dev/null
  (($(prefetches) > before))
}
nothing_is_asked() { [[ $(metric ambit_forward_questions) == 0 ]]; }
metric() { curl -s "http://127.0.0.1:$http_port/metrics" | sed -nE "s/^$1 //p"; }

# --- answers ---------------------------------------------------------------------------------------------------------

same "a name is asked for elsewhere" 192.0.2.1 "$(data ok.example)"
same "and answered from the cache from then on" "192.0.2.1 192.0.2.1 1" "$(data ok.example) $(data ok.example) $(asked ok)"
has "RA is set, AA is not" "flags: qr rd ra;" "$(ask ok.example)"
same "over TCP as well" 192.0.2.1 "$(data +tcp ok-tcp.example)"
same "over IPv6 as well" 192.0.2.1 "$(dig -r @::1 -p "$port" +tries=1 +timeout=3 +short ok-six.example)"
same "a name that does not exist" NXDOMAIN "$(status nx.example)"
same "is kept too" "NXDOMAIN 1" "$(status nx.example) $(asked nx)"
same "a reply cut short is fetched over TCP" 192.0.2.1 "$(data tc.example)"
same "an answer too large for UDP comes over TCP" 200 "$(ask +short large.example | wc -l)"
same "a server that takes no EDNS is asked without" 192.0.2.1 "$(data formerr.example)"
same "nor one that does not know EDNS's version" 192.0.2.1 "$(data badvers.example)"
for kind in drops headless; do
  same "$kind: a server from before EDNS is asked without" "192.0.2.1 192.0.2.1" "$(data "a.$kind.example") $(data "b.$kind.example")"
  same "$kind: the second name at once, and by datagram" "- plain udp b" "$(grep ' b$' "$work/$kind")"
  same "$kind: nothing goes over TCP" "" "$(grep tcp "$work/$kind")"
done
same "small letters for capitals are found out over TCP" 192.0.2.1 "$(data wrongcase.example)"
same "what was not asked for is left out" 192.0.2.1 "$(data outside.example)"
has "a private address is not a public name's" "ANSWER: 0" "$(ask private.example)"
same "another server of the line is asked where one is dead" 192.0.2.1 "$(data ok.two.example)"
matches "answers on a connection come as they are ready, ours are not kept waiting, a peer that has ended its side gets all" \
  '^last 0:NOERROR all 0:NOERROR 1:NOERROR 2:[A-Z]+ 3:NOERROR$' "$(python3 "$here/forward.py" pipelined "$port")"

# --- how long it takes -----------------------------------------------------------------------------------------------

timeouts() { ask +short TXT _timeout.quick.example "$@"; }
has_timeouts() { [[ $(timeouts) == *samples=1[0-9]* ]]; }
same "of a service elsewhere nothing is told before it was asked for" "" "$(timeouts)"
for ((index = 0; index < 12; index++)); do data "n$index.quick.example" >/dev/null; done
until_true has_timeouts
matches "then how long that takes, in words of its own" \
  '^"lookup-p50=[0-9.]+ms lookup-p99=[0-9.a-z]+ lookup-suggest=[0-9.]+ms .* samples=1[0-9] lost=0 source=forward"$' "$(timeouts)"
has "it is our own word" "flags: qr aa rd ra;" "$(ask TXT _timeout.quick.example)"
same "who may not call the service is not told" "" "$(timeouts -b 127.0.0.9)"
for ((index = 0; index < 12; index++)); do data "n$index.owner.example" >/dev/null; done
sleep 1.5
same "where its owner says something that is told" '"theirs"' "$(ask +short TXT _timeout.owner.example)"
before=$(metric "ambit_upstream_seconds_sum.server=\"127.0.0.1:$upstream_port\",transport=\"udp\".")
data slow.example >/dev/null
matches "a reply held back by 0.4 s takes at least that" '^True$' "$(python3 -c "import sys, time, urllib.request
for _ in range(50):
    page = urllib.request.urlopen('http://127.0.0.1:$http_port/metrics').read().decode()
    sums = [float(line.split()[1]) for line in page.splitlines() if line.startswith('ambit_upstream_seconds_sum{server=\"127.0.0.1:$upstream_port\",transport=\"udp\"}')]
    if sums and sums[0] - float('${before:-0}') >= 0.4: break
    time.sleep(0.1)
print(0.4 <= sums[0] - float('${before:-0}') < 3)")"
# --- what a client's query means to others ---------------------------------------------------------------------------

ask +subnet=198.51.100.0/24 +cookie=0123456789abcdef +nsid +padding=64 ok-options.example >/dev/null
same "nothing of a client's options goes on, its subnet least of all" "65153 edns udp ok-options" \
  "$(grep ' ok-options$' "$work/asked")"
same "a query without RD is not asked for" "REFUSED 0" "$(status +norecurse ok-rd.example) $(asked ok-rd)"
same "and does not look into the cache" REFUSED "$(status +norecurse ok.example)"
same "nor is another class asked for" "REFUSED 0" "$(status -c HS ok-class.example) $(asked ok-class)"
has "a type that we do not know is" "status: NOERROR" "$(ask ok-type.example TYPE65400)"
has "CD goes on and comes back" "flags: qr rd ra cd;" "$(ask +cdflag ok-cd.example)"
same "and what is unchecked is kept apart" "192.0.2.1 2" "$(data ok-cd.example) $(asked ok-cd)"
has "AD is as that server says, for who knows the bit" "flags: qr rd ra ad;" "$(ask +adflag valid.example)"
has "or wants signatures" "flags: qr rd ra ad;" "$(ask +noadflag +dnssec valid.example)"
has "and for nobody else" "flags: qr rd ra;" "$(ask +noadflag valid.example)"
has "a question's capitals stay" "OK-CaPs.ExAmple." "$(ask OK-CaPs.ExAmple +noall +answer)"
has "each asker's, from the cache too" "ok-cApS.eXample." "$(ask ok-cApS.eXample +noall +answer)"
for size in +noedns +bufsize=512 +bufsize=4096; do
  has "$size: what was kept and is too large is cut to nothing" "flags: qr tc rd ra; QUERY: 1, ANSWER: 0" \
    "$(ask +ignore $size large.example)"
done
same "a TTL has a bound" 86400 "$(ask +noall +answer forever.example | awk '{ print $2 }')"
same "what has no time is given, and not kept" "192.0.2.1 192.0.2.1 2" \
  "$(data zero.example) $(data zero.example) $(asked zero)"
same "an answer's Extended DNS Error is passed on" "3 old" "$(ede note.example)"

# --- lies ------------------------------------------------------------------------------------------------------------

for what in wrongid wrongquestion garbage silence; do ask "$what.example" +timeout=6 >"$what.out" & done
same "REFUSED by all servers is REFUSED" REFUSED "$(status refused.example)"
for what in servfail bogus cut; do
  same "$what: the answer is SERVFAIL" SERVFAIL "$(status "$what.example")"
done
matches "and says what happened and where" "^22 127.0.0.1:$upstream_port answered SERVFAIL" "$(ede servfail.example)"
same "another server's reason is passed on" "6 127.0.0.1:$upstream_port answered SERVFAIL, DNSSEC Bogus: no sig" "$(ede bogus.example)"
for index in 1 2 3 4; do ask "always-$index.example" >/dev/null && ask "headless-$index.example" >/dev/null; done
has "whoever asks for what a server will not read takes neither it nor EDNS from others" "edns udp ok-edns" \
  "$(ask ok-edns.example >/dev/null; cat "$work/asked")"
same "nor is it taken for dead" "" "$(grep "127.0.0.1:$upstream_port is taken for dead: it answered" "$err")"
has "a type that no name has is not asked for" "status: REFUSED" "$(ask ok.example TYPE249)"
before=$(asked servfail)
same "a question that nobody answered is not asked again at once" "SERVFAIL $before" "$(status servfail.example) $(asked servfail)"
has "an answer that ends amid itself" "amid its answer" "$(ede cut.example)"
same "a server where nobody listens" SERVFAIL "$(status dead.example)"
matches "is said to be out of reach" '^2[23] .*cannot be reached' "$(ede dead.example)"
for index in 1 2 3 4; do ask "n$index.dead.example" >/dev/null; done
matches "a line that leads to this server is found out" "^22 .*loops back" "$(ede self.example)"
started=$SECONDS
matches "and so is a query that comes back by way of another" "^22 .*(loops back|answered SERVFAIL)" "$(ede loop.example)"
if ((SECONDS - started <= 2)); then ok "at once"; else failed "at once" "2 s" "$((SECONDS - started)) s"; fi

# --- many ------------------------------------------------------------------------------------------------------------

merged=$(metric ambit_forwarded_merged_total)
same "those who ask the same at once get the same" "NOERROR 50" "$(python3 "$here/forward.py" together "$port" slow-many.example 50)"
same "49 of them having joined the first" 49 "$(($(metric ambit_forwarded_merged_total) - merged))"
wait "$(jobs -p | tail -1)" 2>/dev/null
until_true test -s silence.out
for what in wrongid wrongquestion garbage silence; do
  until_true grep -q status "$what.out"
  has "$what: SERVFAIL in bounded time" "status: SERVFAIL" "$(cat "$what.out")"
done

# --- stale -----------------------------------------------------------------------------------------------------------

same "an answer that is about to end" 192.0.2.1 "$(data stale.example)"
touch "$work/asked.down"
sleep 1.5
ask +timeout=5 stale.example >stale-first.out &
sleep 2.2
started=$SECONDS
matches "stands in where the server has fallen silent" '192\.0\.2\.1' "$(ask stale.example)"
if ((SECONDS - started <= 1)); then ok "at once for who asks while it is being asked"; else
  failed "at once for who asks while it is being asked" "1 s" "$((SECONDS - started)) s"; fi
rm "$work/asked.down"

# --- in advance ------------------------------------------------------------------------------------------------------

before=$(prefetches)
same "an answer that is asked for often" 192.0.2.1 "$(data hot.example)"
# Who is kept from asking in its last second asks again in that of the next.
succeeds "is fetched before it ends, and nobody waits" until_true hot_is_fetched
same "and is there" 192.0.2.1 "$(data hot.example)"

# --- a flood ---------------------------------------------------------------------------------------------------------

same "each of 1000 who ask a silent server is answered within 5 s" "SERVFAIL 1000" \
  "$(python3 "$here/forward.py" patient "$port" 1000)"
before=$(ps -o rss= -p "$server")
same "queries of 60 KiB over TCP are turned away, not kept" "SERVFAIL 160" \
  "$(python3 "$here/forward.py" large "$port" 40 60000)"
soa=$(data mesh.test SOA)
python3 "$here/forward.py" flood "$port" 100000 &
flooding=$!
told=0 lost=0 most=0
until is_gone "$flooding"; do
  if [[ $(data +timeout=1 mesh.test SOA) == "$soa" ]]; then told=$((told + 1)); else lost=$((lost + 1)); fi
  now=$(metric ambit_forward_questions)
  ((now <= most)) || most=$now
done
matches "our own zones answer while 100,000 names are asked for" '^ns1\.mesh\.test\. .* [1-9][0-9]* told, 0 lost$' "$soa: $told told, $lost lost"
after=$(ps -o rss= -p "$server")
if ((after - before < 96 * 1024)); then ok "in bounded memory"; else failed "in bounded memory" "96 MiB" "$before to $after KiB"; fi
if ((most > 100 && most <= 4096)); then ok "what is asked is bounded"; else
  failed "what is asked is bounded" "101 to 4096 questions" "$most"; fi
matches "the metrics know the servers" '^[01]$' "$(metric "ambit_upstream_up.server=\"127.0.0.1:$upstream_port\".")"
matches "and what came of the cache" '^[1-9]' "$(metric ambit_forwarded_from_cache_total)"
matches "a server taken for dead is said once" '^1$' "$(grep -c "upstream 127.0.0.1:$dead_port is taken for dead" "$err" | head -1)"

# --- reload and shutdown with queries on their way -------------------------------------------------------------------

until_true nothing_is_asked
ask +timeout=6 silence-reload.example >reload.out &
asking=$!
until_true is_asked silence-reload
sed -i '/^forward example /d' zones/ambit.policy
reload
wait "$asking"
matches "who waits over a reload is answered by what is in force then" 'status: (REFUSED|SERVFAIL)' "$(cat reload.out)"
echo "forward example 127.0.0.1:$upstream_port" >>zones/ambit.policy
reload
ask +timeout=6 silence-udp.example >ending-udp.out &
ask +tcp +timeout=6 silence-tcp.example >ending-tcp.out &
until_true is_asked silence-udp
until_true is_asked silence-tcp
stop "$server"
for way in udp tcp; do
  until_true grep -q status "ending-$way.out"
  has "who waits over $way when the server stops is told so" "stopping" "$(cat "ending-$way.out")"
done
same "it ends as asked" 0 "$code"

# --- others for others -----------------------------------------------------------------------------------------------

cat >zones/ambit.policy <<END
origin mesh.test
context one { from 127.0.0.2/32; forward example 127.0.0.1:$upstream_port }
context two { from 127.0.0.3/32; forward example 127.0.0.1:$odd_port }
context three { from 127.0.0.4/32 }
context four { from 127.0.0.5/32; forward shared.test off }
forward shared.test 127.0.0.1:$upstream_port
service second { runs-at 127.0.0.3 }
service who-rule.example. { refuse second }
rate-limit off
END
serve zones --metrics-log off
# Addresses that one to four, and somebody in no context, get for a name.
all() { for last in 2 3 4 5 1; do echo "$(data "$@" -b "127.0.0.$last")"; done | sed 's/^$/-/' | paste -sd ' '; }
same "each context's servers answer its callers, and nobody else" "192.0.2.1 192.0.2.2 - - -" "$(all who.example)"
same "also from the cache" "192.0.2.1 192.0.2.2 - - - 1" "$(all who.example) $(asked who)"
same "what a context has no line for is REFUSED" "REFUSED REFUSED" \
  "$(status -b 127.0.0.4 who.example) $(status -b 127.0.0.1 who.example)"
has "and RA says that nobody is asked for somebody in no context" "flags: qr rd;" "$(ask -b 127.0.0.1 who.example)"
same "a line is for all but who switches it off" "192.0.2.1 192.0.2.1 192.0.2.1 - -" "$(all who.shared.test)"
same "a rule refuses whom it names, whatever is in the cache" "192.0.2.1 - - - -" "$(all who-rule.example)"
same "an answer that is about to end" "192.0.2.1 192.0.2.2 - - -" "$(all who-old.example)"
sleep 1.5
stop "${pids[0]}"
same "nobody is given another's stale one" "192.0.2.1 192.0.2.2 - - -" "$(all +timeout=5 who-old.example)"
stop "$server"
