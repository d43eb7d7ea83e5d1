# Presigned zones: what ldns-signzone made, with NSEC, NSEC3 and NSEC3 opt-out, and dnssec-signzone, whose opt-out leaves
# unsigned delegations out of the chain, validates for delv and Unbound: positive and negative answers, wildcards, aliases and
# delegations. So do chains of aliases that go on at other servers and come back. NSD, Knot and BIND answer alike from the same
# files.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! is_there ldns-signzone || ! is_there dnssec-signzone; then
  skip "dnssec: no ldns-signzone or no dnssec-signzone here"
  exit 0
fi

# --- the zones -------------------------------------------------------------------------------------------------------

mkdir plain served near far keys
parent() {
  cat <<'END'
$TTL 300
@               IN SOA ns hostmaster 1 3600 600 604800 60
                IN NS  ns
ns              A     127.0.0.1
www             A     192.0.2.1
                AAAA  2001:db8::1
*.wild          A     192.0.2.2
                TXT   "made of a wildcard"
exact.wild      TXT   "not made of it"
*.aliases       CNAME www
a.b.ent         TXT   "below empty non-terminals"
alias           CNAME www
to-wild         CNAME made.wild
to-nothing      CNAME absent
tree            DNAME ent
to-tree         CNAME a.b.tree
signed          NS    ns.signed
ns.signed       A     127.0.0.1
unsigned        NS    ns.unsigned
ns.unsigned     A     127.0.0.1
elsewhere       NS    ns.elsewhere.example.
END
}
child() {
  cat <<'END'
$TTL 300
@               IN SOA ns hostmaster 1 3600 600 604800 60
                IN NS  ns
ns              A     127.0.0.1
www             A     192.0.2.3
*               TXT   "made of a wildcard"
END
}

# Signs plain/ZONE.zone with a key of its own, into $folder; keys/ZONE.ds is the key's digest.
folder=served
sign() { # ZONE [OPTION…]
  local zone=$1 key
  key=keys/$(cd keys && ldns-keygen -k -a ECDSAP256SHA256 -r /dev/urandom "$zone.") || return
  if [[ $zone == *span.test ]]; then
    { echo && grep DNSKEY "$key.key"; } >>"plain/$zone.zone"
    dnssec-signzone -z -P -e 20400101000000 "${@:2}" -o "$zone." -f "$folder/$zone.zone" "plain/$zone.zone" "$key"
  else
    ldns-signzone -e 20400101 "${@:2}" -o "$zone." -f "$folder/$zone.zone" "plain/$zone.zone" "$key"
  fi || return
  ldns-key2ds -n -2 "$key.key" >"keys/$zone.ds"
}

declare -A options=([nsec]="" [nsec3]="-n -t 1 -s abcd" [optout]="-n -p -t 0" [span]="-3 - -H 0 -A")
for zone in nsec nsec3 optout span; do
  child >"plain/signed.$zone.test.zone"
  child >"served/unsigned.$zone.test.zone"
  # shellcheck disable=SC2086
  succeeds "ldns-signzone signs signed.$zone.test" sign "signed.$zone.test" ${options[$zone]}
  { parent && cat "keys/signed.$zone.test.ds"; } >"plain/$zone.test.zone"
  # shellcheck disable=SC2086
  succeeds "ldns-signzone signs $zone.test" sign "$zone.test" ${options[$zone]}
done

serve served --metrics-log off
has "+dnssec brings the signature" "RRSIG" "$(ask +dnssec +noall +answer www.nsec.test A)"
same "without it there is none" A "$(ask +noall +answer www.nsec.test A | awk '{ print $4 }')"

# What is asked of each zone, and what it must be found to be. An opt-out span proves nothing of a name that may be an unsigned
# delegation, so what needs such a name to be absent is insecure there (RFC 5155 §9.2): NXDOMAIN, and what wildcards make.
questions() { # ZONE SPANNED
  local spanned=secure out=secure
  if [[ $1 == optout || $1 == span ]]; then spanned=$2; fi
  if [[ $1 == span ]]; then out=$2; fi
  cat <<END
@ SOA secure
@ DNSKEY secure
@ TXT secure
www A secure
www AAAA secure
www MX secure
absent A $spanned
x.www A $spanned
b.ent A secure
ent TXT secure
a.b.ent TXT secure
made.wild A $spanned
made.wild TXT $spanned
a.made.wild A $spanned
made.wild MX $spanned
*.wild A secure
exact.wild TXT secure
exact.wild A secure
alias A secure
alias MX secure
alias CNAME secure
made.aliases A $spanned
to-wild A $spanned
to-nothing A $spanned
tree DNAME secure
a.b.tree TXT secure
to-tree TXT secure
absent.tree TXT $spanned
signed DS secure
www.signed A secure
www.signed MX secure
made.a.signed TXT $spanned
made.a.signed A $spanned
unsigned DS $out
www.unsigned A insecure
absent.unsigned A insecure
END
}
name_of() { # NAME ZONE
  if [[ $1 == @ ]]; then echo "$2.test"; else echo "$1.$2.test"; fi
}

