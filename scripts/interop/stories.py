"""Compares what `ambit explain --json` says with what dig prints, for every caller and name of the example.

usage: stories.py PORT DIR; prints one line a difference, nothing where there is none.
"""

import json
import os
import re
import subprocess
import sys

CALLERS = """127.0.0.1 127.0.1.1 127.0.1.20 127.0.1.66 127.0.2.1 127.0.2.10 127.0.2.30 127.0.2.50 127.0.2.66
127.0.3.1 127.0.3.60 127.0.9.9 ::1""".split()
QUESTIONS = """orders_A orders_AAAA orders_TXT web_A payments_A payments_TXT cart_A ledger_A reports_A nothing_A x.tenants_A
mail_MX info_TXT _http._tcp.orders_SRV _http._tcp.payments_SRV _tcp.orders_A @_SOA @_NS @_MX ns1_AAAA 1.30.2_PTR""".split()


def run(*words):
    result = subprocess.run(words, capture_output=True, text=True, timeout=20)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout


def section(text, title):
    """The records of one of dig's sections, each with single blanks, sorted."""
    found = re.search(rf"^;; {title} SECTION:\n((?:[^;\n].*\n)+)", text, re.MULTILINE)
    return sorted(re.sub(r"\s+", " ", line) for line in found[1].splitlines()) if found else []


def told_by_dig(caller, port, name, rrtype):
    at = "::1" if ":" in caller else "127.0.0.1"
    text = run("dig", "-r", f"@{at}", "-p", port, "-b", caller, "+tries=1", "+timeout=3", name, rrtype)
    error = re.search(r"^; EDE: (\d+) \(([^)]*)\)(?:: \((.*)\))?$", text, re.MULTILINE)
    return {
        "rcode": re.search(r"status: (\w+)", text)[1],
        "authoritative": " aa" in re.search(r"^;; flags:([^;]*)", text, re.MULTILINE)[1],
        "answer": section(text, "ANSWER"),
        "authority": section(text, "AUTHORITY"),
        "additional": section(text, "ADDITIONAL"),
        "error": f"EDE {error[1]} ({error[2]})" + (f": {error[3]}" if error[3] else "") if error else None,
    }


def told_by_explain(caller, folder, name, rrtype):
    response = json.loads(run(os.environ["AMBIT"], "explain", name, rrtype, "--from", caller, folder, "--json"))["response"]
    return {
        "rcode": response["rcode"],
        "authoritative": response["isAuthoritative"],
        "answer": sorted(response["answer"]),
        "authority": sorted(response["authority"]),
        "additional": sorted(response["additional"]),
        "error": response.get("extendedError"),
    }


port, folder = sys.argv[1:]
for caller in CALLERS:
    for question in QUESTIONS:
        name, rrtype = question.rsplit("_", 1)
        name = "mesh.test." if name == "@" else f"{name}.mesh.test."
        dig, explain = told_by_dig(caller, port, name, rrtype), told_by_explain(caller, folder, name, rrtype)
        for key in dig:
            if dig[key] != explain[key]:
                print(f"{name} {rrtype} from {caller}: {key}: dig {dig[key]}, explain {explain[key]}")
