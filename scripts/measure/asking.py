"""Asks a server over real sockets so that the same queries always come in the same batches.

The server is stopped (SIGSTOP) while the queries are put into its socket, and goes on (SIGCONT) when all are there: it finds
full batches however fast it, or valgrind, is.
"""

import os
import random
import select
import signal
import socket
import struct
import time

# What a socket's ordinary receive buffer holds of small datagrams: eight batches of 32.
ROUND = 256
LONGEST_WAIT = 30


def send_signal(process, number):
    os.kill(process, number)
    if number == signal.SIGSTOP:
        for _ in range(2000):
            if all(state(process, task) in "Tt" for task in os.listdir(f"/proc/{process}/task")):
                return
            time.sleep(0.001)


def state(process, task):
    try:
        with open(f"/proc/{process}/task/{task}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "T"


class Clients:
    """One socket for each source address, and one connection."""

    def __init__(self, process, port, sources, server="127.0.0.1"):
        self.process, self.port, self.server, self.stream = process, port, server, None
        self.sockets = {}
        for source in sources:
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.bind((source, 0))
            client.connect((server, port))
            client.settimeout(LONGEST_WAIT)
            self.sockets[source] = client

    def close(self):
        for client in self.sockets.values():
            client.close()
        if self.stream:
            self.stream.close()

    def exchange(self, source, octets):
        """One query, one response."""
        self.sockets[source].send(octets)
        return self.sockets[source].recv(65535)

    def rounds(self, count, ask, sources, seed=1, takes_source=False):
        """Asks `count` queries, a multiple of ROUND; every one must be answered.

        - Returns: the responses' RCODEs, and how often each came.
        """
        chance, codes = random.Random(seed), {}
        for start in range(0, count, ROUND):
            asked = {source: 0 for source in sources}
            send_signal(self.process, signal.SIGSTOP)
            for number in range(start, start + ROUND):
                source = chance.choice(sources)
                octets = ask(chance, number & 65535, source) if takes_source else ask(chance, number & 65535)
                self.sockets[source].send(octets)
                asked[source] += 1
            send_signal(self.process, signal.SIGCONT)
            for source, expected in asked.items():
                for _ in range(expected):
                    code = self.sockets[source].recv(65535)[3] & 15
                    codes[code] = codes.get(code, 0) + 1
        return codes

    def stream_rounds(self, count, ask, source, seed=1):
        """The same over one connection, each round's queries sent together."""
        if self.stream is None:
            self.stream = socket.socket()
            self.stream.bind((source, 0))
            self.stream.settimeout(LONGEST_WAIT)
            self.stream.connect((self.server, self.port))
        chance, codes = random.Random(seed), {}
        for start in range(0, count, ROUND):
            octets = b"".join(struct.pack("!H", len(one)) + one
                              for one in (ask(chance, number & 65535) for number in range(start, start + ROUND)))
            send_signal(self.process, signal.SIGSTOP)
            self.stream.sendall(octets)
            send_signal(self.process, signal.SIGCONT)
            for _ in range(ROUND):
                (size,) = struct.unpack("!H", self.read(2))
                code = self.read(size)[3] & 15
                codes[code] = codes.get(code, 0) + 1
        return codes

    def read(self, size):
        octets = b""
        while len(octets) < size:
            some = self.stream.recv(size - len(octets))
            if not some:
                raise ConnectionError("the server ended the connection")
            octets += some
        return octets


def wait_until_answers(process, port, octets, seconds, source="127.0.0.1", server="127.0.0.1"):
    """True when a server answers; False where it ended or did not within the time.

    - Parameter process: a subprocess.Popen.
    """
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        while time.monotonic() < end and process.poll() is None:
            client.sendto(octets, (server, port))
            if select.select([client], [], [], 0.01)[0]:
                try:
                    client.recv(65535)
                    return True
                except ConnectionError:
                    pass
    return False


def free_port():
    for _ in range(200):
        port = random.randrange(20000, 30000)  # below the ports that the kernel gives to clients
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as trial:
                    trial.bind(("127.0.0.1", port))
            return port
        except OSError:
            pass
    raise OSError("no port is free")
