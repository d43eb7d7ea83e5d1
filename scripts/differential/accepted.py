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


ACCEPTED = [
    Row("ANY: one RRset", one_rrset_for_any, 'RFC 8482 §4.1: "a subset (not necessarily a proper subset) of available RRsets"'),
    Row("endless aliases", endless_chain, 'RFC 1034 §5.2.2: "CNAME chains should be followed and CNAME loops signalled as an error"; where to end is not said'),
]
