#!/usr/bin/env python3
"""Kills the Redis master below a listener and a worker, twice, under load, and then looks at every report.

A Redis with an append-only file, its replica and three Sentinels; `refscale backend` finds its master by them. Each
report is for an application of its own, so that each can be told apart: one that was answered 202 must be counted
exactly once. What the dead master had not passed on when it died is lost by Redis, whoever uses it; the script proves
it for each such report: its job or its counter is in the dead master's data, and in those of the replica, taken
between the death and the promotion, is neither.

With --cut-ms the replication is cut that long before each kill, so that Redis surely loses something.

usage: failover.py REFSCALE [--seconds 60] [--rate 2000] [--cut-ms 0]
"""
import argparse
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

KILLS = 2
CONNECTIONS = 64
DOWN_AFTER_MS = 500
CALM_DOWN_AFTER_MS = 10000  # while nobody is killed: a disk that is slow for a moment is no death
RECOVERY_MAX_S = 2.0
GROUP = "main"
COUNTER = "stats/{service:1}/cinstance:a%d/metric:1/eternity"
CREDENTIALS = "Authorization: Basic dTpw\r\n"  # u:p
QUEUES_DATABASE = 1
FAILED = b"resque:failed"


def fail(text):
    sys.exit("failover: " + text)


# Redis.

