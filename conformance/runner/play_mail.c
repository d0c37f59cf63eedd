#include "conformance/runner/play_mail.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/list.h"
#include "conformance/runner/wire.h"
#include "http/body.h"
#include "http/query.h"
#include "world/tcp.h"

#define ADDRESS STR("127.0.0.1")
#define LINE_BYTES_MAX ((size_t)64 * 1024)
#define MAIL_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define TARGET_BYTES_MAX ((size_t)64 * 1024)
#define CHALLENGE STR("<1896.697170952@mail.example.com>")

struct mail_play {
	struct world *world;
	struct wire *wire;
	const struct json *given;
	struct tcp_listener *listener;
	struct list_link sessions;
};

struct session;
typedef void session_line(struct session *session, struct str line);

/* One connection. */
struct session {
	struct list_link link; /* in play->sessions */
	struct mail_play *play;
	struct http_body *incoming; /* consumer's end */
	struct http_body *outgoing; /* producer's end */
	session_line *expects;      /* what the next line is for */
	bool is_over;
	struct str helo, mechanism, user;
	struct str asked_user; /* of LOGIN, before its password */
	struct http_query envelope;
	struct strbuf mail;
};

static void command_came(struct session *session, struct str line);

static struct arena *arena_of(const struct session *session)
{
	return session->play->wire->arena;
}

static void say(struct session *session, const char *text)
{
	http_body_write(session->outgoing,
			STR_CONCAT(arena_of(session), str_from(text), STR("\r\n")));
}

/* Authentication. */

static struct str wanted(const struct session *session, const char *name)
{
	return json_get_str(session->play->given, str_from(name));
}

static void accept_user(struct session *session, const char *mechanism, struct str user,
			bool is_right)
{
	session->expects = command_came;
	if (wanted(session, "user").size > 0 &&
	    (!is_right || !str_equal(user, wanted(session, "user")))) {
		say(session, "535 5.7.8 Authentication credentials invalid");
		return;
	}
	session->mechanism = str_from(mechanism);
	session->user = str_copy(arena_of(session), user);
	say(session, "235 2.7.0 Authentication successful");
}

static struct str decoded(struct session *session, struct str line)
{
	struct str text = STR("");

	base64_decode(arena_of(session), str_trim(line), &text);
	return text;
}

static struct str after_zero(struct str text)
{
	size_t zero = str_find_char(text, '\0');

	return zero == STR_NOT_FOUND ? STR("") : str_skip(text, zero + 1);
}

/* identity, zero, user, zero, password */
static void plain_came(struct session *session, struct str line)
{
	struct str user = after_zero(decoded(session, line)), password = after_zero(user);

	user = str_slice(user, 0, str_find_char(user, '\0'));
	accept_user(session, "plain", user, str_equal(password, wanted(session, "password")));
}

static void login_password_came(struct session *session, struct str line)
{
	accept_user(session, "login", session->asked_user,
		    str_equal(decoded(session, line), wanted(session, "password")));
}

static void login_user_came(struct session *session, struct str line)
{
	session->asked_user = decoded(session, line);
	session->expects = login_password_came;
	say(session, "334 UGFzc3dvcmQ6");
}

/* user, blank, HMAC of the challenge (RFC 2195). */
static void cram_came(struct session *session, struct str line)
{
	struct arena *arena = arena_of(session);
	struct str digest = digest_hmac(arena, DIGEST_MD5, wanted(session, "password"), CHALLENGE);
	struct str user, shown;

	str_split_once(decoded(session, line), ' ', &user, &shown);
	accept_user(session, "cram_md5", user, str_equal(shown, hex_encode(arena, digest)));
}

static const struct mechanism {
	struct str word, given;
	session_line *first; /* with what stands beside the word, or in the next line */
	const char *prompt;
} mechanisms[] = {
	{STR_INIT("PLAIN"), STR_INIT("plain"), plain_came, "334 "},
	{STR_INIT("LOGIN"), STR_INIT("login"), login_user_came, "334 VXNlcm5hbWU6"},
	{STR_INIT("CRAM-MD5"), STR_INIT("cram_md5"), cram_came, NULL},
};
#define MECHANISMS (sizeof mechanisms / sizeof *mechanisms)

static bool is_offered(const struct session *session, const struct mechanism *mechanism)
{
	const struct json *offered = json_get(session->play->given, STR("authentication"));

	JSON_EACH (name, offered) {
		if (str_equal(json_scalar_text(name), mechanism->given))
			return true;
	}
	return offered == NULL;
}

