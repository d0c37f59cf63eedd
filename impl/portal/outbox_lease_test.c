/* Two portals on one database of each kind: every entry of an outbox is delivered by one of them,
 * and what a portal that is gone was at is taken over. The servers' addresses come in
 * TEST_MYSQL_URL and TEST_POSTGRESQL_URL (ci/unit.sh starts them). */
#include "portal/outbox_lease.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "portal/backend_sync.h"
#include "portal/database.h"
#include "portal/jobs.h"
#include "portal/mailer.h"
#include "portal/schema.h"
#include "portal/seed.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "portal/webhooks.h"
#include "portal/zync.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/real/real_world.h"
#include "world/sql.h"
#include "world/sql_kinds_test.h"
#include "world/sql_url.h"

#define PORTALS 2
#define LIMIT_MS 20000
#define BYTES_MAX (1024 * 1024)

struct portal {
	struct world *world;
	struct database *database;
	struct backend_sync *sync;
	struct zync *zync;
	struct mailer *mailer;
	struct webhooks *webhooks;
	struct jobs *jobs;
};

/* Backend, zync and receivers of webhooks are one server, which notes what it is asked. */
static struct {
	struct real_loop *loop;
	struct arena *arena;
	struct world *world; /* of the server */
	struct http_listener *listener;
	bool is_silent;
	struct strbuf calls, lines;
	struct settings settings;
	struct portal portals[PORTALS];
	char url[256], endpoint[64];
	int64_t shift_us; /* of the second portal's clock */
	const char *wanted;
} stage;

/* The server. */

static void collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct http_exchange *exchange = data;
	struct http_response response;

	ck_assert_int_eq(result, HTTP_COLLECTED);
	strbuf_append_format(&stage.calls, "%.*s %.*s %.*s\n", STR_ARG(exchange->request.method),
			     STR_ARG(exchange->request.target), STR_ARG(bytes));
	if (stage.is_silent)
		return;
	http_response_init(&response, exchange->arena, 200);
	http_exchange_respond_str(exchange, &response, STR("{}"));
}

static void ended(struct http_exchange *exchange, bool complete)
{
	(void)exchange;
	(void)complete;
}

static void requested(struct http_exchange *exchange, void *data)
{
	(void)data;
	exchange->ended = ended;
	http_body_collect(http_exchange_take_body(exchange), BYTES_MAX, exchange->arena, collected,
			  exchange);
}

/* Portals. */

static void keep_line(struct world *world, struct str target, struct str line)
{
	(void)world;
	(void)target;
	strbuf_append(&stage.lines, line);
	strbuf_append_char(&stage.lines, '\n');
}

static const struct log_ops kept_log = {.write = keep_line};

static const struct clock_ops *true_clock;

static int64_t shifted_monotonic_us(struct world *world)
{
	return true_clock->monotonic_us(world) + stage.shift_us;
}

static struct clock_ops shifted_clock;

static void committed(void *data)
{
	(void)data;
}

static void portal_open(struct portal *portal)
{
	const char *variables[] = {"BACKEND_ENDPOINT",
				   stage.endpoint,
				   "ZYNC_ENDPOINT",
				   stage.endpoint,
				   "PASSWORD_COST",
				   "4",
				   NULL};
	struct sql_options options = {0};
	struct error error = {0};

	portal->world = real_world_create(stage.loop, variables);
	portal->world->log = &kept_log;
	ck_assert(sql_url_read(str_from(stage.url), stage.arena, &options, &error));
	portal->database = database_open(portal->world, &options, &error);
	ck_assert_msg(portal->database != NULL, "%s", error.text);
}

static void portal_begin(struct portal *portal)
{
	const struct jobs_options jobs = {.world = portal->world,
					  .database = portal->database,
					  .settings = &stage.settings,
					  .committed = committed};

	portal->sync = backend_sync_create(portal->world, portal->database, &stage.settings);
	portal->zync = zync_create(portal->world, portal->database, &stage.settings);
	portal->mailer = mailer_create(portal->world, portal->database, &stage.settings);
	portal->webhooks = webhooks_create(portal->world, portal->database);
	portal->jobs = jobs_create(&jobs);
}

