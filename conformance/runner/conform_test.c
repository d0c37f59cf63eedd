/* The runner as a whole, in the simulator, against small targets that can be told to be wrong. */
#include "conformance/runner/conform.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/url.h"
#include "conformance/runner/client.h"
#include "conformance/runner/wire.h"
#include "http/query.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/dns.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/redis.h"

/* Targets: a gateway that asks backend and calls the upstream, and a backend that takes what it is
 * given. FAKE says what is wrong with them. */

struct fake {
	struct world *world;
	struct arena *arena;
	struct wire wire;
	struct http_listener *listener, *management;
	struct redis_client *redis;
	VEC(struct fake_call *) calls;
	struct str fault;
	struct str clock;
};

struct fake_call {
	struct fake *fake;
	struct http_exchange *exchange;
	struct http_query query;
	struct str body, host;
	const struct json *service;
	bool is_gone;
	struct timer late;
	struct client_call *out; /* a call of ours, under way */
	client_done *out_done;
};

static bool has_fault(const struct fake *fake, const char *name)
{
	return str_equal(fake->fault, str_from(name));
}

static void respond(struct fake_call *call, int status, struct str body)
{
	struct http_response response;

	if (call->is_gone)
		return;
	http_response_init(&response, call->exchange->arena, status);
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/plain"));
	http_exchange_respond_str(call->exchange, &response, body);
}

static void out_answered(struct record *record, void *data)
{
	struct fake_call *call = data;

	call->out = NULL;
	call->out_done(record, call);
}

static void send_to(struct fake_call *call, struct str base, struct str method, struct str target,
		    client_done *done)
{
	struct fake *fake = call->fake;
	struct client_request request = {.method = method, .target = target};
	struct url url;

	if (!url_parse(base, &url, NULL)) {
		respond(call, 500, STR("no address"));
		return;
	}
	request.address = url.host;
	request.port = url.port;
	request.body = call->body;
	request.has_body = call->body.size > 0;
	http_fields_init(&request.fields, fake->arena);
	http_fields_add(&request.fields, STR("Host"), url.host);
	call->out_done = done;
	call->out = client_send(fake->world, &fake->wire, &request, out_answered, call);
}

static void upstream_answered(struct record *record, void *data)
{
	struct fake_call *call = data;

	if (record->status == 0 || record->failure.size > 0)
		respond(call, 502, record->failure);
	else
		respond(call, has_fault(call->fake, "wrong") ? 418 : record->status,
			record->answer_body);
}

static void late_report_answered(struct record *record, void *data)
{
	(void)record;
	(void)data;
}

static void call_backend(struct fake_call *call, client_done *done)
{
	struct str target =
		STR_CONCAT(call->fake->arena,
			   STR("/transactions/authrep.xml?service_id=42&usage%5Bhits%5D="
			       "1&user_key="),
			   http_query_get(&call->query, STR("user_key")));
	struct str body = call->body;

	call->body = STR("");
	send_to(call, json_str(json_path(call->service, "proxy.backend.endpoint")), STR("GET"),
		target, done);
	call->body = body;
}

static void report_late(struct timer *timer)
{
	call_backend(LIST_ENTRY(timer, struct fake_call, late), late_report_answered);
}

static void call_upstream(struct fake_call *call)
{
	send_to(call, json_str(json_path(call->service, "proxy.api_backend")),
		call->exchange->request.method, call->exchange->request.target, upstream_answered);
}

static void backend_answered(struct record *record, void *data)
{
	struct fake_call *call = data;

	if (record->status == 200)
		call_upstream(call);
	else
		respond(call, 403, STR("refused"));
}

static void configured(struct fake_call *call, struct str text, const char *path)
{
	const struct json *config = json_parse(call->fake->arena, text, LIMIT_CONFIG_BYTES, NULL);

	call->service = json_path(config, path);
	if (call->service == NULL) {
		respond(call, 404, STR("no configuration"));
	} else if (has_fault(call->fake, "late")) {
		timer_start(call->fake->world, &call->late, 100000, report_late);
		call_upstream(call);
	} else {
		call_backend(call, backend_answered);
	}
}

static void portal_answered(struct record *record, void *data)
{
	configured(data, record->answer_body, "proxy_config.content");
}

static void portal_listed(struct record *record, void *data)
{
	struct fake_call *call = data;
	struct str portal =
		environment_text(call->fake->world, STR("THREESCALE_PORTAL_ENDPOINT"), STR(""));
	const struct json *list =
		json_parse(call->fake->arena, record->answer_body, LIMIT_CONFIG_BYTES, NULL);
	struct str id = json_scalar_text(json_path(list, "services.0.service.id"));

	if (id.size == 0)
		respond(call, 404, STR("no services"));
	else
		send_to(call, portal, STR("GET"),
			STR_CONCAT(call->fake->arena, STR("/admin/api/services/"), id,
				   STR("/proxy/configs/production/latest.json")),
			portal_answered);
}

static void gateway_call(struct fake_call *call)
{
	struct fake *fake = call->fake;
	struct str path = environment_text(fake->world, STR("THREESCALE_CONFIG_FILE"), STR(""));
	struct str portal =
		environment_text(fake->world, STR("THREESCALE_PORTAL_ENDPOINT"), STR(""));
	struct str content = STR("");

	if (!http_query_has(&call->query, STR("user_key"))) {
		respond(call, 401, STR("who?"));
	} else if (portal.size > 0) {
		send_to(call, portal, STR("GET"), STR("/admin/api/services.json"), portal_listed);
	} else {
		files_read(fake->world, path, LIMIT_CONFIG_BYTES, fake->arena, &content, NULL);
		configured(call, content, "services.0");
	}
}

/* What the portal says to one call, as it is. */
static void portal_asked(struct record *record, void *data)
{
	respond(data, record->status, record->answer_body);
}

static void ask_portal(struct fake_call *call)
{
	struct str portal =
		environment_text(call->fake->world, STR("THREESCALE_PORTAL_ENDPOINT"), STR(""));

	send_to(call, portal, STR("GET"), http_query_get(&call->query, STR("target")),
		portal_asked);
}

static void resolved(enum dns_status status, const struct dns_record *records, size_t count,
		     void *data)
{
	struct fake_call *call = data;

	respond(call, status == DNS_OK ? 200 : 404,
		count > 0 ? str_copy(call->fake->arena, records[count - 1].address) : STR(""));
}

static void resolve(struct fake_call *call)
{
	struct str server = environment_text(call->fake->world, STR("RESOLVER"), STR(""));
	struct dns_question question = {.name = http_query_get(&call->query, STR("name")),
					.servers = &server,
					.servers_count = 1};

	dns_resolve(call->fake->world, &question, resolved, call);
}

static void gateway_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct fake_call *call = data;
	struct str path, query;

	(void)result;
	call->body = bytes;
	url_split_target(call->exchange->request.target, &path, &query);
	http_query_init(&call->query, call->fake->arena);
	http_query_parse(&call->query, query);
	log_format(call->fake->world, LOG_STDERR, "[warn] %.*s was called", STR_ARG(path));
	if (str_equal(path, STR("/_threescale/healthz")))
		respond(call, 200, STR(""));
	else if (str_equal(path, STR("/resolve")))
		resolve(call);
	else if (str_equal(path, STR("/portal")))
		ask_portal(call);
	else if (has_fault(call->fake, "die"))
		world_exit(call->fake->world, 9);
	else if (!has_fault(call->fake, "hang"))
		gateway_call(call);
}

