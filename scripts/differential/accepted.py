"""Differences that are accepted: one row each, with what it covers and the sentence of an RFC behind it."""

import collections

from responses import ANY

Row = collections.namedtuple("Row", "title matches why")


def one_rrset_for_any(difference):
    """One whole RRset of those at the name, with its signatures."""
    if difference.question.number != ANY or difference.aspect not in ("answer", "authority"):
        return False
    kinds = {kind for _, kind, *_ in difference.subject.answer} - {46}
    world = difference.question.world
    return len(kinds) <= 1 and all(world.has(record) for record in difference.subject.answer) and not difference.subject.authority


def endless_chain(difference):
    """Aliases that come back to where they were, or never end; as far as ours goes, it is what the others have."""
    if difference.aspect not in ("rcode", "answer", "order", "authority"):
        return False
    ours, *theirs = chains = [response.chain for response in (difference.subject, *difference.voters)]
    longest = max(theirs, key=len)
    is_endless = any(
        len(chain) > 8 or len(chain) != len({owner for owner, _ in chain}) or {owner for owner, _ in chain} & {chain[-1][1]}
        for chain in chains
        if chain
    )
    size = min(len(ours), len(longest))
    return is_endless and size > 0 and ours[:size] == longest[:size]


def child_rather_than_glue(difference):
    """A name server's addresses as the zone below has them, which is served too, and not as the glue above has them."""
    if difference.aspect != "glue":
        return False
    theirs = frozenset().union(*(voter.additional for voter in difference.voters))
    own = {record[0] for record in difference.subject.additional - theirs}
    return all(owner in own for owner, _ in difference.lacks)


ACCEPTED = [
    Row("ANY: one RRset", one_rrset_for_any, 'RFC 8482 §4.1: "a subset (not necessarily a proper subset) of available RRsets"'),
    Row("endless aliases", endless_chain, 'RFC 1034 §3.6.2: "domain software should not fail when presented with CNAME chains or loops"; where to end is not said'),
    Row("addresses of the child zone", child_rather_than_glue, 'RFC 2181 §5.4.1: "Data from a primary zone file, other than glue data" ranks above glue'),
]
