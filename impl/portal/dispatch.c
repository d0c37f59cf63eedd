#include "portal/dispatch.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/url.h"
#include "http/message.h"
#include "portal/authentication.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/hosts.h"
#include "portal/pages/pages.h"
#include "portal/parameters.h"
#include "portal/probes.h"
#include "portal/record.h"
#include "portal/release.h"
#include "portal/reply.h"
#include "portal/routes.h"
#include "portal/settings.h"
#include "portal/webhook_events.h"

#define REQUEST_ID_BYTES_MAX 255

static enum format format_of(struct str name)
{
	if (str_equal(name, STR("json")))
		return FORMAT_JSON;
	return str_equal(name, STR("xml")) ? FORMAT_XML : FORMAT_OTHER;
}

/* What follows the last point of the last segment; empty when there is none. */
static struct str suffix_of(struct str path)
{
	size_t slash = str_find_last_char(path, '/'), point = str_find_last_char(path, '.');

	if (point == STR_NOT_FOUND || (slash != STR_NOT_FOUND && point < slash))
		return STR("");
	return str_skip(path, point + 1);
}

static bool route_is_offered(const struct route *route, const struct release *release)
{
	return (route->flags & ROUTE_LATER) == 0 || release->has_later_routes;
}

static bool route_takes_method(const struct route *route, struct str method)
{
	struct str rest = str_from(route->methods), taken;

	if (str_equal(method, STR("HEAD")))
		method = STR("GET");
	while (str_next_field(&rest, ' ', &taken)) {
		if (str_equal(taken, method))
			return true;
	}
	return false;
}

/* The path without its suffix, unless the suffix is part of the route's last word. */
static struct str candidate_of(const struct route *route, struct str path, struct str suffix)
{
	bool keeps = (route->flags & ROUTE_DOTS) != 0 && format_of(suffix) == FORMAT_OTHER;

	return suffix.size > 0 && !keeps ? str_slice(path, 0, path.size - suffix.size - 1) : path;
}

static const struct route *find_in_table(struct call *call, const struct route_table *table,
					 struct str path, struct str suffix)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct route *route = &table->rows[i];

		if (route_is_offered(route, call->settings->release) &&
		    route_takes_method(route, call->method) &&
		    http_route_match(route->path, candidate_of(route, path, suffix), call->arena,
				     &call->path_parameters))
			return route;
	}
	return NULL;
}

static bool find_route(struct call *call, struct str path)
{
	struct str suffix = suffix_of(path);

	for (size_t i = 0; i < portal_route_tables_count && call->route == NULL; i++)
		call->route = find_in_table(call, portal_route_tables[i], path, suffix);
	if (call->route != NULL) {
		call->path = candidate_of(call->route, path, suffix);
		call->format_is_written = call->path.size < path.size;
	}
	call->format_name = suffix;
	if (suffix.size > 0 && (call->route == NULL || call->format_is_written))
		call->format = format_of(suffix);
	else if (call->route != NULL && (call->route->flags & ROUTE_JSON_DEFAULT) != 0)
		call->format = FORMAT_JSON;
	else
		call->format = FORMAT_XML;
	return call->route != NULL;
}

static bool format_is_served(struct call *call)
{
	bool json_only = (call->route->flags & ROUTE_JSON_ONLY) != 0;
	bool csv_too = (call->route->flags & ROUTE_CSV) != 0;

	if (call->format == FORMAT_JSON || (call->format == FORMAT_XML && !json_only) ||
	    (csv_too && str_equal(call->format_name, STR("csv"))))
		return true;
	reply_error(call, 406,
		    STR_CONCAT(call->arena, STR("The server does not understand \""),
			       call->format_is_written ? call->format_name : STR("xml"),
			       STR("\" request.")));
	return false;
}

