/* What pages ask backend for: the errors of a service, their purge, an application's use of its
 * limits (spec/portal.md 3.19, 6.3; PT-208). */
#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/integration_errors.h"
#include "portal/record.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "world/http_server.h"
#include "world/real/real_world.h"
#include "world/sql.h"

#define LIMIT_MS 10000

static struct real_loop *loop;
static struct world *world;
static struct http_listener *backend;
static struct database *database;
static struct settings settings;
static struct call call;
static int backend_status;
static const char *backend_body;
static struct strbuf heard, told;
static bool is_done;

static void requested(struct http_exchange *exchange, void *data)
{
	struct http_response response;

	(void)data;
	strbuf_append_format(&heard, "%.*s %.*s", STR_ARG(exchange->request.method),
			     STR_ARG(exchange->request.target));
	http_response_init(&response, exchange->arena, backend_status);
	http_exchange_respond_str(exchange, &response, str_from(backend_body));
}

static void set_up(void)
{
	struct http_listen_options listen = {.address = STR("127.0.0.1")};
	const struct sql_options memory = {.kind = SQL_SQLITE, .path = STR(":memory:")};
	struct error error = {0};

	loop = real_loop_create();
	world = real_world_create(loop, NULL);
	backend = http_listen(world, &listen, requested, NULL, &error);
	ck_assert_msg(backend != NULL, "%s", error.text);
	database = database_open(world, &memory, &error);
	ck_assert_msg(database != NULL, "%s", error.text);
	call = (struct call){.database = database, .settings = &settings, .arena = arena_create()};
	settings = (struct settings){
		.internal_api = str_format(call.arena, "http://127.0.0.1:%u/internal/",
					   (unsigned)http_listener_port(world, backend))};
	strbuf_init(&heard, 4096);
	strbuf_init(&told, 4096);
	backend_status = 200;
	is_done = false;
}

static void tear_down(void)
{
	strbuf_free(&heard);
	strbuf_free(&told);
	arena_destroy(call.arena);
	database_close(database);
	http_listener_close(world, backend);
	real_world_destroy(world);
	real_loop_destroy(loop);
}

static void done(void *data)
{
	(void)data;
	is_done = true;
}

static bool has_ended(void *data)
{
	(void)data;
	return is_done;
}

static void run(struct errand *errand)
{
	errand->done = done;
	errand->begin(errand, &call);
	ck_assert(real_loop_run_until(loop, has_ended, NULL, LIMIT_MS));
}

static void heard_is(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&heard), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&heard)));
}

static void told_is(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&told), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&told)));
}

static void tell_errors(struct call *of, const struct integration_errors *errors)
{
	ck_assert_ptr_eq(of, &call);
	strbuf_append_format(&told, "%d %.*s of %d:", errors->is_known, STR_ARG(errors->why),
			     (int)errors->total);
	for (size_t i = 0; i < errors->count; i++)
		strbuf_append_format(
			&told, " %.*s %.*s (%.*s)", STR_ARG(errors->items[i].timestamp),
			STR_ARG(errors->items[i].code), STR_ARG(errors->items[i].message));
}

static const struct {
	int status;
	const char *body, *told;
} error_rows[] = {
	{200,
	 "{\"status\":\"found\",\"errors\":[{\"code\":\"metric_invalid\",\"message\":\"metric "
	 "\\\"foo\\\" is invalid\",\"timestamp\":\"2019-06-01 10:20:30 UTC\",\"context_info\":{}}],"
	 "\"count\":7}",
	 "1  of 7: 2019-06-01 10:20:30 UTC metric_invalid (metric \"foo\" is invalid)"},
	{200, "{\"status\":\"found\",\"errors\":[],\"count\":0}", "1  of 0:"},
	{404, "{\"status\":\"not_found\",\"error\":\"service not found\"}",
	 "0 service not found of 0:"},
	{503, "oops", "0 status 503 of 0:"},
	{200, "[]", "0 the answer is no list of errors of 0:"},
};

START_TEST(errors_are_listed_by_pages)
{
	backend_status = error_rows[_i].status;
	backend_body = error_rows[_i].body;
	run(integration_errors_errand(&call, 7, 2, INTEGRATION_ERRORS_PER_PAGE, tell_errors));
	heard_is("GET /internal/services/7/errors/?page=2&per_page=100");
	told_is(error_rows[_i].told);
}
END_TEST

static void tell_purge(struct call *of, bool is_purged, struct str why)
{
	ck_assert_ptr_eq(of, &call);
	strbuf_append_format(&told, "%d %.*s", is_purged, STR_ARG(why));
}

START_TEST(errors_are_purged)
{
	backend_body = "{\"status\":\"deleted\"}";
	run(integration_errors_purge_errand(&call, 7, tell_purge));
	heard_is("DELETE /internal/services/7/errors/");
	told_is("1 ");
}
END_TEST

START_TEST(a_backend_that_is_away_is_said_to_be)
{
	http_listener_close(world, backend);
	backend = NULL;
	run(integration_errors_purge_errand(&call, 7, tell_purge));
	told_is("0 connection refused");
}
END_TEST

static void tell_utilizations(struct call *of, const struct utilizations *utilizations)
{
	ck_assert_ptr_eq(of, &call);
	strbuf_append_format(&told, "%d %.*s:", utilizations->is_known, STR_ARG(utilizations->why));
	for (size_t i = 0; i < utilizations->count; i++)
		strbuf_append_format(&told, " %.*s per %.*s %d/%d",
				     STR_ARG(utilizations->items[i].metric_name),
				     STR_ARG(utilizations->items[i].period),
				     (int)utilizations->items[i].current_value,
				     (int)utilizations->items[i].max_value);
}

START_TEST(utilization_is_asked_for)
{
	struct record *application = record_new(call.arena, &contracts_table);

	record_set_int(application, "service_id", 7);
	record_set_text(application, "application_id", STR("app 1"));
	backend_body = "{\"status\":\"found\",\"utilization\":[{\"period\":\"day\",\"metric_name\":"
		       "\"hits\",\"max_value\":100,\"current_value\":9}]}";
	run(utilization_errand(&call, application, tell_utilizations));
	heard_is("GET /internal/services/7/applications/app%201/utilization/");
	told_is("1 : hits per day 9/100");
}
END_TEST

START_TEST(an_inquiry_can_be_stopped)
{
	struct errand *errand = integration_errors_purge_errand(&call, 7, tell_purge);

	backend_body = "{}";
	errand->done = done;
	errand->begin(errand, &call);
	errand->stop(errand);
	real_loop_run_until(loop, has_ended, NULL, 50);
	told_is("");
}
END_TEST

Suite *portal_integration_errors_suite(void);
Suite *portal_integration_errors_suite(void)
{
	Suite *suite = suite_create("portal_integration_errors");
	TCase *tests = tcase_create("integration_errors");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, errors_are_listed_by_pages, 0,
			    (int)(sizeof error_rows / sizeof *error_rows));
	tcase_add_test(tests, errors_are_purged);
	tcase_add_test(tests, a_backend_that_is_away_is_said_to_be);
	tcase_add_test(tests, utilization_is_asked_for);
	tcase_add_test(tests, an_inquiry_can_be_stopped);
	suite_add_tcase(suite, tests);
	return suite;
}
