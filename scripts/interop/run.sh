# `ambit run` and `ambit override`: programs in several languages, of a user who is not root, find the names of another
# context; nobody else does. All in a network namespace, so that port 53 and the machine's files stay as they are.
# shellcheck shell=bash disable=SC2154,SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! unshare -n -m true 2>/dev/null || ! is_there setpriv || ! is_there ip; then
  skip "run: this takes root, unshare, setpriv and ip"
  exit 0
fi
copy_zones zones
sed -i -e 's/^context laptop .*/context laptop { from 127.0.0.1 ::1; leases nobody }/' \
  -e 's/^context test .*/context test { from 127.0.1.0\/24; deny-as nxdomain; leases * }/' \
  -e 's/^context prod .*/context prod { from 127.0.2.0\/23; listen 127.0.0.77:53 }/' \
  -e 's/^metrics-log .*//' zones/ambit.policy
echo 'context far { from 10.9.0.0/16; leases * }' >>zones/ambit.policy
# Programs of another user reach this folder and the program.
chmod 755 "$work" && chmod -R a+rX zones
cp "$AMBIT" ambit && chmod 755 ambit
printf 'nameserver 127.0.0.99\n' >resolv.conf
printf 'hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n' >nsswitch.conf

cat >by.py <<'END'
import socket, sys
print(*sorted({i[4][0] for i in socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET, socket.SOCK_STREAM)}))
END
cat >by.js <<'END'
require("dns").lookup(process.argv[2], { family: 4 }, (error, address) => console.log(error ? error.code : address));
END
cat >by.c <<'END'
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
int main(int count, char **words) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *all;
  if (count < 2 || getaddrinfo(words[1], "80", &hints, &all) != 0) return 1;
  puts(inet_ntoa(((struct sockaddr_in *)all->ai_addr)->sin_addr));
}
END
cat >By.java <<'END'
public class By {
  public static void main(String[] words) throws Exception {
    System.out.println(java.net.InetAddress.getByName(words[0]).getHostAddress());
  }
}
END
is_there musl-gcc && musl-gcc -static -o by.musl by.c 2>/dev/null
is_there javac && javac By.java 2>/dev/null
chmod -R a+rX .

unshare -n -m bash -s "$here" "$work" <<'END'
source "$1/lib.sh"
cd "$2" || exit 3
# Resolvers ask for what the machine has addresses of (AI_ADDRCONFIG), and loopback does not count.
ip link set lo up && ip address add 198.18.0.1/32 dev lo || { skip "run: no loopback in a namespace"; exit 0; }
for file in resolv.conf nsswitch.conf; do
  mount --bind "$2/$file" "$(readlink -f /etc/$file)" || { skip "run: mounts are not permitted here"; exit 0; }
done

AMBIT=$2/ambit
# Where what is leased outlives the server.
mkdir -m 755 kept
export RUNTIME_DIRECTORY=$2/kept
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups env "HOME=$2" PATH=/usr/bin:/bin:/usr/sbin)
run() { "${as_nobody[@]}" "$AMBIT" run --folder "$2" --context "$1" "${@:3}"; }
in_test() { run test zones "$@"; }
list() { "$AMBIT" override --list --folder zones; }
nothing() { [[ $(list) == "nothing is overridden"* ]]; }

has "without a server it says so" "no server of zones runs here; start one (ambit serve zones)" "$(in_test -- true 2>&1)"
in_test -- true 2>/dev/null
same "without a server the exit code is 3" 3 $?

# The server becomes another user, and keeps the right to bind port 53 alone.
serve zones --listen 127.0.0.1:53 --listen 127.0.0.77:53 --metrics-log off --user daemon
same "the server's capabilities are those to bind ports" 0000000000000400 "$(awk '/^CapEff/ { print $2 }' "/proc/$server/status")"

# --- as if in test ---------------------------------------------------------------------------------------------------

