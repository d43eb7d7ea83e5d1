# The page and the metrics over HTTP: curl, rude clients, and Debian's Prometheus, which scrapes a server and finds what dig
# asked it; its alerts and their tests.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

web=$(free_port)
get() { curl -s --max-time 5 "$@"; }
page() { get "http://127.0.0.1:$web$1"; }
code_of() { get -o /dev/null -w '%{http_code}' "$@"; }
sample() { page /metrics | grep -v '^#' | grep -F -- "$1 " | sed 's/.* //'; }

copy_zones zones
serve zones --http "127.0.0.1:$web" --metrics-log off
has "the start says where the page is" "see http://127.0.0.1:$web/, for Prometheus http://127.0.0.1:$web/metrics" "$(cat "$out")"

# --- pages -----------------------------------------------------------------------------------------------------------

same "/healthz" "200" "$(code_of "http://127.0.0.1:$web/healthz")"
same "/readyz" "ok: snapshot 1 is served" "$(page /readyz)"
has "/ is a page" "<!doctype html>" "$(page / | tr 'A-Z' 'a-z')"
has "that runs no script but its own" "default-src 'none'; script-src" "$(get -i "http://127.0.0.1:$web/")"
same "another path is not found" "404" "$(code_of "http://127.0.0.1:$web/x")"
same "nothing can be posted" "405" "$(code_of -d x "http://127.0.0.1:$web/metrics")"
same "HEAD has no content" "0" "$(get -I -w '%{size_download}' -o /dev/null "http://127.0.0.1:$web/metrics")"
same "two requests use one connection" "0" \
  "$(get -o /dev/null -o /dev/null -w '%{num_connects}\n' "http://127.0.0.1:$web/" "http://127.0.0.1:$web/healthz" | tail -n 1)"
