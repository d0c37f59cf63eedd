#!/bin/sh
# Runs the fuzz targets: ci/fuzz.sh BUILD SECONDS [TARGET], beginning with the stored corpus fixtures/fuzz/TARGET. What
# they find stays in BUILD/fuzz/corpus/TARGET, a crash in BUILD/fuzz/crash-*; status 1 then.
set -u
cd "$(dirname "$0")/.." || exit 2
folder=${1:-build}/fuzz
seconds=${2:-60}
target=${3:-}
failed=0

for fuzzer in "$folder"/fuzz/*; do
	name=$(basename "$fuzzer")
	[ -z "$target" ] || [ "$target" = "$name" ] || continue
	mkdir -p "$folder/corpus/$name" "fixtures/fuzz/$name"
	printf '== fuzz %s, %s s\n' "$name" "$seconds"
	"$fuzzer" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 -artifact_prefix="$folder/" \
		"$folder/corpus/$name" "fixtures/fuzz/$name" >"$folder/$name.log" 2>&1 || failed=1
	grep -E 'stat::number_of_executed_units|ERROR|SUMMARY|crash-' "$folder/$name.log"
done
exit $failed
