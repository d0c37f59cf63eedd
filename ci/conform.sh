#!/bin/sh
# The conformance suites against refscale itself: over sockets, on a real Redis, and in the simulator.
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
conform gateway --world sim
conform backend --world sim

# A real Redis on a free port, for this script alone. Cases with servers of their own had them above.
. ci/redis.sh
trap redis_end EXIT
redis_begin || exit 4
conform backend --store "$redis_url" '!tag:redis-servers'
redis_end

exit $failed
