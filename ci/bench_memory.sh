#!/bin/sh
# Memory and moves with many applications: ci/bench_memory.sh [BUILD]. 100,000 applications in a Redis, a listener with
# worker that has touched BENCH_CALLS of them, its resident memory (at most 30 MiB, else status 1); then all of it
# dumped, loaded into an embedded store and dumped again, which has to give the same bytes.
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=$(pwd)/${1:-build}/refscale
case ${1:-} in /*) refscale=$1/refscale ;; esac
applications=${BENCH_APPLICATIONS:-100000}
calls=${BENCH_CALLS:-60000}
resident_max_kib=30720
. ci/stack.sh
. ci/redis.sh
stack_begin
trap "redis_end; stack_end" EXIT
redis_begin || exit 4

# Service 1 with a metric, a limit, and applications a1 ... with user keys k1 ... and an application key each.
awk -v applications="$applications" '
function command(line, word, words, i) {
	words = split(line, word, " ")
	printf "*%d\r\n", words
	for (i = 1; i <= words; i++) printf "$%d\r\n%s\r\n", length(word[i]), word[i]
}
BEGIN {
	command("SET service/id:1/provider_key pk")
	command("SET service/id:1/backend_version 2")
	command("SET service/id:1/state active")
	command("SET service/provider_key:pk/id 1")
	command("SADD service/provider_key:pk/ids 1")
	command("SADD services_set 1")
	command("HSET service_token/token:t/service_id:1 permissions -")
	command("SADD metrics/service_id:1/ids 1")
	command("SET metric/service_id:1/id:1/name hits")
	command("SET metric/service_id:1/name:hits/id 1")
	command("SET usage_limit/service_id:1/plan_id:p/metric_id:1/day 1000000000")
	for (n = 1; n <= applications; n++) {
		key = "application/service_id:1/id:a" n
		command("SADD service_id:1/applications a" n)
		command("SET " key "/state active")
		command("SET " key "/plan_id p")
		command("SET " key "/plan_name Basic")
		command("SADD " key "/keys secret" n)
		command("SET application/service_id:1/key:k" n "/id a" n)
	}
}' >"$stack/data"
redis-cli -p "$redis_port" --pipe <"$stack/data" | tail -n 1

resident_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$(stack_pid backend)/status"
}

stack_start backend env CONFIG_INTERNAL_API_USER=u CONFIG_INTERNAL_API_PASSWORD=p \
	"$refscale" backend --port 0 --store "$redis_url" || exit 1
before=$(resident_kib)
# wrk draws the applications; every answer has to be 200.
cat >"$stack/draw.lua" <<'LUA'
function request()
	local n = math.random(tonumber(os.getenv("APPLICATIONS")))
	return wrk.format("GET", "/transactions/authrep.xml?service_token=t&service_id=1&app_id=a" .. n ..
		"&app_key=secret" .. n .. "&usage%5Bhits%5D=1")
end
LUA
touched=0
while [ "$touched" -lt "$calls" ]; do
	APPLICATIONS=$applications wrk -t 1 -c 64 -d 2s -s "$stack/draw.lua" \
		"http://127.0.0.1:$(stack_port backend)/" >"$stack/wrk.txt"
	if grep -q 'Non-2xx' "$stack/wrk.txt"; then
		cat "$stack/wrk.txt"
		exit 1
	fi
	touched=$((touched + $(awk '/requests in/ { print $1 }' "$stack/wrk.txt")))
done
after=$(resident_kib)
printf 'backend over %d applications, after %d calls: %d KiB resident, %d KiB at start\n' \
	"$applications" "$touched" "$after" "$before"
stack_stop backend

# timed LABEL COMMAND...: how long, and the most memory.
timed() {
	label=$1
	shift
	/usr/bin/env python3 -c '
import resource, subprocess, sys, time
began = time.time()
status = subprocess.call(sys.argv[2:], stdout=subprocess.DEVNULL)
took = time.time() - began
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("%s: %.2f s, at most %d MiB resident" % (sys.argv[1], took, most // 1024))
sys.exit(status)' "$label" "$@" 2>"$stack/timed.err" || {
		cat "$stack/timed.err"
		exit 1
	}
}

timed 'store dump from Redis' "$refscale" store dump --store "$redis_url" --output "$stack/a.dump"
timed 'store load into an embedded store' "$refscale" store load --store "$stack/store.db" --input "$stack/a.dump"
timed 'store dump from an embedded store' "$refscale" store dump --store "$stack/store.db" --output "$stack/b.dump"
timed 'store load into Redis' "$refscale" store load --store "$redis_url" --replace --input "$stack/b.dump"
cmp "$stack/a.dump" "$stack/b.dump" || exit 1
printf 'dump of %d bytes, the same from both\n' "$(wc -c <"$stack/a.dump")"
[ "$after" -le "$resident_max_kib" ] || {
	echo "backend: more than $resident_max_kib KiB resident"
	exit 1
}
