#include "gateway/stand_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "gateway/gateway.h"
#include "http/body.h"
#include "sim/component_stand_test.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/http_client.h"
#include "world/http_server.h"

#define SCRIPT_MAX 16
#define SEEN_MAX 4096
#define ADDRESS "10.0.0.1"
#define CONFIG_PATH "/gateway.json"

static const struct {
	const char *host, *address;
	uint16_t port;
} server_places[STAND_SERVERS] = {
	[STAND_BACKEND] = {"backend", "10.0.0.2", 3000},
	[STAND_UPSTREAM] = {"upstream", "10.0.0.3", 8000},
	[STAND_PORTAL] = {"portal", "10.0.0.4", 3000},
};

struct server {
	struct world *world;
	struct http_listener *listener;
	struct gateway_stand_script script[SCRIPT_MAX];
	size_t script_count, script_next;
	struct gateway_stand_seen *seen[SEEN_MAX];
	size_t seen_count;
};

struct played_call {
	struct server *server;
	struct http_exchange *exchange;
	struct gateway_stand_seen *seen;
	struct http_body_collector *collector;
	struct http_body *answer;
	struct timer drip;
};

static struct stand {
	struct component_stand base;
	struct server servers[STAND_SERVERS];
	int order;
} stand;

struct arena *gateway_stand_arena(void)
{
	return stand.base.arena;
}

/* Played servers. */

static const struct gateway_stand_script *choose_script(struct server *server, struct str target)
{
	static const struct gateway_stand_script fallback = {0};

	if (server->script_count == 0)
		return &fallback;
	if (server->script[0].prefix != NULL) {
		for (size_t i = 0; i < server->script_count; i++) {
			if (str_has_prefix(target, str_from(server->script[i].prefix)))
				return &server->script[i];
		}
		return NULL;
	}
	if (server->script_next < server->script_count)
		server->script_next++;
	return &server->script[server->script_next - 1];
}

/* A blank each second, for hours. */
static void drip(struct timer *timer)
{
	struct played_call *call = LIST_ENTRY(timer, struct played_call, drip);

	http_body_write(call->answer, STR(" "));
	timer_start(call->server->world, timer, STAND_SECOND, drip);
}

static void play_answer(struct played_call *call, const struct gateway_stand_script *script)
{
	struct http_response response;
	struct str body = str_from(script->body);

	http_response_init(&response, call->exchange->arena,
			   script->status > 0 ? script->status : 200);
	http_fields_add(&response.fields, STR("Server"), STR("played"));
	if (script->field != NULL)
		http_fields_add(&response.fields, str_from(script->field), str_from(script->value));
	if (script->fault == STAND_CUTS) {
		call->answer = http_body_create((int64_t)body.size + 10, 1024);
		http_exchange_respond(call->exchange, &response, call->answer);
		http_body_write(call->answer, body);
		http_body_fail(call->answer);
		return;
	}
	if (script->fault == STAND_DRIPS) {
		call->answer = http_body_create(10000, 1024);
		http_exchange_respond(call->exchange, &response, call->answer);
		drip(&call->drip);
		return;
	}
	http_exchange_respond_str(call->exchange, &response, str_copy(call->exchange->arena, body));
}

static void played_body(enum http_collect_result result, struct str bytes, void *data)
{
	struct played_call *call = data;
	const struct gateway_stand_script *script;
	struct gateway_stand_script unknown = {.status = 404, .body = "{}"};

	call->collector = NULL;
	if (result != HTTP_COLLECTED)
		return;
	call->seen->body = str_copy(stand.base.arena, bytes);
	script = choose_script(call->server, call->seen->target);
	if (script == NULL)
		script = &unknown;
	if (script->fault == STAND_CLOSES)
		http_exchange_abort(call->exchange);
	else if (script->fault != STAND_SILENT)
		play_answer(call, script);
}

static void played_ended(struct http_exchange *exchange, bool complete)
{
	struct played_call *call = exchange->data;

	(void)complete;
	http_body_collector_stop(call->collector);
	timer_stop(&call->drip);
	if (call->answer != NULL)
		http_body_producer_release(call->answer);
}

static void played_requested(struct http_exchange *exchange, void *data)
{
	struct server *server = data;
	struct gateway_stand_seen *seen = ARENA_NEW(stand.base.arena, struct gateway_stand_seen);
	struct played_call *call = ARENA_NEW(exchange->arena, struct played_call);

	ck_assert_uint_lt(server->seen_count, SEEN_MAX);
	server->seen[server->seen_count++] = seen;
	seen->order = ++stand.order;
	seen->method = str_copy(stand.base.arena, exchange->request.method);
	seen->target = str_copy(stand.base.arena, exchange->request.target);
	http_fields_copy(&seen->fields, stand.base.arena, &exchange->request.fields);
	*call = (struct played_call){.server = server, .exchange = exchange, .seen = seen};
	exchange->data = call;
	exchange->ended = played_ended;
	call->collector =
		http_body_collect(http_exchange_take_body(exchange), COMPONENT_STAND_BODY_BYTES_MAX,
				  exchange->arena, played_body, call);
}

