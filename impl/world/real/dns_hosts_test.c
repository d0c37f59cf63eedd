#include <fcntl.h>

#include "world/real/dns_internal.h"
#include "world/real/raw_test.h"

static char path[64];

static void write_hosts(struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, text.data, text.size), (ssize_t)text.size);
	close(fd);
}

static void make_path(void)
{
	snprintf(path, sizeof path, "/tmp/refscale-hosts-XXXXXX");
	close(mkstemp(path));
}

static void remove_path(void)
{
	unlink(path);
}

START_TEST(test_names_and_aliases_are_found)
{
	struct hosts *hosts = hosts_create(path);
	const struct str *found;

	write_hosts(STR("# a comment\n\n10.0.0.1 One.example one\t# ten\n"
			"::1 six\n10.0.0.2\ttwo\r\n10.0.0.3 one\nnonsense three\n10.0.0.4"));
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("ONE"), &found), 2);
	ck_assert(str_equal(found[0], STR("10.0.0.1")));
	ck_assert(str_equal(found[1], STR("10.0.0.3")));
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("one.example."), &found), 1);
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("two"), &found), 1);
	ck_assert(str_equal(found[0], STR("10.0.0.2")));
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("six"), &found), 0);
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("three"), &found), 0);
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("ten"), &found), 0);
	ck_assert_uint_eq(hosts_find(hosts, 0, STR(""), &found), 0);
	hosts_destroy(hosts);
}
END_TEST

START_TEST(test_a_changed_file_is_read_again)
{
	struct hosts *hosts = hosts_create(path);
	const struct str *found;

	write_hosts(STR("10.0.0.1 name\n"));
	ck_assert_uint_eq(hosts_find(hosts, 0, STR("name"), &found), 1);
	write_hosts(STR("10.0.0.1 other name\n10.0.0.2 name\n"));
	ck_assert_uint_eq(hosts_find(hosts, 500000, STR("name"), &found), 1);
	ck_assert_uint_eq(hosts_find(hosts, 1000000, STR("name"), &found), 2);
	unlink(path);
	ck_assert_uint_eq(hosts_find(hosts, 2000000, STR("name"), &found), 0);
	write_hosts(STR("10.0.0.1 name\n"));
	ck_assert_uint_eq(hosts_find(hosts, 3000000, STR("name"), &found), 1);
	hosts_destroy(hosts);
	hosts_destroy(NULL);
}
END_TEST

START_TEST(test_localhost_and_what_is_below_it)
{
	ck_assert(hosts_name_is_local(STR("localhost")));
	ck_assert(hosts_name_is_local(STR("LocalHost.")));
	ck_assert(hosts_name_is_local(STR("a.b.localhost")));
	ck_assert(!hosts_name_is_local(STR("notlocalhost")));
	ck_assert(!hosts_name_is_local(STR("localhost.example.com")));
	ck_assert(!hosts_name_is_local(STR("")));
}
END_TEST

START_TEST(test_known_addresses_need_no_server)
{
	struct raw_stage stage;
	struct real_world *real;
	struct str address;

	raw_stage_begin(&stage);
	real = real_of(stage.world);
	ck_assert(dns_known_address(real, STR("10.1.2.3"), stage.arena, &address));
	ck_assert(str_equal(address, STR("10.1.2.3")));
	ck_assert(dns_known_address(real, STR("x.localhost"), stage.arena, &address));
	ck_assert(str_equal(address, STR("127.0.0.1")));
	ck_assert(!dns_known_address(real, STR("name.invalid"), stage.arena, &address));
	raw_stage_end(&stage);
}
END_TEST

struct asked {
	bool is_over;
	enum dns_status status;
};

static void answered(enum dns_status status, const struct dns_record *records, size_t count,
		     void *data)
{
	struct asked *asked = data;

	(void)records;
	(void)count;
	asked->status = status;
	asked->is_over = true;
}

static enum dns_status ask(struct raw_stage *stage, struct str name, struct str server)
{
	struct dns_question question = {.name = name,
					.servers = &server,
					.servers_count = server.size > 0,
					.timeout_ms = 100};
	struct asked asked = {0};

	dns_resolve(stage->world, &question, answered, &asked);
	ck_assert(!asked.is_over);
	ck_assert(raw_await(stage, raw_flag_is_set, &asked.is_over));
	return asked.status;
}

