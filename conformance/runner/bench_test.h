/* For tests of the runner as a whole: the runner in the simulator, and small targets that can be
 * told to be wrong. A gateway that asks backend and calls the upstream, and a backend that takes
 * what it is given; the variable FAKE says what is wrong with them. Shell commands are words
 * between blanks.
 */
#ifndef RUNNER_BENCH_TEST_H
#define RUNNER_BENCH_TEST_H

#include <check.h>
#include <stdbool.h>

#include "base/str.h"

struct arena;
struct component;
struct sim;
struct sim_host;
struct sim_process;

struct bench {
	struct arena *arena;
	struct sim *sim;
	struct sim_host *host;
	struct sim_process *runner;
	struct strbuf output; /* of the runner */
	int status;           /* its exit status; -1: it runs */
};
extern struct bench bench;
extern const struct component bench_fake_portal; /* conform_portal_test.c */

void bench_set_up(void);
void bench_tear_down(void);
void bench_write_cases(const char *suite, const char *cases);
/* One case without id and title around what is given. */
void bench_write_case(const char *suite, const char *more);
/* `words` are parted by '|', since commands have blanks. */
void bench_start_runner(const char *words);
int bench_run(const char *words); /* to its end */
bool bench_has_ended(void *data);
bool bench_says(const char *text);

#define expect_says(text)                                                                          \
	ck_assert_msg(bench_says(text), "no \"%s\" in:\n%.*s", (text),                             \
		      STR_ARG(strbuf_str(&bench.output)))
#define expect_run(words, exit_status)                                                             \
	do {                                                                                       \
		int status_ = bench_run(words);                                                    \
		ck_assert_msg(status_ == (exit_status), "status %d:\n%.*s", status_,               \
			      STR_ARG(strbuf_str(&bench.output)));                                 \
	} while (0)

#define ROWS(rows) (int)(sizeof(rows) / sizeof *(rows))

#endif
