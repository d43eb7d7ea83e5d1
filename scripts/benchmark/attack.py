"""Speed under attack: what the worst that anybody can send costs, to the ordinary mix in the same rounds."""

import base64
import hashlib
import os
import random
import struct
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "measure"))

import counting
import workload
from figures import Row, ratios
from servers import need
from workload import ORIGIN

LIMIT = 3.0
LINES = 20_000
BELOW, SIGNED, COLLIDING = "attack.test", "nsec3.test", "collide.test"
SEED = 0x5EED_0F_7AB1E5
DEEP = "a." * 125 + "z"  # 126 labels; with one on top it is as long as a name can be


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


def message(name, rrtype=1, rrclass=1, options=None, flags=0, size=1232, do=False):
    """A query in wire format, with an OPT record where `options` are given."""
    header = struct.pack(">6H", 0, flags, 1, 0, 0, 0 if options is None else 1)
    question = wire_name(name) + struct.pack(">2H", rrtype, rrclass)
    if options is None:
        return header + question
    return header + question + b"\0" + struct.pack(">2HIH", 41, size, 0x8000 if do else 0, len(options)) + options


def option(code, octets=b""):
    return struct.pack(">2H", code, len(octets)) + octets


def signed_zone(hosts=100):
    """The lines of a zone shaped as one signed with NSEC3, no extra iterations; its signatures are filled in."""
    def hashed(owner):
        name = f"{owner}.{SIGNED}" if owner != "@" else SIGNED
        return base64.b32hexencode(hashlib.sha1(wire_name(name)).digest()).decode().lower()

    def signature(owner, rrtype, labels, ttl=30):
        octets = base64.b64encode(hashlib.sha512(f"{owner} {rrtype}".encode()).digest()).decode()
        return f"{owner} {ttl} RRSIG {rrtype} 13 {labels} {ttl} 20990101000000 20200101000000 1 @ {octets}"

    key = base64.b64encode(hashlib.sha512(b"key").digest()).decode()
    lines = [f"$ORIGIN {SIGNED}.", "$TTL 30", "@ SOA ns hostmaster 1 3600 600 86400 5", "@ NS ns", "ns A 192.0.2.53",
             f"@ DNSKEY 257 3 13 {key}", "@ NSEC3PARAM 1 0 0 -"]
    types = {"@": ["SOA", "NS", "DNSKEY", "NSEC3PARAM"], "ns": ["A"]}
    for number in range(hosts):
        types[f"h{number}"] = ["A"]
        lines.append(f"h{number} A 192.0.2.{number}")
    for owner in types:
        lines += [signature(owner, rrtype, 2 if owner == "@" else 3) for rrtype in types[owner]]
    chain = sorted((hashed(owner), owner) for owner in types)
    for (label, owner), (following, _) in zip(chain, chain[1:] + chain[:1]):
        lines += [f"{label} 5 NSEC3 1 0 0 - {following} {' '.join(types[owner])} RRSIG", signature(label, "NSEC3", 3, 5)]
    return lines


def write_zones(folder):
    """Long chains, deep names, large sets, a wildcard, and one that is signed. Gives the files."""
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
    for origin, content in ((BELOW, lines), ("z", deep), (SIGNED, signed_zone())):
        paths.append(os.path.join(folder, f"{origin}.zone"))
        with open(paths[-1], "w", encoding="ascii") as out:
            out.write("\n".join(content) + "\n")
    return paths


def write_policy(path):
    """Every link of the chains is a service, so that rules are asked at each."""
    contexts = " ".join(workload.CONTEXTS.values())
    with open(path, "w", encoding="ascii") as out:
        out.write(f"service closed.{BELOW}. {{ refuse {contexts} }}\n")
        for number in range(1, 41):
            out.write(f"service c{number}.{BELOW}. {{ tier high; allow {contexts} }}\n"
                      f"service d{number}.{BELOW}. {{ tier high; allow {contexts} }}\n")


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


