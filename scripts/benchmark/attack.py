"""Speed under attack: what the worst that anybody can send costs, to the ordinary mix in the same rounds."""

import os
import random
import struct
import subprocess

import workload
from figures import Row, ratios
from servers import need
from workload import ORIGIN

LIMIT = 3.0
LINES = 20_000
BELOW = "attack.test"
DEEP = "a." * 125 + "z"  # 126 labels; with one on top it is as long as a name can be


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


def message(name, rrtype=1, rrclass=1, options=None, flags=0, size=1232):
    """A query in wire format, with an OPT record where `options` are given."""
    header = struct.pack(">6H", 0, flags, 1, 0, 0, 0 if options is None else 1)
    question = wire_name(name) + struct.pack(">2H", rrtype, rrclass)
    if options is None:
        return header + question
    return header + question + b"\0" + struct.pack(">2HIH", 41, size, 0, len(options)) + options


def option(code, octets=b""):
    return struct.pack(">2H", code, len(octets)) + octets


def write_zones(folder):
    """Long chains, deep names, large sets and a wildcard. Gives the files."""
    lines = [f"$ORIGIN {BELOW}.", "$TTL 30", "@ SOA ns hostmaster 1 3600 600 86400 5", "@ NS ns", "ns A 192.0.2.53",
             "*.wild A 192.0.2.1", "closed A 192.0.2.2"]
    lines += [f"c{number} CNAME c{number + 1}" for number in range(1, 40)] + ["c40 A 192.0.2.4"]
    # A query below d1 is sent from one DNAME to the next.
    lines += [f"d{number} DNAME d{number + 1}" for number in range(1, 40)] + ["end.d40 A 192.0.2.5"]
    lines += [f"many A 192.0.2.{number}" for number in range(1, 251)]
    lines += [f'texts TXT "{number:03d} {"x" * 60}"' for number in range(100)]
    lines += ["large A 192.0.2.6"] + [f'large TXT "{number:02d} {"y" * 90}"' for number in range(10)]
    lines += [f"large MX {number} c40" for number in range(10)]
    deep = ["$ORIGIN z.", *lines[1:5], f"b.{DEEP}. A 192.0.2.3"]
    paths = []
    for origin, content in ((BELOW, lines), ("z", deep)):
        paths.append(os.path.join(folder, f"{origin}.zone"))
        with open(paths[-1], "w", encoding="ascii") as out:
            out.write("\n".join(content) + "\n")
    return paths


def write_policy(path):
    with open(path, "w", encoding="ascii") as out:
        out.write(f"service closed.{BELOW}. {{ refuse {' '.join(workload.CONTEXTS.values())} }}\n")


def malformed(chance):
    """Messages that are none, each answered with FORMERR or NOTIMP."""
    name = f"{workload.service(chance.randint(1, 1000))}.{ORIGIN}"
    good = message(name)
    header = good[:12]
    return chance.choice([
        good[:-3],  # ends within the question
        good[:4] + b"\0\2" + good[6:],  # two questions, one there
        header + b"\x85abcde" + good[12:],  # a label of a type that is none
        header + b"\xc0\x0c\0\1\0\1",  # a name that points to itself
        header + 4 * (b"\x3f" + b"l" * 63) + b"\0\0\1\0\1",  # a name of 257 octets
        message(name, options=b"", flags=0)[:10] + b"\0\2" + (message(name, options=b"")[12:] + message(name, options=b"")[-11:]),
        message(name, options=option(8, b"\0\1\x20")),  # a subnet without its address
        good[:2] + b"\x38\0" + good[4:],  # an opcode nobody has
        message(name, options=b"\0\3\0\xff"),  # an option longer than the record
    ])


def deserving_none(chance):
    """Messages that are never answered: responses, and what is no message at all."""
    return chance.choice([
        message(f"{workload.service(1)}.{ORIGIN}", flags=0x8000),
        chance.randbytes(chance.randint(2, 11)),
        chance.randbytes(2) + b"\x80" + chance.randbytes(100),
    ])


