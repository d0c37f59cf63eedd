/* Mail out, in either world, to a relay that says what it is told to. */
#include "world/mail.h"

#include <string.h>

#include "http/body.h"
#include "world/parity/parity_internal.h"
#include "world/tcp.h"

/* Lines of the relay: the greeting, then one for each line that it hears; after a 354 the next one
 * answers the whole message. */
struct relay {
	struct parity *p;
	struct tcp_listener *listener;
	const char *const *lines;
	size_t said;
	bool is_in_message;
	struct http_body *incoming, *outgoing;
	struct strbuf heard;
	bool is_over, is_taken;
	struct str failure;
};

static void relay_say(struct relay *relay)
{
	const char *line = relay->lines[relay->said];

	if (line == NULL)
		return;
	relay->said++;
	relay->is_in_message = strncmp(line, "354", 3) == 0;
	http_body_write(relay->outgoing, str_from(line));
	http_body_write(relay->outgoing, STR("\r\n"));
}

static void relay_heard(struct http_body *body, void *data)
{
	struct relay *relay = data;

	for (;;) {
		struct str bytes = http_body_peek(body), line;
		size_t end = str_find_char(bytes, '\n');

		if (end == STR_NOT_FOUND)
			break;
		line = str_slice(bytes, 0, end + 1);
		strbuf_append(&relay->heard, line);
		bool is_answered = !relay->is_in_message || str_equal(line, STR(".\r\n"));

		http_body_consume(body, end + 1);
		if (is_answered)
			relay_say(relay);
	}
}

static void relay_accepted(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	struct relay *relay = data;

	relay->incoming = incoming;
	relay->outgoing = outgoing;
	http_body_on_readable(incoming, relay_heard, relay);
	relay_say(relay);
}

static void mail_is_over(bool is_taken, struct str failure, void *data)
{
	struct relay *relay = data;

	relay->is_over = true;
	relay->is_taken = is_taken;
	relay->failure = str_copy(relay->p->arena, failure);
}

static void relay_open(struct parity *p, struct relay *relay, const char *const *lines)
{
	*relay = (struct relay){.p = p, .lines = lines};
	strbuf_init(&relay->heard, 1 << 20);
	relay->listener =
		tcp_listen(p->world, STR("127.0.0.1"), 0, relay_accepted, relay, &p->error);
	ck_assert_ptr_nonnull(relay->listener);
}

static void relay_close(struct relay *relay)
{
	if (relay->outgoing != NULL) {
		http_body_end(relay->outgoing);
		http_body_producer_release(relay->outgoing);
		http_body_consumer_release(relay->incoming);
	}
	tcp_listener_close(relay->p->world, relay->listener);
	strbuf_free(&relay->heard);
}

static struct mail_options hello(struct relay *relay)
{
	return (struct mail_options){
		.host = STR("127.0.0.1"),
		.port = tcp_listener_port(relay->p->world, relay->listener),
		.domain = STR("example.com"),
		.from = STR("no-reply@example.com"),
		.to = STR("jane@example.net"),
		.message = STR("Subject: Hello\r\n\r\nFirst line\r\n.hidden\r\n"),
		.timeout_ms = 5000,
	};
}

static void relay_serve(struct relay *relay, const struct mail_options *options)
{
	mail_send(relay->p->world, options, mail_is_over, relay);
	parity_await_flag(relay->p, &relay->is_over);
}

static void heard(const struct relay *relay, const char *text)
{
	ck_assert_msg(str_find(strbuf_str(&relay->heard), str_from(text)) != STR_NOT_FOUND,
		      "no %s in %.*s", text, STR_ARG(strbuf_str(&relay->heard)));
}

PARITY_TEST(a_mail_is_handed_to_the_relay)
{
	static const char *const lines[] = {"220-here\r\n220 relay",
					    "250-relay\r\n250 8BITMIME",
					    "250 ok",
					    "250 ok",
					    "354 go on",
					    "250 taken",
					    "221 bye",
					    NULL};
	struct relay relay;
	struct mail_options options;

	relay_open(p, &relay, lines);
	options = hello(&relay);
	relay_serve(&relay, &options);
	ck_assert_msg(relay.is_taken, "%.*s", STR_ARG(relay.failure));
	heard(&relay, "EHLO example.com\r\n");
	heard(&relay, "MAIL FROM:<no-reply@example.com>");
	heard(&relay, "RCPT TO:<jane@example.net>\r\nDATA\r\n");
	heard(&relay, "\r\n\r\nFirst line\r\n..hidden\r\n.\r\n");
	relay_close(&relay);
}