void gateway_stand_play(enum gateway_stand_server server, const struct gateway_stand_script *script,
			size_t count)
{
	struct server *played = &stand.servers[server];

	ck_assert_uint_le(count, SCRIPT_MAX);
	memcpy(played->script, script, count * sizeof *script);
	played->script_count = count;
	played->script_next = 0;
}

void gateway_stand_stop_server(enum gateway_stand_server server)
{
	http_listener_close(stand.servers[server].world, stand.servers[server].listener);
	stand.servers[server].listener = NULL;
}

/* Setting. */

void gateway_stand_set(void)
{
	struct error error;

	stand = (struct stand){.order = 0};
	component_stand_set(&stand.base, &gateway_component, ADDRESS);
	for (int i = 0; i < STAND_SERVERS; i++) {
		struct server *server = &stand.servers[i];
		struct http_listen_options listen = {.port = server_places[i].port};
		struct sim_host *host =
			sim_host_add(stand.base.sim, str_from(server_places[i].host),
				     str_from(server_places[i].address));

		server->world = sim_host_world(host, STR("server"));
		server->listener =
			http_listen(server->world, &listen, played_requested, server, &error);
		ck_assert_ptr_nonnull(server->listener);
	}
	sim_dns_set(stand.base.sim, STR("api.internal"), STR("10.0.0.3"), 60);
}

void gateway_stand_clear(void)
{
	gateway_stand_leave();
	for (int i = 0; i < STAND_SERVERS; i++)
		gateway_stand_stop_server((enum gateway_stand_server)i);
	component_stand_clear(&stand.base);
}

void gateway_stand_variable(const char *name, const char *value)
{
	component_stand_variable(&stand.base, name, value);
}

void gateway_stand_argument(const char *word)
{
	component_stand_word(&stand.base, word);
}

const char *gateway_stand_service(const char *id, const char *host, const char *more,
				  const char *proxy)
{
	return str_cstr(
		stand.base.arena,
		str_format(stand.base.arena,
			   "{\"id\":%s,\"system_name\":\"orders\"%s,"
			   "\"backend_authentication_type\":\"service_token\","
			   "\"backend_authentication_value\":\"st-42\"%s,"
			   "\"proxy\":{\"hosts\":[\"%s\"],\"api_backend\":\"http://10.0.0.3:8000\","
			   "\"backend\":{\"endpoint\":\"http://10.0.0.2:3000\"}%s%s}}",
			   id,
			   strstr(more, "backend_version") != NULL ? ""
								   : ",\"backend_version\":\"1\"",
			   more, host, proxy,
			   strstr(proxy, "proxy_rules") != NULL
				   ? ""
				   : ",\"proxy_rules\":[{\"http_method\":\"GET\",\"pattern\":\"/\","
				     "\"metric_system_name\":\"hits\",\"delta\":1}]"));
}

const char *gateway_stand_services(const char *services)
{
	return str_cstr(stand.base.arena,
			str_format(stand.base.arena, "{\"services\":[%s]}", services));
}

void gateway_stand_file(const char *content)
{
	sim_host_write_file(stand.base.host, STR(CONFIG_PATH), str_from(content));
	gateway_stand_variable("THREESCALE_CONFIG_FILE", CONFIG_PATH);
}

/* The gateway. */

bool gateway_stand_start(void)
{
	return component_stand_start(&stand.base, 300 * STAND_SECOND);
}

void gateway_stand_start_with(const char *more, const char *proxy)
{
	gateway_stand_file(gateway_stand_services(
		gateway_stand_service("42", "api.example.com", more, proxy)));
	ck_assert_msg(gateway_stand_start(), "%.*s", STR_ARG(gateway_stand_log()));
}

int gateway_stand_exit_status(void)
{
	return stand.base.exit_status;
}

bool gateway_stand_is_running(void)
{
	return stand.base.exit_status < 0;
}

void gateway_stand_ask_to_stop(void)
{
	sim_process_stop(stand.base.process);
}

size_t gateway_stand_children(void)
{
	return component_stand_children(&stand.base);
}

void gateway_stand_kill_child(size_t index)
{
	component_stand_kill_child(&stand.base, index);
}

/* The client. */

void gateway_stand_send(struct gateway_stand_request request)
{
	struct component_stand_request call = {
		.method = request.method,
		.path = request.path,
		.fields = {"Host", request.host != NULL ? request.host : "api.example.com"},
		.body = request.body,
		.is_chunked = request.has_chunked_body,
		.stalls = request.stalls,
		.address = ADDRESS,
		.port = request.port > 0 ? request.port : 8080,
	};

	memcpy(call.fields + 2, request.fields, sizeof request.fields);
	component_stand_send(&stand.base, &call);
}

struct stand_answer gateway_stand_wait(void)
{
	return component_stand_wait(&stand.base, 300 * STAND_SECOND);
}

void gateway_stand_leave(void)
{
	component_stand_leave(&stand.base);
}