static void authenticate(struct session *session, struct str argument)
{
	struct str word, initial = STR("");

	str_split_once(argument, ' ', &word, &initial);
	for (size_t i = 0; i < MECHANISMS; i++) {
		if (!str_equal_nocase(word, mechanisms[i].word) ||
		    !is_offered(session, &mechanisms[i]))
			continue;
		session->expects = mechanisms[i].first;
		if (initial.size > 0)
			mechanisms[i].first(session, initial);
		else if (mechanisms[i].prompt != NULL)
			say(session, mechanisms[i].prompt);
		else
			say(session,
			    str_cstr(arena_of(session),
				     STR_CONCAT(arena_of(session), STR("334 "),
						base64_encode(arena_of(session), CHALLENGE))));
		return;
	}
	say(session, "504 5.5.4 Unrecognized authentication type");
}

/* Mails. */

static void begin_mail(struct session *session)
{
	http_query_init(&session->envelope, arena_of(session));
	strbuf_clear(&session->mail);
}

static struct str target_of(struct session *session)
{
	struct http_query query;
	struct strbuf out;
	struct str target;

	http_query_init(&query, arena_of(session));
	http_query_add(&query, STR("helo"), session->helo);
	if (session->mechanism.size > 0) {
		http_query_add(&query, STR("auth"), session->mechanism);
		http_query_add(&query, STR("user"), session->user);
	}
	for (size_t i = 0; i < session->envelope.count; i++)
		http_query_add(&query, session->envelope.items[i].name,
			       session->envelope.items[i].value);
	strbuf_init(&out, TARGET_BYTES_MAX);
	strbuf_append(&out, STR("/?"));
	http_query_write(&out, &query);
	target = str_copy(arena_of(session), strbuf_str(&out));
	strbuf_free(&out);
	return target;
}

/* Lines that begin with a blank go on with the one before. */
static struct str read_fields(struct session *session, struct str text, struct http_fields *fields)
{
	struct str line, name = STR(""), value = STR("");

	http_fields_init(fields, arena_of(session));
	while (str_next_field(&text, '\n', &line) && str_trim(line).size > 0) {
		if (line.data[0] == ' ' || line.data[0] == '\t') {
			value = STR_CONCAT(arena_of(session), value, STR(" "), str_trim(line));
			continue;
		}
		if (name.size > 0)
			http_fields_add(fields, name, value);
		str_split_once(line, ':', &name, &value);
		value = str_trim(value);
	}
	if (name.size > 0)
		http_fields_add(fields, name, value);
	return text;
}

static void note_mail(struct session *session)
{
	struct wire *wire = session->play->wire;
	struct http_fields fields, none;
	struct str text = str_copy(wire->arena, strbuf_str(&session->mail));
	struct str body = read_fields(session, text, &fields);
	struct record *record = wire_add(wire, SIDE_MAIL, STR("MAIL"), target_of(session), &fields);

	record->body = body;
	record->is_complete = true;
	http_fields_init(&none, wire->arena);
	wire_add_answer(wire, record, 250, STR("OK"), &none, STR(""));
}

/* A point alone ends it; further points at the beginning of lines are doubled (RFC 5321 4.5.2). */
static void data_came(struct session *session, struct str line)
{
	if (!str_equal(line, STR("."))) {
		if (line.size > 0 && line.data[0] == '.')
			line = str_skip(line, 1);
		strbuf_append(&session->mail, line);
		strbuf_append_char(&session->mail, '\n');
		return;
	}
	note_mail(session);
	begin_mail(session);
	session->expects = command_came;
	say(session, "250 2.0.0 Ok");
}

/* Commands. */

static void greet(struct session *session, struct str argument)
{
	session->helo = str_copy(arena_of(session), argument);
	begin_mail(session);
	say(session, "250 mail.example.com");
}

static void greet_extended(struct session *session, struct str argument)
{
	struct arena *arena = arena_of(session);
	struct str offered = STR("");

	for (size_t i = 0; i < MECHANISMS; i++) {
		if (is_offered(session, &mechanisms[i]))
			offered = STR_CONCAT(arena, offered, STR(" "), mechanisms[i].word);
	}
	session->helo = str_copy(arena, argument);
	begin_mail(session);
	say(session, "250-mail.example.com");
	if (offered.size > 0)
		say(session, str_cstr(arena, STR_CONCAT(arena, STR("250-AUTH"), offered)));
	say(session, "250 8BITMIME");
}

/* "FROM:<a@b> BODY=8BITMIME" */
static struct str address_in(struct str argument)
{
	size_t begin = str_find_char(argument, '<'), end = str_find_char(argument, '>');

	if (begin == STR_NOT_FOUND || end == STR_NOT_FOUND || end < begin)
		return STR("");
	return str_slice(argument, begin + 1, end);
}