same "a name of elsewhere is turned away" "421" "$(code_of -H 'Host: rebound.test' "http://127.0.0.1:$web/")"
same "localhost is not" "200" "$(code_of -H "Host: localhost:$web" "http://127.0.0.1:$web/")"
for query in 'name=orders&from=127.0.2.66' 'name=reports&type=AAAA&from=127.0.1.1' 'name=nothing.at.all&from=::1'; do
  name=${query#name=} name=${name%%&*} from=${query##*from=} type=A
  [[ $query == *type=* ]] && type=${query#*type=} && type=${type%%&*}
  # "unknown" is what it cannot know; the server does.
  same "/explain.json?$query is as ambit explain --json prints it" \
    "$("$AMBIT" explain "$name" "$type" --from "$from" --json zones | sed -Ez 's/,\n  "unknown" : \[[^]]*\]//')" "$(page "/explain.json?$query")"
done
for query in '' 'name=orders' 'name=orders&from=x' 'name=a..b&from=::1' 'nam=x' 'name=%ff&from=::1' 'name=a&type=Q&from=::1'; do
  same "/explain.json?$query is none" "400" "$(code_of "http://127.0.0.1:$web/explain.json?$query")"
done
why="http://127.0.0.1:$web/explain.json?name=orders&from=127.0.2.66"
same "a page of elsewhere is told nothing, where its browser says whose it is" "403 403 200" \
  "$(for site in cross-site same-site same-origin; do code_of -w '%{http_code} ' -H "Sec-Fetch-Site: $site" "$why"; done | sed 's/ $//')"

# --- what is exposed ---------------------------------------------------------------------------------------------------

if is_there promtool; then
  page /metrics >exposition
  has "there is an exposition" "# TYPE ambit_queries" "$(cat exposition)"
  same "promtool finds nothing wrong with it" "" "$(promtool check metrics <exposition 2>&1)"
  succeeds "nor with the alerts" promtool check rules "$root/scripts/prometheus/ambit.rules.yml"
  succeeds "nor with the example configuration" promtool check config "$root/scripts/prometheus/prometheus.yml"
  succeeds "and each alert fires when it should" promtool test rules "$root/scripts/prometheus/ambit.tests.yml"
else
  skip "promtool's checks: no promtool"
fi
for ((i = 0; i < 7; i++)); do data orders.mesh.test >/dev/null; done
for ((i = 0; i < 5; i++)); do data -b 127.0.1.1 checkout.mesh.test >/dev/null; done
data +tcp orders.mesh.test >/dev/null
# A query is counted once its response is sent: who has it may be here first.
udp='context="laptop",decision="answered",transport="udp"'
are_counted() { [[ $(sample "ambit_residence_seconds_bucket{$udp,le=\"+Inf\"}") == 7 && $(sample "ambit_queries_total{${udp/udp/tcp}}") == 1 ]]; }
until_true are_counted
asked=$(sample 'ambit_queries_total{context="laptop",decision="answered",transport="udp"}')
same "queries are counted" "7" "$asked"
same "and over TCP apart" "1" "$(sample 'ambit_queries_total{context="laptop",decision="answered",transport="tcp"}')"
same "their residence is too" "7" \
  "$(sample 'ambit_residence_seconds_bucket{context="laptop",decision="answered",transport="udp",le="+Inf"}')"

# --- Prometheus ----------------------------------------------------------------------------------------------------------

if is_there prometheus; then
  prom=$(free_port)
  cat >prometheus.yml <<END
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: [$root/scripts/prometheus/ambit.rules.yml]
scrape_configs:
  - job_name: ambit
    static_configs: [{targets: ["127.0.0.1:$web"]}]
END
  prometheus --config.file=prometheus.yml --storage.tsdb.path="$work/tsdb" --web.listen-address="127.0.0.1:$prom" \
    >prom.log 2>&1 &
  prometheus=$!
  pids+=("$prometheus")
  value() { # EXPRESSION
    get --data-urlencode "query=$1" "http://127.0.0.1:$prom/api/v1/query" |
      python3 -c 'import json, sys; r = json.load(sys.stdin)["data"]["result"]; print(r[0]["value"][1] if r else "")'
  }
  is_up() { [[ $(value 'up{job="ambit"}') == 1 ]]; }
  until_true is_up || failed "Prometheus scrapes it" 1 "$(tail -n 5 prom.log)"
  same "Prometheus scrapes it" "1" "$(value 'up{job="ambit"}')"
  same "and has the queries that dig made" "7" \
    "$(value 'ambit_queries_total{context="laptop",decision="answered",transport="udp"}')"
  for ((i = 0; i < 20; i++)); do data orders.mesh.test >/dev/null; done
  has_all() { [[ $(value 'ambit_queries_total{context="laptop",decision="answered",transport="udp"}') == 27 ]]; }
  until_true has_all
  same "and those it makes later" "27" \
    "$(value 'ambit_queries_total{context="laptop",decision="answered",transport="udp"}')"
  same "and their histogram" "27" \
    "$(value 'ambit_residence_seconds_count{context="laptop",decision="answered",transport="udp"}')"
  refused=$(page /metrics | sed -nE 's/^ambit_refusals_total\{[^}]*\} //p' | paste -sd+ | bc 2>/dev/null)
  same "and the refusals" "${refused:-0}" "$(value 'sum(ambit_refusals_total)')"
  same "no scrape had a sample that it could not take" $'duplicate_timestamp 0\nout_of_bounds 0\nout_of_order 0' \
    "$(get "http://127.0.0.1:$prom/metrics" |
      sed -nE 's/^prometheus_target_scrapes_sample_(duplicate_timestamp|out_of_bounds|out_of_order)_total /\1 /p' | sort)"
else
  skip "Prometheus itself: it cannot be had here"
fi

# --- reloads -------------------------------------------------------------------------------------------------------------

same "what is served is what is written" "0" "$(sample ambit_config_stale)"
echo 'nonsense' >>zones/ambit.policy
reload
same "after a reload that failed it is not" "1 0" "$(sample ambit_config_stale) $(sample ambit_config_last_reload_successful)"
has "and /readyz says so, ready all the same" "ok: snapshot 1 is served; the last reload failed" "$(page /readyz)"
sed -i '$d' zones/ambit.policy
echo 'http-host ambit.internal.test' >>zones/ambit.policy
reload
same "after one that went well it is again" "0 2" "$(sample ambit_config_stale) $(sample ambit_snapshot_generation)"
same "and a new http-host holds" "200" "$(code_of -H 'Host: Ambit.Internal.test' "http://127.0.0.1:$web/")"
for ((i = 0; i < 10; i++)); do
  kill -HUP "$server"
  page /metrics | tail -n 1
done >scrapes
same "scrapes during reloads are whole" "10" "$(grep -c '^process_max_fds [0-9]*$' scrapes)"

# --- rude clients ---------------------------------------------------------------------------------------------------------

cat >rude.py <<'END'
import random, socket, subprocess, sys, time
web, port, ambit = int(sys.argv[1]), sys.argv[2], None
def ask():
    return subprocess.run(["dig", "-r", "@127.0.0.1", "-p", port, "+tries=1", "+timeout=2", "+short", "orders.mesh.test"],
                          capture_output=True, text=True).stdout.strip()
def scrape():
    with socket.create_connection(("127.0.0.1", web), timeout=5) as s:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        octets = b""
        while part := s.recv(65536): octets += part
    return octets.startswith(b"HTTP/1.1 200") and b"\nprocess_max_fds " in octets
random.seed(8053)
right = ask()
for size in (1, 10, 100, 5000, 20000):
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", web), timeout=5) as s:
            try:
                s.sendall(random.randbytes(size) if random.random() < 0.5 else
                          random.choice([b"GET ", b"GET / HTTP/1.1\r\n", b"\r\n"]) + b"A" * size)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536): pass
            except OSError: pass
