/* PT-181: where uploads go, and what the log says when they cannot. */
#include "portal/uploads.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "sim/stage_test.h"
#include "world/files.h"
#include "world/log.h"
#include "world/sql.h"

#define MORNING INT64_C(1559635200000000) /* 2019-06-04T08:00:00Z */

static struct stage stage;
static struct world *world;
static struct database *database;
static struct settings settings;
static struct strbuf said;
static struct call call;

static void keep_line(struct world *of, struct str target, struct str line)
{
	(void)of;
	(void)target;
	strbuf_append(&said, line);
}

static const struct log_ops kept_log = {.write = keep_line};

static void set_up(void)
{
	const struct sql_options in_memory = {.path = STR(":memory:")};

	stage_open(&stage);
	strbuf_init(&said, 65536);
	world = sim_host_world(stage.api_host, STR("portal"));
	world->log = &kept_log;
	database = database_open(world, &in_memory, NULL);
	settings.root = STR("/opt/system");
	call = (struct call){.database = database,
			     .settings = &settings,
			     .arena = stage.arena,
			     .format = FORMAT_JSON,
			     .tenant = record_new(stage.arena, &accounts_table)};
	record_set_text(call.tenant, "org_name", STR("Provider Name"));
}

static void tear_down(void)
{
	database_close(database);
	strbuf_free(&said);
	stage_close(&stage);
}

START_TEST(names_are_made_safe)
{
	static const char *const names[][2] = {
		{"logo.png", "logo-s.png"},
		{"my logo.tar.gz", "my_logo.tar-s.gz"},
		{"../../etc/passwd", "_._.-s._etc_passwd"},
		{"no extension", "no_extension-s"},
		{".htaccess", "_htaccess-s"},
		{"\xc3\xa9.txt", "__-s.txt"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *url = str_cstr(
			stage.arena, upload_url(&call, str_from(names[i][0]), STR("s"), MORNING));

		ck_assert_msg(strncmp(url, "/system/provider-name/2019/06/04/", 33) == 0, "%s",
			      url);
		ck_assert(strchr(url + 33, '/') == NULL);
		ck_assert_str_eq(url + 33, names[i][1]);
	}
	record_set_text(call.tenant, "s3_prefix", STR("own"));
	ck_assert(str_has_prefix(upload_url(&call, STR("a"), STR("s"), MORNING),
				 STR("/system/own/2019/")));
}
END_TEST

START_TEST(files_are_kept_and_removed)
{
	struct str url = upload_url(&call, STR("a.txt"), STR("s"), MORNING), content;
	struct str path = STR("/opt/system/public/system/provider-name/2019/06/04/a-s.txt");

	ck_assert(!files_read(world, path, 100, stage.arena, &content, NULL));
	ck_assert(upload_store(&call, url, STR("bytes\0more")));
	ck_assert(files_read(world, path, 100, stage.arena, &content, NULL));
	ck_assert_uint_eq(content.size, 10);
	upload_remove(&call, url);
	ck_assert(!files_read(world, path, 100, stage.arena, &content, NULL));
	ck_assert_uint_eq(strbuf_str(&said).size, 0);
}
END_TEST

/* As of a volume that another group owns: what is there can be entered, nothing can be added. */
static bool refuse_below(struct world *of, struct str path, struct error *error)
{
	(void)of;
	return !str_has_prefix(path, STR("/opt/system/public/system/provider-name/")) ||
	       error_set(error, ERROR_SYSTEM, "%.*s: Permission denied", STR_ARG(path));
}

static bool refuse_write(struct world *of, struct str path, struct str content, struct error *error)
{
	(void)of;
	(void)content;
	return error_set(error, ERROR_SYSTEM, "%.*s: no room", STR_ARG(path));
}

static bool make(struct world *of, struct str path, struct error *error)
{
	(void)of;
	(void)path;
	(void)error;
	return true;
}

START_TEST(a_folder_that_cannot_be_written_to_is_named)
{
	static const struct files_ops refusing = {.make_directory = refuse_below};

	world->files = &refusing;
	ck_assert(
		!upload_store(&call, upload_url(&call, STR("a.txt"), STR("s"), MORNING), STR("x")));
	ck_assert_int_eq(call.answer.status, 500);
	ck_assert_str_eq(str_cstr(stage.arena, strbuf_str(&said)),
			 "Errno::EACCES (Permission denied @ dir_s_mkdir - "
			 "/opt/system/public//system/provider-name/2019):");
}
END_TEST

START_TEST(a_full_disk_is_told_too)
{
	static const struct files_ops full = {.make_directory = make, .write = refuse_write};

	world->files = &full;
	ck_assert(
		!upload_store(&call, upload_url(&call, STR("a.txt"), STR("s"), MORNING), STR("x")));
	ck_assert_ptr_nonnull(strstr(str_cstr(stage.arena, strbuf_str(&said)),
				     "@ rb_sysopen - /opt/system/public//system/provider-name/"
				     "2019/06/04/a-s.txt):"));
}
END_TEST

START_TEST(only_a_file_is_an_upload)
{
	const struct json *parameters =
		json_parse(stage.arena,
			   STR("{\"a\":{\"file_name\":\"f\",\"content_type\":\"t\",\"content\":"
			       "\"c\"},\"b\":\"x\"}"),
			   1000, NULL);
	struct upload upload = {0};

	ck_assert(upload_of_parameter(parameters, STR("a"), &upload));
	ck_assert(str_equal(upload.file_name, STR("f")) && str_equal(upload.content, STR("c")));
	ck_assert(!upload_of_parameter(parameters, STR("b"), &upload));
	ck_assert(!upload_of_parameter(parameters, STR("none"), &upload));
}
END_TEST

Suite *portal_uploads_suite(void);
Suite *portal_uploads_suite(void)
{
	Suite *suite = suite_create("portal_uploads");
	TCase *tests = tcase_create("uploads");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, names_are_made_safe);
	tcase_add_test(tests, files_are_kept_and_removed);
	tcase_add_test(tests, a_folder_that_cannot_be_written_to_is_named);
	tcase_add_test(tests, a_full_disk_is_told_too);
	tcase_add_test(tests, only_a_file_is_an_upload);
	suite_add_tcase(suite, tests);
	return suite;
}
