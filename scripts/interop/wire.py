"""Sends raw octets to the server at $PORT, over UDP and TCP; one line a case. From a seed, which is printed."""

import contextlib
import os
import random
import socket
import struct
import time

from dns import Message, ask, exchange, expect, framed, port_from_environment, query, read_exactly, udp, wire_name

PORT = port_from_environment()
SEED = int(os.environ.get("SEED", "2026"))
QUIET = 0.25  # seconds that silence is listened to


def header(ident=0x1234, flags=0, counts=(1, 0, 0, 0)):
    return struct.pack("!6H", ident, flags, *counts)


QUESTION = wire_name("orders.mesh.test") + struct.pack("!HH", 1, 1)
PLAIN = header() + QUESTION


def outcome(octets, timeout=2.0):
    """The RCODE of what comes back, or "silence"."""
    response = exchange(PORT, octets, timeout=timeout)
    if response is None:
        return "silence"
    if response[:2] != octets[:2]:
        return "another ID"
    if not response[2] & 0x80:
        return "QR is not set"
    return Message(response).rcode_text


def gets(title, wanted, octets):
    expect(title, wanted, outcome(octets, QUIET if wanted == "silence" else 2.0))


def connect(timeout=3.0, receive_buffer=None):
    stream = socket.socket()
    if receive_buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    stream.settimeout(timeout)
    stream.connect(("127.0.0.1", PORT))
    return stream


def read_message(stream):
    try:
        (size,) = struct.unpack("!H", read_exactly(stream, 2))
        return Message(read_exactly(stream, size))
    except (EOFError, ConnectionError):
        return None
    except TimeoutError:
        return "nothing within the time-out"


# Asks nothing; looked at again at the end.
idle = socket.create_connection(("127.0.0.1", PORT))
opened = time.monotonic()

# --- UDP -------------------------------------------------------------------------------------------------------------

gets("a plain query", "NOERROR", PLAIN)
gets("a datagram of no octets", "silence", b"")
gets("one octet", "silence", b"\x12")
gets("eleven octets", "silence", PLAIN[:11])
gets("a header that announces a question, and nothing more", "FORMERR", PLAIN[:12])
gets("a response (QR=1)", "silence", header(flags=0x8000) + QUESTION)
gets("a response with an answer", "silence", header(flags=0x8180, counts=(1, 1, 0, 0)) + QUESTION + b"\xc0\x0c" + bytes(14))
gets("no question", "FORMERR", header(counts=(0, 0, 0, 0)))
gets("two questions", "FORMERR", header(counts=(2, 0, 0, 0)) + 2 * QUESTION)
gets("65535 questions announced", "FORMERR", header(counts=(65535, 0, 0, 0)) + QUESTION)
gets("opcode NOTIFY", "NOTIMP", header(flags=4 << 11) + QUESTION)
gets("opcode UPDATE", "NOTIMP", header(flags=5 << 11) + QUESTION)
gets("opcode 15", "NOTIMP", header(flags=15 << 11) + QUESTION)
gets("EDNS version 1", "BADVERS", header(counts=(1, 0, 0, 1)) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 1 << 16, 0))
gets("two OPT records", "FORMERR", header(counts=(1, 0, 0, 2)) + QUESTION + 2 * (b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)))
gets("an OPT whose owner is no root", "FORMERR",
     header(counts=(1, 0, 0, 1)) + QUESTION + b"\1x\0" + struct.pack("!HHIH", 41, 1232, 0, 0))
gets("an OPT longer than the message", "FORMERR",
     header(counts=(1, 0, 0, 1)) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 500))
gets("an option longer than its OPT", "FORMERR",
     header(counts=(1, 0, 0, 1)) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 4) + struct.pack("!HH", 3, 9))
