#!/bin/sh
# Speed, as ratios against references measured in the same run. Each part also runs alone: ci/bench_backend.sh build.
set -u
cd "$(dirname "$0")/.." || exit 2
status=0
for part in gateway backend portal memory simulator; do
	[ -x "ci/bench_$part.sh" ] || continue
	"ci/bench_$part.sh" "${1:-build}" || status=1
	echo
done
exit $status
