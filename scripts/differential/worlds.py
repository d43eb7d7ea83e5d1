"""Small zones that aim at what authoritative servers get wrong, and the questions to ask of them; all from a seed.

A world is a few zones that belong together: an apex, perhaps a zone below it (delegated or not), one below that, and one
elsewhere. Owners come from a tiny alphabet of labels, so that wildcards, empty non-terminals, zone cuts, aliases and their
targets meet all the time. A name is a tuple of labels as they are written in a master file, the root is ().
"""

import os
import random

import dns.name
import dns.rdatatype
import dns.zone

import signing

LABELS = ["a", "b", "c", "*", "d\\.e", "B", "\\000", "x\\032y", "\\*", "\\255"]
WEIGHTS = [8, 8, 4, 7, 1, 1, 1, 1, 0.5, 0.5]
TTLS = [0, 60, 300, 3600, 86400, 2147483647]
TYPES = "A AAAA NS CNAME DNAME SOA DS MX TXT SRV ANY RRSIG NSEC NSEC3 DNSKEY NSEC3PARAM TYPE65280 PTR CAA HTTPS".split()
SIGNED = ["NSEC", "NSEC", "NSEC3", "NSEC3", "NSEC3 opt-out"]
LONG = tuple("l" * 60 for _ in range(3))  # what a DNAME makes too long


def text(name):
    return ".".join(name) + "."


class World:
    """Zones by apex (text without its last dot): their master files; and what is in them."""

    is_written = False

    def __init__(self, title):
        self.title, self.zones, self.records, self.universe = title, {}, None, frozenset()

    def write(self, data):
        for apex, lines in self.zones.items():
            with open(os.path.join(data, (apex or "root") + ".zone"), "w", encoding="latin-1") as out:
                out.write(lines)

    def read(self):
        """Its zones, by apex, as dnspython reads them."""
        if self.records is None:
            self.records = {}
            for apex, lines in self.zones.items():
                origin = dns.name.from_text(apex + ".")
                try:
                    zone = dns.zone.from_text(lines, origin, relativize=False, check_origin=False)
                except Exception as error:  # not ours to judge: the servers loaded it
                    print(f"# {self.title}: dnspython does not read {apex}.: {error!r}")
                    continue
                self.records[origin] = zone
        return self.records

    def digests(self):
        """All its records as (owner, type, TTL, RDATA)."""
        return {
            (name.to_digestable(), int(rdataset.rdtype), rdataset.ttl, rdata.to_digestable())
            for zone in self.read().values()
            for name, rdataset in zone.iterate_rdatasets()
            for rdata in rdataset
        }

    def has(self, record):
        """Whether a record is in it or in a world that is served beside it, or is made by a wildcard there."""
        owner, *rest = record
        while record not in self.universe and len(owner) > 1:
            owner = owner[1 + owner[0] :]
            record = (b"\1*" + owner, *rest)
        return record in self.universe


# --- zones -----------------------------------------------------------------------------------------------------------


