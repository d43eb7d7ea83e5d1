"""How each server is started: one thread that answers, on the first core, from the same zone.

A starter takes the folder that is its own, the port and the number of services, and gives what to run and, for reloads,
the zone's file and the command. No server logs queries, limits rates or asks others.
"""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import time

import workload
from machine import Running, tell
from workload import ORIGIN

PACKAGES = {"gdnsd": "gdnsd", "nsd": "nsd", "knotd": "knot", "named": "bind9", "dnsperf": "dnsperf", "valgrind": "valgrind",
            "unbound": "unbound", "dnsmasq": "dnsmasq-base", "perf": "linux-perf", "strace": "strace", "cc": "gcc"}
os.environ["PATH"] += os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))
missing = set()
# What the forwarding rows know of the server before the upstream: its cache, and its own zone.
CACHE_MIB, OWN = 32, "own.test"


def need(command):
    """True where the command is there, or could be installed; said once where not."""
    if shutil.which(command):
        return True
    if command in missing:
        return False
    # Installing a name server starts it where there is a systemd: not on somebody's own machine.
    if os.getuid() == 0 and shutil.which("apt-get") and not os.path.isdir("/run/systemd/system"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", PACKAGES[command]]):
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(["apt-get", *words], env=environment, capture_output=True, timeout=240, check=False)
    if shutil.which(command):
        return True
    missing.add(command)
    tell(f"skipped: {command} is not installed (package {PACKAGES[command]})")
    return False


@dataclasses.dataclass
class Recipe:
    command: list
    zone: str | None = None
    reload: list | None = None


class Kitchen:
    """Prepares and starts servers in a folder, on ports of its own."""

    def __init__(self, folder, ambit, first_port):
        self.folder, self.ambit, self.first_port, self.serial = folder, ambit, first_port, 0

    def data(self, name, write):
        """A file that is written once."""
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            write(path + ".new")
            os.rename(path + ".new", path)
        return path

    def zone(self, count, group=0):
        return self.data(f"zone.{count}.{group}", lambda path: workload.write_zone(path, count, group))

    def queries(self, count):
        lines = 200_000 if count <= 1000 else 500_000
        return self.data(f"queries.{count}", lambda path: workload.write_queries(path, count, lines))

    def start(self, kind, count, cores="0", wrap=(), **options):
        """Starts a server and gives it, with its recipe; nothing is known yet of whether it answers."""
        self.serial += 1
        # Two ports each, for BIND's control channel; never 50 at once.
        port = self.first_port + self.serial * 2 % 100
        folder = os.path.join(self.folder, f"{self.serial:03d}-{kind}")
        os.makedirs(folder)
        recipe = getattr(self, kind.replace("-", "_"))(folder, port, count, **options)
        server = Running([*wrap, *recipe.command], folder, port, cores)
        server.recipe, server.kind, server.count = recipe, kind, count
        return server

    def start_ready(self, kind, count, seconds=180, **options):
        server = self.start(kind, count, **options)
        if kind == "echo":
            time.sleep(0.3)
            server.ready = 0.0
        else:
            try:
                server.ready = server.wait_for(f"{workload.service(count)}.{ORIGIN}", seconds)
            except RuntimeError:
                server.stop()
                raise
        return server

    # --- the limit, and Ambit -----------------------------------------------------------------------------------------

    def echo(self, folder, port, _):
        return Recipe([os.path.join(self.folder, "echo"), str(port)])

    def ambit_serve(self, folder, workers=1, binary=None):
        program = binary or self.ambit
        return Recipe([program, "serve", folder, "--workers", str(workers)], os.path.join(folder, f"{ORIGIN}.zone"),
                      [program, "reload", folder])

    def ambit_policy(self, folder, port, count, workers=1, binary=None, services=None, contexts=3, prefixes=0, rules=2,
                     measure="all", logs=None, extra=()):
        """Every rule on, 1 % of the services replaced for each context."""
        shutil.copyfile(self.zone(count), os.path.join(folder, f"{ORIGIN}.zone"))
        for path in extra:
            shutil.copy(path, folder)
        workload.write_overlays(folder, count, workload.CONTEXTS)
        services = min(count, 100_000) if services is None else services
        workload.write_policy(os.path.join(folder, "ambit.policy"), port, services, contexts, prefixes, rules, measure, logs)
        return self.ambit_serve(folder, workers, binary)

    def ambit_none(self, folder, port, count, workers=1, binary=None):
        """No policy but where to listen."""
        shutil.copyfile(self.zone(count), os.path.join(folder, f"{ORIGIN}.zone"))
        with open(os.path.join(folder, "ambit.policy"), "w", encoding="ascii") as policy:
            policy.write(f"listen 127.0.0.1:{port}\n")
        return self.ambit_serve(folder, workers, binary)

    def ambit_overlays(self, folder, port, count, binary=None, contexts=100):
        """Many contexts, each with an overlay that replaces 1 % of the services."""
        shutil.copyfile(self.zone(count), os.path.join(folder, f"{ORIGIN}.zone"))
        names = {number: f"c{number}" for number in range(1, contexts + 1)}
        workload.write_overlays(folder, count, names)
        with open(os.path.join(folder, "ambit.policy"), "w", encoding="ascii") as policy:
            policy.write(f"origin {ORIGIN}\nlisten 127.0.0.1:{port}\n")
            policy.writelines(f"context {name} {{ from 127.0.0.{number + 1} }}\n" for number, name in names.items())
        return self.ambit_serve(folder, 1, binary)

    def ambit_views(self, folder, port, count, binary=None):
        """Whole overlays, on a base that has the apex alone."""
        with open(os.path.join(folder, f"{ORIGIN}.zone"), "w", encoding="ascii") as base:
            base.write(workload.head())
        for group, name in workload.CONTEXTS.items():
            os.makedirs(os.path.join(folder, name))
            shutil.copyfile(self.zone(count, group), os.path.join(folder, name, f"{ORIGIN}.zone"))
        workload.write_views_policy(os.path.join(folder, "ambit.policy"), port)
        return self.ambit_serve(folder, 1, binary)

    def ambit_forwarding(self, folder, port, _, upstream):
        """A small zone of its own; all other names are asked for at an upstream."""
        hosts = "".join(f"s{number} A 127.0.9.{number}\n" for number in range(1, 101))
        self.write(folder, f"{OWN}.zone", f"$TTL 30\n@ SOA ns hostmaster 1 3600 600 86400 5\n@ NS ns\nns A 127.0.0.1\n{hosts}")
        nets = "".join(f"context {name} {{ from {workload.NETS[group]} }}\n" for group, name in workload.CONTEXTS.items())
        self.write(folder, "ambit.policy", f"""listen 127.0.0.1:{port}
http off
forward {ORIGIN}. 127.0.0.1:{upstream}
forward-cache {CACHE_MIB}MiB
allow-private {ORIGIN}.
{nets}""")
        return self.ambit_serve(folder)

    def ambit_steering(self, folder, port, count, zone_file, line):
        """A zone whose services all have this line, and no other rule."""
        shutil.copyfile(zone_file, os.path.join(folder, f"{ORIGIN}.zone"))
        contexts = "".join(f"context {name} {{ from {workload.NETS[group]}; endpoints 10.{group << 6}.0.0/10 }}\n"
                           for group, name in workload.CONTEXTS.items())
        services = "".join(f"service {workload.service(number)} {{ {line} }}\n" for number in range(1, count + 1))
        self.write(folder, "ambit.policy", f"origin {ORIGIN}\nlisten 127.0.0.1:{port}\nhttp off\n{contexts}{services}")
        return self.ambit_serve(folder)

    def ambit_checking(self, folder, port, count, endpoints):
        """The usual zone, and in it a service whose endpoints are checked."""
        name = f"checked.{ORIGIN}"
        with open(self.zone(count), encoding="ascii") as zone:
            text = zone.read() + "".join(f"checked 5 A {address}\n" for address, _ in endpoints)
        self.write(folder, f"{ORIGIN}.zone", text)
        workload.write_policy(os.path.join(folder, "ambit.policy"), port, count)
        checked = endpoints[0][1]
        self.write(folder, "checked.policy",
                   f"service {name}. {{ health tcp {checked} every 500ms timeout 200ms up 2 down 2 }}\n")
        return self.ambit_serve(folder)

    # --- the peers ----------------------------------------------------------------------------------------------------

    def copy(self, folder, count, name, group=0):
        path = os.path.join(folder, name)
        shutil.copyfile(self.zone(count, group), path)
        return path

    def write(self, folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def gdnsd(self, folder, port, count):
        for part in ("etc/zones", "run", "state"):
            os.makedirs(os.path.join(folder, part))
        zone = self.copy(folder, count, f"etc/zones/{ORIGIN}")
        self.write(folder, "etc/config", f"""options => {{
  listen => [ 127.0.0.1:{port} ], udp_threads = 1, tcp_threads = 1, tcp_timeout = 60
  run_dir => {folder}/run, state_dir => {folder}/state
}}
""")
        return Recipe(["gdnsd", "-c", f"{folder}/etc", "start"], zone, ["gdnsdctl", "-c", f"{folder}/etc", "reload-zones"])

    def nsd(self, folder, port, count, zone_file=None):
        zone = zone_file or self.copy(folder, count, "zone")
        conf = self.write(folder, "nsd.conf", f"""server:
  server-count: 1
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  zonelistfile: "{folder}/list"
  xfrdfile: "{folder}/xfrd"
  xfrdir: "{folder}"
  pidfile: "{folder}/pid"
  zonefiles-write: 0
  rrl-ratelimit: 0
  tcp-count: 100
  tcp-query-count: 0
  minimal-responses: yes
remote-control:
  control-enable: yes
  control-interface: "{folder}/control"
zone:
  name: "{ORIGIN}"
  zonefile: "{zone}"
""")
        return Recipe(["nsd", "-d", "-c", conf], zone, ["nsd-control", "-c", conf, "reload", ORIGIN])

    def knot(self, folder, port, count):
        zone = self.copy(folder, count, "zone")
        conf = self.write(folder, "knot.conf", f"""server:
    rundir: {folder}
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
control:
    listen: {folder}/control
log:
  - target: stderr
    any: error
template:
  - id: default
    journal-content: none
    semantic-checks: off
    zonefile-sync: -1
zone:
  - domain: {ORIGIN}
    file: {zone}
""")
        return Recipe(["knotd", "-c", conf], zone, ["knotc", "-s", f"{folder}/control", "-b", "zone-reload", ORIGIN])

    def named(self, folder, port, zones):
        control = port + 1
        key = 'key "bench" { algorithm hmac-sha256; secret "YW1iaXQtYmVuY2gtb24tbG9vcGJhY2s="; };\n'
        conf = self.write(folder, "named.conf", f"""{key}
controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ "bench"; }}; }};
options {{
  directory "{folder}"; pid-file "{folder}/pid"; session-keyfile "{folder}/session.key";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; notify no; minimal-responses no-auth; dnssec-validation no; querylog no; empty-zones-enable no;
  allow-query {{ any; }}; tcp-clients 200;
}};
{zones}
""")
        rndc = self.write(folder, "rndc.conf", f"""{key}
options {{ default-key "bench"; default-server 127.0.0.1; default-port {control}; }};
""")
        return ["named", "-g", "-n", "1", "-c", conf], ["rndc", "-c", rndc, "reload", ORIGIN]

    def bind(self, folder, port, count):
        zone = self.copy(folder, count, "zone")
        command, reload = self.named(folder, port, f'zone "{ORIGIN}" {{ type primary; file "{zone}"; }};')
        return Recipe(command, zone, reload)

    def bind_views(self, folder, port, count):
        views = ""
        for group, name in workload.CONTEXTS.items():
            zone = self.copy(folder, count, f"zone.{name}", group)
            views += f'view "{name}" {{ match-clients {{ {workload.NETS[group]}; }}; '
            views += f'zone "{ORIGIN}" {{ type primary; file "{zone}"; }}; }};\n'
        command, reload = self.named(folder, port, views)
        return Recipe(command, None, reload)

    def unbound(self, folder, port, _, upstream):
        conf = self.write(folder, "unbound.conf", f"""server:
  num-threads: 1
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  use-syslog: no
  minimal-responses: yes
  msg-cache-size: {CACHE_MIB // 3}m
  rrset-cache-size: {CACHE_MIB * 2 // 3}m
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream}
""")
        return Recipe(["unbound", "-d", "-c", conf])

    def dnsmasq(self, folder, port, _, upstream):
        return Recipe(["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", f"--port={port}", "--no-resolv", "--no-hosts",
                       "--listen-address=127.0.0.1", "--bind-interfaces", f"--server=127.0.0.1#{upstream}", "--cache-size=10000",
                       "--user=root", f"--pid-file={folder}/pid", "--local-service"])


PEERS = {"gdnsd": "gdnsd", "nsd": "nsd", "knot": "knotd", "bind": "named", "bind-views": "named"}


def available(kinds):
    return [kind for kind in kinds if kind not in PEERS or need(PEERS[kind])]
