"""Asks two servers of the same zones the same questions and compares what they say.

usage: differential.py AMBIT_PORT PEER_PORT ZONE_FILE…

Every (name, type) of the zones, every other type at the same names, their parents, children, siblings and spellings; over
UDP with and without EDNS, DO and RD, and over TCP. Compared: RCODE, AA, TC, the question, answer and authority sections as
sets with TTLs, and the addresses beside them. What may differ is in `accepted`, one row each, with its reason.
"""

import collections
import os
import random
import socket
import struct
import subprocess
import sys

from dns import Message, expect, query, udp

ambit_port, peer_port, *files = sys.argv[1:]
generator = random.Random(int(os.environ.get("SEED", "2026")))


def names_of(file):
    """The names and types that are in a zone, as named-checkzone reads it."""
    zone = os.path.basename(file).removesuffix(".zone")
    text = subprocess.run(
        ["named-checkzone", "-q", "-i", "none", "-D", "-o", "-", zone, file], capture_output=True, text=True, check=True
    ).stdout
    return zone, {(fields[0], fields[3]) for line in text.splitlines() if len(fields := line.split(None, 4)) >= 4}


def questions_about(zone, present):
    owners = {owner for owner, _ in present}
    types = ["A", "AAAA", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "SRV", "TYPE65280", "TYPE99"]
    names = set(owners) | {"absent." + zone + ".", "a.b.c.absent." + zone + ".", "*." + zone + "."}
    for owner in owners:
        if not owner.startswith("*."):
            names |= {"x." + owner, "y.x." + owner, "*." + owner}
        else:
            names |= {"one" + owner[1:], "two.one" + owner[1:]}
        if owner.count(".") > zone.count(".") + 2:
            names.add(owner.split(".", 1)[1])  # perhaps an empty non-terminal
        names.add("".join(generator.choice((c.upper(), c.lower())) for c in owner))
    return sorted((name, rrtype) for name in names for rrtype in types)


def ask_over_tcp(port, octets):
    with socket.create_connection(("127.0.0.1", port), timeout=3) as stream, stream.makefile("rb") as reader:
        stream.sendall(struct.pack("!H", len(octets)) + octets)
        (size,) = struct.unpack("!H", reader.read(2))
        return Message(reader.read(size))


def told(message):
    """What is compared."""
    flags = message.flags
    return {
        "RCODE": message.rcode_text,
        "AA": bool(flags & 0x0400),
        "TC": bool(flags & 0x0200),
        "RD": bool(flags & 0x0100),
        "question": message.question,
        "answer": sorted(message.answer),
        "authority": sorted(message.authority),
        "additional": sorted(message.additional),
        "DO": message.opt is not None and bool(message.opt[3] & 0x8000),
        "EDNS": message.opt is not None,
    }


# Differences that are accepted: what they are called, whether a difference is of the kind, and why it is right.
accepted = [
    (
        "additional data beside an answer",
        lambda key, ours, theirs: key == "additional" and not is_referral(ours),
        "optional (RFC 1034 §4.3.2 step 6); NSD with minimal-responses leaves all of it out, Ambit has what fits",
    ),
]


def is_referral(ours):
    return not ours["answer"] and any(rrtype == 2 for _, rrtype, *_ in ours["authority"])


zones = [names_of(file) for file in files]
seen, differences, asked, truncated = collections.Counter(), [], 0, 0
with udp(int(ambit_port)) as ambit, udp(int(peer_port)) as peer:
    for zone, present in zones:
        for name, rrtype in questions_about(zone, present):
            options = {"edns": generator.random() < 0.7, "do": generator.random() < 0.3, "flags": generator.choice((0, 0x0100))}
            octets = query(name, rrtype, **options)
            if generator.random() < 0.1:
                ours, theirs = (told(ask_over_tcp(int(port), octets)) for port in (ambit_port, peer_port))
            else:
                replies = []
                for server in (ambit, peer):
                    server.send(octets)
                    replies.append(told(Message(server.recv(65535))))
                ours, theirs = replies
            asked += 1
            truncated += ours["TC"]
            for key in ours:
                if ours[key] == theirs[key]:
                    continue
                for title, is_accepted, _ in accepted:
                    if is_accepted(key, ours, theirs):
                        seen[title] += 1
                        break
                else:
                    differences.append(f"{name} {rrtype} {options}: {key}: Ambit {ours[key]}, NSD {theirs[key]}")

for title, _, reason in accepted:
    if seen[title]:
        print(f"# accepted {seen[title]} times: {title}: {reason}")
expect(f"{asked} questions ({truncated} responses truncated) get the same from Ambit and NSD", [], differences[:20])
