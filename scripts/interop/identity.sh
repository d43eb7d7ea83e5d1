# Who asks, told by more than an address: haproxy with client certificates and dnsdist in front of the server, forged
# headers, and users of this host.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

proxy=127.0.0.60
mkdir zones
cat >zones/id.test.zone <<'END'
@ 60 IN SOA ns hostmaster 1 3600 600 3600 60
@ 60 IN NS ns
ns 60 IN A 192.0.2.1
orders 60 IN A 192.0.2.2
jobs-db 60 IN A 192.0.2.3
near-only 60 IN A 192.0.2.4
END
cat >zones/a.policy <<END
origin id.test
trust proxy from $proxy
context host { from 127.0.0.0/8 ::1 }
context near { from 10.30.1.0/24 127.0.9.0/24 }
service web { identity "web.prod" "web.canary" }
service jobs { uid nobody; runs-at 127.0.7.7 }
service orders { allow web }
service jobs-db { allow jobs }
service near-only { allow near }
END
serve zones --metrics-log off

ask() { dig -p "$port" +time=3 +tries=1 "$@" 2>&1; }
# The answer's address, or the reason for a refusal.
answer() {
  local output
  output=$("$@")
  sed -nE 's/^[^;].*[[:space:]]A[[:space:]]([0-9.]+)$/\1/p; s/.*EDE: [0-9]+ \([A-Za-z ]+\): [(\x27"]*([^)\x27"]*).*/\1/p; s/.*(timed out|no servers could be reached|communications error|connection reset|failed to query|end of file|end-of-file).*/silence/p' \
    <<<"$output" | head -n 1
}

# --- haproxy: certificates -------------------------------------------------------------------------------------------

if is_there haproxy && is_there kdig && is_there openssl; then
  certificate() { # FILE COMMON-NAME [CA]
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
    if [[ -n ${3:-} ]]; then
      openssl x509 -req -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -days 2 -out "$1.crt" 2>/dev/null
    else
      openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 2 -out "$1.crt" \
        -extfile <(echo "basicConstraints=critical,CA:true") 2>/dev/null
    fi
  }
  certificate ca "Test CA"
  certificate other-ca "Another CA"
  certificate server localhost ca
  certificate web web.prod ca
  certificate canary web.canary ca
  certificate stranger web.prod.example ca
  certificate forger web.prod other-ca
  cat server.crt server.key >server.pem
  tls_port=$(free_port) optional_port=$(free_port)
  cat >haproxy.cfg <<END
global
  stats timeout 5s
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend dot
  bind 127.0.0.1:$tls_port ssl crt $work/server.pem ca-file $work/ca.crt verify required
  default_backend ambit
frontend optional
  bind 127.0.0.1:$optional_port ssl crt $work/server.pem ca-file $work/ca.crt verify optional crt-ignore-err all ca-ignore-err all
  default_backend checksum
backend ambit
  source $proxy
  server ambit 127.0.0.1:$port send-proxy-v2-ssl-cn check check-send-proxy inter 200ms
backend checksum
  source $proxy
  server ambit 127.0.0.1:$port send-proxy-v2 proxy-v2-options ssl,cert-cn,crc32c,unique-id
END
  haproxy -f haproxy.cfg >haproxy.log 2>&1 &
  pids+=("$!")
  by_tls() { # PORT CERTIFICATE|none NAME [OPTION…]
    local files=()
    [[ $2 == none ]] || files=("+tls-certfile=$work/$2.crt" "+tls-keyfile=$work/$2.key")
    kdig @127.0.0.1 -p "$1" +tls "${files[@]}" +edns +timeout=5 +retry=0 "${@:4}" "$3" A 2>&1
  }
  until_true bash -c "exec 3<>/dev/tcp/127.0.0.1/$tls_port"

  same "the certificate web.prod is the service web" 192.0.2.2 "$(answer by_tls "$tls_port" web orders.id.test)"
  same "and so is web.canary" 192.0.2.2 "$(answer by_tls "$tls_port" canary orders.id.test)"
  has "a verified certificate of another name is nobody" "may not call orders" \
    "$(answer by_tls "$tls_port" stranger orders.id.test)"
  same "another authority's certificate does not get through" "" \
    "$(by_tls "$tls_port" forger orders.id.test | grep -E 'NOERROR|REFUSED')"
  same "no certificate does not get through" "" "$(by_tls "$tls_port" none orders.id.test | grep -E 'NOERROR|REFUSED')"
  same "the address that the proxy tells is the caller's" 192.0.2.4 \
    "$(answer by_tls "$tls_port" stranger near-only.id.test -b 127.0.9.1)"
  same "a certificate that is nobody's takes away what the address says" "jobs-db" \
    "$(answer by_tls "$tls_port" stranger jobs-db.id.test -b 127.0.7.7 | grep -o 'jobs-db')"
  same "behind optional verification, with a checksum: a good certificate" 192.0.2.2 \
    "$(answer by_tls "$optional_port" web orders.id.test)"
  has "an unverified one is nobody" "may not call orders" "$(answer by_tls "$optional_port" forger orders.id.test)"
  has "and so is none" "may not call orders" "$(answer by_tls "$optional_port" none orders.id.test)"
  same "without a certificate the address counts" 192.0.2.3 \
    "$(answer by_tls "$optional_port" none jobs-db.id.test -b 127.0.7.7)"
  same "a hundred queries through one proxy lose none" 100 \
    "$(for _ in {1..100}; do answer by_tls "$tls_port" web orders.id.test; done | grep -c '^192.0.2.2$')"
