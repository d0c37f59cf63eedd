#include "base/digest.h"

#include <check.h>

#include "base/arena.h"
#include "base/base64.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static void expect_hex(struct str digest, struct str hex)
{
	ck_assert(str_equal(hex_encode(arena, digest), hex));
}

/* The vectors of RFC 1321, RFC 3174 and FIPS 180-4. */
START_TEST(digests_of_known_texts)
{
	expect_hex(digest_of(arena, DIGEST_MD5, STR("abc")),
		   STR("900150983cd24fb0d6963f7d28e17f72"));
	expect_hex(digest_of(arena, DIGEST_MD5, (struct str){NULL, 0}),
		   STR("d41d8cd98f00b204e9800998ecf8427e"));
	expect_hex(digest_of(arena, DIGEST_SHA1, STR("abc")),
		   STR("a9993e364706816aba3e25717850c26c9cd0d89d"));
	expect_hex(digest_of(arena, DIGEST_SHA256, STR("abc")),
		   STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}
END_TEST

/* RFC 2202 3 and RFC 4231 4.3. */
START_TEST(keyed_digests_of_known_texts)
{
	struct str text = STR("what do ya want for nothing?");

	expect_hex(digest_hmac(arena, DIGEST_SHA1, STR("Jefe"), text),
		   STR("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
	expect_hex(digest_hmac(arena, DIGEST_SHA256, STR("Jefe"), text),
		   STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}
END_TEST

START_TEST(the_check_value_of_crc32)
{
	ck_assert_uint_eq(digest_crc32(STR("123456789")), 0xcbf43926);
	ck_assert_uint_eq(digest_crc32(STR("")), 0);
}
END_TEST

Suite *base_digest_suite(void)
{
	Suite *suite = suite_create("base/digest");
	TCase *tcase = tcase_create("digest");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, digests_of_known_texts);
	tcase_add_test(tcase, keyed_digests_of_known_texts);
	tcase_add_test(tcase, the_check_value_of_crc32);
	suite_add_tcase(suite, tcase);
	return suite;
}
