/* Memory between processes, in either world: what can be said without a second process. */
#include "world/shared_memory.h"

#include "world/parity/parity_internal.h"

#define BYTES 100000

PARITY_TEST(it_begins_as_zeros_and_keeps_what_is_written)
{
	struct shared_memory *memory = shared_memory_create(p->world, BYTES, 3, &p->error);
	unsigned char *bytes;
	unsigned sum = 0;

	ck_assert_msg(memory != NULL, "%s", p->error.text);
	bytes = shared_memory_bytes(p->world, memory);
	ck_assert_uint_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
	for (size_t i = 0; i < BYTES; i++)
		sum |= bytes[i];
	ck_assert_uint_eq(sum, 0);
	bytes[0] = 1;
	bytes[BYTES - 1] = 2;
	for (size_t i = 0; i < 3; i++)
		shared_memory_lock(p->world, memory, i);
	for (size_t i = 0; i < 3; i++)
		shared_memory_unlock(p->world, memory, i);
	shared_memory_lock(p->world, memory, 2);
	shared_memory_unlock(p->world, memory, 2);
	ck_assert_uint_eq(bytes[0] + bytes[BYTES - 1], 3);
	shared_memory_release(p->world, memory);
	shared_memory_release(p->world, NULL);
}

PARITY_TEST(nothing_is_inherited_from_nobody)
{
	ck_assert_ptr_null(shared_memory_inherit(p->world, BYTES, 1, &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_NOT_FOUND);
}

TCase *parity_shared_memory_case(int number)
{
	TCase *tests = tcase_create("shared memory");

	PARITY_ADD(tests, number, it_begins_as_zeros_and_keeps_what_is_written);
	PARITY_ADD(tests, number, nothing_is_inherited_from_nobody);
	return tests;
}
