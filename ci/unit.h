/* The unit test program: every NAME_test.c defines one suite, listed by the Makefile. */
#ifndef CI_UNIT_H
#define CI_UNIT_H

#include <check.h>

struct unit_suite {
	const char *name;
	Suite *(*create)(void);
};

extern const struct unit_suite unit_suites[]; /* ends with a NULL name */

#endif
