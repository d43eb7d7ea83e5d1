# From observe to enforce: a day is logged, audited, the lines are pasted, and the same day is asked again of a server that
# enforces them with `default refuse`. Beside that the query log's own life: rotation, reloads, a disk that is full.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
sed -i '/^expect/d' zones/*.policy
cp -R zones observed
sed -i 's/^mode    enforce/mode    observe/' observed/ambit.policy
echo 'query-log queries.jsonl all' >>observed/ambit.policy
logged() { wc -l <queries.jsonl; }

# --- the day, observed -----------------------------------------------------------------------------------------------

serve observed
python3 "$here/audit.py" ask "$port" >day.txt 2>day.err || failed "the day is asked" "" "$(cat day.err)"
same "nothing is refused in observe" "0" "$(grep -c REFUSED day.txt)"
has_day() { (($(logged) >= 1501)); }
succeeds "every query is in the log, and a line that says what it has" until_true has_day
same "every line is JSON, with the documented fields" "1500 1" "$(python3 -c '
import json
lines = [json.loads(l) for l in open("queries.jsonl")]
fields = "time source transport context service known name type target decision rcode rules observed".split()
queries = [l for l in lines if "scope" not in l]
print(sum(list(l) == fields for l in queries), len(lines) - len(queries))')"
same "what would be refused is marked, with the rule and its place" "refuse $(grep -n 'refuse  batch' observed/orders.policy | sed 's/:.*//; s/^/orders.policy:/')" "$(python3 -c '
import json
for l in map(json.loads, open("queries.jsonl")):
    if l.get("service") == "batch" and l["target"] == "orders":
        assert l["observed"] and l["decision"] == "answered"
        print(l["rules"][0]["rule"], l["rules"][0]["place"])
        break')"

mv queries.jsonl old.jsonl
kill -USR1 "$server"
is_reopened() { [[ -s queries.jsonl ]]; }
succeeds "SIGUSR1 opens the log again" until_true is_reopened
ask orders.mesh.test >/dev/null
has_two() { (($(logged) >= 2)); }
succeeds "and queries go there" until_true has_two
sed -i 's/^query-log .*/query-log other.jsonl refused/' observed/ambit.policy
reload
ask orders.mesh.test >/dev/null
ask -b 127.0.2.66 orders.mesh.test >/dev/null
has_other() { (($(wc -l <other.jsonl) >= 2)); }
succeeds "a reload takes a changed query-log" until_true has_other
same "which now has refusals alone" "1 1" "$(grep -c '"scope":"refused"' other.jsonl) $(grep -c '"observed":true' other.jsonl)"
sed -i 's,^query-log .*,query-log /nowhere/x all,' observed/ambit.policy
reload
has "one that cannot be written is said" "cannot write /nowhere/x" "$(cat "$err")"
stop "$server"
same "the server ends well" 0 "$code"

# --- audit, paste, enforce -------------------------------------------------------------------------------------------

"$AMBIT" audit old.jsonl zones >report.txt 2>&1
same "audit reads the day" 0 $?
has "all of it" "1500 queries" "$(cat report.txt)"
"$AMBIT" audit --check old.jsonl zones >/dev/null 2>&1
same "audit --check says that enforce would refuse some of it" 1 $?
same "from standard input as well" "$(cat report.txt)" "$("$AMBIT" audit - zones <old.jsonl)"

for words in "audit old.jsonl zones" "graph zones" "check zones" "diff zones zones" "explain orders --from 127.0.1.1 zones" help; do
  # shellcheck disable=SC2086
  "$AMBIT" $words >/dev/full 2>full.txt
  same "a full disk is told: ${words%% *}" "3 ambit: cannot write standard output: no space left on device; free some space or write elsewhere" \
    "$? $(tail -n 1 full.txt)"
done
seq 3 >none.txt
"$AMBIT" audit none.txt zones >report.none 2>error.none
same "a file that is no log gets no report" "1  ambit: no line of none.txt is a query log's; write one with query-log" \
  "$? $(cat report.none) $(cat error.none)"
