# Balancing: proportions, drains, canaries and switches of a running server, as clients on the network see them.
# shellcheck shell=bash
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir zones
cat >zones/b.test.zone <<'END'
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
orders A 127.9.1.1
       A 127.9.1.2
       A 127.9.2.1
_http._tcp.orders SRV 0 5 80 one.orders
                  SRV 0 5 80 two.orders
one.orders A 127.9.1.1
two.orders A 127.9.1.2
END

# The policy, with lines in the service.
write_policy() {
  cat >zones/ambit.policy <<END
origin b.test
rate-limit off
context near { from 127.5.1.0/24; endpoints 127.9.1.0/24 }
context far { from 127.5.2.0/24; endpoints 127.9.2.0/24 }
context others { from 127.0.0.0/8 }
service orders {
  $1
}
END
}

balance() { python3 "$here/balance.py" "$port" "$@"; }

write_policy 'weight 127.9.1.1 70, 127.9.1.2 25, 127.9.2.1 5'
serve zones
succeeds "2,000 answers begin with each address as often as its weight says" \
  balance shares orders.b.test 127.9.1.1=70 127.9.1.2=25 127.9.2.1=5
same "a weight takes the place of an SRV record's own" "0 25 80 two.orders.b.test. 0 70 80 one.orders.b.test." \
  "$(data _http._tcp.orders.b.test SRV)"

write_policy 'max-answers 1'
reload
succeeds "with max-answers 1 each address is as likely, and alone" \
  balance shares orders.b.test 127.9.1.1=1 127.9.1.2=1 127.9.2.1=1
matches "an answer has one address" '^[0-9.]+$' "$(data orders.b.test)"

write_policy 'drain 127.9.1.2'
reload
same "a drained address is given to nobody" "127.9.1.1 127.9.2.1" "$(data orders.b.test)"
same "nor is an SRV record that leads to it" "0 5 80 one.orders.b.test." "$(data _http._tcp.orders.b.test SRV)"

write_policy 'blue 127.9.1.1; green 127.9.1.2; live blue'
reload
same "blue is live" "127.9.1.1 127.9.2.1" "$(data orders.b.test)"
sed -i 's/live blue/live green/' zones/ambit.policy
reload
same "one word makes it green" "127.9.1.2 127.9.2.1" "$(data orders.b.test)"

write_policy 'canary 127.9.2.1 10%'
reload
succeeds "a canary has a tenth of 1,500 callers" balance canary orders.b.test 127.9.2.1 1500 callers
stop "$server"
serve zones
succeeds "and the same ones after a restart" balance same orders.b.test 127.9.2.1 1500 callers

write_policy 'prefer near'
reload
same "callers get the endpoints of their own context" "127.9.1.1 127.9.1.2" "$(data orders.b.test -b 127.5.1.7)"
same "and those of another theirs" "127.9.2.1" "$(data orders.b.test -b 127.5.2.7)"
same "callers with none near get all" "127.9.1.1 127.9.1.2 127.9.2.1" "$(data orders.b.test)"

write_policy 'drain 127.9.0.0/16'
reload
same "with every address drained a lookup is refused" REFUSED "$(status orders.b.test)"
same "and says why" "23 orders: none of 3 endpoints is given: drain, live or canary" "$(ede orders.b.test)"
stop "$server"
