#!/bin/sh
# Speed of backend: calls with the embedded store and with Redis, jobs of the worker, latency over connections.
#
# What the CPU time of a row is: "one process" is listener and worker in one process, from the first call to the last
# job done; "listener alone" is the process that answers, its jobs stay in the queue; "worker" is a process that works
# off such a queue, from its start to the last job. Redis itself is never in it. Every service has one metric, every
# plan one daily limit; everything is in the memory of the processes that the product keeps there for a minute. Without a
# master service each call also notes its own use (R26), so that authrep is one MGET and two RPUSH. The targets of authrep
# are for calls of one application: when each call is of another one, each has seven counters of its own to write.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/bench_lib.sh
bench_begin "${1:-build}"
applications=1000
jobs=${BENCH_JOBS:-100000}
queue=resque:queue:priority
export CONFIG_INTERNAL_API_USER=u CONFIG_INTERNAL_API_PASSWORD=p

# One service and its applications a1, a2, ... with the user keys k1, k2, ...
provision() {
	internal=http://u:p@127.0.0.1:$(stack_port backend)/internal/services
	{
		printf 'POST / {"service":{"id":"1","provider_key":"pk"}}\n'
		printf 'POST /../service_tokens/ {"service_tokens":{"t":{"service_id":"1"}}}\n'
		printf 'POST /1/metrics/1 {"metric":{"name":"hits"}}\n'
		printf 'PUT /1/plans/p/usagelimits/1/day {"usagelimit":{"day":1000000000000}}\n'
		for number in $(seq "$applications"); do
			printf 'POST /1/applications/a%s {"application":{"state":"active","plan_id":"p","plan_name":"p"}}\n' "$number"
			printf 'PUT /1/applications/a%s/key/k%s {}\n' "$number" "$number"
		done
	} | while read -r method path body; do
		printf 'next\nrequest = "%s"\nurl = "%s%s"\ndata = "%s"\nsilent\noutput = "/dev/null"\n' "$method" "$internal" "$path" \
			"$(printf %s "$body" | sed 's/"/\\"/g')"
	done | sed 1d >"$stack/provision.curl"
	curl -K "$stack/provision.curl"
}

# The same call for one application after another; a report when it has a body.
cat >"$stack/many.lua" <<LUA
local number = 0
request = function()
	number = number % $applications + 1
	return wrk.format(nil, (string.gsub(wrk.path, "k1&", "k" .. number .. "&")))
end
LUA
cat >"$stack/report.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "service_token=t&service_id=1&transactions%5B0%5D%5Buser_key%5D=k1&transactions%5B0%5D%5Busage%5D%5Bhits%5D=1"
LUA

base() {
	printf 'http://127.0.0.1:%s' "$(stack_port "$1")"
}

usage='service_token=t&service_id=1&user_key=k1&usage%5Bhits%5D=1'
authorize() {
	bench_measure "authorize, $1" "$2" '' "$(base "$2")/transactions/authorize.xml?$usage"
}

# authrep LABEL PROCESS TARGET
authrep() {
	bench_measure "authrep, $1" "$2" "$3" "$(base "$2")/transactions/authrep.xml?$usage"
}

authrep_many() {
	bench_measure "authrep, $1, $applications applications" "$2" "$3" -s "$stack/many.lua" \
		"$(base "$2")/transactions/authrep.xml?$usage"
}

report() {
	bench_measure "report, $1" "$2" "$3" -s "$stack/report.lua" "$(base "$2")/transactions.xml"
}

redis() {
	redis-cli -p "$redis_port" "$@"
}

# The queues are database 1 beside the storage's 0.
queues() {
	redis -n 1 "$@"
}

# What redis-benchmark sends for a command of ours; words of the usual size. PING stands for the rare ones.
typical_command() {
	counter='stats/{service:1}/cinstance:a1/metric:1/day:20190601'
	case $1 in
	rpush) echo "RPUSH bench:queue $payload" ;;
	lpop) echo 'LPOP bench:queue' ;;
	mget) echo "MGET $counter" ;;
	incrby) echo "INCRBY $counter 1" ;;
	expire) echo "EXPIRE $counter 180" ;;
	lrange) echo 'LRANGE bench:queue 0 0' ;;
	lmove) echo 'LMOVE bench:queue bench:queue LEFT RIGHT' ;;
	*) echo PING ;;
	esac
}

# CPU time of a command's run, in microseconds; its output goes to "$stack/output".
cpu_of() {
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "w"), check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int((used.ru_utime + used.ru_stime) * 1e6))' "$stack/output" "$@"
}

