#include "portal/pages/session.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/jose.h"
#include "base/json.h"
#include "base/secret.h"
#include "http/message.h"
#include "portal/authentication.h"
#include "portal/database.h"
#include "portal/pages/visit.h"
#include "portal/record.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"

#define COOKIE_BYTES_MAX 4096
#define KEY_DIGITS 64
#define TWO_WEEKS_US (INT64_C(14) * 24 * 3600 * 1000000)
/* A session's use is noted once a minute, not at every page. */
#define NOTED_EVERY_US INT64_C(60000000)

struct str session_sign(struct call *call, struct str text)
{
	return jose_base64url(call->arena, digest_hmac(call->arena, DIGEST_SHA256,
						       call->settings->secret_key_base, text));
}

/* VALUE--SIGNATURE. */
static struct str signed_value(struct call *call, struct str value)
{
	return STR_CONCAT(call->arena, value, STR("--"), session_sign(call, value));
}

/* Empty unless the signature is ours. */
static struct str verified_value(struct call *call, struct str cookie)
{
	size_t at = str_find(cookie, STR("--"));

	if (cookie.size > COOKIE_BYTES_MAX || at == STR_NOT_FOUND ||
	    !secret_equal(str_skip(cookie, at + 2), session_sign(call, str_slice(cookie, 0, at))))
		return STR("");
	return str_slice(cookie, 0, at);
}

struct str session_cookie(const struct visit *visit, const char *name)
{
	const struct http_fields *fields = &visit->request->fields;

	for (size_t i = 0; i < fields->count; i++) {
		struct str rest = fields->items[i].value, pair, key, value;

		if (!str_equal_nocase(fields->items[i].name, STR("Cookie")))
			continue;
		while (str_next_field(&rest, ';', &pair)) {
			str_split_once(str_trim(pair), '=', &key, &value);
			if (str_equal(key, str_from(name)))
				return value;
		}
	}
	return STR("");
}

static void browser_read(struct visit *visit)
{
	struct call *call = visit->call;
	struct browser *browser = &visit->browser;
	struct str text = verified_value(call, session_cookie(visit, "_system_session")), decoded;
	const struct json *kept = NULL;

	if (text.size > 0 && jose_base64url_decode(call->arena, text, &decoded))
		kept = json_parse(call->arena, decoded, COOKIE_BYTES_MAX, NULL);
	browser->authenticity_token = json_get_str(kept, STR("token"));
	browser->flash_kind = json_get_str(kept, STR("kind"));
	browser->flash_text = json_get_str(kept, STR("text"));
	browser->wanted = json_get_str(kept, STR("wanted"));
	if (browser->authenticity_token.size == 0)
		browser->authenticity_token = call_random_hex(call, KEY_DIGITS);
}

bool session_user_may_log_in(struct call *call, const struct record *user)
{
	struct str state = record_text(user, "state");
	struct record *account =
		record_by_id(call->database, &accounts_table, record_int(user, "account_id"));

	return (str_equal(state, STR("active")) || str_equal(state, STR("email_unverified"))) &&
	       (!record_bool(account, "buyer") ||
		str_equal(record_text(account, "state"), STR("approved")));
}

/* Tenant A's cookie is nothing on tenant B's host: the users of this face only. */
#define USERS_OF_FACE                                                                              \
	"(account_id = ?2 AND ?3 = 0 OR ?3 = 1 AND account_id IN "                                 \
	"(SELECT id FROM accounts WHERE provider_account_id = ?2 AND buyer = 1))"

void session_read(struct visit *visit)
{
	struct call *call = visit->call;
	struct str key = verified_value(call, session_cookie(visit, "user_session"));
	int64_t now_us = database_now_us(call->database);
	struct record *row, *user;

	browser_read(visit);
	if (key.size == 0)
		return;
	row = record_first(call->database, &user_sessions_table,
			   "\"key\" = ?1 AND revoked_at IS NULL AND accessed_at > ?2",
			   DATABASE_ARGUMENTS(value_text(key), value_time(now_us - TWO_WEEKS_US)));
	if (row == NULL)
		return;
	user = record_first(call->database, &users_table, "id = ?1 AND " USERS_OF_FACE,
			    DATABASE_ARGUMENTS(record_get(row, "user_id"),
					       value_int(call_tenant_id(call)),
					       value_int(visit->face == FACE_DEVELOPER)));
	if (user == NULL || !session_user_may_log_in(call, user))
		return;
	if (record_get(row, "accessed_at").number + NOTED_EVERY_US <= now_us) {
		record_set(row, "accessed_at", value_time(now_us));
		record_save(call->database, row);
	}
	visit->session = row;
	visit->user = user;
	authentication_use_session(call, user);
}

