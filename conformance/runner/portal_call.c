/* Calls of a portal: which of its faces, who calls, and the forms and cookies of its clients. */
#include "base/arena.h"
#include "base/json.h"
#include "conformance/runner/run_internal.h"
#include "http/query.h"

#define FORM_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define BOUNDARY "refscale-part"

static struct str variable(const struct case_run *run, const char *name)
{
	return placeholders_expand(&run->scene.placeholders, run->arena,
				   json_get_str(run->scene.environment, str_from(name)));
}

/* Faces. */

static struct str with_superdomain(struct case_run *run, struct str label)
{
	return STR_CONCAT(run->arena, label, STR("."), variable(run, "THREESCALE_SUPERDOMAIN"));
}

struct str case_run_portal_host(struct case_run *run, struct str face)
{
	struct str tenant = variable(run, "TENANT_NAME");

	if (face.size == 0 || str_equal(face, STR("admin")))
		return with_superdomain(run, STR_CONCAT(run->arena, tenant, STR("-admin")));
	if (str_equal(face, STR("master")))
		return with_superdomain(run, variable(run, "MASTER_DOMAIN"));
	if (str_equal(face, STR("developer")))
		return with_superdomain(run, tenant);
	return face;
}

/* Credentials. */

static const struct {
	struct str name;
	const char *variable;
} callers[] = {
	{STR_INIT("admin"), "ADMIN_ACCESS_TOKEN"},
	{STR_INIT("master"), "MASTER_ACCESS_TOKEN"},
	{STR_INIT("apicast"), "APICAST_ACCESS_TOKEN"},
};

/* Pages are asked for without a token, other places know none of ours. */
static struct str caller_of(const struct json *action)
{
	struct str host = json_get_str(action, STR("host"));

	if (json_get(action, STR("as")) != NULL)
		return json_scalar_text(json_get(action, STR("as")));
	if (json_get(action, STR("session")) != NULL || json_get(action, STR("to")) != NULL ||
	    str_equal(host, STR("developer")))
		return STR("nobody");
	return str_equal(host, STR("master")) ? STR("master") : STR("admin");
}

static struct str credential_of(struct case_run *run, struct str caller)
{
	for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
		if (str_equal(callers[i].name, caller))
			return variable(run, callers[i].variable);
	}
	if (str_equal(caller, STR("provider_key")))
		caller = STR("{sample.provider_key}");
	return placeholders_expand(&run->scene.placeholders, run->arena, caller);
}

static void add_basic(struct case_run *run, struct client_request *request, struct str user,
		      struct str password)
{
	http_fields_add(&request->fields, STR("Authorization"),
			http_basic_credentials(run->arena, user, password));
}

static struct str pair_text(struct case_run *run, struct str name, struct str value)
{
	struct json *form = json_new(run->arena, JSON_OBJECT);

	json_set(form, name, json_new_str(run->arena, value));
	return case_run_form_text(run->arena, form);
}

static struct str joined(struct case_run *run, struct str text, const char *separator,
			 struct str more)
{
	return STR_CONCAT(run->arena, text, str_from(separator), more);
}

static void add_to_body(struct case_run *run, struct client_request *request, struct str pair)
{
	request->body = request->body.size > 0 ? joined(run, request->body, "&", pair) : pair;
	if (!request->has_body)
		http_fields_add(&request->fields, STR("Content-Type"),
				STR("application/x-www-form-urlencoded"));
	request->has_body = true;
}

static void add_credential(struct case_run *run, struct client_request *request,
			   const struct json *action)
{
	struct str caller = caller_of(action), by = json_get_str(action, STR("by"));
	struct str credential, name = STR("access_token");

	if (str_equal(caller, STR("nobody")) ||
	    http_fields_has(&request->fields, STR("Authorization")))
		return;
	credential = credential_of(run, caller);
	if (str_equal(caller, STR("provider_key")))
		name = STR("provider_key");
	if (str_equal(by, STR("query")))
		request->target =
			joined(run, request->target,
			       str_find_char(request->target, '?') == STR_NOT_FOUND ? "?" : "&",
			       pair_text(run, name, credential));
	else if (str_equal(by, STR("body")))
		add_to_body(run, request, pair_text(run, name, credential));
	else if (str_equal(by, STR("basic-password")))
		add_basic(run, request, STR(""), credential);
	else
		add_basic(run, request, credential, STR(""));
}

