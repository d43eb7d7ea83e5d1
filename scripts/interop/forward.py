"""A name server that lies as the first label of the name says, and clients of a forwarding server.

forward.py upstream PORT LOG      serves UDP and TCP on 127.0.0.1; every query is a line of LOG: its EDNS options, whether it has EDNS,
                                  transport, first label
forward.py flood PORT COUNT       asks for COUNT random names without waiting for answers
forward.py patient PORT COUNT     asks for COUNT random names and reads the answers; prints how many came of each RCODE
                                  within 5 seconds of their questions
forward.py large PORT COUNT SIZE  COUNT queries of SIZE octets on each of four TCP connections; prints as patient does
forward.py together PORT NAME N   asks for one name N times at once; prints how many RCODEs of each kind came
forward.py pipelined PORT         several names on one TCP connection, the slow one first; prints the order of the answers
"""

import collections
import os
import socket
import struct
import sys
import threading
import time

from dns import RCODES, query, wire_name

SOA = wire_name("example") + struct.pack("!HHIH", 6, 1, 2, 0)


def record(owner, rrtype, ttl, rdata):
    return owner + struct.pack("!HHIH", rrtype, 1, ttl, len(rdata)) + rdata


def soa(minimum):
    rdata = wire_name("ns.example") + wire_name("root.example") + struct.pack("!5I", 1, 3600, 600, 86400, minimum)
    return record(wire_name("example"), 6, minimum, rdata)


def question_end(octets):
    at = 12
    while octets[at]:
        at += 1 + octets[at]
    return at + 5


def options(octets):
    """The codes of the EDNS options of a query, whose only additional record is the OPT."""
    at, codes = question_end(octets) + 11, []
    while at + 4 <= len(octets):
        code, size = struct.unpack("!HH", octets[at:at + 4])
        codes.append(str(code))
        at += 4 + size
    return ",".join(codes) or "-"


def answer(octets, over_tcp, state):
    """The responses to a query: octets, or None for silence; and how many seconds to wait before."""
    end = question_end(octets)
    ident, flags = struct.unpack("!HH", octets[:4])
    has_edns = octets[10:12] != b"\0\0"
    asked = octets[12:end]
    what = asked[1:1 + asked[0]].decode().lower().split("-")[0]
    rcode, answers, authorities, extra, wait = 0, [record(b"\xc0\x0c", 1, 60, bytes([192, 0, 2, 1]))], [], 0, 0
    if struct.unpack("!H", asked[-4:-2])[0] != 1:
        answers, authorities = [], [soa(2)]
    if what == "_timeout" and b"\x05owner" in asked.lower():
        answers, authorities = [record(b"\xc0\x0c", 16, 0, b"\x06theirs")], []
    if what == "silence" or what == "stale" and state["down"]:
        return None, 0
    if what == "wrongid":
        ident ^= 1
    if what == "wrongquestion":
        asked = wire_name("other.example") + asked[-4:]
    if what == "wrongcase":
        asked = asked[:-4].lower() + asked[-4:]
    if what in ("tc", "cut") and not over_tcp:
        flags |= 0x0200
        answers = []
    if what in ("servfail", "refused", "nx"):
        rcode, answers = {"servfail": 2, "refused": 5, "nx": 3}[what], []
        if what == "nx":
            authorities = [soa(2)]
    if what == "formerr" and has_edns or what == "always":
        rcode, answers = 1, []
    if what == "headless":
        return struct.pack("!6H", ident, 0x8181, 0, 0, 0, 0), 0
    if what == "bogus":
        rcode, answers, extra = 2, [], 1
        authorities = [b"\0" + struct.pack("!HHIHHHH", 41, 1232, 0, 12, 15, 8, 6) + b"no sig"]
    if what == "badvers" and has_edns:
        answers, extra = [], 1
        authorities = [b"\0" + struct.pack("!HHIH", 41, 1232, 1 << 24, 0)]
    if what == "note":
        extra = 1
        authorities = [b"\0" + struct.pack("!HHIHHHH", 41, 1232, 0, 9, 15, 5, 3) + b"old"]
    if what in ("forever", "zero"):
        answers = [record(b"\xc0\x0c", 1, 0xffffffff if what == "forever" else 0, bytes([192, 0, 2, 1]))]
    if what == "who":
        answers = [record(b"\xc0\x0c", 1, 1 if b"-old" in asked else 60, bytes([192, 0, 2, state["who"]]))]
    if what == "valid":
        flags |= 0x0020
    else:
        flags &= ~0x0020
    if what in ("short", "stale"):
        answers = [record(b"\xc0\x0c", 1, 1, bytes([192, 0, 2, 1]))]
    if what == "hot":
        answers = [record(b"\xc0\x0c", 1, 3, bytes([192, 0, 2, 1]))]
    if what == "outside":
        answers.append(record(wire_name("bank.test"), 1, 60, bytes([192, 0, 2, 66])))
    if what == "private":
        answers = [record(b"\xc0\x0c", 1, 60, bytes([10, 0, 0, 1]))]
    if what == "large":
        answers = [record(b"\xc0\x0c", 1, 60, bytes([192, 0, 2, index])) for index in range(200)]
        if not over_tcp:
            flags |= 0x0200
            answers = answers[:20]
    if what == "slow":
        wait = 0.4
    if what == "garbage":
        return os.urandom(60), 0
    if what == "loop":
        return forward_on(octets, state["loop"]), 0
    flags = 0x8000 | 0x0080 | flags & 0x0330 | rcode
    head = struct.pack("!6H", ident, flags, 1, len(answers), len(authorities) - extra, extra)
    return head + asked + b"".join(answers) + b"".join(authorities), wait


