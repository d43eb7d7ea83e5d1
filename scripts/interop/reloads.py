"""Asks without pause while the server reloads; every query must be answered, with the zone's old data or its new.

usage: PORT=… SERVER=PID reloads.py COUNT ZONE_FILE SERVER_LOG
"""

import os
import signal
import socket
import struct
import sys
import threading
import time

from dns import Message, ask, expect, port_from_environment, query, udp

count, file, log = int(sys.argv[1]), sys.argv[2], sys.argv[3]
port, server = port_from_environment(), int(os.environ["SERVER"])
text = open(file).read()
is_over = threading.Event()
problems, asked = [], []


def is_good(octets, ident):
    message = Message(octets)
    return message.ident == ident and message.rcode == 0 and (not message.addresses or len(message.addresses) == 1)


def over_udp():
    number = 0
    with udp(port) as sender:
        while not is_over.is_set():
            number += 1
            sender.send(query("turn.mesh.test", ident=number & 0xFFFF))
            try:
                if not is_good(sender.recv(65535), number & 0xFFFF):
                    problems.append(f"UDP query {number}: another answer")
            except TimeoutError:
                problems.append(f"UDP query {number}: lost")
            except OSError as error:
                problems.append(f"UDP query {number}: {error}")
    asked.append(number)


def over_tcp():
    number = 0
    with socket.create_connection(("127.0.0.1", port), timeout=2) as stream, stream.makefile("rb") as reader:
        while not is_over.is_set():
            number += 1
            octets = query("turn.mesh.test", ident=number & 0xFFFF)
            try:
                stream.sendall(struct.pack("!H", len(octets)) + octets)
                (size,) = struct.unpack("!H", reader.read(2))
                if not is_good(reader.read(size), number & 0xFFFF):
                    problems.append(f"TCP query {number}: another answer")
            except (OSError, struct.error) as error:
                problems.append(f"TCP query {number}: lost: {error}")
                break
    asked.append(number)


def turn_to(number):
    """Edits the zone as an editor does, whole or not at all, and asks for a reload."""
    with open(file + ".new", "w") as new:
        new.write(f"{text}\nturn A 127.0.0.{number}\n")
    os.rename(file + ".new", file)
    os.kill(server, signal.SIGHUP)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        message = ask(port, "turn.mesh.test")
        if message and message.addresses == [f"127.0.0.{number}"]:
            return True
        time.sleep(0.005)
    return False


senders = [threading.Thread(target=send) for send in (over_udp, over_udp, over_udp, over_tcp)]
seen = int(turn_to(200))  # the name is there before anyone asks for it
for sender in senders:
    sender.start()
for number in range(1, count + 1):
    seen += turn_to(number)
is_over.set()
for sender in senders:
    sender.join(10)
with open(file, "w") as old:
    old.write(text)
expect(f"each of {count} reloads is seen in an answer", count + 1, seen)
expect(f"{sum(asked)} queries through {count} reloads: none is lost", [], problems[:5])
expect("and they were many", True, sum(asked) > 20 * count)
