#include "portal/portal_rig_test.h"

#include <check.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "http/message.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/dispatch.h"
#include "portal/schema.h"
#include "portal/seed.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "world/log.h"
#include "world/real/real_world.h"
#include "world/real/sql.h"
#include "world/sql.h"

#define SNAPSHOT_BYTES_MAX (64 * 1024 * 1024)

static struct {
	int owner; /* process that made it */
	struct real_loop *loop;
	struct world *world;
	struct arena *arena;   /* of names and texts */
	struct arena *request; /* of the latest one */
	struct settings settings;
	struct database *database;
	char *snapshot;
	size_t snapshot_bytes;
	bool is_changed;
	struct map *names;
	struct sql_ops sql; /* the world's, which can be broken */
	int questions_left; /* that are answered still; below 0: all */
	bool has_failed;
	struct map *cookies; /* of the browser: name -> "name=value" */
} rig;

static void no_line(struct world *world, struct str target, struct str line)
{
	(void)world;
	(void)target;
	(void)line;
}

static const struct log_ops no_log = {.write = no_line};

const char *rig_text(const char *format, ...)
{
	char out[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(out, sizeof out, format, args);
	va_end(args);
	return str_cstr(rig.arena, str_from(out));
}

/* The database's file: one for each process, also for those that a test forks. */

static const char *file(void)
{
	return rig_text("/tmp/refscale-portal-rig-%d-%d.sqlite", rig.owner, (int)getpid());
}

static void remove_file(void)
{
	unlink(file());
	unlink(rig_text("%s-wal", file()));
	unlink(rig_text("%s-shm", file()));
}

/* Also of forked tests that ended by failing. */
static void remove_all_files(void)
{
	glob_t found;

	if (glob(rig_text("/tmp/refscale-portal-rig-%d-*", rig.owner), 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
}

static void open_database(void)
{
	const struct sql_options options = {.path = str_from(file()),
					    .durability = SQL_DURABILITY_NONE};
	struct error error = {0};

	rig.database = database_open(rig.world, &options, &error);
	ck_assert_msg(rig.database != NULL, "%s", error.text);
}

static void close_database(void)
{
	database_close(rig.database);
	rig.database = NULL;
}

/* A database that fails. */

static bool sql_fails(struct error *error)
{
	if (rig.questions_left != 0) {
		rig.questions_left--;
		return false;
	}
	rig.has_failed = true;
	return !error_set(error, ERROR_SYSTEM, "disk I/O error");
}

static bool begin_or_fail(struct sql_database *database, bool will_write, struct error *error)
{
	return !sql_fails(error) && real_sql_ops.begin(database, will_write, error);
}

static bool commit_or_fail(struct sql_database *database, struct error *error)
{
	return !sql_fails(error) && real_sql_ops.commit(database, error);
}

static enum sql_step step_or_fail(struct sql_statement *statement, struct error *error)
{
	return sql_fails(error) ? SQL_STEP_FAILED : real_sql_ops.step(statement, error);
}

void rig_break(int nth)
{
	rig.questions_left = nth - 1;
	rig.has_failed = false;
}

bool rig_mend(void)
{
	rig.questions_left = -1;
	return rig.has_failed;
}

void rig_set_up(void)
{
	static const char *const variables[] = {"ADMIN_ACCESS_TOKEN",
						RIG_ADMIN_TOKEN,
						"MASTER_ACCESS_TOKEN",
						RIG_MASTER_TOKEN,
						"TENANT_NAME",
						"3scale",
						"USER_PASSWORD",
						"admin-password",
						"PASSWORD_COST",
						"4",
						NULL};
	struct settings_source source;
	struct error error = {0};

	memset(&rig, 0, sizeof rig);
	rig.owner = (int)getpid();
	rig.arena = arena_create();
	rig.request = arena_create();
	rig.names = map_create(0);
	rig.cookies = map_create(0);
	rig.loop = real_loop_create();
	rig.world = real_world_create(rig.loop, variables);
	rig.world->log = &no_log;
	rig.sql = real_sql_ops;
	rig.sql.begin = begin_or_fail;
	rig.sql.commit = commit_or_fail;
	rig.sql.step = step_or_fail;
	rig.world->sql = &rig.sql;
	rig.questions_left = -1;
	ck_assert_msg(settings_source_open(&source, rig.world, rig.arena, STR(""), &error) &&
			      portal_settings_read(&rig.settings, &source, STR("later"), &error),
		      "%s", error.text);
	remove_file();
	open_database();
	ck_assert_msg(schema_prepare(rig.database, &error) &&
			      seed_database(rig.database, &rig.settings, &error),
		      "%s", error.text);
}

void rig_tear_down(void)
{
	rig_release();
	remove_all_files();
	free(rig.snapshot);
	real_world_destroy(rig.world);
	real_loop_destroy(rig.loop);
	map_destroy(rig.names);
	map_destroy(rig.cookies);
	arena_destroy(rig.request);
	arena_destroy(rig.arena);
}

void rig_keep(void)
{
	FILE *stream;

	close_database();
	stream = fopen(file(), "rb");
	ck_assert_ptr_nonnull(stream);
	rig.snapshot = malloc(SNAPSHOT_BYTES_MAX);
	rig.snapshot_bytes = fread(rig.snapshot, 1, SNAPSHOT_BYTES_MAX, stream);
	ck_assert_uint_lt(rig.snapshot_bytes, SNAPSHOT_BYTES_MAX);
	fclose(stream);
	remove_file();
	rig.is_changed = true;
}

void rig_release(void)
{
	if (rig.database != NULL)
		close_database();
	remove_file();
	rig.is_changed = true;
}

void rig_restore(void)
{
	FILE *stream;

	if (!rig.is_changed)
		return;
	if (rig.database != NULL)
		close_database();
	remove_file();
	stream = fopen(file(), "wb");
	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(fwrite(rig.snapshot, 1, rig.snapshot_bytes, stream), rig.snapshot_bytes);
	fclose(stream);
	open_database();
	rig.is_changed = false;
}

/* Asking. */

static void add_credential(struct http_fields *fields, const char *token)
{
	struct str coded;

	if (token == NULL)
		return;
	coded = base64_encode(rig.request, str_from(rig_text("%s:", token)));
	http_fields_add(fields, STR("Authorization"),
			STR_CONCAT(rig.request, STR("Basic "), coded));
}

static void send_cookies(struct http_fields *fields)
{
	struct map_cursor at = {0};

	while (map_next(rig.cookies, &at))
		http_fields_add(fields, STR("Cookie"), str_from(at.value));
}

static void keep_cookies(const struct http_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		struct str pair, name, rest;

		if (!str_equal_nocase(fields->items[i].name, STR("Set-Cookie")))
			continue;
		str_split_once(fields->items[i].value, ';', &pair, &rest);
		str_split_once(pair, '=', &name, &rest);
		map_put(rig.cookies, str_copy(rig.arena, name),
			(void *)(uintptr_t)str_cstr(rig.arena, pair));
	}
}

struct rig_answer rig_ask(const struct rig_request *asked)
{
	struct http_request request = {.method = str_from(asked->method),
				       .target = str_from(asked->target),
				       .minor_version = 1};
	struct str body = asked->body != NULL ? str_from(asked->body) : STR("");
	struct rig_answer answer = {0};
	struct call call;

	arena_reset(rig.request);
	http_fields_init(&request.fields, rig.request);
	http_fields_add(&request.fields, STR("Host"), str_from(asked->host));
	add_credential(&request.fields, asked->token);
	if (asked->is_browser)
		send_cookies(&request.fields);
	if (body.size > 0)
		http_fields_add(&request.fields, STR("Content-Type"),
				body.data[0] == '{' ? STR("application/json")
						    : STR("application/x-www-form-urlencoded"));
	call = (struct call){.database = rig.database,
			     .settings = &rig.settings,
			     .arena = rig.request,
			     .remote_address = STR("127.0.0.1")};
	answer.wrote = dispatch(&call, &request, body);
	answer.status = call.errand != NULL && call.answer.status == 0 ? 200 : call.answer.status;
	answer.body = call.answer.body;
	if (asked->is_browser && answer.status < 400)
		keep_cookies(&call.fields);
	rig.is_changed = rig.is_changed || answer.wrote;
	return answer;
}

const char *rig_sql(const char *sql)
{
	struct error error = {0};
	struct str text;

	database_begin(rig.database, rig.arena, true);
	text = database_text(rig.database, str_from(sql), NULL, 0);
	ck_assert_msg(database_commit(rig.database, &error), "%s: %s", sql, error.text);
	rig.is_changed = true;
	return str_cstr(rig.arena, text);
}

uint64_t rig_digest(const char *sql)
{
	struct sql_statement *statement;
	struct error error = {0};
	uint64_t digest = 0;

	arena_reset(rig.request);
	database_begin(rig.database, rig.request, false);
	statement = database_query(rig.database, str_from(sql), NULL, 0);
	while (statement != NULL && database_next_row(rig.database, statement)) {
		int columns = rig.world->sql->column_count(statement);

		for (int i = 0; i < columns; i++)
			digest = str_hash(database_column_text(rig.database, statement, i),
					  digest + (uint64_t)i);
	}
	if (statement != NULL)
		database_query_done(rig.database, statement);
	ck_assert_msg(database_commit(rig.database, &error), "%s: %s", sql, error.text);
	return digest;
}

struct database *rig_database(void)
{
	return rig.database;
}

const struct settings *rig_settings(void)
{
	return &rig.settings;
}

void rig_has_written(void)
{
	rig.is_changed = true;
}

const struct json *rig_json(struct str text)
{
	return json_parse(rig.arena, text, SNAPSHOT_BYTES_MAX, NULL);
}

/* Names. */

static bool is_name(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((text.data[i] < 'a' || text.data[i] > 'z') && text.data[i] != '_')
			return false;
	}
	return text.size > 0;
}

void rig_define(const char *name, const char *value)
{
	struct str *kept = ARENA_NEW(rig.arena, struct str);

	*kept = str_copy(rig.arena, str_from(value));
	map_put(rig.names, str_copy(rig.arena, str_from(name)), kept);
}

const char *rig_value(const char *name)
{
	struct str *value = map_get(rig.names, str_from(name));

	return value != NULL ? str_cstr(rig.arena, *value) : NULL;
}

const char *rig_expand(const char *text, const char **missing)
{
	struct str rest = str_from(text), before, name, after;
	struct strbuf out;
	const char *expanded;

	strbuf_init(&out, 1024 * 1024);
	while (str_split_once(rest, '{', &before, &rest)) {
		const char *value = NULL;
		bool is_asked = str_split_once(rest, '}', &name, &after) && is_name(name);

		strbuf_append(&out, before);
		if (is_asked)
			value = rig_value(str_cstr(rig.arena, name));
		if (value == NULL) {
			if (is_asked && missing != NULL)
				*missing = str_cstr(rig.arena, name);
			strbuf_append_char(&out, '{');
			continue;
		}
		strbuf_append(&out, str_from(value));
		rest = after;
	}
	strbuf_append(&out, before);
	expanded = str_cstr(rig.arena, strbuf_str(&out));
	strbuf_free(&out);
	return expanded;
}

START_TEST(the_database_is_put_back)
{
	struct rig_request make = {.host = RIG_ADMIN_HOST,
				   .method = "POST",
				   .target = "/admin/api/services.json",
				   .body = "name=New",
				   .token = RIG_ADMIN_TOKEN};
	struct rig_request list = {.host = RIG_ADMIN_HOST,
				   .method = "GET",
				   .target = "/admin/api/services.json",
				   .token = RIG_ADMIN_TOKEN};
	struct rig_answer answer;

	rig_set_up();
	rig_keep();
	rig_restore();
	answer = rig_ask(&make);
	ck_assert_int_eq(answer.status, 201);
	ck_assert(answer.wrote);
	answer = rig_ask(&list);
	ck_assert(!answer.wrote);
	ck_assert_uint_ne(str_find(answer.body, STR("\"New\"")), STR_NOT_FOUND);
	rig_restore();
	answer = rig_ask(&list);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(str_find(answer.body, STR("\"New\"")), STR_NOT_FOUND);
	rig_tear_down();
}
END_TEST

Suite *portal_portal_rig_suite(void);
Suite *portal_portal_rig_suite(void)
{
	Suite *suite = suite_create("portal_portal_rig");
	TCase *tests = tcase_create("rig");

	tcase_add_test(tests, the_database_is_put_back);
	suite_add_tcase(suite, tests);
	return suite;
}
