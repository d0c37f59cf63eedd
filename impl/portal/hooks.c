#include "portal/hooks.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/utc.h"
#include "portal/backend_sync.h"
#include "portal/database.h"
#include "portal/jobs.h"
#include "portal/mailer.h"
#include "portal/zync.h"
#include "world/clock.h"
#include "portal/webhooks.h"
#include "world/http_server.h"
#include "world/routes.h"
#include "world/sql.h"

#define LOOK_US 2000
#define BODY_BYTES_MAX ((size_t)1024 * 1024)

struct hook_call {
	struct hooks *hooks;
	struct http_exchange *exchange;
	struct http_body_collector *collector;
	struct backend_waiter waiter;
	struct timer look;
	void (*run)(struct hook_call *call, struct str rest, struct str body);
	struct str rest; /* of the path */
};

static void answer(struct hook_call *call, int status, struct str text)
{
	struct http_response response;

	http_response_init(&response, call->exchange->arena, status);
	http_exchange_respond_str(call->exchange, &response, text);
}

/* Time. */

static void hook_clock(struct hook_call *call, struct str rest, struct str body)
{
	struct database *database = call->hooks->database;
	int64_t before_us = database_now_us(database), seconds = 0;

	(void)rest;
	body = str_trim(body);
	if (str_equal(body, STR("real"))) {
		database_set_clock(database, DATABASE_CLOCK_OF_WORLD);
	} else if (str_to_int64(body, &seconds) && seconds >= 0) {
		database_set_clock(database, seconds * UTC_SECOND_US);
	} else {
		answer(call, 400, STR("the clock is set to Unix seconds, or to \"real\""));
		return;
	}
	backend_sync_passed(call->hooks->sync, database_now_us(database) - before_us);
	jobs_wake(call->hooks->jobs);
	zync_wake(call->hooks->zync);
	webhooks_wake(call->hooks->webhooks);
	mailer_wake(call->hooks->mailer);
	answer(call, 204, STR(""));
}

/* What waits for a later hour does not count. */
static void settle_others(struct timer *timer)
{
	struct hook_call *call = LIST_ENTRY(timer, struct hook_call, look);

	if (jobs_are_idle(call->hooks->jobs) && zync_is_idle(call->hooks->zync) &&
	    mailer_is_idle(call->hooks->mailer))
		answer(call, 204, STR(""));
	else
		timer_start(call->hooks->world, timer, LOOK_US, settle_others);
}

static void settled(struct backend_waiter *waiter)
{
	struct hook_call *call = LIST_ENTRY(waiter, struct hook_call, waiter);

	zync_wake(call->hooks->zync);
	mailer_wake(call->hooks->mailer);
	timer_start(call->hooks->world, &call->look, LOOK_US, settle_others);
}

static void hook_settle(struct hook_call *call, struct str rest, struct str body)
{
	(void)rest;
	(void)body;
	call->waiter.up_to = backend_sync_newest(call->hooks->sync);
	call->waiter.tried = settled;
	backend_sync_wait(call->hooks->sync, &call->waiter);
}

/* The database. */

static struct value argument_of(const struct json *given)
{
	if (given->kind == JSON_NULL)
		return value_null();
	return given->is_integer ? value_int(given->integer) : value_text(json_scalar_text(given));
}

static void add_row(struct hook_call *call, struct sql_statement *statement, struct json *rows)
{
	struct arena *arena = call->exchange->arena;
	struct database *database = call->hooks->database;
	const struct sql_ops *sql = database_world(database)->sql;
	struct json *row = json_append(rows, json_new(arena, JSON_OBJECT));

	for (int i = 0; i < sql->column_count(statement); i++) {
		bool is_null = database_column_is_null(database, statement, i);
		struct json *value = json_new(arena, is_null ? JSON_NULL : JSON_STRING);

		if (!is_null)
			value->text = database_column_text(database, statement, i);
		json_set(row, str_copy(arena, sql->column_name(statement, i)), value);
	}
}

