#!/bin/sh
# The traces of every scenario must be the same from gcc and clang, with and without optimization, with and without
# the sanitizers. The list of a run names each scenario with its trace's hash.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build}
first=

check() {
	compiler=$1
	flavour=$2
	folder=$build/determinism/$compiler
	make --no-print-directory BUILD="$folder" CC="$compiler" FLAVOUR="$flavour" -j"$(nproc)" binary >/dev/null || exit 4
	list=$folder/$flavour.list
	"$folder/$flavour/refscale" sim run scenarios --seed 7 >"$list" || {
		cat "$list"
		echo "determinism: scenarios fail with $compiler, $flavour"
		exit 1
	}
	printf '%-6s %-8s %s\n' "$compiler" "$flavour" "$(sha256sum <"$list" | cut -c 1-16)"
	if [ -z "$first" ]; then
		first=$list
	elif ! diff -u "$first" "$list"; then
		echo "determinism: $compiler, $flavour differs"
		exit 1
	fi
}

check gcc release
check gcc debug
check gcc asan
check clang release
check clang debug
echo "determinism: $(grep -c trace "$first") scenarios, the same trace five times"
