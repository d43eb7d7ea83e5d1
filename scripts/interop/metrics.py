"""Sends a known number of datagrams; then compares the metrics log and the summary with it.

usage: PORT=… metrics.py LOG             sends, and waits for the log's lines; prints "# sent JSON" beside its cases
       metrics.py LOG SUMMARY SENT_JSON  after the server's end: does everything add up?
       metrics.py --sum LOG SUMMARY SUM AGAIN  is the log's sum what the server says, and the sum's sum the same?
"""

import collections
import datetime
import json
import re
import socket
import struct
import sys
import time

from dns import expect, port_from_environment, query, udp

# context: source, name, decision, how many
PLAN = [
    ("laptop", "127.0.0.1", "orders.mesh.test", "answered", 200),
    ("laptop", "127.0.0.1", "absent.mesh.test", "answered", 50),
    ("laptop", "127.0.0.1", "example.org", "refused", 25),
    ("shard-a", "127.0.2.66", "orders.mesh.test", "refused", 30),
    ("shard-b", "127.0.3.1", "ledger.mesh.test", "answered", 40),
    ("test", "127.0.1.66", "orders.mesh.test", "refused", 10),
]
MALFORMED, SILENT, TCP = 15, 12, 20


def lines_of(log):
    try:
        return [json.loads(line) for line in open(log)]
    except FileNotFoundError:
        return []


def send():
    port = port_from_environment()
    sent = collections.Counter()
    for context, source, name, decision, count in PLAN:
        with udp(port, source=source) as sender:
            for _ in range(count):
                sender.send(query(name))
                sender.recv(65535)
        sent[f"{context} {decision} udp"] += count
    with udp(port) as sender:
        for _ in range(MALFORMED):
            sender.send(query("orders.mesh.test")[:20])
            sender.recv(65535)
        for _ in range(SILENT):
            sender.send(b"abc")
        sender.send(query("orders.mesh.test"))  # another answer, behind those that get none
        sender.recv(65535)
    sent["laptop failed udp"] += MALFORMED
    sent["laptop answered udp"] += 1
    with socket.create_connection(("127.0.0.1", port), timeout=2) as stream, stream.makefile("rb") as reader:
        for _ in range(TCP):
            octets = query("orders.mesh.test")
            stream.sendall(struct.pack("!H", len(octets)) + octets)
            (size,) = struct.unpack("!H", reader.read(2))
            reader.read(size)
    sent["laptop answered tcp"] += TCP
    return sent


def watch(log):
    sent = send()
    end = time.monotonic() + 5
    while time.monotonic() < end and not lines_of(log):
        time.sleep(0.1)
    expect("the log has lines within an interval or two", True, len(lines_of(log)) > 0)
    print(f"# sent {json.dumps(sent)}")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def compare(log, summary, sent):
    lines = [line for line in lines_of(log) if "metric" in line]
    times = [line for line in lines if line["unit"] == "s"]
    ratios = [line for line in lines if "ratio" in line]
    fields = {"metric", "unit", "count", "p50", "p95", "p99", "max", "mean", "uncertainty", "context", "decision", "transport",
              "start", "end"}
    expect("lines of times have their fields", [], [sorted(fields - line.keys()) for line in times if fields - line.keys()])
    expect("there are both times, over UDP and TCP", ["Queue UDP", "Residence TCP", "Residence UDP"],
           sorted({re.sub(r"Priv_(\w+)DNS_Passive_IP-(\w+)-DNS.*", r"\1 \2", line["metric"]) for line in times}))
    expect("times are seconds in order: 0 < p50 ≤ p95 ≤ p99, all below a second", [],
           [line for line in times if not 0 <= line["p50"] <= line["p95"] <= line["p99"] <= line["max"] * 1.02 + 1e-9 < 1])
    expect("uncertainty is the sum of its terms", [],
           [line["uncertainty"] for line in times
            if not 0 < line["uncertainty"]["total"] < 1
            or abs(2 * line["uncertainty"]["total"] - sum(line["uncertainty"].values())) > 1e-9])
    expect("intervals are in UTC, of about a second", [],
           [line for line in lines if not line["end"].endswith("Z")
            or not 0 <= (instant(line["end"]) - instant(line["start"])).total_seconds() <= 2.5])

    counted = collections.Counter()
    for line in times:
        if "Residence" in line["metric"]:
            counted[f"{line['context']} {line['decision']} {line['transport']}"] += line["count"]
    expect("the log's counts are what was sent, by context, decision and transport", dict(sent), dict(counted))
    total = sum(sent.values()) + SILENT
    expect("the ratios' counts add up to all queries", (total, SILENT),
           (sum(line["count"] for line in ratios), sum(line["unanswered"] for line in ratios)))

    text = open(summary).read()
    rows = collections.defaultdict(dict)
    table = None
    for line in text.splitlines():
        if words := re.match(r"(residence|queue) +decision", line):
            table = words[1]
        elif table and (row := re.match(r"(\S+) +(answered|refused|failed) +(udp|tcp) +(\d+) ", line)):
            rows[table][" ".join(row.groups()[:3])] = int(row[4])
    expect("the summary's counts are what was sent", dict(sent), rows["residence"])
    expect("queue times are those of UDP", {key: count for key, count in sent.items() if key.endswith("udp")}, rows["queue"])
    silent, queries = map(int, re.search(r"no response: (\d+) of (\d+) queries", text).groups())
    expect("answered + refused + failed + silent are all that was sent", (total, total, SILENT),
           (sum(rows["residence"].values()) + silent, queries, silent))


def compare_sums(log, summary, added, again):
    """Counts, buckets and events are equal; what is told of an interval's longest is within 1/32 of it."""

    def table(path):
        text = open(path).read()
        rows = re.findall(r"^(\S+) +(answered|refused|failed) +(udp|tcp) +(\d+) +(\S+ \S+) +(\S+ \S+)", text, re.M)
        return sorted(rows), re.findall(r"^(?:no response|timed).*", text, re.M)

    expect("the log's intervals add up to the server's own sum", table(summary), table(added))
    expect("and the sum's sum is the same", table(added), table(again))
    lines = [line for line in lines_of(log) if "sample" in line]
    expect("each interval names its sample", ["all", "one in 2"], sorted({line["sample"] for line in lines}))
    expect("a share of the queries is timed, and all are counted", True,
           all(line["count"] <= line["queries"] for line in lines if line["sample"] != "all")
           and all(line["count"] == line["queries"] for line in lines if line["sample"] == "all" and "Residence" in line["metric"]))


if sys.argv[1] == "--sum":
    compare_sums(*sys.argv[2:])
elif len(sys.argv) == 2:
    watch(sys.argv[1])
else:
    compare(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
