# dnstap as other people's programs read it, a file's and over a socket; and the logs' bad days: collectors that go away or
# stop reading, full disks, folders for files, rotation.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! is_there dnstap-ldns || ! is_there fstrm_capture; then
  skip "dnstap, for want of dnstap-ldns or fstrm_capture"
  exit 0
fi

copy_zones zones
sed -i '/^metrics-log\|^query-log/d' zones/*.policy
sock=$work/s.sock
# Whole lines of dnstap-ldns -q without the time: kind, address, transport, size, name, class, type.
printed() { dnstap-ldns -q -r "$1" | cut -d' ' -f3-; }
ask6() { dig -r @::1 -p "$port" +tries=1 +timeout=3 "$@"; }
ask_all() {
  ask orders.mesh.test >/dev/null
  ask +tcp orders.mesh.test >/dev/null
  ask6 orders.mesh.test >/dev/null
  ask6 +tcp orders.mesh.test >/dev/null
  ask -b 127.0.2.66 orders.mesh.test >/dev/null
}
expected='AQ 127.0.0.1 TCP "orders.mesh.test." IN A
AQ 127.0.0.1 UDP "orders.mesh.test." IN A
AQ 127.0.2.66 UDP "orders.mesh.test." IN A
AQ ::1 TCP "orders.mesh.test." IN A
AQ ::1 UDP "orders.mesh.test." IN A
AR 127.0.0.1 TCP "orders.mesh.test." IN A
AR 127.0.0.1 UDP "orders.mesh.test." IN A
AR 127.0.2.66 UDP "orders.mesh.test." IN A
AR ::1 TCP "orders.mesh.test." IN A
AR ::1 UDP "orders.mesh.test." IN A'
kinds() { printed "$1" | sed -E 's/ [0-9]+b / /' | LC_ALL=C sort; }

# --- a file ----------------------------------------------------------------------------------------------------------

serve zones --dnstap file.fstrm
ask_all
stop "$server"
same "the server ends well" 0 "$code"
same "dnstap-ldns prints the file: queries and responses, both transports and families, a refused one" "$expected" "$(kinds file.fstrm)"
whole=$(dnstap-ldns -y -r file.fstrm)
has "with the server's name" "identity: \"$(hostname)\"" "$whole"
has "its version" 'version: "ambit ' "$whole"
has "where it was asked" "response_port: $port" "$whole"
has "the refusal as it was sent" "rcode: REFUSED" "$whole"
# dnstap-ldns prints no extra: it is in the file as it is.
has "and in extra the rule and its line" '"rules":[{"rule":"refuse","place":"orders.policy:' "$(strings -n 20 file.fstrm)"

serve zones --dnstap file.fstrm
ask orders.mesh.test >/dev/null
stop "$server"
same "a file that was ended goes on" 12 "$(printed file.fstrm | wc -l)"
serve zones --dnstap file.fstrm
size=$(stat -c %s file.fstrm)
has_grown() { (($(stat -c %s file.fstrm) > size)); }
ask orders.mesh.test >/dev/null
succeeds "what was asked is in the file before the end" until_true has_grown
stop "$server" KILL
serve zones --dnstap file.fstrm
has "one that was not is moved aside, and that is said" "file.fstrm.1" "$(cat "$err")"
stop "$server"

cp -R zones rotating
printf '%s\n' 'dnstap many.fstrm rotate 16KiB keep 500' 'query-log many.jsonl rotate 16KiB keep 500' >>rotating/ambit.policy
serve rotating
seq 2000 | sed 's/.*/orders.mesh.test A/' >queries.txt
dnsperf -s 127.0.0.1 -p "$port" -d queries.txt -n 1 -q 20 >perf.txt 2>&1
stop "$server"
same "rotation by size loses no query of dnstap and splits none" "4000" \
  "$(for file in many.fstrm*; do printed "$file"; done | wc -l)"
same "nor of the query log" "2000" "$(cat many.jsonl* | python3 -c '
import json, sys
print(sum("name" in json.loads(line) for line in sys.stdin))')"
same "no file is larger than it may be" "" "$(find . -name 'many.*' -size +16384c)"

# --- a collector -----------------------------------------------------------------------------------------------------

capture() { # FILE
  fstrm_capture -t protobuf:dnstap.Dnstap -u "$sock" -w "$1" >capture.log 2>&1 &
  collector=$!
  pids+=("$collector")
  until_true test -S "$sock"
}
serve zones --dnstap "unix:$sock"
ask orders.mesh.test >/dev/null
is_said() { grep -q "$1" "$err"; }
succeeds "a collector that is not there at the start is said" until_true is_said "dnstap has no collector"
capture first.fstrm
succeeds "and found when it comes" until_true is_said "collector $sock is there"
ask_all
has_frames() { (($(stat -c %s "$1") > 2000)); }
until_true has_frames first.fstrm
stop "$server"
stop "$collector" INT
same "fstrm_capture receives all, from before it came on, and dnstap-ldns prints it" \
  "$(printf '%s\n%s' "$expected" 'AQ 127.0.0.1 UDP "orders.mesh.test." IN A
AR 127.0.0.1 UDP "orders.mesh.test." IN A' | LC_ALL=C sort)" "$(kinds first.fstrm)"

