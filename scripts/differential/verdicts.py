"""Where a server's response differs from what most of the others say."""

import collections

from accepted import ACCEPTED
from responses import NS, types

ADDRESSES = (1, 28)


class Difference:
    """One aspect in which a response differs; what accepted.py's matchers look at."""

    def __init__(self, question, aspect, ours, theirs, subject, voters):
        self.question, self.aspect, self.ours, self.theirs = question, aspect, ours, theirs
        self.subject, self.voters = subject, voters  # the whole responses, over TCP where UDP was too small

    @property
    def lacks(self):
        return self.theirs - self.ours

    @property
    def extra(self):
        return self.ours - self.theirs

    @property
    def kind(self):
        """What it is called in the report; differences of one kind are counted together."""
        about = self.question.kind if self.question.kind in SPECIAL else "other types"
        if isinstance(self.ours, frozenset) and isinstance(self.theirs, frozenset):
            words = [f"lacks {types(self.lacks)}"] * bool(self.lacks) + [f"has {types(self.extra)} too"] * bool(self.extra)
            return f"{self.aspect}: {', '.join(words)} ({about})"
        if self.aspect == "order":
            return f"order of the answer section ({about})"
        return f"{self.aspect}: {self.ours} instead of {self.theirs} ({about})"


SPECIAL = ("ANY", "RRSIG", "NSEC", "DS")


def majority(values):
    """What more than half say; None if there is no such thing."""
    (value, count), *_ = collections.Counter(values).most_common(1)
    return value if 2 * count > len(values) else None


def judge(question, subject, full_subject, whole_peers):
    """The differences of one response. `full_subject` and `whole_peers` are over TCP where UDP was too small, the latter
    with the rest of their chains. Of a truncated response only what does not depend on its size is compared."""
    voters = [response for response in whole_peers.values() if response.complaint is None and not response.tc]
    if subject.complaint is not None:
        yield Difference(question, "complaint", subject.complaint, "nothing to complain of", subject, voters)
        return
    if not voters:
        return
    if subject.tc and full_subject.octets is not None:
        if question.over_tcp or len(full_subject.octets) <= question.limit:
            yield Difference(question, "tc", f"TC though {len(full_subject.octets)} octets fit", False, subject, voters)
    if not question.over_tcp and len(subject.octets) > question.limit:
        yield Difference(question, "tc", f"{len(subject.octets)} octets", f"at most {question.limit}", subject, voters)
    aspects = ["rcode", "aa", "flags", "is_same_question", "edns"]
    if not subject.tc:
        aspects += ["answer", "order", "authority"]
    for aspect in aspects:
        ours, votes = getattr(subject, aspect), [getattr(response, aspect) for response in voters]
        theirs = majority(votes)
        if theirs is None:
            if ours not in votes:
                yield Difference(question, aspect, ours, votes[0], full_subject, voters)
        elif ours != theirs:
            if aspect == "order" and set(ours) != set(theirs):
                continue  # the answer sections differ, and that is said already
            yield Difference(question, aspect, ours, theirs, full_subject, voters)
    if not subject.tc:
        yield from judge_additional(question, subject, voters)


def judge_additional(question, subject, voters):
    """A referral needs its glue (RFC 9471 §3); other additional data need not be there, but must be right."""
    if subject.is_referral:
        counts = collections.Counter(
            glue for response in voters if response.is_referral for glue in {record[:2] for record in response.additional}
        )
        targets = {rdata for _, kind, _, rdata in subject.authority if kind == NS}
        required = {(n, t) for (n, t), count in counts.items() if t in ADDRESSES and n in targets and 2 * count > len(voters)}
        found = {record[:2] for record in subject.additional}
        if not required <= found:
            yield Difference(question, "glue", frozenset(found & required), frozenset(required), subject, voters)
    wrong = frozenset(record for record in subject.additional if not question.world.has(record))
    if wrong:
        yield Difference(question, "additional", wrong, frozenset(), subject, voters)


def acceptance(difference):
    """The row of accepted.py that covers a difference."""
    return next((row for row in ACCEPTED if row.matches(difference)), None)
