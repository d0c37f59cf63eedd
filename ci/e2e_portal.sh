#!/bin/sh
# Real processes of all components, joined as in an installation: what the portal promoted is what gateways serve, however
# they ask (spec/portal.md 10.1): in boot and lazy mode, through the tenant's services and through master. And what was
# promoted outlives a killed portal.
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=$(pwd)/${1:-build}/refscale
case ${1:-} in /*) refscale=$1/refscale ;; esac
. ci/stack.sh
stack_begin
trap stack_end EXIT
export APICAST_WORKERS=1

# Echo API, backend, portal. The portal tells gateways where backend is.
stack_start echo "$refscale" echo --port 0 || exit 1
export CONFIG_INTERNAL_API_USER=u CONFIG_INTERNAL_API_PASSWORD=p
stack_start backend "$refscale" backend --port 0 --bind 127.0.0.1 --store :memory: --store-port 0 || exit 1
backend=http://127.0.0.1:$(stack_port backend)
registry_port=$(stack_free_port)
start_portal() {
	stack_start portal env APICAST_REGISTRY_URL="http://127.0.0.1:$registry_port/policies" TENANT_NAME=3scale \
		ADMIN_ACCESS_TOKEN=admin-token APICAST_ACCESS_TOKEN=apicast-token \
		BACKEND_ENDPOINT="$backend" APICAST_BACKEND_ROOT_ENDPOINT="$backend" \
		BACKEND_REDIS_URL="redis://127.0.0.1:$(stack_port backend store_port)" \
		"$refscale" portal --port "$1" --address 127.0.0.1 --database "$stack/portal.sqlite"
}
start_portal 0 || exit 1
portal_port=$(stack_port portal)

api() { # METHOD PATH [FORM]
	curl -s -X "$1" -u admin-token: -H 'Host: 3scale-admin.example.com' ${3+-d "$3"} \
		"http://127.0.0.1:$portal_port/admin/api/$2"
}
field() { # NAME: the first of that name in the JSON read
	grep -o "\"$1\":\"\{0,1\}[^\",}]*" | head -n 1 | sed 's/^[^:]*:"\{0,1\}//'
}
service=$(api GET services.json | field id)
user_key=$(api GET applications.json | field user_key)
check 'the sample service' "$service" -gt 0

# publish HOST: a version with this public base URL, in production.
publish() {
	api PATCH "services/$service/proxy.json" \
		"api_backend=http://echo.localhost:$(stack_port echo)&endpoint=http://$1:80&sandbox_endpoint=http://staging.$1:80" >/dev/null
	version=$(api GET "services/$service/proxy/configs/sandbox/latest.json" | field version)
	api POST "services/$service/proxy/configs/sandbox/$version/promote.json" to=production | field environment
}
status() { # GATEWAY HOST [KEY]
	curl -s -o /dev/null -w '%{http_code}' -H "Host: $2" "http://127.0.0.1:$(stack_port "$1")/hello?user_key=${3:-$user_key}"
}
until_status() { # STATUS GATEWAY HOST: the status at last, 10 s at most
	tries=0
	until [ "$(status "$2" "$3")" = "$1" ] || [ $tries -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	status "$2" "$3"
}

check 'promotion' "$(publish first.example.net)" = production
tenant=http://admin-token@127.0.0.1:$portal_port
master=http://apicast-token@127.0.0.1:$portal_port/master/api/proxy/configs
# gateway NAME ENDPOINT LOADER CACHE
gateway() {
	stack_start "$1" env THREESCALE_PORTAL_ENDPOINT="$2" THREESCALE_DEPLOYMENT_ENV=production \
		APICAST_CONFIGURATION_LOADER="$3" APICAST_CONFIGURATION_CACHE="$4" \
		"$refscale" gateway --port 0 --management-port "${5:-0}" --metrics-port 0 --echo-port 0 || exit 1
}
gateway lazy_tenant "$tenant" lazy 0 "$registry_port"
gateway lazy_master "$master" lazy 0
gateway boot_tenant "$tenant" boot 1
gateway boot_master "$master" boot 1
check 'policies that the gateway offers' "$(api GET policies.json | grep -o '"caching":\[{' | wc -l)" = 1
for name in lazy_tenant lazy_master boot_tenant boot_master; do
	check "$name: what was promoted before the start" "$(status $name first.example.net)" = 200
	check "$name: an unknown key" "$(status $name first.example.net wrong)" = 403
	check "$name: an unknown host" "$(status $name other.example.net)" = 404
done

check 'promotion of another address' "$(publish second.example.net)" = production
for name in lazy_tenant lazy_master boot_tenant boot_master; do
	check "$name: what was promoted since" "$(until_status 200 $name second.example.net)" = 200
	check "$name: the address of before" "$(until_status 404 $name first.example.net)" = 404
done

# What backend counted of it is what the portal shows, read from backend's own store.
usage() { # PERIOD: what was counted in the one that ends now
	curl -s -u admin-token: -H 'Host: 3scale-admin.example.com' \
		"http://127.0.0.1:$portal_port/stats/services/$service/usage.json?metric_name=hits&period=$1" | field total
}
tries=0
until { [ "$(usage day)" -ge 12 ] && [ "$(usage year)" = "$(usage day)" ]; } || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
check 'calls that passed, in the statistics of the day' "$(usage day)" -ge 12
check 'the same by the year, counted in months' "$(usage year)" = "$(usage day)"

# Killed in the middle of nothing: versions are in the file, and gateways that know them go on meanwhile.
kill -9 "$(stack_pid portal)"
stack_stop portal
check 'boot_tenant: while the portal is dead' "$(status boot_tenant second.example.net)" = 200
start_portal "$portal_port" || exit 1
for name in lazy_tenant lazy_master; do
	check "$name: after the portal's return" "$(until_status 200 $name second.example.net)" = 200
done
check 'promotion of a third address' "$(publish third.example.net)" = production
check 'boot_master: after the portal'"'"'s return' "$(until_status 200 boot_master third.example.net)" = 200

# A tenant from nothing by forty calls, and a gateway for it: a call that counts, one that no rule counts, and what it cost.
stack_start tenants env SUPERDOMAIN=localhost THREESCALE_SUPERDOMAIN=localhost MASTER_ACCESS_TOKEN=master-token \
	BACKEND_ENDPOINT="$backend" APICAST_BACKEND_ROOT_ENDPOINT="$backend" "$refscale" portal --port 0 --address 127.0.0.1 \
	--database :memory: || exit 1
PORTAL_PORT=$(stack_port tenants) MASTER_ACCESS_TOKEN=master-token API_BACKEND=http://echo.localhost:$(stack_port echo) \
	fixtures/provision.sh >"$stack/provisioned" 2>&1
check 'calls that make a tenant' "$(grep -c '^ *[0-9]*  \$ curl' "$stack/provisioned")" = 40
check 'all of them as expected' "$(grep -c '^40 calls, all as expected$' "$stack/provisioned")" = 1
token=$(sed -n 's/^ *TOKEN=//p' "$stack/provisioned")
gateway of_tenant "http://$token@weather-admin.localhost:$(stack_port tenants)" boot 300
check 'a call that the tenant sells' "$(curl -s -o /dev/null -w '%{http_code}' -H 'Host: weather.localhost' \
	"http://127.0.0.1:$(stack_port of_tenant)/now?user_key=roof-key")" = 200
check 'a call that it does not' "$(curl -s -o /dev/null -w '%{http_code}' -H 'Host: weather.localhost' \
	"http://127.0.0.1:$(stack_port of_tenant)/tomorrow?user_key=roof-key")" = 404

exit $failed
