#!/usr/bin/env python3
"""Kills the portal with SIGKILL again and again while it is written to, and then looks at every change.

  kill_loop_portal.py REFSCALE [--kills N]    a portal on a SQLite file, a backend that is killed sometimes, too

Each writer has services of its own and knows what must be in them: what was answered with success is there, what was
refused or not answered is there as a whole or not at all. At the end the portal's API shows what the writers know, its
database is sound and has no half of anything, and backend's Internal API shows the same as the portal.
"""
import argparse
import base64
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

WRITERS = 4
ANSWERS_BETWEEN = 12  # kills
ANSWERS_WITHOUT_BACKEND = 4
# The portal waits longer and longer for a backend that is away, and goes on with that after a restart.
IN_STEP_WITHIN_S = 320
TOKEN = "admin-token"
INTERNAL = ("u", "p")


def basic(user, password=""):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Process:
    def __init__(self, name, command, variables):
        self.name, self.command = name, command
        self.environment = dict(os.environ, **variables)
        self.port = self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env=self.environment)
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.port = int(dict(w.split("=") for w in line.split()[2:])["port"])
                break
        else:
            sys.exit(f"kill_loop_portal: the {self.name} did not start")
        # Nobody reads on, so that no pipe may fill: drop what comes.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait()

    def keep_port(self):
        self.command[self.command.index("--port") + 1] = str(self.port)


class Unanswered(Exception):
    pass


class Api:
    """Calls of one of the two APIs, over a connection that is kept."""

    def __init__(self, process, authorization):
        self.process, self.authorization = process, authorization
        self.connection = None

    def call(self, method, path, body=None):
        headers = {"Authorization": self.authorization}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.process.port, timeout=30)
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as failure:
            self.connection = None
            raise Unanswered(str(failure)) from failure
        return answer.status, json.loads(text) if text.strip().startswith((b"{", b"[")) else None


def fail(text):
    print(f"kill_loop_portal: {text}", flush=True)
    os._exit(1)


def quoted(text):
    return urllib.parse.quote(str(text), safe="")


class Service:
    """What a writer knows of one of its services: by names of its own, each with the portal's number."""

    def __init__(self, name):
        self.name, self.number, self.description = name, None, None
        self.metrics, self.plans, self.limits, self.applications = {}, {}, {}, {}


