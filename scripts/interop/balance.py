"""Asks a server many times over and compares what it gives with what the policy says.

usage: balance.py PORT shares NAME ADDRESS=SHARE...     the first address of 2,000 answers, each to another query
       balance.py PORT canary NAME ADDRESS N FILE       from N sources: a tenth gets ADDRESS alone; notes which in FILE
       balance.py PORT same NAME ADDRESS N FILE         from the same sources: those get it again, no others
"""

import random
import socket
import struct
import sys
from pathlib import Path

# Exceeded by chance once in a million runs, by degrees of freedom.
LIMITS = {1: 23.93, 2: 27.63, 3: 30.67, 4: 33.38}


def query(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


def addresses(response):
    """The A records of the answer section, whose owners are pointers to the question."""
    count = struct.unpack_from("!H", response, 6)[0]
    at = 12
    while response[at]:
        at += 1 + response[at]
    at += 5
    found = []
    for _ in range(count):
        found.append(socket.inet_ntoa(response[at + 12 : at + 16]))
        at += 16
    return found


def ask(client, port, name, number):
    client.sendto(query(name, number), ("127.0.0.1", port))
    while True:
        response = client.recv(4096)
        if struct.unpack_from("!H", response)[0] == number:
            return addresses(response)


def shares(port, name, wanted):
    wanted = {address: float(share) for address, share in (item.split("=") for item in wanted)}
    counts = dict.fromkeys(wanted, 0)
    draw = random.Random(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for _ in range(2000):
            counts[ask(client, port, name, draw.randrange(65536))[0]] += 1
    total = sum(wanted.values())
    distance = sum(
        (counts[address] - 2000 * share / total) ** 2 / (2000 * share / total) for address, share in wanted.items()
    )
    limit = LIMITS[len(wanted) - 1]
    print(f"{counts}: chi-square {distance:.1f}, limit {limit}")
    return distance < limit


def chosen(port, name, canary, count):
    """The sources that get the canary; every source gets it alone or not at all."""
    found = []
    for number in range(count):
        source = f"127.{20 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.bind((source, 0))
            got = ask(client, port, name, number)
        if canary in got:
            if got != [canary]:
                sys.exit(f"{source} got {got}")
            found.append(source)
    return found


def main():
    port, what, name, *rest = int(sys.argv[1]), *sys.argv[2:]
    if what == "shares":
        return shares(port, name, rest)
    canary, count, file = rest[0], int(rest[1]), Path(rest[2])
    found = chosen(port, name, canary, count)
    if what == "same":
        return found == file.read_text().split()
    file.write_text("\n".join(found))
    # Five standard deviations of a tenth.
    print(f"{len(found)} of {count}")
    return abs(len(found) - count / 10) < 5 * (count * 0.09) ** 0.5


sys.exit(0 if main() else 1)