gets("an additional record that is announced but missing", "FORMERR", header(counts=(1, 0, 0, 1)) + QUESTION)
gets("a name that points at itself", "FORMERR", header() + b"\xc0\x0c" + struct.pack("!HH", 1, 1))
gets("a name that points forward", "FORMERR", header() + b"\xc0\x20" + struct.pack("!HH", 1, 1) + QUESTION)
gets("two pointers in a circle", "FORMERR", header() + b"\1a\xc0\x0e\xc0\x0c" + struct.pack("!HH", 1, 1))
gets("a pointer into the header", "FORMERR", header() + b"\xc0\x00" + struct.pack("!HH", 1, 1))
gets("a pointer cut in half", "FORMERR", header() + b"\xc0")
gets("a label of the reserved kind 0x40", "FORMERR", header() + b"\x41\0\0" + struct.pack("!HH", 1, 1))
gets("a label of the reserved kind 0x80", "FORMERR", header() + b"\x81\0\0" + struct.pack("!HH", 1, 1))
gets("a label of 63 octets", "REFUSED", header() + b"\x3f" + 63 * b"x" + b"\0" + struct.pack("!HH", 1, 1))
gets("a name of 255 octets", "REFUSED", header() + 127 * b"\1x" + b"\0" + struct.pack("!HH", 1, 1))
gets("a name of 257 octets", "FORMERR", header() + 128 * b"\1x" + b"\0" + struct.pack("!HH", 1, 1))
gets("a name without end", "FORMERR", header() + 100 * b"\1x")
gets("a class that nobody serves", "REFUSED", header() + QUESTION[:-2] + struct.pack("!H", 999))
for flags in (0x0000, 0x0100, 0x0110, 0x0120, 0x0040, 0x0400, 0x0200, 0x000F):
    gets(f"flags {flags:#06x}", "NOERROR", header(flags=flags) + QUESTION)

cut = [outcome(PLAIN[:size], 0.02 if size < 12 else 2.0) for size in range(len(PLAIN))]
expect("a query cut at every octet: silence up to the header's end, then FORMERR",
       ["silence"] * 12 + ["FORMERR"] * (len(PLAIN) - 12), cut)
edns = query("orders.mesh.test", ident=7)
cut = {outcome(edns[:size]) for size in range(len(PLAIN), len(edns))}
expect("a query cut within its OPT", {"FORMERR"}, cut)

# Octets behind the message: RFCs say nothing; Knot answers FORMERR, BIND and NSD pass them over.
gets("octets behind the message", "FORMERR", PLAIN + b"trailing octets")

response = exchange(PORT, header() + wire_name("oRdErS.MeSh.tEsT") + struct.pack("!HH", 1, 1))
expect("the question comes back as it was spelled", wire_name("oRdErS.MeSh.tEsT"), response and response[12:30])
response = exchange(PORT, header(ident=0xBEEF) + QUESTION)
expect("so does the ID", b"\xbe\xef", response and response[:2])

# --- RFC 8906 §8, and what else EDNS asks ------------------------------------------------------------------------------

ZONE = "mesh.test"


def option(code, data=b""):
    return struct.pack("!HH", code, len(data)) + data


def asked(name=ZONE, rrtype=6, *, flags=0, questions=1, edns=None, version=0, size=1232, options=b"", extra=(), rrclass=1):
    """A request's octets; `edns` are the OPT's flags, None for no OPT; `extra` are additional records."""
    octets = header(flags=flags, counts=(questions, 0, 0, len(extra) + (edns is not None)))
    if questions:
        octets += wire_name(name) + struct.pack("!HH", rrtype, rrclass)
    if edns is not None:
        octets += b"\0" + struct.pack("!HHBBHH", 41, size, 0, version, edns, len(options)) + options
    return octets + b"".join(extra)


def options_of(message):
    """The OPT's options, by code; None without an OPT."""
    if not message.opt:
        return None
    found, rdata = {}, message.opt[4]
    while rdata:
        code, size = struct.unpack_from("!HH", rdata)
        found[code] = rdata[4 : 4 + size]
        rdata = rdata[4 + size :]
    return found


def over_tcp(octets):
    with connect() as stream:
        stream.sendall(framed(octets))
        return read_message(stream)


def over_udp(octets):
    response = exchange(PORT, octets)
    return Message(response) if response else "silence"