class Resp:
    """A connection to a Redis or a Sentinel: commands go out together, replies come back in a list."""

    def __init__(self, port, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("connection closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise OSError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self.read() for _ in range(int(rest))]

    def ask_all(self, commands):
        replies = []
        for first in range(0, len(commands), 500):
            part = commands[first:first + 500]
            lines = []
            for words in part:
                words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
                lines.append(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            self.socket.sendall(b"".join(lines))
            replies += [self.read() for _ in part]
        return replies

    def ask(self, *words):
        return self.ask_all([words])[0]


def info(port, section):
    connection = Resp(port)
    text = connection.ask("INFO", section).decode()
    connection.close()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def wait_for(what, check, seconds=30.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            result = check()
            if result:
                return result
        except (OSError, KeyError):
            pass
        time.sleep(0.01)
    fail(what + " does not happen")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Node:
    """One redis-server with an append-only file."""

    def __init__(self, folder, port):
        self.folder, self.port, self.process = folder, port, None
        os.makedirs(folder, exist_ok=True)

    def start(self, master=None):
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes",
                 "--auto-aof-rewrite-percentage", "0", "--repl-diskless-sync-delay", "0", "--dir", self.folder,
                 "--logfile", os.path.join(self.folder, "log")]
        if master is not None:
            words += ["--replicaof", f"127.0.0.1 {master.port}"]
        self.process = subprocess.Popen(words)
        wait_for("the start of a Redis", lambda: info(self.port, "persistence")["loading"] == "0")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()


def link_tree(source, target):
    """All files under another name at once, however large they are; returns how large they were."""
    sizes = {}
    for folder, _, names in os.walk(source):
        os.makedirs(os.path.join(target, os.path.relpath(folder, source)))
        for name in names:
            path = os.path.join(target, os.path.relpath(folder, source), name)
            os.link(os.path.join(folder, name), path)
            sizes[path] = os.path.getsize(path)
    return sizes


def cut_tree(sizes):
    """Turns links to files that grew on into files of their own, as they were."""
    for path, size in sizes.items():
        with open(path, "rb") as file:
            content = file.read(size)
        os.unlink(path)
        with open(path, "wb") as file:
            file.write(content)


class Cluster:
    def __init__(self, folder):
        ports = free_ports(6)
        self.folder = folder
        self.nodes = [Node(os.path.join(folder, f"node{i}"), ports[i]) for i in range(2)]
        self.spare_port = ports[2]
        self.sentinel_ports = ports[3:]
        self.sentinels = []

    def start(self):
        self.nodes[0].start()
        self.nodes[1].start(master=self.nodes[0])
        for number, port in enumerate(self.sentinel_ports):
            folder = os.path.join(self.folder, f"sentinel{number}")
            os.makedirs(folder)
            path = os.path.join(folder, "sentinel.conf")
            with open(path, "w", encoding="ascii") as file:
                file.write(f"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile {folder}/log\n"
                           f"sentinel monitor {GROUP} 127.0.0.1 {self.nodes[0].port} 2\n"
                           f"sentinel down-after-milliseconds {GROUP} {CALM_DOWN_AFTER_MS}\n"
                           f"sentinel failover-timeout {GROUP} 1000\n")
            self.sentinels.append(subprocess.Popen(["redis-server", path, "--sentinel"]))
        for port in self.sentinel_ports:
            wait_for("the agreement of the Sentinels", lambda p=port: self.knows_all(p))

    @staticmethod
    def knows_all(port):
        connection = Resp(port)
        others, replicas = connection.ask_all([["SENTINEL", "sentinels", GROUP], ["SENTINEL", "replicas", GROUP]])
        connection.close()
        return len(others) == 2 and len(replicas) == 1

    def master_port(self, sentinel_port):
        connection = Resp(sentinel_port, timeout=1.0)
        address = connection.ask("SENTINEL", "get-master-addr-by-name", GROUP)
        connection.close()
        return int(address[1])

    def set_down_after(self, milliseconds):
        for port in self.sentinel_ports:
            connection = Resp(port)
            connection.ask("SENTINEL", "SET", GROUP, "down-after-milliseconds", milliseconds)
            connection.close()

    def master(self):
        port = self.master_port(self.sentinel_ports[0])
        return next(node for node in self.nodes if node.port == port)

    def other(self, node):
        return self.nodes[1 - self.nodes.index(node)]

    def is_synchronous(self, replica):
        replication, persistence = info(replica.port, "replication"), info(replica.port, "persistence")
        return (replication["role"] == "slave" and replication["master_link_status"] == "up"
                and persistence["aof_rewrite_in_progress"] == "0" and persistence["aof_rewrite_scheduled"] == "0")

    def switches(self):
        """What the Sentinels decided, each line once: more than we killed masters is a failover of their own."""
        lines = {}
        for number in range(len(self.sentinels)):
            with open(os.path.join(self.folder, f"sentinel{number}", "log"), encoding="utf-8") as file:
                lines.update({line.split("# ")[1].strip(): line.strip() for line in file if "+switch-master" in line})
        return sorted(lines.values())

    def stop(self):
        for process in self.sentinels + [node.process for node in self.nodes if node.process is not None]:
            if process.poll() is None:
                process.kill()
                process.wait()


class Evidence:
    """The data of a node as they were at one moment, read by a Redis that nobody else knows."""

    def __init__(self, folder, port):
        self.process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                         "--appendonly", "yes", "--dir", folder, "--logfile", folder + "/evidence.log"])
        wait_for("the start of a dead master's data", lambda: info(port, "persistence")["loading"] == "0", 120.0)
        self.connection = Resp(port, timeout=60.0)
        self.queued = jobs(self.connection)

    def knows(self, number):
        return number in self.queued or self.connection.ask_all([["SELECT", 0], ["GET", COUNTER % number]])[1]

    def close(self):
        self.connection.close()
        self.process.kill()
        self.process.wait()


def lists(connection):
    """The lists of jobs: queues, what workers have in hand, failed ones."""
    connection.ask("SELECT", QUEUES_DATABASE)
    keys = connection.ask("KEYS", "resque:*")
    types = connection.ask_all([["TYPE", key] for key in keys])
    return [key for key, kind in zip(keys, types) if kind == b"list"]


def jobs(connection):
    """The reports that are in any list of jobs."""
    found = set()
    for key in lists(connection):
        for payload in connection.ask("LRANGE", key, 0, -1):
            found.update(int(number) for number in re.findall(rb'"app_id\\*":\\*"a(\d+)', payload))
    return found


# The load.

class Caller:
    """One keep-alive connection that has one request under way."""

    def __init__(self, load):
        self.load, self.socket, self.number = load, None, None
        self.bytes = b""

    def send(self, number, request):
        self.number, self.bytes = number, b""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.load.port), timeout=5.0)
                self.load.selector.register(self.socket, selectors.EVENT_READ, self)
            self.socket.sendall(request)
        except OSError:
            self.end(None)

    def readable(self):
        try:
            received = self.socket.recv(65536)
        except OSError:
            received = b""
        if not received:
            self.load.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None
            self.end(None)
            return
        self.bytes += received
        head, separator, body = self.bytes.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if separator and len(body) >= (int(length[1]) if length else 0):
            self.end(int(head[9:12]))

    def end(self, status):
        number, self.number = self.number, None
        self.load.idle.append(self)
        self.load.answered(number, status)


