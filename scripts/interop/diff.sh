# `ambit diff` on the example: exactly the callers affected, as dig sees it too; and its exit codes.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

copy_zones old
copy_zones new

same "a folder is no different from itself" "nothing changes for anyone" \
  "$("$AMBIT" diff old new --exit-code | sed 's/ (.*//')"
succeeds "and --exit-code has nothing to say" "$AMBIT" diff old new --exit-code

# One endpoint of shard a moves.
sed -i 's/127\.0\.2\.31$/127.0.2.32/' new/shard-a/mesh.test.zone
"$AMBIT" diff old new >text
same "one moved endpoint: the line it stands in" \
  "orders.mesh.test. has other records  [new/shard-a/mesh.test.zone:3]  (12 answers)" "$(head -n 1 text)"
same "and whom it concerns, and no one else" \
  "everyone in shard-a except batch and payments: orders.mesh.test. A 127.0.2.30 127.0.2.31 → 127.0.2.30 127.0.2.32
everyone in shard-a except batch and payments: _http._tcp.orders.mesh.test. SRV beside it orders.mesh.test. A 127.0.2.31 → beside it orders.mesh.test. A 127.0.2.32" \
  "$(grep '^    ' text | sed 's/^ *//')"

# What every kind of caller is told by two servers is what diff says.
serve old
for caller in 127.0.0.1 127.0.1.{1,10,66} 127.0.2.{1,10,20,30,40,50,60,66} 127.0.3.{1,30,66}; do
  echo "$caller $(data -b "$caller" orders.mesh.test) $(status -b "$caller" orders.mesh.test)"
done >before
sed -i 's/127\.0\.2\.31$/127.0.2.32/' old/shard-a/mesh.test.zone
sed -i 's/127\.0\.2\.31$/127.0.2.32/' old/orders.policy
kill -HUP "${pids[0]}"
for _ in {1..50}; do
  if [[ $(data -b 127.0.2.1 orders.mesh.test) == *127.0.2.32* ]]; then break; fi
  sleep 0.1
done
for caller in 127.0.0.1 127.0.1.{1,10,66} 127.0.2.{1,10,20,30,40,50,60,66} 127.0.3.{1,30,66}; do
  echo "$caller $(data -b "$caller" orders.mesh.test) $(status -b "$caller" orders.mesh.test)"
done >after
same "dig finds the same callers" "127.0.2.1 127.0.2.10 127.0.2.20 127.0.2.30 127.0.2.50 127.0.2.60" \
  "$(diff before after | awk '/^>/ { print $2 }' | xargs)"
sed -i 's/127\.0\.2\.32$/127.0.2.31/' old/shard-a/mesh.test.zone

code() {
  "$@" >/dev/null 2>&1
  echo $?
}
same "--exit-code tells that something changes" 4 "$(code "$AMBIT" diff old new --exit-code)"
same "--max allows some" 0 "$(code "$AMBIT" diff old new --max 12)"
same "and no more" 4 "$(code "$AMBIT" diff old new --max 11)"
printf '%s\n' '{"source":"127.0.2.1","name":"orders.mesh.test.","type":"A"}' \
  '{"source":"127.0.3.1","name":"orders.mesh.test.","type":"A"}' 'no query' >log
matches "a log weighs it" "1 cause: 12 answers of 2 names.*; 50.0 % of 2 queries; 1 line of the log is no query" \
  "$("$AMBIT" diff old new --against-log log | tail -n 1)"
same "--max of the log's queries" 4 "$(code "$AMBIT" diff old new --against-log log --max 49.9%)"
same "or less" 0 "$(code "$AMBIT" diff old new --against-log log --max 50%)"
same "a share without a log is a mistake" 2 "$(code "$AMBIT" diff old new --max 50%)"
same "one folder is a mistake" 2 "$(code "$AMBIT" diff old)"
same "a folder that is not there" 3 "$(code "$AMBIT" diff old nowhere)"
echo "servce x" >>new/orders.policy
same "a folder that does not load" 1 "$(code "$AMBIT" diff old new)"