def responds(title, octets, rcode="NOERROR", *, soa=True, flags=("aa",), edns=None, options=(), send=over_udp):
    """RCODE, SOA in the answer, flags, the OPT's version and flags, and the codes of its options."""
    message = send(octets)
    if not isinstance(message, Message):
        expect(title, "a response", message)
        return None
    names = {0x0400: "aa", 0x0200: "tc", 0x0100: "rd", 0x0080: "ra", 0x0040: "z", 0x0020: "ad", 0x0010: "cd"}
    opt = message.opt and (message.opt[3] >> 16 & 255, message.opt[3] & 65535)
    expect(title, (rcode, soa, tuple(flags), None if edns is None else (0, edns), sorted(options)),
           (message.rcode_text, any(record[1] == 6 for record in message.answer),
            tuple(name for bit, name in names.items() if message.flags & bit), opt, sorted(options_of(message) or {})))
    return message


CLIENT = b"\1\2\3\4\5\6\7\x08"
bad_version = {"rcode": "BADVERS", "soa": False, "flags": (), "edns": 0}
responds("RFC 8906 §8.1.1: the zone is there", asked())
responds("§8.1.2: an unknown type", asked(rrtype=1000), soa=False)
responds("§8.1.3.1: CD", asked(flags=0x0010))
responds("§8.1.3.2: AD", asked(flags=0x0020))
responds("§8.1.3.3: the reserved bit", asked(flags=0x0040))
responds("§8.1.3.4: RD", asked(flags=0x0100), flags=("aa", "rd"))
responds("§8.1.4: an unknown opcode", asked(flags=15 << 11, questions=0), "NOTIMP", soa=False, flags=())
responds("§8.1.4, with an OPT", asked(flags=15 << 11, questions=0, edns=0), "NOTIMP", soa=False, flags=(), edns=0)
responds("§8.1.5: TCP", asked(), send=over_tcp)
responds("§8.2.1: plain EDNS", asked(edns=0), edns=0)
responds("§8.2.2: version 1", asked(edns=0, version=1), **bad_version)
responds("§8.2.3: an unknown option", asked(edns=0, options=option(100)), edns=0)
responds("§8.2.4: an unknown flag", asked(edns=0x0040), edns=0)
responds("§8.2.5: version 1 and an unknown flag", asked(edns=0x0040, version=1), **bad_version)
responds("§8.2.6: version 1 and an unknown option", asked(edns=0, version=1, options=option(100)), **bad_version)
responds("§8.2.8: DO", asked(edns=0x8000), edns=0x8000)
responds("§8.2.9: version 1 and DO", asked(edns=0x8000, version=1), **{**bad_version, "edns": 0x8000})
several = option(10, CLIENT) + option(3) + option(9) + option(8, b"\0\1\0\0")
responds("§8.2.10: several options", asked(edns=0, options=several), edns=0, options=(10,))
responds("every flag of header and OPT", asked(flags=0x07F0, edns=0x7FFF), flags=("aa", "rd"), edns=0)

message = responds("a client cookie gets a server cookie", asked(edns=0, options=option(10, CLIENT)), edns=0, options=(10,))
cookie = message and options_of(message).get(10, b"")
expect("of 24 octets, the client's first", (24, CLIENT), cookie and (len(cookie), cookie[:8]))
message = responds("which comes back as it is", asked(edns=0, options=option(10, cookie or b"")), edns=0, options=(10,))
expect("while it is young", cookie, message and options_of(message).get(10))
responds("a request for a cookie alone", asked(questions=0, edns=0, options=option(10, CLIENT)), soa=False, flags=(),
         edns=0, options=(10,))
for size in (0, 7, 9, 15, 41):
    responds(f"a cookie of {size} octets", asked(edns=0, options=option(10, bytes(size))), "FORMERR", soa=False, flags=(),
             edns=0)
