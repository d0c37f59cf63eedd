#!/bin/sh
# The unit tests, with the servers that some of them need: ci/unit.sh PROGRAM [OPTION...]
# Without options the portal's resources are tested on those servers, too.
set -u
cd "$(dirname "$0")/.." || exit 2
"$1" --list | grep -q '^world_real_sql$' || exec "$@"
. ci/mariadb.sh
. ci/postgresql.sh
output=$(mktemp)
trap 'mariadb_end; postgresql_end; rm -f "$output"' EXIT
mariadb_begin 2 && postgresql_begin 2 || exit 4
# shellcheck disable=SC2154 # they are set there
export TEST_MYSQL_URL="$mariadb_url" TEST_POSTGRESQL_URL="$postgresql_url"
"$@"
status=$?
[ $# -eq 1 ] || exit $status

# Their time-outs are for a database in memory.
export CK_TIMEOUT_MULTIPLIER=10
TEST_PORTAL_DATABASE=$mariadb_server/system2 "$1" --suite 'portal_resources_*' >"$output" 2>&1 &
other=$!
# shellcheck disable=SC2154
TEST_PORTAL_DATABASE=$postgresql_server/system2 "$1" --suite 'portal_resources_*' || status=1
wait $other || status=1
cat "$output"
exit $status
