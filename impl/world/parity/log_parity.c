/* Log lines, in either world. */
#include "world/log.h"

#include <string.h>

#include "base/limits.h"
#include "world/files.h"
#include "world/parity/parity_internal.h"

static struct str content_of(struct parity *p, struct str path)
{
	struct str content;

	ck_assert_msg(files_read(p->world, path, LIMIT_CONFIG_BYTES, p->arena, &content, &p->error),
		      "%s", p->error.text);
	return content;
}

PARITY_TEST(lines_reach_a_file_in_order)
{
	struct str path = parity_path(p, STR("ordered.log"));

	log_write(p->world, path, STR("first"));
	log_write(p->world, path, STR(""));
	log_format(p->world, path, "third %d \"%s\"", 3, "\t");
	parity_pause(p, 1);
	ck_assert_str(content_of(p, path), STR("first\n\nthird 3 \"\t\"\n"));
	log_write(p->world, path, STR("fourth"));
	parity_pause(p, 1);
	ck_assert_str(content_of(p, path), STR("first\n\nthird 3 \"\t\"\nfourth\n"));
}

PARITY_TEST(a_file_is_appended_to)
{
	struct str path = parity_path(p, STR("appended.log"));

	ck_assert(files_write(p->world, path, STR("old\n"), &p->error));
	log_write(p->world, path, STR("new"));
	parity_pause(p, 1);
	ck_assert_str(content_of(p, path), STR("old\nnew\n"));
}

PARITY_TEST(long_lines_are_cut)
{
	struct str path = parity_path(p, STR("long.log")), content;
	char *line = arena_alloc(p->arena, LIMIT_LOG_LINE_BYTES + 100);

	memset(line, 'x', LIMIT_LOG_LINE_BYTES + 100);
	log_write(p->world, path, str_of(line, LIMIT_LOG_LINE_BYTES + 100));
	log_write(p->world, path, STR("next"));
	parity_pause(p, 1);
	content = content_of(p, path);
	ck_assert_uint_eq(content.size, LIMIT_LOG_LINE_BYTES + 6);
	ck_assert_str(str_skip(content, LIMIT_LOG_LINE_BYTES), STR("\nnext\n"));
}

PARITY_TEST(many_lines_in_a_turn_are_all_written)
{
	struct str path = parity_path(p, STR("many.log")), rest, line;
	int64_t expected = 0, number;

	for (int i = 0; i < 20000; i++)
		log_format(p->world, path, "%d", i);
	parity_pause(p, 1);
	rest = content_of(p, path);
	while (str_next_field(&rest, '\n', &line)) {
		ck_assert(str_to_int64(line, &number));
		ck_assert_int_eq(number, expected++);
	}
	ck_assert_int_eq(expected, 20000);
}

PARITY_TEST(a_target_that_cannot_be_opened_loses_its_lines)
{
	struct str path = parity_path(p, STR("no-such-directory/a.log")), content;

	ck_assert(files_write(p->world, parity_path(p, STR("a-file")), STR(""), &p->error));
	path = parity_path(p, STR("a-file/a.log"));
	log_write(p->world, path, STR("lost"));
	log_write(p->world, path, STR("lost too"));
	parity_pause(p, 1);
	ck_assert(!files_read(p->world, path, 100, p->arena, &content, &p->error));
}

TCase *parity_log_case(int number)
{
	TCase *tests = tcase_create("log");

	PARITY_ADD(tests, number, lines_reach_a_file_in_order);
	PARITY_ADD(tests, number, a_file_is_appended_to);
	PARITY_ADD(tests, number, long_lines_are_cut);
	PARITY_ADD(tests, number, many_lines_in_a_turn_are_all_written);
	PARITY_ADD(tests, number, a_target_that_cannot_be_opened_loses_its_lines);
	return tests;
}