# same_commands COUNT: the commands that Redis got since `redis config resetstat`, as many of each as one of COUNT calls
# had, from redis-benchmark over one connection, 64 in a pipeline. Sets $same_rate, $same_cpu and $same_mix.
same_commands() {
	redis info commandstats | tr -d '\r' |
		awk -F '[_:=,]' -v count="$1" '/^cmdstat_/ && !/config|info|lindex|\|/ && $4 / count >= 0.001 { print $2, $4 / count }' \
			>"$stack/commands"
	while read -r command share; do
		number=$(awk -v share="$share" 'BEGIN { printf "%d", share * 100000 + 0.5 }')
		# shellcheck disable=SC2046 # one word for each of the command
		cpu=$(cpu_of taskset -c 1 redis-benchmark -p "$redis_port" -c 1 -P 64 -q -n "$number" \
			$(typical_command "$command") 2>/dev/null)
		echo "$cpu $(tr '\r' '\n' <"$stack/output" | sed -n 's/.*: \([0-9.]*\) requests per second.*/\1/p' | tail -n 1) $number"
	done <"$stack/commands" >"$stack/parts"
	redis del bench:queue >/dev/null
	same_rate=$(awk '{ s += $3 / $2 / 100000 } END { printf "%.0f", (s > 0) ? 1 / s : 0 }' "$stack/parts")
	same_cpu=$(awk '{ cpu += $1 / 100000 } END { print cpu }' "$stack/parts")
	same_mix="($(awk '{ printf "%s%.2f %s", (NR == 1) ? "" : ", ", $2, $1 }' "$stack/commands"))"
}

# worker LABEL APPLICATIONS: fills the queue, times a worker that works it off.
worker() {
	: >"$stack/runs"
	for _ in $(seq "$runs"); do
		queues del "$queue" >/dev/null
		for number in $(seq "$2"); do
			printf "RPUSH %s '%s'\n" "$queue" "$(printf %s "$payload" | sed "s/\"a1\"/\"a$number\"/")"
		done >"$stack/round"
		for _ in $(seq $((jobs / $2))); do
			cat "$stack/round"
		done | queues --pipe >/dev/null
		redis config resetstat >/dev/null
		began=$(date +%s%N)
		bench_start worker "$refscale" backend worker --store "$redis_url"
		until [ "$(queues llen "$queue")" = 0 ]; do
			sleep 0.02
		done
		ended=$(date +%s%N)
		bench_settle worker
		awk -v jobs="$jobs" -v ns=$((ended - began)) -v cpu="$(bench_cpu_ns worker)" \
			'BEGIN { printf "%.0f 0 %.3f\n", jobs * 1e9 / ns, cpu / jobs / 1000 }' >>"$stack/runs"
		stack_stop worker
	done
	same_commands "$jobs"
	bench_reference
	bench_row 'redis-benchmark, the same commands' "$same_rate" '' "$same_cpu" '' "$same_mix"
	bench_row "worker job, $1" "$(bench_mid 1)" '' "$(bench_mid 3)" 20
}

# A cliff is a p99 that grows faster than the queue in front of one core does.
latency() {
	echo "latency of authrep, listener alone on Redis; in a closed loop the mean is connections / rate"
	for connections in 1 16 64 128; do
		: >"$stack/runs"
		for _ in $(seq "$runs"); do
			bench_run listener "$(base listener)/transactions/authrep.xml?$usage" >>"$stack/runs"
		done
		awk -v c="$connections" -v rate="$(bench_mid 1)" -v p99="$(bench_mid 2)" -v mean="$(bench_mid 5)" 'BEGIN {
			printf "%3d connections  %8d/s  mean %7.2f ms  p99 %7.2f ms  p99/mean %5.2f\n", c, rate, mean / 1000, p99 / 1000, p99 / mean }'
		queues del "$queue" >/dev/null
	done
}

echo "backend: on one core, $connections connections, $runs runs of $seconds s each; reference: a bare libmicrohttpd answer"
bench_start mhd "$(dirname "$refscale")/bench_mhd"
bench_measure 'libmicrohttpd, 12 bytes' mhd '' "$(base mhd)/"
stack_stop mhd

bench_start backend "$refscale" backend --port 0 --store "$stack/store.db"
provision
authorize 'embedded store' backend
authrep 'embedded store, one process' backend 28
authrep_many 'embedded store' backend ''
report 'embedded store, one process' backend ''
stack_stop backend

redis_begin || exit 4
bench_start backend "$refscale" backend --port 0 --store "$redis_url"
provision
authorize 'Redis' backend
authrep 'Redis, one process' backend 32
authrep_many 'Redis' backend ''
stack_stop backend

bench_start listener "$refscale" backend listener --port 0 --store "$redis_url"
redis config resetstat >/dev/null
authrep 'Redis, listener alone' listener ''
payload=$(queues lindex "$queue" 0)
same_commands "$(queues llen "$queue")"
queues del "$queue" >/dev/null
bench_row 'redis-benchmark, the same commands as authrep' "$same_rate" '' "$same_cpu" '' "$same_mix"
report 'Redis, listener alone' listener 20
queues del "$queue" >/dev/null
latency
stack_stop listener

echo "worker: reference: redis-benchmark sending as many of the same commands"
worker 'of one application' 1
worker "of $applications applications" "$applications"
bench_end
