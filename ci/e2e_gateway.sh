#!/bin/sh
# The gateway among real components: nginx as the private API (keep-alive, chunked, slow, closing, over TLS), tinyproxy
# as the forward proxy, curl and openssl s_client as clients with and without certificates, a WebSocket echo.
set -u
cd "$(dirname "$0")/.." || exit 2
refscale=$(pwd)/${1:-build}/refscale
case ${1:-} in /*) refscale=$1/refscale ;; esac
certificates=$(pwd)/fixtures/certificates
. ci/stack.sh
stack_begin
trap stack_end EXIT
# Connections to others are each worker's own, and they are counted here.
export APICAST_WORKERS=1

says() { # FILE TEXT: how many lines of the file say so, waiting a moment for the first
	tries=0
	until grep -qF "$2" "$1" || [ $tries -gt 1000 ]; do
		tries=$((tries + 1))
	done
	grep -cF "$2" "$1"
}

# Servers.
plain=$(stack_free_port)
tls=$(stack_free_port)
strict=$(stack_free_port)
mkdir -p "$stack/nginx/files" "$stack/nginx/temp"
head -c 300000 /dev/urandom >"$stack/nginx/files/big.bin"
echo '<!--# echo var="arg_none" default="in chunks" -->' >"$stack/nginx/files/chunked.html"
cat >"$stack/nginx/nginx.conf" <<NGINX
daemon off; master_process off; pid $stack/nginx/nginx.pid; error_log stderr crit;
events { worker_connections 512; }
http {
	log_format calls '\$connection \$server_port "\$request" \$status \$http_host \$content_length';
	access_log $stack/nginx/calls.log calls;
	client_body_temp_path $stack/nginx/temp; client_max_body_size 0;
	types { text/html html; }
	root $stack/nginx/files;
	server {
		listen 127.0.0.1:$plain;
		location / { return 200 "fine"; }
		location = /chunked.html { ssi on; }
		location = /slow { alias $stack/nginx/files/big.bin; limit_rate 300k; }
		location = /big.bin { }
		location = /closing { return 444; }
		location = /upload { client_body_buffer_size 1m; proxy_pass http://127.0.0.1:$plain/; }
	}
	ssl_certificate $certificates/server.pem; ssl_certificate_key $certificates/server.key;
	server { listen 127.0.0.1:$tls ssl; location / { return 200 "secret"; } }
	server {
		listen 127.0.0.1:$strict ssl; ssl_client_certificate $certificates/authority.pem; ssl_verify_client on;
		location / { return 200 "known \$ssl_client_s_dn"; }
	}
}
NGINX
nginx -p "$stack/nginx" -c "$stack/nginx/nginx.conf" 2>"$stack/nginx.err" &
echo $! >"$stack/nginx.pid"
stack_wait_port "$plain"

proxy=$(stack_free_port)
cat >"$stack/tinyproxy.conf" <<TINYPROXY
Port $proxy
Listen 127.0.0.1
Allow 127.0.0.1
MaxClients 50
LogFile "$stack/tinyproxy.log"
LogLevel Info
TINYPROXY
tinyproxy -d -c "$stack/tinyproxy.conf" >"$stack/tinyproxy.out" 2>&1 &
echo $! >"$stack/tinyproxy.pid"
stack_wait_port "$proxy"

# A WebSocket echo, an API that stalls in its body, and a port whose queue is full.
stack_start others python3 ci/e2e_servers.py "$certificates/server.pem" "$certificates/server.key" || exit 1

# Services: one for each way to reach the API.
service() { # ID API_BACKEND POLICIES
	cat <<SERVICE
{"id": $1, "backend_version": "1", "proxy": {"hosts": ["$1.example.com"], "api_backend": "$2",
 "credentials_location": "query", "auth_user_key": "user_key",
 "proxy_rules": [{"http_method": "ANY", "pattern": "/", "metric_system_name": "hits", "delta": 1}],
 "policy_chain": [$3{"name": "apicast", "version": "builtin", "configuration": {}}]}}
SERVICE
}
impatient='{"name": "upstream_connection", "version": "builtin", "configuration": {"connect_timeout": 1, "read_timeout": 1}},'
listed="{\"name\": \"tls_validation\", \"version\": \"builtin\", \"configuration\": {\"whitelist\": [{\"pem_certificate\":
 \"$(awk '{printf "%s\\n", $0}' "$certificates/authority.pem")\"}]}},"
websocket='{"name": "websocket", "version": "builtin", "configuration": {}},'
{
	echo '{"services": ['
	service 1 "http://127.0.0.1:$plain" ""
	echo ,
	service 2 "https://127.0.0.1:$tls" ""
	echo ,
	service 3 "https://127.0.0.1:$strict" ""
	echo ,
	service 4 "http://127.0.0.1:$(stack_port others stall_port)" "$impatient"
	echo ,
	service 5 "http://127.0.0.1:$(stack_port others full_port)" "$impatient"
	echo ,
	service 6 "http://127.0.0.1:$plain" "$listed"
	echo ,
	service 7 "http://127.0.0.1:$(stack_port others echo_port)" "$websocket"
	echo ,
	service 8 "wss://127.0.0.1:$(stack_port others tls_port)" "$websocket"
	echo ']}'
} >"$stack/config.json"

gateway() { # NAME VARIABLE=VALUE...
	name=$1
	shift
	stack_start "$name" env THREESCALE_CONFIG_FILE="$stack/config.json" APICAST_LOG_LEVEL=info APICAST_WORKERS=1 OPENSSL_VERIFY=true \
		SSL_CERT_FILE="$certificates/authority.pem" "$@" \
		"$refscale" gateway --address 127.0.0.1 --port 0 --management-port 0 --metrics-port 0 --echo-port 0
}
https=$(stack_free_port)
gateway direct no_proxy='*' APICAST_HTTPS_PORT="$https" APICAST_HTTPS_CERTIFICATE="$certificates/server.pem" \
	APICAST_HTTPS_CERTIFICATE_KEY="$certificates/server.key" \
	APICAST_PROXY_HTTPS_CERTIFICATE="$certificates/client.pem" \
	APICAST_PROXY_HTTPS_CERTIFICATE_KEY="$certificates/client.key" || exit 1
gateway proxied http_proxy="http://127.0.0.1:$proxy" https_proxy="http://127.0.0.1:$proxy" no_proxy= || exit 1
log=$stack/direct.err

call() { # SERVICE PATH CURL-OPTION...: through the gateway without proxies
	service=$1 path=$2
	shift 2
	curl -s -m 20 -H "Host: $service.example.com" "$@" "http://127.0.0.1:$(stack_port direct)$path?user_key=k"
}
status() {
	call "$@" -o /dev/null -w '%{http_code}'
}
secure() { # SERVICE PATH CURL-OPTION...: over TLS, by name
	service=$1 path=$2
	shift 2
	curl -s -m 20 --cacert "$certificates/authority.pem" --resolve "$service.example.com:$https:127.0.0.1" "$@" \
		"https://$service.example.com:$https$path?user_key=k"
}
through() { # SERVICE PATH CURL-OPTION...: through the gateway behind tinyproxy
	service=$1 path=$2
	shift 2
	curl -s -m 20 -H "Host: $service.example.com" "$@" "http://127.0.0.1:$(stack_port proxied)$path?user_key=k"
}

# nginx as the API.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	call 1 /alive >/dev/null
done
check 'ten calls, connections to nginx' \
	"$(awk '$4 ~ /alive/ {print $1}' "$stack/nginx/calls.log" | sort -u | wc -l)" = 1
check 'an answer in chunks' "$(call 1 /chunked.html)" = 'in chunks'
check 'a slow answer, differences' "$(call 1 /slow | cmp - "$stack/nginx/files/big.bin" 2>&1)" = ''
check 'a connection that closes' "$(status 1 /closing)" = 502
check 'what the log says of it' \
	"$(says "$log" 'upstream prematurely closed connection while reading response header from upstream')" = 1
check 'an upload of 50 MiB in chunks' \
	"$(head -c 52428800 /dev/zero | status 1 /upload -X POST -T - -H 'Expect: 100-continue')" = 200
check 'calls of it at nginx' "$(says "$stack/nginx/calls.log" 'POST /upload')" = 1
check 'over TLS, verified' "$(call 2 /)" = secret
check 'with our certificate' "$(call 3 /)" = 'known CN=example client'
check 'an API that stalls: curl' "$(call 4 / >/dev/null; echo $?)" = 18
check 'what the log says of it' \
	"$(says "$log" 'upstream timed out (110: Connection timed out) while reading upstream')" = 1
check 'an API that breaks its chunks: what comes of it' "$(call 4 /garbled)" = 'half '
check 'what the log says of it' \
	"$(says "$log" 'upstream sent invalid chunked response while reading upstream')" = 1
check 'an API that takes no connection' "$(status 5 /)" = 504
check 'what the log says of it' \
	"$(says "$log" 'upstream timed out (110: Connection timed out) while connecting to upstream')" = 1

# Clients over TLS.
check 'curl over TLS' "$(secure 1 /)" = fine
check 'no certificate' "$(secure 6 /)" = 'Invalid certificate verification context'
check 'a stranger' "$(secure 6 / --cert "$certificates/stranger.pem" --key "$certificates/stranger.key")" = \
	'unable to get local issuer certificate'
check 'one of the authority' "$(secure 6 / --cert "$certificates/client.pem" --key "$certificates/client.key")" = fine
check 'one below it' "$(secure 6 / --cert "$certificates/below.pem" --key "$certificates/below.key")" = fine
check 'an upload over TLS' "$(head -c 20000000 /dev/zero | secure 1 /upload -X POST -T - -o /dev/null -w '%{http_code}')" = 200
handshake() { # OPTION...: a request by openssl s_client, and what it says
	printf 'GET /?user_key=k HTTP/1.1\r\nHost: 6.example.com\r\nConnection: close\r\n\r\n' |
		openssl s_client -connect "127.0.0.1:$https" -servername 6.example.com -ign_eof \
			-CAfile "$certificates/authority.pem" "$@" 2>/dev/null
}
check 's_client: verification' "$(handshake | grep -c 'Verify return code: 0 (ok)')" -ge 1
check 's_client without a certificate' "$(handshake | grep -c 'HTTP/1.1 400')" = 1
check 's_client with one' \
	"$(handshake -cert "$certificates/client.pem" -key "$certificates/client.key" | grep -c 'HTTP/1.1 200')" = 1
check 's_client with TLS 1.2' \
	"$(handshake -tls1_2 -cert "$certificates/client.pem" -key "$certificates/client.key" | grep -c 'HTTP/1.1 200')" = 1
check 'plain HTTP to the TLS port' "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$https/")" = 000

# tinyproxy between.
check 'an http API through the proxy' "$(through 1 /by-proxy)" = fine
check 'what the proxy was asked' "$(says "$stack/tinyproxy.log" "GET http://127.0.0.1:$plain/by-proxy?user_key=k HTTP/1.1")" = 1
check 'the Host of it' "$(awk '$4 ~ /by-proxy/ {print $7}' "$stack/nginx/calls.log" | sed 's/:.*//')" = 127.0.0.1
check 'an https API through the proxy' "$(through 2 / -d "$(head -c 20000 /dev/zero | tr '\0' x)")" = secret
check 'what the proxy was asked' "$(says "$stack/tinyproxy.log" "CONNECT 127.0.0.1:$tls HTTP/1.1")" -ge 1
check 'bytes of the body at nginx' "$(awk -v port="$tls" '$2 == port && /POST/ {print $NF}' "$stack/nginx/calls.log")" = 20000
stack_stop tinyproxy
check 'the proxy is gone, https' "$(through 2 / -o /dev/null -w '%{http_code}')" = 503
check 'what the log says of it' "$(says "$stack/proxied.err" "could not connect to proxy: http://127.0.0.1:$proxy err: ")" -ge 1
check 'the proxy is gone, http' "$(through 1 / -o /dev/null -w '%{http_code}')" = 503

# WebSocket.
check 'a WebSocket, echoes' "$(python3 ci/e2e_websocket.py "$(stack_port direct)" 7.example.com)" = '200 of 200'
check 'a WebSocket to a wss API, echoes' "$(python3 ci/e2e_websocket.py "$(stack_port direct)" 8.example.com)" = '200 of 200'
check 'a WebSocket over TLS, echoes' "$(python3 ci/e2e_websocket.py "$https" 7.example.com "$certificates/authority.pem")" = '200 of 200'
check 'the same to a wss API, echoes' "$(python3 ci/e2e_websocket.py "$https" 8.example.com "$certificates/authority.pem")" = '200 of 200'
check 'without the policy' "$(status 1 / -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
	-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')" = 200

# The front door, byte by byte.
python3 ci/e2e_front_door.py "$(stack_port direct)" || failed=1
check 'requests of it that reached nginx' "$(grep -c front-door "$stack/nginx/calls.log")" = 0

exit $failed
