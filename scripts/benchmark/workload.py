"""The zones, policies and queries that are measured; the same numbers give the same octets.

Zone `mesh.test` with N services s0000001, s0000002, …: 1 to 4 A records, AAAA where the number is odd, an SRV record at
_http._tcp below it, TXT for a quarter, and for a quarter an alias a… (CNAME). That is 4.5 records a service, TTL 30.
Queries, at random: 70 % A, 10 % AAAA (half of them without data), 10 % SRV, 5 % aliases, 5 % names that do not exist.
Callers ask from 127.0.0.2 to .9: two each in the contexts web, batch and admin, and the last two in none: these are refused.
"""

import os
import random

ORIGIN = "mesh.test"
CANARY = "canary"
CONTEXTS = {1: "web", 2: "batch", 3: "admin"}
NETS = {1: "127.0.0.2/31", 2: "127.0.0.4/31", 3: "127.0.0.6/31"}
ANSWERED = "127.0.0.2-127.0.0.7"
ALL_CALLERS = "127.0.0.2-127.0.0.9"


def scrambled(number):
    """A number of 32 bits that looks like chance."""
    number = (number ^ number >> 16) * 0x45D9F3B & 0xFFFFFFFF
    number = (number ^ number >> 16) * 0x45D9F3B & 0xFFFFFFFF
    return number ^ number >> 16


def service(number):
    return f"s{number:07d}"


def is_hidden(number, group):
    """About 1 % of the services are not there for each group of callers."""
    return group > 0 and number % 97 == group


def addresses(number, group=0):
    """The service's IPv4 addresses: 10.0.0.0/10 for everyone, another /10 for each group of callers."""
    for which in range(1 + scrambled(number) % 4):
        bits = scrambled(number * 4 + which + 1)
        yield f"10.{group << 6 | bits >> 26}.{bits >> 18 & 255}.{bits >> 10 & 255}"


def records(number, group=0):
    """(owner, type, RDATA) of one service, as in a master file."""
    name = service(number)
    for address in addresses(number, group):
        yield name, "A", address
    if number % 2:
        bits = scrambled(number)
        yield name, "AAAA", f"fd00:{group}::{bits >> 16:x}:{bits & 65535:x}"
    yield f"_http._tcp.{name}", "SRV", f"0 10 8080 {name}"
    if number % 4 == 0:
        yield name, "TXT", f'"v=mesh1 rev={number % 1000}"'
    elif number % 4 == 1:
        yield f"a{number:07d}", "CNAME", name


def head(serial=1, canary="10.0.255.1"):
    return (
        f"$ORIGIN {ORIGIN}.\n$TTL 30\n@ SOA ns1 hostmaster {serial} 3600 600 86400 5\n@ NS ns1\nns1 A 127.0.0.1\n"
        f"{CANARY} A {canary}\n"
    )


def write_zone(path, count, group=0, serial=1, canary="10.0.255.1", chosen=None):
    """A whole zone or, of the services in `chosen` only and without an apex, an overlay."""
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        out.write(head(serial, canary) if chosen is None else f"$ORIGIN {ORIGIN}.\n$TTL 30\n")
        for number in chosen if chosen is not None else range(1, count + 1):
            if not is_hidden(number, group if chosen is None else 0):
                out.writelines(f"{owner} {rrtype} {data}\n" for owner, rrtype, data in records(number, group))


def write_queries(path, count, lines, seed=1):
    chance = random.Random(seed)
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        for _ in range(lines):
            number, dice = chance.randint(1, count), chance.random()
            if dice < 0.70:
                out.write(f"{service(number)}.{ORIGIN} A\n")
            elif dice < 0.80:
                out.write(f"{service(number)}.{ORIGIN} AAAA\n")
            elif dice < 0.90:
                out.write(f"_http._tcp.{service(number)}.{ORIGIN} SRV\n")
            elif dice < 0.95:
                alias = number & ~3 | 1
                out.write(f"a{alias if alias <= count else 1:07d}.{ORIGIN} A\n")
            else:
                out.write(f"x{number:07d}.{ORIGIN} A\n")


def write_overlays(folder, count, contexts, share=100):
    """One overlay for each context, which replaces every share-th service by one at the context's own addresses."""
    for group, name in contexts.items():
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        chosen = range(1 + group % share, count + 1, share)
        write_zone(os.path.join(folder, name, f"{ORIGIN}.zone"), count, min(group, 3), chosen=chosen)


def write_policy(path, port, services, contexts=3, prefixes=0, rules=2, measure="all", logs=None):
    """A policy that asks every rule at every service: contexts, allow, acyclic, tiers and isolate, with all measuring on.

    The callers are services themselves, of the lowest tier, so that tiers and acyclic have two sides to compare. Beyond
    the three contexts that ask, `contexts` adds others and `prefixes` addresses to them; `rules` is how many services
    each `allow` line names beside the contexts; `measure` is which queries are timed; `logs`, where it is given, are the
    lines that say what is logged, in place of the metrics log alone.
    """
    chance = random.Random(1)
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        out.write(f"origin {ORIGIN}\nlisten 127.0.0.1:{port}\ndefault allow\nacyclic\ntiers high > middle > low\n")
        out.write("metrics-log metrics.jsonl every 1s\n" if logs is None else logs)
        if measure != "all":  # an older Ambit knows no other
            out.write(f"measure {measure}\n")
        for group, name in CONTEXTS.items():
            out.write(f"context {name} {{ from {NETS[group]}; endpoints 10.{group << 6}.0.0/10 }}\n")
        out.write("context mesh { from 11.0.0.0/8 }\n")
        others = [f"c{number}" for number in range(3, contexts)]
        for place, name in enumerate(others):
            own = [f"fd01:{place:x}::/48"]
            own += [f"fd02:{place:x}:{number:x}::/64" for number in range(prefixes // max(1, len(others)))]
            out.write(f"context {name} {{ from {' '.join(own)} }}\n")
        out.write(f"isolate {' '.join([*CONTEXTS.values(), *others])}\n")
        for last in range(2, 8):
            out.write(f"service ask{last} {{ tier low; runs-at 127.0.0.{last} }}\n")
        for number in range(1, services + 1):
            tier = ("low", "middle", "high")[(number - 1) * 3 // services]
            # Only earlier services call a later one, so no cycle can be; and their tiers are not above its own.
            earlier = {chance.randint(max(1, number - 1000), number - 1) for _ in range(rules)} if number > 1 else set()
            allowed = " ".join([*CONTEXTS.values(), *map(service, sorted(earlier))])
            at = f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            out.write(f"service {service(number)} {{ tier {tier}; runs-at {at}; allow {allowed} }}\n")


def write_views_policy(path, port):
    """Contexts whose overlays have every service: what BIND takes views for."""
    with open(path, "w", encoding="ascii") as out:
        out.write(f"origin {ORIGIN}\nlisten 127.0.0.1:{port}\nmetrics-log metrics.jsonl every 1s\n")
        for group, name in CONTEXTS.items():
            out.write(f"context {name} {{ from {NETS[group]}; endpoints 10.{group << 6}.0.0/10 }}\n")
        out.write(f"isolate {' '.join(CONTEXTS.values())}\n")
