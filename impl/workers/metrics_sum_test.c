#include "workers/metrics_sum.h"

#include <check.h>

static struct metrics_sum *sum;
static struct strbuf out;

static void set_up(void)
{
	sum = metrics_sum_create();
	strbuf_init(&out, 10000);
}

static void tear_down(void)
{
	strbuf_free(&out);
	metrics_sum_destroy(sum);
}

static void expect_written(const char *prefix, const char *expected)
{
	strbuf_clear(&out);
	metrics_sum_write(&out, sum, str_from(prefix));
	ck_assert_msg(str_equal(strbuf_str(&out), str_from(expected)), "%.*s",
		      STR_ARG(strbuf_str(&out)));
}

START_TEST(samples_of_a_name_are_added_up)
{
	metrics_sum_add(sum, STR("lost{a=\"b\"} 1\n# TYPE x counter\n# HELP x Of x\nx{t=\"1\"} 2\n"
				 "nonsense\nx{t=\"2\"} nan\nx{t=\"2\"} 1.5\n"));
	metrics_sum_add(sum, STR("# TYPE y histogram\n# HELP y Of y\ny_sum{t=\"} 1\"} 1\n"
				 "y_sum{t=\"1\"} 0.900000\n"));
	metrics_sum_add(sum, STR("# TYPE x counter\n# HELP x Of x\nx{t=\"3\"} 1\nx{t=\"1\"} 3\n"
				 "# TYPE y histogram\n# HELP y Of y\ny_sum{t=\"1\"} 1.200001\n"));
	expect_written("", "# TYPE x counter\n# HELP x Of x\nx{t=\"1\"} 5\nx{t=\"3\"} 1\n"
			   "# TYPE y histogram\n# HELP y Of y\ny_sum{t=\"} 1\"} 1\n"
			   "y_sum{t=\"1\"} 2.100001\n");
	expect_written("y", "# TYPE y histogram\n# HELP y Of y\ny_sum{t=\"} 1\"} 1\n"
			    "y_sum{t=\"1\"} 2.100001\n");
}
END_TEST

START_TEST(samples_without_labels_count_too_and_stand_in_their_order)
{
	metrics_sum_add(sum, STR("# HELP b Of b\n# TYPE b counter\nb{s=\"404\"} 1\n"
				 "# HELP a Of a\n# TYPE a counter\na 1\n"));
	metrics_sum_add(sum, STR("# HELP b Of b\n# TYPE b counter\nb{s=\"200\"} 4\n"
				 "# HELP a Of a\n# TYPE a counter\na 2\n"));
	expect_written("", "# HELP b Of b\n# TYPE b counter\nb{s=\"200\"} 4\nb{s=\"404\"} 1\n"
			   "# HELP a Of a\n# TYPE a counter\na 3\n");
}
END_TEST

START_TEST(buckets_keep_their_order)
{
	metrics_sum_add(sum, STR("# TYPE h histogram\nh_bucket{le=\"9\"} 1\nh_bucket{le=\"10\"} 2\n"
				 "h_bucket{le=\"+Inf\"} 2\n"));
	expect_written("h", "# TYPE h histogram\nh_bucket{le=\"9\"} 1\nh_bucket{le=\"10\"} 2\n"
			    "h_bucket{le=\"+Inf\"} 2\n");
}
END_TEST

START_TEST(gauges_end_with_their_process)
{
	metrics_sum_add_ended(sum, STR("stray 1\n# TYPE g gauge\ng 7\n# TYPE c counter\nc 1\n"));
	metrics_sum_add(sum, STR("# TYPE g gauge\ng 2\n# TYPE c counter\nc 1\n"));
	expect_written("", "# TYPE g gauge\ng 2\n# TYPE c counter\nc 2\n");
}
END_TEST

Suite *workers_metrics_sum_suite(void);

Suite *workers_metrics_sum_suite(void)
{
	Suite *suite = suite_create("workers_metrics_sum");
	TCase *tests = tcase_create("sums");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, samples_of_a_name_are_added_up);
	tcase_add_test(tests, samples_without_labels_count_too_and_stand_in_their_order);
	tcase_add_test(tests, buckets_keep_their_order);
	tcase_add_test(tests, gauges_end_with_their_process);
	suite_add_tcase(suite, tests);
	return suite;
}
