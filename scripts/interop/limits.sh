# Floods, hostile connections and small machines: who asks honestly sees no difference; and who the server is when it serves.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
hostile() { # TOPIC
  PORT=$port SERVER=$server WORKERS=$workers python3 "$here/limits.py" "$1" >hostile.log 2>&1 || failed "limits.py $1 ends well" 0 "$?"
  cat hostile.log
}

# --- rates -----------------------------------------------------------------------------------------------------------

workers=2
serve zones --workers "$workers" --metrics-log off
hostile open
echo 'rate-limit 100/s slip 2 including loopback except 127.0.2.0/24' >>zones/ambit.policy
reload
hostile rates
stop "$server"
matches "the log says so, for whom, and what to do" \
  ' rate-limit held back [0-9]+ responses, [1-9][0-9]* of them sent empty with TC, the last to 127.0.0.0/24, whose hosts share one rate ' "$(cat "$err")"
matches "what was cut and what was dropped is counted" "responsesSlipped [1-9][0-9]*.*silent_limited [1-9]" "$(tr '\n' ' ' <"$out")"

# --- connections -----------------------------------------------------------------------------------------------------

sed -i '/^rate-limit/d' zones/ambit.policy
for workers in 1 2; do
  serve zones --workers "$workers" --metrics-log off
  hostile flood
  hostile hold
  echo 'tcp-limits connections 40 per-client 10 idle 2s' >>zones/ambit.policy
  reload
  hostile connections
  sed -i '/^tcp-limits/d' zones/ambit.policy
  stop "$server"
  same "it ends as asked" 0 "$code"
done

# --- small machines --------------------------------------------------------------------------------------------------

program=$AMBIT
small() { # COMMAND: run before the server, by the shell that becomes it
  printf '#!/bin/bash\n%s\nexec %q "$@"\n' "$1" "$program" >small
  chmod 755 small
  AMBIT=$work/small
}
small 'ulimit -n 64'
serve zones --workers 2 --metrics-log off
has "with 64 descriptors it says what that means" "at a time, not 1024; raise the limit on open files" "$(cat "$err")"
echo 'tcp-limits connections 2000' >>zones/ambit.policy
reload
until_true grep -q "at a time, not 2000; raise" "$err" || failed "and again where a reload wants more" "a line" "$(cat "$err")"
sed -i '/^tcp-limits/d' zones/ambit.policy
same "and serves over UDP and TCP" "127.0.0.1 127.0.0.1" "$(data orders.mesh.test) $(data orders.mesh.test +tcp)"
stop "$server"
small 'ulimit -S -n 64'
serve zones --workers 2 --metrics-log off
same "a limit that may be raised is raised" "" "$(cat "$err")"
stop "$server"
small 'ulimit -v 600000'
timeout 10 "$AMBIT" serve zones --workers 32 --listen "127.0.0.1:$port" --http off --metrics-log off >run.out 2>run.err
same "without memory for 32 workers it exits 3" 3 "$?"
matches "with one line that says so" '^ambit: cannot reserve [0-9]+ MB of addresses for 32 workers: .*--workers\)$' "$(cat run.err)"
AMBIT=$program

# --- who it is -------------------------------------------------------------------------------------------------------

identity() { sed -nE 's/^(Uid|Gid|Groups|CapEff|CapPrm|CapBnd|NoNewPrivs):\s*//p' "/proc/$1/status" | tr -s ' \t\n' ' '; }
timeout 10 "$AMBIT" serve zones --user no-such-user --listen "127.0.0.1:$port" --http off --metrics-log off >run.out 2>run.err
same "an unknown user exits 3" 3 "$?"
has "and is named" "cannot find user no-such-user" "$(cat run.err)"
timeout 10 "$AMBIT" serve zones --user a:b:c --metrics-log off >run.out 2>run.err
same "a user that is none exits 2" 2 "$?"
if [[ $(id -u) != 0 ]]; then
  timeout 10 "$AMBIT" serve zones --user root --listen "127.0.0.1:$port" --http off --metrics-log off >run.out 2>run.err
  same "without root, no other user: exits 3" 3 "$?"
  skip "the change of the user, which takes root"
  exit 0
