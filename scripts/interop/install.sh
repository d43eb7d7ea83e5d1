# scripts/install and scripts/uninstall: below a folder, without touching the machine; and what they install, serving port 53
# as somebody who is not root, in a network namespace.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export DESTDIR=$work/dest
install=("$root/scripts/install" --binary "$AMBIT" --prefix /opt/ambit)
uninstall=("$root/scripts/uninstall" --prefix /opt/ambit)
files() { (cd "$DESTDIR" 2>/dev/null && find . -type f | sort | xargs -r sha256sum); }

# --- bad input -------------------------------------------------------------------------------------------------------

refuses() { # TITLE SAID ARGUMENT…
  local title=$1 wanted=$2 said code
  shift 2
  said=$("$root/scripts/install" "$@" 2>&1)
  code=$?
  same "$title: exit code" 2 "$code"
  has "$title: is said" "$wanted" "$said"
}
refuses "a port that is none" '--port takes 1 to 65535, not "99999"' --port 99999
refuses "a prefix that is no path" "is no absolute path" --prefix 'opt;rm'
refuses "a user that can be none" "is no name for a system user" --user 'Root Beer'
refuses "a program that is not there" "is no program" --binary "$work/nothing"
refuses "an option without its value" "--port takes a value" --port
refuses "an unknown option" "usage:" --prefx /usr
same "nothing was written" "" "$(files)"

# --- below a folder --------------------------------------------------------------------------------------------------

said=$("${install[@]}" --dry-run)
has "--dry-run says what would be" "would: install $AMBIT as $DESTDIR/opt/ambit/bin/ambit" "$said"
same "and does nothing" "" "$(files)"
said=$("${install[@]}" 2>&1) || failed "it installs" "success" "$said"
has "it says what it left out" "left out: starting: DESTDIR is set" "$said"
for file in opt/ambit/bin/ambit opt/ambit/share/man/man1/ambit.1 opt/ambit/share/man/man5/ambit-policy.5 \
  opt/ambit/share/bash-completion/completions/ambit etc/ambit/ambit.policy etc/systemd/system/ambit.service; do
  if [[ -s $DESTDIR/$file ]]; then ok "there is $file"; else failed "there is $file" yes no; fi
done
same "the program runs" "$("$AMBIT" --version)" "$("$DESTDIR/opt/ambit/bin/ambit" --version)"
succeeds "its example has no mistake" "$AMBIT" check "$DESTDIR/etc/ambit"
has "and listens on port 53" "listen  127.0.0.1:53 [::1]:53" "$(cat "$DESTDIR/etc/ambit/ambit.policy")"
has "the unit starts the program where it is" "ExecStart=/opt/ambit/bin/ambit serve /etc/ambit" \
  "$(cat "$DESTDIR/etc/systemd/system/ambit.service")"
same "and names no other" "" "$(grep -E '^Exec.*=/usr/local' "$DESTDIR/etc/systemd/system/ambit.service")"

before=$(files)
said=$("${install[@]}" 2>&1)
same "again it changes nothing" "$before" "$(files)"
has "and says that /etc/ambit stays" "$DESTDIR/etc/ambit is left as it is" "$said"
echo "# mine" >>"$DESTDIR/etc/ambit/ambit.policy"
echo old >"$DESTDIR/opt/ambit/bin/ambit"
"${install[@]}" >/dev/null 2>&1
has "an upgrade keeps what is edited" "# mine" "$(tail -n 1 "$DESTDIR/etc/ambit/ambit.policy")"
same "and replaces the program" "$("$AMBIT" --version)" "$("$DESTDIR/opt/ambit/bin/ambit" --version)"
same "no half a file is left" "" "$(find "$DESTDIR" -name '*.new')"

# --- pages and completion --------------------------------------------------------------------------------------------

