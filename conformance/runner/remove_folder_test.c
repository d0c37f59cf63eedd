#include "conformance/runner/remove_folder.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "world/files.h"
#include "world/real/real_world.h"

static struct real_loop *loop;
static struct world *world;
static struct arena *arena;
static struct str root; /* a folder of the test's own */

static struct str path(const char *name)
{
	return STR_CONCAT(arena, root, STR("/"), str_from(name));
}

static void write_at(const char *folder, const char *name)
{
	ck_assert(files_make_directory(world, path(folder), NULL));
	ck_assert(files_write(world, STR_CONCAT(arena, path(folder), STR("/"), str_from(name)),
			      STR("x"), NULL));
}

static bool is_there(const char *name)
{
	struct str content;

	return files_read(world, path(name), 100, arena, &content, NULL);
}

static void set_up(void)
{
	char name[] = "/tmp/refscale-remove-XXXXXX";

	loop = real_loop_create();
	world = real_world_create(loop, NULL);
	arena = arena_create();
	ck_assert_ptr_nonnull(mkdtemp(name));
	root = str_copy(arena, str_from(name));
}

static void tear_down(void)
{
	remove_folder(world, root);
	ck_assert_int_ne(access(str_cstr(arena, root), F_OK), 0);
	real_world_destroy(world);
	real_loop_destroy(loop);
	arena_destroy(arena);
}

START_TEST(a_folder_goes_with_all_that_is_in_it)
{
	write_at("a", "1");
	write_at("a/b/c", "2");
	remove_folder(world, path("a"));
	ck_assert_int_ne(access(str_cstr(arena, path("a")), F_OK), 0);
	remove_folder(world, path("a"));
}
END_TEST

START_TEST(what_links_lead_to_stays)
{
	write_at("kept", "1");
	write_at("a", "2");
	ck_assert_int_eq(symlink(str_cstr(arena, path("kept")), str_cstr(arena, path("a/folder"))),
			 0);
	ck_assert_int_eq(symlink(str_cstr(arena, path("kept/1")), str_cstr(arena, path("a/file"))),
			 0);
	remove_folder(world, path("a"));
	ck_assert_int_ne(access(str_cstr(arena, path("a")), F_OK), 0);
	ck_assert(is_there("kept/1"));
}
END_TEST

Suite *conformance_runner_remove_folder_suite(void);
Suite *conformance_runner_remove_folder_suite(void)
{
	Suite *suite = suite_create("conformance_runner_remove_folder");
	TCase *tests = tcase_create("remove_folder");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_folder_goes_with_all_that_is_in_it);
	tcase_add_test(tests, what_links_lead_to_stays);
	suite_add_tcase(suite, tests);
	return suite;
}
