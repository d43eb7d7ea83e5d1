# What is measured: the metrics log, line by line, and the summary at the end; both add up to what was sent.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones zones
serve zones --metrics-interval 1 --metrics-log metrics.jsonl
PORT=$port python3 "$here/metrics.py" metrics.jsonl >cases 2>&1
code=$?
cat cases
same "the sender ends well" 0 "$code"
stop "$server"
same "the server ends as asked" 0 "$code"
python3 "$here/metrics.py" metrics.jsonl "$out" "$(sed -n 's/^# sent //p' cases)" 2>&1 || failed "the counting ends well" 0 "$?"

serve zones --metrics-log off
rm -f metrics.jsonl
data orders.mesh.test >/dev/null
sleep 1.2
stop "$server"
same "--metrics-log off writes none" "no" "$([[ -e metrics.jsonl ]] && echo yes || echo no)"
