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
refuses "a folder for a program" "is no program" --binary "$work"
refuses "an option without its value" "--port takes a value" --port
refuses "an unknown option" "usage:" --prefx /usr
same "nothing was written" "" "$(files)"

# --- below a folder --------------------------------------------------------------------------------------------------

said=$("${install[@]}" --dry-run)
has "--dry-run says what would be" "would: install $AMBIT as $DESTDIR/opt/ambit/bin/ambit" "$said"
same "and does nothing" "" "$(files)"
said=$("${install[@]}" 2>&1) || failed "it installs" "success" "$said"
if is_there ldd && [[ $(ldd "$AMBIT") == *libswift* ]]; then
  has "it says that the program takes libraries" "$AMBIT takes libswift" "$said"
else
  has "it says no word of libraries" "0" "$(grep -c "libraries of Swift" <<<"$said")"
fi
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

succeeds "a port with zeros in front is that port" env DESTDIR="$work/zeros" "${install[@]}" --port 0053
has "in the configuration too" "listen  127.0.0.1:53 [::1]:53" "$(cat zeros/etc/ambit/ambit.policy)"
(umask 077 && DESTDIR=$work/mask "${install[@]}" >/dev/null 2>&1)
same "whatever the umask, all may read what it installs" "" "$(find mask ! -perm -444 -o -type d ! -perm -555)"
mkdir bin
ln -s "$AMBIT" bin/ours
succeeds "a program is named without a slash" env -C bin DESTDIR="$work/named" "${install[@]:0:1}" --binary ours --prefix /opt/ambit

# A copy of the example that ends half-way is none the next time.
mkdir broken
printf '#!/bin/sh\nmkdir -p "$DESTDIR/etc/ambit.new"\nexit 1\n' >broken/cp
chmod 755 broken/cp
same "what fails half-way fails" 1 "$(DESTDIR=$work/half PATH=$work/broken:$PATH "${install[@]}" >/dev/null 2>&1; echo $?)"
DESTDIR=$work/half "${install[@]}" >/dev/null 2>&1
same "and the next time the example is whole" "" \
  "$(diff -rq "$root/zones" half/etc/ambit | grep -v 'ambit.policy differ')$(ls -d half/etc/ambit.new 2>/dev/null)"

# An upgrade whose program cannot read the configuration that is there.
echo "context" >>zeros/etc/ambit/ambit.policy
echo old >zeros/opt/ambit/bin/ambit
said=$(DESTDIR=$work/zeros "${install[@]}" --no-start 2>&1)
same "a configuration with mistakes ends it" 1 "$?"
has "which says so" "nothing was changed" "$said"
same "the program that was there stays" old "$(cat zeros/opt/ambit/bin/ambit)"

# --- as root, on a machine of which /etc, /run and /var/log are this test's own -------------------------------------------

in_root() { # COMMAND…
  unshare --mount --propagation private "$work/in_root" "$@" 2>&1
}
cat >in_root <<END
#!/bin/bash
unset DESTDIR
mount --bind $work/machine/etc /etc && mount --bind $work/machine/log /var/log && mount -t tmpfs tmpfs /run || exit 99
mkdir -p /run/systemd/system
PATH=$work/fake:\$PATH exec "\$@"
END
mkdir -p machine/log fake
printf '#!/bin/sh\necho "$*" >>"%s/systemctl.log"\n' "$work" >fake/systemctl
chmod 755 in_root fake/systemctl
calls() { # What systemd was asked for since the last time.
  paste -sd '|' systemctl.log 2>/dev/null
  rm -f systemctl.log
}
if [[ $(id -u) == 0 ]] && is_there useradd && cp -a /etc machine/etc && in_root true >/dev/null; then
  install=("$root/scripts/install" --binary "$AMBIT" --prefix "$work/usr")
  uninstall=("$root/scripts/uninstall" --prefix "$work/usr")
  succeeds "root installs" in_root "${install[@]}"
  same "and starts it" "daemon-reload|enable ambit|restart ambit" "$(calls)"
  has "with a user of its own" ":/nonexistent:/usr/sbin/nologin" "$(in_root getent passwd ambit)"
  succeeds "again, without a start" in_root "${install[@]}" --no-start
  same "the unit that changed is read" "daemon-reload" "$(calls)"
  echo "context" >>machine/etc/ambit/ambit.policy
  echo old >usr/bin/ambit
  in_root "${install[@]}" >/dev/null
  same "an upgrade that cannot start is none" "1 old " "$? $(cat usr/bin/ambit) $(calls)"
  has "--purge takes the user that it made" "ambit stays not" \
    "$(in_root "${uninstall[@]}" --purge; in_root getent passwd ambit || echo "ambit stays not")"
  same "and what it wrote" "" "$(find usr machine/etc/ambit machine/etc/systemd/system/ambit.service -type f 2>/dev/null)"
  calls >/dev/null
  in_root useradd --system --comment "of others" others
  succeeds "as a user that was there" in_root "${install[@]}" --user others
  has "the unit names that one" "User=others" "$(cat machine/etc/systemd/system/ambit.service)"
  has "--purge lets that one be" "the user others stays" "$(in_root "${uninstall[@]}" --purge --user others)"
  has "nor is it ever root" "the user root stays" "$(in_root "${uninstall[@]}" --purge --user root)"
  same "both are there" "others root" "$(in_root getent passwd others root | cut -d : -f 1 | paste -sd ' ')"

  mkdir source
  cp -R "$root/scripts" "$root/zones" source
  chown -R nobody source
  has "with sudo, who owns the sources builds" "would: sudo --login --user nobody -- swift build" \
    "$(SUDO_USER=nobody source/scripts/install --dry-run)"
  has "who does not, does not" "would: swift build" "$(SUDO_USER=daemon source/scripts/install --dry-run)"
  install=("$root/scripts/install" --binary "$AMBIT" --prefix /opt/ambit)
  uninstall=("$root/scripts/uninstall" --prefix /opt/ambit)