def collide(folder, seed, count, bits, origin):
    """Names that lie on one line of the index under that seed."""
    words = [os.path.join(folder, "collide"), str(seed), str(count), str(bits), origin]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def mixes(folder):
    """(what, the lines of queries, more options of the generator)"""
    chance = random.Random(5)

    def word():
        return f"{chance.getrandbits(48):012x}"

    def octets(make, lines=LINES):
        return [":" + make().hex() for _ in range(lines)]

    def one_octet_labels(count):
        return ".".join(chance.choice("abcdefgh") for _ in range(count))

    good = f"{workload.service(7)}.{ORIGIN}"
    def longest(name, **others):
        """As many options as a message of 4,096 octets has room for: more is not taken whole."""
        count = (4096 - len(message(name, options=b""))) // 4
        return message(name, options=b"".join(option(65001 + number % 500) for number in range(count)), **others)

    usual = option(3) + option(10, bytes(8)) + option(8, b"\0\1\x18\0\xc0\0\2") + option(12, bytes(64))
    yield "random names below a zone (NXDOMAIN)", [f"{word()}.{ORIGIN} A" for _ in range(LINES)], {}
    yield "random names below a wildcard", [f"{word()}.wild.{BELOW} A" for _ in range(LINES)], {}
    yield "random names of no zone (REFUSED)", [f"{word()}.example A" for _ in range(LINES)], {}
    yield "callers of no context (REFUSED)", [f"{workload.service(number % 900 + 1)}.{ORIGIN} A" for number in range(LINES)], {
        "sources": "127.0.0.8-127.0.0.9"}
    yield "a service that refuses its callers (REFUSED)", [f"{word()}.closed.{BELOW} A" for _ in range(LINES)], {}
    yield "malformed, nine kinds", octets(lambda: malformed(chance)), {}
    yield "what deserves no answer, at 20,000/s", octets(lambda: deserving_none(chance)), {"rate": 20_000, "await": "no"}
    yield "EDNS with 1,012 unknown options, 4,096 octets", octets(lambda: longest(good), 64), {}
    yield "EDNS with NSID, cookie, subnet and padding", octets(lambda: message(good, options=usual), 64), {}
    yield "EDNS cookies, the server's part forged", octets(
        lambda: message(good, options=option(10, chance.randbytes(8) + b"\1\0\0\0" + chance.randbytes(12)))), {}
    yield "EDNS client subnets from who is not trusted", octets(
        lambda: message(good, options=option(8, b"\0\1\x20\0" + chance.randbytes(4)))), {}
    yield "127 labels, the name is there", [f"b.{DEEP} A"] * LINES, {}
    yield "127 labels, the last is not there", [f"{chance.choice('cdefgh')}.{DEEP} A" for _ in range(LINES)], {}
    yield "127 labels at random", [f"{one_octet_labels(126)}.z A" for _ in range(LINES)], {}
    yield "random names below a zone signed with NSEC3, DO", octets(
        lambda: message(f"{word()}.{SIGNED}", options=b"", do=True)), {}
    yield "random names of 120 labels below it, DO", octets(
        lambda: message(f"{one_octet_labels(118)}.{SIGNED}", options=b"", do=True)), {}
    yield "a chain of 39 aliases", [f"c1.{BELOW} A"] * LINES, {}
    yield "a chain of 39 DNAMEs", [f"end.d1.{BELOW} A"] * LINES, {}
    yield "a chain of 39 DNAMEs, random names", [f"{word()}.d1.{BELOW} A" for _ in range(LINES)], {}
    yield "a chain of 39 DNAMEs, random names of 113 labels", [f"{one_octet_labels(110)}.d1.{BELOW} A" for _ in range(LINES)], {}
    yield "the same, EDNS with as many options as fit", octets(
        lambda: longest(f"{one_octet_labels(110)}.d1.{BELOW}", size=4096), 1000), {}
    yield "ANY", [f"large.{BELOW} ANY"] * LINES, {}
    yield "250 addresses, cut to 512 octets", [f"many.{BELOW} A"] * LINES, {}
    yield "7,000 octets of TXT, cut to 1232", octets(lambda: message(f"texts.{BELOW}", 16, options=b"", size=4096), 64), {}
    yield "10 MX records and their address", [f"large.{BELOW} MX"] * LINES, {}
    yield "1,000 octets of TXT", octets(lambda: message(f"large.{BELOW}", 16, options=b"", size=1232), 64), {}
    yield "CH TXT whoami.ambit", octets(lambda: message("whoami.ambit", 16, 3), 64), {}
    yield "CH TXT of a service", octets(lambda: message(good, 16, 3), 64), {}
    yield "names that collide under a seed that was guessed", [
        f"{name} A" for name in collide(folder, 0, 1000, 16, ORIGIN)], {}