capture second.fstrm
serve zones --dnstap "unix:$sock"
seq 50000 | sed 's/.*/orders.mesh.test A/' >queries.txt
dnsperf -s 127.0.0.1 -p "$port" -d queries.txt -n 1 -q 50 -Q 12000 >perf.txt 2>&1 &
load=$!
until_true has_frames second.fstrm
stop "$collector" KILL
rm -f "$sock"
succeeds "a collector killed while queries run is said" until_true is_said "dnstap has no collector"
capture third.fstrm
succeeds "and found again" until_true is_said "collector $sock is there"
wait "$load"
same "no query was lost by that" "Queries completed: 50000 (100.00%)" \
  "$(grep -E 'Queries completed' perf.txt | tr -s ' ' | sed 's/^ //')"
stop "$server"
stop "$collector" INT
matches "what came later is with the new one" '^[1-9]' "$(printed third.fstrm | wc -l)"

# One that shakes hands and then stops reading.
rm -f "$sock"
python3 - "$sock" <<'END' &
import socket, struct, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
connection, _ = listener.accept()
connection.recv(1000)
kind = b"protobuf:dnstap.Dnstap"
body = struct.pack(">III", 1, 1, len(kind)) + kind
connection.send(struct.pack(">II", 0, len(body)) + body)
time.sleep(60)
END
reader=$!
pids+=("$reader")
until_true test -S "$sock"
serve zones --dnstap "unix:$sock" --metrics-log slow.jsonl --metrics-interval 1
yes 'orders.mesh.test A' | head -60000 >queries.txt
dnsperf -s 127.0.0.1 -p "$port" -d queries.txt -n 1 -q 50 >perf.txt 2>&1
same "a collector that does not read holds up no query" "Queries completed: 60000 (100.00%)" \
  "$(grep -E 'Queries completed' perf.txt | tr -s ' ' | sed 's/^ //')"
begin=$SECONDS
stop "$server"
same "nor the server's end" "0 yes" "$code $( ((SECONDS - begin <= 4)) && echo yes || echo $((SECONDS - begin)))"
has "what it did not take is said" "queries are missing from dnstap" "$(cat "$err")"
has "and counted" '"dnstapRecords' "$(cat slow.jsonl)"
kill "$reader" 2>/dev/null

# --- files that take nothing -----------------------------------------------------------------------------------------

mkdir folder
"$AMBIT" serve zones --listen "127.0.0.1:$port" --dnstap folder >/dev/null 2>full.txt
same "a folder is no file" "3 ambit: cannot write folder (--dnstap): is a directory" "$? $(tail -n 1 full.txt)"
cp -R zones late
echo "dnstap good.fstrm" >>late/ambit.policy
serve late --metrics-log /dev/full --query-log /dev/full --metrics-interval 1
ask orders.mesh.test >/dev/null
succeeds "a full disk is said" until_true is_said "cannot write /dev/full: no space left on device"
succeeds "and what it costs" until_true is_said "more queries are missing from the query log: its file did not take them"
sed -i 's/^dnstap .*/dnstap folder/' late/ambit.policy
reload
matches "at a reload a folder is said, and dnstap stays" "cannot write folder \(dnstap, late/ambit.policy:[0-9]+\): is a directory; until a reload can open it, dnstap goes as before" "$(cat "$err")"
ask orders.mesh.test >/dev/null
sed -i 's/^dnstap .*/dnstap other.fstrm one in 2/' late/ambit.policy
reload
for _ in $(seq 200); do echo "orders.mesh.test A"; done >queries.txt
dnsperf -s 127.0.0.1 -p "$port" -d queries.txt -n 1 >/dev/null 2>&1
stop "$server"
same "one that can be written is taken at a reload" 4 "$(printed good.fstrm | wc -l)"
matches "and a sample of one in two is about that" '^(1[4-9]|2[0-5])[0-9]$' "$(printed other.fstrm | wc -l)"

if [[ $(id -u) == 0 ]] && mkdir -p small && mount -t tmpfs -o size=64k none small 2>/dev/null; then
  serve zones --dnstap small/f.fstrm --query-log small/q.jsonl
  yes 'orders.mesh.test A' | head -3000 >queries.txt
  dnsperf -s 127.0.0.1 -p "$port" -d queries.txt -n 1 >perf.txt 2>&1
  same "a disk that fills up holds up no query" "Queries completed: 3000 (100.00%)" \
    "$(grep -E 'Queries completed' perf.txt | tr -s ' ' | sed 's/^ //')"
  succeeds "and is said" until_true is_said "no space left on device"
  stop "$server"
  same "what is in the log are whole lines" "" "$(python3 -c '
import json
for line in open("small/q.jsonl"):
    json.loads(line)' 2>&1 | tail -n 1)"
  umount small
else
  skip "a disk that fills up, for want of a tmpfs"
fi

# --- the metrics log at a reload --------------------------------------------------------------------------------------

echo "metrics-log one.jsonl every 1s" >>late/ambit.policy
sed -i '/^dnstap/d' late/ambit.policy
serve late
ask orders.mesh.test >/dev/null
succeeds "the metrics log is written" until_true test -s one.jsonl
sed -i 's/^metrics-log.*/metrics-log two.jsonl every 2s/' late/ambit.policy
reload
succeeds "and elsewhere after a reload that says so" until_true test -s two.jsonl
stop "$server"
