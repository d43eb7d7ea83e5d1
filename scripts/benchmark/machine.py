"""Processes and what they use: started here, measured here, and ended here by their numbers."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from figures import read_dnsperf

SERVER_CORE, LOAD_CORE = 0, 1
TICK = os.sysconf("SC_CLK_TCK")
LOADED = 0.10  # cores' worth of other work from which on a measurement is taken again

started = []  # processes that run
patience = [120.0]  # seconds that may still be spent on waiting for a quiet machine, or on measuring again


def tell(*words):
    print(*words, file=sys.stderr, flush=True)


@contextlib.contextmanager
def only_one():
    """Two benchmarks at once would measure each other."""
    with open(os.path.join(tempfile.gettempdir(), f"ambit-bench.{os.getuid()}.lock"), "a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            tell("bench: another one is running; wait for its end")
            sys.exit(3)
        yield


def family(pid):
    """A process and all below it."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
            parent = int(stat.read().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def execution_time(pids, named=""):
    """Seconds for which the threads of these processes, or those whose name begins so, have run, as the scheduler counts it,
    to the nanosecond."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as stat, \
                        open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8", errors="replace") as name:
                    total += int(stat.read().split()[0]) if name.read().startswith(named) else 0
    return total / 1e9


def used_time(pids):
    """Seconds of CPU time of these processes, threads that have ended included; in clock ticks."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            total += sum(map(int, stat.read().rpartition(")")[2].split()[11:13]))
    return total / TICK


def resident(pids):
    """(now, at most so far) MiB of resident memory; what several processes share counts once in the first."""
    now = peak = 0
    kind = "Rss:" if len(pids) == 1 else "Pss:"
    for pid in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
                now += sum(int(line.split()[1]) for line in lines if line.startswith(kind))
            with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
                peak += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return now / 1024, peak / 1024


def cores_busy():
    """Seconds for which the two cores have worked, for whomever."""
    total = 0
    with open("/proc/stat", encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] in (f"cpu{SERVER_CORE}", f"cpu{LOAD_CORE}"):
                ticks = list(map(int, words[1:9]))
                total += sum(ticks) - ticks[3] - ticks[4]
    return total / TICK


def ask(port, name, source="127.0.0.2", seconds=0.05):
    """The response to NAME A, or None."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(seconds)
        asking.bind((source, 0))
        try:
            asking.connect(("127.0.0.1", port))
            asking.send(query)
            return asking.recv(4096)
        except OSError:
            return None


class Running:
    """A server that runs, until `stop`; `cores` as taskset reads them, or None for all."""

    def __init__(self, command, folder, port, cores=str(SERVER_CORE)):
        self.port, self.folder = port, folder
        pinned = ["taskset", "-c", cores] if cores is not None else []
        self.log = os.path.join(folder, "log")
        with open(self.log, "ab") as log:
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                [*pinned, *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        started.append(self)

    def pids(self):
        return family(self.process.pid)

    def wait_for(self, name, seconds=120):
        """Seconds from the start to the first answer with data; what it said, as an error, where none comes."""
        while time.monotonic() < self.began + seconds and self.process.poll() is None:
            answer = ask(self.port, name)
            if answer and answer[3] & 15 == 0 and answer[6:8] != b"\0\0":
                return time.monotonic() - self.began
            time.sleep(0.002)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError("no answer: " + " ".join(log.read()[-300:].split()))

    def stop(self):
        if self not in started:
            return
        pids = self.pids()
        for how, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            with contextlib.suppress(subprocess.TimeoutExpired, OSError):
                self.process.send_signal(how)
                self.process.wait(seconds)
                break
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        started.remove(self)


def stop_all():
    for server in list(started):
        server.stop()


class Load:
    """The generator, on a core of its own."""

    def __init__(self, folder, uses_dnsperf=False):
        self.folder, self.uses_dnsperf = folder, uses_dnsperf

    def command(self, port, queries, **options):
        words = [f"{name}={value}" for name, value in options.items()]
        return ["taskset", "-c", str(LOAD_CORE), os.path.join(self.folder, "load"), str(port), queries, *words]

    def run(self, port, queries, **options):
        if self.uses_dnsperf:
            return self.run_dnsperf(port, queries, **options)
        done = subprocess.run(self.command(port, queries, **options), capture_output=True, text=True, timeout=200, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def run_dnsperf(self, port, queries, seconds=1, window=128, sockets=8, rate=None, transport="udp", **_):
        command = ["taskset", "-c", str(LOAD_CORE), "dnsperf", "-s", "127.0.0.1", "-a", "127.0.0.2", "-p", str(port)]
        command += ["-d", queries, "-l", str(max(1, round(seconds))), "-q", str(window), "-c", str(sockets), "-m", transport]
        if rate:
            command += ["-Q", str(rate)]
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
        after = os.times()
        own = after.children_user + after.children_system - before.children_user - before.children_system
        return read_dnsperf(done.stdout) | {"own_cpu": own}

    def measure(self, server, queries, **options):
        """One run with the server's CPU time a query; taken again while others use the cores, as long as patience lasts."""
        best = None
        for _ in range(3):
            pids = server.pids()
            began, busy, used, answering = time.monotonic(), cores_busy(), execution_time(pids), execution_time(pids, "ambit-udp-")
            result = self.run(server.port, queries, **options)
            wall, busy, used = time.monotonic() - began, cores_busy() - busy, execution_time(pids) - used
            counted = result["sent"] if options.get("await") == "no" else result["received"]
            result["ns_each"] = used / max(1, counted) * 1e9
            result["answering_ns_each"] = (execution_time(pids, "ambit-udp-") - answering) / max(1, counted) * 1e9
            result["server_busy"] = used / wall
            result["foreign"] = max(0, busy - used - result["own_cpu"]) / wall
            if best is None or result["foreign"] < best["foreign"]:
                best = result
            if result["foreign"] < LOADED or patience[0] < 0:
                break
            patience[0] -= wall
        return best
