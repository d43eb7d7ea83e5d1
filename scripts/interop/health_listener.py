"""An endpoint of a kind, until it is killed: health_listener.py KIND ADDRESS PORT. Makes a file once it listens.

tcp accepts and closes; silent accepts and never answers; http answers 200 to GET /healthz for shop.mesh.test alone;
unavailable answers 503; dns answers NOERROR; liar answers with a wrong ID, and with a wrong question.
"""

import socket
import sys
import threading
import time

kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def http(connection, line):
    request = b""
    while b"\r\n\r\n" not in request:
        part = connection.recv(4096)
        if not part:
            return
        request += part
    lines = request.split(b"\r\n")
    is_right = lines[0] == b"GET /healthz HTTP/1.0" and f"Host: shop.mesh.test:{port}".encode() in lines
    answer = line if is_right and b"Connection: close" in lines else b"HTTP/1.1 400 Bad Request"
    for part in (answer[:5], answer[5:] + b"\r\nContent-Length: 2\r\n\r\nok"):
        connection.sendall(part)
        time.sleep(0.01)


def stream():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(256)
    open(f"ready.{kind}.{address}", "w").close()
    held = []
    while True:
        connection, _ = listener.accept()
        if kind == "tcp":
            connection.close()
        elif kind == "silent":
            held = held[-100:] + [connection]
        else:
            line = b"HTTP/1.1 200 OK" if kind == "http" else b"HTTP/1.1 503 Service Unavailable"
            threading.Thread(target=lambda: (http(connection, line), connection.close()), daemon=True).start()


def datagrams():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, port))
    open(f"ready.{kind}.{address}", "w").close()
    while True:
        query, sender = server.recvfrom(4096)
        if kind == "dns":
            server.sendto(query[:2] + b"\x80\x00" + query[4:], sender)
        else:
            server.sendto(bytes([query[0] ^ 1]) + query[1:2] + b"\x80\x00" + query[4:], sender)
            server.sendto(query[:2] + b"\x80\x00" + query[4:13] + b"x" + query[14:], sender)


datagrams() if kind in ("dns", "liar") else stream()
