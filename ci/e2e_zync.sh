#!/bin/sh
# Real processes of portal and zync: the file of routes follows the portal's objects, keeps the names of routes, and loses nothing
# when zync is killed, whether or not it was told before (spec/cluster.md 5).
# shellcheck disable=SC2016 # what until_routes() asks again and again
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=$(pwd)/${1:-build}/refscale
case ${1:-} in /*) refscale=$1/refscale ;; esac
. ci/stack.sh
stack_begin
trap stack_end EXIT

zync_port=$(stack_free_port)
portal_port=$(stack_free_port)
start_zync() {
	stack_start zync env ZYNC_AUTHENTICATION_TOKEN=token DATABASE_URL="sqlite:$stack/zync.sqlite" \
		ROUTES_FILE="$stack/routes.json" SYSTEM_PROVIDER_PORT="tcp://127.0.0.1:$portal_port" \
		SYSTEM_MASTER_PORT=set SYSTEM_DEVELOPER_PORT=set APICAST_STAGING_PORT=set \
		"$refscale" zync --port "$zync_port" --address 127.0.0.1
}
routes() {
	grep -o '"host":"[^"]*"' "$stack/routes.json" 2>/dev/null | wc -l
}
name_of() { # HOST: the name of its route
	sed 's/{"namespace"/\n&/g' "$stack/routes.json" | grep "\"host\":\"$1\"" | sed 's/.*"name":"\([^"]*\)".*/\1/'
}
# 30 s at most: the portal's first retry is after 15 s at the latest.
until_routes() { # NUMBER
	tries=0
	until [ "$(routes)" -eq "$1" ] || [ $tries -ge 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}
until_route() { # HOST
	tries=0
	until [ -n "$(name_of "$1")" ] || [ $tries -ge 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}
api() { # METHOD PATH [FORM]
	curl -s -X "$1" -u admin-token: -H 'Host: 3scale-admin.example.com' ${3+-d "$3"} \
		"http://127.0.0.1:$portal_port/admin/api/$2"
}

start_zync || exit 1
stack_start portal env TENANT_NAME=3scale THREESCALE_SUPERDOMAIN=example.com ADMIN_ACCESS_TOKEN=admin-token \
	ZYNC_ENDPOINT="http://127.0.0.1:$zync_port" ZYNC_AUTHENTICATION_TOKEN=token \
	"$refscale" portal --port "$portal_port" --address 127.0.0.1 --database "$stack/portal.sqlite" || exit 1
service=$(api GET services.json | grep -o '"id":[0-9]*' | head -n 1 | sed 's/.*://')
until_routes 5
check 'routes of an installation' "$(routes)" = 5
name=$(name_of api-3scale-apicast-production.example.com)
check 'the name of the production route' "${name%?????}" = zync-3scale-api-

api PATCH "services/$service/proxy.json" endpoint=https://first.example.net:443 >/dev/null
until_route first.example.net
check 'the route whose host changed' "$(name_of first.example.net)" = "$name"

# Killed, and told only when it is back.
kill -9 "$(stack_pid zync)"
stack_stop zync
api PATCH "services/$service/proxy.json" endpoint=https://second.example.net:443 >/dev/null
start_zync || exit 1
until_route second.example.net
check 'a change while zync was dead' "$(name_of second.example.net)" = "$name"

# Told, and killed while the portal cannot be read.
stack_stop portal
check 'a notification while the portal is away' "$(curl -s -o /dev/null -w '%{http_code}' -X PUT \
	-H 'Authorization: Token token="token"' -d '{"type":"Provider","id":2,"tenant_id":2}' \
	"http://127.0.0.1:$zync_port/notification")" = 201
kill -9 "$(stack_pid zync)"
stack_stop zync
printf '{"routes":[]}\n' >"$stack/routes.json"
stack_start portal env TENANT_NAME=3scale THREESCALE_SUPERDOMAIN=example.com \
	"$refscale" portal --port "$portal_port" --address 127.0.0.1 --database "$stack/portal.sqlite" || exit 1
start_zync || exit 1
until_routes 2
check 'what it had promised' "$(name_of 3scale-admin.example.com | sed 's/.....$//')" = zync-3scale-provider-

exit $failed