static void take_sender(struct session *session, struct str argument)
{
	if (wanted(session, "user").size > 0 && session->user.size == 0) {
		say(session, "530 5.7.0 Authentication required");
		return;
	}
	begin_mail(session);
	http_query_add(&session->envelope, STR("from"),
		       str_copy(arena_of(session), address_in(argument)));
	say(session, "250 2.1.0 Ok");
}

static void take_recipient(struct session *session, struct str argument)
{
	http_query_add(&session->envelope, STR("to"),
		       str_copy(arena_of(session), address_in(argument)));
	say(session, "250 2.1.5 Ok");
}

static void take_data(struct session *session, struct str argument)
{
	(void)argument;
	if (session->envelope.count < 2) {
		say(session, "503 5.5.1 Bad sequence of commands");
		return;
	}
	session->expects = data_came;
	say(session, "354 End data with <CR><LF>.<CR><LF>");
}

static void take_reset(struct session *session, struct str argument)
{
	(void)argument;
	begin_mail(session);
	say(session, "250 2.0.0 Ok");
}

static void do_nothing(struct session *session, struct str argument)
{
	(void)argument;
	say(session, "250 2.0.0 Ok");
}

static void quit(struct session *session, struct str argument)
{
	(void)argument;
	say(session, "221 2.0.0 Bye");
	session->is_over = true;
}

static const struct {
	struct str word;
	session_line *take;
} commands[] = {
	{STR_INIT("HELO"), greet},          {STR_INIT("EHLO"), greet_extended},
	{STR_INIT("AUTH"), authenticate},   {STR_INIT("MAIL"), take_sender},
	{STR_INIT("RCPT"), take_recipient}, {STR_INIT("DATA"), take_data},
	{STR_INIT("RSET"), take_reset},     {STR_INIT("NOOP"), do_nothing},
	{STR_INIT("QUIT"), quit},
};

static void command_came(struct session *session, struct str line)
{
	const struct json *answers = json_get(session->play->given, STR("answers"));
	struct str word, argument = STR("");

	str_split_once(line, ' ', &word, &argument);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const struct json *answer = json_get(answers, commands[i].word);

		if (!str_equal_nocase(word, commands[i].word))
			continue;
		if (answer != NULL)
			say(session, str_cstr(arena_of(session), json_scalar_text(answer)));
		else
			commands[i].take(session, argument);
		return;
	}
	say(session, "502 5.5.2 Command not recognized");
}

/* Connections. */

static void session_free(struct session *session)
{
	http_body_on_readable(session->incoming, NULL, NULL);
	http_body_consumer_release(session->incoming);
	http_body_end(session->outgoing);
	http_body_producer_release(session->outgoing);
	list_remove(&session->link);
	strbuf_free(&session->mail);
	free(session);
}

static void bytes_came(struct http_body *incoming, void *data)
{
	struct session *session = data;

	for (;;) {
		struct str bytes = http_body_peek(incoming), line;
		size_t end = str_find_char(bytes, '\n');

		if (end == STR_NOT_FOUND)
			break;
		line = str_copy(arena_of(session), str_slice(bytes, 0, end));
		http_body_consume(incoming, end + 1);
		if (line.size > 0 && line.data[line.size - 1] == '\r')
			line.size--;
		session->expects(session, line);
		if (session->is_over)
			break;
	}
	if (session->is_over || http_body_is_ended(incoming) || http_body_is_failed(incoming) ||
	    http_body_waiting(incoming) > LINE_BYTES_MAX)
		session_free(session);
}

static void connected(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	struct mail_play *play = data;
	struct session *session = MEMORY_NEW(struct session);

	session->play = play;
	session->incoming = incoming;
	session->outgoing = outgoing;
	session->expects = command_came;
	strbuf_init(&session->mail, MAIL_BYTES_MAX);
	begin_mail(session);
	list_append(&play->sessions, &session->link);
	say(session, "220 mail.example.com ESMTP");
	http_body_on_readable(incoming, bytes_came, session);
}

struct mail_play *mail_play_open(struct world *world, struct wire *wire, const struct json *given,
				 struct error *error)
{
	struct mail_play *play = MEMORY_NEW(struct mail_play);

	play->world = world;
	play->wire = wire;
	play->given = given;
	list_init(&play->sessions);
	play->listener = tcp_listen(world, ADDRESS, 0, connected, play, error);
	if (play->listener != NULL)
		return play;
	free(play);
	return NULL;
}

uint16_t mail_play_port(const struct mail_play *play)
{
	return tcp_listener_port(play->world, play->listener);
}

void mail_play_close(struct mail_play *play)
{
	struct list_link *link;

	if (play == NULL)
		return;
	while ((link = list_first(&play->sessions)) != NULL)
		session_free(LIST_ENTRY(link, struct session, link));
	tcp_listener_close(play->world, play->listener);
	free(play);
}
