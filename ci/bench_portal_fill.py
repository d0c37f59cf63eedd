#!/usr/bin/env python3
"""Fills a stopped portal's SQLite file with copies of its first tenant: bench_portal_fill.py FILE TENANTS SERVICES

Each tenant gets an admin with the token token-N, a buyer and an application, and SERVICES services with a metric, a
mapping rule, a proxy and its newest version in both environments. Copies differ in ids, names and hosts only.
"""

import sqlite3
import sys


class Filler:
    def __init__(self, path):
        self.database = sqlite3.connect(path)
        self.database.row_factory = sqlite3.Row
        self.next = {}

    def first(self, table, where="1 = 1", *arguments):
        return dict(self.database.execute(f'SELECT * FROM {table} WHERE {where} ORDER BY id LIMIT 1', arguments).fetchone())

    def copy(self, table, row, **changes):
        if table not in self.next:
            self.next[table] = self.database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
        self.next[table] += 1
        row = {**row, **changes, "id": self.next[table]}
        names = ", ".join(f'"{name}"' for name in row)
        self.database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        return row["id"]


def main(path, tenants, services):
    fill = Filler(path)
    of = {"tenant": fill.first("accounts", "provider = 1")}
    tenant_id = of["tenant"]["id"]
    service = fill.first("services", "account_id = ?", tenant_id)
    proxy = fill.first("proxies", "service_id = ?", service["id"])
    metric = fill.first("metrics", "service_id = ?", service["id"])
    rule = fill.first("proxy_rules", "proxy_id = ?", proxy["id"])
    token = fill.first("service_tokens", "service_id = ?", service["id"])
    config = fill.first("proxy_configs", "proxy_id = ?", proxy["id"])
    found = fill.first("proxy_config_hosts")
    plan = fill.first("plans", "issuer_id = ? AND issuer_type = 'Service' AND type = 'ApplicationPlan'", service["id"])
    user = fill.first("users", "account_id = ?", tenant_id)
    access = fill.first("access_tokens", "owner_id = ?", user["id"])
    buyer = fill.first("accounts", "provider_account_id = ? AND buyer = 1", tenant_id)
    application = fill.first("cinstances", "type = 'Cinstance' AND user_account_id = ?", buyer["id"])
    own = fill.first("cinstances", "type = 'Cinstance' AND user_account_id = ?", tenant_id)
    for t in range(1, tenants + 1):
        tenant = fill.copy("accounts", of["tenant"], org_name=f"Tenant {t}", domain=f"t{t}.example.com",
                           self_domain=f"t{t}-admin.example.com", default_service_id=None, default_account_plan_id=None)
        fill.database.execute("UPDATE accounts SET tenant_id = id WHERE id = ?", (tenant,))
        mine = {"tenant_id": tenant}
        fill.copy("cinstances", own, user_account_id=tenant, user_key=f"provider-key-{t}", application_id=f"own-{t}", **mine)
        admin = fill.copy("users", user, account_id=tenant, email=f"admin@t{t}.example", **mine)
        fill.copy("access_tokens", access, owner_id=admin, value=f"token-{t}", **mine)
        account = fill.copy("accounts", buyer, provider_account_id=tenant, **mine)
        for s in range(1, services + 1):
            host = f"s{s}-t{t}"
            new = fill.copy("services", service, account_id=tenant, name=f"API {s}", system_name=f"api_{s}",
                            default_application_plan_id=None, default_service_plan_id=None, **mine)
            hits = fill.copy("metrics", metric, service_id=new, **mine)
            gate = fill.copy("proxies", proxy, service_id=new, endpoint=f"https://{host}.example.com:443",
                             sandbox_endpoint=f"https://{host}-staging.example.com:443", **mine)
            fill.copy("proxy_rules", rule, proxy_id=gate, metric_id=hits, **mine)
            fill.copy("service_tokens", token, service_id=new, value=f"{new:064x}", **mine)
            for environment in ("sandbox", "production"):
                version = fill.copy("proxy_configs", config, proxy_id=gate, environment=environment, version=1,
                                    hosts=f"|{host}.example.com|{host}-staging.example.com|", **mine)
                for name in (f"{host}.example.com", f"{host}-staging.example.com"):
                    fill.copy("proxy_config_hosts", found, proxy_config_id=version, host=name, **mine)
            basic = fill.copy("plans", plan, issuer_id=new, **mine)
            fill.copy("cinstances", application, user_account_id=account, service_id=new, plan_id=basic,
                      user_key=f"key-{t}-{s}", application_id=f"app-{t}-{s}", **mine)
    fill.database.commit()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
