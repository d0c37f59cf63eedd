#include "world/files.h"

#include "sim/stage_test.h"
#include "world/log.h"

static struct stage stage;
static struct strbuf listed;

static void set_up(void)
{
	stage_open(&stage);
	strbuf_init(&listed, 4096);
}

static void tear_down(void)
{
	strbuf_free(&listed);
	stage_close(&stage);
}

static bool write(const char *path, const char *content, struct error *error)
{
	return files_write(stage.client, str_from(path), str_from(content), error);
}

static bool reads(const char *path, const char *content)
{
	struct str found;

	return files_read(stage.client, str_from(path), 1000, stage.arena, &found, NULL) &&
	       str_equal(found, str_from(content));
}

static void list_name(struct str name, bool is_directory, void *data)
{
	(void)data;
	strbuf_append(&listed, name);
	strbuf_append(&listed, is_directory ? STR("/ ") : STR(" "));
}

static void expect_list(const char *path, const char *names)
{
	strbuf_clear(&listed);
	ck_assert(files_list(stage.client, str_from(path), list_name, NULL, NULL));
	ck_assert_msg(str_equal(strbuf_str(&listed), str_from(names)), "%.*s",
		      STR_ARG(strbuf_str(&listed)));
}

START_TEST(what_was_written_is_read)
{
	ck_assert(write("a", "1", NULL));
	ck_assert(reads("/a", "1"));
	ck_assert(write("/./a", "2", NULL));
	ck_assert(reads("x/..//a", "2"));
	ck_assert(write("/empty", "", NULL));
	ck_assert(reads("/empty", ""));
}
END_TEST

START_TEST(each_host_has_files_of_its_own)
{
	struct world *other = sim_host_world(stage.api_host, STR("other"));
	struct str content;

	ck_assert(write("/a", "1", NULL));
	ck_assert(!files_read(other, STR("/a"), 10, stage.arena, &content, NULL));
	ck_assert(files_read(sim_host_world(stage.client_host, STR("other")), STR("/a"), 10,
			     stage.arena, &content, NULL));
}
END_TEST

START_TEST(failures_name_the_path)
{
	struct error error = {0};
	struct str content;

	ck_assert(!files_read(stage.client, STR("/no"), 10, stage.arena, &content, &error));
	ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
	ck_assert_str_eq(error.text, "/no: no such file or directory");
	ck_assert(write("/big", "12345678901", NULL));
	ck_assert(!files_read(stage.client, STR("/big"), 10, stage.arena, &content, &error));
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert(!write("/no/file", "", &error));
	ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
	ck_assert(files_make_directory(stage.client, STR("/dir"), NULL));
	ck_assert(!write("/dir", "", &error));
	ck_assert_str_eq(error.text, "/dir: is a directory");
	ck_assert(!write("/", "", &error));
	ck_assert(!files_read(stage.client, STR("/dir"), 10, stage.arena, &content, &error));
	ck_assert_int_eq(error.kind, ERROR_SYSTEM);
	ck_assert(!files_list(stage.client, STR("/no"), list_name, NULL, &error));
	ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
	ck_assert(!files_list(stage.client, STR("/big"), list_name, NULL, &error));
	ck_assert_int_eq(error.kind, ERROR_SYSTEM);
	ck_assert(!files_make_directory(stage.client, STR("/big/x"), &error));
	ck_assert_str_eq(error.text, "/big/x: file exists");
	ck_assert(!files_remove(stage.client, STR("/no"), &error));
	ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(directories_list_their_names_in_order)
{
	expect_list("/", "tmp/ ");
	ck_assert(files_make_directory(stage.client, STR("/b/c/d"), NULL));
	ck_assert(files_make_directory(stage.client, STR("/b/c"), NULL));
	ck_assert(write("/b/z", "", NULL));
	ck_assert(write("/b/a", "", NULL));
	ck_assert(write("/top", "", NULL));
	expect_list("/", "b/ tmp/ top ");
	expect_list("b", "a c/ z ");
	expect_list("/b/c/", "d/ ");
}
END_TEST

START_TEST(files_and_empty_directories_may_be_removed)
{
	struct error error = {0};

	ck_assert(sim_host_write_file(stage.client_host, STR("/d/e/f"), STR("x")));
	ck_assert(!files_remove(stage.client, STR("/d/e"), &error));
	ck_assert_str_eq(error.text, "/d/e: directory not empty");
	ck_assert(files_remove(stage.client, STR("/d/e/f"), NULL));
	ck_assert(files_remove(stage.client, STR("/d/e"), NULL));
	expect_list("/d", "");
}
END_TEST

START_TEST(log_lines_are_appended)
{
	log_write(stage.client, STR("/access.log"), STR("one"));
	log_write(stage.client, STR("/access.log"), STR("two"));
	ck_assert(reads("/access.log", "one\ntwo\n"));
	log_write(stage.client, STR("/no/access.log"), STR("lost"));
	log_write(stage.client, STR("/no/access.log"), STR("lost"));
	ck_assert_uint_eq(stage_count(&stage, "cannot open log: /no/access.log: no such file"), 1);
}
END_TEST

Suite *sim_files_suite(void);
Suite *sim_files_suite(void)
{
	Suite *suite = suite_create("sim_files");
	TCase *tests = tcase_create("files");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_was_written_is_read);
	tcase_add_test(tests, each_host_has_files_of_its_own);
	tcase_add_test(tests, failures_name_the_path);
	tcase_add_test(tests, directories_list_their_names_in_order);
	tcase_add_test(tests, files_and_empty_directories_may_be_removed);
	tcase_add_test(tests, log_lines_are_appended);
	suite_add_tcase(suite, tests);
	return suite;
}
