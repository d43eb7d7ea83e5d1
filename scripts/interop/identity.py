# Headers and sockets that no well-behaved program makes; called by identity.sh.
# usage: identity.py PORT PROXY | users | impostors | kept RELOADED ASKED
import os, socket, struct, sys, time

port = int(sys.argv[1])
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def ok(title, wanted, got):
    if wanted == got:
        print("ok", title)
    else:
        print(f"FAILED {title}\n   expected: {wanted}\n   got:      {got}")


def query(name, number=7):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", number, 0, 1, 0, 0, 0) + labels + b"\0\1\0\1"


def header(source, kind=socket.SOCK_DGRAM, command=1, items=b""):
    six = ":" in source
    family = socket.AF_INET6 if six else socket.AF_INET
    packed = socket.inet_pton(family, source)
    body = packed + packed + struct.pack("!HH", 4242, 53) + items
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, (0x20 if six else 0x10) | (2 if kind == socket.SOCK_DGRAM else 1), len(body)) + body


def item(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


def certificate(name, verify=0):
    return item(0x20, struct.pack("!BI", 7, verify) + item(0x22, name))


def outcome(message):
    """The last octet of an answer's address, an RCODE, or silence."""
    if message is None:
        return "silence"
    rcode = message[3] & 15
    return message[-1] if rcode == 0 and message[7] > 0 else f"rcode {rcode}"


def udp(octets, source="127.0.0.1", wait=0.5):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.settimeout(wait)
        s.sendto(octets, ("127.0.0.1", port))
        try:
            return s.recv(4096)
        except TimeoutError:
            return None


def read_message(s):
    octets = b""
    while len(octets) < 2 or len(octets) < 2 + struct.unpack("!H", octets[:2])[0]:
        piece = s.recv(65536)
        if not piece:
            return None
        octets += piece
    size = 2 + struct.unpack("!H", octets[:2])[0]
    read_message.rest = octets[size:]
    return octets[2:size]


def tcp(pieces, count=1, source="127.0.0.1"):
    with socket.create_connection(("127.0.0.1", port), 3, (source, 0)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found = []
        try:
            for piece in pieces:
                s.sendall(piece)
            stream = s.makefile("rb")
            for _ in range(count):
                size = stream.read(2)
                if len(size) < 2:
                    found.append("closed")
                    break
                found.append(outcome(stream.read(struct.unpack("!H", size)[0])))
        except (ConnectionError, TimeoutError) as error:
            found.append("closed" if isinstance(error, ConnectionError) else "nothing")
        return found


def framed(message):
    return struct.pack("!H", len(message)) + message


near, orders = query("near-only.id.test"), query("orders.id.test")


def by_hand(proxy):
    stream = lambda source, items=b"": header(source, socket.SOCK_STREAM, items=items)
    ok("UDP: a trusted header tells who asks", 4, outcome(udp(header("10.30.1.5") + near, proxy)))
    ok("UDP: and another another", "rcode 5", outcome(udp(header("10.9.9.9") + near, proxy)))
    ok("UDP: a certificate in it", 2, outcome(udp(header("10.30.1.5", items=certificate(b"web.prod")) + orders, proxy)))
    for name in [b"", b"web.prod\0", b"web.prod\0.example", b"\xff\xfe", b"WEB.PROD", b"a" * 257, b"a" * 3000]:
        got = outcome(udp(header("10.30.1.5", items=certificate(name)) + orders, proxy))
        ok(f"UDP: {name[:20]!r} ({len(name)} octets) is nobody", "rcode 5", got)
    ok("UDP: a certificate that was not verified", "rcode 5", outcome(udp(header("10.30.1.5", items=certificate(b"web.prod", 1)) + orders, proxy)))
    ok("UDP: LOCAL is the proxy itself", "rcode 5", outcome(udp(header("10.30.1.5", command=0) + near, proxy)))
    ok("UDP: a UNIX socket's client is in no context", "rcode 5",
       outcome(udp(SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216) + near, proxy)))
    ok("UDP: no header gets silence", "silence", outcome(udp(near, proxy)))
    ok("UDP: a header alone gets silence", "silence", outcome(udp(header("10.30.1.5"), proxy)))
    whole = header("10.30.1.5", items=certificate(b"web.prod"))
    cut = [end for end in range(0, len(whole)) if udp(whole[:end], proxy, 0.01) is not None]
    ok("UDP: every header cut short gets silence", [], cut)
    ok("UDP: a header from somebody else is no query", "rcode 4", outcome(udp(header("10.30.1.5") + near, "127.0.0.1")))
    ok("UDP: the response goes to the proxy without a header", near[:2], udp(header("10.30.1.5") + near, proxy)[:2])

    ok("TCP: a trusted header tells who asks", [4], tcp([stream("10.30.1.5") + framed(near)], source=proxy))
    octets = stream("10.30.1.5", certificate(b"web.prod")) + framed(near) + framed(orders) + framed(near)
    ok("TCP: with pipelined requests", [4, 2, 4], tcp([octets], 3, proxy))
    ok("TCP: in pieces of one octet", [4, 2, 4], tcp([octets[i:i + 1] for i in range(len(octets))], 3, proxy))
    ok("TCP: no header closes", ["closed"], tcp([framed(near)], source=proxy))
    ok("TCP: two headers close", ["closed"], tcp([stream("10.30.1.5") * 2 + framed(near)], source=proxy)[:1])
    ok("TCP: a header from somebody else closes", ["closed"], tcp([stream("10.30.1.5") + framed(near)]))
    ok("TCP: so it does in pieces", ["closed"], tcp([bytes([o]) for o in stream("10.30.1.5")[:12]]))
    ok("TCP: an overlong header closes", ["closed"], tcp([SIGNATURE + b"\x21\x11\xff\xff"], source=proxy))
    ok("TCP: IPv6 is told over IPv4", ["rcode 5"], tcp([stream("2001:db8::1") + framed(near)], source=proxy))

    many = []
    for _ in range(300):  # more than tcp-limits allows a client
        many.append(socket.create_connection(("127.0.0.1", port), 3, (proxy, 0)))
    for index, s in enumerate(many):
        s.sendall(stream(f"10.30.1.{index % 250 + 1}") + framed(near))
    answered = 0
    for s in many:
        try:
            answered += read_message(s) is not None
        except OSError:
            pass
        s.close()
    ok("TCP: a proxy may have more connections than a client", 300, answered)
    time.sleep(0.2)
    many = [socket.create_connection(("127.0.0.1", port), 3, (proxy, 0)) for _ in range(300)]
    for s in many:
        s.sendall(stream("10.30.1.5") + framed(near))
        s.settimeout(3)
    for s in many[250:]:
        try:
            read_message(s)
        except OSError:
            pass
    alive = 0
    for s in many:
        try:
            s.sendall(framed(near))
            read_message(s)
            alive += read_message(s) is not None
        except OSError:
            pass
        s.close()
    ok("TCP: but its clients may not", True, 0 < alive <= 256)


jobs = query("jobs-db.id.test")


def ask(s, to=None):
    s.settimeout(3)
    if to:
        s.sendto(jobs, to)
    else:
        s.send(jobs)
    return outcome(s.recv(4096))


def users():
    """As a user who is a service: every kind of socket that clients use."""
    os.setresuid(65534, 65534, 65534)
    four, six = ("127.0.0.1", port), ("::1", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        ok("a socket that is not connected", 3, ask(s, four))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(four)
        ok("a connected one", 3, ask(s))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.3.3", 0))
        ok("a bound one", 3, ask(s, four))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        ok("a socket for both families that asks over IPv4", 3, ask(s, ("::ffff:127.0.0.1", port)))
        s.connect(("::ffff:127.0.0.1", port))
        ok("and connected", 3, ask(s))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        ok("one for IPv6", 3, ask(s, six))
        s.connect(six)
        ok("and connected", 3, ask(s))
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.connect(("::ffff:127.0.0.1", port))
        s.sendall(framed(jobs))
        ok("TCP from a socket for both families", 3, outcome(read_message(s)))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.connect(four)
        s.sendall(framed(jobs))
        s.shutdown(socket.SHUT_WR)
        ok("TCP where the client has ended its side", 3, outcome(read_message(s)))


def as_user(user, work):
    """Does something as a user, in a process of its own that stays until it is told to go, or who asked for it ends."""
    here, there = socket.socketpair()
    if os.fork() == 0:
        here.close()
        os.setresuid(user, user, user)
        kept = work()
        there.sendall(repr(kept[0]).encode())
        there.recv(1)
        os._exit(0)
    got = here.recv(100).decode()
    return got, here


def impostors():
    """Users of one port: nobody can tell who asks."""
    service, impostor = 65534, 1

    def shared():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1], s

    at, keeper = as_user(service, shared)

    def joined():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(at)))
        return ask(s, ("127.0.0.1", port)), s

    got, second = as_user(impostor, joined)
    ok("a socket that shares a service's port is not the service", "'rcode 5'", got)
    second.send(b".")
    keeper.send(b".")

    def pretend(at):
        # From another address at the service's port, in its name: the answer goes to the service.
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.2", at))
        info = struct.pack("=I4s4s", 0, socket.inet_aton("127.0.0.1"), bytes(4))
        s.sendmsg([jobs], [(socket.IPPROTO_IP, 8, info)], 0, ("127.0.0.1", port))
        return "sent", s

    # As root, so that the child can become the impostor; the socket is given to the service's user first.
    def victim():
        os.setresuid(service, service, 0)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.1", port))
        os.setresuid(0, 0, 0)
        _, second = as_user(impostor, lambda: pretend(s.getsockname()[1]))
        s.settimeout(3)
        return outcome(s.recv(4096)), (s, second)

    got, keeper = as_user(0, victim)
    ok("a datagram in a service's name is not the service's", "'rcode 5'", got)


def kept(reloaded, asked):
    """Over one connection, before a reload that makes its user a service, and after."""
    os.setresuid(65534, 65534, 0)
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(5)
    s.connect(("127.0.0.1", port))
    s.sendall(framed(jobs))
    ok("a user who is no service yet", "rcode 5", outcome(read_message(s)))
    os.setresuid(0, 0, 0)
    open(asked, "w").close()
    for _ in range(200):
        if os.path.exists(reloaded):
            break
        time.sleep(0.05)
    s.sendall(framed(jobs))
    ok("over the same connection, once it is one", 3, outcome(read_message(s)))


if sys.argv[2] == "users":
    users()
elif sys.argv[2] == "kept":
    kept(*sys.argv[3:])
elif sys.argv[2] == "impostors":
    impostors()
else:
    by_hand(sys.argv[2])
