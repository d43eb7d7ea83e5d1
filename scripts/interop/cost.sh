# What a query costs the server, in counts that do not depend on the machine's speed: scripts/cost.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$root/scripts/cost" "$AMBIT"
code=$?
if ((code > 1)); then failed "scripts/cost runs" "exit 0 or 1" "$code"; fi