# --- delv ------------------------------------------------------------------------------------------------------------

anchor() { # ZONE
  local tag algorithm kind digest
  read -r tag algorithm kind digest < <(sed -E 's/^.*[[:space:]]DS[[:space:]]+//' "keys/$1.ds")
  echo "trust-anchors { \"$1.\" static-ds $tag $algorithm $kind \"${digest// /}\"; };"
}

if is_there delv; then
  for zone in nsec nsec3 optout span; do
    anchor "$zone.test" >"$zone.anchor"
    while read -r name rrtype wanted; do
      name=$(name_of "$name" "$zone")
      got=$(delv @127.0.0.1 -p "$port" -a "$zone.anchor" +root="$zone.test" "$name" "$rrtype" 2>&1)
      case $wanted in
        secure) matches "delv: $name $rrtype is $wanted" "; (negative response, )?fully validated" "$got" ;;
        insecure) matches "delv: $name $rrtype is $wanted" "; (negative response, )?unsigned answer" "$got" ;;
        either) matches "delv: $name $rrtype is not bogus" "; (negative response, )?(fully validated|unsigned answer)" "$got" ;;
      esac
    done < <(questions "$zone" either) # delv does not tell them apart
  done
else
  skip "dnssec: no delv here"
fi

# --- Unbound ---------------------------------------------------------------------------------------------------------

if is_there unbound-host; then
  {
    printf 'server:\n  do-not-query-localhost: no\n  do-ip6: no\n  local-zone: "test." nodefault\n  module-config: "validator iterator"\n'
    printf '  trust-anchor-file: "%s"\n' "$work"/keys/{nsec,nsec3,optout,span}.test.ds
    for zone in {,signed.,unsigned.}{nsec,nsec3,optout,span}.test; do
      printf 'stub-zone:\n  name: "%s"\n  stub-addr: 127.0.0.1@%s\n' "$zone" "$port"
    done
  } >unbound.conf
  for zone in nsec nsec3 optout span; do
    while read -r name rrtype wanted; do
      name=$(name_of "$name" "$zone")
      got=$(timeout 10 unbound-host -C unbound.conf -v -t "$rrtype" "$name" 2>&1)
      if [[ $(grep -oiE '\((secure|insecure|bogus)' <<<"$got" | sort -u) == "($wanted" ]]; then
        ok "Unbound: $name $rrtype is $wanted"
      else
        failed "Unbound: $name $rrtype is $wanted" "$wanted" "$got"
      fi
    done < <(questions "$zone" insecure)
  done
else
  skip "dnssec: no unbound-host here"
fi
stop "$server"

# --- chains that others go on with -----------------------------------------------------------------------------------

# hereN.test is ours, farN.test and offN.test are asked for, of two servers; N is 1 for NSEC, 3 for NSEC3.
near_zone() { # N
  cat <<END
\$TTL 300
@        IN SOA ns hostmaster 1 3600 600 604800 60
         IN NS  ns
ns       A     127.0.0.1
*.a      A     192.0.2.9
*.w      CNAME x.w.far$1.test.
*.v      CNAME x.g.far$1.test.
*.n      CNAME absent.far$1.test.
*.m      CNAME x.m.far$1.test.
plain    CNAME x.w.far$1.test.
tree     DNAME tree.far$1.test.
END
}
far_zone() { # N
  cat <<END
\$TTL 300
@        IN SOA ns hostmaster 1 3600 600 604800 60
         IN NS  ns
ns       A     127.0.0.1
*.h      A     192.0.2.10
*.w      CNAME x.a.here$1.test.
*.g      CNAME x.h.off$1.test.
*.m      CNAME absent.here$1.test.
*.tree   CNAME x.a.here$1.test.
both     CNAME x.w.off$1.test.
END
}
for number in 1 3; do
  near_zone $number >"plain/here$number.test.zone"
  for zone in far off; do far_zone $number >"plain/$zone$number.test.zone"; done
  signing=()
  ((number == 1)) || signing=(-n -t 1 -s abcd)
  folder=near
  succeeds "here$number.test is signed" sign "here$number.test" "${signing[@]}"
  folder=far
  for zone in far off; do succeeds "$zone$number.test is signed" sign "$zone$number.test" "${signing[@]}"; done
