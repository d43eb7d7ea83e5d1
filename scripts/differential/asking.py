"""Asks a server many questions at once over UDP or TCP; each response is found again by its ID."""

import asyncio
import struct

WINDOW = 48  # questions under way at one server
PATIENCE = 3.0


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self):
        self.waiting = {}

    def datagram_received(self, octets, address):
        future = self.waiting.pop(octets[:2], None)
        if future and not future.done():
            future.set_result(octets)


async def ask_over_udp(port, queries):
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Datagrams, remote_addr=("127.0.0.1", port))
    answers, places = [None] * len(queries), iter(range(len(queries)))

    async def worker():
        for place in places:
            octets = struct.pack("!H", place & 0xFFFF) + queries[place][2:]
            for _ in range(2):
                future = protocol.waiting[octets[:2]] = loop.create_future()
                transport.sendto(octets)
                try:
                    answers[place] = await asyncio.wait_for(future, PATIENCE)
                    break
                except asyncio.TimeoutError:
                    protocol.waiting.pop(octets[:2], None)

    await asyncio.gather(*(worker() for _ in range(WINDOW)))
    transport.close()
    return answers


async def ask_over_tcp(port, queries):
    """Eight at a time on a connection; a connection that ends is opened again once for what is left."""
    answers = [None] * len(queries)
    for start in range(0, len(queries), 512):
        part = queries[start : start + 512]
        for _ in range(3):
            left = [at for at in range(len(part)) if answers[start + at] is None]
            if not left:
                break
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                for first in range(0, len(left), 8):
                    some = left[first : first + 8]
                    for at in some:
                        writer.write(struct.pack("!HH", len(part[at]), at) + part[at][2:])
                    for _ in some:
                        (size,) = struct.unpack("!H", await asyncio.wait_for(reader.readexactly(2), PATIENCE))
                        octets = await asyncio.wait_for(reader.readexactly(size), PATIENCE)
                        (at,) = struct.unpack("!H", octets[:2])
                        if at < len(part):
                            answers[start + at] = octets
                writer.close()
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                pass
    return answers


def ask_all(ports, queries, over_tcp):
    """The responses of every server, in the order of the queries; None where none came."""

    async def main():
        ask = ask_over_tcp if over_tcp else ask_over_udp
        return await asyncio.gather(*(ask(port, queries) for port in ports))

    return asyncio.run(main())
