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

conform gateway
conform backend
conform gateway --world sim
conform backend --world sim

# A real Redis on a free port, for this script alone.
. ci/redis.sh
trap redis_end EXIT
redis_begin || exit 4
conform backend --store "$redis_url"
redis_end

exit $failed