static void fake_ended(struct http_exchange *exchange, bool complete)
{
	struct fake_call *call = exchange->data;

	(void)complete;
	call->is_gone = true;
}

static struct fake_call *fake_call_of(struct http_exchange *exchange, void *data)
{
	struct fake *fake = data;
	struct fake_call *call = ARENA_NEW(fake->arena, struct fake_call);

	call->fake = fake;
	call->exchange = exchange;
	exchange->data = call;
	exchange->ended = fake_ended;
	http_exchange_hold(exchange);
	vec_push(&fake->calls, call);
	return call;
}

static void gateway_requested(struct http_exchange *exchange, void *data)
{
	struct fake_call *call = fake_call_of(exchange, data);

	http_body_collect(http_exchange_take_body(exchange), 1 << 20, call->fake->arena,
			  gateway_collected, call);
}

static void management_requested(struct http_exchange *exchange, void *data)
{
	respond(fake_call_of(exchange, data), 200, STR("management"));
}

/* The backend. */

/* ECHO gives any reply, WHERE the database's name. */
static void answer_command(struct fake_call *call, struct str database, struct str bytes)
{
	const struct json *words = json_parse(call->fake->arena, bytes, LIMIT_CONFIG_BYTES, NULL);
	struct str command = json_str(json_at(words, 0));

	if (str_equal(command, STR("ECHO")))
		respond(call, 200, json_str(json_at(words, 1)));
	else if (str_equal(command, STR("WHERE")))
		respond(call, 200, STR_CONCAT(call->fake->arena, STR("\""), database, STR("\"")));
	else if (str_equal(command, STR("NOTHING")))
		respond(call, 500, STR(""));
	else
		respond(call, 400, STR("ERR unknown command"));
}

static void hook_called(struct record *record, void *data)
{
	respond(data, record->status, STR("called"));
}

/* "<body's size, or chunked> <target>" */
static void describe(struct fake_call *call, struct str bytes)
{
	const struct http_request *request = &call->exchange->request;
	bool has_length = http_fields_has(&request->fields, STR("Content-Length"));

	respond(call, 200,
		str_format(call->fake->arena, "%s%zu %zu %.*s", has_length ? "" : "chunked ",
			   bytes.size, request->target.size, STR_ARG(bytes)));
}

/* False: it is no test hook. */
static bool answer_hook(struct fake_call *call, struct str target, struct str bytes)
{
	struct str databases = STR("/__test/redis/");

	if (str_equal(target, STR("/__test/cache")) || str_equal(target, STR("/__test/cron"))) {
		call->fake->clock = str_skip(target, str_find_last_char(target, '/') + 1);
		respond(call, 204, STR(""));
		return true;
	}
	if (!str_has_prefix(target, databases))
		return false;
	answer_command(call, str_skip(target, databases.size), bytes);
	return true;
}

static void backend_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct fake_call *call = data;
	struct str target = call->exchange->request.target;
	const struct http_fields *fields = &call->exchange->request.fields;

	(void)result;
	call->body = bytes;
	if (answer_hook(call, target, bytes))
		return;
	if (str_has_prefix(target, STR("/describe")))
		describe(call, bytes);
	else if (str_equal(target, STR("/call-hook")))
		send_to(call,
			environment_text(call->fake->world, STR("CONFIG_EVENTS_HOOK"), STR("")),
			STR("POST"), STR("/hook"), hook_called);
	else if (str_equal(target, STR("/__test/clock"))) {
		call->fake->clock = bytes;
		respond(call, 200, STR(""));
	} else if (str_equal(target, STR("/__test/drain"))) {
		respond(call, has_fault(call->fake, "no-drain") ? 404 : 200, STR(""));
	} else if (str_has_prefix(target, STR("/internal/"))) {
		bool is_known = http_fields_has(fields, STR("Authorization"));

		respond(call, is_known && !has_fault(call->fake, "no-fixture") ? 201 : 401, bytes);
	} else if (str_equal(target, STR("/now"))) {
		respond(call, 200, call->fake->clock);
	} else {
		respond(call, 200, STR("<status><authorized>true</authorized></status>"));
	}
}

static void backend_requested(struct http_exchange *exchange, void *data)
{
	struct fake_call *call = fake_call_of(exchange, data);

	http_body_collect(http_exchange_take_body(exchange), 1 << 20, call->fake->arena,
			  backend_collected, call);
}

/* Both as components. */

static struct str argument_after(const struct str *arguments, size_t count, struct str name)
{
	for (size_t i = 0; i + 1 < count; i++) {
		if (str_equal(arguments[i], name))
			return arguments[i + 1];
	}
	return STR("");
}

static struct http_listener *fake_listen(struct fake *fake, const struct str *arguments,
					 size_t count, struct str name, http_requested *requested,
					 struct error *error)
{
	struct http_listen_options listen = {.port = 0};

	str_to_uint16(argument_after(arguments, count, name), &listen.port);
	return http_listen(fake->world, &listen, requested, fake, error);
}

static void leave(void *data)
{
	struct fake *fake = data;

	if (!has_fault(fake, "stubborn"))
		world_exit(fake->world, has_fault(fake, "leave") ? 5 : 0);
}

static struct fake *fake_create(struct world *world)
{
	struct fake *fake = MEMORY_NEW(struct fake);

	fake->world = world;
	fake->arena = arena_create();
	fake->fault = environment_text(world, STR("FAKE"), STR(""));
	wire_init(&fake->wire, fake->arena);
	world_on_stop(world, leave, fake);
	return fake;
}

static void fake_stop(void *instance)
{
	struct fake *fake = instance;

	for (size_t i = 0; i < fake->calls.count; i++) {
		client_cancel(fake->calls.items[i]->out);
		timer_stop(&fake->calls.items[i]->late);
	}
	http_listener_close(fake->world, fake->listener);
	http_listener_close(fake->world, fake->management);
	for (size_t i = 0; i < fake->calls.count; i++)
		http_exchange_release(fake->calls.items[i]->exchange);
	vec_free(&fake->calls);
	redis_close(fake->redis);
	wire_free(&fake->wire);
	arena_destroy(fake->arena);
	free(fake);
}

static void *gateway_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct fake *fake = fake_create(world);

	if (has_fault(fake, "exit") || argument_after(arguments, count, STR("--exit")).size > 0) {
		*exit_status = 3;
		error_set(error, ERROR_INVALID, "missing configuration");
		fake_stop(fake);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		log_format(world, LOG_STDERR, "argument %.*s", STR_ARG(arguments[i]));
	if (has_fault(fake, "mute"))
		return fake;
	fake->listener =
		fake_listen(fake, arguments, count, STR("--port"), gateway_requested, error);
	fake->management = fake_listen(fake, arguments, count, STR("--management-port"),
				       management_requested, error);
	ck_assert(fake->listener != NULL && fake->management != NULL);
	log_format(world, LOG_STDOUT, "ready gateway port=%u management_port=%u metrics_port=0",
		   (unsigned)http_listener_port(world, fake->listener),
		   (unsigned)http_listener_port(world, fake->management));
	return fake;
}

