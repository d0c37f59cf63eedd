/* For tests: texts that must be equal, and the number of rows of a loop test. */
#ifndef BASE_STR_CHECK_TEST_H
#define BASE_STR_CHECK_TEST_H

#include <check.h>

#include "base/str.h"

#define ck_assert_strs_eq(a, b)                                                                    \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(str_equal(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_),          \
			      STR_ARG(b_));                                                        \
	} while (0)
#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))

#endif
