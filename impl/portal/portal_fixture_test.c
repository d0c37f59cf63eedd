#include "portal/portal_fixture_test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/map.h"
#include "portal/portal.h"
#include "world/http_client.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/real/real_world.h"

#define LIMIT_MS 10000
#define BODY_BYTES_MAX (64 * 1024 * 1024)

static struct {
	struct real_loop *loop;
	struct world *world;
	struct arena *arena;
	struct http_listener *backend;
	int backend_status;
	uint16_t backend_port;
	struct strbuf calls, output;
	void *portal;
	uint16_t port;
	const char *const *extra;
	const char *release;
	const struct log_ops *log;
	/* The call under way. */
	struct http_call *call;
	bool done;
	struct reply reply;
	const char *wanted;
	/* Of steps. */
	struct map *variables; /* name -> struct str * */
	const char *headers;
} fixture;

struct arena *fixture_arena(void)
{
	return fixture.arena;
}

const char *portal_text(const char *format, ...)
{
	char out[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(out, sizeof out, format, args);
	va_end(args);
	return str_cstr(fixture.arena, str_from(out));
}

/* The portal's own words: its port is read from its ready line, the rest is not shown. */
static void log_line(struct world *world, struct str target, struct str line)
{
	struct str before, port;

	(void)world;
	(void)target;
	strbuf_append(&fixture.output, line);
	strbuf_append_char(&fixture.output, '\n');
	if (!str_has_prefix(line, STR("ready portal ")))
		return;
	str_split_once(line, '=', &before, &port);
	ck_assert(str_to_uint16(port, &fixture.port));
}

static const struct log_ops quiet_log = {.write = log_line};

/* Backend. */

static void backend_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct http_exchange *exchange = data;
	struct http_response response;

	ck_assert_int_eq(result, HTTP_COLLECTED);
	if (str_equal(exchange->request.target, STR("/policies"))) {
		http_response_init(&response, exchange->arena, fixture.backend_status);
		http_exchange_respond_str(exchange, &response,
					  STR("{\"policies\":{\"cors\":[{\"version\":\"builtin\"}],"
					      "\"mine\":[{\"version\":\"builtin\"}]}}"));
		return;
	}
	strbuf_append_format(
		&fixture.calls, "%.*s %.*s %.*s %.*s\n", STR_ARG(exchange->request.method),
		STR_ARG(exchange->request.target), STR_ARG(bytes),
		STR_ARG(http_fields_get(&exchange->request.fields, STR("Authorization"))));
	http_response_init(&response, exchange->arena, fixture.backend_status);
	http_exchange_respond_str(exchange, &response, STR("{}"));
}

static void backend_ended(struct http_exchange *exchange, bool complete)
{
	(void)exchange;
	(void)complete;
}

static void backend_requested(struct http_exchange *exchange, void *data)
{
	(void)data;
	exchange->ended = backend_ended;
	http_body_collect(http_exchange_take_body(exchange), BODY_BYTES_MAX, exchange->arena,
			  backend_collected, exchange);
}

void backend_answers(int status)
{
	struct http_listen_options listen = {.address = STR("127.0.0.1"),
					     .port = fixture.backend_port};

	fixture.backend_status = status;
	if (status == 0) {
		http_listener_close(fixture.world, fixture.backend);
		fixture.backend = NULL;
	} else if (fixture.backend == NULL) {
		fixture.backend =
			http_listen(fixture.world, &listen, backend_requested, NULL, NULL);
		ck_assert_ptr_nonnull(fixture.backend);
		fixture.backend_port = http_listener_port(fixture.world, fixture.backend);
	}
}

const char *backend_calls(void)
{
	return str_cstr(fixture.arena, strbuf_str(&fixture.calls));
}

void backend_clear(void)
{
	strbuf_clear(&fixture.calls);
}

static bool backend_has_heard(void *data)
{
	(void)data;
	return str_find(strbuf_str(&fixture.calls), str_from(fixture.wanted)) != STR_NOT_FOUND;
}

bool backend_hears(const char *part)
{
	fixture.wanted = part;
	return real_loop_run_until(fixture.loop, backend_has_heard, NULL, LIMIT_MS);
}

/* The portal. */

void fixture_set_environment(const char *const *extra)
{
	fixture.extra = extra;
}

void fixture_set_release(const char *release)
{
	fixture.release = release;
}

