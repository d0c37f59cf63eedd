/* Account Settings, Personal, Tokens (spec/portal.md 7.8): access tokens of who is logged in, and
 * the service tokens. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/authentication.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define LIST_PATH "/p/admin/user/access_tokens"
#define SCOPES_BYTES_MAX 4096

static const struct scope {
	struct str name, label;
	bool needs_flag; /* hidden unless FLAG_CMS_API is on (2.2) */
} scopes[] = {
	{STR_INIT("account_management"), STR_INIT("Account Management API"), false},
	{STR_INIT("stats"), STR_INIT("Analytics API"), false},
	{STR_INIT("finance"), STR_INIT("Billing API"), false},
	{STR_INIT("cms"), STR_INIT("Developer Portal API"), true},
	{STR_INIT("policy_registry"), STR_INIT("Policy Registry API"), false},
};

static const struct choice permissions[] = {
	{STR_INIT("ro"), STR_INIT("Read Only")},
	{STR_INIT("rw"), STR_INIT("Read & Write")},
};

static bool token_has_scope(struct call *call, const struct record *token, struct str name)
{
	const struct json *own =
		json_parse(call->arena, record_text(token, "scopes"), SCOPES_BYTES_MAX, NULL);

	JSON_EACH (scope, own) {
		if (str_equal(json_str(scope), name))
			return true;
	}
	return false;
}

static bool scope_is_offered(struct call *call, const struct scope *scope)
{
	return authentication_user_may_use(call, scope->name) &&
	       (!scope->needs_flag || settings_has_flag(call->settings, FLAG_CMS_API));
}

/* The list. */

static struct str labels_of_scopes(struct call *call, const struct record *token)
{
	struct str labels = STR("");

	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		if (token_has_scope(call, token, scopes[i].name))
			labels = STR_CONCAT(call->arena, labels,
					    labels.size > 0 ? STR(", ") : STR(""), scopes[i].label);
	}
	return labels;
}

static struct str label_of_permission(const struct record *token)
{
	bool writes = str_equal(record_text(token, "permission"), permissions[1].value);

	return permissions[writes ? 1 : 0].label;
}

static struct str path_of(struct call *call, const struct record *token)
{
	return STR_CONCAT(call->arena, STR(LIST_PATH "/"),
			  value_to_text(call->arena, value_int(record_id(token))));
}

