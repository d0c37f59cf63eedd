#!/usr/bin/env python3
"""Kills backend with SIGKILL again and again under load, and then looks at every report.

  kill_loop.py REFSCALE [--kills N]               one process on the embedded store
  kill_loop.py REFSCALE --redis PORT [--kills N]  a listener and two workers on that Redis, which must be empty; one
                                                  of the three is killed each time

Each report is for an application of its own, so that each can be told apart: one that was answered 202 must be
counted exactly once, one without an answer at most once. On a Redis no key of refscale's own may be left.
"""
import argparse
import base64
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

CLIENTS = 4
AUTHORIZATION = "Basic " + base64.b64encode(b"u:p").decode()
# Long enough for a lease to end and for its worker's jobs to be found (10 s and 5 s).
SETTLED_WITHIN_S = 60


class Backend:
    def __init__(self, refscale, role, store):
        self.command = [refscale, "backend", role, "--port", "0", "--store", store]
        self.port = None
        self.process = None

    def start(self):
        environment = dict(os.environ, CONFIG_INTERNAL_API_USER="u", CONFIG_INTERNAL_API_PASSWORD="p")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env=environment)
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


class Redis:
    """As much of a client as is needed here: many commands, then their replies."""

    def __init__(self, port, database):
        self.file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")
        self.ask(["SELECT", database])

    def ask(self, *commands):
        for words in commands:
            self.file.write(b"*%d\r\n" % len(words))
            for word in words:
                text = str(word).encode()
                self.file.write(b"$%d\r\n%s\r\n" % (len(text), text))
        self.file.flush()
        return [self.reply() for _ in commands]

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:].strip().decode()
        if kind == b"-":
            sys.exit(f"kill_loop: Redis says {rest}")
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if rest == "-1":
            return None
        return self.file.read(int(rest) + 2)[:-2].decode()


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Authorization": AUTHORIZATION})
    answer = connection.getresponse()
    return answer.status, answer.read()


def provision(port):
    call(port, "POST", "/internal/services/", {"service": {"id": "1", "provider_key": "pk"}})
    call(port, "POST", "/internal/service_tokens/", {"service_tokens": {"t": {"service_id": "1"}}})
    call(port, "POST", "/internal/services/1/metrics/1", {"metric": {"name": "hits"}})
    call(port, "PUT", "/internal/services/1/plans/p/usagelimits/1/eternity", {"usagelimit": {"eternity": 1000}})


class EmbeddedStand:
    """One process does it all, and is asked over HTTP."""

    def __init__(self, refscale, folder):
        self.listener = Backend(refscale, "all", os.path.join(folder, "store.db"))
        self.processes = [self.listener]

    def add_applications(self, count):
        for number in range(count):
            status, _ = call(self.listener.port, "POST", f"/internal/services/1/applications/a{number}",
                             {"application": {"state": "active", "plan_id": "p", "plan_name": "p"}})
            if status != 201:
                sys.exit(f"kill_loop: application a{number} was answered {status}")

    def counted(self, number):
        status, body = call(self.listener.port, "GET", f"/internal/services/1/applications/a{number}/utilization/")
        if status != 200:
            sys.exit(f"kill_loop: application a{number} is gone (status {status})")
        return json.loads(body)["utilization"][0]["current_value"]

    def settle(self, accepted):
        """The queues are drained when all that was accepted is counted, or does not change any more."""
        for number in sorted(accepted):
            for _ in range(2000):
                if self.counted(number) > 0:
                    break

    def counts(self, count):
        return {number: self.counted(number) for number in range(count)}

    def left(self):
        return []


class RedisStand:
    """Processes of their own, and a Redis that is looked into."""

    def __init__(self, refscale, port):
        url = f"redis://127.0.0.1:{port}"
        self.listener = Backend(refscale, "listener", url)
        self.processes = [self.listener, Backend(refscale, "worker", url), Backend(refscale, "worker", url)]
        self.storage, self.queues = Redis(port, 0), Redis(port, 1)

    def add_applications(self, count):
        for first in range(0, count, 1000):
            self.storage.ask(*(["MSET", f"application/service_id:1/id:a{n}/state", "active",
                                f"application/service_id:1/id:a{n}/plan_id", "p"]
                               for n in range(first, min(first + 1000, count))))

    def settle(self, accepted):
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < deadline:
            queued, in_flight = self.queues.ask(["LLEN", "resque:queue:priority"], ["SCARD", "resque:refscale:in_flight"])
            if queued == 0 and in_flight == 0:
                break
            time.sleep(0.1)
        # Leases end when the queues are seen to be empty.
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.1)

    def counts(self, count):
        keys = [f"stats/{{service:1}}/cinstance:a{n}/metric:1/eternity" for n in range(count)]
        values = [v for first in range(0, count, 1000) for v in self.storage.ask(["MGET", *keys[first:first + 1000]])[0]]
        return {number: int(value or 0) for number, value in enumerate(values)}

    def left(self):
        return self.queues.ask(["KEYS", "resque:refscale:*"])[0] + self.storage.ask(["KEYS", "refscale:*"])[0] + \
            self.queues.ask(["KEYS", "resque:failed"])[0]


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


def kill_again_and_again(stand, clients, kills, reports_between):
    chance = random.Random(1)
    for kill in range(kills):
        clients.wait_for((kill + 1) * reports_between)
        victim = chance.choice(stand.processes)
        if victim is stand.listener:
            clients.up.clear()
        victim.kill()
        victim.start()
        clients.up.set()


def judge(stand, clients, kills, applications, began):
    counts = stand.counts(applications)
    wrong = {
        "lost": sorted(n for n in clients.accepted if counts[n] == 0),
        "counted twice": sorted(n for n in counts if counts[n] > 1),
    }
    maybe = sum(1 for n in clients.unanswered if counts[n] == 1)
    left = stand.left()
    print(f"kill -9, {kills} times in {time.monotonic() - began:.0f} s: {len(clients.accepted)} reports answered 202, "
          f"{len(wrong['lost'])} lost, {len(wrong['counted twice'])} counted twice; {len(clients.unanswered)} without an "
          f"answer, {maybe} of them counted; {len(left)} keys left over")
    for name, numbers in wrong.items():
        if numbers:
            print(f"kill_loop: {name}: " + " ".join(f"a{n}" for n in numbers))
    if left:
        print("kill_loop: left over: " + " ".join(left))
    return not (left or any(wrong.values()))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("refscale")
    arguments.add_argument("--redis", type=int, metavar="PORT")
    arguments.add_argument("--kills", type=int, default=20)
    given = arguments.parse_args()
    reports_between = 100 if given.redis else 150
    applications = (given.kills + 1) * reports_between
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        stand = RedisStand(given.refscale, given.redis) if given.redis else EmbeddedStand(given.refscale, folder)
        for process in stand.processes:
            process.start()
        provision(stand.listener.port)
        stand.add_applications(applications)
        clients = Clients(stand.listener, applications)
        threads = [threading.Thread(target=clients.run) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        kill_again_and_again(stand, clients, given.kills, reports_between)
        for thread in threads:
            thread.join()
        stand.settle(clients.accepted)
        is_right = judge(stand, clients, given.kills, applications, began)
        for process in stand.processes:
            process.kill(signal.SIGTERM)
    sys.exit(0 if is_right else 1)


main()
