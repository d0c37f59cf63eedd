#!/usr/bin/env python3
"""Replaces the gateway's configuration again and again under load, and explains every answer by one version.

  gateway_swaps.py REFSCALE [--swaps N] [--clients N]
  gateway_swaps.py REFSCALE --only-load               how long a large configuration takes

Real processes on loopback: clients call without pause through a gateway, authorized by backend, to the Echo API,
while PUT /config installs one version after another. A version shows in what goes to the API (the path) and in what
comes back (a header): both must be the same, and one of those in force while the call was under way. No call may
fail, and old versions must not stay in memory. A large configuration must load in a second.
"""
import argparse
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time

SERVICES = 20  # of each version: old ones that stayed in memory would be seen
RULES = 10
WARM_UP = 0.2  # the share of the swaps after which memory must not grow any more
GROWTH_MAX_KB = 8 * 1024
CALLS_BETWEEN = 2  # at least so many calls for each version
LARGE_SERVICES = 1000
LARGE_LOAD_S_MAX = 1.0


class Process:
    def __init__(self, words, **variables):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env=dict(os.environ, **variables))
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.ports = {n: int(v) for n, v in (w.split("=") for w in line.split()[2:] if w.count("=") == 1)
                              if v.isdigit()}
                break
        else:
            sys.exit(f"gateway_swaps: {' '.join(words[1:3])} did not start")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

    def end(self):
        self.process.terminate()
        return self.process.wait()


def call(port, method, path, body=None, fields=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, fields or {})
    answer = connection.getresponse()
    return answer.status, answer.read()


def provision(port):
    fields = {"Authorization": "Basic dTpw", "Content-Type": "application/json"}
    for method, path, body in (
            ("POST", "services/", {"service": {"id": "1", "provider_key": "pk", "backend_version": "1"}}),
            ("POST", "service_tokens/", {"service_tokens": {"st": {"service_id": "1"}}}),
            ("POST", "services/1/metrics/1", {"metric": {"name": "hits"}}),
            ("POST", "services/1/applications/a", {"application": {"state": "active", "plan_id": "1", "plan_name": "p"}}),
            ("PUT", "services/1/applications/a/key/k", {})):
        status, answer = call(port, method, f"/internal/{path}", json.dumps(body), fields)
        if status not in (200, 201):
            sys.exit(f"gateway_swaps: backend answers {status} to {path}: {answer!r}")


def service(number, version, backend, echo, rules):
    return {
        "id": number, "system_name": f"s{number}", "backend_version": "1",
        "backend_authentication_type": "service_token", "backend_authentication_value": "st",
        "proxy": {
            "hosts": [f"s{number}.example.com"], "api_backend": f"http://127.0.0.1:{echo}/version-{version}",
            "backend": {"endpoint": f"http://127.0.0.1:{backend}"},
            "policy_chain": [
                {"name": "headers", "configuration": {"response": [{"op": "set", "header": "X-Version", "value": str(version)}]}},
                {"name": "apicast"}],
            "proxy_rules": [{"http_method": "GET", "pattern": "/", "metric_system_name": "hits", "delta": 1}] + [
                {"http_method": "GET", "pattern": f"/resource/{{id}}/part{n}$", "metric_system_name": "hits", "delta": 1}
                for n in range(rules - 1)]}}