before=$(cat /etc/resolv.conf /etc/nsswitch.conf)
same "python finds test's copy" 127.0.1.30 "$(in_test -- /usr/bin/python3 by.py orders.mesh.test)"
same "a bare name is completed" 127.0.1.30 "$(in_test -- /usr/bin/python3 by.py orders)"
is_there node && same "node finds it" 127.0.1.30 "$(in_test -- node by.js orders)"
[[ -e By.class ]] && same "java finds it" 127.0.1.30 "$(in_test -- java -cp . By orders)"
[[ -e by.musl ]] && same "a static program of musl finds it" 127.0.1.30 "$(in_test -- ./by.musl orders)"
same "getent finds it" 127.0.1.30 "$(in_test -- getent ahostsv4 orders | awk 'NR == 1 { print $1 }')"
python3 -c '
import http.server
http.server.HTTPServer(("127.0.1.30", 8099), http.server.SimpleHTTPRequestHandler).serve_forever()' 2>/dev/null &
pids+=("$!")
until_true curl -so /dev/null http://127.0.1.30:8099/by.js
same "curl calls it" 200 "$(in_test -- curl -so /dev/null -w '%{http_code}' http://orders:8099/by.js)"
has "the program is in the context" '"context test"' "$(in_test -- dig +short CH TXT whoami.ambit)"
same "it is the user that it was, and no other is there" "65534 65534 1" "$(in_test -- awk '{ print $1, $2, $3 }' /proc/self/uid_map)"
same "it may mount nothing" 0000000000000000 "$(in_test -- awk '/^CapEff/ { print $2 }' /proc/self/status)"
same "nsswitch.conf asks DNS before others" "hosts: mymachines files dns myhostname" "$(in_test -- cat /etc/nsswitch.conf)"
same "the machine's files are as they were" "$before" "$(cat /etc/resolv.conf /etc/nsswitch.conf)"
same "and who stands elsewhere sees what he saw" 127.0.0.1 "$(dig +short @127.0.0.1 orders.mesh.test)"
same "root without CAP_SYS_ADMIN, as in a container, takes a user name space" 127.0.1.30 \
  "$(setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$AMBIT" run --folder zones --context test -- /usr/bin/python3 by.py orders 2>&1)"
same "TCP works there" 127.0.1.30 "$(in_test -- dig +short +tcp orders.mesh.test)"
same "many at once" 12 "$(for i in {1..12}; do in_test -- /usr/bin/python3 by.py orders & done | grep -c '^127.0.1.30$')"

same "what the caller's environment says of resolving does not count" 127.0.1.30 \
  "$(LOCALDOMAIN=example.org RES_OPTIONS=ndots:9 HOSTALIASES=/dev/null in_test -- /usr/bin/python3 by.py orders)"
(umask 077 && same "nor does its umask" -rw-r--r-- "$(in_test -- stat -Lc %A /etc/resolv.conf)")

# What writes the machine's file anew puts another in its place, which takes what is mounted there away; so all of /etc is
# covered. In a copy of /etc, without the files that are mounted in this one.
cp -a /etc etc 2>/dev/null && chmod 755 etc
cat >anew.sh <<'SH'
umount "$(readlink -f /etc/resolv.conf)" "$(readlink -f /etc/nsswitch.conf)"
mount --bind etc /etc && rm -f /etc/resolv.conf && echo 'nameserver 127.0.0.98' >/etc/resolv.conf
: >seen && chmod 666 seen
setpriv --reuid nobody --regid nogroup --clear-groups ./ambit run --folder zones --context test -- sh -c \
  'grep nameserver /etc/resolv.conf >seen; until test -e renamed; do sleep 0.05; done; grep nameserver /etc/resolv.conf; python3 by.py orders' &
until test -s seen; do sleep 0.05; done
echo 'nameserver 127.0.0.97' >/etc/resolv.new && mv /etc/resolv.new /etc/resolv.conf && touch renamed
wait
SH
matches "a resolv.conf that is renamed over is still the run's own" $'^nameserver 127\.53\.[0-9.]+\n127\.0\.1\.30$' \
  "$(unshare -m bash anew.sh)"

# A listener of the context's own needs no lease.
same "a context with a listener at port 53" "nameserver 127.0.0.77" "$(run prod zones -- grep nameserver /etc/resolv.conf)"

# --- how it ends -----------------------------------------------------------------------------------------------------

