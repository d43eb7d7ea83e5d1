"""Names that others have: what an answer from the cache costs beside other caches, what a flood of names leaves of memory,
and what an endpoint's end does to answers. The upstream is an NSD on the generator's core."""

import contextlib
import json
import random
import socket
import subprocess
import time

import workload
from figures import Row, ratios
from machine import LOAD_CORE, ask, resident, tell
from servers import CACHE_MIB, OWN, need
from workload import ORIGIN

NAMES = 1_000
FLOOD = 400_000  # names, each asked once
ALLOWED = 8  # MiB beside the cache that a flood may leave: sockets, waiting clients, the allocator's own


def write_upstream(kitchen):
    """The zone of the other rows, with times that outlast a run."""
    with open(kitchen.zone(NAMES), encoding="ascii") as zone:
        text = zone.read().replace("$TTL 30", "$TTL 3600").replace("86400 5", "86400 3600")

    def write(path):
        with open(path, "w", encoding="ascii") as out:
            out.write(text)

    return kitchen.data("zone.upstream", write)


def write_flood(path):
    chance = random.Random(7)
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        out.writelines(f"f{chance.getrandbits(64):016x}.{ORIGIN} A\n" for _ in range(FLOOD))


def write_own(path):
    with open(path, "w", encoding="ascii") as out:
        out.writelines(f"s{number}.{OWN} A\n" for number in range(1, 101))


@contextlib.contextmanager
def caches(bench, kinds):
    """An upstream and these servers before it, by name; what does not start is said and left out."""
    if not need("nsd"):
        yield {}
        return
    zone = write_upstream(bench.kitchen)
    upstream = bench.kitchen.start_ready("nsd", NAMES, cores=str(LOAD_CORE), zone_file=zone)
    servers = {}
    try:
        for name, kind in kinds.items():
            if kind in ("unbound", "dnsmasq") and not need(kind):
                continue
            try:
                servers[name] = bench.kitchen.start_ready(kind, NAMES, upstream=upstream.port)
            except RuntimeError as error:
                tell(f"skipped: {name}: {error}")
        time.sleep(0.5)
        yield servers
    finally:
        for server in [*servers.values(), upstream]:
            server.stop()


def hits(bench):
    """All names are in the cache after the first round, which does not count."""
    with caches(bench, {"ambit": "ambit-forwarding", "unbound": "unbound", "dnsmasq": "dnsmasq"}) as servers:
        figures = bench.interleave("forwarded", servers)
    return [
        Row("forwarding", f"forwarded names from the cache: answers a second of one core, to {peer.capitalize()}'s", "≥ 1", 1.0,
            ratios([run["qps"] for run in figures["ambit"]], [run["qps"] for run in figures[peer]])
            if {"ambit", peer} <= set(figures) else [], at_least=True,
            beside={f"{name}, q/s": [run["qps"] for run in figures[name]] for name in ("ambit", peer) if name in figures},
            note="" if peer in figures else f"needs {peer}")
        for peer in ("unbound", "dnsmasq")
    ]


