#!/usr/bin/env python3
"""Raw requests to the gateway's proxy port that must not get past it: e2e_front_door.py PORT."""
import socket
import sys

HOST = b"Host: 1.example.com\r\n"
GET = b"GET /front-door?user_key=k HTTP/1.1\r\n"
POST = b"POST /front-door?user_key=k HTTP/1.1\r\n" + HOST
REFUSED = [
    ("two lengths", POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", {400}),
    ("the same length twice", POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", {400}),
    ("a length and chunks", POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("another coding", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", {0, 400, 501}),
    ("a blank before the colon", GET + HOST + b"X : a\r\n\r\n", {400}),
    ("a blank in a name", GET + HOST + b"X y: a\r\n\r\n", {400}),
    ("a name that is no token", GET + HOST + b"X(y): a\r\n\r\n", {400}),
    ("two Hosts", GET + HOST + HOST + b"\r\n", {400}),
    ("no Host", GET + b"\r\n", {400}),
    ("a folded line", GET + HOST + b"X: a\r\n b\r\n\r\n", {0, 400}),
    ("a bare CR", GET + HOST + b"X: a\rY: b\r\n\r\n", {400}),
    ("a bare LF", GET + b"Host: 1.example.com\n\n", {400}),
    ("a zero", GET + HOST + b"X: a\0b\r\n\r\n", {0, 400}),
    ("%00", b"GET /front-door%00?user_key=k HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    ("a long target", b"GET /front-door?user_key=k&x=" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
    ("a very long target", b"GET /front-door?user_key=k&x=" + b"x" * 60000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {0, 414}),
    ("a long field", GET + HOST + b"X: " + b"x" * 9000 + b"\r\n\r\n", {400}),
    ("a very long field", GET + HOST + b"X: " + b"x" * 60000 + b"\r\n\r\n", {0, 400}),
    ("another host in the target", b"GET http://evil.example.com/front-door?user_key=k HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
]


def ask(request):
    """The status of the first answer (0: none), and whether the connection was closed after it."""
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as connection:
        try:
            connection.sendall(request)
        except OSError:
            pass
        answer = b""
        try:
            while True:
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
                if len(answer) > 9 and answer[9:12] == b"404":
                    break
        except OSError:
            pass
    words = answer.split(b" ")
    return int(words[1]) if len(words) > 1 and answer.startswith(b"HTTP/1.1") else 0


failed = 0
for name, request, wanted in REFUSED:
    status = ask(request)
    if status not in wanted:
        print("FAILED  front door, %s: %d" % (name, status))
        failed = 1
if not failed:
    print("ok      front door: %d requests refused" % len(REFUSED))
sys.exit(failed)
