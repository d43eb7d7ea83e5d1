# What goes wrong at the start is one clear line a mistake, with place, remedy and exit code; and how a server ends.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Runs a command that must end by itself; its exit code is $code, what it said $said (standard error) and $printed.
run() {
  timeout --kill-after=1 10 "$@" >run.out 2>run.err
  code=$?
  said=$(cat run.err)
  printed=$(cat run.out)
}
lines() { grep -c . <<<"$1"; }

# --- usage -----------------------------------------------------------------------------------------------------------

run "$AMBIT" sevre
same "an unknown command exits 2" 2 "$code"
has "and suggests the nearest" 'serve' "$said"
run "$AMBIT"
same "no command exits 2" 2 "$code"
run "$AMBIT" serve --lisen 127.0.0.1:1
same "an unknown option exits 2" 2 "$code"
has "and suggests the nearest" '--listen' "$said"
run "$AMBIT" serve --listen 127.0.0.999
same "a bad --listen exits 2" 2 "$code"
has "and names it" '"127.0.0.999" is no address' "$said"
run "$AMBIT" explain orders
same "explain without --from exits 2" 2 "$code"
run "$AMBIT" explain orders --from nowhere "$root/zones"
same "explain from no address exits 2" 2 "$code"
run "$AMBIT" --help
same "the summaries of commands stand in one column" "" "$(sed -n '/^usage:/,/^exit codes:/p' run.out | grep '^  ' | grep -vE '^  .{50} [^ ]' | grep -v 'what diff compared')"
run "$AMBIT" top nowhere
has "a folder that is not there is told as such" "there is no folder nowhere" "$said"
for command in "" serve check explain; do
  # shellcheck disable=SC2086
  run "$AMBIT" $command --help
  same "ambit ${command:+$command }--help exits 0 and says how" "0 yes" "$code $(grep -q '^usage: ambit' run.out && echo yes)"
done

# --- the system says no ----------------------------------------------------------------------------------------------

copy_zones zones
serve zones --metrics-log off
run "$AMBIT" serve zones --listen "127.0.0.1:$port" --http off --metrics-log off
same "a port in use exits 3" 3 "$code"
same "with one line" 1 "$(lines "$said")"
has "that names it" "127.0.0.1:$port" "$said"
same "and the first server goes on" "127.0.0.1" "$(data orders.mesh.test)"
stop "$server"

run "$AMBIT" serve absent --listen "127.0.0.1:$port"
same "a missing folder exits 3" "3 1" "$code $(lines "$said")"
has "and is named" "absent" "$said"
run "$AMBIT" check absent
same "a missing folder exits 3 in check too" "3 1" "$code $(lines "$said")"
run "$AMBIT" serve zones --listen 192.0.2.77:5300
same "an address that this machine lacks exits 3" "3 1" "$code $(lines "$said")"
has "and is named" "192.0.2.77:5300" "$said"
run "$AMBIT" serve zones --listen "127.0.0.1:$port" --http off --metrics-log /absent/metrics.jsonl
same "a metrics log that cannot be written exits 3" "3 1" "$code $(lines "$said")"
has "and the option is named" "cannot write /absent/metrics.jsonl (--metrics-log): no such file" "$said"
echo "dnstap $work" >zones/tap.policy
run "$AMBIT" serve zones --listen "127.0.0.1:$port" --http off
same "so does dnstap" "3 1" "$code $(lines "$said")"
has "and the statement is named" "cannot write $work (dnstap, zones/tap.policy:1): is a directory" "$said"
rm zones/tap.policy
serve zones --metrics-log m.jsonl --query-log q.jsonl --dnstap "unix:$work/tap.sock"
has "the start says where logs are" "writing metrics to m.jsonl, queries to q.jsonl, dnstap to socket $work/tap.sock" "$(cat "$out")"
stop "$server"

# Runs without the right to read all files, which root has.
unprivileged() {
  if [[ $(id -u) == 0 ]]; then
    setpriv --bounding-set=-dac_override,-dac_read_search -- "$@"
  else
    "$@"
  fi
}
export -f unprivileged
if [[ $(id -u) == 0 ]] && ! unprivileged true 2>/dev/null; then
  skip "unreadable files: root reads all of them, and setpriv cannot drop that here"
