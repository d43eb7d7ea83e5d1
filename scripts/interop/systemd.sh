# What the service manager is told (Type=notify-reload): READY, RELOADING with its time, READY, STOPPING.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
PORT=$port python3 "$here/notify.py" "$work/notify" || failed "the manager ends well" 0 "$?"
PORT=$port python3 "$here/notify.py" "@ambit-interop-$$" || failed "the manager ends well" 0 "$?"

# The unit in scripts/: systemd understands every line of it, and thinks it well locked in.
if is_there systemd-analyze; then
  sed "s|^\(Exec[A-Z][a-z]*\)=/usr/local/bin/ambit|\1=$AMBIT|" "$root/scripts/ambit.service" >ambit.service
  verified=$(systemd-analyze verify --man=no ./ambit.service 2>&1)
  verified=$(grep -F ambit.service <<<"$verified")
  same "systemd-analyze finds nothing wrong with the unit" "" "$verified"
  score=$(systemd-analyze security --offline=yes --no-pager ./ambit.service 2>/dev/null |
    sed -nE 's/.*exposure level[^:]*: ([0-9]+)\.[0-9].*/\1/p')
  if [[ -n $score ]]; then
    matches "and calls its exposure low (level $score of 10)" '^[0-2]$' "$score"
  else
    skip "the unit's exposure, which takes systemd 250"
  fi
else
  skip "the systemd unit, which takes systemd-analyze"
fi

# A stand-in for the unit's sandbox: the same user's rights, one capability, and no new ones.
if [[ $(id -u) == 0 ]] && is_there setpriv; then
  chmod 755 "$work"
  chmod -R a+rX zones
  cat >confined <<END
#!/bin/bash
exec setpriv --reuid nobody --regid $(id -g nobody) --clear-groups --no-new-privs --bounding-set -all,+net_bind_service \
  --inh-caps -all,+net_bind_service --ambient-caps -all,+net_bind_service $AMBIT "\$@"
END
  chmod 755 confined
  AMBIT=$work/confined serve zones --listen 127.77.77.78:853 --metrics-log off
  same "with CAP_NET_BIND_SERVICE alone it binds a privileged port" "127.0.0.1" \
    "$(dig -r @127.77.77.78 -p 853 -b 127.0.0.1 +tries=1 +timeout=3 +short orders.mesh.test)"
  same "and keeps no capability" "0000000000000000" "$(sed -n 's/^CapEff:\s*//p' "/proc/$server/status")"
  same "says nothing about it" "" "$(cat "$err")"
  stop "$server"
  same "and ends as asked" 0 "$code"
else
  skip "the unit's capability, which takes root and setpriv"
fi
