# SIGHUP: an edit changes the next answer; a broken edit changes nothing and is named in the log; no query is lost.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
serve zones --metrics-log metrics.jsonl

# Replaces text in a file of the folder, failing loudly where it is not there.
edit() { # FILE OLD NEW
  grep -qF "$2" "$1" || failed "the example still has \"$2\" in $1" "$2" "$(cat "$1")"
  python3 -c 'import sys; p, a, b = sys.argv[1:]; t = open(p).read(); open(p, "w").write(t.replace(a, b, 1))' "$@"
}

same "before: mail" "10 web.mesh.test." "$(data mail.mesh.test MX)"
edit zones/mesh.test.zone 'mail        MX    10 web' 'mail        MX    20 web'
same "an edit alone changes nothing" "10 web.mesh.test." "$(data mail.mesh.test MX)"
reload
same "an edited zone changes the next answer" "20 web.mesh.test." "$(data mail.mesh.test MX)"
has "and is logged" "reloaded zones" "$(cat "$err")"

echo 'extra A 127.0.0.1' >>zones/laptop/mesh.test.zone
reload
same "a name added to an overlay" "127.0.0.1" "$(data extra.mesh.test)"
same "is seen in no other context" "NXDOMAIN" "$(status -b 127.0.2.1 extra.mesh.test)"

sed -i 's/^expect.*batch.*$//; s/^expect from 127.0.2.66 .*$//; s/^expect from 127.0.1.66 .*$//' zones/orders.policy
edit zones/orders.policy 'refuse  batch' '# refuse batch'
reload
same "an edited policy changes the next answer" "127.0.2.30 127.0.2.31" "$(data -b 127.0.2.66 orders.mesh.test)"
edit zones/orders.policy '# refuse batch' 'refuse  batch'
reload
same "and back" "REFUSED" "$(status -b 127.0.2.66 orders.mesh.test)"

# Broken edits: each is made, must change nothing, must be named with its place, and is undone.
breaks() { # TITLE NAMED_IN_LOG FILE OLD NEW
  cp "$3" saved
  edit "$3" "$4" "$5"
  local lines
  lines=$(wc -l <"$err")
  edit zones/mesh.test.zone 'mail        MX    20 web' 'mail        MX    30 web' # would be seen, were it taken
  reload
  same "$1 changes nothing" "20 web.mesh.test. REFUSED" "$(data mail.mesh.test MX) $(status -b 127.0.2.66 orders.mesh.test)"
  matches "and is named in the log" "$2" "$(tail -n "+$((lines + 1))" "$err")"
  has "with what that means" "what was served before is still served" "$(tail -n "+$((lines + 1))" "$err")"
  cp saved "$3"
  sed -i 's/MX    30 web/MX    20 web/' zones/mesh.test.zone
}
line_of() { grep -nF "$2" "$1" | head -n 1 | cut -d : -f 1; }

breaks "a typing mistake in a zone" "zones/mesh.test.zone:$(line_of zones/mesh.test.zone 'info'):[0-9]+: error: " \
  zones/mesh.test.zone 'info        TXT' 'info        TXTT'
breaks "an address that is none" "zones/laptop/mesh.test.zone:$(line_of zones/laptop/mesh.test.zone 'inventory'):[0-9]+: error: " \
  zones/laptop/mesh.test.zone 'inventory   A     127.0.0.1' 'inventory   A     127.0.0.256'
breaks "a typing mistake in a policy" "ambit.policy:$(line_of zones/ambit.policy 'isolate shard-a'):[0-9]+: error: .*isolate" \
  zones/ambit.policy 'isolate shard-a' 'isolat shard-a'
breaks "a service that is not there" "orders.policy:[0-9]+:[0-9]+: error: .*did you mean \"checkout\"" \
  zones/orders.policy 'allow   orders checkout' 'allow   orders chekout'
breaks "an expect line that fails" "orders.policy:$(line_of zones/orders.policy 'expect from 127.0.0.1  orders'):[0-9]+: error: " \
  zones/orders.policy 'expect from 127.0.0.1  orders   A -> 127.0.0.1' 'expect from 127.0.0.1  orders   A -> 127.0.0.2'
mv zones/mesh.test.zone away.zone
reload
same "a base zone that is gone changes nothing" "20 web.mesh.test." "$(data mail.mesh.test MX)"
mv away.zone zones/mesh.test.zone
mv zones away
reload
same "a folder that is gone changes nothing" "20 web.mesh.test." "$(data mail.mesh.test MX)"
mv away zones
reload
has "whole again, it is taken" "reloaded zones" "$(tail -n 1 "$err")"
same "failures and reloads are in the metrics" "True" \
  "$(python3 -c 'import json; l = [json.loads(x) for x in open("metrics.jsonl")]; r = [x for x in l if x.get("event") == "reload"]