static void *backend_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct fake *fake = fake_create(world);
	struct str store = argument_after(arguments, count, STR("--store"));

	*exit_status = 3;
	for (size_t i = 0; i < count; i++)
		log_format(world, LOG_STDERR, "argument %.*s", STR_ARG(arguments[i]));
	if (has_fault(fake, "exit")) {
		error_set(error, ERROR_UNAVAILABLE, "no storage");
		fake_stop(fake);
		return NULL;
	}
	if (str_has_prefix(store, STR("redis://"))) {
		struct redis_options options = {.url = store};

		fake->redis = redis_open(world, &options, error);
		REDIS_SEND(fake->redis, NULL, NULL, STR("SET"), STR("a"), STR("b"));
	}
	fake->listener =
		fake_listen(fake, arguments, count, STR("--port"), backend_requested, error);
	ck_assert_ptr_nonnull(fake->listener);
	unsigned port = http_listener_port(world, fake->listener);

	log_format(world, LOG_STDOUT, "ready backend port=%u worker_metrics_port=%u",
		   str_equal(arguments[0], STR("worker")) ? 0 : port, port);
	return fake;
}

/* A shell for the simulator: the words of a command between blanks; NAME=value before them. */
static struct process *shell_start(struct world *world, const struct process_options *options,
				   struct error *error)
{
	struct process_options plain = *options;
	struct process_variable variables[16];
	struct str words[32], rest = options->shell_command, word;

	if (rest.size == 0)
		return sim_process_ops.start(world, options, error);
	ck_assert(options->variables_count < 15);
	plain.words_count = 0;
	for (size_t i = 0; i < options->variables_count; i++)
		variables[i] = options->variables[i];
	while (str_next_field(&rest, ' ', &word)) {
		if (plain.words_count == 0 && str_find_char(word, '=') != STR_NOT_FOUND) {
			struct process_variable *last = &variables[plain.variables_count++];

			str_split_once(word, '=', &last->name, &last->value);
		} else {
			words[plain.words_count++] = word;
		}
	}
	plain.words = words;
	plain.variables = variables;
	return sim_process_ops.start(world, &plain, error);
}

static struct process_ops shell_ops;

static void *conform_with_shell(struct world *world, const struct str *arguments, size_t count,
				int *exit_status, struct error *error)
{
	shell_ops = sim_process_ops;
	shell_ops.start = shell_start;
	world->process = &shell_ops;
	return conform_component.start(world, arguments, count, exit_status, error);
}

static void conform_stop(void *instance)
{
	conform_component.stop(instance);
}

static const struct component fake_gateway = {"gateway", "", gateway_start, fake_stop};
static const struct component fake_backend = {"backend", "", backend_start, fake_stop};
static const struct component shelled_conform = {"conform", "", conform_with_shell, conform_stop};
static const struct component *const components[] = {&fake_gateway, &fake_backend, &shelled_conform,
						     NULL};

/* The bench. */

static struct arena *arena;
static struct sim *sim;
static struct sim_host *host;
static struct sim_process *runner;
static struct strbuf output;
static int status;

static void set_up(void)
{
	struct sim_options options = {.seed = 7, .components = components};

	arena = arena_create();
	sim = sim_create(&options);
	host = sim_host_add(sim, STR("localhost"), STR("10.0.0.1"));
	strbuf_init(&output, 1 << 20);
}

static void tear_down(void)
{
	sim_destroy(sim);
	strbuf_free(&output);
	arena_destroy(arena);
}

static void take_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	(void)process;
	(void)is_stderr;
	(void)data;
	strbuf_append(&output, line);
	strbuf_append_char(&output, '\n');
}

static void take_exit(struct process *process, int exit_status, void *data)
{
	(void)process;
	(void)data;
	status = exit_status;
}

static bool has_ended(void *data)
{
	(void)data;
	return status >= 0;
}

static void write_cases(const char *suite, const char *cases)
{
	ck_assert(sim_host_write_file(
		host, STR_CONCAT(arena, STR("/suites/"), str_from(suite), STR("/topic.yaml")),
		str_from(cases)));
}

/* `words` are parted by '|', since commands have blanks. */
static void start_runner(const char *words_text)
{
	struct str words[32] = {STR("refscale"), STR("conform")}, rest = str_from(words_text);
	struct process_options options = {
		.words = words, .words_count = 2, .line = take_line, .exited = take_exit};

	while (str_next_field(&rest, '|', &words[options.words_count]))
		options.words_count++;
	words[options.words_count++] = STR("--suites");
	words[options.words_count++] = STR("/suites");
	status = -1;
	strbuf_clear(&output);
	runner = sim_process_start(host, &options, NULL);
	ck_assert_ptr_nonnull(runner);
}

static int run(const char *words)
{
	start_runner(words);
	ck_assert_msg(
		sim_run_until(sim, sim_now_us(sim) + INT64_C(7200) * 1000000, has_ended, NULL),
		"no end: %.*s", STR_ARG(strbuf_str(&output)));
	return status;
}

static bool says(const char *text)
{
	return str_find(strbuf_str(&output), str_from(text)) != STR_NOT_FOUND;
}

#define expect_says(text)                                                                          \
	ck_assert_msg(says(text), "no \"%s\" in:\n%.*s", (text), STR_ARG(strbuf_str(&output)))
#define expect_run(words, exit_status)                                                             \
	do {                                                                                       \
		int status_ = run(words);                                                          \
		ck_assert_msg(status_ == (exit_status), "status %d:\n%.*s", status_,               \
			      STR_ARG(strbuf_str(&output)));                                       \
	} while (0)

/* One case without id and title around what is given. */
static void write_case(const char *suite, const char *more)
{
	write_cases(suite, str_cstr(arena, STR_CONCAT(arena, STR("- id: T-1\n  title: the case\n"),
						      str_from(more))));
}

/* Good cases: everything the runner plays. */

