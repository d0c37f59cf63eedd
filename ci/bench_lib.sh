#!/bin/sh
# To be sourced: rows of speed, next to references measured in the same run. What is measured has core 1 for itself;
# load, Redis and everything else share core 0. Rates are of this machine and this minute; CPU time per call is the
# figure to compare, the median of $runs runs. Targets are of CPU time, in microseconds; a target x0.25 is a quarter of
# the reference's calls in the same CPU time, which is its rate on a core that is otherwise idle.
#   bench_begin BUILD            $refscale, $stack (ci/stack.sh), $seconds of each run, $connections
#   bench_reference              the next row is the reference of the ratios
#   bench_measure LABEL NAMES TARGET WRK_ARGUMENT...
#                                a row: calls by wrk, CPU of the named processes; TARGET may be empty
#   bench_row LABEL RATE P99_US CPU_US TARGET [REMARK]
#   bench_value LABEL VALUE UNIT TARGET   a row of one figure, which should not be larger than the target
#   bench_median, bench_mid FIELD   of the numbers read from standard input, of a column of "$stack/runs"
#   bench_end                    stops all; says which targets were missed. Status 1 when BENCH_STRICT=1 and one was
#                                missed by more than 15 %
# BENCH_SECONDS (2), BENCH_RUNS (3) and BENCH_CONNECTIONS (64) change how much is done.

bench_begin() {
	# shellcheck disable=SC2034 # for whoever sources this
	case ${1:-build} in /*) refscale=$1/refscale ;; *) refscale=$(pwd)/${1:-build}/refscale ;; esac
	seconds=${BENCH_SECONDS:-2}
	runs=${BENCH_RUNS:-3}
	connections=${BENCH_CONNECTIONS:-64}
	bench_reference
	. ci/stack.sh
	. ci/redis.sh
	stack_begin
	: >"$stack/missed"
	trap "redis_end; stack_end" EXIT
}

# Starts NAME with its command on core 1.
bench_start() {
	stack_core=1
	stack_start "$@" || exit 1
	stack_core=
}

# CPU time of processes so far, all threads, in nanoseconds.
bench_cpu_ns() {
	for bench_name in "$@"; do
		cat /proc/"$(stack_pid "$bench_name")"/task/*/schedstat
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Until the processes have nothing left to do: what was taken in may be worked off later.
bench_settle() {
	bench_before=$(bench_cpu_ns "$@")
	while sleep 0.2; do
		bench_now=$(bench_cpu_ns "$@")
		[ $((bench_now - bench_before)) -lt 2000000 ] && return
		bench_before=$bench_now
	done
}

bench_median() {
	sort -n | awk '{ x[NR] = $1 } END { print (NR % 2) ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'
}

bench_mid() {
	awk -v field="$1" '{ print $field }' "$stack/runs" | bench_median
}

bench_reference() {
	reference=
	reference_cpu=
}

bench_row() {
	reference=${reference:-$2}
	reference_cpu=${reference_cpu:-$4}
	awk -v label="$1" -v rate="$2" -v reference="$reference" -v p99="$3" -v cpu="$4" -v target="$5" \
		-v reference_cpu="$reference_cpu" -v remark="${6:-}" -v missed="$stack/missed" 'BEGIN {
		printf "%-46s %8d/s  ratio %5.2f  p99 %8s  %6.1f us CPU", label, rate, rate / reference,
			(p99 == "") ? "-" : sprintf("%.2f ms", p99 / 1000), cpu
		is_ratio = sub(/^x/, "", target)
		limit = is_ratio ? reference_cpu / target : target
		if (cpu == 0)
			cpu = 1000000 # nothing was answered
		if (is_ratio)
			printf "  %.2f of it, target %.2f %s", reference_cpu / cpu, target, (cpu <= limit) ? "met" : "MISSED"
		else if (target != "")
			printf "  target %3d %s", target, (cpu <= limit) ? "met" : "MISSED"
		print (remark == "") ? "" : "  " remark
		if (target != "" && cpu > limit)
			printf "%d\t%s: %.1f us, target %.1f\n", (cpu > limit * 1.15), label, cpu, limit >>missed }'
}

bench_value() {
	awk -v label="$1" -v value="$2" -v unit="$3" -v target="$4" -v missed="$stack/missed" 'BEGIN {
		printf "%-46s %8.1f %s  target %d %s\n", label, value, unit, target, (value <= target) ? "met" : "MISSED"
		if (value > target)
			printf "%d\t%s: %.1f %s, target %d\n", (value > target * 1.15), label, value, unit, target >>missed }'
}

# One run of wrk: "rate p99_us cpu_us calls mean_us" of it.
bench_run() {
	bench_names=$1
	shift
	# shellcheck disable=SC2086 # one word for each process
	bench_began=$(bench_cpu_ns $bench_names)
	taskset -c 0 wrk -t 1 -c "$connections" -d "${seconds}s" --latency "$@" >"$stack/wrk.txt"
	# shellcheck disable=SC2086
	bench_settle $bench_names
	# shellcheck disable=SC2086
	awk -v cpu="$(($(bench_cpu_ns $bench_names) - bench_began))" '
	function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
	/^ +Latency +[0-9]/ { mean = us($2) }
	/^ +99%/ { p99 = us($2) }
	/requests in/ { calls = $1 }
	/Requests\/sec/ { rate = $2 }
	/Non-2xx|Socket errors/ { print > "/dev/stderr" }
	END { printf "%.0f %.0f %.3f %d %.0f\n", rate, p99, (calls == 0) ? 0 : cpu / calls / 1000, calls, mean }' "$stack/wrk.txt"
}

bench_measure() {
	bench_label=$1
	bench_of=$2
	bench_target=$3
	shift 3
	taskset -c 0 wrk -t 1 -c "$connections" -d 1s "$@" >/dev/null
	: >"$stack/runs"
	for _ in $(seq "$runs"); do
		bench_run "$bench_of" "$@" >>"$stack/runs"
	done
	bench_row "$bench_label" "$(bench_mid 1)" "$(bench_mid 2)" "$(bench_mid 3)" "$bench_target" \
		"($(sort -n -k 3 "$stack/runs" | awk 'NR == 1 { low = $3 } END { printf "%.1f to %.1f", low, $3 }'))"
}

bench_end() {
	bench_status=0
	if [ ! -s "$stack/missed" ]; then
		echo "targets: none missed"
	else
		echo "targets missed:"
		sed 's/^[01]\t/  /' "$stack/missed"
		[ "${BENCH_STRICT:-0}" = 1 ] && grep -q '^1' "$stack/missed" && bench_status=1
	fi
	redis_end
	stack_end
	trap - EXIT
	return $bench_status
}
