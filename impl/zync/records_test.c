/* What zync remembers, in SQLite and on the servers that ci/unit.sh starts. */
#include "zync/records.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/real/real_world.h"
#include "world/sql.h"
#include "world/sql_kinds_test.h"
#include "world/sql_url.h"

static struct real_loop *loop;
static struct world *world;
static struct arena *arena;
static struct records *records;
static struct error error;

static const char *url_of(int kind)
{
	return kind != SQL_SQLITE ? sql_kind_url(kind) : "sqlite::memory:";
}

/* Other tests use the server, too, and a portal takes no database of somebody else. */
static void drop_tables(const char *url)
{
	struct sql_options options = {.durability = SQL_DURABILITY_NONE};
	struct sql_database *database;

	ck_assert(sql_url_read(str_from(url), arena, &options, &error));
	database = sql_open(world, &options, &error);
	ck_assert_msg(database != NULL, "%s", error.text);
	sql_execute(world, database,
		    STR("DROP TABLE IF EXISTS zync_tenants; DROP TABLE IF EXISTS zync_records;"),
		    &error);
	sql_close(world, database);
}

static void begin(int kind)
{
	const char *extra[] = {"DATABASE_URL", url_of(kind), NULL};

	error = (struct error){0};
	loop = real_loop_create();
	world = real_world_create(loop, extra);
	arena = arena_create();
	drop_tables(url_of(kind));
	records = records_open(world, &error);
	ck_assert_msg(records != NULL, "%s", error.text);
}

static void end(int kind)
{
	ck_assert_str_eq(error.text, "");
	records_close(records);
	drop_tables(url_of(kind));
	real_world_destroy(world);
	real_loop_destroy(loop);
	arena_destroy(arena);
}

START_TEST(a_tenant_is_what_was_said_of_it_last)
{
	struct zync_tenant tenant = {2, STR("https://a.example.com/"), STR("one")}, found;

	begin(_i);
	ck_assert(!records_find_tenant(records, 2, arena, &found, &error));
	ck_assert(records_put_tenant(records, &tenant, &error));
	tenant.access_token = STR("two");
	ck_assert(records_put_tenant(records, &tenant, &error));
	ck_assert(records_find_tenant(records, 2, arena, &found, &error));
	ck_assert(str_equal(found.endpoint, STR("https://a.example.com/")));
	ck_assert(str_equal(found.access_token, STR("two")));
	ck_assert(!records_find_tenant(records, 3, arena, &found, &error));
	end(_i);
}
END_TEST

static struct zync_record proxy(int64_t id, int64_t run_at_us)
{
	return (struct zync_record){.type = STR("Proxy"),
				    .id = id,
				    .tenant_id = 2,
				    .service_id = 7,
				    .run_at_us = run_at_us};
}

static struct zync_record next(void)
{
	struct zync_record list[2];
	size_t count;

	ck_assert(records_waiting(records, arena, list, 2, &count, &error));
	ck_assert_uint_gt(count, 0);
	return list[0];
}

static size_t count_waiting(void)
{
	struct zync_record list[2];
	size_t count;

	ck_assert(records_waiting(records, arena, list, 2, &count, &error));
	return count;
}

static void put(int64_t id, int64_t run_at_us)
{
	struct zync_record record = proxy(id, run_at_us);

	ck_assert(records_put(records, &record, &error));
}

START_TEST(records_come_in_the_order_in_which_they_are_due)
{
	struct zync_record record;

	begin(_i);
	ck_assert_uint_eq(count_waiting(), 0);
	put(5, INT64_C(1570438800000002));
	put(4, INT64_C(1570438800000001));
	ck_assert_uint_eq(count_waiting(), 2);
	record = next();
	ck_assert_int_eq(record.id, 4);
	ck_assert_int_eq(record.tenant_id, 2);
	ck_assert_int_eq(record.service_id, 7);
	ck_assert_int_eq(record.run_at_us, INT64_C(1570438800000001));
	ck_assert(records_done(records, &record, false, &error));
	record = next();
	ck_assert_int_eq(record.id, 5);
	ck_assert(records_done(records, &record, true, &error));
	ck_assert_uint_eq(count_waiting(), 0);
	ck_assert(records_is_known(records, STR("Proxy"), 4, &error));
	ck_assert(!records_is_known(records, STR("Proxy"), 5, &error));
	ck_assert(!records_is_known(records, STR("Service"), 4, &error));
	end(_i);
}
END_TEST

START_TEST(a_retry_counts_and_a_new_notification_begins_again)
{
	struct zync_record record, before;

	begin(_i);
	put(4, 10);
	record = next();
	ck_assert(records_retry(records, &record, 20, &error));
	before = next();
	ck_assert_int_eq(before.tries, 1);
	ck_assert_int_eq(before.run_at_us, 20);
	/* Told of again while it is worked off: neither its end nor its failure counts. */
	put(4, 30);
	ck_assert(records_done(records, &before, true, &error));
	ck_assert(records_done(records, &before, false, &error));
	ck_assert(records_retry(records, &before, 99, &error));
	ck_assert_uint_eq(count_waiting(), 1);
	record = next();
	ck_assert_int_eq(record.tries, 0);
	ck_assert_int_eq(record.run_at_us, 30);
	ck_assert_int_eq(record.version, before.version + 1);
	end(_i);
}
END_TEST

Suite *zync_records_suite(void);
Suite *zync_records_suite(void)
{
	Suite *suite = suite_create("zync_records");

	for (int i = SQL_SQLITE; i <= SQL_POSTGRESQL; i++) {
		TCase *tests = sql_kind_case(suite, "zync_records", i);

		if (tests == NULL)
			continue;
#define ADD(test) tcase_add_loop_test(tests, test, i, i + 1)
		ADD(a_tenant_is_what_was_said_of_it_last);
		ADD(records_come_in_the_order_in_which_they_are_due);
		ADD(a_retry_counts_and_a_new_notification_begins_again);
#undef ADD
	}
	return suite;
}
