# `reload guard` and `ambit reload`: an edit that changes most of what was asked lately waits to be forced, and who asks for
# a reload is told what came of it.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
echo 'reload guard 20%' >>zones/ambit.policy
place=ambit.policy:$(wc -l <zones/ambit.policy)
serve zones --metrics-log metrics.jsonl --workers 2

reload_command() { # [OPTION…]: what it prints is $said, its exit code $code
  said=$("$AMBIT" reload "$@" 2>&1)
  code=$?
}
# What the log says after a moment that is kept in $seen.
mark() { seen=$(wc -l <"$err"); }
since() { tail -n "+$((seen + 1))" "$err"; }
edit() { sed -i "$2" "zones/$1"; }
answers() { echo "$(data -b 127.0.2.10 orders.mesh.test) $(data -b 127.0.0.1 inventory.mesh.test) $(status -b 127.0.2.66 orders.mesh.test)"; }

# Nothing was asked yet: taken, and said.
reload_command zones
same "before anything is asked a reload is taken" 0 "$code"
has "and says that nothing could be tried" "nothing was asked lately" "$said"
has "and what is served" "reloaded zones: 1 zone" "$said"

# Asked by several callers, over UDP and TCP: orders 8 times, inventory twice.
before=$(answers)
for _ in 1 2 3; do data -b 127.0.2.10 orders.mesh.test >/dev/null; done
data -b 127.0.2.10 +tcp OrDeRs.MESH.test >/dev/null
data -b 127.0.3.10 orders.mesh.test >/dev/null
data -b 127.0.3.11 +tcp orders.mesh.test >/dev/null
data -b 127.0.0.1 inventory.mesh.test >/dev/null

# A small edit is taken, and its share told: nobody asked for mail.
edit mesh.test.zone 's/^mail  .*/mail MX 20 web/'
reload_command zones/
same "an edit of what nobody asked for is taken" 0 "$code"
has "with its share" "none of 10 recently asked answers changes (reload guard 20%, $place)" "$said"
same "and is served" "20 web.mesh.test." "$(data mail.mesh.test MX)"

