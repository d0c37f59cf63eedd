#!/bin/sh
# Speed of the simulator: virtual seconds and events for each second of one core.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/bench_lib.sh
bench_begin "${1:-build}"

echo "simulator: portal, backend and two gateways under 5 calls/s"
began=$(date +%s%N)
taskset -c 1 "$refscale" sim run scenarios/SC-059-portal-down-at-refresh.yaml >"$stack/sim.txt" || cat "$stack/sim.txt"
ended=$(date +%s%N)
awk -v ns=$((ended - began)) '/passed/ && match($0, /[0-9]+ s, [0-9]+ events/) {
	split(substr($0, RSTART, RLENGTH), words, " ")
	printf "%-46s %8d virtual s in %.2f s: %d s/s, %d events/s\n", "SC-059", words[1], ns / 1e9, words[1] * 1e9 / ns,
		words[3] * 1e9 / ns }' "$stack/sim.txt"