static void world_begin(void)
{
	static char endpoint[64], registry[80];
	const char *variables[64] = {"ADMIN_ACCESS_TOKEN",
				     TOKEN,
				     "TENANT_NAME",
				     "3scale",
				     "MASTER_ACCESS_TOKEN",
				     "master-token",
				     "APICAST_ACCESS_TOKEN",
				     "apicast-token",
				     "CONFIG_INTERNAL_API_USER",
				     "user",
				     "CONFIG_INTERNAL_API_PASSWORD",
				     "password",
				     "APICAST_BACKEND_ROOT_ENDPOINT",
				     "https://backend-3scale.example.com",
				     "BACKEND_ENDPOINT",
				     endpoint,
				     "APICAST_REGISTRY_URL",
				     registry,
				     "PASSWORD_COST",
				     "4"};
	size_t count = 20;
	struct world *backend_world;

	fixture.loop = real_loop_create();
	backend_world = real_world_create(fixture.loop, NULL);
	fixture.world = backend_world;
	fixture.backend_port = 0;
	fixture.backend = NULL;
	backend_answers(200);
	snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)fixture.backend_port);
	snprintf(registry, sizeof registry, "%s/policies", endpoint);
	http_listener_close(fixture.world, fixture.backend);
	real_world_destroy(backend_world);
	fixture.backend = NULL;
	for (size_t i = 0; fixture.extra != NULL && fixture.extra[i] != NULL && count < 60; i++)
		variables[count++] = fixture.extra[i];
	fixture.world = real_world_create(fixture.loop, variables);
	fixture.world->log = &quiet_log;
	backend_answers(200);
}

/* option: one more, NULL = none. */
static void start(const char *database, const char *option)
{
	struct str arguments[] = {
		STR("--port"),       STR("0"),           STR("--address"), STR("127.0.0.1"),
		STR("--database"),   str_from(database), STR("--release"), STR("2.6"),
		STR("--test-hooks"), str_from(option),
	};
	struct error error = {0};
	int status = -1;

	if (fixture.release != NULL)
		arguments[7] = str_from(fixture.release);
	fixture.portal = portal_component.start(fixture.world, arguments, option != NULL ? 10 : 9,
						&status, &error);
	ck_assert_msg(fixture.portal != NULL, "%s", error.text);
}

void fixture_start(const char *database)
{
	start(database, NULL);
}

void fixture_start_empty(const char *database)
{
	start(database, "--reset-database");
}

void fixture_start_rewriting(const char *database)
{
	start(database, "--rewrite-backend");
}

void fixture_stop(void)
{
	portal_component.stop(fixture.portal);
	fixture.portal = NULL;
}

const char *fixture_refusal(const char *arguments, int *status)
{
	struct str words[16], rest = str_from(arguments);
	struct error error = {0};
	size_t count = 0;

	while (count < 16 && str_next_field(&rest, ' ', &words[count]))
		count++;
	*status = -1;
	ck_assert_ptr_null(portal_component.start(fixture.world, words, count, status, &error));
	return portal_text("%s", error.text);
}

const char *fixture_output(void)
{
	return str_cstr(fixture.arena, strbuf_str(&fixture.output));
}

void fixture_run(bool (*done)(void *data))
{
	ck_assert(real_loop_run_until(fixture.loop, done, NULL, LIMIT_MS));
}

void fixture_prepare(void)
{
	fixture.arena = arena_create();
	strbuf_init(&fixture.calls, BODY_BYTES_MAX);
	strbuf_init(&fixture.output, BODY_BYTES_MAX);
	world_begin();
}

const char *fixture_database(void)
{
	const char *database = getenv("TEST_PORTAL_DATABASE");

	return database != NULL ? database : ":memory:";
}

void fixture_set_up(void)
{
	fixture_prepare();
	fixture_start_empty(fixture_database());
}

void fixture_tear_down(void)
{
	if (fixture.portal != NULL)
		fixture_stop();
	http_listener_close(fixture.world, fixture.backend);
	real_world_destroy(fixture.world);
	real_loop_destroy(fixture.loop);
	strbuf_free(&fixture.calls);
	strbuf_free(&fixture.output);
	map_destroy(fixture.variables);
	arena_destroy(fixture.arena);
	memset(&fixture, 0, sizeof fixture);
}

/* Asking. */

static void call_collected(enum http_collect_result result, struct str bytes, void *data)
{
	const struct http_fields *fields = &fixture.call->response.fields;

	(void)data;
	ck_assert_int_eq(result, HTTP_COLLECTED);
	fixture.reply.status = fixture.call->response.status;
	fixture.reply.content_type =
		str_copy(fixture.arena, http_fields_get(fields, STR("Content-Type")));
	fixture.reply.etag = str_copy(fixture.arena, http_fields_get(fields, STR("ETag")));
	http_fields_copy(&fixture.reply.fields, fixture.arena, fields);
	fixture.reply.body = bytes;
	fixture.reply.json = json_parse(fixture.arena, bytes, BODY_BYTES_MAX, NULL);
	fixture.done = true;
}