static void login(struct parity *p, enum mail_authentication authentication,
		  const char *const *lines, const char *said)
{
	struct relay relay;
	struct mail_options options;

	relay_open(p, &relay, lines);
	options = hello(&relay);
	options.user = STR("user");
	options.password = STR("secret");
	options.authentication = authentication;
	relay_serve(&relay, &options);
	ck_assert_msg(relay.is_taken, "%.*s", STR_ARG(relay.failure));
	heard(&relay, said);
	relay_close(&relay);
}

#define REST "250 ok", "250 ok", "354 go on", "250 taken", "221 bye", NULL

PARITY_TEST(a_relay_may_want_to_know_who_we_are)
{
	static const char *const plain[] = {"220 relay",
					    "250-relay\r\n250 AUTH PLAIN LOGIN CRAM-MD5", "334 ",
					    "235 welcome", REST};
	static const char *const login_lines[] = {
		"220 relay",        "250-relay\r\n250 AUTH PLAIN LOGIN CRAM-MD5",
		"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6",
		"235 welcome",      REST};
	static const char *const cram[] = {
		"220 relay", "250-relay\r\n250 AUTH PLAIN LOGIN CRAM-MD5",
		"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+", "235 welcome", REST};

	login(p, MAIL_PLAIN, plain, "AUTH PLAIN\r\nAHVzZXIAc2VjcmV0\r\n");
	login(p, MAIL_LOGIN, login_lines, "AUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\n");
	/* HMAC-MD5 of <1896.697170952@postoffice> under "secret". */
	login(p, MAIL_CRAM_MD5, cram,
	      "AUTH CRAM-MD5\r\ndXNlciBkOTEyMzY4MTExMjQ3NGI0MzljMWZkYzY2Y2RlYzYwYQ==\r\n");
}

PARITY_TEST(a_refusal_is_told)
{
	static const char *const lines[] = {"220 relay",  "250 relay", "250 ok",
					    "550 nobody", "221 bye",   NULL};
	struct relay relay;
	struct mail_options options;

	relay_open(p, &relay, lines);
	options = hello(&relay);
	relay_serve(&relay, &options);
	ck_assert(!relay.is_taken);
	ck_assert_str(relay.failure, STR("the relay answered 550"));
	relay_close(&relay);
}

PARITY_TEST(a_silent_relay_is_left)
{
	static const char *const lines[] = {"220 relay", NULL};
	struct relay relay;
	struct mail_options options;

	relay_open(p, &relay, lines);
	options = hello(&relay);
	options.timeout_ms = 50;
	relay_serve(&relay, &options);
	ck_assert(!relay.is_taken);
	ck_assert_uint_gt(relay.failure.size, 0);
	relay_close(&relay);
}

PARITY_TEST(a_relay_may_be_away)
{
	static const char *const lines[] = {NULL};
	struct relay relay;
	struct mail_options options;

	relay_open(p, &relay, lines);
	options = hello(&relay);
	tcp_listener_close(p->world, relay.listener);
	relay.listener = NULL;
	relay_serve(&relay, &options);
	ck_assert(!relay.is_taken);
	relay.is_over = false;
	options.host = STR("no-such-relay.invalid");
	relay_serve(&relay, &options);
	ck_assert(!relay.is_taken);
	ck_assert_str(relay.failure, STR("name not found"));
	strbuf_free(&relay.heard);
}

PARITY_TEST(a_mail_can_be_taken_back)
{
	static const char *const lines[] = {"220 relay", NULL};
	struct relay relay;
	struct mail_options options;
	struct mail *mail;

	relay_open(p, &relay, lines);
	options = hello(&relay);
	mail_cancel(p->world, mail_send(p->world, &options, mail_is_over, &relay));
	mail = mail_send(p->world, &options, mail_is_over, &relay);
	parity_await_count(p, &relay.said, 1);
	mail_cancel(p->world, mail);
	mail_cancel(p->world, NULL);
	parity_pause(p, 20);
	ck_assert(!relay.is_over);
	/* One is under way when the world ends. */
	mail_send(p->world, &options, mail_is_over, &relay);
	relay_close(&relay);
}

TCase *parity_mail_case(int number)
{
	TCase *tests = tcase_create("mail");

	PARITY_ADD(tests, number, a_mail_is_handed_to_the_relay);
	PARITY_ADD(tests, number, a_relay_may_want_to_know_who_we_are);
	PARITY_ADD(tests, number, a_refusal_is_told);
	PARITY_ADD(tests, number, a_silent_relay_is_left);
	PARITY_ADD(tests, number, a_relay_may_be_away);
	PARITY_ADD(tests, number, a_mail_can_be_taken_back);
	return tests;
}