void gateway_stand_run_for(int64_t span_us)
{
	component_stand_run_for(&stand.base, span_us);
}

/* Reports and log lines follow the answer. */
struct stand_answer gateway_stand_call(struct gateway_stand_request request)
{
	struct stand_answer answer;

	gateway_stand_send(request);
	answer = gateway_stand_wait();
	gateway_stand_run_for(100 * STAND_MS);
	return answer;
}

struct stand_answer gateway_stand_get(const char *path)
{
	return gateway_stand_call((struct gateway_stand_request){.path = path});
}

static void burst_over(struct http_call *call, void *data)
{
	(void)call;
	++*(size_t *)data;
}

void gateway_stand_burst(const char *host, size_t count)
{
	struct http_call *calls[8];
	struct http_fields fields;
	struct http_call_options options = {
		.method = STR("GET"),
		.host = STR("10.0.0.1"),
		.port = 8080,
		.target = STR("/?user_key=k"),
		.fields = &fields,
	};
	size_t over = 0;

	ck_assert_uint_le(count, 8);
	http_fields_init(&fields, stand.base.arena);
	http_fields_add(&fields, STR("Host"), str_from(host));
	for (size_t i = 0; i < count; i++)
		calls[i] =
			http_call_start(stand.base.client, &options, burst_over, burst_over, &over);
	gateway_stand_run_for(60 * STAND_SECOND);
	ck_assert_uint_eq(over, count);
	for (size_t i = 0; i < count; i++)
		http_call_release(calls[i]);
}

struct sim_redis *gateway_stand_redis(void)
{
	struct sim_host *host = sim_host_add(stand.base.sim, STR("redis"), STR("10.0.0.5"));
	struct error error;
	struct sim_redis *redis = sim_redis_start(host, 6379, &error);

	ck_assert_ptr_nonnull(redis);
	return redis;
}

void gateway_stand_silence(enum gateway_stand_server server)
{
	const struct gateway_stand_script silent = {.fault = STAND_SILENT};

	gateway_stand_play(server, &silent, 1);
}

void gateway_stand_drop(enum gateway_stand_server server)
{
	struct sim_rule_options options = {.to = str_from(server_places[server].host),
					   .verdict = SIM_DROP};

	sim_rule_add(stand.base.sim, &options);
}

void gateway_stand_set_name(const char *name, const char *addresses)
{
	sim_dns_set(stand.base.sim, str_from(name), str_from(addresses), 60);
}

void gateway_stand_silence_name(const char *name)
{
	sim_dns_set_fault(stand.base.sim, str_from(name), SIM_DNS_SILENT);
}

size_t gateway_stand_lookups(const char *name)
{
	return (size_t)sim_dns_effects(stand.base.sim, str_from(name));
}

void gateway_stand_write(const char *path, const char *content)
{
	sim_host_write_file(stand.base.host, str_from(path), str_from(content));
}

struct world *gateway_stand_world(void)
{
	return sim_host_world(stand.base.host, STR("other"));
}

/* What was seen. */

size_t gateway_stand_seen_count(enum gateway_stand_server server)
{
	return stand.servers[server].seen_count;
}

const struct gateway_stand_seen *gateway_stand_seen(enum gateway_stand_server server, size_t index)
{
	ck_assert_uint_lt(index, stand.servers[server].seen_count);
	return stand.servers[server].seen[index];
}

const struct gateway_stand_seen *gateway_stand_last(enum gateway_stand_server server)
{
	ck_assert_uint_gt(stand.servers[server].seen_count, 0);
	return stand.servers[server].seen[stand.servers[server].seen_count - 1];
}

void gateway_stand_forget(void)
{
	for (int i = 0; i < STAND_SERVERS; i++)
		stand.servers[i].seen_count = 0;
	stand.order = 0;
	strbuf_clear(&stand.base.output);
}

struct str gateway_stand_log(void)
{
	return strbuf_str(&stand.base.output);
}

bool gateway_stand_log_has(const char *text)
{
	return str_find(gateway_stand_log(), str_from(text)) != STR_NOT_FOUND;
}

struct str gateway_stand_field(const struct stand_answer *answer, const char *name)
{
	return http_fields_get(&answer->fields, str_from(name));
}

void gateway_stand_expect_answer(struct stand_answer answer, int status, const char *body,
				 const char *file, int line)
{
	ck_assert_msg(answer.status == status, "%s:%d: status %d is not %d, log:\n%.*s", file, line,
		      answer.status, status, STR_ARG(gateway_stand_log()));
	if (body != NULL)
		stand_expect_str(answer.body, body, file, line);
}

/* The stand itself. */

START_TEST(a_gateway_starts_serves_and_stops)
{
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 1);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 1);
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
}
END_TEST

Suite *gateway_stand_suite(void);
Suite *gateway_stand_suite(void)
{
	Suite *suite = suite_create("gateway_stand");
	TCase *test = tcase_create("stand");

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(test, a_gateway_starts_serves_and_stops);
	suite_add_tcase(suite, test);
	return suite;
}
