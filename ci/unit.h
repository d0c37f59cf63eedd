/* The unit test program: every NAME_test.c defines one suite, every NAME_fuzz.c one fuzz target,
 * both listed by the Makefile. */
#ifndef CI_UNIT_H
#define CI_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_suite {
	const char *name;
	Suite *(*create)(void);
};

extern const struct unit_suite unit_suites[]; /* ends with a NULL name */

typedef int fuzz_run(const uint8_t *data, size_t size);
struct fuzz_target {
	const char *name;
	fuzz_run *run;
};

extern const struct fuzz_target fuzz_targets[]; /* ends with a NULL name */

#endif
