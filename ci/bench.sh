#!/bin/sh
# Speed, as ratios against references measured in the same run: machines are noisy. What is measured has core 1 for
# itself; load, upstream and authorization share core 0.
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=$(pwd)/${1:-build}/refscale
case ${1:-} in /*) refscale=$1/refscale ;; esac
seconds=${BENCH_SECONDS:-5}
connections=64
. ci/stack.sh
. ci/redis.sh
stack_begin
trap "redis_end; stack_end" EXIT
ticks=$(getconf CLK_TCK)

# nginx NAME CORE PORT: one worker on that core; the server block is read from standard input.
start_nginx() {
	mkdir -p "$stack/$1"
	{
		printf 'daemon off; master_process off; pid %s/nginx.pid; error_log stderr crit;\n' "$stack/$1"
		printf 'events { worker_connections 4096; }\nhttp { access_log off; keepalive_requests 100000000;\n'
		for kind in client_body proxy fastcgi uwsgi scgi; do
			printf '%s_temp_path %s/%s;\n' "$kind" "$stack/$1" "$kind"
		done
		cat
		printf '}\n'
	} >"$stack/$1/nginx.conf"
	taskset -c "$2" nginx -p "$stack/$1" -c "$stack/$1/nginx.conf" 2>"$stack/$1.err" &
	echo $! >"$stack/$1.pid"
	stack_wait_port "$3"
}

# CPU time of a process so far, in ticks.
cpu_ticks() {
	awk '{ print $14 + $15 }' "/proc/$(stack_pid "$1")/stat"
}

# measure LABEL PROCESS URL: prints a row; sets $rate. The first whose row is printed is the reference of the ratios.
measure() {
	taskset -c 0 wrk -t 1 -c "$connections" -d 1s "$3" >/dev/null
	before=$(cpu_ticks "$2")
	taskset -c 0 wrk -t 1 -c "$connections" -d "${seconds}s" --latency "$3" >"$stack/wrk.txt"
	after=$(cpu_ticks "$2")
	rate=$(awk '/Requests\/sec/ { print int($2) }' "$stack/wrk.txt")
	p99=$(awk '/^ +99%/ { print $2 }' "$stack/wrk.txt")
	total=$(awk '/requests in/ { print $1 }' "$stack/wrk.txt")
	wrong=$(awk '/Non-2xx/ { print $NF }' "$stack/wrk.txt")
	awk -v label="$1" -v rate="$rate" -v reference="${reference:-$rate}" -v p99="$p99" \
		-v cpu="$(((after - before) * 1000000 / ticks))" -v total="$total" -v wrong="${wrong:-0}" 'BEGIN {
		printf "%-46s %8d/s  ratio %5.2f  p99 %9s  %6.1f us CPU/call%s\n", label, rate, rate / reference, p99,
			cpu / (total > 0 ? total : 1), (wrong > 0) ? "  (" wrong " NOT 2xx)" : "" }'
}

upstream_port=$(stack_free_port)
auth_port=$(stack_free_port)
proxy_port=$(stack_free_port)
guarded_port=$(stack_free_port)
start_nginx upstream 0 "$upstream_port" <<NGINX
server { listen 127.0.0.1:$upstream_port reuseport; location / { return 200 "hello world\n"; } }
NGINX
start_nginx auth 0 "$auth_port" <<NGINX
server { listen 127.0.0.1:$auth_port; location / { return 200; } }
NGINX
proxy_common="proxy_http_version 1.1; proxy_set_header Connection \"\";"
start_nginx proxy 1 "$proxy_port" <<NGINX
upstream api { server 127.0.0.1:$upstream_port; keepalive 128; }
server { listen 127.0.0.1:$proxy_port; location / { proxy_pass http://api; $proxy_common } }
NGINX
start_nginx guarded 1 "$guarded_port" <<NGINX
upstream api { server 127.0.0.1:$upstream_port; keepalive 128; }
upstream auth { server 127.0.0.1:$auth_port; keepalive 128; }
server { listen 127.0.0.1:$guarded_port;
	location / { auth_request /auth; proxy_pass http://api; $proxy_common }
	location = /auth { internal; proxy_pass http://auth/; proxy_pass_request_body off; $proxy_common }
}
NGINX

echo "gateway: one process on one core, $connections connections, ${seconds} s each; reference: nginx proxy_pass"
reference=
measure 'nginx proxy_pass' proxy "http://127.0.0.1:$proxy_port/?user_key=k"
reference=$rate
measure 'nginx auth_request + proxy_pass' guarded "http://127.0.0.1:$guarded_port/?user_key=k"
sed -e "s|@UPSTREAM@|http://127.0.0.1:$upstream_port|" -e "s|@BACKEND@|http://127.0.0.1:$auth_port|" \
	fixtures/proxy_configs/one_service.json >"$stack/config.json"
for handler in none strict; do
	case $handler in none) label='synchronous authorization' ;; *) label='cached authorization' ;; esac
	stack_core=1
	stack_start gateway env THREESCALE_CONFIG_FILE="$stack/config.json" APICAST_BACKEND_CACHE_HANDLER=$handler \
		APICAST_ACCESS_LOG_FILE=/dev/null \
		"$refscale" gateway --port 0 --management-port 0 --metrics-port 0 --echo-port 0 || exit 1
	stack_core=
	measure "refscale gateway, $label" gateway "http://127.0.0.1:$(stack_port gateway)/?user_key=k"
	stack_stop gateway
done
stack_stop proxy guarded auth

echo "backend: authrep with one metric and a limit; reference: nginx answering 200 itself, on the same core"
stack_stop upstream
start_nginx upstream 1 "$upstream_port" <<NGINX
server { listen 127.0.0.1:$upstream_port; location / { return 200 "hello world\n"; } }
NGINX
reference=
measure 'nginx return 200' upstream "http://127.0.0.1:$upstream_port/"
reference=$rate
redis_begin || exit 4
for store in "$stack/store.db" "$redis_url"; do
	case $store in redis:*) label='Redis' ;; *) label='embedded store' ;; esac
	stack_core=1
	stack_start backend env CONFIG_INTERNAL_API_USER=u CONFIG_INTERNAL_API_PASSWORD=p \
		"$refscale" backend --port 0 --store "$store" || exit 1
	stack_core=
	internal=http://u:p@127.0.0.1:$(stack_port backend)/internal
	curl -s -o /dev/null -d '{"service":{"id":"1","provider_key":"pk"}}' "$internal/services/"
	curl -s -o /dev/null -d '{"service_tokens":{"t":{"service_id":"1"}}}' "$internal/service_tokens/"
	curl -s -o /dev/null -d '{"metric":{"name":"hits"}}' "$internal/services/1/metrics/1"
	curl -s -o /dev/null -X PUT -d '{"usagelimit":{"eternity":1000000000}}' \
		"$internal/services/1/plans/p/usagelimits/1/eternity"
	curl -s -o /dev/null -d '{"application":{"state":"active","plan_id":"p","plan_name":"p"}}' \
		"$internal/services/1/applications/a"
	curl -s -o /dev/null -X PUT -d '{}' "$internal/services/1/applications/a/key/k"
	measure "refscale authrep, $label" backend \
		"http://127.0.0.1:$(stack_port backend)/transactions/authrep.xml?service_token=t&service_id=1&user_key=k&usage%5Bhits%5D=1"
	stack_stop backend
done
redis_end

echo "simulator: portal, backend and two gateways under 5 calls/s"
began=$(date +%s%N)
taskset -c 1 "$refscale" sim run scenarios/SC-059-portal-down-at-refresh.yaml >"$stack/sim.txt" || cat "$stack/sim.txt"
ended=$(date +%s%N)
awk -v ns=$((ended - began)) '/passed/ && match($0, /[0-9]+ s, [0-9]+ events/) {
	split(substr($0, RSTART, RLENGTH), words, " ")
	printf "%-46s %8d virtual s in %.2f s: %d s/s, %d events/s\n", "SC-059", words[1], ns / 1e9, words[1] * 1e9 / ns,
		words[3] * 1e9 / ns }' "$stack/sim.txt"
