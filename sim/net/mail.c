/* The mail port over the tcp port: SMTP as RFC 5321 has it, in plain text. */
#include "world/mail.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/limits.h"
#include "http/body.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/dns.h"
#include "world/tcp.h"

#define REPLY_BYTES_MAX 4096 /* of a line */

/* What was said last, and is to be answered. */
enum mail_step {
	STEP_GREETING,
	STEP_EHLO,
	STEP_AUTH,       /* the mechanism's name, or all of PLAIN's */
	STEP_USER,       /* LOGIN's */
	STEP_CREDENTIAL, /* the last word of an authentication */
	STEP_FROM,
	STEP_TO,
	STEP_DATA,
	STEP_MESSAGE,
};

struct mail {
	struct actor_resource resource;
	struct sim_process *process;
	struct arena *arena;
	mail_over *over;
	void *data;
	struct mail_options options; /* texts in the arena */
	struct dns_query *query;
	struct timer timeout;
	struct http_body *outgoing; /* producer's end; NULL: not connected */
	struct http_body *incoming; /* consumer's end */
	struct str unsent;
	enum mail_step step;
};

static void mail_free(struct mail *mail)
{
	resource_disown(&mail->resource);
	timer_stop(&mail->timeout);
	if (mail->query != NULL)
		dns_cancel(&mail->process->world, mail->query);
	if (mail->outgoing != NULL) {
		http_body_on_writable(mail->outgoing, NULL, NULL);
		http_body_on_readable(mail->incoming, NULL, NULL);
		http_body_producer_release(mail->outgoing);
		http_body_consumer_release(mail->incoming);
	}
	arena_destroy(mail->arena);
	free(mail);
}

static void mail_abandon(struct actor_resource *resource)
{
	mail_free(LIST_ENTRY(resource, struct mail, resource));
}

static void mail_end(struct mail *mail, bool is_taken, struct str failure)
{
	mail_over *over = mail->over;
	void *data = mail->data;
	struct arena *kept = mail->arena;

	mail->arena = NULL;
	if (mail->outgoing != NULL)
		http_body_end(mail->outgoing);
	mail_free(mail);
	over(is_taken, failure, data);
	arena_destroy(kept);
}

/* Saying. */

static void send_some(struct mail *mail)
{
	while (mail->unsent.size > 0) {
		size_t taken = http_body_write(mail->outgoing, mail->unsent);

		if (taken == 0)
			return;
		mail->unsent = str_skip(mail->unsent, taken);
	}
}

static void may_send_more(struct http_body *body, void *data)
{
	(void)body;
	send_some(data);
}

static void say(struct mail *mail, struct str line, enum mail_step step)
{
	mail->step = step;
	mail->unsent = STR_CONCAT(mail->arena, line, STR("\r\n"));
	send_some(mail);
}

static void say_coded(struct mail *mail, struct str text, enum mail_step step)
{
	say(mail, base64_encode(mail->arena, text), step);
}

/* Lines that begin with a point get a second one; the end is a point alone. */
static void say_message(struct mail *mail)
{
	struct str rest = mail->options.message, line;
	struct strbuf out;

	strbuf_init(&out, 4 * rest.size + 16);
	while (str_next_field(&rest, '\n', &line)) {
		if (str_has_prefix(line, STR(".")))
			strbuf_append_char(&out, '.');
		strbuf_append(&out, line);
		strbuf_append_char(&out, '\n');
	}
	strbuf_append(&out, STR("."));
	say(mail, strbuf_str(&out), STEP_MESSAGE);
	strbuf_free(&out);
}

static void say_authentication(struct mail *mail)
{
	const struct mail_options *options = &mail->options;

	if (options->user.size == 0) {
		say(mail, STR_CONCAT(mail->arena, STR("MAIL FROM:<"), options->from, STR(">")),
		    STEP_FROM);
		return;
	}
	switch (options->authentication) {
	case MAIL_PLAIN:
		say(mail, STR("AUTH PLAIN"), STEP_AUTH);
		break;
	case MAIL_LOGIN:
		say(mail, STR("AUTH LOGIN"), STEP_AUTH);
		break;
	case MAIL_CRAM_MD5:
		say(mail, STR("AUTH CRAM-MD5"), STEP_AUTH);
		break;
	}
}

static void say_credential(struct mail *mail, struct str challenge)
{
	const struct mail_options *options = &mail->options;
	struct str nul = str_of("", 1), decoded = STR("");

	switch (options->authentication) {
	case MAIL_PLAIN:
		say_coded(mail, STR_CONCAT(mail->arena, nul, options->user, nul, options->password),
			  STEP_CREDENTIAL);
		break;
	case MAIL_LOGIN:
		say_coded(mail, options->user, STEP_USER);
		break;
	case MAIL_CRAM_MD5:
		base64_decode(mail->arena, challenge, &decoded);
		decoded = digest_hmac(mail->arena, DIGEST_MD5, options->password, decoded);
		say_coded(mail,
			  STR_CONCAT(mail->arena, options->user, STR(" "),
				     hex_encode(mail->arena, decoded)),
			  STEP_CREDENTIAL);
		break;
	}
}

