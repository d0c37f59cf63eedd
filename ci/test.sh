#!/bin/sh
# All tests, cheapest first: unit and port tests, conformance in both worlds, scenarios, end to end.
# Every part runs even when one before it failed; status 1 when any failed.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build}
flavour=${2:-release}
failed=

part() {
	name=$1
	shift
	began=$(date +%s)
	printf '== %s\n' "$name"
	if "$@"; then
		printf '== %s: passed in %s s\n' "$name" $(($(date +%s) - began))
	else
		printf '== %s: FAILED\n' "$name"
		failed="$failed $name"
	fi
}

part unit make --no-print-directory BUILD="$build" unit
part conform ci/conform.sh "$build"
part scenarios "$build/refscale" sim run scenarios --twice
part demo "$build/refscale" demo --once
# Sizes and speeds say nothing under the sanitizers.
[ "$flavour" = asan ] || part e2e ci/e2e.sh "$build"

if [ -n "$failed" ]; then
	printf 'test: failed:%s\n' "$failed"
	exit 1
fi
echo "test: everything passed"