print(sum(x["loaded"] for x in r) == 5 and sum(not x["loaded"] for x in r) == 7)')"

# A log that cannot be opened keeps no policy from service; who asked for the reload is told.
cp zones/ambit.policy saved
mkfifo unread
told() { # TITLE PATTERN
  local said code
  said=$("$AMBIT" reload zones 2>&1)
  code=$?
  same "$1: the policy is served" "0" "$code"
  matches "and who reloads is told" "$2" "$said"
}
echo 'query-log /no/such/folder/q' >>zones/ambit.policy
line=$(wc -l <zones/ambit.policy)
cannot="cannot write /no/such/folder/q \(query-log, zones/ambit.policy:$line\): no such file or directory; until a reload can open it, queries are logged nowhere"
told "a query log in no folder" "reloaded zones.*$cannot"
told "and again" "reloaded zones.*$cannot"
matches "as JSON too" "\"remarks\" : \[[[:space:]]*\"$cannot\"" "$("$AMBIT" reload zones --json)"
same "the log has it once for each reload" "3" "$(grep -cE "$cannot" "$err")"
cp saved zones/ambit.policy
echo "dnstap $work" >>zones/ambit.policy
told "dnstap to a folder" "cannot write $work \(dnstap, .*\): is a directory; until a reload can open it, dnstap goes nowhere"
cp saved zones/ambit.policy
echo "query-log unread" >>zones/ambit.policy
told "a pipe that nobody reads" "cannot write unread \(query-log, .*\): it is a pipe that nobody reads"
cp saved zones/ambit.policy
echo "user somebody" >>zones/ambit.policy
told "a user" "a changed user takes a restart"
told "a user, unchanged since but not in effect" "a changed user takes a restart"
cp saved zones/ambit.policy
same "what is in effect again is not told" "1" "$("$AMBIT" reload zones 2>&1 | wc -l)"
has "a folder that is not there is told as such" "there is no folder nowhere" "$("$AMBIT" reload nowhere 2>&1)"

# 50 reloads under queries from several senders, over UDP and TCP.
PORT=$port SERVER=$server python3 "$here/reloads.py" 50 zones/mesh.test.zone "$err" 2>&1 || failed "the sender ends well" 0 "$?"

# SIGHUPs faster than it can load.
for _ in {1..100}; do kill -HUP "$server"; done
sleep 1
same "100 SIGHUPs at once are survived" "NOERROR" "$(status orders.mesh.test)"
stop "$server"
same "it ends as asked" 0 "$code"

# What was served before is given back: memory does not grow by what was loaded first, nor by any load after it.
mkdir large
printf 'origin large.test\ncontext default { }\n' >large/large.policy
{
  printf '$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 127.0.0.1\n'
  seq -f '%.0f' 1 200000 | sed -E 's/.*/s& A 127.0.0.1\n_http._tcp.s& SRV 0 0 80 s&\na& CNAME s&/'
} >large/large.test.zone
serve large
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }
at_first=$(resident)
for last in 2 3 4; do
  sed -i "s/^ns1 A .*/ns1 A 127.0.0.$last/" large/large.test.zone
  reload
done
is_small() { (($(resident) * 10 < at_first * 14)); }
until_true is_small || failed "after three reloads it takes about what it took at first" "less than 1.4 × $at_first KiB" "$(resident)"
same "and serves what was loaded last" "127.0.0.4" "$(data ns1.large.test)"
stop "$server"

# A wildcard listener answers from the address that was asked.
serve zones --listen "0.0.0.0:$port"
same "0.0.0.0 asked at 127.0.0.5" "127.0.0.1" "$(dig -r @127.0.0.5 -p "$port" +tries=1 +timeout=3 +short orders.mesh.test)"
same "and over TCP" "127.0.0.1" "$(dig -r @127.0.0.5 -p "$port" +tries=1 +timeout=3 +short +tcp orders.mesh.test)"
# The asker's own address is one that the kernel would not choose for a reply.
same "from another address" "127.0.2.30 127.0.2.31" \
  "$(dig -r @127.9.8.7 -b 127.0.2.1 -p "$port" +tries=1 +timeout=3 +short orders.mesh.test | sort | paste -sd ' ')"