def forward_on(octets, port):
    """What a server says that hands the very query on, options and all, to the one that asks it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
        onward.settimeout(4)
        onward.sendto(octets, ("127.0.0.1", port))
        try:
            return onward.recv(65535)
        except TimeoutError:
            return None


def upstream(port, log):
    state = {"down": False, "loop": int(os.environ.get("LOOP", "0")), "who": int(os.environ.get("WHO", "1")),
             "edns": os.environ.get("EDNS", "")}
    lock = threading.Lock()
    note = open(log, "a", buffering=1)

    def handle(octets, over_tcp, send):
        name = octets[13:13 + octets[12]].decode(errors="replace").lower()
        with lock:
            edns = "plain" if octets[10:12] == b"\0\0" else "edns"
            note.write(f"{options(octets)} {edns} {'tcp' if over_tcp else 'udp'} {name}\n")
            state["down"] = os.path.exists(log + ".down")
        found, wait = answer(octets, over_tcp, state)
        if edns == "edns" and state["edns"]:
            # Servers from before EDNS: FORMERR without the question, or nothing.
            found = struct.pack("!2s5H", octets[:2], 0x8181, 0, 0, 0, 0) if state["edns"] == "headless" else None
        if wait:
            time.sleep(wait)
        if found is not None:
            send(found, name)

    def serve_tcp(connection):
        with connection:
            size = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
            octets = connection.recv(size, socket.MSG_WAITALL)

            def send(found, name):
                frame = struct.pack("!H", len(found)) + found
                connection.sendall(frame[:20] if name.startswith("cut") else frame)
            handle(octets, True, send)

    listener = socket.create_server(("127.0.0.1", port), backlog=128)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_tcp, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    datagrams.bind(("127.0.0.1", port))
    print("ready", flush=True)
    while True:
        octets, peer = datagrams.recvfrom(65535)
        job = (octets, False, lambda found, _, peer=peer: datagrams.sendto(found, peer))
        if octets[13:17].lower() in (b"slow", b"loop"):
            threading.Thread(target=handle, args=job, daemon=True).start()
        else:
            handle(*job)


def flood(port, count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for index in range(count):
            try:
                sender.sendto(query(f"silence-{index:x}.example", flags=0x0100), ("127.0.0.1", port))
            except BlockingIOError:
                pass
            if index % 200 == 0:
                time.sleep(0.002)


def patient(port, count):
    found = collections.Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        started = {}
        for ident in range(count):
            started[ident] = time.monotonic()
            octets = query(f"silence-p{ident:x}.example", flags=0x0100, ident=ident)
            sender.sendto(octets, ("127.0.0.1", port))
            if ident % 50 == 0:
                time.sleep(0.005)
        sender.settimeout(6)
        try:
            while started:
                octets = sender.recv(65535)
                ident = struct.unpack("!H", octets[:2])[0]
                if time.monotonic() - started.pop(ident) < 5:
                    found[RCODES[octets[3] & 15]] += 1
        except TimeoutError:
            pass
    print(" ".join(f"{rcode} {number}" for rcode, number in sorted(found.items())))


def large(port, count, size):
    found = collections.Counter()
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
    plain = query("silence-large.example", flags=0x0100, edns=False)
    padding = size - len(plain) - 11 - 4
    option = struct.pack("!HH", 12, padding) + bytes(padding)
    octets = plain[:10] + b"\0\1" + plain[12:] + b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option
    for connection in connections:
        connection.settimeout(7)
        for _ in range(count):
            connection.sendall(struct.pack("!H", len(octets)) + octets)
    for connection in connections:
        try:
            for _ in range(count):
                length = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
                found[RCODES[connection.recv(length, socket.MSG_WAITALL)[3] & 15]] += 1
        except (TimeoutError, struct.error):
            pass
        connection.close()
    print(" ".join(f"{rcode} {number}" for rcode, number in sorted(found.items())))


def together(port, name, count):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.settimeout(6)
        one.sendto(query(name, flags=0x0100), ("127.0.0.1", port))
    found = collections.Counter(RCODES[one.recv(65535)[3] & 15] for one in sockets)
    print(" ".join(f"{rcode} {number}" for rcode, number in sorted(found.items())))


def pipelined(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(6)
        names = ["slow-1.example", "ok-1.example", "mesh.test", "tc-1.example"]
        for index, name in enumerate(names):
            octets = query(name, flags=0x0100, ident=index)
            connection.sendall(struct.pack("!H", len(octets)) + octets)
        connection.shutdown(socket.SHUT_WR)
        order = []
        while size := connection.recv(2, socket.MSG_WAITALL):
            octets = connection.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
            order.append(f"{struct.unpack('!H', octets[:2])[0]}:{RCODES[octets[3] & 15]}")
        print("last", order[-1], "all", " ".join(sorted(order)))


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task == "upstream":
        upstream(int(rest[0]), rest[1])
    elif task == "flood":
        flood(int(rest[0]), int(rest[1]))
    elif task == "patient":
        patient(int(rest[0]), int(rest[1]))
    elif task == "large":
        large(int(rest[0]), int(rest[1]), int(rest[2]))
    elif task == "together":
        together(int(rest[0]), rest[1], int(rest[2]))
    else:
        pipelined(int(rest[0]))
