#include "base/certificate.h"

#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

#define TODAY_S INT64_C(1559635200) /* 2019-06-04 */

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static struct str fixture(const char *name)
{
	char path[128], text[8192];
	size_t size;
	FILE *in;

	snprintf(path, sizeof path, "fixtures/certificates/%s.pem", name);
	in = fopen(path, "rb");
	ck_assert_msg(in != NULL, "%s cannot be read", path);
	size = fread(text, 1, sizeof text, in);
	fclose(in);
	return str_copy(arena, str_of(text, size));
}

static struct certificate_trust *trust_in(const char *name)
{
	struct certificate_trust *trust = certificate_trust_create_in(arena);

	ck_assert(certificate_trust_add(trust, fixture(name), NULL));
	return trust;
}

START_TEST(a_chain_ends_at_a_trusted_certificate)
{
	static const struct {
		const char *trusted, *shown;
		enum certificate_verdict verdict;
		const char *reason;
	} rows[] = {
		{"authority", "client", CERTIFICATE_FINE, "ok"},
		{"client", "client", CERTIFICATE_FINE, "ok"},
		{"authority", "below", CERTIFICATE_FINE, "ok"},
		{"middle", "below", CERTIFICATE_FINE, "ok"},
		{"other", "client", CERTIFICATE_UNTRUSTED,
		 "unable to get local issuer certificate"},
		{"middle", "client", CERTIFICATE_UNTRUSTED,
		 "unable to get local issuer certificate"},
		{"server", "client", CERTIFICATE_UNTRUSTED,
		 "unable to get local issuer certificate"},
		{"authority", "other", CERTIFICATE_UNTRUSTED, "self-signed certificate"},
		{"authority", "expired", CERTIFICATE_EXPIRED, "certificate has expired"},
	};
	const char *reason;

	ck_assert_int_eq(certificate_judge(trust_in(rows[_i].trusted), fixture(rows[_i].shown),
					   TODAY_S, &reason),
			 rows[_i].verdict);
	ck_assert_str_eq(reason, rows[_i].reason);
}
END_TEST

START_TEST(dates_are_those_of_the_moment_given)
{
	struct certificate_trust *trust = trust_in("authority");
	const char *reason;

	ck_assert_int_eq(certificate_judge(trust, fixture("expired"), 947000000, &reason),
			 CERTIFICATE_FINE);
	ck_assert_int_eq(certificate_judge(trust, fixture("client"), 0, &reason),
			 CERTIFICATE_EXPIRED);
	ck_assert_str_eq(reason, "certificate is not yet valid");
}
END_TEST

START_TEST(what_is_no_certificate_is_neither_trusted_nor_fine)
{
	static const struct str texts[] = {
		STR_INIT(""),
		STR_INIT("not PEM"),
		STR_INIT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		STR_INIT("-----BEGIN CERTIFICATE-----\n"),
	};
	struct certificate_trust *trust = trust_in("authority");
	struct error error;
	const char *reason;

	ck_assert(!certificate_trust_add(trust, texts[_i], &error));
	ck_assert_str_eq(error.text, "not a PEM certificate");
	ck_assert_int_eq(certificate_judge(trust, texts[_i], TODAY_S, &reason),
			 CERTIFICATE_UNREADABLE);
	ck_assert_uint_eq(certificate_count(texts[_i]), 0);
	ck_assert(!certificate_is_for(texts[_i], STR("localhost")));
}
END_TEST

START_TEST(several_certificates_may_stand_in_one_text)
{
	struct certificate_trust *trust = certificate_trust_create_in(arena);
	struct str both = STR_CONCAT(arena, fixture("other"), fixture("authority"));
	const char *reason;

	ck_assert_uint_eq(certificate_count(both), 2);
	ck_assert(certificate_trust_add(trust, both, NULL));
	ck_assert_int_eq(certificate_judge(trust, fixture("client"), TODAY_S, &reason),
			 CERTIFICATE_FINE);
	ck_assert_int_eq(certificate_judge(trust, fixture("stranger"), TODAY_S, &reason),
			 CERTIFICATE_FINE);
}
END_TEST

START_TEST(names_and_addresses_are_compared)
{
	struct str server = fixture("server");

	ck_assert(certificate_is_for(server, STR("localhost")));
	ck_assert(certificate_is_for(server, STR("API.example.com")));
	ck_assert(certificate_is_for(server, STR("127.0.0.1")));
	ck_assert(!certificate_is_for(server, STR("a.b.example.com")));
	ck_assert(!certificate_is_for(server, STR("example.org")));
	ck_assert(!certificate_is_for(server, STR("127.0.0.2")));
	ck_assert(!certificate_is_for(server, STR("")));
	ck_assert(!certificate_is_for(server, STR_CONCAT(arena, server, server)));
}
END_TEST

Suite *base_certificate_suite(void);

Suite *base_certificate_suite(void)
{
	Suite *suite = suite_create("base_certificate");
	TCase *tests = tcase_create("certificates");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_chain_ends_at_a_trusted_certificate, 0, 9);
	tcase_add_test(tests, dates_are_those_of_the_moment_given);
	tcase_add_loop_test(tests, what_is_no_certificate_is_neither_trusted_nor_fine, 0, 4);
	tcase_add_test(tests, several_certificates_may_stand_in_one_text);
	tcase_add_test(tests, names_and_addresses_are_compared);
	suite_add_tcase(suite, tests);
	return suite;
}
