#!/usr/bin/env python3
"""A WebSocket client: sends messages of many sizes through the gateway and says how many came back as they were:
e2e_websocket.py PORT HOST [AUTHORITY], over TLS when that certificate is given."""
import os
import socket
import ssl
import sys

SIZES = [n * n * 7 % 70000 for n in range(200)]
MASK = b"\1\2\3\4"

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
if len(sys.argv) > 3:
    tls = ssl.create_default_context(cafile=sys.argv[3])
    tls.check_hostname = False
    connection = tls.wrap_socket(connection)
connection.sendall(("GET /chat?user_key=k HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
                    % sys.argv[2]).encode())
stream = connection.makefile("rb")
head = []
while not head or head[-1] != b"\r\n":
    line = stream.readline()
    if not line:
        sys.exit("no answer")
    head.append(line)
if not head[0].startswith(b"HTTP/1.1 101 ") or b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" not in head:
    sys.exit(repr(head))


def send(opcode, payload):
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else \
        bytes([0xfe]) + size.to_bytes(2, "big") if size < 65536 else bytes([0xff]) + size.to_bytes(8, "big")
    stream_key = (MASK * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(stream_key, "big")).to_bytes(size, "big")
    connection.sendall(bytes([0x80 | opcode]) + length + MASK + masked)


def receive():
    first, size = stream.read(2)
    if size == 126:
        size = int.from_bytes(stream.read(2), "big")
    elif size == 127:
        size = int.from_bytes(stream.read(8), "big")
    return first & 15, stream.read(size)


fine = 0
for size in SIZES:
    message = os.urandom(size)
    send(2, message)
    fine += receive() == (2, message)
send(8, b"")
closed = receive()[0] == 8 and stream.read(1) == b""
print("%d of %d%s" % (fine, len(SIZES), "" if closed else ", not closed"))
