#!/usr/bin/env bash
# Health checks against real listeners, killed and started again: what dig, /state.json, /metrics and the log say, and when.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tcp=$(free_port) web=$(free_port) dns=$(free_port) http=$(free_port)
mkdir zones

# Endpoints that are started and killed one by one: KIND ADDRESS PORT.
listener() {
  rm -f "ready.$1.$2"
  python3 "$here/health_listener.py" "$@" >/dev/null 2>&1 &
  pids+=("$!")
  started=$!
  disown "$started"
  until_true test -e "ready.$1.$2"
}

cat >zones/mesh.test.zone <<'END'
$TTL 30
@       SOA ns h 1 60 60 60 5
@       NS  ns
ns      A   127.0.0.1
orders  A   127.0.9.1
orders  A   127.0.9.2
api.orders A 127.0.9.3
web     A   127.0.9.1
web     A   127.0.9.2
web     A   127.0.9.3
names   A   127.0.9.1
names   A   127.0.9.2
prog    A   127.0.9.1
prog    A   127.0.9.2
slow    A   127.0.9.4
loud    A   127.0.9.5
other   A   127.0.9.9
END
cat >program <<'END'
#!/bin/sh
# Well at .1; elsewhere it says why not.
if [ "$1" = hang ]; then
  echo >>"${2%/*}/runs"
  [ -e "${2%/*}/well" ] && exit 0
  sleep 300 &
  echo $! >"$2.$3"
  wait
fi
# Far more than a pipe holds; and a child that keeps the outputs open.
if [ "$1" = loud ]; then
  sleep 300 &
  echo $! >"$2.$3"
  echo "disk is full"
  head -c 400000 /dev/zero
  head -c 400000 /dev/zero >&2
  echo "
 that was all"
  [ -e "${2%/*}/loud.well" ]
  exit
fi
[ "$2" = 127.0.9.1 ] && [ ! -e "${0%/*}/ill" ] && exit 0
echo "no such disk at $2"
echo "second line"
exit 3
END
chmod +x program
policy() { # EVERY OF ORDERS
  cat >zones/ambit.policy <<END
origin mesh.test
service orders { health tcp $tcp every $1 timeout 200ms up 2 down 2 }
service web    { health http shop.mesh.test:$web/healthz 200 every 300ms timeout 200ms up 1 down 2 }
service names  { health dns ok.test. $dns every 300ms timeout 200ms up 1 down 2 }
service prog   { health exec $work/program check every 300ms timeout 250ms up 1 down 2 }
service slow   { health exec $work/program hang $work/child every 300ms timeout 200ms up 1 down 2 }
service loud   { health exec $work/program loud $work/loud every 4s timeout 4s up 1 down 1 }
service other
END
}
policy 300ms

listener tcp 127.0.9.1 "$tcp"
first=$started
listener tcp 127.0.9.2 "$tcp"
listener tcp 127.0.9.3 "$tcp"
listener http 127.0.9.1 "$web"
listener unavailable 127.0.9.2 "$web"
listener silent 127.0.9.3 "$web"
listener dns 127.0.9.1 "$dns"
listener liar 127.0.9.2 "$dns"

serve zones --http "127.0.0.1:$http"

# Descriptors of the server that are of a kind.
open_now() { find "/proc/$server/fd" -lname "$1" | wc -l; }
pollers=$(open_now '*eventpoll*')

why() { ask +short CH TXT "$1.mesh.test"; }
is_down() { why "$1" | grep -q "endpoint $2 is down since 20"; }
is_up() { ! is_down "$1" "$2"; }
metric() { curl -s "http://127.0.0.1:$http/metrics" | grep -F "$1"; }
state() { # EXPRESSION of s, the state
  curl -s "http://127.0.0.1:$http/state.json" | python3 -c "import json,sys; s=json.load(sys.stdin); print($1)"
}
service() { echo "next(e for e in s['endpoints'] if e['service'] == '$1')"; }

# Milliseconds until a command succeeds; at most 10 s.
milliseconds_until() {
  local start
  start=$(date +%s%N)
  until_true "$@" || return 1
  echo $((($(date +%s%N) - start) / 1000000))
}

# --- what is down at the start ---------------------------------------------------------------------------------------

for case in "web 127.0.9.2" "web 127.0.9.3" "names 127.0.9.2" "prog 127.0.9.2" "slow 127.0.9.4"; do
  # shellcheck disable=SC2086
  succeeds "found to be down: $case" until_true is_down $case
done
for case in "orders 127.0.9.1" "orders 127.0.9.3" "web 127.0.9.1" "names 127.0.9.1" "prog 127.0.9.1"; do
  # shellcheck disable=SC2086
  succeeds "well: $case" is_up $case