class Writer(threading.Thread):
    def __init__(self, stand, number):
        super().__init__(daemon=True)
        self.stand, self.number = stand, number
        self.chance = random.Random(number)
        self.api = Api(stand.portal, basic(TOKEN))
        self.services, self.deleted = [], []
        self.counter = self.answered = self.unanswered = self.found = 0

    # Calls.

    def ask(self, method, path, body=None):
        """As often as it takes: for what changes nothing."""
        while True:
            self.stand.up.wait()
            try:
                return self.api.call(method, path, body)
            except Unanswered:
                continue

    def listed(self, path, plural, singular):
        status, document = self.ask("GET", path)
        if status != 200:
            fail(f"GET {path} was answered {status}")
        return [item[singular] for item in document[plural]]

    def write(self, method, path, body, wanted, find):
        """Returns the object that is there now, or None. find(): asks for it, when there was no answer."""
        self.stand.up.wait()
        try:
            status, document = self.api.call(method, path, body)
        except Unanswered:
            self.unanswered += 1
            there = find()
            self.found += there is not None
            return there
        if status != wanted:
            fail(f"{method} {path} was answered {status}: {document}")
        self.answered += 1
        self.stand.answer()
        if document is None:
            return {}
        return next(iter(document.values()))

    def name(self, kind):
        self.counter += 1
        return f"{kind}-{self.number}-{self.counter}"

    # Changes. Each is one request; what it must leave is known beforehand.

    def create_service(self):
        service = Service(self.name("service"))
        there = self.write("POST", "/admin/api/services.json", {"service": {"name": service.name}}, 201,
                           lambda: self.find_in("/admin/api/services.json", "services", "service", "name", service.name))
        if there is None:
            return
        service.number = there["id"]
        hits = self.listed(f"/admin/api/services/{service.number}/metrics.json", "metrics", "metric")
        rules = self.listed(f"/admin/api/services/{service.number}/proxy/mapping_rules.json", "mapping_rules", "mapping_rule")
        plans = self.listed(f"/admin/api/services/{service.number}/service_plans.json", "plans", "service_plan")
        proxy, _ = self.ask("GET", f"/admin/api/services/{service.number}/proxy.json")
        if [m["system_name"] for m in hits] != ["hits"] or len(rules) != 1 or len(plans) != 1 or proxy != 200:
            fail(f"{service.name} is half a service")
        service.metrics["hits"] = hits[0]["id"]
        self.services.append(service)

    def delete_service(self):
        service = self.some_service()
        path = f"/admin/api/services/{service.number}.json"
        self.write("DELETE", path, None, 200, lambda: {} if self.ask("GET", path)[0] == 404 else None)
        if self.ask("GET", path)[0] == 404:
            self.services.remove(service)
            self.deleted.append(service)

    def describe_service(self):
        service = self.some_service()
        path, text = f"/admin/api/services/{service.number}.json", self.name("description")

        def find():
            now = self.ask("GET", path)[1]["service"].get("description")
            return {"description": now} if now == text else None
        if self.write("PUT", path, {"service": {"description": text}}, 200, find) is not None:
            service.description = text

    def create_metric(self):
        service, name = self.some_service(), self.name("metric")
        path = f"/admin/api/services/{service.number}/metrics.json"
        there = self.write("POST", path, {"metric": {"friendly_name": name, "system_name": name, "unit": "x"}}, 201,
                           lambda: self.find_in(path, "metrics", "metric", "system_name", name))
        if there is not None:
            service.metrics[name] = there["id"]

    def create_plan(self):
        service, name = self.some_service(), self.name("plan")
        path = f"/admin/api/services/{service.number}/application_plans.json"
        there = self.write("POST", path, {"application_plan": {"name": name}}, 201,
                           lambda: self.find_in(path, "plans", "application_plan", "name", name))
        if there is not None:
            service.plans[name] = there["id"]

    def create_limit(self):
        service = self.some_service()
        if not service.plans:
            return self.create_plan()
        plan, metric = self.chance.choice(sorted(service.plans.values())), self.chance.choice(sorted(service.metrics.values()))
        free = [p for p in ("eternity", "year", "month", "week", "day", "hour", "minute")
                if (plan, metric, p) not in service.limits]
        if not free:
            return self.create_metric()
        period, value = self.chance.choice(free), self.chance.randrange(1000)
        path = f"/admin/api/application_plans/{plan}/metrics/{metric}/limits.json"
        there = self.write("POST", path, {"usage_limit": {"period": period, "value": value}}, 201,
                           lambda: self.find_in(path, "limits", "limit", "period", period))
        if there is not None:
            service.limits[plan, metric, period] = value

    def create_application(self):
        service, name = self.some_service(), self.name("app")
        if not service.plans:
            return self.create_plan()
        plan = self.chance.choice(sorted(service.plans.values()))
        path = f"/admin/api/accounts/{self.stand.account}/applications.json"
        there = self.write("POST", path, {"plan_id": plan, "name": name, "description": name, "application_id": name,
                                          "user_key": "key-" + name}, 201,
                           lambda: self.find_in(path, "applications", "application", "name", name))
        if there is not None:
            if there["user_key"] != "key-" + name or there["state"] != "live":
                fail(f"{name} is half an application")
            service.applications[name] = {"id": there["id"], "plan": plan, "keys": set(), "state": "live"}

    def some_application(self):
        service = self.some_service()
        return service, self.chance.choice(sorted(service.applications)) if service.applications else None

    def path_of(self, application, rest):
        return f"/admin/api/accounts/{self.stand.account}/applications/{application['id']}{rest}.json"

    def create_key(self):
        service, name = self.some_application()
        if name is None:
            return self.create_application()
        application, key = service.applications[name], self.name("secret")
        if len(application["keys"]) == 5:
            return self.toggle_application()
        path = self.path_of(application, "/keys")
        there = self.write("POST", path, {"key": key}, 201,
                           lambda: self.find_in(path, "keys", "key", "value", key))
        if there is not None:
            application["keys"].add(key)

    def toggle_application(self):
        service, name = self.some_application()
        if name is None:
            return self.create_application()
        application = service.applications[name]
        verb, state = ("suspend", "suspended") if application["state"] == "live" else ("resume", "live")

        def find():
            now = self.ask("GET", self.path_of(application, ""))[1]["application"]["state"]
            return {} if now == state else None
        if self.write("PUT", self.path_of(application, "/" + verb), {}, 200, find) is not None:
            application["state"] = state

    def delete_application(self):
        service, name = self.some_application()
        if name is None:
            return self.create_application()
        path = self.path_of(service.applications[name], "")
        gone = self.write("DELETE", path, None, 200, lambda: {} if self.ask("GET", path)[0] == 404 else None)
        if gone is not None:
            service.applications[name]["service"] = service.number
            self.deleted.append((name, service.applications.pop(name)))

    CHANGES = [create_service] * 2 + [describe_service, create_metric, create_metric, create_plan, create_limit,
               create_limit, create_application, create_application, create_application, create_key, create_key,
               toggle_application, delete_application, delete_service]

    def some_service(self):
        return self.chance.choice(self.services)

    def find_in(self, path, plural, singular, column, value):
        return next((item for item in self.listed(path, plural, singular) if item.get(column) == value), None)

    def run(self):
        while not self.stand.is_over:
            if len(self.services) < 2:
                self.create_service()
            else:
                self.chance.choice(self.CHANGES)(self)