static void hook_sql(struct hook_call *call, struct str rest, struct str body)
{
	struct arena *arena = call->exchange->arena;
	struct database *database = call->hooks->database;
	const struct json *given = json_parse(arena, body, BODY_BYTES_MAX, NULL);
	const struct json *list = json_get(given, STR("arguments"));
	struct value *arguments =
		ARENA_ARRAY(arena, struct value, (list != NULL ? list->count : 0) + 1);
	struct json *rows = json_new(arena, JSON_ARRAY);
	struct sql_statement *statement;
	struct error error = {0};
	size_t count = 0;

	(void)rest;
	JSON_EACH (argument, list)
		arguments[count++] = argument_of(argument);
	database_begin(database, arena, true);
	statement = database_query(database, json_get_str(given, STR("sql")), arguments, count);
	while (statement != NULL && database_next_row(database, statement))
		add_row(call, statement, rows);
	if (statement != NULL)
		database_query_done(database, statement);
	if (database_commit(database, &error))
		answer(call, 200, json_print(arena, rows));
	else
		answer(call, 400, str_copy(arena, str_from(error.text)));
}

/* Jobs. */

static void hook_job(struct hook_call *call, struct str rest, struct str body)
{
	(void)body;
	if (jobs_run(call->hooks->jobs, rest))
		answer(call, 204, STR(""));
	else
		answer(call, 404, STR_CONCAT(call->exchange->arena, STR("no job "), rest));
}

/* Routes. */

static struct json *route_row(const struct route *route, struct arena *arena)
{
	const struct {
		const char *name;
		struct str text;
	} columns[] = {
		{"name", route->name},
		{"host", route->host},
		{"to", route->service},
		{"port", route->port},
		{"termination", route->tls_termination},
		{"insecure", route->insecure_policy},
		{"owner", route->owner},
		{"refusal", route->refusal},
	};
	struct json *row = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		json_set(row, str_from(columns[i].name), json_new_str(arena, columns[i].text));
	for (size_t i = 0; i < route->labels_count; i++)
		json_set(row, route->labels[i].name, json_new_str(arena, route->labels[i].value));
	return row;
}

static void hook_routes(struct hook_call *call, struct str rest, struct str body)
{
	struct arena *arena = call->exchange->arena;
	struct json *rows = json_new(arena, JSON_ARRAY);
	struct route_list list;
	struct error error = {0};

	(void)body;
	if (!routes_went_well(
		    routes_list(call->hooks->world, rest, NULL, 0, arena, &list, &error))) {
		answer(call, 400, str_copy(arena, str_from(error.text)));
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		json_append(rows, route_row(&list.items[i], arena));
	answer(call, 200, json_print(arena, rows));
}

static const struct {
	struct str method, path;
	void (*run)(struct hook_call *call, struct str rest, struct str body);
} rows[] = {
	{STR_INIT("PUT"), STR_INIT("/__test/clock"), hook_clock},
	{STR_INIT("POST"), STR_INIT("/__test/settle"), hook_settle},
	{STR_INIT("POST"), STR_INIT("/__test/sql"), hook_sql},
	{STR_INIT("POST"), STR_INIT("/__test/jobs/"), hook_job},
	{STR_INIT("POST"), STR_INIT("/__test/routes/"), hook_routes},
};

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct hook_call *call = data;

	call->collector = NULL;
	if (result == HTTP_COLLECTED)
		call->run(call, call->rest, bytes);
	else
		answer(call, 400, STR(""));
}

static void ended(struct http_exchange *exchange, bool complete)
{
	struct hook_call *call = exchange->data;

	(void)complete;
	http_body_collector_stop(call->collector);
	call->collector = NULL;
	backend_sync_wait_stop(&call->waiter);
	timer_stop(&call->look);
}

void hooks_requested(struct hooks *hooks, struct http_exchange *exchange, struct str path)
{
	struct hook_call *call = ARENA_NEW(exchange->arena, struct hook_call);
	struct http_body_collector *collector;

	call->hooks = hooks;
	call->exchange = exchange;
	exchange->data = call;
	exchange->ended = ended;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool has_rest = str_has_suffix(rows[i].path, STR("/"));

		if (!str_equal(exchange->request.method, rows[i].method) ||
		    (has_rest ? !str_has_prefix(path, rows[i].path)
			      : !str_equal(path, rows[i].path)))
			continue;
		call->run = rows[i].run;
		call->rest = str_copy(exchange->arena, str_skip(path, rows[i].path.size));
		break;
	}
	if (call->run == NULL) {
		answer(call, 404, STR(""));
		return;
	}
	http_exchange_hold(exchange);
	collector = http_body_collect(http_exchange_take_body(exchange), BODY_BYTES_MAX,
				      exchange->arena, body_collected, call);
	if (collector != NULL)
		call->collector = collector;
	http_exchange_release(exchange);
}
