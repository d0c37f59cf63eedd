#!/usr/bin/env python3
"""Mails of the portal through a relay that speaks TLS (spec/portal.md 8.3; PT-175): e2e_mail.py REFSCALE CERTIFICATE KEY.
With SMTP_OPENSSL_VERIFY_MODE=none a mail arrives over STARTTLS, after the log-in; with peer the relay's certificate, which
nobody vouches for, keeps the mail back. The request that asks for the mail is answered all the same."""
import base64
import os
import queue
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request

WAIT_S = 30


class Relay:
    """Takes one connection after the other; `seen` gets ("mail", user, password, text) or ("refused",)."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.seen = queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection = self.listener.accept()[0]
            try:
                self.talk(connection)
            except ssl.SSLError:
                self.seen.put(("refused",))
            except OSError:
                pass
            finally:
                connection.close()

    def talk(self, connection):
        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        is_tls, user, password, stream = False, "", "", connection.makefile("rb")
        say("220 relay")
        while line := stream.readline().decode("latin-1").rstrip():
            word = line.split()[0].upper()
            if word == "EHLO":
                say("250-relay\r\n250 AUTH LOGIN" if is_tls else "250-relay\r\n250 STARTTLS")
            elif word == "STARTTLS":
                say("220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                is_tls, stream = True, connection.makefile("rb")
            elif word == "AUTH":
                first = line.split()[2:]
                if not first:
                    say("334 " + base64.b64encode(b"Username:").decode())
                user = base64.b64decode(first[0] if first else stream.readline()).decode()
                say("334 " + base64.b64encode(b"Password:").decode())
                password = base64.b64decode(stream.readline()).decode()
                say("235 welcome")
            elif word == "DATA":
                say("354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += stream.readline()
                say("250 taken")
                if is_tls:
                    self.seen.put(("mail", user, password, text.decode("utf-8")))
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


def start_portal(refscale, port, mode):
    environment = dict(os.environ, MASTER_ACCESS_TOKEN="master-token", PASSWORD_COST="4", SMTP_ADDRESS="127.0.0.1",
                       SMTP_PORT=str(port), SMTP_USER_NAME="postman", SMTP_PASSWORD="rings twice",
                       SMTP_AUTHENTICATION="login", SMTP_OPENSSL_VERIFY_MODE=mode)
    portal = subprocess.Popen([refscale, "portal", "--port", "0", "--address", "127.0.0.1", "--database", ":memory:"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in portal.stdout:
        if line.startswith("ready portal"):
            threading.Thread(target=portal.stdout.read, daemon=True).start()
            return portal, int(line.split("port=")[1])
    sys.exit("e2e_mail: the portal did not start")


def make_tenant(port):
    """Its first user is sent an activation mail."""
    form = b"org_name=Mail&username=owner&email=owner%40mail.example&password=s3cr3t-password"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/master/api/providers.json", data=form, headers={
        "Host": "master.example.com", "Authorization": "Basic " + base64.b64encode(b"master-token:").decode()})
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        return answer.status


def check(name, is_so):
    print(f"{'ok      ' if is_so else 'FAILED  '}{name}")
    return is_so


def main():
    refscale, certificate, key = sys.argv[1:]
    relay, fine = Relay(certificate, key), True
    for mode in ("none", "peer"):
        portal, port = start_portal(refscale, relay.port, mode)
        try:
            fine &= check(f"mail, verify mode {mode}: the request is answered", make_tenant(port) == 201)
            seen = relay.seen.get(timeout=WAIT_S)
            while mode == "none" and "owner@mail.example" not in seen[-1]:  # master's own notices
                seen = relay.seen.get(timeout=WAIT_S)
        finally:
            portal.kill()
            portal.wait()
        if mode == "none":
            fine &= check("mail for its first user over STARTTLS, after the log-in",
                          seen[:3] == ("mail", "postman", "rings twice"))
        else:
            fine &= check("a certificate that nobody vouches for keeps it back", seen == ("refused",))
    sys.exit(0 if fine else 1)


main()
