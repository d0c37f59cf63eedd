#include "backend/stand_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/error.h"
#include "base/utc.h"
#include "http/body.h"
#include "sim/component_stand_test.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/redis.h"

#define ADDRESS "10.0.0.2"
#define PORT 3000

static struct stand {
	struct component_stand base;
	struct world *portal;
	struct sim_redis *redis;
	struct redis_client *databases[2];
	struct http_listener *hook;
	int hook_status;
	struct strbuf hook_bodies;
	bool is_embedded, has_no_store, has_no_hooks;
	/* A command's reply. */
	const char *reply;
} stand;

struct arena *stand_arena(void)
{
	return stand.base.arena;
}

const char *text(const char *format, ...)
{
	static char out[64 * 1024];
	va_list args;

	va_start(args, format);
	vsnprintf(out, sizeof out, format, args);
	va_end(args);
	return str_cstr(stand.base.arena, str_from(out));
}

/* The hook. */

static void hook_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct http_exchange *exchange = data;
	struct http_response response;

	ck_assert_int_eq(result, HTTP_COLLECTED);
	strbuf_append_format(&stand.hook_bodies, "%.*s %.*s %.*s\n",
			     STR_ARG(exchange->request.method), STR_ARG(exchange->request.target),
			     STR_ARG(bytes));
	http_response_init(&response, exchange->arena, stand.hook_status);
	http_exchange_respond_str(exchange, &response, STR(""));
}

static void hook_ended(struct http_exchange *exchange, bool complete)
{
	(void)exchange;
	(void)complete;
}

static void hook_requested(struct http_exchange *exchange, void *data)
{
	(void)data;
	exchange->ended = hook_ended;
	http_body_collect(http_exchange_take_body(exchange), COMPONENT_STAND_BODY_BYTES_MAX,
			  exchange->arena, hook_collected, exchange);
}

struct str stand_hook_bodies(void)
{
	return strbuf_str(&stand.hook_bodies);
}

void stand_hook_answers(int status)
{
	stand.hook_status = status;
}

void stand_hook_close(void)
{
	http_listener_close(stand.portal, stand.hook);
	stand.hook = NULL;
}

/* Setting. */

static struct redis_client *open_database(const char *url)
{
	struct redis_options options = {.url = str_from(url)};
	struct redis_client *client = redis_open(stand.base.client, &options, NULL);

	ck_assert_ptr_nonnull(client);
	return client;
}

void stand_set(void)
{
	struct http_listen_options listen = {.port = PORT};
	struct error error = {0};

	stand = (struct stand){.hook_status = 200};
	component_stand_set(&stand.base, &backend_component, ADDRESS);
	strbuf_init(&stand.hook_bodies, COMPONENT_STAND_BODY_BYTES_MAX);
	stand.redis = sim_redis_start(sim_host_add(stand.base.sim, STR("redis"), STR("10.0.0.7")),
				      6379, &error);
	ck_assert_msg(stand.redis != NULL, "%s", error.text);
	stand.portal = sim_host_world(sim_host_add(stand.base.sim, STR("portal"), STR("10.0.0.4")),
				      STR("portal"));
	stand.hook = http_listen(stand.portal, &listen, hook_requested, NULL, &error);
	ck_assert_msg(stand.hook != NULL, "%s", error.text);
	stand.databases[0] = open_database("redis://10.0.0.7:6379/0");
	stand.databases[1] = open_database("redis://10.0.0.7:6379/1");
	stand_variable("CONFIG_INTERNAL_API_USER", "u");
	stand_variable("CONFIG_INTERNAL_API_PASSWORD", "p");
}

void stand_clear(void)
{
	stand_leave();
	for (size_t i = 0; i < 2; i++)
		redis_close(stand.databases[i]);
	stand_hook_close();
	component_stand_clear(&stand.base);
	strbuf_free(&stand.hook_bodies);
}

void stand_variable(const char *name, const char *value)
{
	component_stand_variable(&stand.base, name, value);
}

void stand_argument(const char *word)
{
	component_stand_word(&stand.base, word);
}

void stand_use_embedded_store(void)
{
	stand.is_embedded = true;
}

void stand_use_variables(void)
{
	stand.has_no_store = true;
}

void stand_use_no_hooks(void)
{
	stand.has_no_hooks = true;
}

/* The process. */

/* A process that was killed starts again with the same words. */
static void add_words(void)
{
	if (stand.base.process != NULL)
		return;
	if (!stand.has_no_store) {
		stand_argument("--store");
		stand_argument(stand.is_embedded ? ":memory:" : "redis://10.0.0.7:6379");
	}
	if (!stand.has_no_hooks)
		stand_argument("--test-hooks");
}

void stand_start_only(void)
{
	add_words();
	component_stand_launch(&stand.base);
}

bool stand_start(void)
{
	add_words();
	return component_stand_start(&stand.base, 10 * STAND_SECOND);
}

int stand_exit_status(void)
{
	return stand.base.exit_status;
}

void stand_kill(void)
{
	sim_process_kill(stand.base.process);
	stand_run_for(1000);
	stand_leave();
}

