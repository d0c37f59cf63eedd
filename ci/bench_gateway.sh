#!/bin/sh
# Speed and size of the gateway next to nginx as a proxy, in the same run.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/bench_lib.sh
bench_begin "${1:-build}"

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

upstream_port=$(stack_free_port)
auth_port=$(stack_free_port)
proxy_port=$(stack_free_port)
guarded_port=$(stack_free_port)
start_nginx upstream 0 "$upstream_port" <<NGINX
server { listen 127.0.0.1:$upstream_port reuseport; location / { return 200 "hello world\n"; } }
NGINX
start_nginx auth 0 "$auth_port" <<NGINX
server { listen 127.0.0.1:$auth_port;
	location / { return 200; }
	location = /transactions.xml { return 202; }
}
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

echo "gateway: one process on one core, $connections connections, $runs runs of $seconds s each; reference: nginx proxy_pass"
bench_reference
bench_measure 'nginx proxy_pass' proxy '' "http://127.0.0.1:$proxy_port/?user_key=k"
bench_measure 'nginx auth_request + proxy_pass' guarded '' "http://127.0.0.1:$guarded_port/?user_key=k"
sed -e "s|@UPSTREAM@|http://127.0.0.1:$upstream_port|" -e "s|@BACKEND@|http://127.0.0.1:$auth_port|" \
	fixtures/proxy_configs/one_service.json >"$stack/config.json"
sed 's|"proxy_rules": |"policy_chain": [{"name": "3scale_batcher"}, {"name": "apicast"}], &|' "$stack/config.json" \
	>"$stack/batched.json"
export APICAST_WORKERS=1 APICAST_ACCESS_LOG_FILE=/dev/null

# gateway CONFIGURATION HANDLER
start_gateway() {
	bench_start gateway env THREESCALE_CONFIG_FILE="$stack/$1" APICAST_BACKEND_CACHE_HANDLER="$2" \
		"$refscale" gateway --port 0 --management-port 0 --metrics-port 0 --echo-port 0
}

# gateway_row LABEL CONFIGURATION HANDLER TARGET
gateway_row() {
	start_gateway "$2" "$3"
	bench_measure "refscale gateway, $1" gateway "$4" "http://127.0.0.1:$(stack_port gateway)/?user_key=k"
	stack_stop gateway
}

gateway_row 'synchronous authorization' config.json none x0.25
gateway_row 'cached, each call reported' config.json strict x0.3
gateway_row 'cached, reported in batches' batched.json strict x0.5

bench_value 'refscale gateway, start to first answer' "$(taskset -c 1 ci/bench_process.py start 5 \
	env THREESCALE_CONFIG_FILE="$stack/config.json" \
	"$refscale" gateway --port 0 --management-port 0 --metrics-port 0 --echo-port 0)" ms 50
start_gateway config.json none
for count in 1 10000; do
	case $count in 1) limit=20 ;; *) limit=400 ;; esac
	resident=$(taskset -c 0 ci/bench_process.py memory "$(stack_pid gateway)" "$(stack_port gateway)" $count) &&
		bench_value "refscale gateway, resident, $count connections" "$resident" MiB $limit
done
stack_stop gateway
if [ -x "$(dirname "$refscale")/bench_mapping_rules" ]; then
	taskset -c 1 "$(dirname "$refscale")/bench_mapping_rules" ||
		printf '1\tmapping rules: over their target\n' >>"$stack/missed"
fi

# What a refresh of a large configuration costs, 1,000 services with 10,000 rules: processor time of a start.
python3 ci/gateway_swaps.py "$refscale" --only-load ||
	printf '1\tlarge configuration: over its target\n' >>"$stack/missed"
bench_end
