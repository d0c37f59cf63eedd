#!/bin/sh
# Speed of the portal: what gateways fetch, the API's reads and writes, and pages of an installation with many tenants.
#
# Writes are real ones: each changes a row, is committed to the file, and pushes nothing that waits for backend. Pages of the
# large installation are measured one at a time, as a person would see them: their time is that of the whole answer.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/bench_lib.sh
bench_begin "${1:-build}"
tenants=${BENCH_TENANTS:-1000}
services=10
rules=200

start_portal() {
	bench_start portal env TENANT_NAME=3scale ADMIN_ACCESS_TOKEN=admin-token MASTER_ACCESS_TOKEN=master-token \
		APICAST_ACCESS_TOKEN=apicast-token BACKEND_ENDPOINT=http://127.0.0.1:1 \
		"$refscale" portal --port 0 --address 127.0.0.1 --database "$stack/portal.sqlite"
	url=http://127.0.0.1:$(stack_port portal)
}

# credentials TOKEN: its field of HTTP basic.
credentials() {
	printf 'Authorization: Basic %s' "$(printf '%s:' "$1" | base64)"
}

# api METHOD PATH [FORM]: as the first tenant's administrator.
api() {
	curl -s -X "$1" -u admin-token: -H 'Host: 3scale-admin.example.com' ${3+-d "$3"} "$url/admin/api/$2"
}

# rows LABEL PATH TARGET: a read, as the first tenant's administrator.
rows() {
	bench_measure "$1" portal "$3" -H 'Host: 3scale-admin.example.com' -H "$(credentials admin-token)" "$url$2"
}

# writes LABEL METHOD PATH FORM TARGET: the form's %d is another number in each call.
writes() {
	cat >"$stack/write.lua" <<LUA
local number = 0
request = function()
	number = number + 1
	return wrk.format("$2", nil, nil, string.format("$4", number))
end
LUA
	bench_measure "$1" portal "$5" -s "$stack/write.lua" -H 'Host: 3scale-admin.example.com' \
		-H "$(credentials admin-token)" -H 'Content-Type: application/x-www-form-urlencoded' "$url$3"
}

# page LABEL HOST TOKEN PATH TARGET_MS: the median of 21 answers, in milliseconds.
page() {
	for _ in $(seq 22); do
		curl -s -o "$stack/page" -w '%{http_code} %{time_total}\n' -u "$3:" -H "Host: $2" "$url$4"
	done | awk '$1 != 200 { print > "/dev/stderr" } NR > 1 { print $2 * 1000 }' >"$stack/times"
	bench_value "$1 ($(wc -c <"$stack/page") bytes)" "$(bench_median <"$stack/times")" ms "$5"
}

echo "portal: one process on one core, $connections connections, $runs runs of $seconds s each; reference: a bare libmicrohttpd answer"
bench_start mhd "$(dirname "$refscale")/bench_mhd"
bench_measure 'libmicrohttpd, 12 bytes' mhd '' "http://127.0.0.1:$(stack_port mhd)/"
stack_stop mhd

# The first tenant's service gets its rules and a version in production.
start_portal
service=2
first_id() {
	grep -o '"id":[0-9]*' | head -n 1 | cut -d : -f 2
}
hits=$(api GET "services/$service/metrics.json" | first_id)
rule=$(api GET "services/$service/proxy/mapping_rules.json" | first_id)
# Version 1 is that of the large installation below.
api PATCH "services/$service/proxy.json" 'api_test_path=/first' >/dev/null
for number in $(seq $((rules - 1))); do
	printf 'next\nrequest = "POST"\nurl = "%s/admin/api/services/%s/proxy/mapping_rules.json"\nuser = "admin-token:"\n' "$url" "$service"
	printf 'header = "Host: 3scale-admin.example.com"\ndata = "http_method=GET&pattern=/r/%s/{id}&delta=1&metric_id=%s"\n' "$number" "$hits"
	printf 'silent\noutput = "/dev/null"\n'
done | sed 1d >"$stack/rules.curl"
curl -K "$stack/rules.curl"
api PATCH "services/$service/proxy.json" 'api_test_path=/bench' >/dev/null
api POST "services/$service/proxy/configs/sandbox/2/promote.json" to=production >/dev/null

rows "configuration with $rules rules" "/admin/api/services/$service/proxy/configs/production/latest.json" 150
rows 'read a service' "/admin/api/services/$service.json" 80
rows 'read a proxy' "/admin/api/services/$service/proxy.json" 100
rows "list $rules mapping rules" "/admin/api/services/$service/proxy/mapping_rules.json" ''
rows 'list applications' /admin/api/applications.json ''
writes 'change a mapping rule' PATCH "/admin/api/services/$service/proxy/mapping_rules/$rule.json" 'delta=%d' ''
writes "change a proxy: a version of $rules rules each" PATCH "/admin/api/services/$service/proxy.json" 'api_test_path=/b/%d' ''
stack_stop portal

echo "$tenants more tenants with $services services each"
python3 ci/bench_portal_fill.py "$stack/portal.sqlite" "$tenants" "$services" || exit 1
start_portal
last=t$tenants-admin.example.com
page 'services of a tenant' "$last" "token-$tenants" /admin/api/services.json 20
page 'applications of a tenant' "$last" "token-$tenants" /admin/api/applications.json 20
page 'accounts of master, first page of 500' master.example.com master-token /admin/api/accounts.json 20
page 'accounts of master, last page' master.example.com master-token "/admin/api/accounts.json?page=3" 20
page 'a host of one tenant, by the tenant' "$last" "token-$tenants" \
	"/admin/api/services/proxy/configs/production.json?host=s5-t$tenants.example.com" 20
page 'a host of one tenant, by master' master.example.com apicast-token \
	"/master/api/proxy/configs/production.json?host=s5-t$tenants.example.com" 20
bench_measure 'a host among all tenants, by master' portal 100 -H 'Host: master.example.com' -H "$(credentials apicast-token)" \
	"$url/master/api/proxy/configs/production.json?host=s5-t$tenants.example.com"
page 'all hosts, by master' master.example.com apicast-token /master/api/proxy/configs/production.json 1000
bench_end
