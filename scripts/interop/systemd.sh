# What the service manager is told (Type=notify-reload): READY, RELOADING with its time, READY, STOPPING.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
PORT=$port python3 "$here/notify.py" "$work/notify" || failed "the manager ends well" 0 "$?"
PORT=$port python3 "$here/notify.py" "@ambit-interop-$$" || failed "the manager ends well" 0 "$?"
