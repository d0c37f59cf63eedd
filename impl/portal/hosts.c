#include "portal/hosts.h"

#include "base/arena.h"
#include "base/secret.h"
#include "base/url.h"
#include "http/message.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/reply.h"
#include "portal/settings.h"
#include "portal/tables.h"

/* Names within the cluster, where nobody ends TLS. */
static const struct str cluster_names[] = {
	STR_INIT("system-master"),
	STR_INIT("system-provider"),
	STR_INIT("system-developer"),
};

void hosts_read(struct call *call, const struct http_request *request)
{
	struct str host = http_fields_get(&request->fields, STR("X-Forwarded-Host")), rest;
	size_t colon;

	if (host.size == 0)
		host = http_fields_get(&request->fields, STR("Host"));
	str_split_once(host, ',', &host, &rest);
	host = str_lower(call->arena, str_trim(host));
	colon = str_find_last_char(host, ':');
	if (colon != STR_NOT_FOUND && str_find_char(str_skip(host, colon), ']') == STR_NOT_FOUND)
		host = str_slice(host, 0, colon);
	call->host = host;
	call->zync_token = http_fields_get(&request->fields, STR("X-Zync-Token"));
}

static bool host_is(const struct call *call, const char *name)
{
	return str_equal(call->host, str_from(name));
}

/* Not a name that begins like an address. */
static bool is_loopback_address(struct str host)
{
	for (size_t i = 0; i < host.size; i++) {
		if (host.data[i] != '.' && (host.data[i] < '0' || host.data[i] > '9'))
			return false;
	}
	return str_has_prefix(host, STR("127."));
}

static bool host_is_loopback(const struct call *call)
{
	return host_is(call, "localhost") || is_loopback_address(call->host) ||
	       host_is(call, "[::1]");
}

static bool path_is_masters(const struct call *call)
{
	return str_has_prefix(call->path, STR("/master/")) || str_equal(call->path, STR("/status"));
}

static struct record *master_account(struct call *call)
{
	return record_first(call->database, &accounts_table, "master = 1 ORDER BY id LIMIT 1", NULL,
			    0);
}

static struct record *first_tenant(struct call *call)
{
	return record_first(call->database, &accounts_table, "provider = 1 ORDER BY id LIMIT 1",
			    NULL, 0);
}

static enum face face_of_name(struct call *call, struct str host, struct record **account)
{
	*account = record_first(call->database, &accounts_table,
				"self_domain = ?1 AND (provider = 1 OR master = 1)",
				DATABASE_ARGUMENTS(value_text(host)));
	if (*account != NULL)
		return record_bool(*account, "master") ? FACE_MASTER : FACE_ADMIN;
	*account = record_first(call->database, &accounts_table, "domain = ?1 AND provider = 1",
				DATABASE_ARGUMENTS(value_text(host)));
	return *account != NULL ? FACE_DEVELOPER : FACE_NONE;
}

static enum face face_of_host(struct call *call, struct record **account)
{
	bool is_local = host_is_loopback(call) || host_is(call, "system-provider");

	if (call->settings->tenant_mode == TENANT_MODE_MASTER || host_is(call, "system-master") ||
	    (is_local && path_is_masters(call))) {
		*account = master_account(call);
		return *account != NULL ? FACE_MASTER : FACE_NONE;
	}
	if (!is_local && !host_is(call, "system-developer"))
		return face_of_name(call, call->host, account);
	*account = first_tenant(call);
	if (*account == NULL)
		return FACE_NONE;
	return is_local ? FACE_ADMIN : FACE_DEVELOPER;
}

/* Zync still asks for tenants that go, to take their routes away. */
static bool is_zync(const struct call *call)
{
	struct str token = call->settings->zync_token;

	return token.size > 0 && secret_equal(token, call->zync_token);
}

static bool is_going(enum face face, const struct record *account)
{
	return face != FACE_NONE &&
	       str_equal(record_text(account, "state"), STR("scheduled_for_deletion"));
}

enum face hosts_face(struct call *call, struct record **account)
{
	enum face face = face_of_host(call, account);

	return is_going(face, *account) && !is_zync(call) ? FACE_GONE : face;
}

enum face hosts_face_of_name(struct call *call, struct str host)
{
	struct record *account;
	enum face face = face_of_name(call, host, &account);

	return is_going(face, account) ? FACE_GONE : face;
}

bool hosts_redirect(struct call *call, const struct http_request *request)
{
	struct str scheme = http_fields_get(&request->fields, STR("X-Forwarded-Proto"));
	struct str path, query;

	if (!call->settings->force_ssl || str_equal_nocase(scheme, STR("https")))
		return false;
	for (size_t i = 0; i < sizeof cluster_names / sizeof *cluster_names; i++) {
		if (str_equal(call->host, cluster_names[i]))
			return false;
	}
	url_split_target(request->target, &path, &query);
	reply_empty(call, 301);
	reply_field(call, "Location",
		    STR_CONCAT(call->arena, STR("https://"), call->host, path,
			       query.size > 0 ? STR("?") : STR(""), query));
	return true;
}
