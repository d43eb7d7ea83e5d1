# Dependencies as they are seen: a cycle among lookups is told, and refused where acyclic observed says so.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir zones
cat >zones/mesh.test.zone <<'END'
@ 60 IN SOA ns hostmaster 1 3600 600 3600 60
@ 60 IN NS ns
ns 60 IN A 192.0.2.1
reports 60 IN A 192.0.2.10
batch 60 IN A 192.0.2.11
store 60 IN A 192.0.2.12
END
policy() { # LINE…
  cat >zones/a.policy <<END
origin mesh.test
context test { from 127.0.1.0/24 }
context prod { from 127.0.2.0/23 }
context shard-a in prod { from 127.0.2.0/24 }
context shard-b in prod { from 127.0.3.0/24 }
service reports { runs-at 127.0.1.10 127.0.2.10 127.0.3.10 }
service batch { runs-at 127.0.1.11 127.0.2.11 127.0.3.11 }
service store { runs-at 127.0.1.12 127.0.2.12 127.0.3.12 }
END
  printf '%s\n' "$@" >>zones/a.policy
}
http_port=$(free_port)
logged() { grep -qF "$1" "$err"; }
refused() { [[ $(status -b "$1" "$2.mesh.test") == REFUSED ]]; }
answered() { [[ $(status -b "$1" "$2.mesh.test") == NOERROR ]]; }
# Waits for so many turns: the calls of this one are looked at within two seconds.
is_counted() { # SERVICE CONTEXT TARGET
  curl -s "http://127.0.0.1:$http_port/state.json" |
    python3 -c 'import json, sys
s, c, t = sys.argv[1:]
sys.exit(not any((x.get("service"), x.get("context"), x["target"]) == (s, c, t) for x in json.load(sys.stdin)["calls"]))' "$@"
}
metric() { curl -s "http://127.0.0.1:$http_port/metrics" | sed -nE "s/^$1 ([0-9.e+]+)$/\1/p"; }

# --- told ------------------------------------------------------------------------------------------------------------

policy
serve zones --http "127.0.0.1:$http_port" --metrics-log off
same "reports calls store" "192.0.2.12" "$(data -b 127.0.2.10 store.mesh.test)"
until_true is_counted reports shard-a store || failed "the call is counted" yes no
same "store calls batch" "192.0.2.11" "$(data -b 127.0.2.12 batch.mesh.test)"
until_true is_counted store shard-a batch || failed "the call is counted" yes no
same "in test batch calls reports: no cycle there" "192.0.2.10" "$(data -b 127.0.1.11 reports.mesh.test)"
until_true is_counted batch test reports || failed "the call is counted" yes no
same "nothing closes a cycle yet" "0" "$(metric ambit_calls_closing_cycles)"
same "in another shard of prod it does" "192.0.2.10" "$(data -b 127.0.3.11 reports.mesh.test)"
succeeds "the cycle is logged" until_true logged "batch → reports → store → batch: a cycle among calls seen in prod"
line=$(grep -F "a cycle among calls seen" "$err")
has "with when its last call was first seen" "last batch → reports since 20" "$line"
has "where its services are declared" "a.policy:6" "$line"
has "and what to do" "write acyclic observed" "$line"
same "once" "1" "$(grep -cF "a cycle among calls seen" "$err")"
same "it is answered all the same" "192.0.2.10" "$(data -b 127.0.3.11 reports.mesh.test)"
same "a counter has it" "1" "$(metric ambit_cycles_seen_total)"
same "and a gauge" "1" "$(metric ambit_calls_closing_cycles)"
same "state.json shows the way" "batch reports store batch in prod" \
  "$(curl -s "http://127.0.0.1:$http_port/state.json" | python3 -c 'import json, sys
print(*(" ".join(c["services"]) + " in " + c["context"] for c in json.load(sys.stdin)["cycles"]))')"
has "ambit top too" "cycle batch → reports → store → batch in prod" "$("$AMBIT" top --once zones 2>&1)"

# --- refused ---------------------------------------------------------------------------------------------------------

policy "acyclic observed"
reload
succeeds "a reload with acyclic observed refuses what closed it" until_true refused 127.0.3.11 reports
same "saying why" "15 batch may not call reports: acyclic observed, reports was seen calling batch (a.policy:9)" \
  "$(ede -b 127.0.3.11 reports.mesh.test)"
same "in all of prod" "REFUSED" "$(status -b 127.0.2.11 reports.mesh.test)"
same "a plain query as well" "REFUSED" "$(status -b 127.0.2.11 +noedns reports.mesh.test)"
same "not in test" "NOERROR" "$(status -b 127.0.1.11 reports.mesh.test)"
same "nor the calls that were there first" "NOERROR NOERROR" \
  "$(status -b 127.0.2.10 store.mesh.test) $(status -b 127.0.2.12 batch.mesh.test)"
has "dig CH TXT tells it too" "refused: batch may not call reports: acyclic observed" \
  "$(ask -b 127.0.2.11 +short CH TXT reports.mesh.test)"
until_true logged "acyclic observed (a.policy:9)"
has "the log has the refusal" "acyclic observed" "$(cat "$err")"

# The cycle of test is closed while the line is in force.
same "in test reports calls batch" "NOERROR" "$(status -b 127.0.1.10 batch.mesh.test)"
succeeds "and is refused from then on, for batch called first" until_true refused 127.0.1.10 batch
same "batch calls on" "NOERROR" "$(status -b 127.0.1.11 reports.mesh.test)"

policy "acyclic observed" "observe acyclic"
reload
same "observe acyclic lets it pass" "NOERROR" "$(status -b 127.0.2.11 reports.mesh.test)"
policy "acyclic observed" "mode observe"
reload
same "mode observe too" "NOERROR" "$(status -b 127.0.2.11 reports.mesh.test)"
policy "acyclic observed" 'except batch -> reports until 2099-12-31 because "INC-7, owner sre"'
reload
same "and an except" "NOERROR" "$(status -b 127.0.2.11 reports.mesh.test)"
has "which is told" "acyclic observed: lifted by except" "$(ask -b 127.0.2.11 +short CH TXT reports.mesh.test)"
policy "acyclic observed" "service other { }"
reload
same "without one it is refused again: nothing was forgotten" "REFUSED" "$(status -b 127.0.2.11 reports.mesh.test)"
policy
reload
same "and answered where nobody says acyclic observed" "NOERROR" "$(status -b 127.0.2.11 reports.mesh.test)"
stop "$server"
same "the server ends as asked" 0 "$code"
