/* Addresses that let a person in without a password: spec/portal.md 3.11. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "base/utc.h"
#include "base/xml.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/sso_token.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define EXPIRES_IN_DEFAULT_S 600
#define EXPIRES_IN_MIN_S 31
#define EXPIRES_IN_MAX_S 86400

const struct resource sso_token_resource = {.wrapper = "sso_token"};

/* What was asked for. */
struct order {
	const struct json *attributes;
	int64_t expires_in_s;
	struct str protocol;
};

static bool read_order(struct call *call, struct order *order)
{
	struct validation validation;
	struct str expires_in;

	*order = (struct order){.attributes = resource_attributes(call, sso_token_resource.wrapper),
				.expires_in_s = EXPIRES_IN_DEFAULT_S};
	if (order->attributes == NULL)
		return false;
	validation_init(&validation, call->arena);
	expires_in = json_scalar_text(json_get(order->attributes, STR("expires_in")));
	order->protocol = json_scalar_text(json_get(order->attributes, STR("protocol")));
	if (expires_in.size > 0 && !str_to_int64(expires_in, &order->expires_in_s))
		validation_add(&validation, "expires_in", STR("is not a number"));
	else if (order->expires_in_s < EXPIRES_IN_MIN_S)
		validation_add(&validation, "expires_in", STR("must be greater than 30"));
	else if (order->expires_in_s > EXPIRES_IN_MAX_S)
		validation_add(&validation, "expires_in",
			       STR("must be less than or equal to 86400"));
	if (order->protocol.size == 0)
		order->protocol = STR("https");
	else if (!str_equal(order->protocol, STR("https")) &&
		 !str_equal(order->protocol, STR("http")))
		validation_add(&validation, "protocol", STR("is not included in the list"));
	if (validation_is_clean(&validation))
		return true;
	reply_invalid(call, 422, &validation);
	return false;
}

static void reply_token(struct call *call, struct str url, struct str token)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	if (call->format == FORMAT_XML) {
		xml_declaration(&out);
		xml_open(&out, STR("sso_token"));
		xml_element(&out, STR("sso_url"), url);
		xml_element(&out, STR("token"), token);
		xml_close(&out, STR("sso_token"));
	} else {
		strbuf_append(&out, STR("{\"sso_token\":{\"sso_url\":"));
		json_write_str(&out, url);
		strbuf_append(&out, STR(",\"token\":"));
		json_write_str(&out, token);
		strbuf_append(&out, STR("}}"));
	}
	reply_document(call, 201, &out);
}

/* `path`: of the page that lets in. Whoever it lets in may write, so a read-only token makes none,
 * whether or not a row is written for it (spec/portal.md 2.3). */
static void make_token(struct call *call, const struct order *order, const struct record *user,
		       struct str host, const char *path)
{
	int64_t expires_at_s =
		database_now_us(call->database) / UTC_SECOND_US + order->expires_in_s;
	struct str token = sso_token_make(call, user, expires_at_s);
	struct str redirect = json_scalar_text(json_get(order->attributes, STR("redirect_url")));
	struct str url = str_format(call->arena, "%.*s://%.*s%s?token=%.*s&expires_at=%" PRId64,
				    STR_ARG(order->protocol), STR_ARG(host), path, STR_ARG(token),
				    expires_at_s);
	char time[32];

	if (call->identity.is_read_only) {
		reply_permission_error(call);
		return;
	}
	if (redirect.size > 0)
		url = STR_CONCAT(call->arena, url, STR("&redirect_url="),
				 url_encoded(call->arena, redirect));
	reply_field(call, "Expires",
		    str_copy(call->arena, utc_format_http(time, expires_at_s * UTC_SECOND_US)));
	reply_token(call, url, token);
}

/* Of the tenant's developers. */
static struct record *user_of_order(struct call *call, const struct order *order)
{
	struct str id = json_scalar_text(json_get(order->attributes, STR("user_id")));
	struct str name = json_scalar_text(json_get(order->attributes, STR("username")));
	int64_t number = 0;

	if (id.size > 0 && !str_to_int64(id, &number))
		return NULL;
	return record_first(call->database, &users_table,
			    "((?1 <> 0 AND id = ?1) OR (?1 = 0 AND username = ?2)) AND account_id "
			    "IN (SELECT id FROM accounts WHERE provider_account_id = ?3) ORDER BY "
			    "id LIMIT 1",
			    DATABASE_ARGUMENTS(value_int(number), value_text(name),
					       value_int(call_tenant_id(call))));
}

void sso_token_create(struct call *call)
{
	struct order order;
	struct record *user;

	if (!read_order(call, &order))
		return;
	user = user_of_order(call, &order);
	if (user == NULL)
		reply_not_found(call);
	else
		make_token(call, &order, user, record_text(call->tenant, "domain"),
			   "/session/create");
}

/* Master enters a tenant; the token is signed with the tenant's key. */
void sso_token_create_for_tenant(struct call *call)
{
	struct record *tenant = NULL, *user = NULL, *master = call->tenant;
	struct order order;
	struct str id;
	int64_t number;

	if (!read_order(call, &order))
		return;
	id = json_scalar_text(json_get(order.attributes, STR("provider_id")));
	if (id.size == 0) {
		reply_missing_parameter(call, "provider_id");
		return;
	}
	if (str_to_int64(id, &number))
		tenant = record_first(
			call->database, &accounts_table, "id = ?1 AND provider_account_id = ?2",
			DATABASE_ARGUMENTS(value_int(number), value_int(call_tenant_id(call))));
	if (tenant != NULL)
		user = sso_impersonation_user(call, tenant);
	if (user == NULL) {
		reply_not_found(call);
		return;
	}
	call->tenant = tenant;
	make_token(call, &order, user, record_text(tenant, "self_domain"), "/p/sso");
	call->tenant = master;
}