class Maker:
    """Makes one world from a seed and its number."""

    def __init__(self, seed, number, is_below_root=False):
        self.chance = random.Random(f"{seed}/{number}/{is_below_root}")
        self.number = number
        label = f"w{number}"
        top = (label,) if is_below_root or self.chance.random() < 0.3 else (label, "test")
        self.world = World(label)
        self.apexes = [top]
        if self.odds(0.5):
            self.apexes.append((*self.labels(1, 2, False), *top))
            if self.odds(0.4):
                self.apexes.append((*self.labels(1, 1, False), *self.apexes[-1]))
        if self.odds(0.3):
            self.apexes.append((label + "s", "test"))
        self.apexes = list(dict.fromkeys(self.apexes))
        self.method = self.chance.choice(SIGNED) if self.odds(0.4) else None

    def odds(self, chance):
        return self.chance.random() < chance

    def labels(self, least, most, may_be_wild=True):
        while True:
            found = tuple(self.chance.choices(LABELS, WEIGHTS, k=self.chance.randint(least, most)))
            if may_be_wild or not any(label in ("*", "\\*", "\\000", "\\255") for label in found):
                return found

    def any_name(self, origin=None):
        """A name that something may point to."""
        origin = origin or self.chance.choice(self.apexes)
        dice = self.chance.random()
        if dice < 0.45 and self.owners:
            return self.chance.choice(self.owners)
        if dice < 0.55 and self.owners:
            return (*self.labels(1, 2), *self.chance.choice(self.owners))
        if dice < 0.85:
            return (*self.labels(1, 3), *origin)
        if dice < 0.90:
            return origin
        if dice < 0.93:
            return ()
        if dice < 0.96:
            return (*LONG, *origin)
        return ("host", "elsewhere", "example")

    def data(self, owner, origin):
        """A few RRsets of a node that is neither an alias nor a cut."""
        kinds = self.chance.sample(["A", "AAAA", "TXT", "MX", "SRV", "TYPE65280", "PTR"], self.chance.choice((1, 1, 2, 3)))
        for kind in kinds:
            ttl = self.chance.choice(TTLS[:4])
            for turn in range(self.chance.choice((1, 1, 1, 2, 3))):
                number = self.chance.randint(1, 250)
                yield owner, ttl, kind, {
                    "A": lambda: f"192.0.2.{number}",
                    "AAAA": lambda: f"2001:db8::{number:x}",
                    "TXT": lambda: f'"{number}" "a;b\\"\\000 {turn}"',
                    "MX": lambda: f"{number} {text(self.any_name(origin))}",
                    "SRV": lambda: f"0 {number} 53 {text(self.any_name(origin))}",
                    "TYPE65280": lambda: f"\\# 2 {number:04x}",
                    "PTR": lambda: text(self.any_name(origin)),
                }[kind]()

    def cut(self, owner, origin, is_signed):
        """A delegation with its glue."""
        ttl = self.chance.choice(TTLS[:4])
        for turn in range(self.chance.choice((1, 1, 2))):
            dice = self.chance.random()
            if dice < 0.45:
                target = (("ns", "a")[turn % 2], *owner)
            elif dice < 0.55:
                target = owner
            elif dice < 0.75 and self.cuts:
                target = ("ns", *self.chance.choice(self.cuts))  # perhaps a sibling's
            elif dice < 0.9:
                target = self.any_name(origin)
            else:
                target = ("ns", "elsewhere", "example")
            if target == () or "*" in target:
                target = ("ns", *owner)
            yield owner, ttl, "NS", text(target)
            if target[-len(origin) :] == origin and self.odds(0.9) and not self.is_below_alias(target):
                yield target, 300, "A", f"192.0.2.{self.chance.randint(1, 250)}"
                if self.odds(0.4):
                    yield target, 300, "AAAA", f"2001:db8::{self.chance.randint(1, 250):x}"
        if self.odds(0.5 if is_signed else 0.2):
            yield owner, 300, "DS", f"{self.chance.randint(1, 65535)} 13 2 " + "%064x" % self.chance.getrandbits(256)
        if self.odds(0.3):  # what is below a cut is not there, but for glue
            yield (*self.labels(1, 2), *owner), 60, self.chance.choice(("A", "TXT")), "192.0.2.66"

    def is_below_alias(self, name):
        return name in self.aliases or any(name[at:] in self.dnames for at in range(1, len(name)))

    def zone(self, apex):
        """The records of one zone."""
        self.owners, self.cuts, self.aliases, self.dnames = getattr(self, "owners", []), [], set(), set()
        ttl, minimum = self.chance.choice(TTLS[1:5]), self.chance.choice(TTLS[:5])
        numbers = f"{self.chance.randint(1, 4294967295)} 3600 600 604800 {minimum}"
        yield apex, ttl, "SOA", f"ns.{text(apex)} d\\.e.{text(apex)} {numbers}"
        has_dname = self.odds(0.04)  # a DNAME at the apex leaves no name below it
        targets = [("ns", *apex), ("b", *apex), ("ns", "elsewhere", "example")]
        targets = targets[2:] if has_dname else self.chance.sample(targets, self.chance.choice((1, 2)))
        for target in targets:
            yield apex, 3600, "NS", text(target)
            if target[1:] == apex:  # BIND wants their addresses
                yield target, 3600, "A", "192.0.2.53"
        yield from self.data(apex, apex)
        children = [other for other in self.apexes if len(other) > len(apex) and other[-len(apex) :] == apex]
        nodes = list(dict.fromkeys((*self.labels(1, 3), *apex) for _ in range(self.chance.randint(5, 14))))
        roles, shadow = {}, {canonical(node): node for node in nodes}
        for node in shadow.values():
            dice = self.chance.random()
            is_wild = node[0] in ("*", "\\*")
            if dice < 0.40:
                roles[node] = "data"
            elif dice < 0.68:
                roles[node] = "CNAME"
            elif dice < 0.84:
                roles[node] = "data" if is_wild else "DNAME"
            else:
                roles[node] = "data" if is_wild else "cut"
        for child in children[:1]:
            if self.odds(0.8):
                roles[child] = "cut"
        for target in targets:
            roles.pop(target, None)
        self.dnames = {node for node, role in roles.items() if role == "DNAME"}
        if has_dname:
            yield apex, 300, "DNAME", text(self.chance.choice((("elsewhere", "example"), (*self.labels(1, 1, False), *apex))))
        for node in [node for node in roles if self.is_below_alias(node)]:
            roles.pop(node)
        self.aliases = {node for node, role in roles.items() if role == "CNAME"}
        self.cuts = [node for node, role in roles.items() if role == "cut"]
        self.owners = [*self.owners, *roles]
        for node, role in roles.items():
            ttl = self.chance.choice(TTLS[:5] if self.method else TTLS)  # dnssec-signzone ends a TTL with the signature
            if role == "data":
                yield from self.data(node, apex)
            elif role == "CNAME":
                yield node, ttl, "CNAME", text(self.any_name(apex))
            elif role == "DNAME":
                yield node, ttl, "DNAME", text(self.any_name(apex))
                if self.odds(0.3):
                    yield from self.data(node, apex)
            else:
                yield from self.cut(node, apex, self.method)

    def is_occluded(self, owner, records):
        """Whether it is below a DNAME, where NSD and Knot allow nothing."""
        return any((owner[at:], "DNAME") in records for at in range(1, len(owner)))

    def make(self):
        zones = {}
        for apex in self.apexes:
            records = {}
            for owner, ttl, kind, rdata in self.zone(apex):
                ttl, group = records.setdefault((canonical(owner), kind), (ttl, []))
                if all(rdata.lower() != other.lower() for _, other in group):
                    group.append((owner, rdata))
            aliases = {owner for owner, kind in records if kind == "CNAME"}
            zones[apex] = [
                (owner, ttl, kind, rdata)
                for (key, kind), (ttl, group) in records.items()
                for owner, rdata in group[: 1 if kind in ("CNAME", "DNAME") else None]
                if (key not in aliases or kind == "CNAME") and not self.is_occluded(key, records)
            ]
        for apex in sorted(zones, key=len, reverse=True):  # a child before its parent, for the DS
            lines = "".join(f"{text(owner)} {ttl} IN {kind} {rdata}\n" for owner, ttl, kind, rdata in zones[apex])
            self.world.zones[text(apex).removesuffix(".")] = lines
        return self.world