bool session_form_is_ours(const struct visit *visit)
{
	return secret_equal(call_parameter(visit->call, "authenticity_token"),
			    visit->browser.authenticity_token);
}

static struct str browser_text(struct visit *visit)
{
	struct browser *browser = &visit->browser;
	struct arena *arena = visit->call->arena;
	struct json *kept = json_new(arena, JSON_OBJECT);

	json_set(kept, STR("token"), json_new_str(arena, browser->authenticity_token));
	if (browser->next_text.size > 0) {
		json_set(kept, STR("kind"), json_new_str(arena, browser->next_kind));
		json_set(kept, STR("text"), json_new_str(arena, browser->next_text));
	}
	if (browser->wanted.size > 0)
		json_set(kept, STR("wanted"), json_new_str(arena, browser->wanted));
	return jose_base64url(arena, json_print(arena, kept));
}

static void set_cookie(struct visit *visit, const char *name, struct str value, const char *rest)
{
	struct call *call = visit->call;

	http_fields_add(&call->fields, STR("Set-Cookie"),
			STR_CONCAT(call->arena, str_from(name), STR("="), value,
				   STR("; Path=/; HttpOnly"), str_from(rest),
				   visit->is_secure ? STR("; Secure") : STR("")));
}

void session_set_cookie(struct visit *visit, const char *name, struct str value)
{
	set_cookie(visit, name, value, "");
}

void session_write(struct visit *visit)
{
	struct call *call = visit->call;

	set_cookie(visit, "_system_session", signed_value(call, browser_text(visit)), "");
	if (visit->ends_session)
		set_cookie(visit, "user_session", STR(""), "; Max-Age=0");
	else if (visit->new_session.size > 0)
		set_cookie(visit, "user_session", signed_value(call, visit->new_session), "");
}

struct record *session_user_for(struct visit *visit, struct str login, struct str password)
{
	struct call *call = visit->call;
	struct record *user = record_first(
		call->database, &users_table, "(username = ?1 OR email = ?1) AND " USERS_OF_FACE,
		DATABASE_ARGUMENTS(value_text(login), value_int(call_tenant_id(call)),
				   value_int(visit->face == FACE_DEVELOPER)));

	return user_password_fits(call, user, password) && session_user_may_log_in(call, user)
		       ? user
		       : NULL;
}

/* No change of the user: nobody is told of it. */
static void note_login(struct call *call, const struct record *user)
{
	database_run(call->database,
		     STR("UPDATE users SET last_login_at = ?2, last_login_ip = ?3 WHERE id = ?1"),
		     DATABASE_ARGUMENTS(value_int(record_id(user)),
					value_time(database_now_us(call->database)),
					value_text(call->remote_address)));
}

void session_begin(struct visit *visit, struct record *user)
{
	struct call *call = visit->call;
	struct record *row = call_new_record(call, &user_sessions_table);
	struct str agent = http_fields_get(&visit->request->fields, STR("User-Agent"));

	visit->new_session = call_random_hex(call, KEY_DIGITS);
	record_set_int(row, "user_id", record_id(user));
	record_set_text(row, "key", visit->new_session);
	record_set_text(row, "user_agent",
			str_slice(agent, 0, agent.size < 255 ? agent.size : 255));
	record_set(row, "accessed_at", value_time(database_now_us(call->database)));
	record_save(call->database, row);
	note_login(call, user);
	/* Nobody who knew the old one may speak for the user. */
	visit->browser.authenticity_token = call_random_hex(call, KEY_DIGITS);
	visit->session = row;
	visit->user = user;
}

void session_end(struct visit *visit)
{
	struct call *call = visit->call;

	if (visit->session == NULL)
		return;
	record_set(visit->session, "revoked_at", value_time(database_now_us(call->database)));
	record_save(call->database, visit->session);
	visit->session = NULL;
	visit->user = NULL;
	visit->ends_session = true;
}
