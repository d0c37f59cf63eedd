#!/usr/bin/env python3
"""Clients that mean no good, to real processes: e2e_hostile.py REFSCALE. Half a minute at most."""
import base64
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

CONFIGURATION = "data:application/json,%7B%7D"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
HELLO = bytes.fromhex("16030100c8010000c40303") + b"a" * 40
failed = 0


def check(name, is_good, what):
    global failed
    print("%s  %s: %s" % ("ok    " if is_good else "FAILED", name, what))
    failed |= not is_good


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A process of refscale, with the ports of its ready line."""

    def __init__(self, arguments, environment=None, limits=()):
        def limit():
            for what, soft, hard in limits:
                resource.setrlimit(what, (soft, hard))

        self.process = subprocess.Popen([sys.argv[1]] + arguments, preexec_fn=limit, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env={**os.environ, "no_proxy": "*", **(environment or {})})
        self.ports = {}
        while not self.ports:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("%s did not start" % arguments[0])
            if line.startswith("ready "):
                self.ports = dict(word.split("=") for word in line.split() if "=" in word)

    def connect(self, port="port"):
        return socket.create_connection(("127.0.0.1", int(self.ports[port])), timeout=10)

    def seconds(self):
        """Of the processor, so far."""
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def call(self, target, port="port", data=None, method=None, fields=None, seconds=5):
        """The status; 0: no answer."""
        request = urllib.request.Request("http://127.0.0.1:%s%s" % (self.ports[port], target), data, fields or {},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def end(self):
        self.process.terminate()
        return self.process.wait(10)


def send(connection, data):
    """As much as it takes."""
    try:
        connection.sendall(data)
    except OSError:
        pass


def is_closed(connection):
    try:
        while connection.recv(65536):
            pass
    except socket.timeout:
        return False
    except OSError:
        pass
    return True


def cost(server, connections, seconds=1):
    before = server.seconds()
    time.sleep(seconds)
    spent = server.seconds() - before
    for connection in connections:
        connection.close()
    return spent


def gateway():
    server = Server(["gateway", "--port", "0", "--management-port", "0", "--metrics-port", "0", "--echo-port", "0"],
                    {"APICAST_WORKERS": "1", "APICAST_CONFIGURATION": CONFIGURATION, "APICAST_HTTPS_PORT": str(free_port())})
    stalled = [server.connect("https_port") for _ in range(20)]
    for number, connection in enumerate(stalled):
        send(connection, HELLO[:1 + number * 2])
    spent = cost(server, stalled)
    check("20 handshakes that stall cost", spent < 0.15, "%.2f s of a second" % spent)
    for port in "port", "echo_port":
        before = server.files()
        endless = [server.connect(port) for _ in range(20)]
        for connection in endless:
            send(connection, CHUNKED + b"1;" + b"a" * 200000)
        # Their bytes are read before they are cut off; a server that spins takes the whole second, and the next.
        spent = cost(server, [])
        check("lines of chunks without end cost", spent < 0.5, "%.2f s of a second" % spent)
        check("and are cut off,", all(is_closed(connection) for connection in endless), "all")
        patience = time.time() + 5
        while server.files() > before and time.time() < patience:
            time.sleep(0.1)
        check("and leave descriptors,", server.files() <= before, server.files() - before)
        spent = cost(server, [])
        check("and cost no more,", spent < 0.05, "%.2f s of a second" % spent)
    check("the gateway ends with", server.end() == 0, "0")


def files_that_may_not_grow():
    """A backend whose store is full, until it is not: what it did not count it said it did not."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(["backend", "--port", "0", "--store", folder + "/store"],
                        {"CONFIG_INTERNAL_API_USER": "u", "CONFIG_INTERNAL_API_PASSWORD": "p"},
                        [(resource.RLIMIT_FSIZE, 200000, resource.RLIM_INFINITY)])
        json = {"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(b"u:p").decode()}
        for method, path, body in (("POST", "services/", b'{"service":{"id":"1","provider_key":"p"}}'),
                                   ("POST", "service_tokens/", b'{"service_tokens":{"t":{"service_id":"1"}}}')):
            server.call("/internal/" + path, method=method, data=body, fields=json)
        report = b"service_token=t&service_id=1&transactions[0][log][request]=" + b"x" * 10000
        seen = [server.call("/transactions.xml", data=report) for _ in range(100)]
        check("a store that is full answers", set(seen) == {202, 500}, sorted(set(seen)))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        check("and with room again", server.call("/transactions.xml", data=report) == 202, "202")
        check("the backend ends with", server.end() == 0, "0")


def without_descriptors():
    server = Server(["echo", "--port", "0"], limits=[(resource.RLIMIT_NOFILE, 40, 40)])
    waiting = [server.connect() for _ in range(60)]
    for connection in waiting:
        send(connection, b"GET / HTTP/1.1\r\nX: ")
    spent = cost(server, waiting)
    check("60 clients and 40 descriptors cost", spent < 0.15, "%.2f s of a second" % spent)
    check("the next one is answered", server.call("/") == 200, "200")
    check("the echo API ends with", server.end() == 0, "0")


gateway()
files_that_may_not_grow()
without_descriptors()
sys.exit(failed)