static const char *const good[] = {
	"  when: [{get: '/a?user_key=k'}]\n"
	"  then:\n"
	"    - answer: {status: 200, body_json: {method: GET, path: /a, query: user_key=k}}\n"
	"    - backend: {query_exactly: {service_id: 42, 'usage[hits]': 1, user_key: k}}\n"
	"    - upstream: {path: /a, fields: {Host: 127.0.0.1}}\n"
	"    - order: [backend, upstream]\n"
	"    - log: {contains: /a was called}\n",

	"  when: [{get: /}]\n"
	"  then: [{answer: {status: 401}}, {backend: none}, {upstream: none}]\n",

	"  given: {source: portal, config: {id: 7}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then:\n"
	"    - {answer: {status: 200}}\n"
	"    - portal: [{path: /admin/api/services.json},\n"
	"               {path: /admin/api/services/7/proxy/configs/production/latest.json}]\n",

	"  given: {source: portal, config: [{id: 7}, {id: 8, proxy: {hosts: [b.test]}}],\n"
	"          portal: {'/x?y=1': {status: 418}}}\n"
	"  steps:\n"
	"    - when: [{get: '/portal?target=/admin/api/services.json'}]\n"
	"      then: [{answer: {body_json: {services: [{service: {id: 7}}, {service: {id: "
	"8}}]}}}]\n"
	"    - when: [{get: "
	"'/portal?target=/admin/api/services/9/proxy/configs/production/latest.json'},\n"
	"             {get: '/portal?target=/x'}, {get: '/portal?target=/x%3Fy%3D1'}]\n"
	"      then: [{answers: [{status: 404}, {status: 404}, {status: 418}]}]\n"
	"    - when: [{get: '/portal?target=/master/api/proxy/configs/staging.json'}]\n"
	"      then:\n"
	"        - answer:\n"
	"            body_json:\n"
	"              proxy_configs:\n"
	"                - {proxy_config: {id: 907, version: 1, environment: staging, content: "
	"{id: 7}}}\n"
	"                - {proxy_config: {content: {id: 8}}}\n"
	"    - when: [{get: "
	"'/portal?target=/master/api/proxy/configs/staging.json%3Fhost%3Db.test'}]\n"
	"      then: [{answer: {body_json: {proxy_configs: [{proxy_config: {content: {id: "
	"8}}}]}}}]\n"
	"    - when: [{get: "
	"'/portal?target=/admin/api/account/proxy_configs/sandbox.json%3Fpage%3D2'}]\n"
	"      then: [{answer: {body_json: {proxy_configs: []}}}]\n",

	"  given: {source: portal, portal: {/admin/api/services.json: [{status: 500}, {json: "
	"{}}]}}\n"
	"  when: [{get: '/?user_key=k', repeat: 2}]\n"
	"  then: [{answers: [{status: 404}, {status: 404}]}, {portal_calls: 2}]\n",

	"  given: {backend: [{status: 200, delay: 3s}, {fault: close}, {status: 409}]}\n"
	"  when: [{get: '/?user_key=k', repeat: 4}]\n"
	"  then: [{answers: [{status: 200}, {status: 403}, {status: 403}, {status: 403}]}]\n",

	"  given: {upstream: [{status: 201, body: made, fields: {A: [b, c]}}, {fault: cut, body: "
	"abc}]}\n"
	"  when: [{post: '/?user_key=k', body: x}, {get: '/?user_key=k'}, {get: '/?user_key=k'}]\n"
	"  then:\n"
	"    - {answers: [{status: 201, body: made}, {status: 502}, {status: 502}]}\n"
	"    - {upstream: [{method: POST, body: x}, {method: GET}, {}]}\n",

	"  given: {backend: {fault: refuse}}\n"
	"  steps:\n"
	"    - {when: [{get: '/?user_key=k'}], then: [{answer: {status: 403}}, {backend: none}]}\n"
	"    - when: [{set: {backend: {status: 200}}}, {get: '/?user_key=k'}]\n"
	"      then: [{answer: {status: 200}}, {backend_calls: 1}]\n"
	"    - when: [{set: {backend: {fault: refuse}, upstream: {status: 204}}}, {get: "
	"'/?user_key=k'}]\n"
	"      then: [{answer: {status: 403}}]\n",

	"  given: {config: [{proxy: {hosts: [one.example.com]}}, {id: 43}]}\n"
	"  steps:\n"
	"    - when: [{request: {method: PUT, path: '/?user_key=k', fields: {A: b}, body: text}}]\n"
	"      then: [{upstream: {method: PUT, body: text}}]\n"
	"    - when: [{set: {config_text: '{}'}}, {get: '/?user_key=k', host: other}]\n"
	"      then: [{answer: {status: 404, body: no configuration}}]\n",

	"  given: {config_text: nonsense}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 404}}]\n",

	"  when: [{post: '/?user_key=k', form: {a: 'b c'}}, {post: '/?user_key=k', json: {a: 1}},\n"
	"         {post: '/?user_key=k', body_bytes: 20}]\n"
	"  then: [{upstream: [{body_form: {a: b c}}, {body_json: {a: 1}}, {body: "
	"0123456789abcdef0123}]}]\n",

	"  given: {environment: {FAKE: late}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 200}}, {order: [upstream, backend]}, {backend_calls: 1}]\n",

	"  given: {names: {one.test: 10.1.1.1, two.test: [10.1.1.1, 10.1.1.2], gone.test: null}}\n"
	"  steps:\n"
	"    - when: [{get: '/resolve?name=one.test'}, {get: '/resolve?name=TWO.test'}]\n"
	"      then: [{answers: [{body: 10.1.1.1}, {body: 10.1.1.2}]}]\n"
	"    - when: [{get: '/resolve?name=gone.test'}, {get: '/resolve?name=never.test'}]\n"
	"      then: [{answers: [{status: 404}, {status: 404}]}]\n"
	"    - when: [{set: {names: {gone.test: 10.1.1.3}}}, {get: '/resolve?name=gone.test'}]\n"
	"      then: [{answer: {body: 10.1.1.3}}]\n",

	"  when: [{get: /, port: management}]\n"
	"  then: [{answer: {status: 200, body: management}}]\n",

	"  given: {environment: {FAKE: exit}, start: fails}\n"
	"  then: [{exit: {status: 3}}, {log: {contains: missing configuration}}]\n",

	"  given: {arguments: [--exit, 'x'], start: fails}\n"
	"  then: [{exit: {status: 3}}]\n",

	"  when: [{get: '/?user_key=k', host: a.test, fields: {A: [b, c], D: e}}]\n"
	"  then: [{answer: {status: 200}}, {log: {not_contains: '[error]'}}]\n",

	"  given: {upstream: [{status: 200}, {fault: refuse}]}\n"
	"  when: [{get: '/?user_key=k', repeat: 3}]\n"
	"  then: [{answers: [{status: 200}, {status: 502}, {status: 502}]}, {upstream_calls: 1}]\n",

	"  when: [{get: '/?user_key=k'}, {stop: target}]\n"
	"  then: [{exit: {status: 0}}]\n",

	"  when: [{wait: 10m}, {get: '/?user_key=k'}, {get: '/', repeat: 0}]\n"
	"  then: [{answer: {status: 200}}]\n",

	"  given: {environment: {FAKE: die}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {failure: {any: true}}}, {exit: {status: 9}}]\n",

	"  given: {environment: {FAKE: stubborn}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 200}}]\n",
};

START_TEST(a_good_target_passes)
{
	write_case("gateway", good[_i]);
	expect_run("gateway|--world|sim|-v", 0);
	expect_says("ok      T-1      the case\n1 passed, 0 failed");
}
END_TEST

START_TEST(a_good_command_passes)
{
	bool needs_words = strstr(good[_i], "arguments") != NULL;

	write_case("gateway", good[_i]);
	run("gateway|--world|sim|-v|--start|refscale gateway --port {port} --management-port "
	    "{management_port}");
	if (needs_words)
		expect_says("needs command-line");
	else
		ck_assert_msg(status == 0, "%.*s", STR_ARG(strbuf_str(&output)));
}
END_TEST