/* Hearing. */

/* What the relay must answer to each step for the next. */
static const char wanted_of[] = {
	[STEP_GREETING] = '2', [STEP_EHLO] = '2',       [STEP_AUTH] = '3',
	[STEP_USER] = '3',     [STEP_CREDENTIAL] = '2', [STEP_FROM] = '2',
	[STEP_TO] = '2',       [STEP_DATA] = '3',       [STEP_MESSAGE] = '2',
};

/* False when the mail is over. */
static bool answered(struct mail *mail, struct str line)
{
	const struct mail_options *options = &mail->options;
	struct arena *arena = mail->arena;

	if (line.size < 3 || line.data[0] != wanted_of[mail->step]) {
		mail_end(mail, false,
			 str_format(arena, "the relay answered %.*s",
				    STR_ARG(str_slice(line, 0, 3))));
		return false;
	}
	switch (mail->step) {
	case STEP_GREETING:
		say(mail, STR_CONCAT(arena, STR("EHLO "), options->domain), STEP_EHLO);
		break;
	case STEP_EHLO:
		say_authentication(mail);
		break;
	case STEP_AUTH:
		say_credential(mail, str_skip(line, 4));
		break;
	case STEP_USER:
		say_coded(mail, options->password, STEP_CREDENTIAL);
		break;
	case STEP_CREDENTIAL:
		say(mail, STR_CONCAT(arena, STR("MAIL FROM:<"), options->from, STR(">")),
		    STEP_FROM);
		break;
	case STEP_FROM:
		say(mail, STR_CONCAT(arena, STR("RCPT TO:<"), options->to, STR(">")), STEP_TO);
		break;
	case STEP_TO:
		say(mail, STR("DATA"), STEP_DATA);
		break;
	case STEP_DATA:
		say_message(mail);
		break;
	case STEP_MESSAGE:
		http_body_write(mail->outgoing, STR("QUIT\r\n"));
		mail_end(mail, true, STR(""));
		return false;
	}
	return true;
}

/* "250-SIZE" goes on, "250 OK" is the last line. */
static void hear(struct http_body *body, void *data)
{
	struct mail *mail = data;

	for (;;) {
		struct str bytes = http_body_peek(body), line;
		size_t end = str_find_char(bytes, '\n');

		if (end == STR_NOT_FOUND) {
			if (bytes.size > REPLY_BYTES_MAX || http_body_is_ended(body) ||
			    http_body_is_failed(body))
				mail_end(mail, false, STR("the relay is not there"));
			return;
		}
		line = str_copy(mail->arena, str_slice(bytes, 0, end));
		if (str_has_suffix(line, STR("\r")))
			line.size--;
		http_body_consume(body, end + 1);
		if (line.size > 3 && line.data[3] == '-')
			continue;
		if (!answered(mail, line))
			return;
	}
}

/* Life. */

static void connect_to(struct mail *mail, struct str address)
{
	struct http_body *outgoing =
		http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
	struct http_body *incoming =
		http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);

	mail->outgoing = outgoing;
	mail->incoming = incoming;
	http_body_on_writable(outgoing, may_send_more, mail);
	http_body_on_readable(incoming, hear, mail);
	tcp_connect(&mail->process->world, address, mail->options.port, outgoing, incoming);
}

static void name_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data)
{
	struct mail *mail = data;

	mail->query = NULL;
	if (status == DNS_OK && count > 0)
		connect_to(mail, records[0].address);
	else
		mail_end(mail, false, STR("name not found"));
}

static void timed_out(struct timer *timer)
{
	mail_end(LIST_ENTRY(timer, struct mail, timeout), false, STR("timed out"));
}

static void keep_texts(struct mail *mail)
{
	struct str *const texts[] = {
		&mail->options.host,     &mail->options.domain, &mail->options.user,
		&mail->options.password, &mail->options.from,   &mail->options.to,
		&mail->options.message,
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = str_copy(mail->arena, *texts[i]);
}

static struct mail *port_send(struct world *world, const struct mail_options *options,
			      mail_over *over, void *data)
{
	const struct dns_question question = {.name = options->host};
	struct mail *mail = MEMORY_NEW(struct mail);

	mail->process = process_of(world);
	actor_own(&mail->process->actor, &mail->resource, mail_abandon);
	mail->arena = arena_create();
	mail->options = *options;
	keep_texts(mail);
	mail->over = over;
	mail->data = data;
	timer_start(world, &mail->timeout, options->timeout_ms * 1000, timed_out);
	mail->query = dns_resolve(world, &question, name_answered, mail);
	return mail;
}

static void port_cancel(struct mail *mail)
{
	mail_free(mail);
}

const struct mail_ops sim_mail_ops = {.send = port_send, .cancel = port_cancel};
