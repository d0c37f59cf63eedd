#!/usr/bin/env python3
"""Kills workers of one gateway with SIGKILL under load, and then looks at what they share.

  kill_workers.py REFSCALE [--kills N]

Three workers count the calls of one window. Whoever is killed, at whatever point of its work, no call is let through
beyond the limit, none is counted that nobody made, and nobody waits for a lock that a dead worker had.
"""
import argparse
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

CLIENTS = 4
WORKERS = 3
LIMIT = 20000


class Gateway:
    def __init__(self, refscale):
        limiter = {"key": {"name": "all"}, "count": LIMIT, "window": 1000000000}
        chain = [{"name": "rate_limit", "configuration": {"fixed_window_limiters": [limiter]}}, {"name": "echo"}]
        service = {"id": 1, "proxy": {"hosts": ["127.0.0.1"], "policy_chain": chain}}
        environment = dict(os.environ, APICAST_WORKERS=str(WORKERS), APICAST_ACCESS_LOG_FILE="/dev/null",
                           APICAST_LOG_LEVEL="emerg",
                           APICAST_CONFIGURATION="data:application/json," + json.dumps({"services": [service]}))
        words = [refscale, "gateway"] + [w for p in ("port", "management-port", "metrics-port", "echo-port")
                                         for w in ("--" + p, "0")]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        for line in self.process.stdout:
            if line.startswith("ready "):
                ports = dict(w.split("=") for w in line.split()[2:])
                break
        else:
            sys.exit("kill_workers: the gateway did not start")
        self.port, self.metrics_port = int(ports["port"]), int(ports["metrics_port"])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [int(word) for word in file.read().split()]

    def metrics(self):
        """What waits to be accepted by a worker that is killed is reset: ask another one."""
        for _ in range(WORKERS * 10):
            connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
            try:
                connection.request("GET", "/metrics")
                return connection.getresponse().read().decode()
            except (ConnectionError, http.client.HTTPException):
                time.sleep(0.05)
        sys.exit("kill_workers: nobody shows metrics")

    def metric(self, pattern):
        found = re.search(pattern + r"\} (\d+)\n", self.metrics())
        return int(found.group(1)) if found else 0

    def is_at_rest(self):
        """What a killed worker had in hand is given back when the one in its place starts."""
        return self.metric(r'nginx_http_connections\{state="active"') == 0


class Client(threading.Thread):
    """Calls until it is told to end: how many were answered 200 and 429, how many got no answer."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.answers, self.broken, self.ends = port, {200: 0, 429: 0}, 0, False
        self.waits_in_vain = False

    def run(self):
        connection = None
        while not self.ends:
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                if connection.sock is None:
                    connection.connect()
            except OSError:
                continue  # was not heard
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                self.answers[answer.status] += 1
            except TimeoutError:
                self.waits_in_vain = True
                return
            except (OSError, http.client.HTTPException):
                self.broken += 1
                connection = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("refscale")
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    gateway = Gateway(options.refscale)
    clients = [Client(gateway.port) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    kills = 0
    while kills < options.kills or not sum(c.answers[429] for c in clients):
        time.sleep(random.uniform(0, 0.1))
        alive = gateway.workers()
        if kills < options.kills and len(alive) > 1:
            os.kill(random.choice(alive), signal.SIGKILL)
            kills += 1
    for client in clients:
        client.ends = True
    for client in clients:
        client.join(15)
    passed, refused = (sum(c.answers[status] for c in clients) for status in (200, 429))
    broken = sum(c.broken for c in clients)
    counted = gateway.metric(r"total_response_time_seconds_count\{[^}]*")
    end = time.monotonic() + 10
    while not (rests := gateway.is_at_rest()) and time.monotonic() < end:
        time.sleep(0.05)
    gateway.process.terminate()
    status = gateway.process.wait()
    # A call without an answer may have been counted, by the limit, by the metrics, by both or by none.
    checks = {"stuck": any(c.is_alive() or c.waits_in_vain for c in clients), "beyond the limit": passed > LIMIT,
              "lost": passed + broken < LIMIT, "active": not rests,
              "metrics": not passed + refused <= counted + broken <= passed + refused + 2 * broken, "status": status}
    wrong = [name for name, is_wrong in checks.items() if is_wrong]
    print(f"{'FAILED ' if wrong else 'ok     '} {kills} workers killed under load: {passed} calls let through of {LIMIT}, "
          f"{refused} refused, {broken} without an answer, {counted} counted" + "".join(f"; {name}" for name in wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