static void write_access_tokens(struct visit *visit)
{
	struct call *call = visit->call;
	struct record_list tokens =
		record_all(call->database, &access_tokens_table, "owner_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(visit->user))));

	strbuf_append(&visit->content, STR("<h2>Access Tokens</h2>\n<p><a href=\"" LIST_PATH
					   "/new\">Add Access Token</a></p>\n<table><tr><th>Name"
					   "<th>Scopes<th>Permission<th></tr>\n"));
	for (size_t i = 0; i < tokens.count; i++) {
		struct record *token = tokens.items[i];

		HTML(&visit->content,
		     "<tr><td>{}<td>{}<td>{}<td><a href=\"{}/edit\">Edit</a></tr>\n",
		     record_text(token, "name"), labels_of_scopes(call, token),
		     label_of_permission(token), path_of(call, token));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void write_service_tokens(struct visit *visit)
{
	struct call *call = visit->call;
	struct value arguments[CALL_ARGUMENTS];
	struct record_list tokens;

	call_arguments(call, arguments);
	tokens = record_all(call->database, &service_tokens_table,
			    "service_id IN " SERVICES_VISIBLE " ORDER BY service_id, id", arguments,
			    CALL_ARGUMENTS);
	strbuf_append(&visit->content,
		      STR("<h2>Service Tokens</h2>\n<table><tr><th>API<th>Token</tr>\n"));
	for (size_t i = 0; i < tokens.count; i++) {
		struct record *service =
			service_by_id(call, record_int(tokens.items[i], "service_id"));

		HTML(&visit->content, "<tr><td>{}<td><code>{}</code></tr>\n",
		     record_text(service, "name"), record_text(tokens.items[i], "value"));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void show_list(struct visit *visit)
{
	write_access_tokens(visit);
	if (visit->face == FACE_ADMIN)
		write_service_tokens(visit);
	visit_show(visit, 200, "Tokens");
}

/* The form. */

static void show_form(struct visit *visit, const struct record *token,
		      const struct validation *faults)
{
	struct call *call = visit->call;
	bool is_new = record_is_new(token);

	visit_form(visit, is_new ? STR(LIST_PATH) : path_of(call, token), is_new ? "post" : "put");
	visit_input(visit, "Name", "text", "access_token[name]", record_text(token, "name"), faults,
		    "name");
	strbuf_append(&visit->content, STR("<p>Scopes</p>\n"));
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		if (scope_is_offered(call, &scopes[i]))
			form_checkbox(visit, scopes[i].label, "access_token[scopes][]",
				      scopes[i].name, token_has_scope(call, token, scopes[i].name));
	}
	form_faults(visit, faults, "scopes");
	form_select(visit, "Permission", "access_token[permission]", permissions,
		    sizeof permissions / sizeof *permissions, record_text(token, "permission"));
	form_faults(visit, faults, "permission");
	form_end(visit, is_new ? "Create Access token" : "Update Access token");
	if (!is_new)
		form_button(visit, path_of(call, token), "delete", "Delete");
	visit_show(visit, 200, is_new ? "New Access Token" : "Edit Access Token");
}

static void show_new(struct visit *visit)
{
	show_form(visit, call_new_record(visit->call, &access_tokens_table), NULL);
}

/* The value is seen here and never again (PT-018). */
static void show_value(struct visit *visit, const struct record *token)
{
	visit_flash_now(visit, "success", STR("Access Token was successfully created."));
	HTML(&visit->content,
	     "<p>Copy the token of <b>{}</b> now and keep it safe: it is shown only this once.</p>"
	     "\n<p><code id=\"token\">{}</code></p>\n<p><a href=\"" LIST_PATH
	     "\">Got it, I have copied the token</a></p>\n",
	     record_text(token, "name"), record_text(token, "value"));
	visit_show(visit, 200, "Tokens");
}

/* A scope that the user may not use itself cannot be given away. */
static void check_scopes(struct call *call, const struct record *token, struct validation *faults)
{
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		if (token_has_scope(call, token, scopes[i].name) &&
		    !authentication_user_may_use(call, scopes[i].name))
			validation_add(faults, "scopes", STR("is not included in the list"));
	}
}

/* False: the form is shown again. */
static bool save(struct visit *visit, struct record *token)
{
	struct validation faults;

	validation_init(&faults, visit->call->arena);
	resource_check(visit->call, &access_token_resource, token, &faults);
	check_scopes(visit->call, token, &faults);
	if (!validation_is_clean(&faults)) {
		show_form(visit, token, &faults);
		return false;
	}
	resource_store(visit->call, &access_token_resource, token);
	return true;
}

static void create(struct visit *visit)
{
	struct record *token = access_token_new(visit->call, visit->user,
						call_attributes(visit->call, "access_token"));

	if (save(visit, token))
		show_value(visit, token);
}

/* Of the user's own; NULL after the refusal. */
static struct record *token_of_path(struct visit *visit)
{
	struct call *call = visit->call;
	struct str text = http_route_parameter(&call->path_parameters, STR("id"));
	struct record *token = NULL;
	int64_t id;

	if (str_to_int64(text, &id))
		token = record_first(
			call->database, &access_tokens_table, "id = ?1 AND owner_id = ?2",
			DATABASE_ARGUMENTS(value_int(id), value_int(record_id(visit->user))));
	if (token == NULL)
		visit_not_found(visit);
	return token;
}

static void edit(struct visit *visit)
{
	struct record *token = token_of_path(visit);

	if (token != NULL)
		show_form(visit, token, NULL);
}

static void update(struct visit *visit)
{
	struct record *token = token_of_path(visit);

	if (token == NULL)
		return;
	access_token_assign(visit->call, token, call_attributes(visit->call, "access_token"));
	if (!save(visit, token))
		return;
	visit_flash(visit, "success", STR("Access Token was successfully updated."));
	visit_redirect(visit, STR(LIST_PATH));
}

static void delete_token(struct visit *visit)
{
	struct record *token = token_of_path(visit);

	if (token == NULL)
		return;
	record_delete(visit->call->database, token);
	visit_flash(visit, "success", STR("Access Token was successfully deleted."));
	visit_redirect(visit, STR(LIST_PATH));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT(LIST_PATH), show_list, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"POST", STR_INIT(LIST_PATH), create, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"GET", STR_INIT(LIST_PATH "/new"), show_new, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"GET", STR_INIT(LIST_PATH "/{id}/edit"), edit, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"PUT PATCH", STR_INIT(LIST_PATH "/{id}"), update, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"DELETE", STR_INIT(LIST_PATH "/{id}"), delete_token, PAGE_ADMIN | PAGE_MASTER, NULL},
};

const struct page_table pages_of_tokens = PAGE_TABLE(rows);