in_test -- sh -c 'exit 7'
same "the exit code is the program's" 7 $?
in_test -- sh -c 'kill -TERM $$' 2>/dev/null
same "so is the signal" 143 $?
in_test -- ./no-such-program 2>/dev/null
same "a program that is not there is 127" 127 $?
in_test -- ./by.c 2>/dev/null
same "one that cannot be run is 126" 126 $?
same "arguments are the program's, --help too" "--help -x" "$(in_test -- echo --help -x)"
until_true nothing
: >its-pid && chmod 666 its-pid
"${as_nobody[@]}" "$AMBIT" run --folder zones --context test -- sh -c 'echo $$ >its-pid; exec sleep 100' &
wrapper=$!
disown "$wrapper"  # that it is killed is no news
until_true test -s its-pid
same "no process is between" "$wrapper" "$(cat its-pid)"
has "the lease is listed" "nobody runs a program in test, at 127.53." "$(list)"
where=$(list | sed -nE 's/.* at (127\.53\.[0-9.]+),.*/\1/p' | tail -n 1)
same "its address answers as test" 127.0.1.30 "$(dig +short "@$where" orders.mesh.test)"
kill -KILL "$(cat its-pid)"
gone() { ! list | grep -q "$where"; }
succeeds "after kill -9 the lease is gone" until_true gone
matches "and nobody listens there" "refused|timed out|no servers" "$(dig +tries=1 +timeout=1 "@$where" orders.mesh.test 2>&1)"
succeeds "a child that lives on keeps the lease" sh -c "$(printf '%q ' "${as_nobody[@]}" "$AMBIT") run --folder zones --context test -- sh -c 'sleep 4 & :' && $AMBIT override --list --folder zones | grep -q test"
succeeds "and when it ends, so does the lease" until_true nothing

# --- mistakes --------------------------------------------------------------------------------------------------------

has "a context that is not there" 'no context is called "tset"; did you mean test?' "$(run tset zones -- true 2>&1)"
run tset zones -- true 2>/dev/null
same "its exit code" 1 $?
has "a context that nobody leases" 'nobody leases shard-a: write "leases" in its context block' "$(run shard-a zones -- true 2>&1)"
run shard-a zones -- true 2>/dev/null
same "its exit code, too" 3 $?
has "no context" "run takes --context C" "$(in_test 2>&1 --context x; "$AMBIT" run -- true 2>&1)"
has "an override that is none" '"orders" is no override' "$(in_test --override orders -- true 2>&1)"
has "a name in no zone" "is in no zone that is served" "$(in_test --override orders.example.org.=127.0.0.1 -- true 2>&1)"
# A user name space in which everybody is who he is, and in which there may be no others.
unshare -U sleep 60 &
space=$!
pids+=("$space")
is_apart() { [[ $(readlink "/proc/$space/ns/user") != "$(readlink /proc/self/ns/user)" ]]; }
until_true is_apart
if echo "0 0 65536" >"/proc/$space/uid_map" && echo "0 0 65536" >"/proc/$space/gid_map" &&
  nsenter -t "$space" -U -S 0 -G 0 bash -c 'echo 0 >/proc/sys/user/max_user_namespaces'; then
  refused=$(nsenter -t "$space" -U -S 65534 -G 65534 "$AMBIT" run --folder zones --context test -- true 2>&1; echo "exit $?")
  has "where there may be no namespaces it says why" "user name spaces are switched off: sysctl user.max_user_namespaces=" "$refused"
  has "with exit code 3" "exit 3" "$refused"
  succeeds "and leases nothing then" until_true nothing
else
  skip "namespaces switched off: no map of a user name space can be written here"
fi

# --- overrides -------------------------------------------------------------------------------------------------------

with() { in_test --override orders=127.0.0.1:8099 -- "$@"; }
same "an override is seen by the program" 127.0.0.1 "$(with /usr/bin/python3 by.py orders)"
same "SRV records say its port" "0 0 8099 orders.mesh.test." "$(with dig +short SRV _http._tcp.orders.mesh.test)"
same "the environment says it" 127.0.0.1:8099 "$(with printenv AMBIT_OVERRIDE_ORDERS)"
same "other names are as in test" 127.0.1.20 "$(with /usr/bin/python3 by.py checkout)"
has "it explains itself" "override by nobody for one program" "$(with dig +short CH TXT orders.mesh.test)"
same "others in test do not see it" 127.0.1.30 "$(with dig +short -b 127.0.1.1 @127.0.0.1 orders.mesh.test)"
succeeds "nothing stays" until_true nothing