stop "$server"
serve zones --listen "[::]:$port"
same "[::] asked at ::1" "127.0.0.1" "$(dig -r @::1 -p "$port" +tries=1 +timeout=3 +short orders.mesh.test)"
stop "$server"

# Several servers of one folder: `ambit reload` reaches each, and says what came of it at each.
copy_zones shared
serve shared --metrics-log off
first=$server first_port=$port
port=$(free_port)
serve shared --metrics-log off
second=$server second_port=$port
has "a later server says that it is one" "another server of shared runs" "$(cat "$err")"
mail() { for port in "$first_port" "$second_port"; do data mail.mesh.test MX; done | paste -sd ' '; }
edit shared/mesh.test.zone 'mail        MX    10 web' 'mail        MX    20 web'
said=$("$AMBIT" reload shared 2>&1)
same "a reload of both ends well" 0 "$?"
same "both are told of" "2 1 1" "$(grep -c '^server of process [0-9]*: reloaded shared: ' <<<"$said") $(grep -c "process $first:" <<<"$said") $(grep -c "process $second:" <<<"$said")"
same "and both answer what was edited" "20 web.mesh.test. 20 web.mesh.test." "$(mail)"
same "as JSON an object each" "$(printf '%s\n' "$first" "$second" | sort | paste -sd ' ')" \
  "$("$AMBIT" reload shared --json | python3 -c 'import json, sys
text, found, decoder = sys.stdin.read(), [], json.JSONDecoder()
while text.strip():
    value, end = decoder.raw_decode(text.lstrip()); text = text.lstrip()[end:]; found.append(value)
assert all(x["result"] == "reloaded" for x in found), found
print(*sorted(str(x["process"]) for x in found))')"
ln -s shared shared.link
said=$("$AMBIT" reload ./shared.link/ 2>&1)
same "by whatever path" "0 2" "$? $(grep -c ': reloaded ' <<<"$said")"
edit shared/mesh.test.zone 'info        TXT' 'info        TXTT'
said=$("$AMBIT" reload shared 2>&1)
same "what does not load is the end of both" "1 2" "$? $(grep -c '^server of process' <<<"$said")"
edit shared/mesh.test.zone 'info        TXTT' 'info        TXT'
# The first that is asked hangs.
kill -STOP "$first"
"$AMBIT" reload shared --json >reload.json 2>&1 &
json=$!
"$AMBIT" reload shared >reload.out 2>&1 &
command=$!
until_true grep -q "process $second: reloaded" reload.out || failed "one that hangs does not keep the other" "a line" "$(cat reload.out)"
until_true grep -q '"result" : "reloaded"' reload.json || failed "nor as JSON" "an object" "$(cat reload.json)"
kill -KILL "$first"
wait "$command"
same "one that ends without an answer is the command's code" "3 1" "$? $(grep -c "process $first: the server of shared gave no answer" reload.out)"
wait "$json"
same "as JSON it has an object too" "3 1 1" "$? $(grep -c '"result" : "no answer"' reload.json) $(grep -c "\"process\" : $first" reload.json)"
said=$("$AMBIT" reload shared 2>&1)
same "the second is reached without the first, and needs no name now" "0 reloaded" "$? ${said%% *}"
stop "$server"

# Anyone may take a name of the folder's and no connection: it keeps nobody from the server.
mkfifo squatted
python3 - shared >squatted <<'END' &
import os, socket, sys, time
folder = os.stat(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
kept = []
for number in ("", "/7"):
    name = f"\0ambit-{folder.st_dev}-{folder.st_ino}{number}"
    kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    kept[-1].bind(name)
    kept[-1].listen(0)
    try:
        while True:
            kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
            kept[-1].connect(name)
    except BlockingIOError:
        pass
print("taken", flush=True)
time.sleep(100)
END
squatter=$!
read -r said <squatted
same "two names are taken" "taken" "$said"
has "where no server is, that is told" "temporarily unavailable" "$("$AMBIT" reload shared 2>&1)"
port=$(free_port)
serve shared --metrics-log off
has "the server says so" "1 of the 16 names by which servers of shared are found is taken, by programs that take no connection" "$(cat "$err")"
said=$("$AMBIT" reload shared 2>reload.err)
same "it is reached all the same" "0 reloaded" "$? ${said%% *}"
has "with a warning" "if that is one more server of shared, it has not reloaded" "$(cat reload.err)"
succeeds "by top too" "$AMBIT" top shared --once
kill "$squatter"
stop "$server"