# An edit that changes most answers is held back.
sed -i 's/127\.0\.\([23]\)\.30$/127.0.\1.99/' zones/mesh.test.zone zones/*/mesh.test.zone
sed -i '/^expect/d' zones/orders.policy
mark
reload_command zones
same "an edit of most that was asked is held back" 4 "$code"
# 7 of 11, for orders; the batch job is refused as before, inventory and mail are as they were.
has "its share is told, and what to do" \
  "zones was not reloaded, held back: 64 % of 11 recently asked answers would change (reload guard 20%, $place); ambit reload --force takes it all the same" \
  "$said"
matches "the list names the heaviest first" \
  "takes it all the same; what was served before is still served
  orders.mesh.test. A: 127.0.2.30 127.0.2.31 -> 127.0.2.31 127.0.2.99; asked [0-9]+ times by [0-9]+ callers, most by web in shard-a at 127.0.2.10" \
  "$said"
same "the log says the same" "$(grep -v warning <<<"$said")" "$(since | grep -v warning | sed 's/^[^ ]* //')"
same "what was served is still served" "$before" "$(answers)"
has "the metrics log has it" '"held":true' "$(grep '"event":"reload"' metrics.jsonl | tail -n 1)"

# By SIGHUP the same.
mark
reload
has "SIGHUP is held back too" "held back: " "$(since)"
has "with the list" "  orders.mesh.test. A: 127.0.2.30 127.0.2.31 -> 127.0.2.31 127.0.2.99" "$(since)"

# A policy without the guard does not slip past the one in force.
edit ambit.policy '/^reload guard/d'
reload_command zones
same "the guard in force counts, not the new policy's" 4 "$code"
echo 'reload guard 20%' >>zones/ambit.policy

# A broken edit: the load's mistakes.
echo 'broken A 127.0.0.256' >>zones/mesh.test.zone
reload_command zones
same "a broken edit is not reloaded" 1 "$code"
matches "its mistakes are listed as check lists them" "zones/mesh.test.zone:[0-9]+:[0-9]+: error: " "$said"
has "and what that means" "zones was not reloaded: 1 error; what was served before is still served" "$said"
reload_command zones --force
same "nor by force" 1 "$code"
reload_command zones --json
same "the same as JSON" "failed 1" \
  "$(python3 -c 'import json,sys; r = json.load(sys.stdin); print(r["result"], len([f for f in r["findings"] if f["severity"] == "error"]))' <<<"$said")"
sed -i '/^broken/d' zones/mesh.test.zone

reload_command zones --json
same "what is held back as JSON" "held 1 orders.mesh.test." \
  "$(python3 -c 'import json,sys; r = json.load(sys.stdin); print(r["result"], len(r["messages"]), r["changes"][0]["name"])' <<<"$said")"

# Force takes it.
reload_command zones --force
same "--force takes it" 0 "$code"
has "and says so" "taken all the same: --force" "$said"
same "the new answers are served" "127.0.2.31 127.0.2.99" "$(data -b 127.0.2.10 orders.mesh.test)"
has "the metrics log says forced" '"forced":true' "$(grep '"event":"reload"' metrics.jsonl | tail -n 1)"
reload_command zones
same "what is in force changes nothing" 0 "$code"

# What is gone is named.
sed -i '/^service ledger/d' zones/services.policy
reload_command zones
has "a service that is gone is named" "; gone: service ledger" "$said"

# Whatever path leads to the folder.
ln -s "$PWD/zones" link
for path in ./zones "$PWD/zones" link link/ zones/../zones; do
  reload_command "$path"
  same "reached as ${path#"$PWD"}" 0 "$code"
done

# Several at once all get an answer.
many=()
for number in {1..12}; do
  "$AMBIT" reload zones >"many.$number" 2>&1 &
  many+=($!)
done
wait "${many[@]}"
same "twelve at once are all answered" 12 "$(grep -l '^reloaded zones' many.* | wc -l)"
kill -HUP "$server"
reload_command zones
same "one in the middle of another waits for the next" 0 "$code"

# Another folder, another server; the same folder, no second name.
copy_zones others
first=$server first_err=$err
port=$(free_port)
serve others
reload_command others
has "a server of another folder is another" "reloaded others: " "$said"
stop "$server"
port=$(free_port)
serve zones
has "a second server of the folder says so" "another server of zones runs; " "$(cat "$err")"
stop "$server"
server=$first err=$first_err

# Who is silent, breaks off, or talks nonsense keeps nobody.
python3 - zones <<'END'
import os, socket, sys
status = os.stat(sys.argv[1])
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(f"\0ambit-{status.st_dev}-{status.st_ino}")
    s.settimeout(5)
    return s
quiet = [connect() for _ in range(14)]
gone = connect(); gone.send(b"reload\n"); gone.close()
for words in (b"restart\n", b"reload now\n", b"\n", b"\xff\n"):
    s = connect(); s.send(words); answer = b""
    while more := s.recv(9999): answer += more
    expected = b'this server understands "reload [force] [json]", "state", run, override'
    if words == b"\xff\n": expected = b"a request has characters in it that are not seen"
    print("ok nonsense is refused" if answer.startswith(b"refused\n" + expected) else f"FAILED nonsense is refused: {words} {answer}")
s = connect(); s.send(b"x" * 4096)
try:
    answer = s.recv(99)
except ConnectionResetError:
    answer = b""
print("ok a line without end is cut off" if answer == b"" else f"FAILED a line without end is cut off: {answer}")
import subprocess
done = subprocess.run([os.environ["AMBIT"], "reload", sys.argv[1]], capture_output=True)
print("ok silent ones keep nobody from a reload" if done.returncode == 0 else f"FAILED silent ones: {done}")
END

# Who may ask.
if [[ $(id -u) == 0 ]] && is_there setpriv; then
  chmod 755 "$work"
  chmod -R a+rX zones
  cp "$AMBIT" ambit-for-all && chmod 755 ambit-for-all
  said=$(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups ./ambit-for-all reload zones 2>&1)
  code=$?
  same "another user is refused" 3 "$code"
  matches "and told why" "^ambit: user [0-9]+ may not ask this server; root and user 0 may$" "$said"

  # One who takes the name is not believed.
  copy_zones bait
  python3 -c 'import os, socket, sys, time
status = os.stat(sys.argv[1]); os.setresuid(65534, 65534, 65534); s = socket.socket(socket.AF_UNIX)
s.bind(f"\0ambit-{status.st_dev}-{status.st_ino}"); s.listen(); print("there", flush=True); time.sleep(20)' bait >bait.out &
  pids+=($!)
  until_true grep -q there bait.out
  reload_command bait
  same "who takes a folder's name is not believed" 3 "$code"
  has "and that is said" "is not believed" "$said"

  # A server that another user started is believed where root says so.
  copy_zones theirs
  cat >confined <<END
#!/bin/bash
exec setpriv --reuid nobody --regid $(id -g nobody) --clear-groups $work/ambit-for-all "\$@"
END
  chmod 755 confined
  chmod -R a+rX theirs
  port=$(free_port)
  AMBIT=$work/confined serve theirs --metrics-log off
  reload_command theirs
  same "a server of another user is not believed" 3 "$code"
  reload_command theirs --user nobody
  same "but where that user is named" 0 "$code"
  stop "$server"

  # A server that became another user is still reached by root, and by that user.
  copy_zones dropped
  chmod -R a+rX dropped
  port=$(free_port)
  serve dropped --user nobody --metrics-log off
  reload_command dropped
  same "a server that is nobody by now obeys root" 0 "$code"
  setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups ./ambit-for-all reload dropped >/dev/null 2>&1
  same "and its own user" 0 "$?"
  stop "$server"
  server=$first err=$first_err
else
  skip "who may ask for a reload, which takes root and setpriv"
fi

# A release put in place by one renaming: the folder is another, its path is the same.
copy_zones release.1
copy_zones release.2
echo 'newer A 127.0.0.1' >>release.2/laptop/mesh.test.zone
ln -s release.1 current
port=$(free_port)
serve current
ln -s release.2 next
mv -T next current
reload_command current
same "a link that has moved on is reloaded by its name" 0 "$code"
same "and what it leads to is served" "127.0.0.1" "$(data newer.mesh.test)"
stop "$server"

stop "$first"
reload_command zones
same "without a server the exit code is 3" 3 "$code"
has "and that is said" "no server of zones runs here" "$said"
reload_command nowhere
same "without a folder too" 3 "$code"