override() { "${as_nobody[@]}" "$AMBIT" override --folder zones "$@" 2>&1; }
mine() { dig +short @127.0.0.1 "$@"; }
has "a leased override is said" "is 127.0.0.1:8099 for callers in laptop until" "$(override reports 127.0.0.1:8099 --for 2h)"
same "and answered" 127.0.0.1 "$(mine reports.mesh.test)"
override orders 127.0.0.2:9 --for 2h >/dev/null
same "over a name of the overlay" 127.0.0.2 "$(mine orders.mesh.test)"
same "with SRV records below" "0 0 9 orders.mesh.test." "$(mine SRV _http._tcp.orders.mesh.test)"
has "it is listed" "orders.mesh.test. is 127.0.0.2:9 in laptop, by nobody until 20" "$(list)"
matches "as JSON" '"addresses":\["127.0.0.2:9"\].*"user":"nobody"' "$("$AMBIT" override --list --json --folder zones)"
matches "it is explained" "override by nobody until .* UTC" "$(mine CH TXT orders.mesh.test)"
override orders 127.0.0.3 --for 2h >/dev/null
same "the last one counts" 127.0.0.3 "$(mine orders.mesh.test)"
touch zones/mesh.test.zone && reload
same "a reload keeps it" 127.0.0.3 "$(mine orders.mesh.test)"
override --remove orders >/dev/null
same "it can be taken away" 127.0.0.1 "$(mine orders.mesh.test)"
has "once" "orders is not overridden in laptop" "$(override --remove orders)"
override --remove reports >/dev/null
override orders 127.0.0.9 --for 5s >/dev/null
same "one for a moment" 127.0.0.9 "$(mine orders.mesh.test)"
own() { [[ $(mine orders.mesh.test) == 127.0.0.1 ]]; }
succeeds "ends by itself" until_true own
has "and the log says so" "the override of orders.mesh.test. by nobody has ended" "$(cat "$err")"
has "a context that others are in has none" "ambit run --context far --override is for one program" "$(override orders 127.0.0.1 --context far)"
has "the apex has none" "is a zone's apex" "$(override mesh.test. 127.0.0.1)"
stranger=(setpriv --reuid 12345 --regid 12345 --clear-groups "$AMBIT")
has "who is not named may not" "user 12345 may not lease laptop (ambit.policy:" "$("${stranger[@]}" override orders 127.0.0.1 --folder zones 2>&1)"
has "nor reload" "user 12345 may not ask this server" "$("${stranger[@]}" reload zones 2>&1)"
echo "nonsense" >>zones/orders.policy
has "where the folder does not load it says so" 'the folder does not load as it is now (1 error)' "$(override orders 127.0.0.5)"
has "to root it says why" 'orders.policy' "$("$AMBIT" override orders 127.0.0.5 --folder zones 2>&1)"
same "and nothing has changed" 127.0.0.1 "$(mine orders.mesh.test)"
sed -i '$d' zones/orders.policy

# --- what is edited meanwhile ------------------------------------------------------------------------------------------