done
far_port=$(free_port)
off_port=$(free_port)
serve far --metrics-log off --listen "127.0.0.1:$far_port" --listen "127.0.0.1:$off_port"
far_server=$server
{
  echo 'context here { from 127.0.0.0/8 ::1 }'
  for number in 1 3; do
    printf 'forward far%s.test 127.0.0.1:%s\nforward off%s.test 127.0.0.1:%s\n' $number "$far_port" $number "$off_port"
  done
} >near/ambit.policy
serve near --metrics-log off

# A name, its type, and what comes of it: the data or the RCODE.
chains() { # N
  cat <<END
x.w.here$1.test A 192.0.2.9
x.v.here$1.test A 192.0.2.10
plain.here$1.test A 192.0.2.9
s.tree.here$1.test A 192.0.2.9
x.w.far$1.test A 192.0.2.9
x.g.far$1.test A 192.0.2.10
both.far$1.test A 192.0.2.9
x.n.here$1.test A NXDOMAIN
x.m.here$1.test A NXDOMAIN
x.m.far$1.test A NXDOMAIN
x.w.here$1.test AAAA NOERROR
x.v.here$1.test AAAA NOERROR
END
}
# What came of it, in the words of delv and of unbound-host.
words_for() { # WANTED
  case $1 in
    NXDOMAIN) by_delv="ncache nxdomain" by_unbound="not found: 3(NXDOMAIN)" ;;
    NOERROR) by_delv="ncache nxrrset" by_unbound="has no IPv6 address" ;;
    *) by_delv=$'\tA\t'$1$'\n' by_unbound="has address $1 (" ;;
  esac
}
proven() { # NAME: the zones whose NSEC or NSEC3 records come with the answer
  ask +dnssec +adflag +noall +authority "$1" A | sed -nE 's/^[^ \t]*(here|far|off)[13]\.test\.[ \t].*[ \t]NSEC3?[ \t].*/\1/p' |
    sort -u | paste -sd ' '
}
for number in 1 3; do
  same "each link of a chain of wildcards is proven, of others and back to us" "far here" "$(proven "x.w.here$number.test")"
  same "of ours, others and others" "far here off" "$(proven "x.v.here$number.test")"
  same "of others and us" "far here" "$(proven "x.w.far$number.test")"
  same "of others and others" "far off" "$(proven "x.g.far$number.test")"
  same "and again from the cache" "far off" "$(proven "x.g.far$number.test")"
  has "without DO there are none" "ANSWER: 3, AUTHORITY: 0," "$(ask "x.w.here$number.test")"
done
matches "nobody has validated it: AD is not set" 'flags: qr rd ra;' "$(ask +dnssec +adflag x.w.here1.test)"

if is_there delv; then
  for number in 1 3; do
    for zone in here far off; do anchor "$zone$number.test" >"$zone$number.anchor"; done
    cat {here,far,off}$number.anchor >chain.anchor
    while read -r name rrtype wanted; do
      zone=${name%.test}
      got=$(delv @127.0.0.1 -p "$port" -a chain.anchor +root="${zone##*.}.test" "$name" "$rrtype" 2>&1)
      words_for "$wanted"
      matches "delv: $name $rrtype is validated" '; (negative response, )?fully validated' "$got"
      has "delv: and is $wanted" "$by_delv" "$got"
    done < <(chains $number)
  done
fi
if is_there unbound-host; then
  {
    printf 'server:\n  do-not-query-localhost: no\n  do-ip6: no\n  local-zone: "test." nodefault\n  module-config: "validator iterator"\n'
    printf '  trust-anchor-file: "%s"\n' "$work"/keys/{here,far,off}{1,3}.test.ds
    printf 'forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@%s\n' "$port"
  } >unbound.conf
  for number in 1 3; do
    while read -r name rrtype wanted; do
      got=$(timeout 10 unbound-host -C unbound.conf -v -t "$rrtype" "$name" 2>&1)
      words_for "$wanted"
      same "Unbound: $name $rrtype is secure" "(secure" "$(grep -oiE '\((secure|insecure|bogus)' <<<"$got" | sort -u)"
      has "Unbound: and is $wanted" "$by_unbound" "$got"
    done < <(chains $number)
  done
fi
stop "$server"
stop "$far_server"

# --- NSD, Knot and BIND ----------------------------------------------------------------------------------------------

bash "$root/scripts/differential/run" --zones served --questions 2000 2>&1