done
has "an unavailable one is logged with its status" "web 127.0.9.2 is down: 2 of 2 checks failed (HTTP status 503); " "$(cat "$err")"
has "one that accepts and never answers is down by the time-out" \
  "web 127.0.9.3 is down: 2 of 2 checks failed (no answer within the time-out); " "$(cat "$err")"
has "DNS answers with a wrong ID or question count for nothing" \
  "names 127.0.9.2 is down: 2 of 2 checks failed (no answer within the time-out); " "$(cat "$err")"
has "a program's first line is in the log" \
  "prog 127.0.9.2 is down: 2 of 2 checks failed (the program ended with 3: no such disk at 127.0.9.2); 1 of 2 endpoints up (zones/ambit.policy:5)" \
  "$(cat "$err")"
has "a program that hangs is down by the time-out" "slow 127.0.9.4 is down: 2 of 2 checks failed (the program did not end" \
  "$(cat "$err")"
hung=$(cat "$work"/child.*)
killed() { [[ ! -d /proc/$hung ]] || grep -q '^State:.*Z' "/proc/$hung/status"; }
succeeds "what a program started is killed with it" until_true killed

succeeds "a program that prints more than a pipe holds is down" until_true is_down loud 127.0.9.5
has "by its exit code, not by the time-out, with the first and the last line" \
  "(the program ended with 1: disk is full …  that was all); " "$(cat "$err")"
: >loud.well
succeeds "one that ends with 0 is well, however much it prints" until_true is_up loud 127.0.9.5
hung=$(cat "$work/loud.127.0.9.5")
succeeds "what keeps its outputs open is killed" until_true killed
# Four programs run at a time, each with a pipe, a pidfd and a poller: more after many checks would be a leak.
few_open() {
  kill -0 "$server" && (($(open_now 'pipe:*') <= 4 && $(open_now '*pidfd*') <= 4 && $(open_now '*eventpoll*') <= pollers + 4))
}
succeeds "no descriptors are left open" until_true few_open
undead() { ps -o stat= --ppid "$server" | grep -c '^Z'; }
no_zombies() { [[ $(undead) == 0 ]]; }
succeeds "and no zombies" until_true no_zombies

# --- an endpoint dies and comes back ---------------------------------------------------------------------------------

kill -KILL "$first"
took=$(milliseconds_until is_down orders 127.0.9.1)
# 1.2 × every × down + timeout, a report and a turn of the control thread; and dig's own start.
if [[ -n $took ]] && ((took <= 1700)); then ok "a killed endpoint is down in time ($took ms)"; else
  failed "a killed endpoint is down in time" "at most 720 ms + 200 ms + reports" "$took ms"
fi
has "the log says what it means" \
  "orders 127.0.9.1 is down: 2 of 2 checks failed (connection refused); 2 of 3 endpoints up (zones/ambit.policy:2)" "$(cat "$err")"
has "metrics tell" 'ambit_endpoint_up{service="orders",address="127.0.9.1"} 0' "$(metric ambit_endpoint_up)"
has "and of the others" 'ambit_endpoint_up{service="orders",address="127.0.9.2"} 1' "$(metric ambit_endpoint_up)"
same "so does /state.json" "1 of 3, connection refused" \
  "$(state "(lambda e: f\"{e['downCount']} of {e['count']}, {e['down'][0]['reason']}\")($(service orders))")"
has "and ambit top" "127.0.9.1              down since " "$("$AMBIT" top zones --once --columns 200 2>/dev/null || "$AMBIT" top zones --once)"
has "and /explain.json" "endpoint 127.0.9.1 is down since 20" \
  "$(curl -s "http://127.0.0.1:$http/explain.json?name=orders&from=127.0.0.1")"
matches "readiness has nothing to do with it" '^ok' "$(curl -s "http://127.0.0.1:$http/readyz")"
same "other services' endpoints of the same address are their own" "" "$(why web | grep 'endpoint 127.0.9.1 ')"
generation=$(state "s['snapshot']['generation']")
same "nobody is told of a reload" 1 "$generation"
addresses() { ask +short A "$1.mesh.test" | sort | tr '\n' ' '; }
answers() { [[ $(addresses "$1") == "$2" ]]; } # NAME ADDRESSES
succeeds "answers have lost it" until_true answers orders "127.0.9.2 "
same "who asks for another name is not told of it" "" "$(why api.orders | grep 'is down')"

# --- over a reload ---------------------------------------------------------------------------------------------------

