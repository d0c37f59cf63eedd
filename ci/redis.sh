#!/bin/sh
# To be sourced: a redis-server of our own on a free port of loopback, without persistence.
#   redis_begin   starts it; redis_url, redis_port and redis_pid are set
#   redis_end     stops it; fine when none runs, so that it may stand in a trap

redis_begin() {
	redis_folder=$(mktemp -d)
	for redis_port in $(shuf -i 20000-32000 -n 20); do
		redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$redis_folder" \
			--logfile "$redis_folder/log" &
		redis_pid=$!
		# Either it answers, or it ended because the port was taken.
		while kill -0 "$redis_pid" 2>/dev/null; do
			if redis-cli -p "$redis_port" info server 2>/dev/null | tr -d '\r' | grep -qx "process_id:$redis_pid"; then
				# shellcheck disable=SC2034 # for whoever sources this
				redis_url=redis://127.0.0.1:$redis_port
				return 0
			fi
		done
	done
	echo "redis: no redis-server would start, see $redis_folder/log" >&2
	return 1
}

redis_end() {
	[ -n "${redis_pid:-}" ] || return 0
	kill "$redis_pid" 2>/dev/null
	wait "$redis_pid" 2>/dev/null
	redis_pid=
	rm -rf "$redis_folder"
}