else
  skip "an installation as root, which takes root, useradd and a mount name space"
fi

# --- pages and completion --------------------------------------------------------------------------------------------

man=$DESTDIR/opt/ambit/share/man
if is_there groff; then
  for page in man1/ambit.1 man5/ambit-policy.5; do
    same "groff has nothing against $page" "" "$(LC_ALL=C groff -man -Tutf8 -ww -z "$man/$page" 2>&1)"
    same "it is ASCII" "" "$(LC_ALL=C grep -n '[^ -~]' "$man/$page")"
  done
  text=$(groff -man -Tutf8 "$man/man1/ambit.1" | sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g')
  for command in serve check explain diff audit graph top run override measure metrics reload; do
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
has "and the options of today's commands" "--context --override" "$(completed ambit run --)"

# --- the container's configuration -----------------------------------------------------------------------------------

mkdir container
sources=$(sed -nE 's/^COPY ([a-z].*) container\/$/\1/p' "$root/Dockerfile")
# shellcheck disable=SC2086
succeeds "the Dockerfile copies files that there are" env -C "$root" cp $sources "$work/container/"
succeeds "they have no mistake" "$AMBIT" check container
command=$(sed -nE 's/^CMD \["serve", "\/etc\/ambit", (.*)\]$/\1/p' "$root/Dockerfile" | tr -d '",')
has "the container listens for everyone" "--listen 0.0.0.0:5300" "$command"
serve container --listen "0.0.0.0:$port"
same "and tells whoever asks the same" "127.0.2.30 127.0.3.30" "$(data -b 127.200.0.9 orders.mesh.test)"
succeeds "its health check finds it well" "$AMBIT" top --once --json container
has "the Dockerfile asks so" '"top", "--once", "--json", "/etc/ambit"' "$(grep ^HEALTHCHECK "$root/Dockerfile")"
stop "$server"
if "$AMBIT" top --once --json container >/dev/null 2>&1; then failed "and ill once it is gone" failure success; else ok "and ill once it is gone"; fi

# --- serving port 53 without root ------------------------------------------------------------------------------------

if [[ $(id -u) == 0 ]] && is_there setpriv && is_there unshare && is_there ip && unshare --net true 2>/dev/null; then
  chmod 755 "$work"
  chmod -R a+rX "$DESTDIR"
  mkdir logs
  chown nobody logs
  cat >in_namespace <<END
#!/bin/bash
ip link set lo up
[[ \${1:-} != four ]] || ip address del ::1/128 dev lo
cd $work/logs
setpriv --reuid nobody --regid $(id -g nobody) --clear-groups --no-new-privs --bounding-set -all,+net_bind_service \
  --inh-caps -all,+net_bind_service --ambient-caps -all,+net_bind_service \
  $DESTDIR/opt/ambit/bin/ambit serve \${folder:-$DESTDIR/etc/ambit} --http off --workers 1 >$work/out 2>$work/err &
server=\$!
for ((try = 0; try < 200; try++)); do
  grep -q '^listening on' $work/out && break
  kill -0 \$server 2>/dev/null || break
  sleep 0.05
done
dig -r @127.0.0.1 +tries=1 +timeout=3 +short orders.mesh.test
[[ \${1:-} == four ]] || dig -r @::1 +tcp +tries=1 +timeout=3 +short orders.mesh.test
sed -n 's/^Uid:\s*\([0-9]*\).*/uid \1/p; s/^CapEff:\s*/capabilities /p' /proc/\$server/status
kill \$server
wait \$server
echo "exit \$?"
END
  chmod 755 in_namespace
  said=$(unshare --net ./in_namespace 2>&1)
  same "what is installed serves port 53 as nobody, and keeps no right" \
    "127.0.0.1 127.0.0.1 uid $(id -u nobody) capabilities 0000000000000000 exit 0" "${said//$'\n'/ }"
  said=$(unshare --net ./in_namespace four 2>&1)
  same "on a host without IPv6 too" "127.0.0.1 uid $(id -u nobody) capabilities 0000000000000000 exit 0" "${said//$'\n'/ }"
  cp -R "$DESTDIR/etc/ambit" leasing
  sed -i 's/^context laptop .*/context laptop { from 127.0.0.1 ::1; leases }/' leasing/ambit.policy
  said=$(folder=$work/leasing unshare --net ./in_namespace 2>&1)
  has "where a leases line stands it keeps that one right" "capabilities 0000000000000400" "$said"
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
has "how much went" "5 files taken away" "$said"
succeeds "a second time does no harm" "${uninstall[@]}"
has "and says that nothing is there" "nothing of scripts/install is in $DESTDIR/opt/ambit" "$("${uninstall[@]}")"
"${uninstall[@]}" --purge >/dev/null
same "--purge takes all" "" "$(files)"
