"""NSD, Knot, BIND and Ambit, each serving the same master files on a loopback port of its own.

All of them answer minimally and in a fixed order as far as they can be told to, without rate limits and without cookies, and
let UDP responses grow to 1232 octets, as Ambit does.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode

PEERS = ("nsd", "knot", "bind")
COMMANDS = {"nsd": "nsd", "knot": "knotd", "bind": "named"}


def installed():
    """The peers that are here."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return [peer for peer in PEERS if shutil.which(COMMANDS[peer], path=path)]


def free_port():
    """A port that is free for UDP and TCP."""
    for _ in range(200):
        port = random.randrange(20000, 30000)  # below the ports that the kernel gives to clients
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return port
    raise SystemExit("no free port")


def file_name(apex):
    """The name of a zone's master file; the apex is text without its last dot, and empty for the root."""
    return (apex or "root") + ".zone"


def nsd(folder, zones, data, port):
    settings = f"""server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{data}"
  database: ""
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  zonelistfile: "{folder}/list"
  xfrdir: "{folder}"
  rrl-ratelimit: 0
  minimal-responses: yes
  round-robin: no
  refuse-any: no
  answer-cookie: no
  ipv4-edns-size: 1232
  tcp-count: 100
remote-control:
  control-enable: no
"""
    settings += "".join(f'zone:\n  name: "{zone or "."}"\n  zonefile: "{file_name(zone)}"\n' for zone in zones)
    return settings, lambda conf: ["nsd", "-d", "-c", conf]


def knot(folder, zones, data, port):
    settings = f"""server:
  listen: 127.0.0.1@{port}
  rundir: "{folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  udp-max-payload: 1232
  answer-rotation: off
database:
  storage: "{folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{data}"
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
zone:
"""
    settings += "".join(f'  - domain: "{zone or "."}"\n    file: "{file_name(zone)}"\n' for zone in zones)
    return settings, lambda conf: ["knotd", "-c", conf]


def bind(folder, zones, data, port):
    settings = f"""options {{
  directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none;
  recursion no; allow-query {{ any; }}; allow-transfer {{ none; }}; notify no;
  minimal-responses no-auth; minimal-any no; answer-cookie no; zero-no-soa-ttl no;
  rrset-order {{ order none; }};
  empty-zones-enable no; dnssec-validation no; zone-statistics none;
  check-names primary ignore; check-names secondary ignore; check-names response ignore;
  check-integrity no; check-mx ignore; check-sibling no; check-srv-cname ignore; check-mx-cname ignore;
  check-spf ignore; check-wildcard no; check-dup-records ignore;
  edns-udp-size 1232; max-udp-size 1232; nocookie-udp-size 1232;
  interface-interval 0; tcp-clients 100;
}};
controls {{ }};
"""
    for zone in zones:
        settings += f'zone "{zone or "."}" {{ type primary; file "{data}/{file_name(zone)}"; }};\n'
    return settings, lambda conf: ["named", "-g", "-4", "-n", "1", "-X", "none", "-c", conf]


def ambit(folder, zones, data, port):
    binary = os.environ["AMBIT"]
    served = os.path.join(folder, "served")
    os.mkdir(served)
    for zone in zones:
        os.symlink(os.path.join(data, file_name(zone)), os.path.join(served, file_name(zone)))
    if "" in zones:
        os.rename(os.path.join(served, "root.zone"), os.path.join(served, "root"))
        with open(os.path.join(served, "ambit.policy"), "w") as policy:
            policy.write("zone . file root\ncontext everyone { from 0.0.0.0/0 }\n")
    listen = ["--listen", f"127.0.0.1:{port}", "--workers", "1", "--metrics-log", "off"]
    return "", lambda conf: [binary, "serve", served, *listen]


MAKERS = {"nsd": nsd, "knot": knot, "bind": bind, "ambit": ambit}


class DoesNotStart(Exception):
    """A server that said something and ended."""


class Server:
    """One running server."""

    def __init__(self, kind, work, zones, data):
        self.kind, self.port = kind, free_port()
        folder = os.path.join(work, kind)
        os.mkdir(folder)
        settings, command = MAKERS[kind](folder, zones, data, self.port)
        conf = os.path.join(folder, "conf")
        with open(conf, "w") as out:
            out.write(settings)
        self.log = os.path.join(folder, "log")
        environment = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command(conf), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder, env=environment
            )

    def said(self, words="", lines=12):
        """The last lines of its log that have these words."""
        with open(self.log, errors="replace") as log:
            found = [line.rstrip() for line in log if words.lower() in line.lower()]
        return "\n".join(found[-lines:])

    def wait(self, seconds=20):
        """Waits for a response to anything; whether one came."""
        query = dns.message.make_query("version.bind.", "TXT", "CH")
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                dns.query.udp(query, "127.0.0.1", port=self.port, timeout=0.3)
                return True
            except Exception:  # nobody there yet
                time.sleep(0.05)
        return False

    def serves(self, apex):
        """Whether it is authoritative for a zone of this name."""
        query = dns.message.make_query(apex + ".", "SOA")
        query.use_edns(0, payload=1232)
        for _ in range(3):
            with contextlib.suppress(Exception):
                response = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=1)
                if response.rcode() == dns.rcode.SERVFAIL and self.kind == "bind" and self.still_loading():
                    time.sleep(0.1)
                    continue
                return (
                    response.rcode() == 0
                    and bool(response.flags & dns.flags.AA)
                    and any(rrset.rdtype == 6 and rrset.name == query.question[0].name for rrset in response.answer)
                )
        return False

    def still_loading(self):
        return "all zones loaded" not in self.said("all zones loaded")

    def stop(self):
        """Ends it; SIGTERM lets NSD and its children end together."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running(kinds, work, zones, data):
    """Starts servers of these kinds; ends them in any case."""
    servers = {}
    try:
        for kind in kinds:
            servers[kind] = Server(kind, work, zones, data)
        for kind, server in servers.items():
            if not server.wait():
                raise DoesNotStart(kind, server.said())
        end = time.monotonic() + 20
        while "bind" in servers and servers["bind"].still_loading() and time.monotonic() < end:
            time.sleep(0.05)
        yield servers
    finally:
        for server in servers.values():
            server.stop()