class Load:
    """Clients, and what is wrong with their answers."""

    def __init__(self, port, count):
        self.port = port
        self.newest_sent = self.newest_done = 0
        self.calls, self.troubles, self.versions = 0, [], set()
        self.is_over = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def judge(self, oldest, newest, status, header, body):
        if status != 200:
            return f"status {status}"
        if f"/version-{header}/resource" not in body:
            return f"header says {header}, the API saw {body[:200]}"
        if not oldest <= int(header) <= newest:
            return f"version {header}, but {oldest} to {newest} were in force"
        return None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.is_over:
            oldest = self.newest_done
            header = None
            try:
                connection.request("GET", "/resource/7?user_key=k", headers={"Host": "s1.example.com"})
                answer = connection.getresponse()
                header = answer.getheader("X-Version")
                trouble = self.judge(oldest, self.newest_sent, answer.status, header, answer.read().decode())
            except (OSError, http.client.HTTPException) as failure:
                trouble = repr(failure)
                connection.close()
            with self.lock:
                self.calls += 1
                self.versions.add(header)
                if trouble is not None:
                    self.troubles.append(trouble)

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def swap(gateway, load, version, document):
    load.newest_sent = version
    status, answer = call(gateway.ports["management_port"], "PUT", "/config", document)
    if status != 200:
        sys.exit(f"gateway_swaps: version {version} is answered {status}: {answer[:200]!r}")
    load.newest_done = version
    wanted = load.calls + CALLS_BETWEEN
    while load.calls < wanted:
        time.sleep(0.0005)


def large_load_s(refscale, folder):
    """Processor time, as the machine may be busy."""
    path = os.path.join(folder, "large.json")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"services": [service(n, 1, 1, 1, RULES) for n in range(LARGE_SERVICES)]}, file)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([refscale, "gateway", "--test", "-c", path], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("refscale")
    parser.add_argument("--swaps", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--only-load", action="store_true")
    options = parser.parse_args()
    failed = []

    def check(what, value, is_fine):
        print(f"{'ok     ' if is_fine else 'FAILED '} {what}: {value}", flush=True)
        if not is_fine:
            failed.append(what)

    with tempfile.TemporaryDirectory() as folder:
        seconds = large_load_s(options.refscale, folder)
        check(f"{LARGE_SERVICES} services with {LARGE_SERVICES * RULES} rules load, s of a processor",
              f"{seconds:.2f}", seconds < LARGE_LOAD_S_MAX)
    if options.only_load:
        return 1 if failed else 0
    echo = Process([options.refscale, "echo", "--port", "0"])
    backend = Process([options.refscale, "backend", "--port", "0", "--store", ":memory:"],
                      CONFIG_INTERNAL_API_USER="u", CONFIG_INTERNAL_API_PASSWORD="p")
    provision(backend.ports["port"])

    def version(number):
        return json.dumps({"services": [service(n, number, backend.ports["port"], echo.ports["port"], RULES)
                                        for n in range(1, SERVICES + 1)]})

    gateway = Process([options.refscale, "gateway", "--port", "0", "--management-port", "0", "--metrics-port", "0",
                       "--echo-port", "0", "--lazy", "-i", "-1"], APICAST_MANAGEMENT_API="debug", APICAST_WORKERS="1",
                      APICAST_ACCESS_LOG_FILE="/dev/null", APICAST_CONFIGURATION="data:application/json,%7B%7D")
    call(gateway.ports["management_port"], "PUT", "/config", version(0))
    load = Load(gateway.ports["port"], options.clients)
    began = time.monotonic()
    warm_up = max(1, int(options.swaps * WARM_UP))
    warm_kb = 0
    for number in range(1, options.swaps + 1):
        swap(gateway, load, number, version(number))
        if number == warm_up:
            warm_kb = gateway.memory_kb()
    load.end()
    span = time.monotonic() - began
    grown_kb = gateway.memory_kb() - warm_kb
    print(f"        {options.swaps} swaps and {load.calls} calls in {span:.1f} s, {warm_kb} kB in memory")
    for trouble in load.troubles[:5]:
        print(f"        {trouble}")
    check("failed or unexplained calls", len(load.troubles), not load.troubles)
    check("versions seen by clients", len(load.versions), len(load.versions) > options.swaps * 0.5)
    check("memory grown since, kB", grown_kb, grown_kb < GROWTH_MAX_KB)
    check("the gateway ends with status", gateway.end(), gateway.process.returncode == 0)
    backend.end()
    echo.end()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
