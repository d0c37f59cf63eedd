#include "portal/sso_token.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/secret.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

#define KEY_DIGITS 64

/* "USER-EXPIRES-SIGNATURE" */
static struct str sign(struct call *call, struct str key, int64_t user_id, int64_t expires_at_s)
{
	struct str said = str_format(call->arena, "%" PRId64 "-%" PRId64, user_id, expires_at_s);
	struct str signature = digest_hmac(call->arena, DIGEST_SHA256, key, said);

	return STR_CONCAT(call->arena, said, STR("-"), hex_encode(call->arena, signature));
}

struct str sso_token_make(struct call *call, const struct record *user, int64_t expires_at_s)
{
	struct record *settings = settings_of_tenant(call);

	if (value_is_blank(record_get(settings, "sso_key"))) {
		record_set_text(settings, "sso_key", call_random_hex(call, KEY_DIGITS));
		record_save(call->database, settings);
	}
	return sign(call, record_text(settings, "sso_key"), record_id(user), expires_at_s);
}

struct record *sso_token_user(struct call *call, struct str token)
{
	struct str key = record_text(settings_of_tenant(call), "sso_key");
	struct str user, expires, rest;
	int64_t user_id, expires_at_s;

	str_split_once(token, '-', &user, &rest);
	str_split_once(rest, '-', &expires, &rest);
	if (key.size == 0 || !str_to_int64(user, &user_id) ||
	    !str_to_int64(expires, &expires_at_s) ||
	    !secret_equal(sign(call, key, user_id, expires_at_s), token) ||
	    expires_at_s <= database_now_us(call->database) / UTC_SECOND_US)
		return NULL;
	return record_first(
		call->database, &users_table,
		"id = ?1 AND account_id IN (SELECT id FROM accounts WHERE id = ?2 OR "
		"provider_account_id = ?2)",
		DATABASE_ARGUMENTS(value_int(user_id), value_int(call_tenant_id(call))));
}

struct record *sso_impersonation_user(struct call *call, const struct record *account)
{
	return record_first(call->database, &users_table,
			    "account_id = ?1 AND signup_type = 'impersonation' ORDER BY id LIMIT 1",
			    DATABASE_ARGUMENTS(value_int(record_id(account))));
}
