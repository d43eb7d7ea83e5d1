"""A day's queries of the example, from many callers, and what became of them.

usage: audit.py ask PORT          sends the day, prints one line "source name type rcode" for each query
       audit.py paste REPORT DIR  puts the allow lines of `ambit audit` into the service's blocks, the rest at the end
"""

import pathlib
import random
import re
import socket
import struct
import sys

CALLERS = """127.0.0.1 127.0.1.1 127.0.1.10 127.0.1.20 127.0.1.30 127.0.1.66 127.0.2.1 127.0.2.10 127.0.2.20 127.0.2.30
127.0.2.31 127.0.2.50 127.0.2.60 127.0.3.10 127.0.3.20 127.0.3.30 127.0.3.60""".split()
NAMES = """web checkout orders payments inventory reports cart x.tenants _http._tcp.orders _http._tcp.payments mail info
missing ns1""".split()
TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "MX": 15, "TXT": 16}
RCODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


def ask(port):
    chosen = random.Random(1034)
    sockets = {}
    for caller in CALLERS:
        sockets[caller] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets[caller].bind((caller, 0))
        sockets[caller].connect(("127.0.0.1", port))
        sockets[caller].settimeout(3)
    for number in range(1500):
        caller, name, kind = chosen.choice(CALLERS), chosen.choice(NAMES), chosen.choice(list(TYPES))
        labels = f"{name}.mesh.test".split(".")
        wire = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
        sockets[caller].send(struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + wire + struct.pack("!2H", TYPES[kind], 1))
        answer = sockets[caller].recv(4096)
        assert struct.unpack("!H", answer[:2])[0] == number
        print(caller, name, kind, RCODES.get(answer[3] & 15, answer[3] & 15))


def paste(report, folder):
    """Does what a person with an editor does."""
    text = pathlib.Path(report).read_text()
    for path, line, name, words in re.findall(
        r"^# (\S+):(\d+)\nservice (\S+) \{\n    allow (.*)\n\}\n", text, re.MULTILINE
    ):
        file = pathlib.Path(folder) / pathlib.Path(path).name
        lines = file.read_text().split("\n")
        head = next(n for n, text in enumerate(lines) if re.match(rf"service {re.escape(name)}\s*(\{{|$)", text))
        if lines[head].rstrip().endswith("{"):
            lines[head] += f" allow {words}"
        else:
            lines[head] += f" {{ allow {words} }}"
        file.write_text("\n".join(lines))
    excepts = re.findall(r"^except .*\n", text, re.MULTILINE)
    with open(pathlib.Path(folder) / "exceptions.policy", "w") as file:
        file.write("origin mesh.test\n" + "".join(excepts) if excepts else "# none\n")


if sys.argv[1] == "ask":
    ask(int(sys.argv[2]))
else:
    paste(*sys.argv[2:])
