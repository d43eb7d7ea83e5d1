"""What a response says, in a form that can be compared: no message ID, no letter case, no compression, no order."""

import copy
import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

CNAME, DNAME, NS, SOA, RRSIG, NSEC, NSEC3, ANY = 5, 39, 2, 6, 46, 47, 50, 255


class Question:
    """One question, and how it is asked."""

    def __init__(self, world, name, kind, edns=None, do=False, rd=False, over_tcp=False):
        self.world, self.name, self.kind, self.edns, self.do, self.rd = world, name, kind, edns, do, rd
        self.over_tcp = over_tcp
        self.number = dns.rdatatype.from_text(kind)
        self.question = name.to_wire() + struct.pack("!HH", self.number, 1)
        self.octets = struct.pack("!6H", 0, 0x0100 if rd else 0, 1, 0, 0, 0 if edns is None else 1) + self.question
        if edns is not None:
            self.octets += b"\0" + struct.pack("!HHIH", 41, edns, 0x8000 if do else 0, 0)

    @property
    def limit(self):
        """How large a UDP response may be."""
        return 512 if self.edns is None else max(512, min(self.edns, 1232))

    def __str__(self):
        words = [self.name.to_text(), self.kind, "tcp" if self.over_tcp else "udp"]
        words += ["rd"] * self.rd + ([f"edns={self.edns}"] if self.edns is not None else []) + ["do"] * self.do
        return " ".join(words)


class Response:
    """One response, read strictly; `complaint` is what the reader did not like."""

    def __init__(self, octets, question):
        self.octets, self.complaint = octets, None
        self.rcode, self.aa, self.tc, self.flags, self.is_same_question = "none", None, None, None, True
        self.answer = self.authority = self.additional = frozenset()
        self.order, self.in_order, self.edns = (), [], None
        if octets is None:
            self.complaint = "no response"
            return
        try:
            message = dns.message.from_wire(octets, one_rr_per_rrset=True, ignore_trailing=False)
        except Exception as error:
            self.complaint = f"dnspython: {error!r}"
            return
        self.rcode = dns.rcode.to_text(message.rcode())
        self.aa, self.tc = bool(message.flags & dns.flags.AA), bool(message.flags & dns.flags.TC)
        self.flags = message.flags & ~(dns.flags.AA | dns.flags.TC | 15)
        self.is_same_question = octets[12 : 12 + len(question.question)] == question.question and octets[4:6] == b"\0\1"
        self.answer, self.authority, self.additional = (
            self.section(section) for section in (message.answer, message.authority, message.additional)
        )
        self.in_order = self.records(message.answer)
        owners = [rrset.name.to_digestable() for rrset in message.answer if rrset.rdtype != RRSIG]
        self.order = tuple(dict.fromkeys(owners))
        self.edns = None if message.edns < 0 else (message.edns, bool(message.ednsflags & 0x8000))

    def records(self, rrsets):
        return [
            (rrset.name.to_digestable(), int(rrset.rdtype), rrset.ttl, rdata.to_digestable())
            for rrset in rrsets
            for rdata in rrset
        ]

    def section(self, rrsets):
        records = self.records(rrsets)
        found = frozenset(records)
        if len(found) != len(records):
            self.complaint = "duplicate RRs"
        return found

    def end_of_chain(self, question, apexes):
        """The name, in lower case, at which a chain of aliases ends without a word about it, or only with the way to another
        zone of the same server, one of `apexes`; None where there is none."""
        is_told = any(kind == SOA or kind == NS and owner not in apexes for owner, kind, *_ in self.authority)
        if self.complaint or self.tc or question.number == CNAME or self.rcode != "NOERROR" or is_told:
            return None
        aliases = {owner: rdata for owner, kind, _, rdata in self.answer if kind == CNAME}
        owners = {owner for owner, kind, *_ in self.answer if kind not in (CNAME, DNAME, RRSIG)}
        name, seen = question.name.to_digestable(), set()
        while name in aliases and name not in seen:
            alias = next(record for record in self.answer if record[:2] == (name, CNAME))
            if question.number == ANY and question.world.has(alias):
                return None  # it is there, and not made of a DNAME: this is the answer
            seen.add(name)
            name = aliases[name]
        return name if seen and name not in seen and name not in owners else None

    @property
    def chain(self):
        """The aliases of the answer section as pairs, in their order there."""
        return list(dict.fromkeys((owner, rdata) for owner, kind, _, rdata in self.in_order if kind == CNAME))

    def continued(self, rest):
        """This response and the one about the name at which its chain ends, as RFC 1034 §4.3.2 step 3a has them in one."""
        whole = copy.copy(self)
        whole.rcode, whole.complaint, whole.tc = rest.rcode, rest.complaint, rest.tc
        is_referral = any(kind == NS for _, kind, *_ in self.authority)
        whole.answer = self.answer | rest.answer
        whole.authority = rest.authority if is_referral else rest.authority | self.authority
        whole.additional, whole.in_order = rest.additional, self.in_order + rest.in_order
        whole.order = tuple(dict.fromkeys(self.order + rest.order))
        return whole

    @property
    def is_referral(self):
        return not self.aa and self.rcode == "NOERROR" and any(kind == NS for _, kind, *_ in self.authority)

    def __str__(self):
        try:
            message = dns.message.from_wire(self.octets, one_rr_per_rrset=True)
        except Exception:
            return self.complaint
        lines = [f"{self.rcode}{' AA' * self.aa}{' TC' * self.tc} {len(self.octets)} octets {self.complaint or ''}"]
        for title, section in (("an", message.answer), ("au", message.authority), ("ad", message.additional)):
            lines += [f"{title} {line}" for rrset in section for line in rrset.to_text().splitlines()]
        return "\n".join(lines)


def types(records):
    """The types among records, as words."""
    return " ".join(sorted({dns.rdatatype.to_text(kind) for _, kind, *_ in records}))