"$AMBIT" graph zones -o calls.png 2>error.none
same "a drawing says its format" "2 no" "$? $([[ -e calls.png ]] && echo yes || echo no)"
succeeds "or is told it" "$AMBIT" graph zones -o calls.png --format svg

cp -R zones enforced
sed -i 's/^default allow/default refuse/' enforced/ambit.policy
python3 "$here/audit.py" paste report.txt enforced
succeeds "what audit prints loads" "$AMBIT" check enforced
serve enforced
python3 "$here/audit.py" ask "$port" >again.txt 2>day.err || failed "the day is asked again" "" "$(cat day.err)"
stop "$server"
# What a refuse line or an isolation forbids stays forbidden, and audit said so.
python3 - >differences.txt <<'END'
import json
rules = {}
for line in map(json.loads, open("old.jsonl")):
    if "name" in line:
        rules[line["source"], line["name"], line["type"]] = {rule["rule"] for rule in line["rules"]}
for before, after in zip(open("day.txt"), open("again.txt")):
    caller, name, kind, rcode = after.split()
    if rcode != before.split()[3] and not rules[caller, f"{name}.mesh.test.", kind] & {"refuse", "isolate"}:
        print(after.strip())
END
same "with its lines, default refuse and enforce nothing is refused that passed" "" "$(cat differences.txt)"
cp -R zones strict
sed -i 's/^default allow/default refuse/' strict/ambit.policy
same "while without them it is" 1 "$("$AMBIT" audit --check old.jsonl strict >/dev/null 2>&1; echo $?)"

# --- the page and the drawings ----------------------------------------------------------------------------------------

mkdir page && cp old.jsonl page/queries.jsonl && cp -R enforced page/zones && cp -R enforced page/next
sed -i 's/^default refuse/default allow/' page/zones/ambit.policy
in_blocks() { awk -v kind="$1" '$0 == "```" kind { on = 1; next } /^```/ { if (on) print "--"; on = 0 } on' "$root/docs/observe-to-enforce.md"; }
known=0
while read -r words; do
  read -ra words <<<"$words"
  # `serve` does not end by itself; the story above serves.
  if [[ ${words[0]} != ambit || ${words[1]} == serve ]]; then continue; fi
  if ! "$AMBIT" help "${words[1]}" >/dev/null 2>&1; then
    skip "the page's ${words[*]}: no such command here"
    continue
  fi
  known=$((known + 1))
  (cd page && "$AMBIT" "${words[@]:1}" >../page.out 2>&1)
  code=$?
  # 1 says that something would be refused, or has changed.
  if ((code <= 1)); then ok "the page's ${words[*]}"; else failed "the page's ${words[*]}" "exit 0 or 1" "$code: $(cat page.out)"; fi
done < <(in_blocks sh)
same "the page has commands" "yes" "$( ((known >= 4)) && echo yes)"
echo 'tiers high > low
service web { tier low }
service checkout { tier low }
context prod { from 127.0.0.0/8 }' >>preamble
block=() blocks=0
while read -r line; do
  if [[ $line != -- ]]; then
    block+=("$line")
    continue
  fi
  blocks=$((blocks + 1))
  rm -rf fragment && mkdir fragment && cp zones/mesh.test.zone fragment
  { echo 'origin mesh.test' && cat preamble && printf '%s\n' "${block[@]}"; } >fragment/p.policy
  succeeds "the page's policy loads: ${block[0]}" "$AMBIT" check fragment
  block=()
done < <(in_blocks policy)
same "the page has policies" "yes" "$( ((blocks >= 4)) && echo yes)"

need_dot() { is_there dot || { is_there apt-get && apt-get install -y -qq --no-install-recommends graphviz >/dev/null 2>&1; }; }
succeeds "graph draws the day" "$AMBIT" graph zones --log old.jsonl -o calls.svg
succeeds "as XML" python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("calls.svg")'
succeeds "and for Graphviz" "$AMBIT" graph zones --log old.jsonl -o calls.dot
if need_dot && is_there dot; then
  succeeds "which draws it" dot -Tsvg -o /dev/null calls.dot
