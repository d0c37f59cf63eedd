#include <check.h>
#include <string.h>

#include "sim/engine/queue.h"
#include "sim/engine/trace.h"

struct stage {
	struct queue queue;
	struct trace trace;
	struct strbuf lines;
};

static struct stage *the_stage(void)
{
	static struct stage stage;

	return &stage;
}

static void keep_line(struct str line, void *data)
{
	struct strbuf *lines = data;

	strbuf_append(lines, line);
	strbuf_append_char(lines, '\n');
}

static void stage_set(void)
{
	struct stage *stage = the_stage();

	memset(stage, 0, sizeof *stage);
	trace_init(&stage->trace, &stage->queue);
	strbuf_init(&stage->lines, 4096);
}

static void stage_clear(void)
{
	trace_free(&the_stage()->trace);
	strbuf_free(&the_stage()->lines);
}

static void write_some(struct trace *trace)
{
	trace_begin(trace, STR("gateway"), STR("data"));
	trace_int(trace, STR("bytes"), -12);
	trace_text(trace, STR("text"), STR("a \"b\"\n"));
	trace_fields(trace, STR("\"more\":true"));
	trace_fields(trace, STR(""));
	trace_end(trace);
}

START_TEST(a_line_is_a_json_object)
{
	struct stage *stage = the_stage();
	static const char expected[] =
		"{\"t\":1200,\"host\":\"gateway\",\"kind\":\"data\",\"bytes\":-12,"
		"\"text\":\"a \\\"b\\\"\\n\",\"more\":true}\n";

	stage->trace.sink = keep_line;
	stage->trace.data = &stage->lines;
	stage->queue.now_us = 1200;
	write_some(&stage->trace);
	ck_assert(str_equal(strbuf_str(&stage->lines), str_from(expected)));
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_shown_as_latin_1)
{
	struct stage *stage = the_stage();

	stage->trace.sink = keep_line;
	stage->trace.data = &stage->lines;
	trace_begin(&stage->trace, STR("h"), STR("k"));
	trace_text(&stage->trace, STR("x"), str_of("a\xff\"", 3));
	trace_end(&stage->trace);
	ck_assert(str_equal(strbuf_str(&stage->lines), STR("{\"t\":0,\"host\":\"h\",\"kind\":\"k\","
							   "\"x\":\"a\\u00ff\\u0022\"}\n")));
}
END_TEST

START_TEST(the_hash_is_the_same_without_a_sink)
{
	struct stage *stage = the_stage();
	struct trace other;

	trace_init(&other, &stage->queue);
	stage->trace.sink = keep_line;
	stage->trace.data = &stage->lines;
	write_some(&stage->trace);
	write_some(&other);
	ck_assert_uint_eq(stage->trace.hash, other.hash);
	trace_sum(&stage->trace, STR("abcdefghij"));
	trace_sum(&other, STR("abcdefghij"));
	ck_assert_uint_eq(stage->trace.hash, other.hash);
	trace_free(&other);
}
END_TEST

START_TEST(every_part_of_a_line_changes_the_hash)
{
	struct stage *stage = the_stage();
	uint64_t hashes[6];

	for (int i = 0; i < 6; i++) {
		struct trace trace;

		stage->queue.now_us = i == 1;
		trace_init(&trace, &stage->queue);
		trace_begin(&trace, i == 2 ? STR("b") : STR("a"), i == 3 ? STR("y") : STR("x"));
		trace_int(&trace, STR("n"), i == 4);
		trace_text(&trace, STR("s"), i == 5 ? STR("12345678") : STR("12345679"));
		trace_end(&trace);
		hashes[i] = trace.hash;
		trace_free(&trace);
		for (int j = 0; j < i; j++)
			ck_assert_uint_ne(hashes[j], hashes[i]);
	}
}
END_TEST

START_TEST(the_sum_tells_bytes_apart)
{
	struct stage *stage = the_stage();

	stage->trace.sink = keep_line;
	stage->trace.data = &stage->lines;
	trace_begin(&stage->trace, STR("h"), STR("k"));
	trace_sum(&stage->trace, STR("one"));
	trace_end(&stage->trace);

	uint64_t hash = stage->trace.hash;

	trace_sum(&stage->trace, STR("two"));
	ck_assert_uint_ne(hash, stage->trace.hash);
	ck_assert(str_find(strbuf_str(&stage->lines), STR(",\"sum\":\"")) != STR_NOT_FOUND);
}
END_TEST

Suite *sim_engine_trace_suite(void)
{
	Suite *suite = suite_create("sim_engine_trace");
	TCase *tcase = tcase_create("trace");

	tcase_add_checked_fixture(tcase, stage_set, stage_clear);
	tcase_add_test(tcase, a_line_is_a_json_object);
	tcase_add_test(tcase, bytes_that_are_not_utf8_are_shown_as_latin_1);
	tcase_add_test(tcase, the_hash_is_the_same_without_a_sink);
	tcase_add_test(tcase, every_part_of_a_line_changes_the_hash);
	tcase_add_test(tcase, the_sum_tells_bytes_apart);
	suite_add_tcase(suite, tcase);
	return suite;
}