/* Bad targets and cases. */

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} bad[] = {
	{"  given: {environment: {FAKE: wrong}}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1,
	 "FAILED  T-1      the case\n"
	 "  /suites/gateway/topic.yaml:5: answer.status\n"
	 "    expected: 200\n"
	 "    actual:   418\n"
	 "  on the wire:\n"
	 "    client -> target: GET /?user_key=k\n"
	 "      Host: api.example.com\n"
	 "    <- 418 "},
	{"  when: [{get: '/?user_key=k'}]\n  then: [{backend_calls: 2}]\n", 1,
	 "    target -> backend: GET /transactions/authrep.xml?service_id=42"},
	{"  given: {environment: {FAKE: exit}}\n  then: [{backend: none}]\n", 3,
	 "the target ended with status 3 before it was ready"},
	{"  given: {start: fails}\n  then: [{exit: {status: 1}}]\n", 3,
	 "the target is ready, but was expected to fail"},
	{"  given: {environment: {FAKE: mute}}\n  then: [{backend: none}]\n", 3,
	 "no end after 30 s"},
	{"  given: {environment: {FAKE: hang}}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{backend: none}]\n",
	 1, "no end after 30 s"},
	{"  given: {environment: {FAKE: die}}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{backend: none}]\n",
	 1, "    actual:   ended with status 9\n"},
	{"  given: {environment: {FAKE: leave}}\n  then: [{backend: none}]\n", 1,
	 "asked to stop, the target ended with status 5"},
	{"  given: {upstream: [{fault: silent}]}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "(no answer, as told)"},
	{"  given: {upstream: [{fault: cut}]}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "(cut off)"},
	{"  given: {backend: [{fault: close}]}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "(closed, as told)"},
};

START_TEST(what_is_wrong_is_told)
{
	write_case("gateway", bad[_i].more);
	expect_run("gateway|--world|sim", bad[_i].exit_status);
	expect_says(bad[_i].says);
	expect_says("0 passed, 1 failed, 0 skipped\n");
}
END_TEST

START_TEST(a_command_that_does_not_start_is_told)
{
	write_case("gateway", good[0]);
	expect_run("gateway|--world|sim|--start|no-such-thing {config} {port}", 3);
	expect_says("cannot start ");
	expect_run("gateway|--world|sim|--start|FAKE=exit refscale gateway --port {port}", 3);
	expect_says("the target ended with status 3 before it was ready");
}
END_TEST

START_TEST(a_command_gets_the_arguments_of_a_case_when_it_takes_them)
{
	write_case("gateway", "  given: {arguments: [-b, it's]}\n"
			      "  then: [{log: {contains: argument '-b'}},\n"
			      "         {log: {contains: \"argument 'it'\\\\''s'\"}}]\n");
	expect_run("gateway|--world|sim|--claims|other, command-line|--start|refscale gateway "
		   "--port {port}",
		   0);
}
END_TEST

#define MANY                                                                                       \
	"- {id: T-1, title: slow, given: {backend: {delay: 4s}}, when: [{get: '/?user_key=k'}], "  \
	"then: [{answer: {status: 200}}]}\n"                                                       \
	"- {id: T-2, title: fast, when: [{get: '/?user_key=k'}], then: [{answer: {status: "        \
	"200}}]}\n"                                                                                \
	"- {id: T-3, title: long, when: [{wait: 5s}], then: [{backend: none}]}\n"                  \
	"- {id: T-4, title: bad, when: [{get: '/?user_key=k'}], then: [{backend: none}]}\n"

START_TEST(several_cases_run_at_once_and_are_told_in_order)
{
	write_cases("gateway", MANY);
	expect_run("gateway|-v|--jobs|3", 1);
	expect_says("ok      T-1      slow\nok      T-2      fast\n"
		    "skipped T-3      long (needs virtual-time)\nFAILED  T-4      bad\n");
	expect_says("2 passed, 1 failed, 1 skipped\n");
	/* T-1 is given up when T-4 fails. */
	expect_run("gateway|--jobs|3|--fail-fast|T-1|T-4", 1);
	expect_says("0 passed, 1 failed, 0 skipped\n");
}
END_TEST

START_TEST(a_long_wait_is_skipped_over_sockets)
{
	write_case("gateway", "  when: [{wait: 3s}]\n  then: [{backend: none}]\n");
	expect_run("gateway|-v", 3);
	expect_says("skipped T-1      the case (needs virtual-time)");
}
END_TEST

/* Usage. */

#define TWO                                                                                        \
	"- {id: T-1, title: one, tags: [seed], when: [{get: '/?user_key=k'}], "                    \
	"then: [{answer: {status: 500}}]}\n"                                                       \
	"- {id: T-2, title: two, when: [{get: '/?user_key=k'}], then: [{answer: {status: "         \
	"200}}]}\n"

static const struct {
	const char *words;
	int exit_status;
	const char *says;
} usages[] = {
	{"", 2, "which suite"},
	{"portal", 2, "no suite \"portal\""},
	{"gateway|--nonsense", 2, "unknown option --nonsense"},
	{"gateway|--report|pdf", 2, "no report \"pdf\", there are: human, tap, junit, json"},
	{"gateway|--start|x|--url|y", 2, "either --start or --url"},
	{"gateway|--start|x {management_port}", 2, "--start must say where the target listens"},
	{"gateway|--jobs|17", 2, "--jobs must be from 1 to 16"},
	{"gateway|--store|redis://x", 2, "--store is for the backend suite"},
	{"backend|--url|x", 2, "--url is for gateways"},
	{"backend|--store|/tmp/x", 2, "--store must be a redis:// URL"},
	{"gateway|--timeout|0", 2, "--timeout must be at least 1"},
	{"gateway|T-9", 2, "no case matches \"T-9\""},
	{"gateway|T-1|!T-1", 2, "no case is selected"},
	{"gateway|--help", 0, "usage: refscale conform gateway|backend"},
	{"gateway|--list", 0, "T-1      one [seed]\nT-2      two\n"},
	{"gateway|--list|!tag:seed", 0, "T-2      two\n"},
	{"gateway|T-2", 0, "1 passed, 0 failed, 0 skipped\n"},
	{"gateway", 1, "1 passed, 1 failed, 0 skipped\n"},
	{"gateway|--fail-fast", 1, "0 passed, 1 failed, 0 skipped\n"},
	{"gateway|--report|tap", 1, "1..2\nnot ok 1 - T-1 one\n"},
	{"gateway|--report|junit", 1, "<testsuite name=\"gateway\" tests=\"2\" failures=\"1\""},
	{"gateway|--url|x", 3, "missing scheme"},
};

START_TEST(there_are_two_worlds)
{
	write_cases("gateway", TWO);
	expect_run("gateway|--world|moon", 2);
	expect_says("--world must be real or sim, not \"moon\"");
}
END_TEST

START_TEST(a_failed_case_is_repeated_with_the_options_given)
{
	write_cases("gateway", TWO);
	expect_run("gateway|--world|sim|T-1|--timeout|20", 1);
	expect_says("once more: refscale conform gateway T-1 --world sim --timeout 20 "
		    "--suites /suites\n");
}
END_TEST

START_TEST(options_are_checked)
{
	write_cases("gateway", TWO);
	write_cases("backend", TWO);
	expect_run(str_cstr(arena, STR_CONCAT(arena, str_from(usages[_i].words),
					      usages[_i].words[0] != '\0' ? STR("|") : STR(""),
					      STR("--world|sim"))),
		   usages[_i].exit_status);
	expect_says(usages[_i].says);
}
END_TEST

START_TEST(a_report_goes_to_a_file)
{
	struct world *world = sim_host_world(host, STR("reader"));
	struct str content;

	write_cases("gateway", TWO);
	expect_run("gateway|--world|sim|--report|json|--output|/report.json", 1);
	ck_assert(str_equal(strbuf_str(&output), STR("1 passed, 1 failed, 0 skipped\n")));
	ck_assert(files_read(world, STR("/report.json"), 1 << 20, arena, &content, NULL));
	ck_assert_ptr_nonnull(json_parse(arena, content, 1 << 20, NULL));
	expect_run("gateway|--world|sim|--report|json|--output|/no/such/folder/report", 4);
}
END_TEST

START_TEST(a_bad_case_file_is_wrong_usage)
{
	write_cases("gateway", "- {id: T-1, title: x, thne: []}\n");
	expect_run("gateway", 2);
	expect_says("/suites/gateway/topic.yaml:1: unknown key \"thne\" in a case");
	expect_run("backend", 2);
}
END_TEST

START_TEST(interrupted_it_reports_and_leaves_nothing_behind)
{
	write_cases("gateway",
		    "- {id: T-1, title: one, then: [{backend: none}]}\n"
		    "- {id: T-2, title: two, when: [{wait: 1h}], then: [{backend: none}]}\n");
	start_runner("gateway|--world|sim|--report|tap");
	sim_run_to(sim, 60 * 1000000);
	ck_assert_int_eq(status, -1);
	sim_process_stop(runner);
	ck_assert(sim_run_until(sim, 120 * 1000000, has_ended, NULL));
	ck_assert_int_eq(status, 130);
	expect_says("1..1\nok 1 - T-1 one\n");
}
END_TEST

START_TEST(a_gateway_that_runs_already_is_judged)
{
	const struct str words[] = {STR("refscale"), STR("gateway"),           STR("--port"),
				    STR("8080"),     STR("--management-port"), STR("8090")};
	const struct process_variable variables[] = {
		{STR("THREESCALE_PORTAL_ENDPOINT"), STR("http://token@127.0.0.1:7000")}};
	struct process_options options = {
		.words = words, .words_count = 6, .variables = variables, .variables_count = 1};

	ck_assert_ptr_nonnull(sim_process_start(host, &options, NULL));
	write_cases("gateway",
		    "- id: T-1\n  title: one\n  given: {config: {id: 5}}\n"
		    "  steps:\n"
		    "    - when: [{get: '/?user_key=k'}]\n"
		    "      then: [{answer: {status: 200}}, {portal_calls: 2}]\n"
		    "    - when: [{get: /, port: management}]\n"
		    "      then: [{answer: {body: management}}]\n"
		    "- {id: T-2, title: two, given: {names: {}}, then: [{backend: none}]}\n");
	expect_run("gateway|-v|--url|http://127.0.0.1:8080|--management-url|http://127.0.0.1:8090|"
		   "--portal-port|7000",
		   0);
	expect_says("ok      T-1");
	expect_says("(needs a target that the runner starts)");
}
END_TEST

/* The backend suite. */

#define AUTHORIZE                                                                                  \
	"  when: [{get: /transactions/authorize.xml}]\n"                                           \
	"  then: [{xml: {status/authorized: true}}]\n"

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} backend_rows[] = {
	{AUTHORIZE, 0, "1 passed"},
	{"  given: {clock: 2019-06-04T10:20:30Z}\n"
	 "  steps:\n"
	 "    - {when: [{get: /now}], then: [{answer: {body: 1559643630}}]}\n"
	 "    - {when: [{wait: 60s}, {drain: true}, {get: /now}], then: [{answers: [{body: "
	 "1559643690}]}]}\n"
	 "    - {when: [{clock: 2019-06-04T00:00:00Z}, {get: /now}], then: [{answer: {body: "
	 "1559606400}}]}\n",
	 0, "1 passed"},
	{"  when: [{wait: 60s}, {get: /now}]\n  then: [{answer: {body: {matches: '^15596'}}}]\n", 0,
	 "1 passed"},
	{"  when: [{get: /internal/x}, {get: /internal/x, internal: true}]\n"
	 "  then: [{answers: [{status: 401}, {status: 201}]}]\n",
	 0, "1 passed"},
	{"  given: {environment: {FAKE: no-fixture}}\n" AUTHORIZE, 3,
	 "POST /internal/services/ was answered with 401"},
	{"  given: {environment: {FAKE: no-drain}}\n  when: [{drain: true}]\n"
	 "  then: [{backend_calls: 0}]\n",
	 1, "POST /__test/drain was answered with 404"},
	{"  given: {applications: {A9: {}}}\n" AUTHORIZE, 3, "application A9 has no service_id"},
	{"  given: {users: {U: {}}}\n" AUTHORIZE, 3, "user U has no service_id"},
	{"  given: {users: {U: {service_id: S1}}, release: 2.5}\n"
	 "  then: [{log: {contains: argument --release}}, {log: {contains: argument 2.5}}]\n",
	 0, "1 passed"},
	{"  steps:\n"
	 "    - {when: [{cron: once}, {get: /now}], then: [{answer: {body: cron}}]}\n"
	 "    - {when: [{forget: true}, {get: /now}], then: [{answer: {body: cache}}]}\n",
	 0, "1 passed"},
	{"  when:\n"
	 "    - {post: /describe, chunked: true, body: '{}'}\n"
	 "    - {get: '/describe?a=1', query_bytes: 100}\n"
	 "    - {get: /describe, query_bytes: 100}\n"
	 "    - {get: '/describe?a=1', query_bytes: 2}\n"
	 "    - {post: /describe, body_repeat: {head: 'h&', text: 'a[{n}]={n}', separator: '&', "
	 "count: 3}}\n"
	 "  then:\n"
	 "    - answers: [{body: 'chunked 2 9 {}'}, {body: {matches: ' 110 '}},\n"
	 "                {body: {matches: ' 110 '}}, {body: {matches: ' 13 '}},\n"
	 "                {body: '22 9 h&a[0]=0&a[1]=1&a[2]=2'}]\n",
	 0, "1 passed"},
	{"  given: {hook: [{status: 403}, {status: 500}], environment: {CONFIG_EVENTS_HOOK: "
	 "'{hook}'}}\n"
	 "  steps:\n"
	 "    - {then: [{hook: none}, {hook_calls: 0}]}\n"
	 "    - when: [{post: /call-hook, form: {secret: s}}, {post: /call-hook}]\n"
	 "      then: [{answers: [{status: 403}, {status: 500}]}, {hook_calls: 2},\n"
	 "             {hook: [{method: POST, path: /hook, body_form: {secret: s}}, {}]}]\n"
	 "    - when: [{set: {hook: {fault: close}}}, {post: /call-hook}]\n"
	 "      then: [{hook: {method: POST}}]\n",
	 0, "1 passed"},
	{"  when: [{redis: [ECHO, 1]}, {redis: [WHERE], in: queues}]\n"
	 "  then:\n"
	 "    - {redis: {command: [WHERE], reply: storage}}\n"
	 "    - {redis: {command: [WHERE], in: queues, reply: {matches: ^que}}}\n"
	 "    - {redis: {command: [ECHO, '[\"b\", 7, null]'], sorted: true, reply: [null, 7, b]}}\n"
	 "    - {redis: {command: [ECHO, 'null'], reply: {absent: true}}}\n"
	 "    - {redis: {command: [ECHO, '\"{\\\"a\\\": [1], \\\"b\\\": 2}\"'], reply_json: {a: "
	 "[1]}}}\n",
	 0, "1 passed"},
	/* Processes. */
	{"  when: [{run: {role: worker, as: w, arguments: [--x], environment: {A: b}}},\n"
	 "         {stop: process.w}]\n"
	 "  then: [{exit: {status: 0, of: w}}, {log: {of: w, contains: argument --x}},\n"
	 "         {log: {not_contains: --x}}, {log: {of: w, not_contains: --test-hooks}},\n"
	 "         {log: {of: w, matches: 'port=0 '}}]\n",
	 0, "1 passed"},
	{"  when: [{run: {role: worker, as: w}}, {get: /metrics, of: w, port: metrics}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 0, "1 passed"},
	{"  given: {role: worker, environment: {FAKE: no-fixture, CONFIG_REDIS_PROXY: x}}\n"
	 "  then: [{log: {contains: argument worker}}, {log: {not_contains: --store}}]\n",
	 0, "1 passed"},
	{"  given: {clock: 2019-06-04T10:20:30Z}\n"
	 "  steps:\n"
	 "    - when: [{run: {role: listener, as: l}}, {get: /now, of: l}]\n"
	 "      then: [{answer: {body: 1559643630}}]\n"
	 "    - when: [{wait: 60s}, {get: /now, of: l}, {get: /now}]\n"
	 "      then: [{answers: [{body: 1559643690}, {body: 1559643690}]}]\n",
	 0, "1 passed"},
	{"  given: {test_hooks: false}\n  when: [{run: {role: listener, as: l}}]\n"
	 "  then: [{log: {not_contains: --test-hooks}}, {log: {of: l, not_contains: "
	 "--test-hooks}}]\n",
	 0, "1 passed"},
	{"  given: {role: worker}\n  when: [{wait: 1s}]\n  then: [{hook: none}]\n", 1,
	 "the target has no clock that could be set"},
	{"  when: [{run: {role: check-storage, as: c, environment: {FAKE: exit}}}]\n"
	 "  then: [{exit: {status: 3, of: c}}, {log: {of: c, contains: no storage}}]\n",
	 0, "1 passed"},
	{"  when: [{run: {role: cron, as: c, environment: {FAKE: exit}}}]\n"
	 "  then: [{hook: none}]\n",
	 1, "topic.yaml:1: c\n    expected: runs\n    actual:   ended with status 3"},
	{"  when: [{run: {role: worker, as: w, environment: {FAKE: leave}}}]\n"
	 "  then: [{hook: none}]\n",
	 1, "asked to stop, w ended with status 5"},
	{"  when: [{run: {role: worker, as: w}}, {kill: process.w}, {stop: process.w}]\n"
	 "  then: [{exit: {status: 137, of: w}}]\n",
	 0, "1 passed"},
	{"  when: [{kill: target}]\n  then: [{exit: {status: 137}}]\n", 0, "1 passed"},
	{"  when: [{get: /, of: w}, {run: {role: worker, as: w}}]\n  then: [{hook: none}]\n", 1,
	 "there is nobody to call"},
	{"  when: [{stop: process.w}, {run: {role: worker, as: w}}]\n  then: [{hook: none}]\n", 1,
	 "w was not run yet"},
	{"  when: [{get: /now, to: '127.0.0.1:{free_port}'}]\n"
	 "  then: [{answer: {failure: {matches: refused}}}]\n",
	 0, "1 passed"},
	{"  when: [{until: {redis: {command: [WHERE], reply: storage}}},\n"
	 "         {get: /now, until: {status: 200}}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 0, "1 passed"},
	{"  when: [{until: {redis: {command: [WHERE], reply: queues}}}]\n"
	 "  then: [{hook: none}]\n",
	 1, "redis WHERE\n    expected: queues\n    actual:   \"storage\""},
	{"  when: [{get: /now, until: {status: 404}}]\n  then: [{hook: none}]\n", 1,
	 "answer.status\n    expected: 404\n    actual:   200"},
	{"  when: [{get: /now, parallel: 3}, {pause: 5s}]\n"
	 "  then: [{answers: [{status: 200}, {status: 200}, {status: 200}]},\n"
	 "         {redis: {command: [ECHO, '3'], reply_answers: 200}}]\n",
	 0, "1 passed"},
	{"  when: [{redis: [SETT, a]}]\n  then: [{backend_calls: 0}]\n", 1,
	 "redis [\"SETT\",\"a\"]: ERR unknown command"},
	{"  then: [{redis: {command: [GETT, a], reply: b}}]\n", 1,
	 "redis GETT a\n    expected: b\n    actual:   ERR unknown command"},
	{"  then: [{redis: {command: [NOTHING], reply: b}}]\n", 1, "the test hook answered 500"},
	{"  then: [{redis: {command: [ECHO, '[1]'], reply: 1}}]\n", 1, "actual:   [1]"},
};

START_TEST(a_backend_gets_its_fixture_and_its_time)
{
	write_case("backend", backend_rows[_i].more);
	expect_run("backend|--world|sim", backend_rows[_i].exit_status);
	expect_says(backend_rows[_i].says);
}
END_TEST

/* Servers of a case. */

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} server_rows[] = {
	{"  given: {servers: {a: {kind: redis, password: p%w}, b: {kind: redis, replica_of: a}}}\n"
	 "  when: [{redis: [SET, k, v], server: a}, {redis: [SET, k, w], server: a, database: 3},\n"
	 "         {until: {redis: {server: b, command: [GET, k], reply: v}}}]\n"
	 "  then: [{redis: {server: a, command: [DBSIZE], reply: 1}},\n"
	 "         {redis: {server: b, database: 3, command: [GET, k], reply: w}},\n"
	 "         {redis: {server: b, command: [ROLE], reply: [slave, '{server.a.host}', "
	 "'{server.a.port}', connected, {any: true}]}}]\n",
	 0, "1 passed"},
	{"  given:\n    servers:\n      a: {kind: redis}\n      b: {kind: redis, replica_of: a}\n"
	 "      s: {kind: sentinel, watches: {g: a}, password: x, port: 26379, quorum: 2}\n"
	 "      t: {kind: sentinel, watches: {g: a}, password: x, down_after: 200ms, quorum: 2}\n"
	 "  when: [{kill: server.a}, {until: {redis: {server: t, command: [SENTINEL, "
	 "get-master-addr-by-name, g], reply: ['{server.b.host}', '{server.b.port}']}}}]\n"
	 "  then: [{redis: {server: s, command: [PING], reply: PONG}}]\n",
	 0, "1 passed"},
	{"  given: {servers: {a: {kind: redis, persistent: true}, b: {kind: redis}}}\n"
	 "  when: [{redis: [SET, k, v], server: a}, {redis: [SET, k, v], server: b},\n"
	 "         {stop: server.a}, {kill: server.b}, {stop: server.b}, {start: server.a},\n"
	 "         {start: server.b}, {start: server.b}]\n"
	 "  then: [{redis: {server: a, command: [GET, k], reply: v}},\n"
	 "         {redis: {server: b, command: [GET, k], reply: null}}]\n",
	 0, "1 passed"},
	{"  given: {servers: {a: {kind: redis}}}\n  when: [{stop: server.a}]\n"
	 "  then: [{redis: {server: a, command: [PING], reply: PONG}}]\n",
	 1, "redis PING\n    expected: PONG\n    actual:   connection refused"},
	{"  given: {servers: {a: {kind: redis}, b: {kind: sentinel, watches: {g g: a}}}}\n"
	 "  then: [{hook: none}]\n",
	 3, "server b ended: "},
	{"  given: {servers: {a: {kind: redis, replica_of: b}, b: {kind: redis, replica_of: a}}}\n"
	 "  then: [{hook: none}]\n",
	 3, "no end after 30 s"},
};

static size_t redis_processes(void)
{
	size_t count = 0;

	LIST_EACH (link, &host->processes) {
		const struct sim_process *process = LIST_ENTRY(link, struct sim_process, link);

		count += process->state == PROCESS_RUNNING &&
			 str_has_prefix(process->name, STR("redis"));
	}
	return count;
}

static void count_file(struct str name, bool is_directory, void *data)
{
	(void)name;
	(void)is_directory;
	(*(size_t *)data)++;
}

static size_t temporary_files(void)
{
	struct world *world = sim_host_world(host, STR("ls"));
	size_t count = 0;

	files_list(world, STR("/tmp"), count_file, &count, NULL);
	sim_host_world_end(world);
	return count;
}

START_TEST(servers_of_a_case_live_as_long_as_it)
{
	write_case("backend", server_rows[_i].more);
	expect_run("backend|--world|sim", server_rows[_i].exit_status);
	expect_says(server_rows[_i].says);
	ck_assert_uint_eq(redis_processes(), 0);
	ck_assert_uint_eq(temporary_files(), 0);
}
END_TEST

START_TEST(interrupted_it_leaves_no_servers_behind)
{
	write_case("backend", "  given: {servers: {a: {kind: redis}}}\n"
			      "  when: [{pause: 1h}]\n  then: [{hook: none}]\n");
	start_runner("backend|--world|sim");
	sim_run_to(sim, 60 * 1000000);
	ck_assert_uint_eq(redis_processes(), 1);
	sim_process_stop(runner);
	ck_assert(sim_run_until(sim, 120 * 1000000, has_ended, NULL));
	ck_assert_int_eq(status, 130);
	sim_run_to(sim, 130 * 1000000);
	ck_assert_uint_eq(redis_processes(), 0);
	ck_assert_uint_eq(temporary_files(), 0);
}
END_TEST

START_TEST(a_redis_is_emptied_between_cases_unless_it_held_data_before)
{
	struct sim_redis *redis = sim_redis_start(host, 6379, NULL);

	write_cases("backend",
		    "- id: T-1\n  title: one\n" AUTHORIZE "- id: T-2\n  title: two\n" AUTHORIZE);
	ck_assert_ptr_nonnull(redis);
	expect_run("backend|--world|sim|--store|redis://127.0.0.1:6379", 0);
	expect_says("2 passed");
	expect_run("backend|--world|sim|--store|redis://127.0.0.1:6379", 3);
	expect_says("holds data");
	sim_redis_stop(redis);
	expect_run("backend|--world|sim|--store|redis://127.0.0.1:6379", 3);
	expect_says("refused");
}
END_TEST

START_TEST(a_command_has_commands_for_its_further_processes)
{
	write_cases("backend",
		    "- id: T-1\n  title: one\n"
		    "  when: [{run: {role: worker, as: w}}, {run: {role: listener, as: l}},\n"
		    "         {get: /now, of: l}, {stop: process.w}]\n"
		    "  then: [{exit: {status: 0, of: w}}, {answer: {status: 200}},\n"
		    "         {log: {of: w, contains: argument --own}}]\n"
		    "- id: T-2\n  title: two\n  when: [{run: {role: cron, as: c}}]\n"
		    "  then: [{hook: none}]\n");
	expect_run("backend|-v|--world|sim|--start|refscale backend all --port {port}|"
		   "--start-worker|refscale backend worker --own 1",
		   0);
	expect_says("ok      T-1");
	expect_says("skipped T-2      two (needs a command for the role cron)");
}
END_TEST

START_TEST(the_redis_of_a_command_is_asked_where_it_is)
{
	struct sim_redis *redis = sim_redis_start(host, 6379, NULL);

	write_cases("backend",
		    "- id: T-1\n  title: one\n"
		    "  when: [{redis: [SET, k, storage]}, {redis: [SET, k, queues], in: queues}]\n"
		    "  then:\n"
		    "    - {redis: {command: [GET, k], reply: storage}}\n"
		    "    - {redis: {command: [GET, k], in: queues, reply: queues}}\n"
		    "    - {redis: {command: [GET, a], in: queues, reply: null}}\n"
		    "    - {redis: {command: [DBSIZE], reply: 1}}\n"
		    "- id: T-2\n  title: two\n  when: [{redis: [NONSENSE]}]\n"
		    "  then: [{backend_calls: 0}]\n"
		    "- id: T-3\n  title: three\n  given: {release: current}\n" AUTHORIZE);
	expect_run("backend|-v|--world|sim|--store|redis://127.0.0.1:6379/2|"
		   "--start|refscale backend all --port {port} --release {release}",
		   1);
	expect_says("ok      T-1");
	expect_says("redis [\"NONSENSE\"]: ERR unknown command");
	expect_says("skipped T-3      three (needs release-current)");
	sim_redis_stop(redis);
	expect_run("backend|T-1|-v|--world|sim|--start|refscale backend all --port {port}", 3);
	expect_says("(needs redis)");
}
END_TEST

#define ROWS(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *conformance_runner_conform_suite(void);
Suite *conformance_runner_conform_suite(void)
{
	Suite *suite = suite_create("conformance_runner_conform");
	TCase *tests = tcase_create("conform");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_good_target_passes, 0, ROWS(good));
	tcase_add_loop_test(tests, a_good_command_passes, 0, ROWS(good));
	tcase_add_loop_test(tests, what_is_wrong_is_told, 0, ROWS(bad));
	tcase_add_test(tests, a_command_that_does_not_start_is_told);
	tcase_add_test(tests, a_command_gets_the_arguments_of_a_case_when_it_takes_them);
	tcase_add_test(tests, several_cases_run_at_once_and_are_told_in_order);
	tcase_add_test(tests, a_long_wait_is_skipped_over_sockets);
	tcase_add_test(tests, there_are_two_worlds);
	tcase_add_test(tests, a_failed_case_is_repeated_with_the_options_given);
	tcase_add_loop_test(tests, options_are_checked, 0, ROWS(usages));
	tcase_add_test(tests, a_report_goes_to_a_file);
	tcase_add_test(tests, a_bad_case_file_is_wrong_usage);
	tcase_add_test(tests, interrupted_it_reports_and_leaves_nothing_behind);
	tcase_add_test(tests, a_gateway_that_runs_already_is_judged);
	tcase_add_loop_test(tests, a_backend_gets_its_fixture_and_its_time, 0, ROWS(backend_rows));
	tcase_add_test(tests, a_redis_is_emptied_between_cases_unless_it_held_data_before);
	tcase_add_loop_test(tests, servers_of_a_case_live_as_long_as_it, 0, ROWS(server_rows));
	tcase_add_test(tests, interrupted_it_leaves_no_servers_behind);
	tcase_add_test(tests, a_command_has_commands_for_its_further_processes);
	tcase_add_test(tests, the_redis_of_a_command_is_asked_where_it_is);
	suite_add_tcase(suite, tests);
	return suite;
}