# A held-back edit stays held back, whoever leases; what is leased is not judged.
cp -r zones zones.before
echo 'reload guard 1%' >>zones/ambit.policy && reload
for _ in {1..40}; do mine checkout.mesh.test; done >/dev/null
old=$(mine checkout.mesh.test)
sed -i -E 's/^(checkout .*)127\.0\.0\.1$/\1127.0.0.2/' zones/laptop/mesh.test.zone
override=$(override orders 127.0.0.5)
has "a lease brings no edit that the guard holds back" "reload guard holds back what was edited" "$override"
has "nor does a run" "reload guard holds back what was edited" "$(with true 2>&1)"
same "it is not answered" "$old" "$(mine checkout.mesh.test)"
rm -rf zones/* && cp -r zones.before/* zones/ && echo 'reload guard 1%' >>zones/ambit.policy
for _ in {1..40}; do mine orders.mesh.test; done >/dev/null
has "what is leased is not judged by it" "is 127.0.0.5 for callers in laptop" "$(override orders 127.0.0.5)"
override --remove orders >/dev/null
same "nor is its end" 127.0.0.1 "$(mine orders.mesh.test)"

# A lease never keeps the folder from being loaded.
"${as_nobody[@]}" "$AMBIT" run --folder zones --context test --override orders=127.0.0.1 -- sleep 100 &
wrapper=$!
pids+=("$wrapper")

is_leased() { list | grep -q "with orders=127.0.0.1"; }
until_true is_leased
echo 'context run-1 { from 10.8.0.0/16 }' >>zones/ambit.policy
has "a folder loads whatever is leased" "reloaded" "$("$AMBIT" reload --force zones 2>&1)"
has "and a lease that does not go with it ends" "has ended: the policy has a context run-1 of its own now" "$(cat "$err")"
succeeds "so it is listed no more" nothing
kill "$wrapper"
wait "$wrapper" 2>/dev/null
"${as_nobody[@]}" "$AMBIT" run --folder zones --context test -- sleep 100 &
wrapper=$!
pids+=("$wrapper")
is_leased() { list | grep -q "process $wrapper"; }
until_true is_leased
has "no stranger ends a lease" "is yours" "$("${stranger[@]}" override --end "$wrapper" --folder zones 2>&1)"
has "root ends it" "the lease of nobody at 127.53." "$("$AMBIT" override --end "$wrapper" --folder zones)"
succeeds "then it is gone, and its program is not" eval 'nothing && kill -0 "$wrapper"'
kill "$wrapper"
wait "$wrapper" 2>/dev/null

# --- a restart ---------------------------------------------------------------------------------------------------------

again() { serve zones --listen 127.0.0.1:53 --listen 127.0.0.77:53 --metrics-log off --user daemon; }
rm -rf zones/* && cp -r zones.before/* zones/ && reload
override orders 127.0.0.6:77 --for 2h >/dev/null
override reports 127.0.0.8 --for 12s >/dev/null
"$AMBIT" override checkout 127.0.0.10 --for 1h --folder zones >/dev/null
"${as_nobody[@]}" "$AMBIT" run --folder zones --context test --override orders=127.0.0.7:99 -- sleep 100 &
own=$!
"${as_nobody[@]}" "$AMBIT" run --folder zones --context test -- sleep 100 &
plain=$!
"${as_nobody[@]}" "$AMBIT" run --folder zones --context test -- sleep 100 &
short=$!
pids+=("$own" "$plain" "$short")
place() { list | sed -nE "s/.* at (127\.53\.[0-9.]+), process $1\$/\1/p"; }
all_run() { [[ -n $(place "$own") && -n $(place "$plain") && -n $(place "$short") ]]; }
succeeds "three programs run" until_true all_run
own_at=$(place "$own") plain_at=$(place "$plain")
before=$(list)
nobodys=$(override --list)
has "each user sees their own" "orders.mesh.test. is 127.0.0.6:77 in laptop, by nobody" "$nobodys"
same "and no others" "" "$(grep checkout <<<"$nobodys")"
has "but how many there are" "1 of other users, which root sees" "$nobodys"
has "who has none sees none" "nothing of yours; 6 of other users" "$("${stranger[@]}" override --list --folder zones 2>&1)"
same "what is kept is the server's user's alone" "700 daemon 600 daemon" \
  "$(stat -c '%a %U' kept/*) $(stat -c '%a %U' kept/*/leases.json)"

stop "$server" KILL
kill -KILL "$short"
wait "$short" 2>/dev/null
again
same "after kill -9 an override that ends soon goes on" 127.0.0.8 "$(mine reports.mesh.test)"
same "and one that does not is answered" 127.0.0.6 "$(mine orders.mesh.test)"
same "with the SRV records below" "0 0 77 orders.mesh.test." "$(mine SRV _http._tcp.orders.mesh.test)"
same "a program's own override, at the address that it knows" 127.0.0.7 "$(dig +short "@$own_at" orders.mesh.test)"
same "and another's context" 127.0.1.30 "$(dig +short "@$plain_at" orders.mesh.test)"
same "the same are leased, but for the program that has ended" "$(grep -v -e "process $short" -e reports <<<"$before" | sort)" "$(list | grep -v reports | sort)"
has "the log says what goes on" "the override of orders.mesh.test. by nobody goes on until" "$(cat "$err")"
has "and what does not, and why" "has ended: its program has ended" "$(cat "$err")"
matches "a lookup explains it" "override by nobody until .* UTC" "$(mine CH TXT orders.mesh.test)"
# Anybody may take the folder's abstract names: what is leased goes on all the same.
cat >squat.py <<'PY'
import os, socket, time
os.setuid(12345)
folder, above = os.stat("zones"), os.stat(".")
names = ["ambit-%d-%d" % (folder.st_dev, folder.st_ino), "ambit-%d-%d-zones" % (above.st_dev, above.st_ino)]
held = [socket.socket(socket.AF_UNIX) for _ in names]
for one, name in zip(held, names):
    one.bind("\0" + name)
    one.listen()