def mixes(folder):
    """(what, the lines of queries, more options of the generator)"""
    chance = random.Random(5)

    def word():
        return f"{chance.getrandbits(48):012x}"

    def octets(make):
        return [":" + make().hex() for _ in range(LINES)]

    def one_octet_labels(count):
        return ".".join(chance.choice("abcdefgh") for _ in range(count))

    crowd = b"".join(option(65001 + number % 500) for number in range(290))
    usual = option(3) + option(10, bytes(8)) + option(8, b"\0\1\x18\0\xc0\0\2") + option(12, bytes(64))
    good = f"{workload.service(7)}.{ORIGIN}"
    guessed = subprocess.run([os.path.join(folder, "collide"), "1000", "0"], capture_output=True, text=True, check=True)
    yield "random names below a zone (NXDOMAIN)", [f"{word()}.{ORIGIN} A" for _ in range(LINES)], {}
    yield "random names below a wildcard", [f"{word()}.wild.{BELOW} A" for _ in range(LINES)], {}
    yield "random names of no zone (REFUSED)", [f"{word()}.example A" for _ in range(LINES)], {}
    yield "callers of no context (REFUSED)", [f"{workload.service(number % 900 + 1)}.{ORIGIN} A" for number in range(LINES)], {
        "sources": "127.0.0.8-127.0.0.9"}
    yield "a service that refuses its callers (REFUSED)", [f"{word()}.closed.{BELOW} A" for _ in range(LINES)], {}
    yield "malformed, nine kinds", octets(lambda: malformed(chance)), {}
    yield "what deserves no answer, at 20,000/s", octets(lambda: deserving_none(chance)), {"rate": 20_000, "await": "no"}
    yield "EDNS with 290 unknown options", octets(lambda: message(good, options=crowd)), {}
    yield "EDNS with NSID, cookie, subnet and padding", octets(lambda: message(good, options=usual)), {}
    yield "EDNS cookies, the server's part forged", octets(
        lambda: message(good, options=option(10, chance.randbytes(8) + b"\1\0\0\0" + chance.randbytes(12)))), {}
    yield "EDNS client subnets from who is not trusted", octets(
        lambda: message(good, options=option(8, b"\0\1\x20\0" + chance.randbytes(4)))), {}
    yield "127 labels, the name is there", [f"b.{DEEP} A"] * LINES, {}
    yield "127 labels, the last is not there", [f"{chance.choice('cdefgh')}.{DEEP} A" for _ in range(LINES)], {}
    yield "127 labels at random", [f"{one_octet_labels(126)}.z A" for _ in range(LINES)], {}
    yield "a chain of 39 aliases", [f"c1.{BELOW} A"] * LINES, {}
    yield "a chain of 39 DNAMEs", [f"end.d1.{BELOW} A"] * LINES, {}
    yield "a chain of 39 DNAMEs, random names", [f"{word()}.d1.{BELOW} A" for _ in range(LINES)], {}
    yield "ANY", [f"large.{BELOW} ANY"] * LINES, {}
    yield "250 addresses, cut to 512 octets", [f"many.{BELOW} A"] * LINES, {}
    yield "7,000 octets of TXT, cut to 1232", octets(lambda: message(f"texts.{BELOW}", 16, options=b"", size=4096)), {}
    yield "10 MX records and their address", [f"large.{BELOW} MX"] * LINES, {}
    yield "1,000 octets of TXT", octets(lambda: message(f"large.{BELOW}", 16, options=b"", size=1232)), {}
    yield "CH TXT whoami.ambit", octets(lambda: message("whoami.ambit", 16, 3)), {}
    yield "CH TXT of a service", octets(lambda: message(good, 16, 3)), {}
    yield "names that collide under the seed 0", guessed.stdout.splitlines(), {}


def hash_has_changed():
    """True where collide.c no longer follows the index's hash, so that its names collide under no seed."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Sources/DNSFormat/Names/NameKey.swift")
    with open(path, encoding="utf-8") as source:
        text = source.read()
    lines = (
        "var hash = seed ^ UInt64(truncatingIfNeeded: length &- offset)",
        "let product = (hash ^ word(at: offset)).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)",
        "hash = product.high ^ product.low &+ seed",
    )
    return any(line not in text for line in lines)


def attack(bench):
    if bench.load.uses_dnsperf or not need("cc"):
        return [Row("attack", "under attack: the worst mix", "≤ 3 ×", LIMIT, [], note="needs our generator")]
    kitchen = bench.kitchen
    zones, policy = write_zones(kitchen.folder), os.path.join(kitchen.folder, "attack.policy")
    write_policy(policy)
    prepared = []
    for number, (what, lines, options) in enumerate(mixes(kitchen.folder)):
        path = os.path.join(kitchen.folder, f"attack.{number}")
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
        prepared.append((what, path, options))
    figures = {"ordinary": [], "ordinary, at 20,000/s": []} | {what: [] for what, _, _ in prepared}
    count = 1_000 if bench.options.tiny else 100_000
    server = kitchen.start_ready("ambit-policy", count, services=1000, extra=(*zones, policy))
    try:
        usual = kitchen.queries(count)
        turns = [("ordinary", usual, {}), ("ordinary, at 20,000/s", usual, {"rate": 20_000}), *prepared]
        for number in range(1 + min(5, bench.rounds)):
            for what, path, options in turns:
                settings = {"sources": workload.ANSWERED, "seconds": bench.seconds / 2} | options
                result = bench.load.measure(server, path, **settings)
                if number:
                    figures[what].append(result)
        if server.process.poll() is not None:
            raise RuntimeError("the server ended")
    finally:
        server.stop()
    bench.raw["attack"] = figures

    rows = []
    for what, _, options in prepared:
        same = "ordinary, at 20,000/s" if options.get("rate") else "ordinary"
        values = ratios([run["ns_each"] for run in figures[what]], [run["ns_each"] for run in figures[same]])
        last = figures[what][-1]
        names = {"0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "4": "NOTIMP", "5": "REFUSED"}
        told = ", ".join(names.get(code, code) for code in last["rcodes"])
        unanswered = sum(run["lost"] for run in figures[what])
        asked = sum(run["sent"] for run in figures[what])
        note = f"{told}; {last['octets_each']:.0f} octets" if told else "no answers"
        if unanswered and options.get("await") != "no":
            note += f"; {unanswered} of {asked} unanswered"
        if what.startswith("names that collide") and hash_has_changed():
            note += "; **collide.c is behind NameKey.swift, so these names collide under no seed**"
        rows.append(Row("attack", what, "≤ 3 ×", LIMIT, values, note=note))
    return rows
