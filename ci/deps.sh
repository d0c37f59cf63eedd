#!/bin/sh
# Installs the Debian packages that building, testing and the demo need, and only those that are
# missing. Does nothing, silently, when all are there.
set -eu

packages="gcc libc6-dev make pkg-config check libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev libyaml-dev
	libhiredis-dev libuv1-dev libc-ares-dev libsqlite3-dev libssl-dev libpcre2-dev libcjose-dev libcrypt-dev
	libmariadb-dev libpq-dev
	clang libclang-rt-dev clang-format shellcheck gcovr redis-server mariadb-server-core postgresql
	nginx-light tinyproxy openssl curl wrk python3"

missing=
for package in $packages; do
	status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
fi
echo "deps: installing from Debian:$missing"
# A service that a package brings must not start by itself: tests start their own.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
$as_root apt-get update -qq
# shellcheck disable=SC2086 # one word for each package
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "deps: done"