class Load:
    """Sends requests 0, 1, 2, ... at a rate (0: as fast as they are answered) until told to stop."""

    def __init__(self, port, request, rate, count=None):
        self.port, self.request, self.rate, self.count = port, request, rate, count
        self.selector = selectors.DefaultSelector()
        self.callers = [Caller(self) for _ in range(CONNECTIONS)]
        self.idle = list(self.callers)
        self.next, self.is_over = 0, False
        self.statuses = {}
        self.successes = []  # when

    def answered(self, number, status):
        self.statuses[number] = status
        if status is not None and 200 <= status < 300:
            self.successes.append(time.monotonic())

    def due(self, began):
        if self.is_over or (self.count is not None and self.next >= self.count):
            return 0
        return len(self.idle) if self.rate == 0 else int((time.monotonic() - began) * self.rate) - self.slots

    def run(self):
        began, self.slots = time.monotonic(), 0
        while True:
            due = self.due(began)
            self.slots += max(due, 0)  # a slot without an idle connection is not made up for
            for _ in range(min(due, len(self.idle))):
                if self.count is not None and self.next >= self.count:
                    break
                number, self.next = self.next, self.next + 1
                self.idle.pop().send(number, self.request(number))
            is_done = self.is_over or (self.count is not None and self.next >= self.count)
            if is_done and len(self.idle) == len(self.callers):
                return
            for key, _ in self.selector.select(0.001):
                key.data.readable()


