"""Floods and hostile clients against a server on loopback, and an honest client that must see no difference.

usage: PORT=… SERVER=… WORKERS=… limits.py rates|open|connections|flood|hold
"""

import collections
import contextlib
import multiprocessing
import os
import selectors
import socket
import struct
import sys
import time

from dns import Message, ask, expect, framed, port_from_environment, query, read_exactly, udp

PORT = port_from_environment()
SERVER = os.environ["SERVER"]
WORKERS = int(os.environ["WORKERS"])


def connect(source="127.0.0.1", timeout=5.0, receive_buffer=None):
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive_buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    stream.settimeout(timeout)
    stream.bind((source, 0))
    stream.connect(("127.0.0.1", PORT))
    return stream


def asked(stream, name="orders.mesh.test"):
    """True where a question on a connection is answered."""
    try:
        octets = query(name)
        stream.sendall(framed(octets))
        (size,) = struct.unpack("!H", read_exactly(stream, 2))
        message = Message(read_exactly(stream, size))
        return message.ident == Message(octets).ident and message.rcode == 0 and bool(message.answer)
    except (EOFError, OSError):
        return False


def is_open(stream):
    """True where the server has not ended a connection on which it has said nothing."""
    stream.setblocking(False)
    try:
        return stream.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def resident_megabytes():
    with open(f"/proc/{SERVER}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def until(question, seconds=10):
    """Waits for something to be true; whether it came to be."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def is_read():
    """True where the server has taken all datagrams that were sent to it."""
    with open("/proc/net/udp") as sockets:
        lines = [line.split() for line in sockets][1:]
    return all(int(line[4].partition(":")[2], 16) == 0 for line in lines if int(line[1].partition(":")[2], 16) == PORT)


def burst(count, name="orders.mesh.test", source="127.0.0.1", **options):
    """Sends queries at once and takes what comes back: full answers, truncated ones, and what is wrong with any; and how long
    it took until the last of them. A hundred at a time, which any socket's buffer holds while the server waits for a processor."""
    full = slipped = 0
    wrong = []
    start = last = time.monotonic()
    with udp(PORT, timeout=0.3, source=source) as sender:
        for first in range(0, count, 100):
            for ident in range(first, min(first + 100, count)):
                sender.send(query(name, ident=ident, flags=0x0100, **options))
            until(is_read)
            # Not all are answered: what the server has taken last it answers when it gets a processor.
            sender.settimeout(0.02 if first + 100 < count else 1)
            with contextlib.suppress(TimeoutError):
                while True:
                    octets = sender.recv(65535)
                    last = time.monotonic()
                    message = Message(octets)
                    asked_for = Message(query(name, ident=message.ident, flags=0x0100, **options))
                    if message.flags & 0x0200 == 0:
                        full += 1
                        continue
                    slipped += 1
                    shape = (message.flags & 0xFD00, message.question, message.sections, message.opt is None)
                    if shape != (0x8100, asked_for.question, [[], [], []], asked_for.opt is None):
                        wrong.append(shape)
                    if len(octets) > len(query(name, **options)):
                        wrong.append(f"{len(octets)} octets")
    return full, slipped, wrong, last - start


def rates():
    """rate-limit 100/s slip 2 including loopback except 127.0.2.0/24, in force."""
    full, slipped, wrong, seconds = burst(1000)
    most = 100 + 100 * seconds + 2
    expect(f"of 1000 queries at once the rate is answered ({full} of at most {most:.0f})", True, 100 <= full <= most)
    expect(f"and half of the others are told to use TCP ({slipped})", True, abs(slipped - (1000 - full) / 2) <= 1)
    expect("each with ID, question, RD and OPT of its query, no larger, and nothing else", [], wrong)
    full, slipped, wrong, _ = burst(300, "nothing-of-the-kind.mesh.test", edns=False)
    expect("negative answers have their own account", True, full >= 100)
    expect("and without EDNS the empty answer has none", (True, []), (slipped > 50, wrong))
    expect("another prefix is answered meanwhile", (100, 0), burst(100, source="127.0.3.1")[:2])
    expect("a prefix that is excepted always", (1000, 0), burst(1000, source="127.0.2.1")[:2])
    with connect() as stream:
        expect("and TCP", [True] * 300, [asked(stream) for _ in range(300)])


def without_limit():
    """No limit for loopback, which is what one gets."""
    expect("3000 queries at once are all answered", (3000, 0), burst(3000)[:2])


def connections():
    """tcp-limits connections 40 per-client 10 idle 2s, in force."""
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(connect("127.0.2.1"))
        expect("a client is answered over TCP", True, asked(own))
        for _ in range(5):
            begin, many = time.monotonic(), []
            for _ in range(30):
                many.append(stack.enter_context(connect()))
                if len(many) % 5 == 0:
                    asked(own)
            until(lambda: sum(map(is_open, many)) <= 10, 1)
            there = [is_open(stream) for stream in many]
            # On a busy machine they may have been idle for too long by now: that says nothing.
            if time.monotonic() - begin < 2:
                break
        if WORKERS == 1:
            expect("of 30 connections of another, the ten newest stay", [False] * 20 + [True] * 10, there)
        else:
            expect("of 30 connections of another, ten stay, the newest among them", (10, True), (sum(there), there[-1]))
        expect("and the first client's own", True, asked(own))
        streams = []
        for number in range(100):
            streams.append(stack.enter_context(connect(f"127.0.3.{1 + number}")))
            if number % 10 == 0:
                asked(own)
        until(lambda: sum(map(is_open, many + streams)) <= 39, 1)
        there = sum(map(is_open, many + streams))
        expect(f"of 100 clients' there are no more than may be ({there})", True, 30 <= there <= 39)
        streams[-1].settimeout(5)
        expect("the newest is answered", True, asked(streams[-1]))
        expect("and the one that is used all the time is still there", True, asked(own))
    time.sleep(0.2)
    with connect("127.0.1.1") as loris, connect("127.0.1.2") as quiet, connect("127.0.1.3", receive_buffer=4096) as slow:
        start = time.monotonic()
        with contextlib.suppress(OSError):
            slow.settimeout(0.2)
            while time.monotonic() - start < 1:
                slow.sendall(framed(query("payments.mesh.test", "ANY")) * 100)
        ended = {}
        message = framed(query("orders.mesh.test"))
        for octet in message:
            with contextlib.suppress(OSError):
                loris.send(bytes([octet]))
            with contextlib.suppress(OSError):  # a reader of one octet now and then
                slow.settimeout(0.01)
                if not slow.recv(1):
                    ended.setdefault(slow, time.monotonic() - start)
            for stream in (loris, quiet):
                if stream not in ended and not is_open(stream):
                    ended[stream] = time.monotonic() - start
            if len(ended) == 3 or time.monotonic() - start > 8:
                break
            time.sleep(0.2)
        expect("a quiet connection is closed in time", True, 1.5 < ended.get(quiet, 99) < 4.5)
        expect("and one that sends an octet now and then", True, 1.5 < ended.get(loris, 99) < 4.5)
        slow.settimeout(2)
        try:
            while slow.recv(65536):
                pass
            ended.setdefault(slow, 0)
        except ConnectionError:
            ended.setdefault(slow, 0)
        except TimeoutError:
            pass
        expect("and one that takes an octet now and then", True, slow in ended)


class Honest:
    """Asks over UDP, over a connection of its own, and over new connections, until told to stop. A process of its own."""

    def __init__(self):
        self.stopping = multiprocessing.Event()
        self.results = multiprocessing.SimpleQueue()
        self.asked = collections.Counter()
        self.unanswered = collections.Counter()
        self.longest = collections.Counter()

    def note(self, kind, start, is_good):
        self.asked[kind] += 1
        self.unanswered[kind] += not is_good
        self.longest[kind] = max(self.longest[kind], time.monotonic() - start)

    def start(self):
        self.process = multiprocessing.Process(target=self.run)
        self.process.start()

    def run(self):
        stream = connect("127.0.2.1")
        while not self.stopping.is_set():
            start = time.monotonic()
            message = ask(PORT, "orders.mesh.test", source="127.0.2.1")
            self.note("udp", start, message is not None and message.rcode == 0)
            start = time.monotonic()
            self.note("its connection", start, asked(stream))
            start = time.monotonic()
            try:
                with connect("127.0.2.1") as new:
                    self.note("new connections", start, asked(new))
            except OSError:
                self.note("new connections", start, False)
            time.sleep(0.01)
        stream.close()
        self.results.put((self.asked, self.unanswered, self.longest))

    def report(self, title):
        self.stopping.set()
        self.asked, self.unanswered, self.longest = self.results.get()
        self.process.join()
        for kind in sorted(self.asked):
            print(f"# {title}: {kind}: {self.asked[kind]} asked, {self.unanswered[kind]} unanswered, "
                  f"longest {self.longest[kind] * 1000:.0f} ms")
            expect(f"{title}: an honest client is answered over {kind}", (True, 0), (self.asked[kind] > 5, self.unanswered[kind]))


def flood():
    """Very many connections that ask nothing, from many addresses."""
    honest = Honest()
    honest.start()
    attempts, done, begin = int(os.environ.get("ATTEMPTS", 20_000)), 0, time.monotonic()
    waiting = collections.deque()
    for number in range(attempts):
        stream = socket.socket()
        stream.setblocking(False)
        try:
            stream.bind((f"127.{100 + number % 100}.{number // 100 % 250}.{1 + number % 250}", 0))
            stream.connect(("127.0.0.1", PORT))
        except BlockingIOError:
            pass
        except OSError:
            stream.close()
            continue
        done += 1
        waiting.append(stream)
        if len(waiting) > 5000:
            waiting.popleft().close()
        if time.monotonic() - begin > (20 if done > 15_000 else 45):
            break
    print(f"# {done} connections attempted")
    expect("very many connections are attempted in time", True, done > 15_000)
    honest.report("while they stand")
    expect("the server holds no more than it may", True, len(os.listdir(f"/proc/{SERVER}/fd")) < 1100)
    for stream in waiting:
        stream.close()


def hold():
    """Connections that hold what they can: octets of endless messages, responses not read, half-closed ones."""
    before = resident_megabytes()
    honest = Honest()
    honest.start()
    block = framed(query("payments.mesh.test", "ANY")) * 2000
    selector = selectors.DefaultSelector()
    streams = []
    for number in range(900):
        kind = number % 3
        stream = socket.socket()
        if kind == 1:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(OSError):
            stream.bind((f"127.{50 + number % 3}.1.{1 + number % 250}", 0))
            stream.settimeout(1)
            stream.connect(("127.0.0.1", PORT))
            stream.setblocking(False)
            selector.register(stream, selectors.EVENT_WRITE, kind)
            streams.append(stream)
            if kind == 2:
                stream.send(framed(query("orders.mesh.test"))[:-3])
                stream.shutdown(socket.SHUT_WR)
    wall, largest = time.monotonic() + 5, 0.0
    while time.monotonic() < wall and selector.get_map():
        for key, _ in selector.select(0.1):
            try:
                if key.data == 0:  # the longest message, all but an octet of it
                    key.fileobj.send(b"\xff\xff" + bytes(65534))
                    selector.unregister(key.fileobj)
                elif key.data == 1:
                    key.fileobj.send(block)
                else:
                    selector.unregister(key.fileobj)
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(key.fileobj)
        largest = max(largest, resident_megabytes())
    honest.report("while others hold what they can")
    print(f"# memory: {before:.0f} MB before, {largest:.0f} MB at the most")
    expect("what they hold is bounded", True, largest - before < 100)
    for stream in streams:
        stream.close()


{"rates": rates, "open": without_limit, "connections": connections, "flood": flood, "hold": hold}[sys.argv[1]]()
