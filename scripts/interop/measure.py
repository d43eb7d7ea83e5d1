"""What `ambit measure` says, checked: count, spacing, IDs, ports, loss and delay, on loopback and over an emulated link."""

import contextlib
import csv
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import asking
import exposition
import link

AMBIT, PORT = os.environ["AMBIT"], int(os.environ["PORT"])
NAME = "orders.mesh.test"
PAGE = "127.0.0.1:8053"  # in a namespace, where no other has it
ZONE = "@ 300 IN SOA ns hostmaster 1 3600 600 86400 60\n@ 300 IN NS ns\nns 300 IN A 192.0.2.1\norders 300 IN A 192.0.2.2\n"


def check(title, good, got=""):
    print(f"ok {title}" if good else f"FAILED {title}\n   got: {got}", flush=True)


def measure(*words, within=(), name=NAME):
    """Runs it: the summary and the singletons."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/singletons"
        command = [*within, AMBIT, "measure", *words[:1], name, *words[1:], "--json", "--output", path]
        result = subprocess.run(command, capture_output=True, text=True, timeout=40)
        if not result.stdout.startswith("{"):
            return None, [], result
        with open(path) as lines:
            return json.loads(result.stdout), [json.loads(line) for line in lines], result


def seconds(text):
    """A moment of the log, in seconds of its day, whole to the nanosecond."""
    hours, minutes, rest = text[11:-1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def distance(spacings, rate):
    """Kolmogorov's distance from the exponential distribution, times the root of the count."""
    ordered, n = sorted(spacings), len(spacings)
    return max(max(1 - math.exp(-rate * x) - i / n, (i + 1) / n - 1 + math.exp(-rate * x)) for i, x in enumerate(ordered)) * n**0.5