size_t stand_children(void)
{
	return component_stand_children(&stand.base);
}

void stand_kill_child(size_t index)
{
	component_stand_kill_child(&stand.base, index);
}

void stand_ask_to_stop(void)
{
	sim_process_stop(stand.base.process);
}

struct str stand_log(void)
{
	return strbuf_str(&stand.base.output);
}

/* Calls. */

void stand_leave(void)
{
	component_stand_leave(&stand.base);
}

void stand_send(struct stand_request request)
{
	struct component_stand_request call = {
		.method = request.method,
		.path = request.path,
		.body = request.body,
		.is_chunked = request.is_chunked,
		.address = ADDRESS,
		.port = request.port != 0 ? request.port : PORT,
	};

	memcpy(call.fields, request.fields, sizeof request.fields);
	component_stand_send(&stand.base, &call);
}

struct stand_answer stand_wait(void)
{
	return component_stand_wait(&stand.base, 100 * STAND_SECOND);
}

struct stand_answer stand_call(struct stand_request request)
{
	stand_send(request);
	return stand_wait();
}

struct stand_answer stand_get(const char *path)
{
	return stand_call((struct stand_request){.path = path});
}

struct stand_answer stand_get_with(const char *path, const char *options)
{
	return stand_call(
		(struct stand_request){.path = path, .fields = {"3scale-options", options}});
}

struct stand_answer stand_post(const char *form)
{
	return stand_call((struct stand_request){
		.method = "POST",
		.path = "/transactions.xml",
		.body = form,
		.fields = {"Content-Type", "application/x-www-form-urlencoded"}});
}

struct stand_answer stand_internal(const char *method, const char *path, const char *json)
{
	return stand_call((struct stand_request){.method = method,
						 .path = text("/internal/%s", path),
						 .body = json,
						 .fields = {"Authorization", "Basic dTpw"}});
}

void stand_drain(void)
{
	expect_answer(stand_call((struct stand_request){.method = "POST", .path = "/__test/drain"}),
		      204, "");
}

void stand_forget(void)
{
	expect_answer(
		stand_call((struct stand_request){.method = "DELETE", .path = "/__test/cache"}),
		204, "");
}

void stand_set_clock(const char *utc)
{
	int64_t instant_us;

	ck_assert(utc_parse(str_from(utc), &instant_us));
	expect_answer(stand_call((struct stand_request){
			      .method = "PUT",
			      .path = "/__test/clock",
			      .body = text("%lld.%06lld", (long long)(instant_us / 1000000),
					   (long long)(instant_us % 1000000))}),
		      204, "");
}

void stand_run_for(int64_t span_us)
{
	component_stand_run_for(&stand.base, span_us);
}

void stand_provision(void)
{
	static const struct {
		const char *method, *path, *json;
	} rows[] = {
		{"POST", "services/",
		 "{\"service\":{\"id\":\"S1\",\"provider_key\":\"PK\","
		 "\"backend_version\":\"1\",\"default_service\":true}}"},
		{"POST", "services/",
		 "{\"service\":{\"id\":\"S2\",\"provider_key\":\"PK\",\"backend_version\":\"2\"}}"},
		{"POST", "services/",
		 "{\"service\":{\"id\":\"S3\",\"provider_key\":\"PK\",\"backend_version\":"
		 "\"oauth\"}}"},
		{"POST", "service_tokens/",
		 "{\"service_tokens\":{\"T1\":{\"service_id\":\"S1\"},\"T2\":{\"service_id\":"
		 "\"S2\"},\"T3\":{\"service_id\":\"S3\"}}}"},
		{"POST", "services/S1/metrics/81", "{\"metric\":{\"name\":\"hits\"}}"},
		{"POST", "services/S1/metrics/82",
		 "{\"metric\":{\"name\":\"search\",\"parent_id\":\"81\"}}"},
		{"POST", "services/S1/metrics/83", "{\"metric\":{\"name\":\"other\"}}"},
		{"POST", "services/S2/metrics/91", "{\"metric\":{\"name\":\"hits\"}}"},
		{"POST", "services/S3/metrics/95", "{\"metric\":{\"name\":\"hits\"}}"},
		{"POST", "services/S1/applications/A1",
		 "{\"application\":{\"state\":\"active\",\"plan_id\":\"P\",\"plan_name\":"
		 "\"Basic\"}}"},
		{"POST", "services/S2/applications/A2",
		 "{\"application\":{\"state\":\"active\",\"plan_id\":\"P\",\"plan_name\":"
		 "\"Basic\"}}"},
		{"POST", "services/S3/applications/A3",
		 "{\"application\":{\"state\":\"active\",\"plan_id\":\"P\",\"plan_name\":\"Basic\","
		 "\"redirect_url\":\"http://a3/\"}}"},
		{"PUT", "services/S1/applications/A1/key/U1", "{}"},
		{"POST", "services/S3/applications/A3/keys/",
		 "{\"application_key\":{\"value\":\"K3\"}}"},
	};

	ck_assert_msg(stand_start(), "%.*s", STR_ARG(stand_log()));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stand_answer answer =
			stand_internal(rows[i].method, rows[i].path, rows[i].json);

		ck_assert_msg(answer.status == 200 || answer.status == 201, "%s: %d %.*s",
			      rows[i].path, answer.status, STR_ARG(answer.body));
	}
}