print("here", flush=True)
time.sleep(60)
PY
stop "$server" KILL
python3 squat.py >squat.out &
squatter=$!
pids+=("$squatter")
until_true test -s squat.out
again
same "a stranger with the folder's names ends no override" 127.0.0.6 "$(mine orders.mesh.test)"
same "nor a program's lease" 127.0.0.7 "$(dig +short "@$own_at" orders.mesh.test)"
kill "$squatter"
wait "$squatter" 2>/dev/null
stop "$server" KILL
again
same "they are kept as ever" 127.0.0.6 "$(mine orders.mesh.test)"
expired() { [[ $(mine reports.mesh.test) != 127.0.0.8 ]]; }
succeeds "an override ends when it would have" until_true expired
kill "$plain"
wait "$plain" 2>/dev/null
plain_gone() { [[ -z $(place "$plain") ]]; }
succeeds "a program's lease ends with it" until_true plain_gone

# An orderly stop; an override whose time ends meanwhile; a policy that has changed.
override reports 127.0.0.8 --for 1s >/dev/null
stop "$server"
kill -KILL "$own"
wait "$own" 2>/dev/null
sed -i -e 's/leases nobody/leases daemon/' zones/ambit.policy
sleep 1
again
has "one whose time was over meanwhile has ended" "the override of reports.mesh.test. by nobody has ended: its time is over" "$(cat "$err")"
has "one whose user may not any more, too" "the override of orders.mesh.test. by nobody has ended: user nobody may not lease laptop" "$(cat "$err")"
same "so it is not answered" 127.0.0.1 "$(mine orders.mesh.test)"
same "another's is" 127.0.0.10 "$(mine checkout.mesh.test)"

# A file with anything in it, and one that is not the server's.
stop "$server"
file=$(echo kept/*/leases.json)
kept=$(cat "$file")
echo '{"overrides":[' >"$file"
again
has "a file with anything else is said" "what was leased before is not leased again: $2/$file is no list of leases" "$(cat "$err")"
same "and has no effect" 127.0.0.1 "$(mine checkout.mesh.test)"
stop "$server"
echo "$kept" >"$file"
chown nobody "$file"
again
has "one that another user has written is not believed" "cannot trust $2/$file: other users can write it" "$(cat "$err")"
same "nor has it an effect" 127.0.0.1 "$(mine checkout.mesh.test)"
"$AMBIT" override checkout 127.0.0.11 --for 1h --folder zones >/dev/null
stop "$server" KILL
again
same "it is replaced" 127.0.0.11 "$(mine checkout.mesh.test)"
"$AMBIT" override --remove checkout --folder zones >/dev/null
succeeds "nothing leased leaves no file" test ! -e "$file"

# --- the door is everybody's -----------------------------------------------------------------------------------------

cat >crowd.py <<'PY'
import os, socket, sys, time
os.setuid(12345)
held = []
folder = os.stat("zones")
name = "\0ambit-%d-%d" % (folder.st_dev, folder.st_ino)
end = time.time() + 60
print("here", flush=True)
while time.time() < end:
    try:
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.settimeout(0.2)
        one.connect(name)
        held.append(one)
    except OSError:
        pass
    held = held[-64:]
    time.sleep(0.002)
PY
python3 crowd.py >crowd.out &
crowd=$!
pids+=("$crowd")
until_true test -s crowd.out
same "one user's many connections keep no other out" 127.0.1.30 "$(in_test -- /usr/bin/python3 by.py orders)"
has "nor root" "reloaded" "$("$AMBIT" reload --force zones 2>&1)"
kill "$crowd"
stop "$server"
same "the server ends well" 0 "$code"

# --- without the right to port 53 ------------------------------------------------------------------------------------

port=$(free_port)
"${as_nobody[@]}" "$AMBIT" serve zones --http off --metrics-log off --listen "127.0.0.1:$port" >out.plain 2>err.plain &
server=$!
pids+=("$server")
until_true grep -q '^listening on' out.plain
has "a server that cannot bind port 53 says what to do" "sysctl net.ipv4.ip_unprivileged_port_start=53" "$(in_test -- true 2>&1)"
in_test -- true 2>/dev/null
same "with exit code 3" 3 $?
stop "$server"
END
