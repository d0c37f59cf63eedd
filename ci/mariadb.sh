#!/bin/sh
# To be sourced: a MariaDB server of our own on a free port of loopback, which forgets everything.
#   mariadb_begin [N]   starts it with the databases system1 ... systemN (1); mariadb_url is that of system1,
#                       mariadb_server the same without the database
#   mariadb_end         stops it; fine when none runs, so that it may stand in a trap
# The user is root at any host with a password, as 3scale's own MySQL has it.

mariadb_begin() {
	# In memory where there is room.
	mariadb_folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
	mariadb_as=
	if [ "$(id -u)" -eq 0 ]; then
		mariadb_as=--user=root
	fi
	{
		echo "DROP USER IF EXISTS 'root'@'127.0.0.1';"
		echo "CREATE USER 'root'@'%' IDENTIFIED BY 'p@ss/word';"
		echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
		for mariadb_number in $(seq "${1:-1}"); do
			echo "CREATE DATABASE system$mariadb_number;"
		done
	} >"$mariadb_folder/init.sql"
	# shellcheck disable=SC2086 # no word or one
	mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve $mariadb_as \
		--datadir="$mariadb_folder/data" >"$mariadb_folder/install" 2>&1 || {
		cat "$mariadb_folder/install" >&2
		return 1
	}
	: >"$mariadb_folder/log" # for whoever looks at it before the server does
	for mariadb_port in $(shuf -i 20000-32000 -n 20); do
		# shellcheck disable=SC2086
		mariadbd --no-defaults $mariadb_as --datadir="$mariadb_folder/data" --bind-address=127.0.0.1 --port="$mariadb_port" \
			--socket="$mariadb_folder/socket" --pid-file="$mariadb_folder/pid" --init-file="$mariadb_folder/init.sql" \
			--skip-name-resolve --skip-log-bin --sync-frm=OFF --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync \
			--innodb-doublewrite=OFF --innodb-buffer-pool-size=64M --innodb-log-file-size=16M --performance-schema=OFF \
			--max-connections=200 >>"$mariadb_folder/log" 2>&1 &
		mariadb_pid=$!
		# Either it listens, or it ended because the port was taken.
		if tail -n +1 -f --pid="$mariadb_pid" "$mariadb_folder/log" | grep -q 'ready for connections'; then
			mariadb_server="mysql2://root:p%40ss%2Fword@127.0.0.1:$mariadb_port"
			# shellcheck disable=SC2034 # for whoever sources this
			mariadb_url=$mariadb_server/system1
			return 0
		fi
		kill "$mariadb_pid" 2>/dev/null
		wait "$mariadb_pid" 2>/dev/null
	done
	echo "mariadb: no server would start:" >&2
	tail "$mariadb_folder/log" >&2
	return 1
}

mariadb_end() {
	if [ -n "${mariadb_pid:-}" ]; then
		kill "$mariadb_pid" 2>/dev/null
		wait "$mariadb_pid" 2>/dev/null
	fi
	mariadb_pid=
	[ -z "${mariadb_folder:-}" ] || rm -rf "$mariadb_folder"
}
