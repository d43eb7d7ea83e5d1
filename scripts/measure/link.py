#!/usr/bin/env python3
"""An emulated link between two network namespaces: what a wide-area network does to packets, on one host.

    with Link(delay=0.010, loss=0.05, seed=7) as link:
        server = subprocess.Popen(link.server_command("ambit", "serve", "zones", "--listen", f"{link.server}:53"))
        subprocess.run(link.client_command("ambit", "measure", f"@{link.server}", "orders.mesh.test"))
        print(link.dropped)

Two namespaces, made here and gone afterwards, each with a TUN device; this process is the wire between them. Every packet
that one side sends is held for `delay` seconds, and up to `jitter` more, then given to the other side, in order of
leaving; one in 1/`loss` is dropped, drawn from `seed`. What was dropped, carried and how late is counted a direction.
Needs root and /dev/net/tun: Missing is raised where they cannot be had. Nothing leaves the namespaces.

On its own: link.py [--delay S] [--jitter S] [--loss P] [--seed N], then prints how to enter, until Ctrl-C.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import heapq
import json
import os
import random
import select
import signal
import struct
import subprocess
import sys
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


class Missing(Exception):
    """The link cannot be had here; the reason is the text."""


@dataclasses.dataclass
class Direction:
    """What became of the packets of one direction."""

    seen: int = 0
    dropped: int = 0
    carried: int = 0
    late: list = dataclasses.field(default_factory=list)  # seconds that a packet left after its time

    def summary(self):
        late = sorted(self.late) or [0.0]
        return {"seen": self.seen, "dropped": self.dropped, "carried": self.carried,
                "late_median": late[len(late) // 2], "late_p95": late[int(len(late) * 0.95)], "late_max": late[-1]}


class Link:
    """A link with a server's end and a client's end; use as a context manager."""

    server = "10.99.0.1"
    client = "10.99.0.2"

    def __init__(self, delay=0.0, jitter=0.0, loss=0.0, seed=1, port=None):
        """`delay` and `jitter` in seconds, one way; `loss` a probability. With `port`, only UDP packets from or to that port
        are dropped and counted; all are delayed."""
        self.delay, self.jitter, self.loss, self.port = delay, jitter, loss, port
        self.to_server, self.to_client = Direction(), Direction()
        self._draws = random.Random(seed), random.Random(seed + 1)
        self._names = [f"ambit-{side}-{os.getpid()}-{id(self) & 0xFFFF:x}" for side in ("server", "client")]
        self._wake = os.pipe()
        self._thread = None
        self._stack = contextlib.ExitStack()

    # --- using it ----------------------------------------------------------------------------------------------------

    @property
    def dropped(self):
        """How many packets were dropped, both ways."""
        return self.to_server.dropped + self.to_client.dropped

    def server_command(self, *words):
        """The command that runs `words` at the server's end."""
        return ["ip", "netns", "exec", self._names[0], *map(str, words)]

    def client_command(self, *words):
        """The command that runs `words` at the client's end."""
        return ["ip", "netns", "exec", self._names[1], *map(str, words)]

    def summary(self):
        """What the link did, and how late it was itself: a delay that is measured over it has this error."""
        return {"delay": self.delay, "jitter": self.jitter, "loss": self.loss, "to_server": self.to_server.summary(),
                "to_client": self.to_client.summary()}

    # --- making it ---------------------------------------------------------------------------------------------------

    def __enter__(self):
        if os.geteuid() != 0:
            raise Missing("network namespaces need root")
        with self._stack as stack:
            for descriptor in self._wake:
                stack.callback(os.close, descriptor)
            self._devices = [self._end(stack, name, own, other) for name, own, other in (
                (self._names[0], self.server, self.client), (self._names[1], self.client, self.server))]
            self._thread = threading.Thread(target=self._carry, name="link")
            self._thread.start()
            stack.callback(self._stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _end(self, stack, name, own, other):
        """Makes one end; its TUN device is opened here and moved into the namespace."""
        self._ip("netns", "add", name)
        stack.callback(subprocess.run, ["ip", "netns", "delete", name], check=False, capture_output=True)
        try:
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            raise Missing(f"/dev/net/tun: {error.strerror}") from error
        stack.callback(os.close, device)
        short = f"amb{own[-1]}x{os.getpid() % 100000}"
        try:
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", short.encode(), IFF_TUN | IFF_NO_PI))
        except OSError as error:
            raise Missing(f"a TUN device: {error.strerror}") from error
        self._ip("link", "set", short, "netns", name)
        inside = ("-n", name)
        # No address but ours, so no packet but those that are asked for.
        self._ip(*inside, "link", "set", "lo", "up")
        self._ip(*inside, "address", "add", own, "peer", other, "dev", short)
        self._ip(*inside, "link", "set", short, "mtu", "1500", "txqueuelen", "10000", "up")
        return device

    def _ip(self, *words):
        result = subprocess.run(["ip", *words], capture_output=True, text=True)
        if result.returncode != 0:
            raise Missing(f"ip {' '.join(words)}: {result.stderr.strip()}")

    def _stop(self):
        os.write(self._wake[1], b"x")
        self._thread.join()

    # --- the wire ----------------------------------------------------------------------------------------------------

    def _carry(self):
        """Takes packets from either device and gives each to the other when its time has come."""
        # Before other work of this host: what it waits for a processor would be the link's error. Its waits then end exactly.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_RR, os.sched_param(2))
        held = []  # (when, number, device to write to, packet, direction)
        number = 0
        directions = {self._devices[0]: (self._devices[1], self.to_client, self._draws[1]),
                      self._devices[1]: (self._devices[0], self.to_server, self._draws[0])}
        last = {device: 0.0 for device in self._devices}
        while True:
            now = time.monotonic()
            while held and held[0][0] <= now:
                due, _, device, packet, direction = heapq.heappop(held)
                direction.late.append(now - due)
                direction.carried += 1
                with contextlib.suppress(OSError):
                    os.write(device, packet)
                now = time.monotonic()
            wait = max(0.0, held[0][0] - now) if held else None
            for device in select.select([*self._devices, self._wake[0]], [], [], wait)[0]:
                if device == self._wake[0]:
                    return
                other, direction, draws = directions[device]
                while True:
                    try:
                        packet = os.read(device, 65535)
                    except BlockingIOError:
                        break
                    now = time.monotonic()
                    if self._counts(packet):
                        direction.seen += 1
                        if draws.random() < self.loss:
                            direction.dropped += 1
                            continue
                    # Jitter never lets a packet overtake the one before it.
                    last[other] = max(last[other], now + self.delay + draws.random() * self.jitter)
                    number += 1
                    heapq.heappush(held, (last[other], number, other, packet, direction))

    def _counts(self, packet):
        """Whether a packet may be dropped: with a port given, UDP over IPv4 from or to it."""
        if len(packet) < 20 or packet[0] >> 4 != 4:
            return False
        if self.port is None:
            return True
        header = (packet[0] & 15) * 4
        return packet[9] == 17 and len(packet) >= header + 4 and self.port in struct.unpack_from("!HH", packet, header)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--delay", type=float, default=0.010)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        with Link(arguments.delay, arguments.jitter, arguments.loss, arguments.seed) as link:
            print(f"server, {link.server}: {' '.join(link.server_command('COMMAND'))}")
            print(f"client, {link.client}: {' '.join(link.client_command('COMMAND'))}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
            print(json.dumps(link.summary()))
    except Missing as reason:
        print(f"skipped: no link: {reason}")
        sys.exit(0)


if __name__ == "__main__":
    main()
