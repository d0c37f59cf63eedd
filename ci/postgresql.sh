#!/bin/sh
# To be sourced: a PostgreSQL server of our own on a free port of loopback, which forgets everything.
#   postgresql_begin [N]   starts it with the databases system1 ... systemN (1); postgresql_url is that of system1,
#                          postgresql_server the same without the database
#   postgresql_end         stops it; fine when none runs, so that it may stand in a trap
# It refuses to run as root: then it runs as the user that Debian's package made for it.

postgresql_run() {
	postgresql_program=$postgresql_bin/$1
	shift
	if [ "$(id -u)" -eq 0 ]; then
		(cd "$postgresql_folder" && setpriv --reuid=postgres --regid=postgres --clear-groups "$postgresql_program" "$@")
	else
		"$postgresql_program" "$@"
	fi
}

postgresql_begin() {
	# In memory where there is room.
	postgresql_folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
	postgresql_bin=$(find /usr/lib/postgresql -name initdb | sort -V | tail -n 1 | xargs dirname)
	echo password >"$postgresql_folder/password"
	[ "$(id -u)" -ne 0 ] || chown -R postgres: "$postgresql_folder"
	postgresql_run initdb --pgdata="$postgresql_folder/data" --username=system --pwfile="$postgresql_folder/password" \
		--auth=scram-sha-256 --auth-local=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$postgresql_folder/log" 2>&1 || {
		cat "$postgresql_folder/log" >&2
		return 1
	}
	for postgresql_port in $(shuf -i 20000-32000 -n 20); do
		# It waits until the server answers, or ended because the port was taken.
		postgresql_run pg_ctl start --pgdata="$postgresql_folder/data" --log="$postgresql_folder/data/log" --wait --silent \
			--options="-c listen_addresses=127.0.0.1 -c port=$postgresql_port -c unix_socket_directories=$postgresql_folder -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200" \
			>"$postgresql_folder/log" 2>&1 || continue
		seq -f 'CREATE DATABASE system%.0f;' "${1:-1}" |
			postgresql_run psql --host="$postgresql_folder" --port="$postgresql_port" --username=system --dbname=postgres --quiet || return 1
		postgresql_server="postgresql://system:password@127.0.0.1:$postgresql_port"
		# shellcheck disable=SC2034 # for whoever sources this
		postgresql_url=$postgresql_server/system1
		return 0
	done
	echo "postgresql: no server would start:" >&2
	tail "$postgresql_folder/log" "$postgresql_folder/data/log" >&2
	return 1
}

postgresql_end() {
	[ -n "${postgresql_folder:-}" ] || return 0
	postgresql_run pg_ctl stop --pgdata="$postgresql_folder/data" --mode=immediate --silent >/dev/null 2>&1
	rm -rf "$postgresql_folder"
	postgresql_folder=
}