fi

echo 'user nobody' >>zones/ambit.policy
nobody=$(id -u nobody) nogroup=$(id -g nobody)
ids="$nobody $nobody $nobody $nobody $nogroup $nogroup $nogroup $nogroup"
serve zones --workers 2 --metrics-log off
for task in /proc/"$server"/task/*; do
  matches "thread ${task##*/} is nobody, without capabilities" \
    "^$ids ($nogroup )?0000000000000000 0000000000000000 [0-9a-f]+ 1 $" "$(identity "$server/task/${task##*/}")"
done
has "a folder that nobody cannot read is said" "the right to read it" "$(cat "$err")"
same "and what was read before is served" "127.0.0.1" "$(data orders.mesh.test)"
stop "$server"
chmod 755 "$work"
chmod -R a+rX zones
serve zones --workers 2 --metrics-log off
same "nothing is said where it can be read" "" "$(cat "$err")"
sed -i 's/mail        MX    10 web/mail        MX    20 web/' zones/mesh.test.zone
reload
same "and a reload takes what is new" "20 web.mesh.test." "$(data mail.mesh.test MX)"
stop "$server"
same "it ends as asked" 0 "$code"
# What is read beside the folder, or is neither a zone nor a policy: each file is named.
mkdir elsewhere
printf '$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 5\n NS ns\n$INCLUDE hosts\n' >elsewhere/data
echo 'ns A 127.0.0.1' >elsewhere/hosts
echo e5e973e5a6b2a43f48e7dc849e37bfcf >zones/cookie.secret
chmod 600 elsewhere/* zones/cookie.secret
cp zones/ambit.policy saved.policy
printf 'cookie-secret file cookie.secret\nzone else.test file %s\n' "$work/elsewhere/data" >>zones/ambit.policy
serve zones --workers 1 --metrics-log off
for file in "$work/elsewhere/data" "$work/elsewhere/hosts" zones/cookie.secret; do
  has "what nobody cannot read is named: ${file##*/}" "ambit: cannot read $file: permission denied, so a reload will fail" "$(cat "$err")"
done
same "and nothing else is" 3 "$(wc -l <"$err")"
stop "$server"
cp saved.policy zones/ambit.policy
timeout 10 "$AMBIT" serve zones --listen "127.0.0.1:$port" --http off --metrics-log "$work/metrics.jsonl" >run.out 2>run.err
same "a metrics log that nobody cannot write exits 3" 3 "$?"
has "and is named" "cannot write $work/metrics.jsonl (--metrics-log): permission denied" "$(cat run.err)"

# A port that takes root to bind, on an address that nobody else uses.
low="127.77.77.77:853"
serve zones --workers 1 --listen "$low" --metrics-log off
same "a privileged port is bound before root is given up" "127.0.0.1" \
  "$(dig -r @127.77.77.77 -p 853 -b 127.0.0.1 +tries=1 +timeout=3 +short orders.mesh.test)"
stop "$server"
sed -i '/^user/d' zones/ambit.policy
serve zones --workers 1 --listen "$low" --metrics-log off
has "root without a user is advised of one" 'write "user NAME" in the policy' "$(cat "$err")"
stop "$server"
if is_there setpriv; then
  small 'exec setpriv --reuid nobody --regid '"$nogroup"' --clear-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service '"$program"' "$@"'
  serve zones --workers 1 --listen "$low" --user nobody --metrics-log off
  matches "who is that user already stays so, and gives up the capability to bind" \
    "^$ids 0000000000000000 0000000000000000 [0-9a-f]+ 1 $" "$(identity "$server")"
  stop "$server"
  timeout 10 "$work/small" serve zones --user root --listen "127.0.0.1:$port" --metrics-log off >run.out 2>run.err
  same "who is not root becomes no other: exits 3" 3 "$?"
  has "and is told what to do" "cannot become user root: operation not permitted; start as root" "$(cat run.err)"
else
  skip "starting as another user, which takes setpriv"
fi
