"""The measurements, one function a group of rows. Each gives its rows, and leaves all raw figures in `bench.raw`."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import time

import workload
from figures import Row, ratios
from machine import SERVER_CORE, tell
from servers import available

MANY, MORE, MOST = 1_000, 100_000, 1_000_000


class Bench:
    """What a run knows: its kitchen, its generator, its options, and all figures so far."""

    def __init__(self, kitchen, load, options):
        self.kitchen, self.load, self.options = kitchen, load, options
        self.rounds = options.rounds
        self.seconds = 0.5 if options.quick else 1.0
        self.raw = {}

    @contextlib.contextmanager
    def up(self, kinds, count, **options):
        """These servers, all up at once, by their names; one that does not start is said and left out."""
        servers = {}
        try:
            for name in available(kinds):
                kind, special = name, dict(options) if name.startswith("ambit") else {}
                if name == "against":
                    kind, special = "ambit-policy", options | {"binary": self.options.against}
                try:
                    servers[name] = self.kitchen.start_ready(kind, count, **special)
                except RuntimeError as error:
                    tell(f"skipped: {name} with {count:,} services: {error}")
            time.sleep(1)
            yield servers
        finally:
            for server in servers.values():
                server.stop()

    def interleave(self, label, servers, queries=None, rounds=None, between=None, **load):
        """Each server loaded in turn, round after round; the first round warms and does not count."""
        load.setdefault("seconds", self.seconds)
        if not self.load.uses_dnsperf:
            load.setdefault("sources", workload.ANSWERED)
        figures = {name: [] for name in servers}
        for number in range(1 + (rounds or self.rounds)):
            for name, server in servers.items():
                path = queries or self.kitchen.queries(server.count)
                result = self.load.measure(server, path, skip=7919 * number, **load)
                if number:
                    figures[name].append(result)
        self.raw[label] = figures
        for name, results in figures.items():
            median = {key: statistics.median(result[key] for result in results) for key in ("qps", "ns_each", "foreign")}
            busy = statistics.median(result["server_busy"] for result in results)
            lost = sum(result["lost"] + result["left_out"] for result in results)
            tell(f"  {label:14} {name:13} {median['qps']:>9,.0f} q/s {median['ns_each']:>7,.0f} ns of CPU a query, busy "
                 f"{busy:.2f}, others {median['foreign']:.2f}, lost {lost}, rcodes {results[-1].get('rcodes')}")
        return figures


def of(figures, name, key="ns_each"):
    return [result[key] for result in figures.get(name, [])]


def against_all(figures, base):
    """CPU a query of every server, to that of one of them in the same rounds."""
    return {name: ratios(of(figures, name), of(figures, base)) for name in figures if name != base}


def busy_note(figures, name="ambit-policy"):
    """What to doubt: a server that was not at its limit, or a machine that others used."""
    notes = []
    busy = statistics.median(of(figures, name, "server_busy"))
    foreign = max(statistics.median(of(figures, server, "foreign")) for server in figures)
    if busy < 0.9:
        notes.append(f"server busy {busy:.0%} only")
    if foreign > 0.15:
        notes.append(f"others used {foreign:.2f} of the two cores")
    return "; ".join(notes)


def has_memory(gibibytes):
    with open("/proc/meminfo", encoding="ascii") as lines:
        available_ = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return available_ > gibibytes << 20


# --- CPU a query -------------------------------------------------------------------------------------------------------


def udp(bench):
    rows = []
    limits = {MANY: 1.05, MORE: 1.12, MOST: 1.20}
    for count in bench.options.n:
        kinds = ["echo", "ambit-policy", "ambit-none", "gdnsd", "nsd", "knot", "bind"]
        if count >= MOST and (bench.options.quick or not has_memory(10)):
            kinds = ["echo", "ambit-policy", "gdnsd"]
        if bench.options.against:
            kinds.insert(2, "against")
        with bench.up(kinds, count) as servers:
            figures = bench.interleave(f"udp {count:,}", servers)
        if "ambit-policy" not in figures:
            rows.append(Row("udp", f"UDP, {count:,} services", "", 0, [], note="Ambit did not start"))
            continue
        beside = against_all(figures, "echo")
        mine, note = beside.pop("ambit-policy"), busy_note(figures)
        limit = limits.get(count)
        rows.append(Row("udp", f"UDP, {count:,} services, all rules on: CPU a query, to echo's",
                        f"≤ {limit}" if limit else "", limit, mine, beside=beside, note=note))
        if "gdnsd" in figures:
            rows.append(Row("udp", f"UDP, {count:,} services: CPU a query, to gdnsd's without policy",
                            "≤ 1" if count == MORE else "", 1.0 if count == MORE else None,
                            ratios(of(figures, "ambit-policy"), of(figures, "gdnsd"))))
        if "ambit-none" in figures:
            goal = count == MORE
            rows.append(Row("policy", f"policy, all of it, against none, {count:,} services: CPU a query",
                            "≤ 1.03" if goal else "", 1.03 if goal else None,
                            ratios(of(figures, "ambit-policy"), of(figures, "ambit-none"))))
        qps = {name: of(figures, name, "qps") for name in figures if name != "ambit-policy"}
        rows.append(Row("udp", f"UDP, {count:,} services: answers a second, one thread", "", None,
                        of(figures, "ambit-policy", "qps"), beside=qps))
    return rows


def views(bench):
    """Everything by caller: whole overlays here, views in BIND."""
    rows = []
    count = MANY if bench.options.tiny else MORE
    with bench.up(["echo", "ambit-views", "bind-views"], count) as servers:
        for sources, which in ((workload.ANSWERED, "all answered"), (workload.ALL_CALLERS, "a quarter of the callers refused")):
            if bench.load.uses_dnsperf and sources != workload.ANSWERED:
                continue
            special = {} if bench.load.uses_dnsperf else {"sources": sources}
            figures = bench.interleave(f"views {sources[-1]}", servers, **special)
            if not {"ambit-views", "bind-views"} <= set(figures):
                rows.append(Row("views", "answers by caller", "≥ 2.3", 2.3, [], note="needs BIND"))
                break
            rows.append(Row("views", f"answers by caller, {count:,} services, {which}: answers a second, to BIND views'",
                            "≥ 2.3", 2.3, ratios(of(figures, "ambit-views", "qps"), of(figures, "bind-views", "qps")),
                            at_least=True, beside={f"{name}, CPU to echo's": values
                                                   for name, values in against_all(figures, "echo").items()},
                            note=busy_note(figures, "ambit-views")))
    return rows


def workers(bench):
    """One worker and two on the same two cores, where the generator has to be too on a machine that has no third."""
    servers = {}
    try:
        for number in (1, 2):
            servers[f"{number} worker"] = bench.kitchen.start_ready("ambit-policy", MANY, cores="0-1", workers=number)
        time.sleep(0.5)
        figures = bench.interleave("workers", servers, sockets=32, window=512)
    finally:
        for server in servers.values():
            server.stop()
    note = "the generator shares a core with the second worker" if (os.cpu_count() or 1) < 3 else ""
    return [Row("workers", "two workers: CPU a query, to one's", "≤ 1.05", 1.05,
                ratios(of(figures, "2 worker"), of(figures, "1 worker")), note=note)]


EVERY_LOG = ("metrics-log metrics.jsonl every 1s rotate 10MiB keep 2\nquery-log queries.jsonl all rotate 100MiB keep 2\n"
             "dnstap messages.fstrm all rotate 100MiB keep 2\n")


def measuring(bench):
    """What it costs to time queries: all of them and one in 100, to none, where the kernel stamps nothing either; and what it
    costs to log all of them too, in every way there is."""
    kinds = {"off": "off", "all": "all", "every 100": "every 100"}
    servers = {}
    try:
        for name, measure in kinds.items():
            servers[name] = bench.kitchen.start_ready("ambit-policy", MANY, measure=measure, logs="http off\n")
        for name, cores in (("logged", None), ("logged, one core", "0")):
            servers[name] = bench.kitchen.start_ready("ambit-policy", MANY, logs=EVERY_LOG, cores=cores)
        time.sleep(0.5)
        figures = bench.interleave("measuring", servers)
    finally:
        for server in servers.values():
            server.stop()
    rate = {f"{name}, q/s": of(figures, name, "qps") for name in kinds}
    return [Row("measuring", "measuring: all queries timed, CPU a query, to none's", "≤ 1.05", 1.05,
                ratios(of(figures, "all"), of(figures, "off")),
                beside={"one in 100": ratios(of(figures, "every 100"), of(figures, "off"))},
                note=busy_note(figures, "all")),
            Row("measuring", "measuring: all queries timed, answers a second, to none's", "≥ 0.95", 0.95,
                ratios(of(figures, "all", "qps"), of(figures, "off", "qps")), at_least=True, beside=rate),
            Row("measuring", "all timed, query log and dnstap of all, metrics log, page: answers a second of a worker that has its "
                "core for itself, to all off", "≥ 0.9", 0.9,
                ratios(of(figures, "off", "answering_ns_each"), of(figures, "logged", "answering_ns_each")), at_least=True,
                beside={"with the logs' threads on the generator's core": ratios(of(figures, "logged", "qps"), of(figures, "off", "qps")),
                        "on the worker's core": ratios(of(figures, "logged, one core", "qps"), of(figures, "off", "qps"))},
                note="by the CPU time of the thread that answers")]


# --- TCP, latency, reload ----------------------------------------------------------------------------------------------


def tcp(bench):
    with bench.up(["ambit-policy", "gdnsd", "nsd", "knot", "bind"], MANY) as servers:
        full = bench.interleave("tcp", servers, transport="tcp", sockets=10, window=200)
        steady = {}
        if not bench.load.uses_dnsperf:
            steady = bench.interleave("tcp 20,000", servers, transport="tcp", sockets=10, rate=20_000)
    rows = []
    ready = "gdnsd" in full and "ambit-policy" in full
    mine = of(full, "ambit-policy", "qps")
    rows.append(Row("tcp", "TCP, 10 pipelined connections: answers a second, to gdnsd's", "≥ 2", 2.0,
                    ratios(mine, of(full, "gdnsd", "qps")) if ready else [], at_least=True,
                    beside={f"{name}, q/s": of(full, name, "qps") for name in full}, note="" if ready else "needs gdnsd"))
    if steady:
        beside = {f"{name}, µs": of(steady, name, "p50_us") for name in steady}
        rows.append(Row("tcp", "TCP at 20,000 q/s: median latency, to gdnsd's", "≤ 1", 1.0,
                        ratios(of(steady, "ambit-policy", "p50_us"), of(steady, "gdnsd", "p50_us")) if ready else [],
                        beside=beside))
    return rows


def latency(bench):
    if bench.load.uses_dnsperf:
        return [Row("latency", "UDP at 20,000 q/s: median latency, to echo's", "≤ 1.1", 1.1, [],
                    note="dnsperf tells no percentiles")]
    with bench.up(["echo", "ambit-policy", "gdnsd", "nsd", "knot"], MORE if not bench.options.tiny else MANY) as servers:
        figures = bench.interleave("20,000 q/s", servers, rate=20_000)
    echo = of(figures, "echo", "p50_us")
    beside = {name: ratios(of(figures, name, "p50_us"), echo) for name in figures if name not in ("echo", "ambit-policy")}
    microseconds = {f"{name}, µs": of(figures, name, "p50_us") for name in ("echo", "ambit-policy")}
    return [
        Row("latency", "UDP at 20,000 q/s: median latency, to echo's", "≤ 1.1", 1.1,
            ratios(of(figures, "ambit-policy", "p50_us"), echo), beside=beside | microseconds),
        Row("latency", "UDP at 20,000 q/s: 99th percentile, µs", "", None, of(figures, "ambit-policy", "p99_us"),
            beside={name: of(figures, name, "p99_us") for name in figures if name != "ambit-policy"}),
    ]


def reload_once(bench, server, number):
    """One changed address and serial under 20,000 queries a second: when a canary's answer is the new one, and what is lost."""
    with open(server.recipe.zone, encoding="ascii") as zone:
        text = zone.read()
    changed = re.sub(r"^canary A \S+", f"{workload.CANARY} A 10.0.254.{number + 1}", text, count=1, flags=re.M)
    changed = re.sub(r"(hostmaster) \d+", rf"\1 {number + 2}", changed, count=1)
    beside = os.path.join(server.folder, "zone.new")
    with open(beside, "w", encoding="ascii") as zone:
        zone.write(changed)
    os.rename(beside, server.recipe.zone)
    path = bench.kitchen.queries(server.count)
    loading = subprocess.Popen(
        bench.load.command(server.port, path, seconds=6, rate=20_000, sockets=16, timeout=1000, sources=workload.ANSWERED,
                           canary=f"{workload.CANARY}.{workload.ORIGIN}"), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(1)
        began = time.time_ns()
        with open(server.log, "ab") as log:
            # On the server's core, which then has the reading to do besides answering.
            command = ["taskset", "-c", str(SERVER_CORE), *server.recipe.reload]
            subprocess.run(command, stdout=log, stderr=log, timeout=30, check=False)
        result = json.loads(loading.communicate(timeout=60)[0])
    finally:
        if loading.poll() is None:
            loading.kill()
            loading.wait()
    result["new_after"] = (result["canary_changed"] - began) / 1e9 if result["canary_changed"] else float("inf")
    return result


def reload(bench):
    count = MANY if bench.options.tiny else MORE
    repeats = 1 if bench.options.quick else 3
    figures = {}
    # The policy beside the zone has 1,000 services; a larger one is told beside it.
    for name, options in {"ambit": {"services": 1000}, "ambit, 100,000 services in the policy": {},
                          "gdnsd": {}, "knot": {}, "nsd": {}}.items():
        kind = "ambit-policy" if name.startswith("ambit") else name
        for kind in available([kind]):
            try:
                server = bench.kitchen.start_ready(kind, count, **options)
            except RuntimeError as error:
                tell(f"skipped: {name}: {error}")
                continue
            try:
                time.sleep(1)
                figures[name] = [reload_once(bench, server, number) for number in range(repeats)]
            finally:
                server.stop()
            last = figures[name][-1]
            tell(f"  reload         {name:13} new answer after {last['new_after']:.3f} s, lost {last['lost'] + last['left_out']} of "
                 f"{last['sent']}, longest silence {last['canary_gap_ms']:.0f} ms, p99.9 {last['p999_us']:.0f} µs")
    bench.raw["reload"] = figures
    after = {name: of(figures, name, "new_after") for name in figures}
    lost = {name: [run["lost"] + run["left_out"] for run in runs] for name, runs in figures.items()}
    silence = {f"{name}, longest silence ms": of(figures, name, "canary_gap_ms") for name in figures}
    return [
        Row("reload", f"reload of a changed zone of {count:,} services at 20,000 q/s: queries lost, in all", "0", 0,
            [sum(lost.pop("ambit", [float("inf")]))], beside={name: [sum(each)] for name, each in lost.items()}),
        Row("reload", "reload: seconds from the command to the first new answer", "≤ 0.3", 0.3, after.pop("ambit", []),
            beside=after | silence),
    ]
