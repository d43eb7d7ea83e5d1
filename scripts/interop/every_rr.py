"""Asks dig for every RRset of a zone as named-checkzone -D writes it, and compares owners, types, TTLs and RDATA.

usage: every_rr.py PORT FILE; prints one line a difference, nothing where there is none.
"""

import collections
import subprocess
import sys


def normal(line):
    """Owner, TTL, class, type and RDATA, single blanks between the first four; the owner without case."""
    owner, ttl, rrclass, rrtype, *rdata = line.split(None, 4)
    return (owner.lower(), rrtype), (ttl, rrclass, "".join(rdata).strip())


port, file = sys.argv[1:]
wanted = collections.defaultdict(set)
for line in open(file):
    key, value = normal(line)
    wanted[key].add(value)

if not wanted:
    sys.exit(f"{file} has no records")


def dig(name, rrtype):
    """All sections as dig prints them, over TCP so that nothing is truncated."""
    words = ["dig", "-r", "@127.0.0.1", "-p", port, "+tcp", "+tries=1", "+timeout=3", "+norecurse", "+noall", "+answer",
             "+authority", "+additional", name, rrtype]
    result = subprocess.run(words, capture_output=True, text=True, timeout=20)
    found = collections.defaultdict(set)
    for line in result.stdout.splitlines():
        if line and not line.startswith(";"):
            key, value = normal(line)
            found[key].add(value)
    return found


for (owner, rrtype), values in sorted(wanted.items()):
    # Glue comes with the referral to the cut above it, also where its own name is asked.
    found = dig(owner, rrtype)[owner, rrtype]
    if found != values:
        print(f"{owner} {rrtype}: the zone has {sorted(values)}, dig got {sorted(found)}")
