#include "conformance/runner/bench_test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/url.h"
#include "conformance/runner/client.h"
#include "conformance/runner/conform.h"
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

struct bench bench;

/* Targets: a gateway that asks backend and calls the upstream, and a backend that takes what it is
 * given. */

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

	if (result != HTTP_COLLECTED) {
		http_exchange_abort(call->exchange);
		return;
	}
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
	struct process_variable variables[32];
	struct str words[32], rest = options->shell_command, word;

	if (rest.size == 0)
		return sim_process_ops.start(world, options, error);
	ck_assert(options->variables_count < 31);
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
static const struct component *const components[] = {&fake_gateway, &fake_backend,
						     &bench_fake_portal, &shelled_conform, NULL};

/* The bench. */

void bench_set_up(void)
{
	struct sim_options options = {.seed = 7, .components = components};

	bench.arena = arena_create();
	bench.sim = sim_create(&options);
	bench.host = sim_host_add(bench.sim, STR("localhost"), STR("10.0.0.1"));
	strbuf_init(&bench.output, 1 << 20);
}

void bench_tear_down(void)
{
	sim_destroy(bench.sim);
	strbuf_free(&bench.output);
	arena_destroy(bench.arena);
}

static void take_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	(void)process;
	(void)is_stderr;
	(void)data;
	strbuf_append(&bench.output, line);
	strbuf_append_char(&bench.output, '\n');
}

static void take_exit(struct process *process, int exit_status, void *data)
{
	(void)process;
	(void)data;
	bench.status = exit_status;
}

bool bench_has_ended(void *data)
{
	(void)data;
	return bench.status >= 0;
}

void bench_write_cases(const char *suite, const char *cases)
{
	ck_assert(sim_host_write_file(
		bench.host,
		STR_CONCAT(bench.arena, STR("/suites/"), str_from(suite), STR("/topic.yaml")),
		str_from(cases)));
}

void bench_start_runner(const char *words_text)
{
	struct str words[32] = {STR("refscale"), STR("conform")}, rest = str_from(words_text);
	struct process_options options = {
		.words = words, .words_count = 2, .line = take_line, .exited = take_exit};

	while (str_next_field(&rest, '|', &words[options.words_count]))
		options.words_count++;
	words[options.words_count++] = STR("--suites");
	words[options.words_count++] = STR("/suites");
	bench.status = -1;
	strbuf_clear(&bench.output);
	bench.runner = sim_process_start(bench.host, &options, NULL);
	ck_assert_ptr_nonnull(bench.runner);
}

int bench_run(const char *words)
{
	bench_start_runner(words);
	ck_assert_msg(sim_run_until(bench.sim, sim_now_us(bench.sim) + INT64_C(7200) * 1000000,
				    bench_has_ended, NULL),
		      "no end: %.*s", STR_ARG(strbuf_str(&bench.output)));
	return bench.status;
}

bool bench_says(const char *text)
{
	return str_find(strbuf_str(&bench.output), str_from(text)) != STR_NOT_FOUND;
}

void bench_write_case(const char *suite, const char *more)
{
	bench_write_cases(
		suite,
		str_cstr(bench.arena, STR_CONCAT(bench.arena, STR("- id: T-1\n  title: the case\n"),
						 str_from(more))));
}

START_TEST(the_runner_judges_what_the_bench_starts)
{
	bench_write_case("gateway", "  when: [{get: /}]\n  then: [{answer: {status: 401}}]\n");
	expect_run("gateway|--world|sim", 0);
	expect_says("1 passed");
}
END_TEST

Suite *conformance_runner_bench_suite(void);
Suite *conformance_runner_bench_suite(void)
{
	Suite *suite = suite_create("conformance_runner_bench");
	TCase *tests = tcase_create("bench");

	tcase_add_checked_fixture(tests, bench_set_up, bench_tear_down);
	tcase_add_test(tests, the_runner_judges_what_the_bench_starts);
	suite_add_tcase(suite, tests);
	return suite;
}
