#include "portal/mailer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/utc.h"
#include "portal/database.h"
#include "portal/mail_body.h"
#include "portal/mail_field.h"
#include "portal/outbox_lease.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/log.h"
#include "world/mail.h"

#define TIMEOUT_MS 30000
#define TRIES_MAX 25
#define LOOK_US (60 * UTC_SECOND_US)

struct mailer {
	struct world *world;
	struct database *database;
	const struct settings *settings;
	struct timer timer;
	bool has_looked; /* and found nothing due, since it was woken */
	struct outbox_lease lease;
	struct timer rest; /* after a failure of the database */
	int64_t taken;     /* number of a row whose mail the relay has, though it is still there */

	/* The mail under way. */
	struct arena *arena; /* NULL: none */
	struct record *row;
	struct mail *mail;
};

static void mailer_turn(struct timer *timer);

void mailer_add(struct database *database, const struct letter *letter)
{
	struct record *row = record_new(database_arena(database), &mails_table);

	record_set(row, "tenant_id", letter->tenant_id);
	record_set_text(row, "recipient", letter->to);
	record_set_text(row, "subject", letter->subject);
	record_set_text(row, "body", letter->text);
	record_set(row, "run_at", value_time(database_now_us(database)));
	record_save(database, row);
}

/* The message. */

static bool is_address(struct str text)
{
	size_t at = str_find_char(text, '@');

	if (at == STR_NOT_FOUND || at == 0 || at + 1 == text.size)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.data[i] <= ' ' || text.data[i] == '<' ||
		    text.data[i] == '>' || text.data[i] == 0x7f)
			return false;
	}
	return true;
}

/* "Tue, 04 Jun 2019 11:06:15 +0000" */
static struct str date_text(struct arena *arena, int64_t now_us)
{
	char out[32];
	struct str date = utc_format_http(out, now_us);

	return STR_CONCAT(arena, str_slice(date, 0, date.size - 3), STR("+0000"));
}

static struct str message_of(struct mailer *mailer, struct str from, struct str to)
{
	struct arena *arena = mailer->arena;
	const struct record *row = mailer->row;
	struct mail_body body = mail_body_of(arena, record_text(row, "body"));

	return STR_CONCAT(
		arena, STR("From: "), from, STR("\r\nTo: "), to, STR("\r\nSubject: "),
		mail_field_text(arena, STR("Subject"), record_text(row, "subject")),
		STR("\r\nDate: "), date_text(arena, database_now_us(mailer->database)),
		STR("\r\nMessage-ID: <"),
		str_format(arena, "%" PRId64 ".%016" PRIx64, record_id(row),
			   world_chance(mailer->world)),
		STR("@"), mailer->settings->superdomain,
		STR(">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
		    "Content-Transfer-Encoding: "),
		body.encoding, STR("\r\n\r\n"), body.text);
}

/* The end of a mail. */

static void mailer_release(struct mailer *mailer)
{
	mail_cancel(mailer->world, mailer->mail);
	mailer->mail = NULL;
	arena_destroy(mailer->arena);
	mailer->arena = NULL;
	mailer->row = NULL;
}

static void mailer_rested(struct timer *timer)
{
	mailer_wake(LIST_ENTRY(timer, struct mailer, rest));
}

/* What becomes of the row. While that cannot be stored nothing is sent: it would be the same mail
 * again and again. */
static void mailer_end(struct mailer *mailer, struct str sql, const struct value *arguments,
		       size_t count)
{
	struct database *database = mailer->database;
	bool is_stored;

	database_begin(database, mailer->arena, true);
	database_run(database, sql, arguments, count);
	is_stored = database_commit(database, NULL);
	mailer_release(mailer);
	mailer->has_looked = !is_stored;
	if (is_stored) {
		mailer_wake(mailer);
		return;
	}
	outbox_lease_let_go(&mailer->lease);
	timer_start(mailer->world, &mailer->rest, LOOK_US, mailer_rested);
}

static void mailer_forget(struct mailer *mailer)
{
	mailer->taken = record_id(mailer->row);
	mailer_end(mailer, STR("DELETE FROM mails WHERE id = ?1"),
		   DATABASE_ARGUMENTS(value_int(mailer->taken)));
}

static void mailer_drop(struct mailer *mailer, const char *why)
{
	log_format(mailer->world, LOG_STDOUT, "mail %" PRId64 " dropped: %s",
		   record_id(mailer->row), why);
	mailer_forget(mailer);
}

static int64_t retry_us(struct mailer *mailer, int64_t n)
{
	int64_t chance = (int64_t)(world_chance(mailer->world) % 30);

	return (n * n * n * n + 15 + chance * (n + 1)) * UTC_SECOND_US;
}

static void mailer_failed(struct mailer *mailer, struct str why)
{
	int64_t tries = record_int(mailer->row, "tries");
	int64_t again_us = database_now_us(mailer->database) + retry_us(mailer, tries);

	log_format(mailer->world, LOG_STDERR, "mail %" PRId64 " failed: %.*s",
		   record_id(mailer->row), STR_ARG(why));
	if (tries >= TRIES_MAX) {
		mailer_drop(mailer, "tried often enough");
		return;
	}
	mailer_end(mailer, STR("UPDATE mails SET tries = ?2, run_at = ?3 WHERE id = ?1"),
		   DATABASE_ARGUMENTS(value_int(record_id(mailer->row)), value_int(tries + 1),
				      value_time(again_us)));
}

