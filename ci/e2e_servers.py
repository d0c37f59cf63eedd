#!/usr/bin/env python3
"""Servers that no package offers, each on a port of its own choice, which the ready line tells: a WebSocket echo, one over
TLS, an HTTP server that stalls in the middle of its body (/garbled: that breaks its chunks), and a port whose queue of
connections is full: e2e_servers.py CERTIFICATE KEY."""
import base64
import hashlib
import socket
import ssl
import sys
import threading


def listen(backlog):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(backlog)
    return listener


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return None, b""
        head += piece
    head, rest = head.split(b"\r\n\r\n", 1)
    return head.decode("latin-1").split("\r\n"), rest


def fields_of(lines):
    return {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}


def frame(opcode, payload):
    size = len(payload)
    if size < 126:
        return bytes([0x80 | opcode, size]) + payload
    if size < 65536:
        return bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big") + payload
    return bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big") + payload


def echo(connection):
    lines, rest = read_head(connection)
    if lines is None:
        return
    key = fields_of(lines).get("sec-websocket-key")
    if key is None or fields_of(lines).get("upgrade", "").lower() != "websocket":
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: " + accept + "\r\n\r\n").encode())
    buffer = bytearray(rest)

    def take(count):
        while len(buffer) < count:
            piece = connection.recv(65536)
            if not piece:
                raise EOFError
            buffer.extend(piece)
        taken = bytes(buffer[:count])
        del buffer[:count]
        return taken

    try:
        while True:
            first, second = take(2)
            size = second & 127
            if size == 126:
                size = int.from_bytes(take(2), "big")
            elif size == 127:
                size = int.from_bytes(take(8), "big")
            mask = take(4)
            masked = take(size)
            key_stream = (mask * (size // 4 + 1))[:size]
            payload = (int.from_bytes(masked, "big") ^ int.from_bytes(key_stream, "big")).to_bytes(size, "big")
            connection.sendall(frame(first & 15, payload))
            if first & 15 == 8:
                return
    except EOFError:
        return


def echo_over_tls(connection):
    with tls.wrap_socket(connection, server_side=True) as wrapped:
        echo(wrapped)


def stall(connection):
    lines, _ = read_head(connection)
    if lines is not None and "/garbled" in lines[0]:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\nno size\r\n")
        connection.recv(1)
    elif lines is not None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")
        connection.recv(1)


def serve(listener, handle):
    def run(connection):
        with connection:
            try:
                handle(connection)
            except OSError:
                pass

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=run, args=(connection,), daemon=True).start()


def fill(listener):
    """Connections until one more gets no answer."""
    kept = []
    while len(kept) < 16:
        one = socket.socket()
        one.settimeout(0.3)
        kept.append(one)
        try:
            one.connect(listener.getsockname())
        except socket.timeout:
            break
    return kept


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[1], sys.argv[2])
echo_listener, tls_listener, stall_listener, full_listener = listen(16), listen(16), listen(16), listen(0)
kept = fill(full_listener)
threading.Thread(target=serve, args=(echo_listener, echo), daemon=True).start()
threading.Thread(target=serve, args=(tls_listener, echo_over_tls), daemon=True).start()
print("ready others echo_port=%d tls_port=%d stall_port=%d full_port=%d" % tuple(
    listener.getsockname()[1] for listener in (echo_listener, tls_listener, stall_listener, full_listener)), flush=True)
serve(stall_listener, stall)
