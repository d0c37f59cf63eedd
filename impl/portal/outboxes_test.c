/* The outboxes of mails and of zync's notices when the database or zync does not work, under
 * virtual time. What is sent otherwise is in the conformance cases. */
#include <check.h>
#include <string.h>

#include "portal/database.h"
#include "portal/mailer.h"
#include "portal/seeded_test.h"
#include "portal/zync.h"
#include "world/log.h"

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static struct stage stage;
static struct stage_server peer; /* zync */
static struct world *world;
static struct database *database;
static struct settings settings;
static struct strbuf said;

static void keep_line(struct world *of, struct str target, struct str line)
{
	(void)of;
	(void)target;
	strbuf_append(&said, line);
	strbuf_append_char(&said, '\n');
}

static const struct log_ops kept_log = {.write = keep_line};

static void execute(const char *sql)
{
	seeded_execute(database, sql);
}

static void set_up(void)
{
	stage_open(&stage);
	strbuf_init(&said, 1024 * 1024);
	world = sim_host_world(stage.client_host, STR("portal"));
	world->log = &kept_log;
	database = seeded_open(&stage, world, &settings);
	settings.zync_endpoint = STR("http://api:8081");
	execute("DELETE FROM mails");
	execute("DELETE FROM zync_notices");
	stage_server_open(&stage, &peer, ANSWER);
	peer.wanted = "PUT ";
}

static void tear_down(void)
{
	stage_server_close(&peer);
	database_close(database);
	strbuf_free(&said);
	stage_close(&stage);
}

static int64_t rows_of(const char *table)
{
	return database_int(database, str_format(stage.arena, "SELECT count(*) FROM %s", table),
			    NULL, 0, -1);
}

static size_t times_said(const char *words)
{
	return stage_count_in(strbuf_str(&said), words);
}

static void add_one_of_each(void)
{
	database_begin(database, stage.arena, true);
	mailer_add(database, &(struct letter){.tenant_id = value_null(),
					      .to = STR("jane@example.com"),
					      .subject = STR("Hello"),
					      .text = STR("Hello\n")});
	zync_notice_add(database, &(struct zync_notice){.type = STR("Provider"),
							.object_id = 2,
							.tenant_id = value_int(2),
							.service_id = value_null(),
							.parent_event_id = STR("e"),
							.parent_event_type = STR("E")});
	ck_assert(database_commit(database, NULL));
}

/* There is no relay: the mail is dropped, once. */
START_TEST(a_mail_whose_row_stays_is_not_handed_over_again)
{
	struct mailer *mailer = mailer_create(world, database, &settings);

	add_one_of_each();
	execute("CREATE TRIGGER refusal BEFORE DELETE ON mails BEGIN SELECT RAISE(ABORT, 'full'); "
		"END");
	mailer_wake(mailer);
	stage_run(&stage, 30 * STAGE_SECOND);
	mailer_wake(mailer);
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_int_eq(times_said("dropped"), 1);
	ck_assert_int_eq(rows_of("mails"), 1);
	ck_assert(mailer_is_idle(mailer));
	execute("DROP TRIGGER refusal");
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_int_eq(times_said("dropped"), 1);
	ck_assert_int_eq(rows_of("mails"), 0);
	mailer_destroy(mailer);
}
END_TEST

/* The tenant and the notice, once a minute. */
START_TEST(a_notice_whose_row_stays_is_not_told_without_end)
{
	struct zync *zync = zync_create(world, database, &settings);

	add_one_of_each();
	execute("CREATE TRIGGER refusal BEFORE DELETE ON zync_notices BEGIN SELECT RAISE(ABORT, "
		"'full'); END");
	zync_wake(zync);
	stage_run(&stage, 30 * STAGE_SECOND);
	zync_wake(zync);
	stage_run(&stage, 20 * STAGE_SECOND);
	ck_assert_int_eq(peer.answers, 2);
	ck_assert(zync_is_idle(zync));
	execute("DROP TRIGGER refusal");
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_int_eq(peer.answers, 4);
	ck_assert_int_eq(rows_of("zync_notices"), 0);
	zync_destroy(zync);
}
END_TEST

START_TEST(a_zync_that_drips_is_left)
{
	struct zync *zync = zync_create(world, database, &settings);

	add_one_of_each();
	peer.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
	zync_wake(zync);
	stage_run(&stage, STAGE_SECOND);
	for (int i = 0; i < 13; i++) {
		ck_assert(i > 10 || peer.stream != NULL);
		if (peer.connections == 1 && peer.stream != NULL)
			stream_write(peer.stream, STR("x"));
		stage_run(&stage, 5 * STAGE_SECOND);
	}
	ck_assert_int_eq(times_said("it takes too long; it is tried again"), 1);
	ck_assert_int_eq(rows_of("zync_notices"), 1);
	zync_destroy(zync);
}
END_TEST

Suite *portal_outboxes_suite(void);
Suite *portal_outboxes_suite(void)
{
	Suite *suite = suite_create("portal_outboxes");
	TCase *tests = tcase_create("outboxes");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, a_mail_whose_row_stays_is_not_handed_over_again);
	tcase_add_test(tests, a_notice_whose_row_stays_is_not_told_without_end);
	tcase_add_test(tests, a_zync_that_drips_is_left);
	suite_add_tcase(suite, tests);
	return suite;
}