static void mailer_over(bool is_taken, struct str failure, void *data)
{
	struct mailer *mailer = data;

	mailer->mail = NULL;
	if (is_taken)
		mailer_forget(mailer);
	else
		mailer_failed(mailer, failure);
}

/* One mail. */

static void mailer_send(struct mailer *mailer, struct str from)
{
	const struct smtp_settings *smtp = &mailer->settings->smtp;
	struct str to = record_text(mailer->row, "recipient");
	struct mail_options options = {
		.host = smtp->address,
		.port = smtp->port,
		.domain = smtp->domain,
		.user = smtp->user,
		.password = smtp->password,
		.authentication = smtp->authentication,
		.starttls = smtp->starttls,
		.verify_peer = smtp->verify_peer,
		.timeout_ms = TIMEOUT_MS,
	};

	if (smtp->sanitizer_to.size > 0)
		to = smtp->sanitizer_to;
	if (smtp->address.size == 0) {
		mailer_drop(mailer, "SMTP_ADDRESS is not set");
		return;
	}
	if (!is_address(to) || !is_address(from)) {
		mailer_drop(mailer, "an address is none");
		return;
	}
	options.from = from;
	options.to = to;
	options.message = message_of(mailer, from, to);
	mailer->mail = mail_send(mailer->world, &options, mailer_over, mailer);
}

/* False when none is due. */
static bool find_mail(struct mailer *mailer, struct str *from)
{
	struct database *database = mailer->database;

	mailer->arena = arena_create();
	database_begin(database, mailer->arena, false);
	mailer->row = record_first(database, &mails_table, "run_at <= ?1 ORDER BY id LIMIT 1",
				   DATABASE_ARGUMENTS(value_time(database_now_us(database))));
	if (mailer->row != NULL && !database_has_failed(database))
		*from = database_text(database,
				      STR("SELECT from_email FROM accounts WHERE id = ?1"),
				      DATABASE_ARGUMENTS(record_get(mailer->row, "tenant_id")));
	if (database_has_failed(database))
		mailer->row = NULL;
	database_rollback(database);
	if (mailer->row == NULL) {
		mailer_release(mailer);
		return false;
	}
	if (from->size == 0)
		*from = mailer->settings->noreply_email;
	return true;
}

static int64_t next_look_us(struct mailer *mailer)
{
	struct database *database = mailer->database;
	struct arena *arena = arena_create();
	struct record *next;
	int64_t wait_us = LOOK_US;

	database_begin(database, arena, false);
	next = record_first(database, &mails_table, "id > 0 ORDER BY run_at, id LIMIT 1", NULL, 0);
	if (next != NULL && !database_has_failed(database))
		wait_us = record_get(next, "run_at").number - database_now_us(database);
	database_rollback(database);
	arena_destroy(arena);
	return wait_us < LOOK_US ? wait_us : LOOK_US;
}

static void mailer_deliver(struct mailer *mailer, struct str from)
{
	if (record_id(mailer->row) == mailer->taken)
		mailer_forget(mailer);
	else
		mailer_send(mailer, from);
}

static void mailer_turn(struct timer *timer)
{
	struct mailer *mailer = LIST_ENTRY(timer, struct mailer, timer);
	struct str from = STR("");
	enum outbox_hold hold;

	if (mailer->arena != NULL)
		return;
	mailer->has_looked = !find_mail(mailer, &from);
	if (mailer->has_looked) {
		outbox_lease_rest(&mailer->lease);
		timer_start(mailer->world, timer, next_look_us(mailer), mailer_turn);
		return;
	}
	hold = outbox_lease_take(&mailer->lease);
	if (hold == OUTBOX_HELD) {
		mailer_deliver(mailer, from);
		return;
	}
	mailer_release(mailer);
	timer_start(mailer->world, timer, hold == OUTBOX_TAKEN ? 0 : OUTBOX_LOOK_US, mailer_turn);
}

/* Life. */

struct mailer *mailer_create(struct world *world, struct database *database,
			     const struct settings *settings)
{
	struct mailer *mailer = MEMORY_NEW(struct mailer);

	mailer->world = world;
	mailer->database = database;
	mailer->settings = settings;
	outbox_lease_init(&mailer->lease, world, database, "mails");
	return mailer;
}

void mailer_destroy(struct mailer *mailer)
{
	if (mailer == NULL)
		return;
	timer_stop(&mailer->timer);
	timer_stop(&mailer->rest);
	outbox_lease_stop(&mailer->lease);
	mailer_release(mailer);
	free(mailer);
}

void mailer_let_go(struct mailer *mailer)
{
	outbox_lease_let_go(&mailer->lease);
}

void mailer_wake(struct mailer *mailer)
{
	if (timer_is_running(&mailer->rest))
		return;
	mailer->has_looked = false;
	timer_start(mailer->world, &mailer->timer, 0, mailer_turn);
}

bool mailer_is_idle(const struct mailer *mailer)
{
	return mailer->has_looked && mailer->arena == NULL;
}
