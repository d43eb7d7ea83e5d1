# The passive times beside those of a packet capture, and how times compose: scripts/verify, with fewer queries.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

timeout 400 "$root/scripts/verify" --queries 1000 "$AMBIT" 2>&1
code=$?
same "the comparison ends well" 0 "$code"
