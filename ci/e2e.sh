#!/bin/sh
# What only real processes show: bodies of a GiB, a thousand connections, kill -9, several listeners; the gateway among
# real servers, proxies and clients (e2e_gateway.sh); all components together (e2e_portal.sh, e2e_zync.sh);
# mails through a relay that speaks TLS (e2e_mail.py); clients that mean no good (e2e_hostile.py).
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=$(pwd)/${1:-build}/refscale
case ${1:-} in /*) refscale=$1/refscale ;; esac
. ci/stack.sh
. ci/redis.sh
stack_begin
trap "redis_end; stack_end" EXIT

peak_kb() {
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(stack_pid "$1")/status"
}

# The gateway between curl and the Echo API, authorized by backend.
stack_start echo "$refscale" echo --port 0 || exit 1
stack_start backend env CONFIG_INTERNAL_API_USER=u CONFIG_INTERNAL_API_PASSWORD=p \
	"$refscale" backend --port 0 --store :memory: || exit 1
sed -e "s|@UPSTREAM@|http://127.0.0.1:$(stack_port echo)|" -e "s|@BACKEND@|http://127.0.0.1:$(stack_port backend)|" \
	fixtures/proxy_configs/one_service.json >"$stack/config.json"
stack_start gateway env APICAST_WORKERS=1 THREESCALE_CONFIG_FILE="$stack/config.json" \
	"$refscale" gateway --port 0 --management-port 0 --metrics-port 0 --echo-port 0 || exit 1
internal=http://u:p@127.0.0.1:$(stack_port backend)/internal
put() {
	curl -s -o /dev/null -X "$1" -d "$3" "$internal/$2"
}
put POST services/ '{"service":{"id":"42","provider_key":"pk","backend_version":"1"}}'
put POST service_tokens/ '{"service_tokens":{"st-42":{"service_id":"42"}}}'
put POST services/42/metrics/1 '{"metric":{"name":"hits"}}'
put POST services/42/applications/a '{"application":{"state":"active","plan_id":"1","plan_name":"p"}}'
put PUT services/42/applications/a/key/k '{}'
url=http://127.0.0.1:$(stack_port gateway)

check 'a call passes' "$(curl -s -o /dev/null -w '%{http_code}' "$url/?user_key=k")" = 200
gib=1073741824
sent=$(head -c $gib /dev/zero | curl -s -X POST -H 'Expect:' -H 'Content-Type: application/octet-stream' -T - \
	"$url/?user_key=k" | sed -n 's/.*"body_bytes":\([0-9]*\).*/\1/p')
check 'upload of a GiB, bytes at the API' "$sent" = $gib
check 'download of a GiB, bytes at the client' \
	"$(curl -s -o /dev/null -w '%{size_download}' "$url/bytes/$gib?user_key=k")" = $gib
check 'the gateway stayed below 64 MiB, peak in kB' "$(peak_kb gateway)" -lt 65536

wrk -t 2 -c 1000 -d 5s "$url/?user_key=k" >"$stack/wrk.txt"
check '1,000 keep-alive connections, failed answers and sockets' \
	"$(grep -cE 'Non-2xx|Socket errors' "$stack/wrk.txt")" = 0
calls=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$stack/wrk.txt")
check '1,000 keep-alive connections, calls' "$calls" -gt 1000
stack_stop gateway backend echo

# SWAPS=1000 for the long form.
python3 ci/gateway_swaps.py "$refscale" --swaps "${SWAPS:-200}" || failed=1

# Workers of a gateway share its ports, and one that is killed is replaced; what they know stays.
children() {
	tr ' ' '\n' <"/proc/$1/task/$1/children" | grep .
}
stack_start workers env APICAST_WORKERS=3 APICAST_CONFIGURATION=data:application/json,%7B%7D \
	"$refscale" gateway --port 0 --management-port 0 --metrics-port 0 --echo-port 0 || exit 1
parent=$(stack_pid workers)
check 'APICAST_WORKERS=3, processes' "$(children "$parent" | wc -l)" = 3
healthz=http://127.0.0.1:$(stack_port workers)/_threescale/healthz
check 'a call to them' "$(curl -s -o /dev/null -w '%{http_code}' "$healthz")" = 200
victim=$(children "$parent" | head -n 1)
kill -9 "$victim"
while kill -0 "$victim" 2>/dev/null || [ "$(children "$parent" | wc -l)" -lt 3 ]; do :; done
check 'one is killed and replaced, processes' "$(children "$parent" | wc -l)" = 3
orphans=$(children "$parent")
stack_stop workers
for orphan in $orphans; do
	while kill -0 "$orphan" 2>/dev/null; do :; done
done
check 'asked to end, all end: a call' "$(curl -s -o /dev/null -w '%{http_code}' "$healthz")" = 000

python3 ci/kill_workers.py "$refscale" || failed=1

python3 ci/kill_loop.py "$refscale" || failed=1
# KILLS=200 for the long form.
redis_begin || exit 4
python3 ci/kill_loop.py "$refscale" --redis "$redis_port" --kills "${KILLS:-20}" || failed=1
python3 ci/kill_loop_portal.py "$refscale" --kills "${KILLS:-20}" || failed=1

stack_start listeners env PUMA_WORKERS=4 "$refscale" backend listener --port 0 --store "$redis_url" || exit 1
supervisor=$(stack_pid listeners)
check 'PUMA_WORKERS=4, processes' "$(children "$supervisor" | wc -l)" = 4
status=http://127.0.0.1:$(stack_port listeners)/status
check 'a call to them' "$(curl -s -o /dev/null -w '%{http_code}' "$status")" = 200
victim=$(children "$supervisor" | head -n 1)
kill -9 "$victim"
while kill -0 "$victim" 2>/dev/null || [ "$(children "$supervisor" | wc -l)" -lt 4 ]; do :; done
check 'one is killed and replaced, processes' "$(children "$supervisor" | wc -l)" = 4
orphans=$(children "$supervisor")
kill -9 "$supervisor"
for orphan in $orphans; do
	while kill -0 "$orphan" 2>/dev/null; do :; done
done
check 'their supervisor is killed, and they end: a call' "$(curl -s -o /dev/null -w '%{http_code}' "$status")" = 000
rm "$stack/listeners.pid"
redis_end
python3 ci/failover.py "$refscale" --seconds 10 --rate 500 --cut-ms 100 || failed=1

ci/e2e_gateway.sh "${1:-build}" || failed=1
ci/e2e_portal.sh "${1:-build}" || failed=1
ci/e2e_zync.sh "${1:-build}" || failed=1
python3 ci/e2e_mail.py "$refscale" fixtures/certificates/server.pem fixtures/certificates/server.key || failed=1
python3 ci/e2e_hostile.py "$refscale" || failed=1

exit $failed