/* As SIGKILL ends it: nothing is said to anybody. */
static void portal_die(struct portal *portal)
{
	backend_sync_destroy(portal->sync);
	zync_destroy(portal->zync);
	mailer_destroy(portal->mailer);
	webhooks_destroy(portal->webhooks);
	jobs_destroy(portal->jobs);
	database_close(portal->database);
	if (portal->world != NULL)
		real_world_destroy(portal->world);
	*portal = (struct portal){0};
}

static void portal_wake(struct portal *portal)
{
	backend_sync_wake(portal->sync);
	zync_wake(portal->zync);
	mailer_wake(portal->mailer);
	webhooks_wake(portal->webhooks);
	jobs_wake(portal->jobs);
}

static const char *sqlite_file(const char *suffix)
{
	return str_cstr(stage.arena, str_format(stage.arena, "/tmp/refscale-outbox-lease-%d%s",
						(int)getpid(), suffix));
}

static void remove_file(void)
{
	unlink(sqlite_file(""));
	unlink(sqlite_file("-wal"));
	unlink(sqlite_file("-shm"));
}

static void execute(const char *sql)
{
	struct error error = {0};

	ck_assert_msg(database_execute(stage.portals[1].database, str_from(sql), &error), "%s: %s",
		      sql, error.text);
}

static void begin(int kind)
{
	struct settings_source source;
	struct error error = {0};

	if (kind != SQL_SQLITE)
		snprintf(stage.url, sizeof stage.url, "%s", sql_kind_url(kind));
	else
		snprintf(stage.url, sizeof stage.url, "sqlite:%s", sqlite_file(""));
	for (int i = 0; i < PORTALS; i++)
		portal_open(&stage.portals[i]);
	true_clock = stage.portals[1].world->clock;
	shifted_clock = *true_clock;
	shifted_clock.monotonic_us = shifted_monotonic_us;
	stage.portals[1].world->clock = &shifted_clock;
	ck_assert_msg(settings_source_open(&source, stage.portals[1].world, stage.arena, STR(""),
					   &error) &&
			      portal_settings_read(&stage.settings, &source, STR(""), &error) &&
			      schema_prepare(stage.portals[1].database, &error) &&
			      schema_empty(stage.portals[1].database, &error) &&
			      seed_database(stage.portals[1].database, &stage.settings, &error),
		      "%s", error.text);
	execute("DELETE FROM backend_updates");
	execute("DELETE FROM zync_notices");
	execute("DELETE FROM mails");
	for (int i = 0; i < PORTALS; i++)
		portal_begin(&stage.portals[i]);
}

static void set_up(void)
{
	struct http_listen_options listen = {.address = STR("127.0.0.1")};

	memset(&stage, 0, sizeof stage);
	stage.arena = arena_create();
	strbuf_init(&stage.calls, BYTES_MAX);
	strbuf_init(&stage.lines, BYTES_MAX);
	stage.loop = real_loop_create();
	stage.world = real_world_create(stage.loop, NULL);
	stage.listener = http_listen(stage.world, &listen, requested, NULL, NULL);
	ck_assert_ptr_nonnull(stage.listener);
	snprintf(stage.endpoint, sizeof stage.endpoint, "http://127.0.0.1:%u",
		 (unsigned)http_listener_port(stage.world, stage.listener));
	remove_file();
}

static void tear_down(void)
{
	for (int i = 0; i < PORTALS; i++)
		portal_die(&stage.portals[i]);
	http_listener_close(stage.world, stage.listener);
	real_world_destroy(stage.world);
	real_loop_destroy(stage.loop);
	remove_file();
	strbuf_free(&stage.calls);
	strbuf_free(&stage.lines);
	arena_destroy(stage.arena);
}

/* Entries. */

