"""What does not depend on how fast the machine is: instructions, system calls and memory; and the time to load."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "measure"))

import counting
import workload
from figures import Row, callgrind_total, told
from machine import resident, tell, used_time
from rows import MANY, MOST
from servers import available, need

# What a query's instructions must not grow with: what is larger, and for what.
LARGER = {
    "100 contexts for 4": {"contexts": 100},
    "10,000 services in the policy for 1,000": {"services": 10_000},
    "50 callers named by each allow for 2": {"rules": 50},
    "50,000 prefixes for 1,000": {"contexts": 10, "prefixes": 50_000},
    "100,000 services in the zone for 1,000": {"count": 100_000, "services": 1_000},
}


def larger(options):
    return dict(list(LARGER.items())[:2]) if options.quick else LARGER


def count_instructions(bench, kind="ambit-policy", count=MANY, **options):
    """User instructions a query, by callgrind, three times 8,000 queries after 4,000 that warm."""
    with tempfile.TemporaryDirectory(dir=bench.kitchen.folder) as folder:
        out = os.path.join(folder, "callgrind")
        server = bench.kitchen.start_ready(kind, count, seconds=240, cores=None, wrap=(
            "valgrind", "--tool=callgrind", "-q", "--instr-atstart=no", f"--callgrind-out-file={out}"), **options)

        def control(*words):
            command = ["callgrind_control", *words, str(server.process.pid)]
            subprocess.run(command, capture_output=True, timeout=60, check=False)

        received = []
        try:
            path = bench.kitchen.queries(count)
            # A server so slowed down always has a full batch before it, whatever else the machine does.
            common = {"window": 256, "seconds": 60, "timeout": 5000, "sources": workload.ANSWERED}
            bench.load.run(server.port, path, count=4_000, **common)
            control("-i", "on")
            for number in range(3):
                result = bench.load.run(server.port, path, count=8_000, skip=8_000 * number, **common)
                received.append(result["received"])
                control("-d")  # writes what was counted, and begins anew
        finally:
            server.stop()
        totals = []
        for number in range(1, 4):
            with open(f"{out}.{number}", encoding="utf-8", errors="replace") as text:
                totals.append(callgrind_total(text.read()))
        return [total / max(1, answers) for total, answers in zip(totals, received)]


def instructions(bench):
    if bench.load.uses_dnsperf or not need("valgrind"):
        return [Row("instructions", "user instructions a query", "≤ 1,500", 1500, [], note="needs valgrind and our generator")]
    raw = {"plain": count_instructions(bench), "none": count_instructions(bench, "ambit-none")}
    rows = [Row("instructions", "user instructions a query, 1,000 services, all rules on", "≤ 1,500", 1500, raw["plain"],
                beside={"no policy": raw["none"]})]
    for what, options in larger(bench.options).items():
        raw[what] = count_instructions(bench, **options)
        ratio = min(raw[what]) / min(raw["plain"])
        rows.append(Row("instructions", f"flat: instructions with {what}", "≤ 1.10 ×", 1.10, [ratio]))
    for what, values in raw.items():
        tell(f"  instructions   {what}: {told(values)} a query")
    bench.raw["instructions"] = raw
    return rows


def count_calls(bench, server, seconds=1.0):
    """System calls a query at full load, by the kernel's own count; else by strace, which slows the server."""
    path = bench.kitchen.queries(server.count)
    if need("perf"):
        out = os.path.join(server.folder, "perf")
        pids = ",".join(map(str, server.pids()))
        loading = subprocess.Popen(bench.load.command(server.port, path, seconds=seconds + 1, sources=workload.ANSWERED),
                                   stdout=subprocess.PIPE, text=True)
        time.sleep(0.4)
        watch = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", out, "-p", pids, "--", "sleep", str(seconds)]
        subprocess.run(watch, capture_output=True, timeout=60, check=False)
        result = json.loads(loading.communicate(timeout=60)[0])
        with contextlib.suppress(OSError), open(out, encoding="utf-8") as text:
            if found := re.search(r"^(\d+),[^,]*,raw_syscalls:sys_enter", text.read(), re.M):
                return int(found[1]) / (result["qps"] * seconds)
    if not need("strace"):
        return None
    result = {}

    def load():
        result.update(bench.load.run(server.port, path, count=50_000, seconds=20, sources=workload.ANSWERED))

    try:
        calls = counting.system_calls(server.pids(), load, os.path.join(server.folder, "strace"))
    except counting.CannotCount as error:
        tell(f"skipped: system calls of {server.kind}: strace cannot attach: {error}")
        return None
    return sum(calls.values()) / max(1, result["received"])


def calls(bench):
    kinds = ["echo", "ambit-policy", "gdnsd", "nsd", "knot"]
    counted = {}
    with bench.up(kinds, MANY) as servers:
        for name, server in servers.items():
            repeats = min(3, bench.rounds) if name == "ambit-policy" else 1
            counted[name] = [each for _ in range(repeats) if (each := count_calls(bench, server)) is not None]
    bench.raw["calls"] = counted
    tell(f"  system calls   {counted}")
    mine = counted.pop("ambit-policy", [])
    return [Row("calls", "system calls a query at full load", "≤ 0.1", 0.1, mine, beside=counted)]


# --- memory and loading ------------------------------------------------------------------------------------------------


def started_once(bench, kind, count, **options):
    """(seconds to the first answer, MiB while serving, MiB at most, CPU seconds) of a start."""
    server = bench.kitchen.start_ready(kind, count, **options)
    try:
        cpu = used_time(server.pids())
        bench.load.run(server.port, bench.kitchen.queries(count), seconds=0.5)
        time.sleep(1)
        now, peak = resident(server.pids())
    finally:
        server.stop()
    tell(f"  memory         {kind:14} {count:,} services: first answer {server.ready:.2f} s ({cpu:.2f} s of CPU), {now:.0f} MiB, "
         f"peak {peak:.0f}")
    return {"seconds": server.ready, "resident": now, "peak": peak, "cpu": cpu}


def memory(bench):
    count = MANY * 10 if bench.options.tiny else MOST
    bench.kitchen.zone(count), bench.kitchen.queries(count)
    repeats = 1 if bench.options.quick else 3
    mine = [started_once(bench, "ambit-none", count, cores=None) for _ in range(repeats)]
    one_core = [started_once(bench, "ambit-none", count)]
    peers = {}
    for kind in available(["gdnsd"] if bench.options.quick else ["gdnsd", "nsd", "knot"]):
        with contextlib.suppress(RuntimeError):
            peers[kind] = [started_once(bench, kind, count, cores=None)]
    overlays = [started_once(bench, "ambit-overlays", count, cores=None)]
    bench.raw["memory"] = {"ambit": mine, "one core": one_core, "100 contexts": overlays, **peers}

    def every(key):
        return {name: [run[key] for run in runs] for name, runs in peers.items()}

    base = statistics.median(run["resident"] for run in mine)
    return [
        Row("memory", f"memory, {count:,} services: MiB resident", "≤ 300", 300, [run["resident"] for run in mine],
            beside=every("resident") | {"peak while loading": [run["peak"] for run in mine]}),
        Row("memory", "memory: the same with 100 contexts, each with an overlay of 1 %", "≤ 1.5 ×", 1.5,
            [run["resident"] / base for run in overlays]),
        Row("memory", f"load, {count:,} services: seconds to the first answer", "≤ 3.5", 3.5, [run["seconds"] for run in mine],
            beside=every("seconds") | {"on one core": [run["seconds"] for run in one_core],
                                       "CPU seconds": [run["cpu"] for run in mine]}),
    ]
