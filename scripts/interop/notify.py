"""Stands in for systemd: runs `ambit serve zones` with NOTIFY_SOCKET and reads what it is told.

usage: PORT=… notify.py SOCKET, a path, or @ and an abstract name
"""

import os
import signal
import socket
import subprocess
import sys
import time

from dns import ask, expect, port_from_environment

name = sys.argv[1]
kind = "abstract" if name.startswith("@") else "path"
port = port_from_environment()
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("\0" + name[1:] if kind == "abstract" else name)
manager.settimeout(5)


def next_message():
    try:
        return dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())
    except TimeoutError:
        return {}


server = subprocess.Popen(
    [os.environ["AMBIT"], "serve", "zones", "--listen", f"127.0.0.1:{port}", "--metrics-log", "off", "--http", "off"],
    env=os.environ | {"NOTIFY_SOCKET": name}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    expect(f"{kind}: READY=1 at the start", "1", next_message().get("READY"))
    message = ask(port, "orders.mesh.test")
    expect(f"{kind}: and then it answers at once", "NOERROR", message and message.rcode_text)
    for turn in range(3):
        before = time.monotonic_ns() // 1000
        server.send_signal(signal.SIGHUP)
        message = next_message()
        expect(f"{kind}: RELOADING=1 on SIGHUP", "1", message.get("RELOADING"))
        stamp = int(message.get("MONOTONIC_USEC", "0"))
        expect(f"{kind}: with MONOTONIC_USEC of that moment", True, before <= stamp <= time.monotonic_ns() // 1000)
        expect(f"{kind}: then READY=1", "1", next_message().get("READY"))
    os.rename("zones/orders.policy", "orders.away")
    with open("zones/orders.policy", "w") as broken:
        broken.write("nonsense\n")
    server.send_signal(signal.SIGHUP)
    expect(f"{kind}: a reload that fails is RELOADING=1 too", "1", next_message().get("RELOADING"))
    expect(f"{kind}: then READY=1, for it goes on as before", "1", next_message().get("READY"))
    os.rename("orders.away", "zones/orders.policy")
    server.send_signal(signal.SIGTERM)
    expect(f"{kind}: STOPPING=1 on SIGTERM", "1", next_message().get("STOPPING"))
    expect(f"{kind}: exit code", 0, server.wait(5))
finally:
    server.kill()
    server.wait(5)
    manager.close()
    if kind == "path":
        os.unlink(name)