def canonical(name):
    return tuple(label.lower().replace("\\*", "*") for label in name)


def sign(world, method, chance, work):
    """Signs its zones, children first; a parent that delegates to one gets its DS, mostly."""
    made = {}
    for apex, lines in world.zones.items():
        for child, ds in made.items():
            if child.endswith("." + apex) and f"\n{child}. " in lines and " IN NS " in lines and chance.random() < 0.7:
                lines += f"{child}. 300 IN DS {ds}\n" if f"\n{child}. 300 IN DS" not in lines else ""
        signer = chance.choice(("ldns", "bind"))
        signed, ds = signing.sign(apex, lines, method, signer, work)
        if signed is None:
            return False
        world.zones[apex], made[apex] = signed, ds
    return True


def generated(seed, number, work, is_below_root=False):
    """The world of this number, or None where a signer cannot do it."""
    maker = Maker(seed, number, is_below_root)
    world = maker.make()
    if maker.method:
        world.title += f" ({maker.method})"
        if not sign(world, maker.method, maker.chance, work):
            return None
    return world


def written(files):
    """Worlds of zone files that somebody wrote: one for every zone that is below none of the others, with those below it."""
    made = {}
    for file in sorted(files, key=lambda file: os.path.basename(file).count(".")):
        apex = os.path.basename(file).removesuffix(".zone")
        top = next((top for top in made if apex.endswith("." + top)), apex)
        world = made.setdefault(top, World(top))
        world.is_written = True
        with open(file, encoding="latin-1") as lines:
            world.zones[apex] = lines.read()
    return list(made.values())


