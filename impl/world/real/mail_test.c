/* What only real mail has: TLS, when the relay offers it and we want it, and threads. */
#include "world/mail.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "http/body.h"
#include "world/real/real_world.h"
#include "world/tcp.h"

#define LIMIT_MS 10000
#define ROOM_BYTES (1024 * 1024) /* less than a stack */

/* Offers STARTTLS, and hangs up when it is taken at its word. */
static struct {
	struct real_loop *loop;
	struct world *world;
	struct tcp_listener *listener;
	struct http_body *incoming, *outgoing;
	struct strbuf heard;
	bool is_in_message, is_over, is_taken;
} relay;

static void say(const char *line)
{
	http_body_write(relay.outgoing, str_from(line));
	http_body_write(relay.outgoing, STR("\r\n"));
}

static void answer(struct str line)
{
	if (relay.is_in_message) {
		relay.is_in_message = !str_equal(line, STR(".\r\n"));
		if (!relay.is_in_message)
			say("250 taken");
	} else if (str_has_prefix(line, STR("EHLO"))) {
		say("250-relay\r\n250 STARTTLS");
	} else if (str_has_prefix(line, STR("STARTTLS"))) {
		say("220 go on");
		http_body_end(relay.outgoing);
	} else if (str_has_prefix(line, STR("DATA"))) {
		relay.is_in_message = true;
		say("354 go on");
	} else {
		say("250 ok");
	}
}

static void heard(struct http_body *body, void *data)
{
	(void)data;
	for (;;) {
		struct str bytes = http_body_peek(body);
		size_t end = str_find_char(bytes, '\n');
		size_t start = relay.heard.size;

		if (end == STR_NOT_FOUND)
			return;
		strbuf_append(&relay.heard, str_slice(bytes, 0, end + 1));
		http_body_consume(body, end + 1);
		answer(str_skip(strbuf_str(&relay.heard), start));
	}
}

static void accepted(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	(void)data;
	relay.incoming = incoming;
	relay.outgoing = outgoing;
	http_body_on_readable(incoming, heard, NULL);
	say("220 relay");
}

static void over(bool is_taken, struct str failure, void *data)
{
	(void)failure;
	(void)data;
	relay.is_taken = is_taken;
	relay.is_over = true;
}

static bool is_over(void *data)
{
	(void)data;
	return relay.is_over;
}

static void set_up(void)
{
	memset(&relay, 0, sizeof relay);
	relay.loop = real_loop_create();
	relay.world = real_world_create(relay.loop, NULL);
	strbuf_init(&relay.heard, 1 << 20);
	relay.listener = tcp_listen(relay.world, STR("127.0.0.1"), 0, accepted, NULL, NULL);
	ck_assert_ptr_nonnull(relay.listener);
}

static void tear_down(void)
{
	if (relay.incoming != NULL) {
		http_body_producer_release(relay.outgoing);
		http_body_consumer_release(relay.incoming);
	}
	tcp_listener_close(relay.world, relay.listener);
	strbuf_free(&relay.heard);
	real_world_destroy(relay.world);
	real_loop_destroy(relay.loop);
}

static void send_with(bool starttls)
{
	const struct mail_options options = {
		.host = STR("127.0.0.1"),
		.port = tcp_listener_port(relay.world, relay.listener),
		.domain = STR("example.com"),
		.starttls = starttls,
		.verify_peer = true,
		.from = STR("a@example.com"),
		.to = STR("b@example.com"),
		.message = STR("Subject: x\r\n\r\ny\r\n"),
		.timeout_ms = 5000,
	};

	mail_send(relay.world, &options, over, NULL);
	ck_assert(real_loop_run_until(relay.loop, is_over, NULL, LIMIT_MS));
}

START_TEST(an_offer_of_tls_is_taken)
{
	send_with(true);
	ck_assert(!relay.is_taken);
	ck_assert(str_find(strbuf_str(&relay.heard), STR("STARTTLS")) != STR_NOT_FOUND);
	ck_assert(str_find(strbuf_str(&relay.heard), STR("MAIL FROM")) == STR_NOT_FOUND);
}
END_TEST

START_TEST(an_offer_of_tls_can_be_left)
{
	send_with(false);
	ck_assert(relay.is_taken);
	ck_assert(str_find(strbuf_str(&relay.heard), STR("STARTTLS")) == STR_NOT_FOUND);
}
END_TEST

/* In a process of its own: no memory is left for the stack of one. */
START_TEST(a_mail_without_a_thread_is_not_taken)
{
	struct rlimit limit;
	long pages;
	FILE *statm = fopen("/proc/self/statm", "r");

	ck_assert_int_eq(fscanf(statm, "%ld", &pages), 1);
	fclose(statm);
	limit.rlim_cur = limit.rlim_max =
		(rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ROOM_BYTES;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	send_with(false);
	ck_assert(!relay.is_taken);
	ck_assert_uint_eq(relay.heard.size, 0);
}
END_TEST

Suite *world_real_mail_suite(void);
Suite *world_real_mail_suite(void)
{
	Suite *suite = suite_create("world_real_mail");
	TCase *tests = tcase_create("tls");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_offer_of_tls_is_taken);
	tcase_add_test(tests, an_offer_of_tls_can_be_left);
	if (fork == NULL || strcmp(fork, "no") != 0)
		tcase_add_test(tests, a_mail_without_a_thread_is_not_taken);
	suite_add_tcase(suite, tests);
	return suite;
}