/* Audits say who it was, and by which request. */
void dispatch_sign_changes(struct call *call, const struct http_request *request)
{
	struct author *author = ARENA_NEW(call->arena, struct author);
	struct str id = http_fields_get(&request->fields, STR("X-Request-Id"));

	author->user_id = value_null();
	if (call->identity.user != NULL) {
		author->user_id = value_int(record_id(call->identity.user));
		author->username = record_text(call->identity.user, "username");
	}
	author->remote_address = call->remote_address;
	author->request_id = id.size > 0 ? str_slice(id, 0, REQUEST_ID_BYTES_MAX)
					 : events_new_id(call->database);
	database_set_author(call->database, author);
}

static void serve(struct call *call, const struct http_request *request)
{
	bool is_open = (call->route->flags & ROUTE_OPEN) != 0;

	if (!authentication_find_tenant(call) ||
	    (!is_open && !authentication_admit(
				 call, http_fields_get(&request->fields, STR("Authorization")))) ||
	    !format_is_served(call) || !authentication_guard(call) || !routes_look_up(call))
		return;
	if (!call_only_reads(call))
		dispatch_sign_changes(call, request);
	call->route->handle(call);
}

/* A refused change leaves nothing behind; so does one that a read-only token asked for. */
static bool end_transaction(struct call *call)
{
	struct error error = {0};
	bool wrote = database_has_written(call->database);

	if (!database_has_failed(call->database) && call->answer.status < 400 && wrote &&
	    call->identity.is_read_only)
		reply_permission_error(call);
	if (call->answer.status < 400)
		webhook_events_store(call);
	if (!database_has_failed(call->database) && call->answer.status >= 400) {
		database_rollback(call->database);
		return false;
	}
	if (database_commit(call->database, &error))
		return wrote;
	if (error.kind == ERROR_CONFLICT)
		reply_empty(call, 409);
	else
		reply_status(call, 500, STR("Internal server error"));
	return false;
}

/* The type of a body that parameters are to be read from. */
static struct str type_of_parameters(const struct call *call, const struct http_request *request,
				     bool is_page)
{
	if (is_page && pages_path_has(call, call->path, PAGE_ANY_BODY))
		return STR("");
	return http_fields_get(&request->fields, STR("Content-Type"));
}

bool dispatch(struct call *call, const struct http_request *request, struct str body)
{
	struct str path, query;
	struct json *parameters;
	bool is_page;

	url_split_target(request->target, &path, &query);
	call->method = request->method;
	call->path = path;
	is_page = pages_have(path);
	http_fields_init(&call->fields, call->arena);
	hosts_read(call, request);
	if (hosts_redirect(call, request) || probes_answer(call, request))
		return false;
	if (!is_page && !find_route(call, path)) {
		reply_not_found(call);
		return false;
	}
	if (!portal_parameters_read(call->arena, query, type_of_parameters(call, request, is_page),
				    body, &parameters)) {
		reply_status(call, 400, STR("Bad request"));
		return false;
	}
	call->parameters = parameters;
	/* Every page may note that a session was used. */
	database_begin(call->database, call->arena, is_page || !call_only_reads(call));
	if (is_page)
		pages_serve(call, request, body);
	else
		serve(call, request);
	return end_transaction(call);
}

/* Also of a request whose method no route takes: its path may hold a credential all the same. */
static bool path_is_secret(const struct call *call, struct str path)
{
	struct http_route_parameters parameters;

	if (call->route != NULL)
		return (call->route->flags & ROUTE_SECRET) != 0;
	for (size_t i = 0; i < portal_route_tables_count; i++) {
		for (size_t j = 0; j < portal_route_tables[i]->count; j++) {
			const struct route *route = &portal_route_tables[i]->rows[j];

			if ((route->flags & ROUTE_SECRET) != 0 &&
			    http_route_match(route->path, path, call->arena, &parameters))
				return true;
		}
	}
	return pages_path_has(call, path, PAGE_SECRET);
}

struct str dispatch_loggable_path(const struct call *call, struct str target)
{
	struct str path, query;

	url_split_target(target, &path, &query);
	if (path_is_secret(call, path))
		return STR_CONCAT(call->arena,
				  str_slice(path, 0, str_find_last_char(path, '/') + 1),
				  STR("[FILTERED]"));
	return path;
}
