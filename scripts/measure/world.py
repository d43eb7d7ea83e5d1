"""The configuration and the queries that instructions are counted on: always the same, so that figures can be compared.

Zone mesh.test: services s0001, s0002, …, each with one to four A, every other one with AAAA, one SRV, and an alias for a
quarter. Callers 127.0.0.2 to 127.0.0.7 are in three contexts, two in each, which see a third of the services at addresses
of their own; 127.0.0.8 and .9 are in none, and are refused. Zone signed.test is shaped as a signed one (Ambit serves
signatures and makes none, so theirs are filled in).
"""

import base64
import hashlib
import os
import random
import struct

SERVICES = 1000
# By its hash a name may lie well or badly in a table, and so may the name that an absent one is below, and that name's
# wildcard: whatever kind of query is counted is about many of each.
CLOSED = 1000  # names of the service that refuses all
PARENTS = 1000  # names, of no service, below which there is nothing
HOSTS = 400  # names of signed.test
CONTEXTS = ("web", "batch", "admin")
CALLERS = [f"127.0.0.{host}" for host in range(2, 8)]
STRANGERS = ["127.0.0.8", "127.0.0.9"]
HEAD = "$TTL 30\n@ SOA ns hostmaster 1 3600 600 86400 5\n@ NS ns\nns A 127.0.0.1\n"
TYPES = {"A": 1, "TXT": 16, "AAAA": 28, "SRV": 33}


def name(service):
    return f"s{service:04}"


def has_ipv6(service):
    return service % 2 == 1


def alias(service):
    """The alias nearest to a service: every fourth has one."""
    return f"a{service // 4 * 4 or 4:04}"


def addresses(service, context):
    """Where a service is: in a network of the context's own, or in the one that is everybody's (context 0)."""
    return [f"10.{context * 64 + service // 256}.{service % 256}.{number}" for number in range(1, 2 + service * 7 % 4)]


def write_zone(path, services):
    with open(path, "w", encoding="ascii") as zone:
        zone.write(HEAD)
        for service in services:
            for address in addresses(service, 0):
                zone.write(f"{name(service)} A {address}\n")
            if has_ipv6(service):
                zone.write(f"{name(service)} AAAA fd00::{service:x}\n")
            zone.write(f"_http._tcp.{name(service)} SRV 0 10 8080 {name(service)}\n")
            if service % 4 == 0:
                zone.write(f"{alias(service)} CNAME {name(service)}\n")


def signature(*what):
    return base64.b64encode(hashlib.sha512(" ".join(what).encode()).digest()).decode()


def write_signed_zone(path, hosts=HOSTS):
    """A zone with RRSIGs and a chain of NSECs, in canonical order."""
    owners = ["@"] + [f"h{host:03}" for host in range(hosts)] + ["ns"]
    sets = {"@": ["SOA", "NS", "DNSKEY"], "ns": ["A"]}
    with open(path, "w", encoding="ascii") as zone:
        zone.write(HEAD + f"@ DNSKEY 257 3 13 {signature('key')}\n")
        for owner, following in zip(owners, owners[1:] + owners[:1]):
            types = sets.get(owner, ["A"])
            if owner not in sets:
                zone.write(f"{owner} A 198.18.{int(owner[1:]) >> 8}.{int(owner[1:]) & 255}\n")
            zone.write(f"{owner} NSEC {following} {' '.join(types)} RRSIG NSEC\n")
            for rrtype in types + ["NSEC"]:
                labels, ttl = (2, 30) if owner == "@" else (3, 30)
                if rrtype == "NSEC":
                    ttl = 5
                zone.write(f"{owner} {ttl} RRSIG {rrtype} 13 {labels} {ttl} 20990101000000 20200101000000 1 @ "
                           f"{signature(owner, rrtype)}\n")


