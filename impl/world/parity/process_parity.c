/* Child processes, in either world: what can be said without a component to start. */
#include "world/process.h"

#include "world/parity/parity_internal.h"

PARITY_TEST(a_program_that_is_not_there_cannot_be_started)
{
	struct str word = STR("no-such-program-anywhere");
	struct process_options options = {.words = &word, .words_count = 1};

	ck_assert_ptr_null(process_start(p->world, &options, &p->error));
	ck_assert_int_ne(p->error.kind, ERROR_NONE);
	ck_assert_uint_ne(str_find(str_from(p->error.text), word), STR_NOT_FOUND);
	parity_pause(p, 5);
}

TCase *parity_process_case(int number)
{
	TCase *tests = tcase_create("process");

	PARITY_ADD(tests, number, a_program_that_is_not_there_cannot_be_started);
	return tests;
}
