"""DNS messages for the interop tests: just enough to ask anything and to read what comes back."""

import os
import random
import socket
import struct
import sys

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "ANY": 255}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH",
          16: "BADVERS", 23: "BADCOOKIE"}
# Where names stand in RDATA: octets in front of them, and how many follow each other.
NAMES = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 33: (6, 1)}


def type_number(name):
    return TYPES[name] if name in TYPES else int(name.removeprefix("TYPE"))


def wire_name(text):
    """A name in wire format; labels are plain or have \\DDD and \\X escapes."""
    octets, label, i = b"", b"", 0
    text = text.removesuffix(".")
    while i < len(text):
        if text[i] == "\\" and text[i + 1 : i + 4].isdigit():
            label += bytes([int(text[i + 1 : i + 4])])
            i += 4
        elif text[i] == "\\":
            label += text[i + 1].encode()
            i += 2
        elif text[i] == ".":
            octets += bytes([len(label)]) + label
            label, i = b"", i + 1
        else:
            label += text[i].encode()
            i += 1
    return octets + (bytes([len(label)]) + label if label else b"") + b"\0"


def query(name, rrtype="A", *, ident=None, flags=0, edns=True, do=False):
    """A query's octets."""
    ident = random.randrange(65536) if ident is None else ident
    octets = struct.pack("!6H", ident, flags, 1, 0, 0, 1 if edns else 0)
    octets += wire_name(name) + struct.pack("!HH", type_number(rrtype), 1)
    if edns:
        octets += b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000 if do else 0, 0)
    return octets


def read_name(octets, at):
    """The name at an offset, lower case, and the offset behind it."""
    labels, end, limit = [], None, at
    while True:
        size = octets[at]
        if size & 0xC0 == 0xC0:
            target = (size & 0x3F) << 8 | octets[at + 1]
            end = at + 2 if end is None else end
            if target >= limit:
                raise ValueError("a compression pointer does not go back")
            at = limit = target
        elif size & 0xC0:
            raise ValueError("a label of no known kind")
        elif size == 0:
            return b"".join(labels) + b"\0", at + 1 if end is None else end
        else:
            labels.append(octets[at : at + 1 + size].lower())
            at += 1 + size


class Message:
    """A whole message; RRs as (owner, type, class, ttl, rdata with its names spelled out)."""

    def __init__(self, octets):
        self.octets = octets
        self.ident, self.flags, self.questions, *counts = struct.unpack_from("!6H", octets)
        self.rcode = self.flags & 15
        self.question, at = [], 12
        for _ in range(self.questions):
            name, at = read_name(octets, at)
            self.question.append((name, *struct.unpack_from("!HH", octets, at)))
            at += 4
        self.sections, self.opt = [], None
        for count in counts:
            section = []
            for _ in range(count):
                record, at = self.read_record(at)
                if record[1] == 41:
                    self.opt = record
                    self.rcode |= record[3] >> 24 << 4
                else:
                    section.append(record)
            self.sections.append(section)
        if at != len(octets):
            raise ValueError(f"{len(octets) - at} octets behind the message")
        self.answer, self.authority, self.additional = self.sections

    def read_record(self, at):
        owner, at = read_name(self.octets, at)
        rrtype, rrclass, ttl, size = struct.unpack_from("!HHIH", self.octets, at)
        at += 10
        end, rdata = at + size, b""
        if rrtype in NAMES and size:
            before, names = NAMES[rrtype]
            rdata, at = self.octets[at : at + before], at + before
            for _ in range(names):
                name, at = read_name(self.octets, at)
                rdata += name
        rdata += self.octets[at:end]
        return (owner, rrtype, rrclass, ttl, rdata), end

    @property
    def rcode_text(self):
        return RCODES.get(self.rcode, str(self.rcode))

    @property
    def addresses(self):
        return sorted(socket.inet_ntoa(rdata) for _, rrtype, _, _, rdata in self.answer if rrtype == 1)


def udp(port, timeout=2.0, source="127.0.0.1", to="127.0.0.1"):
    """A connected socket, so that only answers from the address asked are received."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.settimeout(timeout)
    sender.bind((source, 0))
    sender.connect((to, port))
    return sender


def exchange(port, octets, **options):
    """What comes back for one datagram; None after the time-out."""
    with udp(port, **options) as sender:
        sender.send(octets)
        try:
            return sender.recv(65535)
        except TimeoutError:
            return None


def ask(port, name, rrtype="A", **options):
    octets = exchange(port, query(name, rrtype), **options)
    return None if octets is None else Message(octets)


def framed(octets):
    """A message as it goes over TCP: its length in front."""
    return struct.pack("!H", len(octets)) + octets


def read_exactly(stream, size):
    """So many octets of a stream; EOFError where it ends before."""
    octets = b""
    while len(octets) < size:
        some = stream.recv(size - len(octets))
        if not some:
            raise EOFError
        octets += some
    return octets


def expect(title, wanted, got):
    """One case: a line, and what was expected where it is not what was got."""
    if wanted == got:
        print(f"ok {title}", flush=True)
    else:
        print(f"FAILED {title}\n   expected: {wanted}\n   got:      {got}", flush=True)
    return wanted == got


def port_from_environment():
    return int(os.environ["PORT"])


if __name__ == "__main__":
    sys.exit("this is a library")