def report(number):
    body = f"service_token=t&service_id=1&transactions[0][app_id]=a{number}&transactions[0][usage][hits]=1"
    return (f"POST /transactions.xml HTTP/1.1\r\nHost: b\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def internal(method, path, body):
    return (f"{method} /internal/{path} HTTP/1.1\r\nHost: b\r\n{CREDENTIALS}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def provision(port, applications):
    first = [
        internal("POST", "services/", '{"service":{"id":"1","provider_key":"pk"}}'),
        internal("POST", "service_tokens/", '{"service_tokens":{"t":{"service_id":"1"}}}'),
        internal("POST", "services/1/metrics/1", '{"metric":{"name":"hits"}}'),
    ]
    application = '{"application":{"state":"active","plan_id":"p","plan_name":"p"}}'
    for requests, count in ((first.__getitem__, len(first)),
                            (lambda n: internal("POST", f"services/1/applications/a{n}", application), applications)):
        load = Load(port, requests, 0, count)
        load.run()
        wrong = [s for s in load.statuses.values() if s is None or not 200 <= s < 300]
        if wrong:
            fail(f"{len(wrong)} calls of the Internal API were answered {wrong[0]}")


# Backend.

class Backend:
    def __init__(self, refscale, role, cluster, **variables):
        environment = dict(
            os.environ, CONFIG_INTERNAL_API_USER="u", CONFIG_INTERNAL_API_PASSWORD="p",
            CONFIG_REDIS_PROXY=f"redis://{GROUP}/0", CONFIG_QUEUES_MASTER_NAME=f"redis://{GROUP}/{QUEUES_DATABASE}",
            CONFIG_REDIS_SENTINEL_HOSTS=",".join(f"127.0.0.1:{port}" for port in cluster.sentinel_ports), **variables)
        self.role = role
        self.process = subprocess.Popen([refscale, "backend", role, "--port", "0"], stdout=subprocess.PIPE, text=True,
                                        env=environment)

    def wait_ready(self):
        for line in self.process.stdout:
            if line.startswith("ready "):
                # Nobody reads on, so that no pipe may fill: drop what comes.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return int(dict(w.split("=") for w in line.split()[2:]).get("port", "0"))
        return fail(f"the {self.role} did not start")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


# The deaths.

def cut_replication(master, replica, seconds):
    """The replica gets nothing any more; it sleeps so that it does not connect again."""
    replica.process.send_signal(signal.SIGSTOP)
    connection = Resp(master.port)
    connection.ask("CLIENT", "KILL", "TYPE", "replica")
    connection.close()
    time.sleep(seconds)


def kill_master(cluster, load, number, cut_seconds):
    """Returns the folders of what was there at the death, and the seconds from the promotion to the first answer."""
    master = cluster.master()
    replica = cluster.other(master)
    wait_for("the synchronization of a replica", lambda: cluster.is_synchronous(replica), 60.0)
    cluster.set_down_after(DOWN_AFTER_MS)
    if cut_seconds > 0:
        cut_replication(master, replica, cut_seconds)
    killed_at = time.monotonic()
    master.kill()
    replica.process.send_signal(signal.SIGCONT)
    # What it had received is in its file when it knows that the link is down.
    wait_for("the end of a replication link", lambda: info(replica.port, "replication")["master_link_status"] == "down")
    before = os.path.join(cluster.folder, f"replica{number}")
    sizes = link_tree(replica.folder, before)
    if info(replica.port, "replication")["role"] != "slave":
        fail("the replica was promoted before its data were copied")
    promoted_at = wait_for("a promotion", lambda: any(
        cluster.master_port(port) == replica.port for port in cluster.sentinel_ports) and time.monotonic())
    wait_for("an answer after the promotion", lambda: load.successes and load.successes[-1] > promoted_at)
    # What the master had answered may still have been on its way.
    first = min(at for at in load.successes if at > killed_at + DOWN_AFTER_MS / 2000)
    wait_for("the agreement on a new master", lambda: all(
        cluster.master_port(port) == replica.port for port in cluster.sentinel_ports))
    cluster.set_down_after(CALM_DOWN_AFTER_MS)
    cut_tree(sizes)
    dead = os.path.join(cluster.folder, f"dead{number}")
    shutil.copytree(master.folder, dead)
    master.start(master=replica)
    outage = first - killed_at
    print(f"failover {number + 1}: promoted {promoted_at - killed_at:.2f} s after the kill, "
          f"first answer {max(first - promoted_at, 0.0):.2f} s after the promotion, {outage:.2f} s without answers")
    return dead, before, max(first - promoted_at, 0.0)


def drain(cluster, seconds=60.0):
    """Until no list of jobs but that of failed ones holds anything, twice in a row."""
    def is_empty():
        connection = Resp(cluster.master().port)
        left = [key for key in lists(connection) if key != FAILED]
        connection.close()
        return not left
    wait_for("the end of the queues", lambda: is_empty() and (time.sleep(1.0) or is_empty()), seconds)


def retry_failed(refscale, cluster):
    connection = Resp(cluster.master().port)
    connection.ask("SELECT", QUEUES_DATABASE)
    count = connection.ask("LLEN", FAILED)
    connection.close()
    if count > 0:
        cron = Backend(refscale, "cron", cluster, ONCE="1")
        cron.process.communicate(timeout=60)
        drain(cluster)
    return count


def read_counts(cluster, total):
    connection = Resp(cluster.master().port, timeout=60.0)
    replies = connection.ask_all([["GET", COUNTER % n] for n in range(total)])
    connection.close()
    return [int(reply or 0) for reply in replies]


def explain(cluster, folders, lost):
    """Those of `lost` that a dead master knew and its replica did not."""
    explained = set()
    for dead_folder, replica_folder in folders:
        dead = Evidence(dead_folder, cluster.spare_port)
        known = {number for number in lost if dead.knows(number)}
        dead.close()
        replica = Evidence(replica_folder, cluster.spare_port)
        explained |= {number for number in known if not replica.knows(number)}
        replica.close()
    return explained


def judge(refscale, cluster, load, folders, recoveries, processes):
    # What the worker had put away on a dead master is there again when that was lost; another worker puts it away.
    processes.append(Backend(refscale, "worker", cluster))
    processes[-1].wait_ready()
    drain(cluster)
    retried = retry_failed(refscale, cluster)
    total = load.next
    counts = read_counts(cluster, total)
    accepted = [n for n in range(total) if load.statuses[n] == 202]
    others = [n for n in range(total) if load.statuses[n] != 202]
    statuses = sorted({str(load.statuses[n]) for n in others})
    once = [n for n in accepted if counts[n] == 1]
    lost = [n for n in accepted if counts[n] == 0]
    twice = [n for n in range(total) if counts[n] > 1]
    explained = explain(cluster, folders, lost) if lost else set()
    unexplained = [n for n in lost if n not in explained]
    print(f"reports: {len(accepted)} accepted, {len(once)} counted once, {len(explained)} lost by Redis and explained, "
          f"{len(twice)} counted twice, {len(unexplained)} unexplained")
    print(f"others: {len(others)} not accepted ({', '.join(statuses) or 'none'}), "
          f"{sum(counts[n] == 1 for n in others)} of them counted; {retried} jobs retried by cron")
    if twice:
        print("failover: counted twice: " + " ".join(f"a{n}" for n in twice[:20]))
    if unexplained:
        print("failover: unexplained: " + " ".join(f"a{n}" for n in unexplained[:20]))
    if twice or unexplained:
        print("\n".join(["failover: the Sentinels' decisions:"] + cluster.switches()))
        for node in cluster.nodes:
            print(f"failover: node on {node.port}: {info(node.port, 'replication')}")
            with open(os.path.join(node.folder, "log"), encoding="utf-8") as file:
                print("".join(file.readlines()[-40:]))
    slow = [r for r in recoveries if r > RECOVERY_MAX_S]
    if slow:
        print(f"failover: {slow[0]:.2f} s from a promotion to the first answer, at most {RECOVERY_MAX_S:.0f} are right")
    return not twice and not unexplained and not slow and len(accepted) > total / 2


def run(options, cluster, processes):
    cluster.start()
    listener = Backend(options.refscale, "listener", cluster)
    processes.append(listener)
    port = listener.wait_ready()
    total = int(options.rate * options.seconds * 1.2)  # the last recovery may take longer than planned
    provision(port, total)
    worker = Backend(options.refscale, "worker", cluster)
    processes.append(worker)
    worker.wait_ready()
    load = Load(port, report, options.rate, total)
    thread = threading.Thread(target=load.run)
    deaths = []
    began = time.monotonic()
    thread.start()
    try:
        for number in range(KILLS):
            time.sleep(max(0.0, began + options.seconds * (number + 1) / (KILLS + 1) - time.monotonic()))
            deaths.append(kill_master(cluster, load, number, options.cut_ms / 1000))
        time.sleep(max(1.0, began + options.seconds - time.monotonic()))
    finally:
        load.is_over = True
        thread.join()
    return judge(options.refscale, cluster, load, [death[:2] for death in deaths], [death[2] for death in deaths],
                 processes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("refscale")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--cut-ms", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        cluster, processes = Cluster(folder), []
        try:
            is_right = run(options, cluster, processes)
        finally:
            for process in processes:
                process.stop()
            cluster.stop()
    sys.exit(0 if is_right else 1)


main()