def flood(bench):
    """Many names, each asked once: what the server's memory grows by, to the cache's bound, and what its own zone loses."""
    path = bench.kitchen.data("queries.flood", write_flood)
    with caches(bench, {"ambit": "ambit-forwarding"}) as servers:
        if "ambit" not in servers:
            return [Row("forwarding", "a flood of names: memory", "≤ 1", 1.0, [], note="needs NSD")]
        server = servers["ambit"]
        before = resident(server.pids())[0]
        flooding = subprocess.Popen(
            bench.load.command(server.port, path, seconds=8, rate=25_000, sockets=32, timeout=3000, sources=workload.ANSWERED),
            stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            own = bench.load.run(server.port, bench.kitchen.data("queries.own", write_own), seconds=4, rate=5_000, sockets=4, timeout=1000,
                                 sources=workload.ANSWERED)
        finally:
            flooding.wait(timeout=60)
        grown = max(0.0, resident(server.pids())[1] - before)
    tell(f"  flood          grown by {grown:.1f} MiB; own zone: lost {own['lost'] + own['left_out']} of {own['sent']}")
    return [
        Row("forwarding", f"a flood of {FLOOD:,} names: memory, to a cache of {CACHE_MIB} MiB and {ALLOWED} beside it", "≤ 1", 1.0,
            [grown / (CACHE_MIB + ALLOWED)]),
        Row("forwarding", "queries of its own zone lost meanwhile, of 20,000", "0", 0, [own["lost"] + own["left_out"]],
            beside={"99th percentile, µs": [own["p99_us"]]}),
    ]


class Endpoint:
    """A listener that can be ended and begun again."""

    def __init__(self, address, port):
        self.place, self.socket = (address, port), None
        self.begin()

    def begin(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.place)
        self.socket.listen(64)

    def end(self):
        self.socket.close()


def health(bench):
    """The checks of an endpoint fail and succeed again under 20,000 queries a second; beside it the same load without that."""
    if bench.load.uses_dnsperf:
        return []
    port = bench.kitchen.first_port + 101
    endpoints = [Endpoint(f"127.0.77.{number}", port) for number in (1, 2, 3)]
    try:
        server = bench.kitchen.start_ready("ambit-checking", 1000, endpoints=[endpoint.place for endpoint in endpoints])
    except RuntimeError as error:
        for endpoint in endpoints:
            endpoint.end()
        return [Row("forwarding", "an endpoint ends: queries lost", "0", 0, [], note=str(error))]
    results = {}
    path = bench.kitchen.queries(1000)
    try:
        for name, changes in (("steady", False), ("an endpoint ends and comes back", True)):
            loading = subprocess.Popen(
                bench.load.command(server.port, path, seconds=8, rate=20_000, sockets=16, timeout=1000, sources=workload.ANSWERED),
                stdout=subprocess.PIPE, text=True)
            try:
                if changes:
                    time.sleep(1)
                    results["gone"] = wait_until(server.port, endpoints[1], False)
                    results["back"] = wait_until(server.port, endpoints[1], True)
                results[name] = json.loads(loading.communicate(timeout=60)[0])
            finally:
                if loading.poll() is None:
                    loading.kill()
                    loading.wait()
    finally:
        server.stop()
        for endpoint in endpoints:
            endpoint.end()
    steady, changing = results["steady"], results["an endpoint ends and comes back"]
    tell(f"  health         out of answers after {results['gone']:.2f} s, back after {results['back']:.2f} s, "
         f"lost {changing['lost'] + changing['left_out']} of {changing['sent']}, p99 {changing['p99_us']:.0f} µs "
         f"({steady['p99_us']:.0f} µs without)")
    return [
        Row("forwarding", "an endpoint ends and comes back under 20,000 q/s: queries lost", "0", 0,
            [changing["lost"] + changing["left_out"]],
            beside={"99th percentile, µs": [changing["p99_us"]], "without, µs": [steady["p99_us"]]}),
        Row("forwarding", "seconds from an endpoint's end until no answer has it (checked every 500 ms, down after 2)", "≤ 2", 2.0,
            [results["gone"]], beside={"back (up after 2)": [results["back"]]}),
    ]


def wait_until(port, endpoint, should_be_there, seconds=5):
    """Ends or begins an endpoint; how long it takes until answers are without, or with it."""
    began = time.monotonic()
    if should_be_there:
        endpoint.begin()
    else:
        endpoint.end()
    wanted = socket.inet_aton(endpoint.place[0])
    while time.monotonic() < began + seconds:
        answer = ask(port, f"checked.{ORIGIN}", seconds=0.2)
        if answer and (wanted in answer) == should_be_there:
            return time.monotonic() - began
        time.sleep(0.01)
    return float("inf")


def forwarding(bench):
    return hits(bench) + flood(bench) + health(bench)
