#!/usr/bin/env python3
"""Kills backend with SIGKILL again and again under load, and then looks at every report.

Each report is for an application of its own, so that each can be told apart: one that was answered 202 must be
counted exactly once, one without an answer at most once.
"""
import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

KILLS = 20
REPORTS_BETWEEN_KILLS = 150
CLIENTS = 4
AUTHORIZATION = "Basic " + base64.b64encode(b"u:p").decode()


class Backend:
    def __init__(self, refscale, store):
        self.command = [refscale, "backend", "--port", "0", "--store", store]
        self.port = None
        self.process = None

    def start(self):
        environment = dict(os.environ, CONFIG_INTERNAL_API_USER="u", CONFIG_INTERNAL_API_PASSWORD="p")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, env=environment)
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.port = int(dict(w.split("=") for w in line.split()[2:])["port"])
                break
        else:
            sys.exit("kill_loop: backend did not start")
        # Nobody reads on, so that no pipe may fill: drop what comes.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Authorization": AUTHORIZATION})
    answer = connection.getresponse()
    return answer.status, answer.read()


def provision(port, applications):
    call(port, "POST", "/internal/services/", {"service": {"id": "1", "provider_key": "pk"}})
    call(port, "POST", "/internal/service_tokens/", {"service_tokens": {"t": {"service_id": "1"}}})
    call(port, "POST", "/internal/services/1/metrics/1", {"metric": {"name": "hits"}})
    call(port, "PUT", "/internal/services/1/plans/p/usagelimits/1/eternity", {"usagelimit": {"eternity": 1000}})
    for number in range(applications):
        status, _ = call(port, "POST", f"/internal/services/1/applications/a{number}",
                         {"application": {"state": "active", "plan_id": "p", "plan_name": "p"}})
        if status != 201:
            sys.exit(f"kill_loop: application a{number} was answered {status}")


class Clients:
    """Report for one application after the other until told to stop; remember what was answered."""

    def __init__(self, backend, applications):
        self.backend = backend
        self.left = iter(range(applications))
        self.lock = threading.Lock()
        self.accepted, self.unanswered = set(), set()
        self.progress = threading.Condition(self.lock)
        self.up = threading.Event()
        self.up.set()

    def run(self):
        connection = None
        while True:
            with self.lock:
                number = next(self.left, None)
            if number is None:
                return
            self.up.wait()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.backend.port, timeout=10)
                connection.request("POST", "/transactions.xml",
                                   f"service_token=t&service_id=1&transactions[0][app_id]=a{number}"
                                   "&transactions[0][usage][hits]=1",
                                   {"Content-Type": "application/x-www-form-urlencoded"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 202:
                    sys.exit(f"kill_loop: a report was answered {answer.status}")
                kept = self.accepted
            except (OSError, http.client.HTTPException):
                connection = None
                kept = self.unanswered
            with self.lock:
                kept.add(number)
                self.progress.notify_all()

    def wait_for(self, count):
        with self.lock:
            self.progress.wait_for(lambda: len(self.accepted) + len(self.unanswered) >= count, timeout=60)


def counted(port, number):
    status, body = call(port, "GET", f"/internal/services/1/applications/a{number}/utilization/")
    if status != 200:
        sys.exit(f"kill_loop: application a{number} is gone (status {status})")
    return json.loads(body)["utilization"][0]["current_value"]


def wait_until_counted(port, numbers):
    """The queues are drained when what was counted does not change over all of them any more."""
    for number in numbers:
        for _ in range(2000):
            if counted(port, number) > 0:
                break


def main():
    refscale = sys.argv[1]
    applications = KILLS * REPORTS_BETWEEN_KILLS + REPORTS_BETWEEN_KILLS
    with tempfile.TemporaryDirectory() as folder:
        backend = Backend(refscale, os.path.join(folder, "store.db"))
        backend.start()
        provision(backend.port, applications)
        clients = Clients(backend, applications)
        threads = [threading.Thread(target=clients.run) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for kill in range(KILLS):
            clients.wait_for((kill + 1) * REPORTS_BETWEEN_KILLS)
            clients.up.clear()
            backend.kill()
            backend.start()
            clients.up.set()
        for thread in threads:
            thread.join()
        wait_until_counted(backend.port, sorted(clients.accepted))
        counts = {n: counted(backend.port, n) for n in range(applications)}
        lost = sorted(n for n in clients.accepted if counts[n] == 0)
        twice = sorted(n for n in counts if counts[n] > 1)
        maybe = sum(1 for n in clients.unanswered if counts[n] == 1)
        backend.kill(signal.SIGTERM)
    print(f"kill -9, {KILLS} times: {len(clients.accepted)} reports answered 202, {len(lost)} lost, "
          f"{len(twice)} counted twice; {len(clients.unanswered)} without an answer, {maybe} of them counted")
    for name, numbers in (("lost", lost), ("counted twice", twice)):
        if numbers:
            print(f"kill_loop: {name}: " + " ".join(f"a{n}" for n in numbers))
    sys.exit(1 if lost or twice else 0)


main()
