#include "base/ip_address.h"

#include <check.h>
#include <stddef.h>

static const struct {
	const char *range, *address;
	bool contains;
} rows[] = {
	{"192.0.2.7", "192.0.2.7", true},
	{"192.0.2.7", "192.0.2.8", false},
	{"10.20.0.0/16", "10.20.255.1", true},
	{"10.20.0.0/16", "10.21.0.1", false},
	{"10.0.0.0/9", "10.127.0.1", true},
	{"10.0.0.0/9", "10.128.0.1", false},
	{"0.0.0.0/0", "255.1.2.3", true},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"10.0.0.0/8", "::ffff:10.1.2.3", true},
	{"::/0", "10.1.2.3", true},
	{"2001:db8::/32", "2001:db8:1:2:3:4:5:6", true},
	{"2001:db8::/32", "2001:db9::1", false},
	{"2001:DB8::1", "2001:db8:0:0:0:0:0:1", true},
	{"::1", "::1", true},
	{"::1", "::2", false},
	{"fe80::/10", "febf::1", true},
};

START_TEST(a_range_contains_its_addresses)
{
	struct ip_range range;
	struct ip_address address;

	ck_assert(ip_range_parse(str_from(rows[_i].range), &range));
	ck_assert(ip_address_parse(str_from(rows[_i].address), &address));
	ck_assert_msg(ip_range_contains(&range, &address) == rows[_i].contains, "%s in %s",
		      rows[_i].address, rows[_i].range);
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	static const char *const texts[] = {"",
					    "1",
					    "1.2.3",
					    "1.2.3.4.5",
					    "1.2.3.256",
					    "1.2.3.-4",
					    "1.2.3.",
					    "1..2.3",
					    "1.2.3.0004",
					    "a.b.c.d",
					    ":",
					    ":::",
					    "1:2:3:4:5:6:7",
					    "1:2:3:4:5:6:7:8:9",
					    "1::2::3",
					    "12345::",
					    "g::",
					    "1:2:3:4:5:6:7::8",
					    "::1.2.3",
					    "[::1]",
					    "1.2.3.4 ",
					    "1:2:3:4:5:6:7:1.2.3.4",
					    "1:"};
	static const char *const ranges[] = {"1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/",
					     "1.2.3.4/x",  "::/129",     "x/8"};
	struct ip_address address;
	struct ip_range range;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_msg(!ip_address_parse(str_from(texts[i]), &address), "%s", texts[i]);
		ck_assert_msg(!ip_range_parse(str_from(texts[i]), &range), "%s", texts[i]);
	}
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		ck_assert_msg(!ip_range_parse(str_from(ranges[i]), &range), "%s", ranges[i]);
}
END_TEST

START_TEST(private_addresses_are_known)
{
	static const struct {
		const char *text;
		bool is_private;
	} cases[] = {
		{"127.0.0.1", true},
		{"0.0.0.0", true},
		{"10.1.2.3", true},
		{"172.31.255.255", true},
		{"172.32.0.0", false},
		{"192.168.1.1", true},
		{"169.254.169.254", true},
		{"224.0.0.1", true},
		{"255.255.255.255", true},
		{"223.255.255.255", false},
		{"8.8.8.8", false},
		{"::1", true},
		{"::", true},
		{"fd00::1", true},
		{"fe80::1", true},
		{"::ffff:10.0.0.1", true},
		{"::ffff:8.8.8.8", false},
		{"2001:db8::1", false},
	};
	struct ip_address address;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert(ip_address_parse(str_from(cases[i].text), &address));
		ck_assert_msg(ip_address_is_private(&address) == cases[i].is_private, "%s",
			      cases[i].text);
	}
}
END_TEST

Suite *base_ip_address_suite(void)
{
	Suite *suite = suite_create("base/ip_address");
	TCase *tcase = tcase_create("ip_address");

	tcase_add_loop_test(tcase, a_range_contains_its_addresses, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tcase, what_is_no_address_is_refused);
	tcase_add_test(tcase, private_addresses_are_known);
	suite_add_tcase(suite, tcase);
	return suite;
}