static void add_entries(int count)
{
	struct database *database = stage.portals[1].database;
	struct arena *arena = arena_create();

	database_begin(database, arena, true);
	for (int i = 1; i <= count; i++) {
		const struct value number[] = {value_int(i)};

		database_run(database,
			     STR("INSERT INTO backend_updates (method, path, body) VALUES ('PUT', "
				 "'update/' || ?1 || '/end', '{}')"),
			     number, 1);
		database_run(
			database,
			STR("INSERT INTO web_hook_deliveries (account_id, uuid, url, xml, run_at) "
			    "SELECT min(id), 'u', ?2 || '/hook/' || ?1 || '/end', '<event/>', ?3 "
			    "FROM accounts"),
			DATABASE_ARGUMENTS(value_int(i), value_text(str_from(stage.endpoint)),
					   value_time(database_now_us(database))));
		database_run(
			database,
			STR("INSERT INTO background_jobs (name, object_id, run_at) VALUES "
			    "('purge_audits', ?1, ?2)"),
			DATABASE_ARGUMENTS(value_int(i), value_time(database_now_us(database))));
		zync_notice_add(database, &(struct zync_notice){.type = STR("Provider"),
								.object_id = 1000 + i,
								.tenant_id = value_int(2),
								.service_id = value_null(),
								.parent_event_id = STR("e"),
								.parent_event_type = STR("E")});
		mailer_add(database, &(struct letter){.tenant_id = value_null(),
						      .to = STR("jane@example.com"),
						      .subject = STR("Hello"),
						      .text = STR("Hello\n")});
	}
	ck_assert(database_commit(database, NULL));
	arena_destroy(arena);
}

static const char *const outboxes[] = {"backend_updates", "zync_notices", "mails",
				       "web_hook_deliveries", "background_jobs"};

static int64_t rows_of(const char *table)
{
	return database_int(stage.portals[1].database,
			    str_format(stage.arena, "SELECT count(*) FROM %s", table), NULL, 0, -1);
}

static bool all_is_delivered(void *data)
{
	int64_t rows = 0;

	(void)data;
	for (size_t i = 0; i < sizeof outboxes / sizeof *outboxes; i++)
		rows += rows_of(outboxes[i]);
	return rows == 0;
}

static int times_in(const struct strbuf *text, const char *words)
{
	struct str rest = strbuf_str(text);
	size_t at;
	int times = 0;

	while ((at = str_find(rest, str_from(words))) != STR_NOT_FOUND) {
		rest = str_skip(rest, at + 1);
		times++;
	}
	return times;
}

static int times_called(const char *form, int number)
{
	char words[64];

	snprintf(words, sizeof words, form, number);
	return times_in(&stage.calls, words);
}

static bool is_called(void *data)
{
	(void)data;
	return times_in(&stage.calls, stage.wanted) > 0;
}

static void wait_for_call(const char *words)
{
	stage.wanted = words;
	ck_assert_msg(real_loop_run_until(stage.loop, is_called, NULL, LIMIT_MS), "no %s", words);
}

#define ENTRIES 12

/* Both look at the same moment, again and again. */
START_TEST(while_both_run_each_entry_is_delivered_once)
{
	begin(_i);
	add_entries(ENTRIES);
	for (int i = 0; i < PORTALS; i++)
		portal_wake(&stage.portals[i]);
	ck_assert(real_loop_run_until(stage.loop, all_is_delivered, NULL, LIMIT_MS));
	add_entries(ENTRIES);
	for (int i = PORTALS; i-- > 0;)
		portal_wake(&stage.portals[i]);
	ck_assert(real_loop_run_until(stage.loop, all_is_delivered, NULL, LIMIT_MS));
	for (int i = 1; i <= ENTRIES; i++) {
		ck_assert_int_eq(times_called("/internal/update/%d/end", i), 2);
		ck_assert_int_eq(times_called("POST /hook/%d/end", i), 2);
		ck_assert_int_eq(times_called("\"type\":\"Provider\",\"id\":%d,", 1000 + i), 2);
	}
	ck_assert_int_eq(times_in(&stage.lines, "dropped: SMTP_ADDRESS is not set"), 2 * ENTRIES);
	ck_assert_int_eq(times_in(&stage.lines, " done "), 2 * ENTRIES);
}
END_TEST

static int looks;

/* Asked once before a turn, then after each: those wake both. */
static bool has_looked(void *data)
{
	(void)data;
	backend_sync_wake(stage.portals[1].sync);
	zync_wake(stage.portals[1].zync);
	return ++looks > 5;
}

static bool waiter_was_told;

static void waiter_told(struct backend_waiter *waiter)
{
	(void)waiter;
	waiter_was_told = true;
}

static bool is_waiter_told(void *data)
{
	(void)data;
	return waiter_was_told;
}

static bool is_told_again(void *data)
{
	(void)data;
	return times_called("/internal/update/%d/end", 1) == 2 &&
	       times_called("\"id\":%d,", 1001) >= 1 && rows_of("backend_updates") == 0 &&
	       rows_of("zync_notices") == 0;
}

