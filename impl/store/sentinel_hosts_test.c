#include "store/sentinel_hosts.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"

/* "user:password@host:port" of each, apart by blanks. */
static struct str shown(struct arena *arena, const char *list)
{
	struct sentinel_host *hosts;
	struct strbuf text;
	struct error error = {0};
	struct str copy;
	size_t count;

	ck_assert_msg(sentinel_hosts_read(str_from(list), arena, &hosts, &count, &error), "%s",
		      error.text);
	strbuf_init(&text, 10000);
	for (size_t i = 0; i < count; i++)
		strbuf_append_format(&text, "%s%.*s:%.*s@%.*s:%u", i > 0 ? " " : "",
				     STR_ARG(hosts[i].user), STR_ARG(hosts[i].password),
				     STR_ARG(hosts[i].host), (unsigned)hosts[i].port);
	copy = str_copy(arena, strbuf_str(&text));
	strbuf_free(&text);
	return copy;
}

START_TEST(the_list_of_9_5_is_read)
{
	static const char *const rows[][2] = {
		{"", ""},
		{" , ,,", ""},
		{"a", ":@a:26379"},
		{"a:1,b:2", ":@a:1 :@b:2"},
		{"  a:1 ,\tb , ", ":@a:1 :@b:26379"},
		{"redis://a:1,redis://b", ":@a:1 :@b:26379"},
		{":pw@a:1,:other@b", ":pw@a:1 :other@b:26379"},
		{"redis://:pw@a", ":pw@a:26379"},
		{"me:pw@a", "me:pw@a:26379"},
		{":p\\,w@a,b", ":p,w@a:26379 :@b:26379"},
		{":p\\\\w@a", ":p\\w@a:26379"},
		{":p@w@a:1", ":p@w@a:1"},
		{":p:w@a:1", ":p:w@a:1"},
		{"[::1]:5,[::2],::3", ":@::1:5 :@::2:26379 :@::3:26379"},
		{"a\\", ":@a\\:26379"},
	};
	struct arena *arena = arena_create();
	struct str found = shown(arena, rows[_i][0]);

	ck_assert_msg(str_equal(found, str_from(rows[_i][1])), "%s: %.*s", rows[_i][0],
		      STR_ARG(found));
	arena_destroy(arena);
}
END_TEST

START_TEST(what_names_no_host_is_refused_without_the_password)
{
	static const char *const rows[][2] = {
		{"a:b", "The sentinel \"a:b\" is not valid: host:port is expected"},
		{":secret@:5", "The sentinel \":5\" is not valid: host:port is expected"},
		{":secret@", "The sentinel \"\" is not valid: host:port is expected"},
		{"ok,http://a", "The sentinel \"http://a\" is not valid: host:port is expected"},
		{"[::1]x", "The sentinel \"[::1]x\" is not valid: host:port is expected"},
		{"[::1]:0", "The sentinel \"[::1]:0\" is not valid: host:port is expected"},
		{"a:0", "The sentinel \"a:0\" is not valid: host:port is expected"},
	};
	struct arena *arena = arena_create();
	struct sentinel_host *hosts = NULL;
	struct error error = {0};
	size_t count = 77;

	ck_assert(!sentinel_hosts_read(str_from(rows[_i][0]), arena, &hosts, &count, &error));
	ck_assert_str_eq(error.text, rows[_i][1]);
	ck_assert_uint_eq(count, 77);
	arena_destroy(arena);
}
END_TEST

Suite *store_sentinel_hosts_suite(void);

Suite *store_sentinel_hosts_suite(void)
{
	Suite *suite = suite_create("store_sentinel_hosts");
	TCase *tests = tcase_create("hosts");

	tcase_add_loop_test(tests, the_list_of_9_5_is_read, 0, 15);
	tcase_add_loop_test(tests, what_names_no_host_is_refused_without_the_password, 0, 7);
	suite_add_tcase(suite, tests);
	return suite;
}
