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

# The intervals of a log add up to what the server says at its end, and so do sums.
serve zones --metrics-interval 1 --metrics-log day.jsonl
PORT=$port python3 "$here/metrics.py" day.jsonl >/dev/null 2>&1
echo "measure every 2" >zones/measure.policy
"$AMBIT" reload zones >/dev/null
PORT=$port python3 "$here/metrics.py" day.jsonl >/dev/null 2>&1
echo "measure off" >zones/measure.policy
"$AMBIT" reload zones >/dev/null
PORT=$port python3 "$here/metrics.py" day.jsonl >/dev/null 2>&1
stop "$server"
"$AMBIT" metrics --sum day.jsonl >sum.txt
"$AMBIT" metrics --sum --json day.jsonl >sum.jsonl
"$AMBIT" metrics --sum sum.jsonl >again.txt
python3 "$here/metrics.py" --sum day.jsonl "$out" sum.txt again.txt 2>&1 || failed "the sums are compared" 0 "$?"
matches "what is no log is said" "no line of .*ambit.policy is a metrics log's" "$("$AMBIT" metrics --sum zones/ambit.policy 2>&1)"
gzip -k day.jsonl
matches "what is compressed is told as such" "it is compressed: zcat day.jsonl.gz \| ambit metrics --sum -" "$("$AMBIT" metrics --sum day.jsonl.gz 2>&1)"
same "and is summed as that says" "$(cat sum.txt)" "$(zcat day.jsonl.gz | "$AMBIT" metrics --sum -)"
: >new.jsonl
same "a log that is empty yet is told as such" "ambit: new.jsonl is empty: no interval has ended yet 1" "$("$AMBIT" metrics --sum new.jsonl 2>&1) $("$AMBIT" metrics --sum new.jsonl 2>/dev/null; echo $?)"
same "and adds nothing to others" "$(cat sum.txt)" "$("$AMBIT" metrics --sum new.jsonl day.jsonl 2>/dev/null)"
matches "a name and --sum exclude each other" "residence is a metric's name.*usage:" "$("$AMBIT" metrics residence --sum day.jsonl 2>&1)"
matches "one that is near none has the list" "there is no metric \"nope\".*one of residence, queue" "$("$AMBIT" metrics nope 2>&1)"
same "a metric is found by its name in full" "$("$AMBIT" metrics residence)" "$("$AMBIT" metrics Priv_ResidenceDNS_Passive_IP-UDP-DNS_RFCnone_Seconds_Raw)"
matches "one that is not there is near another" "did you mean queue" "$("$AMBIT" metrics queu 2>&1)"