else
  skip "identity: no haproxy, kdig or openssl here"
fi

# --- dnsdist: addresses over UDP and TCP -----------------------------------------------------------------------------

if is_there dnsdist; then
  front=$(free_port)
  cat >dnsdist.conf <<END
setLocal("127.0.0.1:$front")
setACL({"127.0.0.0/8"})
newServer({address="127.0.0.1:$port", source="$proxy", useProxyProtocol=true, checkName="ns.id.test.", checkInterval=1})
END
  dnsdist -C dnsdist.conf --supervised --disable-syslog >dnsdist.log 2>&1 &
  pids+=("$!")
  by_dnsdist() { dig @127.0.0.1 -p "$front" +time=3 +tries=1 "$@" 2>&1; }
  until_true bash -c "dig @127.0.0.1 -p $front +time=1 +tries=1 ns.id.test | grep -q NOERROR"
  for transport in +notcp +tcp; do
    same "dnsdist $transport: the client's address is the caller's" 192.0.2.4 \
      "$(answer by_dnsdist $transport -b 127.0.9.1 near-only.id.test)"
    has "dnsdist $transport: another address is in another context" "may not call near-only" \
      "$(answer by_dnsdist $transport -b 127.0.0.1 near-only.id.test)"
  done
  has "dnsdist says that the server is up" "up" "$(grep -i "marking downstream" dnsdist.log | tail -n 1)"
else
  skip "identity: no dnsdist here"
fi

# --- headers by hand -------------------------------------------------------------------------------------------------

by_hand() { python3 "$here/identity.py" "$port" "$1" || failed "identity.py $1 ends well" "exit 0" "exit $?"; }
by_hand "$proxy"
has "a proxy without a header is said in the log" \
  "$proxy is a trusted proxy and sent no PROXY header" "$(until_true grep -q 'is a trusted proxy and sent' "$err"; cat "$err")"
has "a header of somebody else's is said too" "127.0.0.1 is no trusted proxy and sent a PROXY header" "$(cat "$err")"

# --- users of this host ----------------------------------------------------------------------------------------------

if [[ $(id -u) == 0 ]] && is_there setpriv; then
  nobody() { setpriv --reuid=nobody --clear-groups "$@"; }
  daemon() { setpriv --reuid=daemon --clear-groups "$@"; }
  for transport in +notcp +tcp; do
    for address in 127.0.0.1 ::1; do
      same "$address $transport: a process of nobody is jobs" 192.0.2.3 \
        "$(answer nobody dig "@$address" -p "$port" +tries=1 +time=3 $transport jobs-db.id.test)"
      for other in root daemon; do
        command=(env)
        [[ $other == root ]] || command=("$other")
        has "$address $transport: one of $other is not" "may not call jobs-db" \
          "$(answer "${command[@]}" dig "@$address" -p "$port" +tries=1 +time=3 $transport jobs-db.id.test)"
      done
    done
  done
  by_hand users
  by_hand impostors

  # A connection outlives a reload: who was of no interest when it began may be a service then.
  sed -i 's/uid nobody/uid daemon/' zones/a.policy
  reload
  python3 "$here/identity.py" "$port" kept "$PWD/reloaded" "$PWD/asked" &
  keeper=$!
  until_true test -e asked
  sed -i 's/uid daemon/uid nobody/' zones/a.policy
  reload
  : >reloaded
  wait "$keeper" || failed "identity.py kept ends well" "exit 0" "exit $?"
else
  skip "identity: users of this host take root and setpriv"
fi
stop "$server"
same "the server ends well" 0 "$code"
