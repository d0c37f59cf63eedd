#!/bin/sh
# To be sourced: processes of our own on loopback, each on ports that it chose itself.
#   stack_begin              a folder for logs and files: $stack
#   stack_start NAME CMD...  starts it (pinned to core $stack_core when that is set) and waits for its "ready" line
#   stack_pid NAME           its process id
#   stack_port NAME [KEY]    a port of its ready line; KEY: port, management_port, ...
#   stack_wait_port PORT     until somebody accepts connections there
#   stack_stop NAME...       stops them
#   check WHAT X OP Y        says whether `test X OP Y`; $failed is 1 from then on when not
#   stack_end                stops all, removes the folder
# Meant for scripts that end with `trap stack_end EXIT`.

# shellcheck disable=SC2034 # failed is for who sources this
stack_begin() {
	stack=$(mktemp -d)
	stack_core=
	failed=0
}

# shellcheck disable=SC2034
check() {
	if test "$2" "$3" "$4"; then
		printf 'ok      %s: %s\n' "$1" "$2"
	else
		printf 'FAILED  %s: %s is not %s %s\n' "$1" "$2" "$3" "$4"
		failed=1
	fi
}

stack_start() {
	stack_name=$1
	shift
	: >"$stack/$stack_name.out"
	if [ -n "$stack_core" ]; then
		taskset -c "$stack_core" "$@" >"$stack/$stack_name.out" 2>"$stack/$stack_name.err" &
	else
		"$@" >"$stack/$stack_name.out" 2>"$stack/$stack_name.err" &
	fi
	echo $! >"$stack/$stack_name.pid"
	until grep -q '^ready ' "$stack/$stack_name.out"; do
		if ! kill -0 "$(stack_pid "$stack_name")" 2>/dev/null; then
			echo "$stack_name did not start:" >&2
			cat "$stack/$stack_name.err" >&2
			return 1
		fi
	done
}

stack_pid() {
	cat "$stack/$1.pid"
}

stack_port() {
	sed -n "s/^ready .*[ ]${2:-port}=\([0-9]*\).*/\1/p" "$stack/$1.out" | head -n 1
}

stack_wait_port() {
	until curl -s -o /dev/null "http://127.0.0.1:$1/"; do
		:
	done
}

stack_stop() {
	for stack_name in "$@"; do
		stack_stopped=$(stack_pid "$stack_name")
		kill "$stack_stopped" 2>/dev/null
		wait "$stack_stopped" 2>/dev/null
		rm -f "$stack/$stack_name.pid"
	done
}

stack_end() {
	for stack_file in "$stack"/*.pid; do
		[ -e "$stack_file" ] && stack_stop "$(basename "$stack_file" .pid)"
	done
	rm -rf "$stack"
}

# A free port, for programs that cannot choose one themselves.
stack_free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
