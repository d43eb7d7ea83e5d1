"""What may grow: each axis is a row of values, the configuration for one of them, and the queries that it is asked.

All else stays as it is while one thing grows, so that what changes is the cost of that thing.
"""

import os
import random

import world

HEAD = world.HEAD


class Axis:
    def __init__(self, key, title, unit, values, build, ask, sources=None, is_flat=True, options=None, flat_from=0, why=""):
        """
        - Parameter build: (folder, value) writes zones and the policy but for its `listen` line.
        - Parameter ask: (chance, value) → (name, type, whether with EDNS).
        - Parameter sources: value → the addresses that ask, one behind the other.
        - Parameter is_flat: a query must cost the same however large the value, from `flat_from` on; `why` says why there.
        - Parameter options: (value, port) → further options of `ambit serve`.
        """
        self.key, self.title, self.unit, self.values = key, title, unit, values
        self.build, self.ask, self.is_flat = build, ask, is_flat
        self.sources = sources or (lambda _: ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"])
        self.options = options or (lambda _, __: [])
        self.flat_from, self.why = flat_from, why

    def messages(self, value):
        """So many that a large value is not asked for the same few names again and again, which would stay in caches."""
        chance, count = random.Random(3), 20_000 if value <= 10_000 else 400_000
        for number in range(count):
            name, rrtype, edns = self.ask(chance, value)
            yield world.question(name, rrtype, number & 65535, edns=edns)


def address(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def write(folder, policy, zones):
    """Zones as {path: lines}, each with its head unless it is an overlay (in a folder)."""
    with open(f"{folder}/ambit.policy", "w", encoding="ascii") as out:
        out.writelines(policy)
    for path, lines in zones.items():
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        with open(f"{folder}/{path}", "w", encoding="ascii", buffering=1 << 20) as out:
            out.write("$TTL 30\n" if "/" in path else HEAD)
            out.writelines(lines)


def hosts(count, prefix="n"):
    return (f"{prefix}{number} A {address(number)}\n" for number in range(count))


def host(chance, count):
    return f"n{chance.randrange(count)}.mesh.test", "A", False


PLAIN = ["origin mesh.test\n", "context callers { from 127.0.0.0/8 }\n"]


def build_names(folder, count):
    write(folder, PLAIN, {"mesh.test.zone": hosts(count)})


def asking_contexts(count):
    """Numbers below `count`, spread evenly, eight at the most: whose callers ask."""
    return [place * count // min(count, 8) for place in range(min(count, 8))]


def callers(count):
    """The addresses that they ask from, one behind the other."""
    return [f"127.1.0.{place + 1}" for place in range(min(count, 8))]


def build_contexts(folder, count):
    """10,000 names; each context has 100 of them at addresses of its own."""
    policy = ["origin mesh.test\n"]
    places = {number: f"127.2.{number >> 8}.{number & 255}" for number in range(count)}
    places.update(zip(asking_contexts(count), callers(count)))
    policy += [f"context c{number} {{ from {places[number]} }}\n" for number in range(count)]
    zones = {"mesh.test.zone": hosts(10_000)}
    for number in range(count):
        zones[f"c{number}/mesh.test.zone"] = [
            f"n{(number * 7 + step * 100) % 10_000} A 11.{number >> 8}.{number & 255}.{step}\n" for step in range(100)]
    write(folder, policy, zones)


def prefix(number):
    """Every one another: half are single addresses, the others /28, and /48 of IPv6."""
    if number % 4 == 3:
        return f"fd00:{number >> 16:x}:{number & 65535:x}::/48"
    first = f"{128 + (number >> 17)}.{number >> 9 & 255}.{number >> 1 & 255}"
    return f"{first}.0/28" if number % 4 == 1 else f"{first}.{32 + number % 4}/32"


def build_prefixes(folder, count):
    """Shared out among 100 contexts; the callers are in one more."""
    policy = ["origin mesh.test\n", "context callers { from 127.3.0.0/24 }\n"]
    for context in range(min(100, count)):
        own = [prefix(number) for number in range(context, count, 100)]
        policy.append(f"context c{context} {{ from {' '.join(own)} }}\n")
    write(folder, policy, {"mesh.test.zone": hosts(1_000)})


def build_services(folder, count):
    """Every name is a service of its own, with a tier, an address and two allowed callers, in an acyclic policy."""
    chance = random.Random(2)
    policy = PLAIN + ["acyclic\ntiers high > low\nservice asker { tier low; runs-at 127.0.0.2 127.0.0.3 }\n"]
    for number in range(count):
        allowed = f" n{chance.randrange(number)}" if number else ""
        policy.append(f"service n{number} {{ tier {'high' if number * 2 < count else 'low'}; runs-at "
                      f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}; allow callers asker{allowed} }}\n")
    write(folder, policy, {"mesh.test.zone": hosts(count)})


def build_rules(folder, count):
    """1,000 services; as many allowed or refused names as the value says, shared out among them."""
    chance = random.Random(2)
    policy = PLAIN + ["service asker { runs-at 127.0.0.2 127.0.0.3 }\n"]
    for number in range(1_000):
        share = (count * (number + 1)) // 1_000 - count * number // 1_000
        others = [f"n{other}" for other in chance.sample(range(1_000), min(share, 900)) if other != number]
        half = len(others) // 2
        lines = [f"service n{number} {{ runs-at 11.0.{number >> 8}.{number & 255}; allow callers asker "
                 f"{' '.join(others[half:])}\n"]
        if others[:half]:
            lines.append(f"refuse {' '.join(others[:half])}\n")
        policy += lines + ["}\n"]
    write(folder, policy, {"mesh.test.zone": hosts(1_000)})


def build_zones(folder, count):
    write(folder, PLAIN, {f"z{number}.test.zone": hosts(10) for number in range(count)})


def build_small(folder, _):
    write(folder, PLAIN, {"mesh.test.zone": hosts(1_000)})


def deep(number, labels):
    """A name of so many labels below the zone's apex; the first tells it from the others."""
    return ".".join([f"n{number}"] + ["x"] * (labels - 1))


def build_labels(folder, labels):
    write(folder, PLAIN, {"mesh.test.zone": (f"{deep(number, labels)} A {address(number)}\n" for number in range(1_000))})


def build_sets(folder, size):
    write(folder, PLAIN, {"mesh.test.zone": (
        f"n{number} A {address(number * 64 + record)}\n" for number in range(1_000) for record in range(size))})


AXES = [
    Axis("names", "Names in a zone", "names", [10**3, 10**4, 10**5, 10**6, 10**7], build_names, host),
    Axis("contexts", "Contexts, each with an overlay of 100 of 10,000 names", "contexts", [1, 10, 100, 1_000],
         build_contexts, lambda chance, _: host(chance, 10_000), callers),
    Axis("prefixes", "Prefixes in `from` lines", "prefixes", [10, 10**3, 10**4, 10**5, 10**6], build_prefixes,
         lambda chance, _: host(chance, 1_000), lambda _: [f"127.3.0.{number + 1}" for number in range(64)]),
    Axis("services", "Services with all rules, each of a name", "services", [10, 10**2, 10**3, 10**4, 10**5],
         build_services, host),
    Axis("rules", "Names in allow and refuse lines of 1,000 services", "names in rules", [10, 10**3, 10**4, 10**5],
         build_rules, lambda chance, _: host(chance, 1_000)),
    Axis("zones", "Zones of ten names", "zones", [1, 10, 10**2, 10**3, 10**4], build_zones,
         lambda chance, count: (f"n{chance.randrange(10)}.z{chance.randrange(count)}.test", "A", False),
         flat_from=10, why="the zone of the query before is tried first, so that one zone alone costs less"),
    Axis("listeners", "Listening addresses, one of them asked", "addresses", [1, 4, 16, 64], build_small,
         lambda chance, _: host(chance, 1_000),
         options=lambda count, port: [word for number in range(1, count)
                                      for word in ("--listen", f"127.2.{number >> 8}.{number & 255}:{port}")]),
    Axis("labels", "Labels of a name, below the zone's apex", "labels", [1, 2, 4, 8, 16, 32, 64, 100], build_labels,
         lambda chance, labels: (f"{deep(chance.randrange(1_000), labels)}.mesh.test", "A", False), is_flat=False),
    Axis("sets", "RRs in a set", "RRs", [1, 2, 4, 8, 16, 32, 64], build_sets,
         lambda chance, _: (*host(chance, 1_000)[:2], True), is_flat=False),
]


def write_queries(path, messages):
    """For the load generator: each message in hexadecimal."""
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        out.writelines(f":{message.hex()}\n" for message in messages)