before=$(grep -c 'orders 127.0.9.1 is down' "$err")
policy 400ms
reload
same "it is down over a reload that says every anew" "$before" "$(is_down orders 127.0.9.1 && grep -c 'orders 127.0.9.1 is down' "$err")"
same "and the load is the second" 2 "$(state "s['snapshot']['generation']")"
listener tcp 127.0.9.1 "$tcp"
took=$(milliseconds_until is_up orders 127.0.9.1)
if [[ -n $took ]] && ((took <= 2200)); then ok "it comes back in time ($took ms)"; else
  failed "it comes back in time" "at most 2200 ms" "$took ms"
fi
has "the log says so" "orders 127.0.9.1 is up: 2 of 2 checks succeeded; 3 of 3 endpoints up" "$(cat "$err")"
succeeds "answers have it again" until_true answers orders "127.0.9.1 127.0.9.2 "

# --- a service breaks ------------------------------------------------------------------------------------------------

is_broken() { why slow | grep -q "broken: every check of every endpoint fails"; }
succeeds "a service all of whose checks fail is broken" until_true is_broken
has "the log says so" "slow is broken: every check of its one endpoint fails" "$(cat "$err")"
same "metrics count broken services" "ambit_services_broken 1" "$(metric ambit_services_broken | grep -v '#')"
matches "checks are counted" '^[1-9][0-9]*$' "$(metric 'ambit_health_checks_total{result="failure"}' | cut -d' ' -f2)"
same "no check began late" "ambit_health_checks_late_total 0" "$(metric ambit_health_checks_late_total | grep -v '#')"
# It is checked less and less often: one that said every 300 ms, not six times within two seconds, nor three in three more.
runs() { wc -l <"$work/runs"; }
sleep 1 # two rounds: the circuit has opened half and closed again
before=$(runs)
sleep 2
after=$(runs)
if ((after - before <= 4)); then ok "what is broken is checked less often ($((after - before)) times in 2 s)"; else
  failed "what is broken is checked less often" "4 times in 2 s at the most" "$((after - before))"
fi
matches "its program has run" '^[1-9]' "$before"
touch "$work/well"
is_whole() { ! is_broken; }
succeeds "one success ends it" until_true is_whole
has "the log says that too" "slow is not broken any more: a check succeeded" "$(cat "$err")"

# --- learnt times ----------------------------------------------------------------------------------------------------

has_times() { [[ -n $(ask +short TXT _timeout.orders.mesh.test) ]]; }
succeeds "time-outs are told once there are ten times" until_true has_times
matches "with unit, uncertainty and count" \
  '^"p50=[0-9.]+ms p99=([0-9.]+ms|unknown) suggest=[0-9.]+ms p50-range=[^ ]+ p99-range=[^ ]+ confidence=95% samples=[0-9]+ lost=[0-9]+ source=health-checks"$' \
  "$(ask +short TXT _timeout.orders.mesh.test)"
same "other types have no data there" NOERROR "$(status A _timeout.orders.mesh.test)"
same "a service without checks has none" NXDOMAIN "$(status TXT _timeout.other.mesh.test)"
same "nor has a name below a service" NXDOMAIN "$(status TXT _timeout.x.orders.mesh.test)"

# --- a reload takes checks away --------------------------------------------------------------------------------------

sed -i '/^service web/d' zones/ambit.policy
reload
same "what is not checked any more is not said to be down" "" "$(why web | grep 'is down')"
stop "$server"
same "the server ends well" 0 "$code"

# --- a crowd that hangs ----------------------------------------------------------------------------------------------

for ((i = 1; i <= 60; i++)); do echo "crowd A 127.0.10.$i"; done >>zones/mesh.test.zone
cat >zones/ambit.policy <<END
origin mesh.test
service crowd { health exec /bin/sh -c "exec sleep 100" every 5s timeout 5s up 1 down 1 }
service prog  { health exec $work/program check every 300ms timeout 250ms up 1 down 2 }
END
serve zones --http "127.0.0.1:$http"
succeeds "one of another service is found out" until_true is_down prog 127.0.9.2
# Every slot that the crowd may have is taken by now, each for five seconds.
touch ill
took=$(milliseconds_until is_down prog 127.0.9.1)
if [[ -n $took ]] && ((took <= 2000)); then ok "and so is the next, in time ($took ms)"; else
  failed "and so is the next, in time" "at most 2000 ms" "$took ms"
fi
is_late() { grep -q "a check of crowd begins [0-9]* ms late: .* of crowd; .*; said once an hour" "$err"; }
succeeds "the log says who is late, and who holds the slots" until_true is_late
has "and said so at the start" "crowd: where its 60 endpoints hang, 60 checks have to go on at a time, and 16 may" "$(cat "$err")"
stop "$server"