man=$DESTDIR/opt/ambit/share/man
if is_there groff; then
  for page in man1/ambit.1 man5/ambit-policy.5; do
    same "groff has nothing against $page" "" "$(LC_ALL=C groff -man -Tutf8 -ww -z "$man/$page" 2>&1)"
    same "it is ASCII" "" "$(LC_ALL=C grep -n '[^ -~]' "$man/$page")"
  done
  text=$(groff -man -Tutf8 "$man/man1/ambit.1" | sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g')
  for command in serve check explain diff audit graph top measure metrics reload; do
    has "ambit(1) has $command" "ambit $command" "$text"
  done
  has "with its options" "--metrics-interval SECONDS" "$text"
  text=$(groff -man -Tutf8 "$man/man5/ambit-policy.5" | sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g')
  has "ambit-policy(5) has the statements" "acyclic [observed]" "$text"
else
  skip "the manual pages, which take groff"
fi
if is_there mandoc; then
  same "mandoc finds no error" "" "$(mandoc -T lint -W error "$man/man1/ambit.1" "$man/man5/ambit-policy.5" 2>&1)"
else
  skip "mandoc"
fi
completed() { # WORD…
  bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ambit; echo "${COMPREPLY[*]}"' \
    bash "$DESTDIR/opt/ambit/share/bash-completion/completions/ambit" "$@"
}
same "bash completes commands" "explain" "$(completed ambit expl)"
has "and options" "--from" "$(completed ambit explain --)"
same "and statements" "acyclic" "$(completed ambit help policy acyc)"

# --- serving port 53 without root ------------------------------------------------------------------------------------

if [[ $(id -u) == 0 ]] && is_there setpriv && is_there unshare && is_there ip && unshare --net true 2>/dev/null; then
  chmod 755 "$work"
  chmod -R a+rX "$DESTDIR"
  mkdir logs
  chown nobody logs
  cat >in_namespace <<END
#!/bin/bash
ip link set lo up
cd $work/logs
setpriv --reuid nobody --regid $(id -g nobody) --clear-groups --no-new-privs --bounding-set -all,+net_bind_service \
  --inh-caps -all,+net_bind_service --ambient-caps -all,+net_bind_service \
  $DESTDIR/opt/ambit/bin/ambit serve $DESTDIR/etc/ambit --http off --workers 1 >$work/out 2>$work/err &
server=\$!
for ((try = 0; try < 200; try++)); do
  grep -q '^listening on' $work/out && break
  kill -0 \$server 2>/dev/null || break
  sleep 0.05
done
dig -r @127.0.0.1 +tries=1 +timeout=3 +short orders.mesh.test
dig -r @::1 +tcp +tries=1 +timeout=3 +short orders.mesh.test
sed -n 's/^Uid:\s*\([0-9]*\).*/uid \1/p; s/^CapEff:\s*/capabilities /p' /proc/\$server/status
kill \$server
wait \$server
echo "exit \$?"
END
  chmod 755 in_namespace
  said=$(unshare --net ./in_namespace 2>&1)
  same "what is installed serves port 53 as nobody, and keeps no right" \
    "127.0.0.1 127.0.0.1 uid $(id -u nobody) capabilities 0000000000000000 exit 0" "${said//$'\n'/ }"
else
  skip "port 53 without root, which takes root, setpriv, ip and a network namespace"
fi

# --- away again ------------------------------------------------------------------------------------------------------

said=$("${uninstall[@]}" --dry-run)
has "--dry-run says what would go" "would: rm -f $DESTDIR/opt/ambit/bin/ambit" "$said"
said=$("${uninstall[@]}")
has "it says what stays" "$DESTDIR/etc/ambit stays" "$said"
same "and nothing else does" "./etc" "$(cd "$DESTDIR" && find . -type f | cut -d / -f 1-2 | sort -u)"
has "what was edited is there" "# mine" "$(cat "$DESTDIR/etc/ambit/ambit.policy")"
succeeds "a second time does no harm" "${uninstall[@]}"
"${uninstall[@]}" --purge >/dev/null
same "--purge takes all" "" "$(files)"