/* The Redis. */

static int compare(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static struct str render_one(const struct redis_reply *reply)
{
	if (reply->kind == REDIS_INTEGER)
		return str_format(stand.base.arena, "%lld", (long long)reply->integer);
	return reply->kind == REDIS_NIL ? STR("nil") : str_copy(stand.base.arena, reply->text);
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct str *items = ARENA_ARRAY(stand.base.arena, struct str, reply->count);
	struct str all = STR("[");

	(void)data;
	if (reply->kind != REDIS_ARRAY) {
		stand.reply = str_cstr(stand.base.arena, render_one(reply));
		return;
	}
	for (size_t i = 0; i < reply->count; i++)
		items[i] = render_one(&reply->items[i]);
	if (reply->count > 1)
		qsort(items, reply->count, sizeof *items, compare);
	for (size_t i = 0; i < reply->count; i++)
		all = STR_CONCAT(stand.base.arena, all, i > 0 ? STR(",") : STR(""), items[i]);
	stand.reply = str_cstr(stand.base.arena, STR_CONCAT(stand.base.arena, all, STR("]")));
}

static bool has_reply(void *data)
{
	(void)data;
	return stand.reply != NULL;
}

void stand_redis_send(int database, const struct str *words, size_t count)
{
	stand.reply = NULL;
	redis_send(stand.databases[database], words, count, replied, NULL);
	sim_run_until(stand.base.sim, sim_now_us(stand.base.sim) + 10 * STAND_SECOND, has_reply,
		      NULL);
	ck_assert_ptr_nonnull(stand.reply);
}

const char *stand_reply(void)
{
	return stand.reply;
}

static const char *ask(int database, const char *command)
{
	struct str words[16], rest = str_from(command), word;
	size_t count = 0;

	while (str_next_field(&rest, ' ', &word))
		words[count++] = word;
	stand_redis_send(database, words, count);
	return stand.reply;
}

const char *stand_redis(const char *command)
{
	return ask(0, command);
}

const char *stand_queues(const char *command)
{
	return ask(1, command);
}

void stand_forget_command(const char *name)
{
	sim_redis_forget_command(stand.redis, str_from(name));
}

void stand_stop_redis(void)
{
	sim_redis_stop(stand.redis);
}

void stand_restart_redis(void)
{
	ck_assert(sim_redis_restart(stand.redis, NULL));
}

void stand_set_loading(bool is_loading)
{
	sim_redis_set_loading(stand.redis, is_loading);
}

struct sim *stand_sim(void)
{
	return stand.base.sim;
}

/* Expecting. */

struct str stand_field(const struct stand_answer *answer, const char *name)
{
	return http_fields_get(&answer->fields, str_from(name));
}

bool stand_contains(struct str found, const char *part)
{
	return str_find(found, str_from(part)) != STR_NOT_FOUND;
}

void stand_expect_answer(struct stand_answer answer, int status, const char *body, const char *file,
			 int line)
{
	struct str expected = str_from(body), found = answer.body;

	ck_assert_msg(answer.status == status, "%s:%d: status %d is not %d: %.*s", file, line,
		      answer.status, status, STR_ARG(found));
	if (body == NULL)
		return;
	if (str_has_suffix(expected, STR("..."))) {
		expected.size -= 3;
		found = str_slice(found, 0, expected.size);
	}
	ck_assert_msg(str_equal(found, expected), "%s:%d: \"%.*s\" is not \"%s\"", file, line,
		      STR_ARG(answer.body), body);
}

void stand_walk(const struct stand_step *steps, size_t count, const char *file)
{
	for (size_t i = 0; i < count; i++) {
		const struct stand_step *step = &steps[i];
		const char *place = text("%s, step %zu: %s", file, i, step->path);

		if (step->method != NULL)
			stand_expect_answer(stand_internal(step->method, step->path, step->json),
					    step->status, step->expected, place, (int)i);
		else
			stand_expect_str(str_from(stand_redis(step->path)), step->expected, place,
					 (int)i);
	}
}

/* The stand itself. */

START_TEST(a_backend_starts_serves_and_stops)
{
	stand_provision();
	expect_answer(stand_get("/transactions/authorize.xml?" S1_U1), 200,
		      AUTHORIZED "<plan>Basic</plan></status>");
	expect_text(stand_redis("GET service/id:S1/provider_key"), "PK");
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

Suite *backend_stand_suite(void);
Suite *backend_stand_suite(void)
{
	Suite *suite = suite_create("backend_stand");
	TCase *test = tcase_create("stand");

	tcase_add_checked_fixture(test, stand_set, stand_clear);
	tcase_add_test(test, a_backend_starts_serves_and_stops);
	suite_add_tcase(suite, test);
	return suite;
}
