# Ambit, NSD, Knot and BIND answer alike: the short form of scripts/differential/run.
# shellcheck shell=bash
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash "$root/scripts/differential/run" --short 2>&1