responds("the idle time over TCP", asked(edns=0, options=option(11)), edns=0, options=(11,), send=over_tcp)
responds("and not over UDP", asked(edns=0, options=option(11)), edns=0)
responds("padding is not answered", asked(edns=0, options=option(12, bytes(100))), edns=0)
refused = {"rcode": "REFUSED", "soa": False, "flags": (), "edns": 0, "options": (15,)}
responds("a zone transfer", asked(rrtype=252, edns=0), send=over_tcp, **refused)
responds("class CH", asked("authors.bind", 16, rrclass=3, edns=0), **refused)
responds("a name in no zone", asked("elsewhere.example", edns=0), **refused)
record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + b"abcd"
responds("the OPT before another record", asked(edns=0, extra=(record,)), edns=0)
fields = wire_name("hmac-sha256") + struct.pack("!HIHH", 0, 1_700_000_000, 300, 32) + bytes(32) + struct.pack("!HHH", 0x1234, 0, 0)
tsig = wire_name("key.example") + struct.pack("!HHIH", 250, 255, 0, len(fields)) + fields
message = responds("a signed query", asked(extra=(tsig,)), "NOTAUTH", soa=False, flags=())
expect("gets the TSIG error BADKEY", [(250, b"\x12\x34\0\x11\0\0")],
       message and [(record[1], record[4][-6:]) for record in message.additional])
responds("a TSIG that is not last", asked(extra=(tsig, record)), "FORMERR", soa=False, flags=())

# Random and mutated octets, without waiting for each: at most one response a datagram, and the server lives.
generator = random.Random(SEED)


def mutated(octets):
    octets = bytearray(octets)
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(octets) + 1)
        match generator.randrange(4):
            case 0:
                del octets[at : at + generator.randint(0, 9)]
            case 1:
                octets[at:at] = generator.randbytes(generator.randint(1, 9))
            case 2:
                octets[at : at + 1] = generator.randbytes(1)
            case _:
                octets[at:at] = octets[: generator.randint(0, 20)]
    return bytes(octets)


sent = received = wrong = 0
with udp(PORT) as sender:
    sender.setblocking(False)
    for turn in range(40_000):
        octets = generator.randbytes(generator.randint(0, 600)) if turn % 2 else mutated(edns)
        with contextlib.suppress(BlockingIOError):
            sender.send(octets)
            sent += 1
        with contextlib.suppress(BlockingIOError):
            while response := sender.recv(65535):
                received += 1
                wrong += not response[2] & 0x80 or len(response) > 1232
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            response = sender.recv(65535)
            received += 1
            wrong += not response[2] & 0x80 or len(response) > 1232
expect(f"{sent} random and mutated datagrams (seed {SEED}) get well-formed responses or silence", (True, 0),
       (0 < received <= sent, wrong))
gets("the server answers afterwards", "NOERROR", PLAIN)
got = outcome(PLAIN + bytes(65507 - len(PLAIN)), 0.5)
expect("the longest datagram gets FORMERR, an answer or silence", True, got in ("FORMERR", "NOERROR", "silence"))
gets("and is survived", "NOERROR", PLAIN)

# --- TCP -------------------------------------------------------------------------------------------------------------


def rcode_of(message):
    return message.rcode_text if isinstance(message, Message) else message


with connect() as stream:
    stream.sendall(framed(PLAIN))
    expect("a query over TCP", "NOERROR", rcode_of(read_message(stream)))
    stream.sendall(framed(PLAIN))
    expect("and another on the same connection", "NOERROR", rcode_of(read_message(stream)))

with connect() as stream:
    for octet in framed(PLAIN):
        stream.sendall(bytes([octet]))
        time.sleep(0.002)
    expect("a query in single octets", "NOERROR", rcode_of(read_message(stream)))

with connect() as stream:
    stream.sendall(b"".join(framed(query("orders.mesh.test", ident=ident)) for ident in range(500)))
    expect("500 queries in one writing are all answered", list(range(500)),
           sorted(message.ident for _ in range(500) if isinstance(message := read_message(stream), Message)))

with connect() as stream:
    stream.sendall(framed(PLAIN))
    stream.shutdown(socket.SHUT_WR)
    expect("a query and a half-close: answered", "NOERROR", rcode_of(read_message(stream)))
    expect("and then closed", b"", stream.recv(1))

with connect() as stream:
    stream.sendall(b"".join(framed(query("orders.mesh.test", ident=ident)) for ident in range(100)))
    stream.shutdown(socket.SHUT_WR)
    expect("100 queries and a half-close: all answered", 100,
           sum(isinstance(read_message(stream), Message) for _ in range(100)))