def write_policy(path, port, services):
    """All rules are judged: the callers that are services are of the lowest tier, so that nothing is refused by tiers."""
    chance = random.Random(5)
    with open(path, "w", encoding="ascii") as policy:
        policy.write(f"origin mesh.test\nlisten 127.0.0.1:{port}\ntcp-limits idle 1000\nacyclic\ntiers high > middle > low\n")
        for number, context in enumerate(CONTEXTS):
            policy.write(f"context {context} {{ from 127.0.0.{2 + 2 * number}/31; endpoints 10.{number * 64 + 64}.0.0/10 }}\n")
        policy.write(f"isolate {' '.join(CONTEXTS)}\n")
        for number in range(3):
            policy.write(f"service caller{number} {{ tier low; runs-at 127.0.0.{2 + 2 * number} }}\n")
        policy.write("service closed { refuse * }\n")
        for service in services:
            tier = ("high", "middle", "low")[service * 3 // (len(services) + 1)]
            earlier = " ".join(sorted({name(chance.randrange(1, service)) for _ in range(3)})) if service > 1 else ""
            policy.write(f"service {name(service)} {{ tier {tier}; runs-at 172.16.{service >> 8}.{service & 255}; "
                         f"allow {' '.join(CONTEXTS)} caller0 caller1 caller2 {earlier} }}\n")


def write(folder, port):
    """The whole configuration."""
    services = range(1, SERVICES + 1)
    os.makedirs(folder)
    write_zone(f"{folder}/mesh.test.zone", services)
    with open(f"{folder}/mesh.test.zone", "a", encoding="ascii") as zone:
        for number in range(CLOSED):
            zone.write(f"h{number:03}.closed A 10.0.{number >> 8}.{number & 255}\n")
        for number in range(PARENTS):
            zone.write(f"p{number:03} TXT nothing-below\n")
    write_signed_zone(f"{folder}/signed.test.zone")
    for number, context in enumerate(CONTEXTS, 1):
        os.makedirs(f"{folder}/{context}")
        with open(f"{folder}/{context}/mesh.test.zone", "w", encoding="ascii") as overlay:
            for service in range(number, SERVICES + 1, 3):
                for address in addresses(service, number):
                    overlay.write(f"{name(service)} 30 A {address}\n")
    write_policy(f"{folder}/ambit.policy", port, services)


# --- queries ---------------------------------------------------------------------------------------------------------


def question(qname, rrtype, ident, option=None, do=False, edns=False):
    """A query's octets, without RD; with OPT where an option, DO or EDNS is wanted."""
    has_opt = edns or do or option is not None
    octets = struct.pack("!6H", ident, 0, 1, 0, 0, int(has_opt))
    for label in qname.split("."):
        octets += bytes([len(label)]) + label.encode()
    octets += struct.pack("!BHH", 0, TYPES[rrtype], 1)
    if has_opt:
        option = option or b""
        octets += b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000 if do else 0, len(option)) + option
    return octets


def cookie(value):
    return struct.pack("!HH", 10, len(value)) + value


def ask_a(chance, ident):
    return question(f"{name(chance.randint(1, SERVICES))}.mesh.test", "A", ident)


def ask_aaaa(chance, ident):
    return question(f"{name(chance.randrange(1, SERVICES, 2))}.mesh.test", "AAAA", ident)


def ask_nodata(chance, ident):
    return question(f"{name(chance.randrange(2, SERVICES, 2))}.mesh.test", "AAAA", ident)


def ask_srv(chance, ident):
    return question(f"_http._tcp.{name(chance.randint(1, SERVICES))}.mesh.test", "SRV", ident)


def ask_alias(chance, ident):
    return question(f"{alias(chance.randint(1, SERVICES))}.mesh.test", "A", ident)


def ask_absent(chance, ident):
    return question(f"x{chance.randint(1, SERVICES):04}.mesh.test", "A", ident)


def ask_absent_below(chance, ident):
    return question(f"x{chance.randint(1, SERVICES):04}.p{chance.randrange(PARENTS):03}.mesh.test", "A", ident)


def ask_mix(chance, ident):
    """70 % A, 10 % AAAA and half of them without data, 10 % SRV, 5 % an alias, 5 % absent."""
    kinds = [ask_a, ask_aaaa, ask_nodata, ask_srv, ask_alias, ask_absent]
    return chance.choices(kinds, [70, 5, 5, 10, 5, 5])[0](chance, ident)


def ask_closed(chance, ident):
    return question(f"h{chance.randrange(CLOSED):03}.closed.mesh.test", "A", ident)


def ask_edns(chance, ident):
    return question(f"{name(chance.randint(1, SERVICES))}.mesh.test", "A", ident, edns=True)


def ask_signed(chance, ident):
    return question(f"h{chance.randrange(HOSTS):03}.signed.test", "A", ident, do=True)


def ask_signed_absent(chance, ident):
    return question(f"x.h{chance.randrange(HOSTS):03}.signed.test", "A", ident, do=True)


def ask_malformed(chance, ident):
    """The header of one question, and a name that stops within its last label."""
    return ask_a(chance, ident)[:20]


def with_cookie(values):
    """Queries with the cookies that the server gave, one for each source."""

    def ask(chance, ident, source):
        return question(f"{name(chance.randint(1, SERVICES))}.mesh.test", "A", ident, option=cookie(values[source]))

    return ask
