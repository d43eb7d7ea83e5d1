# What a query costs the server, in counts that do not depend on the machine's speed: scripts/cost.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$root/scripts/cost" "$AMBIT"
code=$?
# 4 is of cases that it printed as FAILED.
if ((code != 0 && code != 4)); then failed "scripts/cost compares everything" "exit 0 or 4" "$code"; fi
