"""What it costs a query that a service says which of its endpoints callers get: beside a service that says nothing, in the
same rounds. The zone and the queries are one; every service has the same lines."""

import time

from figures import Row, ratios
from machine import tell
from workload import CONTEXTS, ORIGIN, head, service

SERVICES = 1_000
# Of the four addresses of a service one is in each of the callers' contexts, so that all of them have one that is near.
OTHERS = 0
WEIGHT = "weight 10.64.0.0/10 70, 10.128.0.0/10 25, 10.192.0.0/10 5"
LINES = {
    "plain": "",
    "weight": WEIGHT,
    "max-answers 1": "max-answers 1",
    "canary": "canary 10.192.0.0/10 5%",
    "prefer near": "prefer near",
    "all four": f"{WEIGHT}; max-answers 1; canary 10.0.0.0/10 5%; prefer near",
}


def write_zone(path):
    with open(path, "w", encoding="ascii") as out:
        out.write(head())
        for number in range(1, SERVICES + 1):
            out.writelines(f"{service(number)} A 10.{group << 6}.{number >> 8}.{number & 255}\n" for group in (OTHERS, *CONTEXTS))


def write_queries(path):
    """All of them, one after the other: what is counted are services' addresses alone."""
    with open(path, "w", encoding="ascii") as out:
        out.writelines(f"{service(number)}.{ORIGIN} A\n" for number in range(1, SERVICES + 1))


def steering(bench):
    servers = {}
    try:
        for name, line in LINES.items():
            try:
                servers[name] = bench.kitchen.start_ready("ambit-steering", SERVICES, zone_file=bench.kitchen.data("zone.steered", write_zone),
                                                          line=line)
            except RuntimeError as error:
                tell(f"skipped: {name}: {error}")
        time.sleep(0.5)
        figures = bench.interleave("steering", servers, queries=bench.kitchen.data("queries.steered", write_queries))
    finally:
        for server in servers.values():
            server.stop()
    cost = {name: [run["ns_each"] for run in runs] for name, runs in figures.items()}
    to_plain = {name: ratios(each, cost["plain"]) for name, each in cost.items() if name != "plain" and "plain" in cost}
    everything = to_plain.pop("all four", [])
    return [Row("steering", "weight, max-answers 1, canary and prefer near, of four addresses: CPU a query, to a plain service's", "≤ 1.25",
                1.25, everything, beside=to_plain, note="" if everything else "Ambit did not start")]
