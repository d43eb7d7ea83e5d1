"""Checks what `ambit top --json` prints: usage top.py STATE"""

import json
import sys

state = json.load(open(sys.argv[1], encoding="utf-8"))


def check(title, holds, got=None):
    print(f"ok {title}" if holds else f"FAILED {title}\n   got:      {got}")


check("the JSON has the server's process and version", state["server"]["process"] > 1 and state["server"]["version"])
check("nothing is stale, all is well", not state["snapshot"]["isStale"] and state["health"]["isWell"], state["health"])
rates = {(r["context"], r["decision"], r["transport"]): r for r in state["rates"]}
check("20 answers are counted", rates[("shard-a", "answered", "udp")]["total"] == 20, rates)
check("3 refusals are counted", rates[("test", "refused", "udp")]["total"] >= 3, rates)
for metric in ("residence", "queue"):
    rows = [r for r in state["latencies"] if r["metric"] == metric and r["context"] == "shard-a"]
    check(
        f"{metric}: 20 times, in order, in buckets that add up, with an uncertainty",
        len(rows) == 1
        and rows[0]["count"] == 20 == sum(b["count"] for b in rows[0]["buckets"])
        and 0 < rows[0]["p50"] <= rows[0]["p95"] <= rows[0]["p99"] <= rows[0]["max"] < 10
        and rows[0]["uncertainty"] > 0,
        rows,
    )
answered = [c for c in state["calls"] if c.get("service") == "web" and c["target"] == "orders"]
check("web called orders 20 times", [c["answered"] for c in answered] == [20], state["calls"])
refused = [c for c in state["calls"] if c["refused"]]
check(
    "batch was refused payments, by a line",
    [(c["service"], c["target"], c["refused"], c["rule"]) for c in refused] == [("batch", "payments", 3, "allow")]
    and refused[0]["place"].startswith("orders.policy:"),
    refused,
)
check("the refusals say why", all(r["reason"] and r["source"] == "127.0.1.66" for r in state["refusals"]))
check("and count those alike", sum(r["count"] for r in state["refusals"]) == 3, state["refusals"])
contexts = {c["name"]: c for c in state["contexts"]}
overlays = [o["file"] for o in contexts["shard-a"]["overlays"]]
check("a context's overlays, the nearest first", overlays[-1] == "zones/mesh.test.zone", overlays)
check("and whom it is kept from", "shard-b" in contexts["shard-a"]["isolatedFrom"], contexts["shard-a"])
check("history is a second each", 1 <= len(state["history"]) <= 120)
