#!/bin/sh
# The conformance suites against refscale itself: over sockets, on a real Redis, on MySQL and PostgreSQL, and in the
# simulator.
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=${1:-build}/refscale
failed=0

conform() {
	printf 'conform %s\n' "$*"
	"$refscale" conform "$@" || failed=1
}

# Cases mostly wait: for what may still come, for a Redis of their own to fail over.
conform gateway --jobs 8
conform backend --jobs 8
conform portal --jobs 8
conform gateway --world sim
conform backend --world sim
conform portal --world sim

# Cases on one Redis take turns; several servers of their own, on free ports, let the files run side by side. Cases that
# start servers themselves had them above.
shards=4
on_redis() {
	(
		. ci/redis.sh
		trap redis_end EXIT
		redis_begin || exit 4
		# shellcheck disable=SC2154 # redis_begin sets redis_url
		printf 'conform backend --store %s (%d files)\n' "$redis_url" $#
		"$refscale" conform backend --store "$redis_url" '!tag:redis-servers' "$@"
	)
}

# The portal's cases on the databases that installations have.
databases=4
on_mysql() {
	(
		. ci/mariadb.sh
		trap mariadb_end EXIT
		mariadb_begin $databases || exit 4
		# shellcheck disable=SC2154 # mariadb_begin sets mariadb_server
		conform portal --jobs $databases --database "$mariadb_server/system{job}"
		exit $failed
	)
}
on_postgresql() {
	(
		. ci/postgresql.sh
		trap postgresql_end EXIT
		postgresql_begin $databases || exit 4
		# shellcheck disable=SC2154 # postgresql_begin sets postgresql_server
		conform portal --jobs $databases --database "$postgresql_server/system{job}"
		exit $failed
	)
}

output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
shard=0
pids=
while [ $shard -lt $shards ]; do
	# shellcheck disable=SC2046 # file names have no blanks
	on_redis $(find conformance/suites/backend -name '*.yaml' | sort | awk "NR % $shards == $shard") >"$output/$shard" 2>&1 &
	pids="$pids $!"
	shard=$((shard + 1))
done
on_mysql >"$output/mysql" 2>&1 &
pids="$pids $!"
on_postgresql >"$output/postgresql" 2>&1 &
pids="$pids $!"
for pid in $pids; do
	wait "$pid" || failed=1
done
cat "$output"/*

exit $failed
