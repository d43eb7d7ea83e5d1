"""Differences that are accepted: one row each, with what it covers and the sentence of an RFC behind it."""

import collections

import dns.name

from responses import ANY, CNAME, DNAME, NSEC, NSEC3, RRSIG, SOA

Row = collections.namedtuple("Row", "title matches why")


def one_rrset_for_any(difference):
    """One whole RRset of those that the others have at the name, with its signatures; in front of it, the same aliases."""
    if difference.question.number != ANY or difference.aspect != "answer":
        return False
    ours, links = difference.subject.answer, {CNAME, DNAME}
    rrsets = {record[:2] for record in ours if record[1] not in links | {RRSIG}}
    lacks = frozenset().union(*(voter.answer for voter in difference.voters)) - ours
    is_whole = len(rrsets) <= 1 and not rrsets & {record[:2] for record in lacks}
    is_led_there = not any(kind in links for _, kind, *_ in difference.lacks)
    return is_whole and is_led_there and all(difference.question.world.has(record) for record in difference.extra)


def endless_chain(difference):
    """Aliases that come back to where they were, or never end; as far as ours goes, it is what the others have."""
    if difference.aspect not in ("rcode", "answer", "order", "authority"):
        return False
    ours, *theirs = chains = [response.chain for response in (difference.subject, *difference.voters)]
    longest = max(theirs, key=len)

    def is_endless(chain):
        owners = [owner for owner, _ in chain]
        return len(chain) >= 16 or len(set(owners)) < len(owners) or bool(chain) and chain[-1][1] in owners

    size = min(len(ours), len(longest))
    return any(map(is_endless, chains)) and size > 0 and ours[:size] == longest[:size]


def wildcard_glue(difference):
    """Addresses that are not in the zone file, but made of a wildcard below the cut."""
    known = {record[:2] for record in difference.question.world.universe}
    return difference.aspect == "glue" and not difference.lacks & known


def whole_proof(difference):
    """Beside all that one of the others sends, signed denials: such as another sends too, the NSEC that leaps over a wildcard
    without records of its own, or for a name that itself begins with an asterisk the closest encloser proof."""
    ours, voters = difference.subject.authority, difference.voters
    if difference.aspect != "authority" or not any(voter.authority <= ours for voter in voters):
        return False
    alone = ours.difference(*(voter.authority for voter in voters))
    end = difference.subject.chain[-1][1] if difference.subject.chain else difference.question.name.to_digestable()
    return all(
        kind == RRSIG
        or kind == NSEC3 and end.startswith(b"\1*")
        or kind == NSEC and b"*" in dns.name.from_wire(rdata, 0)[0].parent()  # the next name is below an asterisk
        for _, kind, _, rdata in alone
    )


def ds_behind_alias(difference):
    """The DS of a zone that is served together with its parent, asked for by an alias: it is the parent's to answer."""
    if difference.question.kind != "DS" or difference.aspect not in ("answer", "order", "authority"):
        return False
    chain = difference.subject.chain
    return bool(chain) and any(record[:2] == (chain[-1][1], SOA) for record in difference.question.world.universe)


def apex_without_cut(difference):
    """The DS of a zone of ours that no cut leads to: NODATA from the zone itself and not NXDOMAIN from the zone above."""
    own = {record[0] for record in difference.subject.authority if record[1] == SOA}
    is_denied = any(voter.rcode == "NXDOMAIN" for voter in difference.voters)
    return difference.question.kind == "DS" and is_denied and own == {difference.question.name.to_digestable()}


def nearest_zone(difference):
    """An alias that leads into another zone of ours: the answer is that zone's, and not that of a zone around it."""
    if difference.aspect not in ("rcode", "answer", "authority") or not difference.subject.chain:
        return False
    apexes = {record[0] for record in difference.question.world.universe if record[1] == SOA}
    ends = difference.subject.chain[-1][1], difference.question.name.to_digestable()
    zone, first = (max((apex for apex in apexes if end.endswith(apex)), key=len, default=b"") for end in ends)
    responses = [difference.subject, *difference.voters]
    own, *theirs = ({record[0] for record in response.authority if record[1] == SOA} for response in responses)
    stays = any(soas - {zone} for soas in theirs)
    return zone != first and (own == {zone} or not own and stays and not (difference.aspect == "answer" and difference.lacks))


def nsec3_behind_alias(difference):
    """An NSEC3 asked for by the name of an alias, which no one really does: NSD answers it as if the alias had one."""
    return difference.question.kind == "NSEC3" and difference.aspect != "complaint" and bool(difference.subject.chain)


ACCEPTED = [
    Row(
        "ANY: one RRset",
        one_rrset_for_any,
        'RFC 8482 §4: a responder "MAY send a response with a single RRset (or a larger subset of available RRsets)"',
    ),
    Row(
        "aliases without end",
        endless_chain,
        'RFC 1034 §3.6.2: "domain software should not fail when presented with CNAME chains or loops"; where to stop is open',
    ),
    Row(
        "no glue made of wildcards",
        wildcard_glue,
        'RFC 1034 §4.3.3: "delegation cancels the wildcard defaults"',
    ),
    Row(
        "DS behind an alias",
        ds_behind_alias,
        'RFC 4034 §5: "The DS RR appears only on the upper (parental) side of a delegation"; Knot and BIND stay in the child',
    ),
    Row(
        "an apex that no cut leads to",
        apex_without_cut,
        'RFC 8020 §2: NXDOMAIN says that there is nothing at the name and below it, where there is a whole zone of ours',
    ),
    Row(
        "the nearest zone",
        nearest_zone,
        'RFC 1034 §4.3.2 step 2: "the zone which is the nearest ancestor to QNAME", after an alias too; Knot and NSD stay',
    ),
    Row(
        "NSEC3 behind an alias",
        nsec3_behind_alias,
        'RFC 1034 §4.3.2 step 3a: "change QNAME to the canonical name in the CNAME RR, and go back to step 1"',
    ),
    Row(
        "the whole proof",
        whole_proof,
        'RFC 4035 §3.1.3.4: "An NSEC RR proving that there are no RRsets matching STYPE at the wildcard owner name", which Knot '
        "and BIND leave out for an empty wildcard; RFC 5155 §7.2.5, the closest encloser proof, which NSD and Knot leave out "
        "where QNAME begins with an asterisk",
    ),
]