with connect() as stream:
    stream.sendall(framed(PLAIN)[:-5])
    stream.shutdown(socket.SHUT_WR)
    expect("a frame cut short and closed: closed", None, read_message(stream))

with connect(timeout=1.0) as stream:
    stream.sendall(struct.pack("!H", 65535) + PLAIN)
    expect("a frame announced too long: waits for the rest", "nothing within the time-out", read_message(stream))
    with connect() as other:
        other.sendall(framed(PLAIN))
        expect("while others are answered", "NOERROR", rcode_of(read_message(other)))

with connect(timeout=1.0) as stream:
    stream.sendall(framed(b"") + framed(PLAIN[:5]) + framed(header(flags=0x8000) + QUESTION) + framed(PLAIN))
    first = read_message(stream)
    expect("an empty frame, a short one and a response get silence; the query behind them is answered or the connection ends",
           True, rcode_of(first) in ("NOERROR", None))

with connect() as stream:
    stream.sendall(framed(header(counts=(2, 0, 0, 0)) + 2 * QUESTION))
    expect("two questions over TCP", "FORMERR", rcode_of(read_message(stream)))

with connect() as stream:
    stream.sendall(framed(PLAIN + bytes(65535 - len(PLAIN))))
    got = rcode_of(read_message(stream))
    expect("a message of 65535 octets, most of them behind its end, gets one answer", True, got in ("FORMERR", "NOERROR"))

stream = connect()
stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
stream.sendall(20 * framed(PLAIN))
stream.close()
gets("a connection that is reset is survived", "NOERROR", PLAIN)

for turn in range(200):
    with connect() as stream, contextlib.suppress(ConnectionError):
        octets = generator.randbytes(generator.randint(1, 2000)) if turn % 2 else framed(mutated(edns)) * 3
        stream.sendall(octets)
        stream.shutdown(socket.SHUT_WR)
with connect() as stream:
    stream.sendall(framed(PLAIN))
    expect("200 connections of random octets are survived", "NOERROR", rcode_of(read_message(stream)))

# A peer that asks much and reads nothing: the server stops reading from it, and nobody else notices.
with connect(timeout=0.3, receive_buffer=4096) as slow:
    asked, wall = 0, time.monotonic() + 5
    block = b"".join(framed(query("payments.mesh.test", "ANY", ident=ident)) for ident in range(256))
    pending = b""
    with contextlib.suppress(TimeoutError):
        while time.monotonic() < wall and asked < 200_000:
            pending = pending or block
            pending = pending[slow.send(pending) :]
            asked += 256
    expect("a peer that does not read is not read from for ever", True, asked < 200_000)
    longest = 0.0
    for _ in range(20):
        start = time.monotonic()
        with connect() as quick:
            quick.sendall(framed(PLAIN))
            rcode = rcode_of(read_message(quick))
        longest = max(longest, time.monotonic() - start)
        if rcode != "NOERROR":
            break
    expect("while one does not read, others are answered at once", ("NOERROR", True), (rcode, longest < 0.5))
    got = 0
    slow.settimeout(3.0)
    for _ in range(2_000):
        message = read_message(slow)
        if not isinstance(message, Message) or message.ident != got % 256:
            break
        got += 1
    expect("and when it reads at last, it gets its answers, none left out", 2_000, got)

# Many connections at once.
streams = []
with contextlib.ExitStack() as stack:
    for _ in range(200):
        streams.append(stack.enter_context(connect()))
    for stream in streams:
        stream.sendall(framed(PLAIN))
    expect("200 connections at once are all answered", ["NOERROR"] * 200, [rcode_of(read_message(s)) for s in streams])

# A connection that asks nothing is closed: not at once, not never (RFC 7766 §6.2.3).
idle.settimeout(20)
try:
    ended = idle.recv(1)
except TimeoutError:
    ended = None
age = time.monotonic() - opened
expect(f"an idle connection is closed in time (after {age:.0f} s)", (b"", True), (ended, 2 < age < 20))

message = ask(PORT, "orders.mesh.test")
expect("at the end, a query", "NOERROR", message and message.rcode_text)