/* Cookies. */

static void set_cookie(struct case_run *run, struct str session, struct str name, struct str value)
{
	struct cookie cookie = {session, name, value};

	for (size_t i = 0; i < run->cookies.count; i++) {
		struct cookie *known = &run->cookies.items[i];

		if (str_equal(known->session, session) && str_equal(known->name, name)) {
			known->value = value;
			return;
		}
	}
	vec_push(&run->cookies, cookie);
}

void case_run_keep_cookies(struct case_run *run, const struct record *record)
{
	struct str session = json_scalar_text(json_get(run->action, STR("session")));

	for (size_t i = 0; session.size > 0 && i < record->answer_fields.count; i++) {
		const struct http_field *field = &record->answer_fields.items[i];
		struct str pair, rest, name, value = STR("");

		if (!str_equal_nocase(field->name, STR("Set-Cookie")))
			continue;
		str_split_once(field->value, ';', &pair, &rest);
		str_split_once(pair, '=', &name, &value);
		set_cookie(run, session, str_trim(name), str_trim(value));
	}
}

static void add_cookies(struct case_run *run, struct client_request *request, struct str session)
{
	struct str text = STR("");

	for (size_t i = 0; i < run->cookies.count; i++) {
		const struct cookie *cookie = &run->cookies.items[i];

		if (!str_equal(cookie->session, session) || cookie->value.size == 0)
			continue;
		text = STR_CONCAT(run->arena, text, text.size > 0 ? STR("; ") : STR(""),
				  cookie->name, STR("="), cookie->value);
	}
	if (text.size > 0)
		http_fields_add(&request->fields, STR("Cookie"), text);
}

void case_run_dress_call(struct case_run *run, struct client_request *request,
			 const struct json *action)
{
	const struct json *session = json_get(action, STR("session"));

	add_credential(run, request, action);
	if (session != NULL)
		add_cookies(run, request, json_scalar_text(session));
}

/* Bodies. */

static void add_pairs(struct arena *arena, struct http_query *pairs, struct str name,
		      const struct json *value)
{
	if (value->kind != JSON_OBJECT && value->kind != JSON_ARRAY)
		http_query_add(pairs, name, json_scalar_text(value));
	JSON_EACH (child, value) {
		struct str inner = value->kind == JSON_ARRAY ? STR("") : child->key;

		add_pairs(arena, pairs, STR_CONCAT(arena, name, STR("["), inner, STR("]")), child);
	}
}

struct str case_run_form_text(struct arena *arena, const struct json *form)
{
	struct http_query pairs;
	struct strbuf out;
	struct str text;

	http_query_init(&pairs, arena);
	JSON_EACH (pair, form)
		add_pairs(arena, &pairs, pair->key, pair);
	strbuf_init(&out, FORM_BYTES_MAX);
	http_query_write(&out, &pairs);
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static void append_part(struct strbuf *out, const struct json *part)
{
	struct str file = json_scalar_text(json_get(part, STR("file")));
	struct str type = json_scalar_text(json_get(part, STR("type")));

	strbuf_append_format(out, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%.*s\"",
			     STR_ARG(part->key));
	if (file.size > 0)
		strbuf_append_format(out, "; filename=\"%.*s\"", STR_ARG(file));
	if (type.size > 0)
		strbuf_append_format(out, "\r\nContent-Type: %.*s", STR_ARG(type));
	strbuf_append(out, STR("\r\n\r\n"));
	strbuf_append(out,
		      json_scalar_text(part->kind == JSON_OBJECT ? json_get(part, STR("content"))
								 : part));
	strbuf_append(out, STR("\r\n"));
}

void case_run_set_multipart(struct case_run *run, struct client_request *request,
			    const struct json *parts)
{
	struct strbuf out;

	strbuf_init(&out, FORM_BYTES_MAX);
	JSON_EACH (part, parts)
		append_part(&out, part);
	strbuf_append(&out, STR("--" BOUNDARY "--\r\n"));
	request->body = str_copy(run->arena, strbuf_str(&out));
	request->has_body = true;
	strbuf_free(&out);
	http_fields_add(&request->fields, STR("Content-Type"),
			STR("multipart/form-data; boundary=" BOUNDARY));
}