@contextlib.contextmanager
def running(command, is_ready):
    """A server for as long as the block runs."""
    log = tempfile.TemporaryFile("w+")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(200):
            if process.poll() is not None or is_ready():
                break
            time.sleep(0.05)
        if process.poll() is not None or not is_ready():
            log.seek(0)
            raise OSError(f"{command[0]} does not answer: {log.read()[-1000:]}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(address, port, within=()):
    dig = ["dig", "-r", f"@{address}", "-p", str(port), "+tries=1", "+timeout=1", "+short", NAME]
    return lambda: subprocess.run([*within, *dig], capture_output=True, text=True).stdout.startswith(("1", "2"))


def nsd(folder, port):
    with open(f"{folder}/mesh.test.zone", "w") as zone:
        zone.write("$ORIGIN mesh.test.\n" + ZONE)
    with open(f"{folder}/nsd.conf", "w") as file:
        file.write(f'server:\n  ip-address: 127.0.0.1@{port}\n  username: ""\n  chroot: ""\n  zonesdir: "{folder}"\n  database: ""\n'
                   f'  pidfile: "{folder}/nsd.pid"\n  xfrdfile: "{folder}/xfrd"\n  zonelistfile: "{folder}/list"\n  xfrdir: "{folder}"\n'
                   f'  logfile: "{folder}/log"\n  server-count: 1\n  rrl-ratelimit: 0\n'
                   'remote-control:\n  control-enable: no\nzone:\n  name: mesh.test\n  zonefile: mesh.test.zone\n')
    return ["nsd", "-d", "-c", f"{folder}/nsd.conf"]


def unbound(folder, port):
    with open(f"{folder}/unbound.conf", "w") as file:
        file.write(f'server:\n  interface: 127.0.0.1@{port}\n  username: ""\n  chroot: ""\n  directory: "{folder}"\n  pidfile: ""\n'
                   '  use-syslog: no\n  do-daemonize: no\n  do-not-query-localhost: yes\n  trust-anchor-signaling: no\n'
                   f'  local-zone: "mesh.test." static\n  local-data: "{NAME}. A 192.0.2.2"\n'
                   'remote-control:\n  control-enable: no\n')
    return ["unbound", "-d", "-c", f"{folder}/unbound.conf"]


# --- each server on loopback -------------------------------------------------------------------------------------------


# 0.1 %: 1.95 / √n. Six tests a run are more than chance should have a say in: who exceeds it is measured once more.
LARGEST_DISTANCE = 1.95


def spacing(rows, rate):
    """How far the spacings are from exponential ones: of the times of sending, which have the host's lag in them, and as drawn."""
    times, due = [seconds(row["T"]) for row in rows], [row["due"] for row in rows]
    return (distance([b - a for a, b in zip(times, times[1:]) if b >= a], rate),
            distance([b - a for a, b in zip([0, *due], due)], rate))


def on_loopback(who, port):
    rate, count = 150, 450
    summary, rows, result = measure(f"@127.0.0.1:{port}", "--rate", str(rate), "--count", str(count), "--threshold", "2s")
    if summary is None:
        return check(f"{who} is measured", False, result.stderr)
    check(f"{who}: as many singletons as asked", len(rows) == count == summary["servers"][0]["sent"], len(rows))
    check(f"{who}: each with its time, delay, RCODE and Logical 0",
          all(row["T"].endswith("Z") and 0 < (row["dT"] or 0) < 2 and row["RCODE"] == 0 and row["Logical"] == 0 for row in rows),
          [row for row in rows if row["dT"] is None][:2])
    check(f"{who}: IDs are all different, the port is one",
          len({row["id"] for row in rows}) == count and len({row["port"] for row in rows}) == 1)
    found = [spacing(rows, rate)]
    if max(found[0]) >= LARGEST_DISTANCE:
        found.append(spacing(measure(f"@127.0.0.1:{port}", "--rate", str(rate), "--count", str(count))[1], rate))
    sent, drawn = (min(each) for each in zip(*found))
    check(f"{who}: spacings are exponential (Kolmogorov–Smirnov {sent:.2f} < {LARGEST_DISTANCE})", sent < LARGEST_DISTANCE, found)
    check(f"{who}: so are the times as drawn", drawn < LARGEST_DISTANCE, found)
    median = summary["servers"][0]["populations"][0]["median"]
    ordered = sorted(row["dT"] for row in rows)
    middle = (ordered[count // 2 - 1] + ordered[count // 2]) / 2
    check(f"{who}: the summary's median is the singletons' ({median['value'] * 1e6:.1f} µs)",
          abs(median["value"] - middle) < 1e-9 and median["low"] <= middle <= median["high"], (median, middle))


on_loopback("ambit", PORT)
for program, configure in (("nsd", nsd), ("unbound", unbound)):
    if not shutil.which(program):
        print(f"skipped: measure: no {program} here")
        continue
    with tempfile.TemporaryDirectory() as folder:
        peer = asking.free_port()
        with running(configure(folder, peer), answers("127.0.0.1", peer)):
            on_loopback(program, peer)

# --- its other words ---------------------------------------------------------------------------------------------------

same_seed = [measure(f"@127.0.0.1:{PORT}", "--rate", "500", "--count", "50", "--seed", "5")[1] for _ in range(2)]
first, second = ([(row["due"], row["id"]) for row in rows] for rows in same_seed)
check("a seed sends the same stream again", len(first) == 50 and first == second, (first[:3], second[:3]))

summary, rows, _ = measure(f"@127.0.0.1:{PORT}", "--rate", "500", "--count", "50", "--source", "127.0.2.66")
check("--source: the context of that caller answers (REFUSED, kept apart)",
      [p["rcode"] for p in summary["servers"][0]["populations"]] == [5] and all(r["RCODE"] == 5 for r in rows))

with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/out.csv"
    subprocess.run([AMBIT, "measure", f"@127.0.0.1:{PORT}", NAME, "--rate", "500", "--count", "20", "--output", path,
                    "--format", "csv"], capture_output=True, timeout=30)
    with open(path, newline="") as file:
        table = list(csv.DictReader(file))
    check("--format csv has the registry's columns", len(table) == 20 and list(table[0])[:4] == ["T", "dT", "RCODE", "Logical"])

for patience in (1.5, 5, 15):  # on a busy machine it may still be calibrating
    process = subprocess.Popen([AMBIT, "measure", f"@127.0.0.1:{PORT}", NAME, "--rate", "50", "--count", "10000", "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(patience)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=20)[0]
    early = json.loads(output or "{}")
    if process.returncode == 0 and early["servers"][0]["sent"] > 0:
        break
check("Ctrl-C ends it, and what there is is reported",
      process.returncode == 0 and early["parameters"]["endedEarly"] and 0 < early["servers"][0]["sent"] < 10000, output[-300:])


def differences(count):
    """How many of so many comparisons of the server with itself find that it differs."""
    pair = f"@127.0.0.1:{PORT}", "--compare", f"@127.0.0.1:{PORT}"
    return sum(measure(*pair, "--rate", "300", "--count", "300")[0]["comparison"]["differs"] for _ in range(count))


# One comparison in 20 of equal servers is wrong by design, so two of three are in 1 of 140 runs: nine more then decide, of
# which four are wrong in 1 of 1,500.
wrong = [differences(3)]
if wrong[0] > 1:
    wrong.append(differences(9))
check("a server compared with itself: no difference, but for what comes of chance", wrong[0] <= 1 or wrong[1] <= 3, wrong)

# A pipe holds 64 KiB: what is written must wait for its reader.
with subprocess.Popen([AMBIT, "measure", f"@127.0.0.1:{PORT}", NAME, "--rate", "1000", "--count", "1000", "--json", "--output",
                       "/dev/stdout"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
    time.sleep(2.5)
    output, said = process.communicate(timeout=20)
lines = output.decode().partition("\n{\n")[0].splitlines()
check("--output /dev/stdout: a reader that is late gets every singleton, and the report after them",
      process.returncode == 0 and len([json.loads(line) for line in lines]) == 1000 and output.rstrip().endswith(b"\n}"),
      (process.returncode, len(lines), said))

full = subprocess.run([AMBIT, "measure", f"@127.0.0.1:{PORT}", NAME, "--rate", "500", "--count", "20", "--output", "/dev/full"],
                      capture_output=True, text=True, timeout=20)
check("a full disk: the report is there, and exit code 3",
      full.returncode == 3 and "20 sent, 20 responses" in full.stdout and "no space left" in full.stderr, full)

named = subprocess.run([AMBIT, "measure", f"@localhost:{PORT}", NAME, "--rate", "500", "--count", "20", "--source", "127.0.0.1"],
                       capture_output=True, text=True, timeout=20)
check("a host by name: the address that was taken is said",
      named.returncode == 0 and f"localhost is asked at 127.0.0.1:{PORT}" in named.stderr, named)


def ip_header(server, kind):
    """Of a query to it; empty where none was seen. Throws where nothing can be seen, or sent."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind)) as seen:
        # The calibration's thousand datagrams come first. 33 is SO_RCVBUFFORCE.
        seen.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
        seen.bind(("lo", kind))
        result = subprocess.run([AMBIT, "measure", f"@{server}:9", NAME, "--count", "1", "--rate", "1000", "--threshold", "10ms",
                                 "--json"], capture_output=True, text=True, timeout=20)
        if not result.stdout or not json.loads(result.stdout)["servers"][0]["sent"]:
            raise OSError(result.stderr)
        seen.setblocking(False)
        length = 40 if kind == 0x86DD else 20
        with contextlib.suppress(BlockingIOError):
            while True:
                octets = seen.recv(2048)
                if octets[length + 2:length + 4] == b"\x00\x09" and octets[6 if length == 40 else 9] == 17:
                    return octets[:length]
    return b""


for server, kind, is_registered in (
        ("127.0.0.1", 0x0800, lambda header: header[1] == 0 and header[8] == 255),
        ("[::1]", 0x86DD, lambda header: header[:4] == b"\x60\x00\x00\x00" and header[7] == 255)):
    try:
        header = ip_header(server, kind)
        check(f"to {server}: DSCP 0, TTL or hop limit 255, flow label 0", header and is_registered(header), header.hex())
    except OSError as reason:
        print(f"skipped: measure: the IP header to {server}: {reason}")

# --- over a link -------------------------------------------------------------------------------------------------------


# What the machine may add to a delay; above that it is measured again, so many times in all. A server that is slow itself
# is so each time.
LARGEST_ADDED, TRIES = 0.007, 5


def waited(within):
    """How long queries waited for a server of that end in the mean, by its own count, in seconds: a busy machine's part."""
    page = subprocess.run([*within, "curl", "-sS", f"http://{PAGE}/metrics"], capture_output=True, text=True).stdout
    now = exposition.Exposition(page)
    return now.sum("ambit_queue_seconds_sum") / max(1, now.sum("ambit_queue_seconds_count"))


def added(the, *ends):
    """What link and machine add to the link's delay, in seconds: the link's own lateness, both ways, the waits for the servers
    of those ends, and 2 ms for programs that wait for a processor."""
    own = the.summary()
    return own["to_server"]["late_p95"] + own["to_client"]["late_p95"] + sum(map(waited, ends)) + 0.002


def over_link():
    zones = f"{os.getcwd()}/zones"
    with open(f"{zones}/ambit.policy", "a") as policy:
        policy.write("\ncontext wide { from 10.99.0.0/16 }\n")

    @contextlib.contextmanager
    def served(**settings):
        with link.Link(port=53, seed=11, **settings) as the:
            command = the.server_command(AMBIT, "serve", zones, "--listen", f"{the.server}:53", "--listen", "127.0.0.1:53",
                                         "--metrics-log", "off", "--http", PAGE)
            with running(command, answers("127.0.0.1", 53, the.server_command())):
                yield the

    for _ in range(TRIES):
        with served(delay=0.010) as the:
            summary, rows, result = measure(f"@{the.server}", "--rate", "200", "--count", "400", within=the.client_command())
            if summary is None:
                return check("a server is measured over the link", False, result.stderr)
            more = added(the, the.server_command())
        own = the.summary()
        check("none is lost over a link that loses none", summary["servers"][0]["lost"] == 0 == the.dropped, the.dropped)
        check("the link saw every query and every response", own["to_server"]["seen"] == own["to_client"]["seen"] == 400, own)
        if more <= LARGEST_ADDED:
            break
    median = summary["servers"][0]["populations"][0]["median"]
    check(f"10 ms each way are 20 ms in the median ({median['value'] * 1e3:.3f} ms, at most {more * 1e3:.3f} ms more)",
          more <= LARGEST_ADDED and 0 <= median["value"] - 0.020 + median["uncertaintyBelow"]
          and median["value"] <= 0.020 + more + median["uncertaintyAbove"], (median, own))

    with served(delay=0.001, loss=0.1) as the:
        summary, rows, _ = measure(f"@{the.server}", "--rate", "300", "--count", "900", "--threshold", "1s", within=the.client_command())
        lost = sum(row["Logical"] for row in rows)
        check(f"what is lost is what the link dropped, no more and no less ({lost} of {len(rows)})",
              lost == the.dropped == summary["servers"][0]["lost"] > 50, (lost, the.summary()))
        loss = summary["servers"][0]["loss"]
        check("the loss ratio's interval holds the link's (19 %)", loss["low"] - 0.02 < 0.19 < loss["high"] + 0.02, loss)
        check("a lost query has no delay and no RCODE", all((row["dT"] is None) == (row["Logical"] == 1) == (row["RCODE"] is None) for row in rows))


def compared_over_link():
    """Two servers that the client's end sees: one of its own, one 5 ms away."""
    zones = f"{os.getcwd()}/zones"
    for _ in range(TRIES):
        with link.Link(delay=0.005, port=53, seed=3) as the:
            ends = the.server_command(), the.client_command()
            far = [*ends[0], AMBIT, "serve", zones, "--listen", f"{the.server}:53", "--listen", "127.0.0.1:53",
                   "--metrics-log", "off", "--http", PAGE]
            near = [*ends[1], AMBIT, "serve", zones, "--listen", "127.0.0.1:53", "--metrics-log", "off", "--http", PAGE]
            with running(far, answers("127.0.0.1", 53, ends[0])), running(near, answers("127.0.0.1", 53, ends[1])):
                # The same address asks both, so that both give the same answer: that is no part of it.
                summary, _, result = measure("@127.0.0.1", "--compare", f"@{the.server}", "--rate", "200", "--count", "200",
                                             within=ends[1])
                if summary is None:
                    return check("two servers are compared over the link", False, result.stderr)
                more = added(the, *ends)
        if more <= LARGEST_ADDED:
            break
    by = {d["of"]: d for d in summary["comparison"]["differences"]}
    of = by["median"]
    check(f"a server 10 ms farther away differs ({of['value'] * 1e3:.2f} ms ± {of['uncertainty'] * 1e3:.2f} ms, at most {more * 1e3:.2f} ms more)",
          more <= LARGEST_ADDED and of["differs"] and abs(of["value"] - 0.010) < of["uncertainty"] + more
          and summary["comparison"]["differs"], (by, the.summary()))
    check("but not in loss", by["loss"]["differs"] is False, by)


try:
    over_link()
    compared_over_link()
except link.Missing as reason:
    print(f"skipped: measure: no emulated link: {reason}")