def attack(bench):
    if bench.load.uses_dnsperf or not need("cc"):
        return [Row("attack", "under attack: the worst mix", "≤ 3 ×", LIMIT, [], note="needs our generator")]
    kitchen = bench.kitchen
    zones, policy = write_zones(kitchen.folder), os.path.join(kitchen.folder, "attack.policy")
    write_policy(policy)
    count = 1_000 if bench.options.tiny else 100_000
    figures = measure(bench, list(mixes(kitchen.folder)), count, extra=(*zones, policy))
    bench.raw["attack"] = figures
    rows = [row_of(what, figures, limit=LIMIT) for what in figures if not what.startswith("ordinary")]
    return rows + [insider(bench)]


def insider(bench):
    """What the seed prevents: the names of a zone, and those asked for, chosen by somebody who knows it."""
    kitchen, what = bench.kitchen, "1,000 names of a zone that collide, by who knows the seed, asked for and missed"
    names = collide(kitchen.folder, SEED, 2000, 12, COLLIDING)
    zone = os.path.join(kitchen.folder, f"{COLLIDING}.zone")
    with open(zone, "w", encoding="ascii") as out:
        out.write(f"$ORIGIN {COLLIDING}.\n$TTL 30\n@ SOA ns hostmaster 1 3600 600 86400 5\n@ NS ns\nns A 192.0.2.53\n")
        out.writelines(f"{name}. A 192.0.2.1\n" for name in names[:1000])
    asked = [(what, [f"{name} A" for name in names], {})]
    try:
        figures = measure(bench, asked, 1_000, is_seeded=True, extra=[zone])
    except OSError as error:
        return Row("attack", what, "", None, [], note=str(error))
    bench.raw["attack, the seed known"] = figures
    return row_of(what, figures, limit=None)


def measure(bench, turns, count, is_seeded=False, **options):
    """Each kind of message in turn with the ordinary mix, at one server, round after round.

    - Throws: OSError where the server is to draw SEED, and draws its own.
    """
    kitchen = bench.kitchen
    if is_seeded:
        options["wrap"] = ["env", *(f"{name}={value}" for name, value in counting.with_seed(kitchen.folder, SEED).items())]
    for number, (what, lines, settings) in enumerate(turns):
        path = os.path.join(kitchen.folder, f"attack.{number}")
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
        turns[number] = (what, path, settings)
    usual = kitchen.queries(count)
    turns = [("ordinary", usual, {}), ("ordinary, at 20,000/s", usual, {"rate": 20_000}), *turns]
    figures = {what: [] for what, _, _ in turns}
    server = kitchen.start_ready("ambit-policy", count, services=1000, **options)
    try:
        if is_seeded:
            counting.check_seeded(server.log)
        for number in range(1 + min(5, bench.rounds)):
            for what, path, settings in turns:
                settings = {"sources": workload.ANSWERED, "seconds": bench.seconds / 2} | settings
                result = bench.load.measure(server, path, **settings) | {"settings": settings}
                if number:
                    figures[what].append(result)
        if server.process.poll() is not None:
            raise RuntimeError("the server ended")
    finally:
        server.stop()
    return figures


def row_of(what, figures, limit):
    runs = figures[what]
    settings = runs[-1]["settings"]
    same = "ordinary, at 20,000/s" if settings.get("rate") else "ordinary"
    values = ratios([run["ns_each"] for run in runs], [run["ns_each"] for run in figures[same]])
    names = {"0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "4": "NOTIMP", "5": "REFUSED"}
    told = ", ".join(names.get(code, code) for code in runs[-1]["rcodes"])
    note = f"{told}; {runs[-1]['octets_each']:.0f} octets" if told else "no answers"
    unanswered, asked = sum(run["lost"] for run in runs), sum(run["sent"] for run in runs)
    if unanswered and settings.get("await") != "no":
        note += f"; {unanswered} of {asked} unanswered"
    return Row("attack", what, f"≤ {LIMIT:.0f} ×" if limit else "", limit, values, note=note)
