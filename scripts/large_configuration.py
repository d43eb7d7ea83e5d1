#!/usr/bin/env python3
"""Writes a configuration as large as one likes, to measure loads, `ambit check` and `ambit diff` with.

usage: scripts/large_configuration.py FOLDER [SERVICES [CONTEXTS [PREFIXES]]]

10,000 services, 100 contexts and 50,000 prefixes unless said. Contexts are isolated from one another; each service has an
endpoint in three of them, runs at PREFIXES / SERVICES addresses, allows some services and refuses one. A tenth of the
names is replaced in an overlay. The same numbers give the same files.
"""

import os
import random
import sys


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = sys.argv[1]
    services, contexts, prefixes = [int(word) for word in (sys.argv[2:] + ["10000", "100", "50000"][len(sys.argv) - 2 :])]
    chance = random.Random(1)

    def address(context, service, number=0):
        """In the context's /12."""
        host = (service * 8 + number) % (1 << 20)
        return f"{10 + context // 16}.{context % 16 * 16 + (host >> 16)}.{host >> 8 & 255}.{host & 255}"

    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/large.test.zone", "w", encoding="ascii") as zone:
        zone.write("$TTL 30\n@ SOA ns hostmaster 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.53\n")
        for service in range(services):
            for context in sorted({chance.randrange(contexts) for _ in range(3)}):
                zone.write(f"s{service} A {address(context, service)}\n")
            if service % 10 == 0:
                zone.write(f"_http._tcp.s{service} SRV 0 1 80 s{service}\nalias{service} CNAME s{service}\n")
    for context in range(contexts):
        os.makedirs(f"{folder}/c{context}", exist_ok=True)
        with open(f"{folder}/c{context}/large.test.zone", "w", encoding="ascii") as overlay:
            overlay.write("$TTL 30\n")
            for service in range(context * 10, services, contexts * 10):
                overlay.write(f"s{service} A {address(context, service, 1)}\n")
    with open(f"{folder}/a.policy", "w", encoding="ascii") as policy:
        policy.write("origin large.test\nlisten 127.0.0.1:5300\n")
        for context in range(contexts):
            policy.write(f"context c{context} {{ from {10 + context // 16}.{context % 16 * 16}.0.0/12 }}\n")
        policy.write("isolate " + " ".join(f"c{context}" for context in range(contexts)) + "\n")
        for service in range(services):
            count = prefixes * (service + 1) // services - prefixes * service // services
            places = {address(chance.randrange(contexts), service, number % 8) for number in range(count)}
            others = {chance.randrange(services) for _ in range(4)} - {service}
            policy.write(f"service s{service} {{\n")
            if places:
                policy.write(f"  runs-at {' '.join(sorted(places))}\n")
            if service % 3 == 0:
                policy.write(f"  allow {' '.join(f's{other}' for other in sorted(others))} c{service % contexts}\n")
            elif service % 3 == 1:
                policy.write(f"  refuse s{min(others)}\n")
            policy.write("}\n")


main()