static void call_answered(struct http_call *call, void *data)
{
	(void)data;
	http_body_collect(http_call_take_body(call), BODY_BYTES_MAX, fixture.arena, call_collected,
			  NULL);
}

static void call_failed(struct http_call *call, void *data)
{
	(void)data;
	fixture.reply.status = 0;
	fixture.reply.body = http_failure_text(call->failure);
	fixture.done = true;
}

static bool call_is_done(void *data)
{
	(void)data;
	return fixture.done;
}

static void add_fields(struct http_fields *fields, const char *headers)
{
	struct str rest = str_from(headers), line, name, value;

	while (str_next_field(&rest, '\n', &line)) {
		str_split_once(line, ':', &name, &value);
		http_fields_add(fields, name, str_trim(value));
	}
}

struct reply ask_as(const char *headers, const char *method, const char *target, const char *body)
{
	struct http_fields fields;
	struct http_call_options options = {.method = str_from(method),
					    .host = STR("127.0.0.1"),
					    .port = fixture.port,
					    .connect_address = STR("127.0.0.1"),
					    .target = str_from(target),
					    .fields = &fields};

	http_fields_init(&fields, fixture.arena);
	add_fields(&fields, headers);
	if (!http_fields_has(&fields, STR("Host")))
		http_fields_add(&fields, STR("Host"), STR(ADMIN_HOST));
	if (body != NULL) {
		options.body = http_body_from_str(str_from(body));
		if (!http_fields_has(&fields, STR("Content-Type")))
			http_fields_add(&fields, STR("Content-Type"),
					*body == '{' ? STR("application/json")
						     : STR("application/x-www-form-urlencoded"));
	}
	fixture.done = false;
	fixture.reply = (struct reply){0};
	fixture.call = http_call_start(fixture.world, &options, call_answered, call_failed, NULL);
	ck_assert(real_loop_run_until(fixture.loop, call_is_done, NULL, LIMIT_MS));
	http_call_release(fixture.call);
	return fixture.reply;
}

struct reply ask(const char *method, const char *target, const char *body)
{
	struct str token = base64_encode(fixture.arena, STR(TOKEN ":"));

	return ask_as(portal_text("Authorization: Basic %.*s", STR_ARG(token)), method, target,
		      body);
}

const struct json *fixture_sql(const char *sql)
{
	struct json *question = json_new(fixture.arena, JSON_OBJECT);
	struct reply reply;

	json_set(question, STR("sql"), json_new_str(fixture.arena, str_from(sql)));
	reply = ask_as("", "POST", "/__test/sql",
		       str_cstr(fixture.arena, json_print(fixture.arena, question)));
	ck_assert_msg(reply.status == 200, "%s: %.*s", sql, STR_ARG(reply.body));
	return reply.json;
}

/* Looking at replies. */

#define SAID(reply) (reply).status, STR_ARG((reply).body)

int64_t reply_int(struct reply reply, int status, const char *path)
{
	const struct json *value = json_path(reply.json, path);

	ck_assert_msg(reply.status == status && value != NULL, "%s: %d %.*s", path, SAID(reply));
	return json_int(value, -1);
}

struct str reply_text_at(struct reply reply, int status, const char *path)
{
	const struct json *value = json_path(reply.json, path);

	ck_assert_msg(reply.status == status && value != NULL, "%s: %d %.*s", path, SAID(reply));
	return json_scalar_text(value);
}

void reply_is(struct reply reply, int status, const char *body)
{
	ck_assert_msg(reply.status == status && str_equal(reply.body, str_from(body)),
		      "wanted %d %s: %d %.*s", status, body, SAID(reply));
}

void reply_has(struct reply reply, int status, const char *part)
{
	ck_assert_msg(reply.status == status &&
			      str_find(reply.body, str_from(part)) != STR_NOT_FOUND,
		      "wanted %d with %s: %d %.*s", status, part, SAID(reply));
}

void reply_lacks(struct reply reply, int status, const char *part)
{
	ck_assert_msg(reply.status == status &&
			      str_find(reply.body, str_from(part)) == STR_NOT_FOUND,
		      "wanted %d without %s: %d %.*s", status, part, SAID(reply));
}

int64_t sample_service(void)
{
	return reply_int(ask("GET", "/admin/api/services.json", NULL), 200,
			 "services.0.service.id");
}