/* The first one dies while backend and zync are silent. The other one leaves its entries alone for
 * as long as it may live, and then takes them over. */
START_TEST(what_a_dead_portal_was_at_is_taken_over)
{
	struct backend_waiter waiter = {.tried = waiter_told};

	begin(_i);
	add_entries(3);
	stage.is_silent = true;
	backend_sync_wake(stage.portals[0].sync);
	zync_wake(stage.portals[0].zync);
	wait_for_call("/internal/update/1/end");
	wait_for_call("PUT /tenant");
	portal_die(&stage.portals[0]);
	stage.is_silent = false;
	looks = 0;
	ck_assert(real_loop_run_until(stage.loop, has_looked, NULL, LIMIT_MS));
	ck_assert_int_eq(times_in(&stage.calls, "/internal/update/"), 1);
	ck_assert_int_eq(times_in(&stage.calls, "PUT /"), 2);
	/* Whoever made a change meanwhile is not kept for so long. */
	waiter_was_told = false;
	waiter.up_to = backend_sync_newest(stage.portals[1].sync);
	backend_sync_wait(stage.portals[1].sync, &waiter);
	ck_assert(!waiter_was_told);
	stage.shift_us = OUTBOX_SILENCE_US;
	ck_assert(real_loop_run_until(stage.loop, is_waiter_told, NULL, LIMIT_MS));
	ck_assert_int_eq(times_in(&stage.calls, "/internal/update/"), 1);
	stage.shift_us = OUTBOX_LEASE_US;
	backend_sync_wake(stage.portals[1].sync);
	zync_wake(stage.portals[1].zync);
	ck_assert(real_loop_run_until(stage.loop, is_told_again, NULL, LIMIT_MS));
	ck_assert_int_eq(times_in(&stage.calls, "/internal/update/"), 4);
	ck_assert_int_eq(times_in(&stage.calls, "PUT /notification"), 3);
}
END_TEST

/* Whoever has nothing left does not keep others from what is theirs for long. */
START_TEST(one_that_has_nothing_left_lets_go)
{
	begin(_i);
	add_entries(1);
	portal_wake(&stage.portals[0]);
	ck_assert(real_loop_run_until(stage.loop, all_is_delivered, NULL, LIMIT_MS));
	add_entries(1);
	portal_wake(&stage.portals[1]);
	ck_assert(real_loop_run_until(stage.loop, all_is_delivered, NULL,
				      OUTBOX_LEASE_US / 2 / 1000));
	ck_assert_int_eq(times_called("/internal/update/%d/end", 1), 2);
}
END_TEST

/* A portal that ends as it should leaves nothing to wait for. */
START_TEST(one_that_ends_lets_go)
{
	begin(_i);
	add_entries(2);
	stage.is_silent = true;
	backend_sync_wake(stage.portals[0].sync);
	zync_wake(stage.portals[0].zync);
	wait_for_call("/internal/update/1/end");
	wait_for_call("PUT /tenant");
	backend_sync_let_go(stage.portals[0].sync);
	zync_let_go(stage.portals[0].zync);
	mailer_let_go(stage.portals[0].mailer);
	portal_die(&stage.portals[0]);
	stage.is_silent = false;
	backend_sync_wake(stage.portals[1].sync);
	zync_wake(stage.portals[1].zync);
	ck_assert(real_loop_run_until(stage.loop, is_told_again, NULL, LIMIT_MS));
}
END_TEST

Suite *portal_outbox_lease_suite(void);
Suite *portal_outbox_lease_suite(void)
{
	Suite *suite = suite_create("portal_outbox_lease");

	for (int i = SQL_SQLITE; i <= SQL_POSTGRESQL; i++) {
		TCase *tests = sql_kind_case(suite, "portal_outbox_lease", i);

		if (tests == NULL)
			continue;
		tcase_add_checked_fixture(tests, set_up, tear_down);
		tcase_set_timeout(tests, 90);
		tcase_add_loop_test(tests, while_both_run_each_entry_is_delivered_once, i, i + 1);
		tcase_add_loop_test(tests, what_a_dead_portal_was_at_is_taken_over, i, i + 1);
		tcase_add_loop_test(tests, one_that_has_nothing_left_lets_go, i, i + 1);
		tcase_add_loop_test(tests, one_that_ends_lets_go, i, i + 1);
	}
	return suite;
}
