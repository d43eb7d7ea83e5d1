"""What a packet capture saw of queries and their responses."""

import collections
import os
import shutil
import signal
import subprocess
import time


class CannotCapture(Exception):
    """The tools are missing here, or may not: nothing is said of the server."""


class Capture:
    """dumpcap on loopback, with the kernel's stamps to the nanosecond. `end` gives what it saw.

    - Throws: CannotCapture where there is no dumpcap or tshark, or it may not capture.
    """

    def __init__(self, port, folder):
        self.port, self.path = port, os.path.join(folder, "capture.pcapng")
        if not (shutil.which("dumpcap") and shutil.which("tshark")):
            raise CannotCapture("dumpcap and tshark are not installed (Debian: tshark)")
        self.errors = open(os.path.join(folder, "dumpcap.txt"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["dumpcap", "-q", "-B", "32", "-i", "lo", "-f", f"udp port {port}", "-w", self.path],
            stdout=subprocess.DEVNULL, stderr=self.errors)
        for _ in range(200):  # its file is there once it captures
            if os.path.exists(self.path) or self.process.poll() is not None:
                break
            time.sleep(0.05)
        time.sleep(0.2)
        if self.process.poll() is not None:
            raise CannotCapture(self.said().strip().splitlines()[-1])

    def said(self):
        self.errors.flush()
        self.errors.seek(0)
        return self.errors.read()

    def end(self):
        """- Returns: (query's time, response's time or None), nanoseconds since 1970, by the asker's (address, port, ID); one
        list each, since an ID may come again; in the order of the queries.

        - Throws: OSError where the capture lost packets.
        """
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        said = self.said()
        self.errors.close()
        if "/0 (" not in said:
            raise OSError(f"the capture is not whole: {said.strip()[-300:]}")
        fields = ["frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "dns.id", "dns.flags.response"]
        text = subprocess.run(
            ["tshark", "-n", "-r", self.path, "-d", f"udp.port=={self.port},dns", "-T", "fields"]
            + [word for field in fields for word in ("-e", field)],
            check=True, capture_output=True, text=True).stdout
        seen = collections.defaultdict(list)
        for line in text.splitlines():
            stamp, source, source_port, target, target_port, number, is_response = line.split("\t")
            seconds, _, fraction = stamp.partition(".")
            moment = int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))
            if int(target_port) == self.port:
                seen[source, int(source_port), int(number, 16)].append([moment, None])
            elif is_response in ("1", "True"):
                pair = next((pair for pair in seen[target, int(target_port), int(number, 16)] if pair[1] is None), None)
                if pair is None:
                    raise OSError(f"the capture has a response to no query: {line}")
                pair[1] = moment
        return {asker: [tuple(pair) for pair in pairs] for asker, pairs in seen.items()}