else
  chmod 000 zones/orders.policy
  run bash -c 'unprivileged "$AMBIT" serve zones --listen 127.0.0.1:'"$port"' --http off'
  same "an unreadable policy exits 3" 3 "$code"
  matches "and is named with the reason" "zones/orders.policy.*[Pp]ermission denied" "$said"
  chmod 644 zones/orders.policy
  chmod 000 zones/laptop/mesh.test.zone
  run bash -c 'unprivileged "$AMBIT" check zones'
  same "an unreadable zone exits 1 in check" 1 "$code"
  matches "and is named with the reason" "zones/laptop/mesh.test.zone.*[Pp]ermission denied" "$said$printed"
  chmod 644 zones/laptop/mesh.test.zone
fi

# --- zones with mistakes ---------------------------------------------------------------------------------------------

# A folder of one good zone and one with a mistake: the good one is served, the other answers SERVFAIL with EDE 24.
bad_zone() { # TITLE TEXT PATTERN-OF-MESSAGE
  rm -rf folder
  mkdir folder
  printf '$TTL 60\n@ SOA ns hostmaster 1 2 3 4 5\n NS ns\nns A 127.0.0.1\n' >folder/good.test.zone
  printf '%b' "$2" >folder/bad.test.zone
  serve folder --metrics-log off
  same "$1: the zone answers SERVFAIL" "SERVFAIL" "$(status x.bad.test)"
  matches "$1: with EDE 24" "^24( |$)" "$(ede x.bad.test)"
  same "$1: other zones are served" "127.0.0.1" "$(data ns.good.test)"
  matches "$1: the log names it" "$3" "$(cat "$err")"
  stop "$server"
  run "$AMBIT" serve folder --strict --listen "127.0.0.1:$port" --http off --metrics-log off
  same "$1: --strict exits 1" 1 "$code"
  matches "$1: and names it" "$3" "$said"
  run "$AMBIT" check folder
  same "$1: check exits 1" 1 "$code"
  matches "$1: and names it, too" "$3" "$said$printed"
}

good='$TTL 60\n@ SOA ns hostmaster 1 2 3 4 5\n NS ns\nns A 127.0.0.1\n'
bad_zone "a zone without SOA" '$TTL 60\n@ NS ns\nns A 127.0.0.1\n' "folder/bad.test.zone.*error: .*SOA"
bad_zone "a half-written file" '$TTL 60\n@ SOA ns hostmaster (1 2 3\n' "folder/bad.test.zone:2:[0-9]+: error: "
bad_zone "a file cut within a line" "${good}www A 127.0." "folder/bad.test.zone:5:[0-9]+: error: "
bad_zone "an empty file" '' "folder/bad.test.zone.*error: .*SOA"
bad_zone "a CNAME beside other data" "${good}www A 127.0.0.2\nwww CNAME ns\n" "folder/bad.test.zone:[56]:[0-9]+: error: CNAME"
bad_zone "a bad address" "${good}www A 127.0.0.256\n" "folder/bad.test.zone:5:7: error: .*127.0.0.256"
bad_zone "octets that are no text" "${good}\\0377\\0376\\0000 A 1 2 3\n" "folder/bad.test.zone:5:[0-9]+: error: "

printf '%b' "${good}a A 1\nb MX x\nc TYPO 1\n" >folder/bad.test.zone
run "$AMBIT" check folder
same "three mistakes are three lines" "3" "$(grep -c ': error: ' <<<"$said$printed")"

# --- policies with mistakes ------------------------------------------------------------------------------------------

bad_policy() { # TITLE STATEMENTS PATTERN-OF-MESSAGE
  rm -rf folder
  mkdir folder
  printf '%b' "$good" >folder/mesh.test.zone
  printf 'origin mesh.test\n%b\n' "$2" >folder/ambit.policy
  run "$AMBIT" serve folder --listen "127.0.0.1:$port" --http off --metrics-log off
  same "$1: exits 1" 1 "$code"
  matches "$1: names place and remedy" "$3" "$said"
  same "$1: one line for the mistake" 1 "$(grep -c ': error: ' <<<"$said")"
}

