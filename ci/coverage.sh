#!/bin/sh
# Line coverage of impl/ by the unit tests, the conformance suites, the scenarios and the demo. Fails below the threshold.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
threshold=92

find "$build/coverage" -name '*.gcda' -delete 2>/dev/null || true
make --no-print-directory BUILD="$build" FLAVOUR=coverage -j"$(nproc)" binary unit-binary
refscale=$build/coverage/refscale
CK_FORK=no ci/unit.sh "$build/coverage/unit" >"$build/coverage/unit.log" || { cat "$build/coverage/unit.log"; exit 1; }
for suite in gateway backend portal; do
	"$refscale" conform $suite
	"$refscale" conform $suite --world sim
done
"$refscale" sim run scenarios
"$refscale" demo --once >/dev/null
gcovr --root . --object-directory "$build/coverage" --filter 'impl/' --exclude '.*_test\.[ch]' --exclude '.*/parity/' \
	--exclude '.*_fuzz\.c' --exclude-unreachable-branches --print-summary --html-details "$build/coverage/index.html" \
	--txt "$build/coverage/coverage.txt" --fail-under-line "$threshold" >"$build/coverage/summary.txt" || {
	cat "$build/coverage/summary.txt"
	exit 1
}
awk '{ print } ' "$build/coverage/coverage.txt"
grep '^lines' "$build/coverage/summary.txt"