class Stand:
    def __init__(self, refscale, folder):
        self.database = os.path.join(folder, "portal.sqlite")
        credentials = {"CONFIG_INTERNAL_API_USER": INTERNAL[0], "CONFIG_INTERNAL_API_PASSWORD": INTERNAL[1]}
        self.backend = Process("backend", [refscale, "backend", "--port", "0", "--store", os.path.join(folder, "store.db")],
                               credentials)
        self.backend.start()
        self.backend.keep_port()
        self.portal = Process("portal", [refscale, "portal", "--port", "0", "--database", self.database],
                              dict(credentials, ADMIN_ACCESS_TOKEN=TOKEN, PASSWORD_COST="4",
                                   THREESCALE_CORE_INTERNAL_API=f"http://127.0.0.1:{self.backend.port}/internal/"))
        self.portal.start()
        self.up, self.is_over = threading.Event(), False
        self.up.set()
        self.answers, self.progress = 0, threading.Condition()
        self.account = Api(self.portal, basic(TOKEN)).call("GET", "/admin/api/accounts.json")[1]["accounts"][0]["account"]["id"]

    def answer(self):
        with self.progress:
            self.answers += 1
            self.progress.notify_all()

    def wait_for(self, answers):
        with self.progress:
            if not self.progress.wait_for(lambda: self.answers >= answers, timeout=120):
                fail("the writers do not get on")

    def kill_again_and_again(self, kills):
        chance = random.Random(2)
        for kill in range(kills):
            self.wait_for(self.answers + ANSWERS_BETWEEN)
            both = kill % 8 == 7
            if both:
                self.backend.end(signal.SIGKILL)
                self.wait_for(self.answers + ANSWERS_WITHOUT_BACKEND)
            time.sleep(chance.random() * 0.01)  # anywhere within a write
            self.up.clear()
            self.portal.end(signal.SIGKILL)
            if both:
                self.backend.start()
            self.portal.start()
            self.up.set()


