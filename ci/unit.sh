#!/bin/sh
# The unit tests, with the servers that some of them need: ci/unit.sh PROGRAM [OPTION...]
set -u
cd "$(dirname "$0")/.." || exit 2
"$1" --list | grep -q '^world_real_sql$' || exec "$@"
. ci/mariadb.sh
. ci/postgresql.sh
trap 'mariadb_end; postgresql_end' EXIT
mariadb_begin 1 && postgresql_begin 1 || exit 4
# shellcheck disable=SC2154 # they are set there
export TEST_MYSQL_URL="$mariadb_url" TEST_POSTGRESQL_URL="$postgresql_url"
"$@"