START_TEST(test_what_cannot_be_asked)
{
	struct raw_stage stage;
	char name[300];

	memset(name, 'a', sizeof name);
	raw_stage_begin(&stage);
	ck_assert_int_eq(ask(&stage, STR(""), STR("")), DNS_NOT_FOUND);
	ck_assert_int_eq(ask(&stage, STR("a\0b"), STR("")), DNS_NOT_FOUND);
	ck_assert_int_eq(ask(&stage, str_of(name, sizeof name), STR("")), DNS_NOT_FOUND);
	ck_assert_int_eq(ask(&stage, str_of(name, 100), STR("127.0.0.1:9")), DNS_NOT_FOUND);
	ck_assert_int_eq(ask(&stage, STR("name"), STR("no address")), DNS_SERVER_FAILED);
	raw_stage_end(&stage);
}
END_TEST

static bool find_nothing(struct str name, struct str *address, int64_t *ttl_s, void *data)
{
	(void)name;
	(void)address;
	(void)ttl_s;
	++*(size_t *)data;
	return false;
}

START_TEST(test_many_lists_of_servers_are_asked)
{
	struct raw_stage stage;
	struct dns_server *server;
	size_t asked = 0;

	raw_stage_begin(&stage);
	server = dns_serve(stage.world, STR("127.0.0.1"), 0, find_nothing, &asked, &stage.error);
	for (int i = 0; i < 12; i++) {
		struct str name = str_format(stage.arena, "127.0.0.1:%u",
					     stage.world->dns->server_port(server));

		for (int again = 0; again < i; again++)
			name = STR_CONCAT(stage.arena, name, STR(",127.0.0.1:9"));
		ck_assert_int_eq(ask(&stage, STR("a.example."), name), DNS_NOT_FOUND);
	}
	ck_assert_uint_eq(asked, 12);
	/* Left open: the world closes it. */
	raw_stage_end(&stage);
}
END_TEST

static bool find_in_service_domain(struct str name, struct str *address, int64_t *ttl_s, void *data)
{
	++*(size_t *)data;
	*address = STR("10.0.0.7");
	*ttl_s = 5;
	return str_equal(name, STR("backend.svc.example"));
}

/* c-ares takes the list from resolv.conf, or from this variable. */
START_TEST(test_the_search_list_is_tried_after_the_name_itself)
{
	struct raw_stage stage;
	struct dns_server *server;
	struct str name;
	size_t asked = 0;

	setenv("LOCALDOMAIN", "other.example svc.example", 1);
	raw_stage_begin(&stage);
	server = dns_serve(stage.world, STR("127.0.0.1"), 0, find_in_service_domain, &asked,
			   &stage.error);
	name = str_format(stage.arena, "127.0.0.1:%u", stage.world->dns->server_port(server));
	ck_assert_int_eq(ask(&stage, STR("backend"), name), DNS_OK);
	ck_assert_uint_eq(asked, 3);
	ck_assert_int_eq(ask(&stage, STR("backend."), name), DNS_NOT_FOUND);
	ck_assert_uint_eq(asked, 4);
	ck_assert_int_eq(ask(&stage, STR("nobody"), name), DNS_NOT_FOUND);
	ck_assert_uint_eq(asked, 7);
	stage.world->dns->server_close(server);
	raw_stage_end(&stage);
	unsetenv("LOCALDOMAIN");
}
END_TEST

START_TEST(test_a_world_may_end_with_questions_open)
{
	struct raw_stage stage;
	struct str server = STR("127.0.0.1:9");
	struct dns_question question = {
		.name = STR("a.example"), .servers = &server, .servers_count = 1};
	struct asked asked = {0};

	raw_stage_begin(&stage);
	dns_resolve(stage.world, &question, answered, &asked);
	question.servers_count = 0;
	question.name = STR("localhost");
	dns_resolve(stage.world, &question, answered, &asked);
	raw_stage_end(&stage);
	ck_assert(!asked.is_over);
}
END_TEST

Suite *world_real_dns_hosts_suite(void);

Suite *world_real_dns_hosts_suite(void)
{
	Suite *suite = suite_create("world/real/dns_hosts");
	TCase *tests = tcase_create("hosts");

	tcase_add_checked_fixture(tests, make_path, remove_path);
	tcase_add_test(tests, test_names_and_aliases_are_found);
	tcase_add_test(tests, test_a_changed_file_is_read_again);
	tcase_add_test(tests, test_localhost_and_what_is_below_it);
	tcase_add_test(tests, test_known_addresses_need_no_server);
	tcase_add_test(tests, test_what_cannot_be_asked);
	tcase_add_test(tests, test_many_lists_of_servers_are_asked);
	tcase_add_test(tests, test_the_search_list_is_tried_after_the_name_itself);
	tcase_add_test(tests, test_a_world_may_end_with_questions_open);
	suite_add_tcase(suite, tests);
	return suite;
}