def rooted(seed, work):
    """The root zone, with delegations to worlds that are served beside it and to some that are not."""
    below = [world for number in range(1, 7) if (world := generated(seed, number, work, True))]
    root = World("root")
    root.is_written = True
    lines = """. 86400 IN SOA ns.nowhere. d\\.e.nowhere. 1 3600 600 604800 300
. 86400 IN NS ns.nowhere.
. 86400 IN NS ns.a.
ns.nowhere. 300 IN A 192.0.2.1
a. 300 IN NS ns.a.
ns.a. 300 IN A 192.0.2.2
*. 300 IN TXT "any"
b.c. 60 IN CNAME x.y.
*.c. 60 IN CNAME www.a.
dname. 60 IN DNAME c.
"""
    apexes = [apex for world in below for apex in world.zones]
    lines += "".join(f"{apex}. 300 IN NS ns.nowhere.\n" for apex in apexes if "." not in apex)
    root.zones[""] = lines
    return [root, *below]


# --- questions -------------------------------------------------------------------------------------------------------


def questions(world, chance, most):
    """(name, type) pairs: every owner, what is above, below and beside it, in other spellings; targets too."""
    names, owners, targets = {}, set(), set()
    for origin, zone in world.read().items():
        for owner, rdataset in zone.iterate_rdatasets():
            kind = rdataset.rdtype
            if kind in (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3):
                continue
            owners.add(owner)
            names.setdefault(owner, set()).add(dns.rdatatype.to_text(kind))
            if kind in (dns.rdatatype.CNAME, dns.rdatatype.DNAME, dns.rdatatype.NS):
                targets |= {rdata.target for rdata in rdataset}
            if kind == dns.rdatatype.DNAME:
                for prefix in ("a", "b.a", "*", "A.*", "a.c.b", ".".join(LONG[:2]), ".".join(LONG)):
                    targets |= below(owner, prefix)
        targets |= {origin, *below(origin, "absent"), *below(origin, "a.b.c.absent")}
        if len(origin.to_wire()) < 30:
            targets |= below(origin, ".".join(["a"] * (126 - len(origin))))  # 127 labels with the root's
    for owner in owners:
        for prefix in ("a", "b", "*", "a.*", "c.b"):
            targets |= below(owner, prefix)
        if owner.is_wild():
            for prefix in ("a", "one", "b.one", "one.b", "*.one"):
                targets |= below(owner.parent(), prefix)
        above = owner
        while len(above) > 2:
            above = above.parent()
            targets.add(above)
            targets |= below(above, "a")
        targets.add(dns.name.Name([spell(label, chance) for label in owner.labels]))
    for name in targets:
        names.setdefault(name, set())
    pairs = []
    for name in sorted(names):
        some = names[name]
        rest = [kind for kind in TYPES if kind not in some]
        pairs += [(name, kind) for kind in some]
        pairs += [(name, kind) for kind in (rest if most is None else chance.sample(rest, 5))]
    if most is not None and len(pairs) > most:
        pairs = chance.sample(pairs, most)
    return pairs


def below(name, prefix):
    try:
        return {dns.name.from_text(prefix, None).concatenate(name)}
    except dns.name.NameTooLong:
        return set()


def spell(label, chance):
    return bytes(chance.choice((octet, ord(chr(octet).swapcase()))) if chr(octet).isascii() else octet for octet in label)