int64_t sample_plan(void)
{
	return reply_int(ask("GET",
			     portal_text("/admin/api/services/%" PRId64 "/application_plans.json",
					 sample_service()),
			     NULL),
			 200, "plans.0.application_plan.id");
}

int64_t sample_account(void)
{
	return reply_int(ask("GET", "/admin/api/accounts.json", NULL), 200,
			 "accounts.0.account.id");
}

int64_t sample_application(void)
{
	return reply_int(ask("GET", "/admin/api/applications.json", NULL), 200,
			 "applications.0.application.id");
}

int64_t hits_of(int64_t service)
{
	return reply_int(ask("GET",
			     portal_text("/admin/api/services/%" PRId64 "/metrics.json", service),
			     NULL),
			 200, "metrics.0.metric.id");
}

int64_t new_service(const char *form)
{
	return reply_int(ask("POST", "/admin/api/services.json", form), 201, "service.id");
}

/* Steps. */

void capture(const char *name, struct str value)
{
	struct str *kept = ARENA_NEW(fixture.arena, struct str);

	*kept = str_copy(fixture.arena, value);
	map_put(fixture.variables, str_from(name), kept);
}

static void capture_samples(void)
{
	if (fixture.variables != NULL)
		return;
	fixture.variables = map_create(0);
	capture("service", str_from(portal_text("%" PRId64, sample_service())));
	capture("hits", str_from(portal_text("%" PRId64, hits_of(sample_service()))));
	capture("plan", str_from(portal_text("%" PRId64, sample_plan())));
	capture("account", str_from(portal_text("%" PRId64, sample_account())));
	capture("application", str_from(portal_text("%" PRId64, sample_application())));
}

/* "{name}" of a variable is replaced; other braces stay. */
const char *expand(const char *template)
{
	struct str rest = str_from(template), before, name, after;
	struct strbuf out;
	const char *expanded;

	capture_samples();
	strbuf_init(&out, 1024 * 1024);
	while (str_split_once(rest, '{', &before, &rest)) {
		struct str *value = NULL;

		strbuf_append(&out, before);
		if (str_split_once(rest, '}', &name, &after))
			value = map_get(fixture.variables, name);
		if (value == NULL) {
			strbuf_append_char(&out, '{');
			continue;
		}
		strbuf_append(&out, *value);
		rest = after;
	}
	strbuf_append(&out, before);
	expanded = str_cstr(fixture.arena, strbuf_str(&out));
	strbuf_free(&out);
	return expanded;
}

void steps_as(const char *headers)
{
	capture_samples();
	fixture.headers = headers;
}

static void run_step(const struct step *step)
{
	const char *target = portal_text("/admin/api/%s", expand(step->target));
	const char *body = step->body != NULL ? expand(step->body) : NULL;
	struct reply reply;

	reply = fixture.headers != NULL ? ask_as(fixture.headers, step->method, target, body)
					: ask(step->method, target, body);
	ck_assert_msg(reply.status == step->status, "%s %s: wanted %d: %d %.*s", step->method,
		      target, step->status, SAID(reply));
	if (step->has != NULL)
		ck_assert_msg(str_find(reply.body, str_from(expand(step->has))) != STR_NOT_FOUND,
			      "%s %s: no %s: %d %.*s", step->method, target, expand(step->has),
			      SAID(reply));
	if (step->lacks != NULL)
		ck_assert_msg(str_find(reply.body, str_from(expand(step->lacks))) == STR_NOT_FOUND,
			      "%s %s: there is %s: %d %.*s", step->method, target,
			      expand(step->lacks), SAID(reply));
	if (step->capture != NULL)
		capture(step->capture, reply_text_at(reply, step->status, step->path));
}

void run_steps(const struct step *steps, size_t count)
{
	capture_samples();
	for (size_t i = 0; i < count; i++)
		run_step(&steps[i]);
}

/* The fixture's own promise: every test begins with the sample data and has been heard by backend.
 */
START_TEST(a_test_begins_with_a_filled_portal)
{
	reply_has(ask("GET", "/check.txt", NULL), 200, "ok");
	ck_assert_int_gt(sample_application(), 0);
	ck_assert(backend_hears("/applications/"));
}
END_TEST

Suite *portal_portal_fixture_suite(void);
Suite *portal_portal_fixture_suite(void)
{
	Suite *suite = suite_create("portal_portal_fixture");
	TCase *tests = tcase_create("fixture");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_test_begins_with_a_filled_portal);
	suite_add_tcase(suite, tests);
	return suite;
}