bad_policy "an unknown word" 'contxt a { from 10.0.0.0/8 }' 'folder/ambit.policy:2:1: error: .*contxt.*did you mean "context"'
bad_policy "an unknown service" 'service a\nservice b { allow aa }' 'folder/ambit.policy:3:[0-9]+: error: .*"aa".*did you mean'
bad_policy "a prefix claimed twice" 'context a { from 10.0.0.0/8 }\ncontext b { from 10.0.0.0/8 }' \
  'folder/ambit.policy:3:[0-9]+: error: .*10.0.0.0/8.*ambit.policy:2'
bad_policy "a bad address" 'context a { from 10.0.0.256 }' 'folder/ambit.policy:2:[0-9]+: error: .*10.0.0.256'
bad_policy "a prefix that is too long" 'context a { from 10.0.0.0/33 }' 'folder/ambit.policy:2:[0-9]+: error: .*/33'
bad_policy "a brace that is not closed" 'context a { from 10.0.0.0/8' 'folder/ambit.policy:[0-9]+:[0-9]+: error: '
bad_policy "contexts in a circle" 'context a in b\ncontext b in a' 'folder/ambit.policy:[23]:[0-9]+: error: '
bad_policy "an expect line that fails" 'expect from 127.0.0.1 ns A -> 127.0.0.2' 'folder/ambit.policy:2:[0-9]+: error: '
mkdir folder/nowhere
printf 'x 60 A 127.0.0.1\n' >folder/nowhere/mesh.test.zone
printf 'origin mesh.test\n' >folder/ambit.policy
run "$AMBIT" serve folder --listen "127.0.0.1:$port" --http off --metrics-log off
same "an overlay of no context exits 1" 1 "$code"
has "and is named" "folder/nowhere/mesh.test.zone: error: " "$said"

# --- ends ------------------------------------------------------------------------------------------------------------

milliseconds() { echo $(($(date +%s%N) / 1000000)); }
for signal in TERM INT; do
  # What holds it up holds it up each time; a busy machine does not. Each time it ends as asked.
  for _ in 1 2 3; do
    serve zones --metrics-log off
    data orders.mesh.test >/dev/null
    # A connection that stays open must not hold up the end.
    exec 9<>"/dev/tcp/127.0.0.1/$port"
    start=$(milliseconds)
    stop "$server" "$signal"
    took=$(($(milliseconds) - start))
    exec 9>&-
    if ((code != 0 || took < 1000)); then break; fi
  done
  same "SIG$signal: exit code" 0 "$code"
  same "SIG$signal: within a second (took $took ms)" 1 $((took < 1000))
  matches "SIG$signal: a summary is printed" "residence +decision.*laptop +answered +udp +1 .*no response: 0 of 1 queries" "$(cat "$out")"
done

# Standard output closed by its reader, as by `| head`: the server goes on, and ends with 0.
mkfifo pipe
head -n 1 pipe >first &
reader=$!
"$AMBIT" serve zones --listen "127.0.0.1:$port" --http off --metrics-log off >pipe 2>closed.err &
server=$!
pids+=("$server")
wait "$reader"
has "ambit serve | head -n 1 prints a line" "serves zones" "$(cat first)"
until_true dig -r @127.0.0.1 -p "$port" +tries=1 +timeout=1 orders.mesh.test
same "with standard output closed, it serves" "127.0.0.1" "$(data orders.mesh.test)"
kill -HUP "$server"
until_true grep -q reloaded closed.err
same "reloads" "127.0.0.1" "$(data orders.mesh.test)"
stop "$server"
same "and ends with 0" 0 "$code"

# A folder that has no zones and forwards: a plain forwarder, and it says so.
mkdir forwarder
echo "forward corp.example. 127.0.0.1:9" >forwarder/ambit.policy
serve forwarder
has "a server without zones that forwards says so" "names that are forwarded are answered, every other is refused" "$(cat "$out")"
has "and what to try" "  dig @127.0.0.1 -p $port corp.example" "$(cat "$out")"
stop "$server"
has "help names the statement that a word belongs to" \
  '"fallback" is no statement, but a word of fail; see ambit help policy fail' "$("$AMBIT" help policy fallback 2>&1)"