class Judge:
    def __init__(self, stand, writers):
        self.stand, self.writers, self.problems = stand, writers, []
        self.portal = Api(stand.portal, basic(TOKEN))
        self.backend = Api(stand.backend, basic(*INTERNAL))
        self.looked_at = 0

    def wants(self, what, wanted, found):
        self.looked_at += 1
        if wanted != found:
            self.problems.append(f"{what}: {found} in place of {wanted}")

    def listed(self, path, plural, singular):
        return [item[singular] for item in self.portal.call("GET", path)[1][plural]]

    def backend_has(self, path):
        status, document = self.backend.call("GET", "/internal/" + path)
        return document if status == 200 else None

    # The portal itself.

    def judge_portal(self):
        known = {s.name for w in self.writers for s in w.services}
        shown = {s["name"] for s in self.listed("/admin/api/services.json", "services", "service")}
        self.wants("services of the portal", known, {n for n in shown if n.startswith("service-")})
        for service in (s for w in self.writers for s in w.services):
            base = f"/admin/api/services/{service.number}"
            self.wants(f"description of {service.name}", service.description,
                       self.portal.call("GET", base + ".json")[1]["service"].get("description"))
            self.wants(f"metrics of {service.name}", set(service.metrics),
                       {m["system_name"] for m in self.listed(base + "/metrics.json", "metrics", "metric")})
            self.wants(f"plans of {service.name}", set(service.plans),
                       {p["name"] for p in self.listed(base + "/application_plans.json", "plans", "application_plan")})
            for plan in service.plans.values():
                limits = self.listed(f"/admin/api/application_plans/{plan}/limits.json", "limits", "limit")
                self.wants(f"limits of plan {plan}", {k: v for k, v in service.limits.items() if k[0] == plan},
                           {(plan, limit["metric_id"], limit["period"]): limit["value"] for limit in limits})
        applications = self.listed(f"/admin/api/accounts/{self.stand.account}/applications.json", "applications", "application")
        shown = {a["name"]: a["state"] for a in applications if a["name"].startswith("app-")}
        self.wants("applications", {n: a["state"] for w in self.writers for s in w.services for n, a in s.applications.items()},
                   shown)

    # Its database: nothing is half there.

    HALVES = {
        "services without a proxy": "SELECT count(*) FROM services WHERE id NOT IN (SELECT service_id FROM proxies)",
        "services without a token": "SELECT count(*) FROM services WHERE id NOT IN (SELECT service_id FROM service_tokens)",
        "services without hits": "SELECT count(*) FROM services WHERE id NOT IN "
                                 "(SELECT service_id FROM metrics WHERE system_name = 'hits')",
        "proxies without a rule": "SELECT count(*) FROM proxies p JOIN services s ON s.id = p.service_id WHERE "
                                  "s.name LIKE 'service-%' AND p.id NOT IN (SELECT proxy_id FROM proxy_rules)",
        "plans of no service": "SELECT count(*) FROM plans WHERE issuer_type = 'Service' AND "
                               "issuer_id NOT IN (SELECT id FROM services)",
        "applications without keys of their own": "SELECT count(*) FROM cinstances WHERE type = 'Cinstance' AND "
                                                  "(user_key IS NULL OR application_id IS NULL)",
        "calls that backend was not told": "SELECT count(*) FROM backend_updates",
    }

    def judge_database(self):
        database = sqlite3.connect(f"file:{self.stand.database}?mode=ro", uri=True)
        self.wants("integrity of the database", [("ok",)], database.execute("PRAGMA integrity_check").fetchall())
        self.wants("broken references", [], database.execute("PRAGMA foreign_key_check").fetchall())
        for what, statement in self.HALVES.items():
            self.wants(what, 0, database.execute(statement).fetchone()[0])
        self.tokens = database.execute("SELECT service_id, value FROM service_tokens").fetchall()
        database.close()

    # Backend.

    def wait_until_in_step(self):
        deadline = time.monotonic() + IN_STEP_WITHIN_S
        while time.monotonic() < deadline:
            database = sqlite3.connect(f"file:{self.stand.database}?mode=ro", uri=True)
            left = database.execute("SELECT count(*) FROM backend_updates").fetchone()[0]
            database.close()
            if left == 0:
                return
            time.sleep(0.1)

    def judge_service(self, service):
        base = f"services/{service.number}"
        self.wants(f"{service.name} in backend", True, self.backend_has(base) is not None)
        for name, metric in service.metrics.items():
            found = self.backend_has(f"{base}/metrics/{metric}")
            self.wants(f"{name} in backend", name, found and found["metric"]["name"])
        for (plan, metric, period), value in service.limits.items():
            found = self.backend_has(f"{base}/plans/{plan}/usagelimits/{metric}/{period}")
            self.wants(f"limit of {metric} for a {period} in backend", value, found and found["usagelimit"][period])
        for name, application in service.applications.items():
            path = f"{base}/applications/{quoted(name)}"
            found = self.backend_has(path)
            state = "active" if application["state"] == "live" else application["state"]
            self.wants(f"{name} in backend", (state, str(application["plan"])),
                       found and (found["application"]["state"], str(found["application"]["plan_id"])))
            found = self.backend_has(path + "/keys/")
            self.wants(f"keys of {name} in backend", application["keys"],
                       found and {key["value"] for key in found["application_keys"]})
            found = self.backend_has(f"{base}/applications/key/{quoted('key-' + name)}")
            self.wants(f"user key of {name} in backend", name, found and found["application"]["id"])

    def judge_backend(self):
        for service, token in self.tokens:
            status, _ = self.backend.call("HEAD", f"/internal/service_tokens/{quoted(token)}/{service}/")
            if service != 1:  # master's own service is not pushed
                self.wants(f"token of service {service} in backend", 200, status)
        for writer in self.writers:
            for service in writer.services:
                self.judge_service(service)
            for gone in writer.deleted:
                path = f"services/{gone.number}" if isinstance(gone, Service) else \
                    f"services/{gone[1]['service']}/applications/{quoted(gone[0])}"
                self.wants(f"{path}, which was deleted, in backend", None, self.backend_has(path))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("refscale")
    arguments.add_argument("--kills", type=int, default=20)
    given = arguments.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        stand = Stand(given.refscale, folder)
        writers = [Writer(stand, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        stand.kill_again_and_again(given.kills)
        stand.is_over = True
        for writer in writers:
            writer.join()
        judge = Judge(stand, writers)
        judge.wait_until_in_step()
        judge.judge_portal()
        judge.judge_database()
        judge.judge_backend()
        stand.portal.end(signal.SIGTERM)
        stand.backend.end(signal.SIGTERM)
    print(f"kill -9, {given.kills} times in {time.monotonic() - began:.0f} s: {sum(w.answered for w in writers)} changes "
          f"answered, {sum(w.unanswered for w in writers)} without an answer, {sum(w.found for w in writers)} of them there; "
          f"{judge.looked_at} looked at in portal, database and backend, {len(judge.problems)} wrong")
    for problem in judge.problems[:50]:
        print(f"kill_loop_portal: {problem}")
    sys.exit(1 if judge.problems else 0)


main()