print("garbage", scrape(), ask() == right)
slow = []
for index in range(1000):
    s = socket.socket()
    s.settimeout(5)
    try:
        s.connect(("127.0.0.1", web))
        s.sendall(random.choice([b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b""]))
    except OSError: pass
    slow.append(s)
    if index in (200, 600): print("while they come", scrape(), ask() == right)
start = time.monotonic()
print("all there", scrape(), ask() == right, time.monotonic() - start < 5)
readers = []
for _ in range(100):
    s = socket.create_connection(("127.0.0.1", web), timeout=5)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    try: s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
    except OSError: pass
    readers.append(s)
print("who do not read", scrape(), ask() == right)
END
memory=$(sample process_resident_memory_bytes)
said=$(python3 rude.py "$web" "$port" 2>&1)
same "garbage does no harm" "garbage True True" "$(grep garbage <<<"$said")"
same "1000 slow clients keep nobody out" $'while they come True True\nwhile they come True True\nall there True True True' \
  "$(grep -E 'while they|all there|Error' <<<"$said")"
same "nor do those who take no response" "who do not read True True" "$(grep 'do not read' <<<"$said")"
matches "and were given up" '^[1-9][0-9]+$' "$(sample ambit_http_connections_given_up_total)"
grown=$((($(sample process_resident_memory_bytes) - memory) >> 20))
succeeds "memory does not grow by them" test "$grown" -lt 24

# --- logs that nothing takes ---------------------------------------------------------------------------------------------

main_port=$port main_web=$web
port=$(free_port) web=$(free_port)
"$AMBIT" serve zones --listen "127.0.0.1:$port" --http "127.0.0.1:$web" --query-log /dev/full --dnstap /dev/full \
  --metrics-log off >full.out 2>full.err &
full=$!
pids+=("$full")
until_true grep -q '^try:' full.out || failed "a server starts whose logs take nothing" "try:" "$(cat full.out full.err)"
for ((i = 0; i < 3; i++)); do data orders.mesh.test >/dev/null; done
counted() { [[ $(sample ambit_query_records_lost_total) == 3 && $(sample ambit_dnstap_records_lost_total) -ge 3 ]]; }
until_true counted
same "what a log's file does not take is counted" "3" "$(sample ambit_query_records_lost_total)"
matches "of dnstap too" '^[3-9]$' "$(sample ambit_dnstap_records_lost_total)"
unwell() { page /state.json | python3 -c 'import json, sys
print(*(one["name"] for one in json.load(sys.stdin)["health"]["checks"] if not one["isWell"]))'; }
is_unwell() { [[ $(unwell) == "query log dnstap" ]]; }
until_true is_unwell
same "and the page says that they are not well" "query log dnstap" "$(unwell)"
stop "$full"
port=$main_port web=$main_web

# --- ports -----------------------------------------------------------------------------------------------------------------

first=$server
other=$(free_port)
"$AMBIT" serve zones --listen "127.0.0.1:$other" --http "127.0.0.1:$web" --metrics-log off >taken.out 2>taken.err
same "an address that was asked for and is taken ends the start" "3" "$?"
has "and says so" "cannot bind 127.0.0.1:$web (--http): address already in use; another server has it" "$(cat taken.err)"
echo "http 127.0.0.1:$web" >>zones/ambit.policy
"$AMBIT" serve zones --listen "127.0.0.1:$other" --metrics-log off >taken.out 2>taken.err
same "in the policy too" "3" "$?"
matches "and says where" "cannot bind 127.0.0.1:$web \(http, zones/ambit.policy:[0-9]+\): address already in use" "$(cat taken.err)"
sed -i '$d' zones/ambit.policy

# The default port, whoever has it: another server, or one of ours.
main_port=$port port=$other
default_server() {
  "$AMBIT" serve zones --listen "127.0.0.1:$1" --metrics-log off >"$2.out" 2>"$2.err" &
  pids+=("$!")
  until_true grep -q '^try:' "$2.out" || failed "a server starts, whoever has the default port" "try:" "$(cat "$2.out" "$2.err")"
}
default_server "$other" one
one=$!
default_server "$(free_port)" two
two=$!
has "the second on the default port serves without a page, and says what to do" \
  'another program has 127.0.0.1:8053, so there is no page and no /metrics; write "http ADDRESS:PORT" or "http off" in the policy' \
  "$(cat two.err)"
same "and answers" "127.0.0.1" "$(data orders.mesh.test)"
stop "$two"
echo "http 127.0.0.1:$other" >>zones/ambit.policy
kill -HUP "$one"
succeeds "changed addresses take a restart, which is said" until_true grep -q 'changed http addresses take a restart' one.err
stop "$one"
port=$main_port
stop "$first"
same "the server ends as asked" 0 "$code"