else
  skip "dot (package graphviz) is missing and cannot be installed here"
fi
has "and in text" "<- web" "$("$AMBIT" graph zones)"

# --- logs that are pipes ---------------------------------------------------------------------------------------------

mkfifo pipe.q pipe.m
for log in "--query-log pipe.q" "--metrics-log pipe.m"; do
  # shellcheck disable=SC2086 # an option and its value
  timeout 10 "$AMBIT" serve enforced --listen "127.0.0.1:$port" --http off $log >/dev/null 2>err.pipe
  same "${log% *}: a pipe that nobody reads is no log" 3 $?
  has "${log% *}: and why" "cannot write ${log#* } (${log% *}): it is a pipe that nobody reads" "$(cat err.pipe)"
done
# With a reader that reads nothing: bash holds both ends open, so that there is one.
exec {queries}<>pipe.q {metrics}<>pipe.m
serve enforced --query-log pipe.q --metrics-log pipe.m --metrics-interval 1
python3 "$here/audit.py" ask "$port" >/dev/null 2>day.err || failed "queries are answered where no one reads the log" "" "$(cat day.err)"
succeeds "a reader that is behind is said" until_true grep -q 'cannot write pipe.q: its reader is behind; .*not logged until there is room' "$err"
kill -USR1 "$server"
reload
stop "$server"
same "the server ends all the same" 0 "$code"
exec {queries}<&- {metrics}<&-
# By a reload: what was written before stays in use.
cp -R enforced piped
sed -i '/^query-log/d' piped/ambit.policy
serve piped
echo 'query-log pipe.q all' >>piped/ambit.policy
reload
matches "a reload onto a pipe that nobody reads says so" "cannot write pipe.q \(query-log, [^)]*\): it is a pipe that nobody reads" "$(cat "$err")"
same "and goes on" "NOERROR" "$(status -b 127.0.2.10 orders.mesh.test)"
stop "$server"
same "and the server ends" 0 "$code"

# --- a full disk -----------------------------------------------------------------------------------------------------

if unshare -m true 2>/dev/null; then
  cat >full.sh <<'END'
mkdir -p disk && mount -t tmpfs -o size=64k tmpfs disk && exec "$@"
END
  out=$work/out.full err=$work/err.full
  unshare -m bash full.sh "$AMBIT" serve enforced --listen "127.0.0.1:$port" --http off --query-log disk/q.jsonl >"$out" 2>"$err" &
  server=$!
  pids+=("$server")
  until_true grep -q '^listening on' "$out"
  inside=/proc/$server/root$work/disk
  python3 "$here/audit.py" ask "$port" >/dev/null 2>day.err || failed "queries are answered on a full disk" "" "$(cat day.err)"
  succeeds "a full disk is said" until_true grep -q 'no space left on device.*not logged until there is room' "$err"
  same "no half line is left" "" "$(tail -c 1 "$inside/q.jsonl" | tr -d '\n')"
  sleep 0.3 # longer than the longest wait between two writes
  cp "$inside/q.jsonl" before.jsonl
  : >"$inside/q.jsonl"
  asked=1500
  took_again() {
    asked=$((asked + 1))
    ask orders.mesh.test >/dev/null && grep -q 'takes lines again' "$err"
  }
  # Not by way of succeeds, whose subshell would count for itself.
  if until_true took_again; then ok "with room it goes on"; else failed "with room it goes on" "" "$(cat "$err")"; fi
  adds_up() {
    cat before.jsonl "$inside/q.jsonl" | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
found, missing = sum("name" in l for l in lines), sum(l.get("dropped", 0) for l in lines)
sys.exit(missing == 0 or found + missing != int(sys.argv[1]))' "$asked"
  }
  succeeds "and what is missing is counted: with it, every query is accounted for" until_true adds_up
  stop "$server"
else
  skip "a full disk: no mount namespace here"
fi
