/* What master does with tenants: spec/portal.md 3.20, 6.2. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/xml.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/hosts.h"
#include "portal/mails.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define ACCOUNT_SCOPE "[\"account_management\"]"
#define LABEL_BYTES_MAX 63 /* of a domain name, with "-admin" */
#define ADMIN_SUFFIX "-admin"

/* Answers. */

static void write_xml(struct call *call, struct strbuf *out, const struct record *tenant,
		      const struct record *token)
{
	struct representation account = tenant_representation;

	account.xml_leaves_nulls = true;
	xml_declaration(out);
	xml_open(out, STR("signup"));
	representation_write_xml(call, out, &account, tenant);
	if (token != NULL)
		representation_write_xml(call, out, access_token_resource.representation, token);
	xml_close(out, STR("signup"));
}

static void write_json(struct call *call, struct strbuf *out, const struct record *tenant,
		       const struct record *token)
{
	strbuf_append(out, STR("{\"signup\":{\"account\":"));
	representation_write_json(call, out, &tenant_representation, tenant);
	if (token != NULL) {
		strbuf_append(out, STR(",\"access_token\":"));
		representation_write_json(call, out, access_token_resource.representation, token);
	}
	strbuf_append(out, STR("}}"));
}

/* token: only of a tenant that was just made. */
static void reply_signup(struct call *call, int status, const struct record *tenant,
			 const struct record *token)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	if (call->format == FORMAT_XML)
		write_xml(call, &out, tenant, token);
	else
		write_json(call, &out, tenant, token);
	reply_document(call, status, &out);
}

static void add_texts(struct json *errors, const char *name, const struct validation *found)
{
	struct json *list;

	if (validation_is_clean(found))
		return;
	list = json_set(errors, str_from(name), json_new(found->arena, JSON_ARRAY));
	for (size_t i = 0; i < found->count; i++) {
		struct str people = attribute_for_people(found->arena, found->entries[i].attribute);

		json_append(list,
			    json_new_str(found->arena, STR_CONCAT(found->arena, people, STR(" "),
								  found->entries[i].text)));
	}
}

/* In JSON apart for the two, each text with what it speaks of; in XML one list. */
static void reply_errors(struct call *call, struct validation *of_account,
			 const struct validation *of_user)
{
	struct json *body = json_new(call->arena, JSON_OBJECT), *errors;

	if (call->format == FORMAT_XML) {
		for (size_t i = 0; i < of_user->count; i++)
			validation_add(of_account,
				       str_cstr(call->arena, of_user->entries[i].attribute),
				       of_user->entries[i].text);
		reply_invalid(call, 422, of_account);
		return;
	}
	errors = json_set(body, STR("errors"), json_new(call->arena, JSON_OBJECT));
	add_texts(errors, "account", of_account);
	add_texts(errors, "user", of_user);
	reply_json(call, 422, json_print(call->arena, body));
}

/* Sign-up. */

static bool is_taken(struct call *call, struct str label)
{
	struct str superdomain = call->settings->superdomain;
	struct str domain = STR_CONCAT(call->arena, label, STR("."), superdomain);
	struct str admin = STR_CONCAT(call->arena, label, STR(ADMIN_SUFFIX "."), superdomain);

	return database_int(call->database,
			    STR("SELECT count(*) FROM accounts WHERE domain = ?1 OR self_domain = "
				"?1 OR domain = ?2 OR self_domain = ?2"),
			    DATABASE_ARGUMENTS(value_text(domain), value_text(admin)), 0) > 0;
}

/* E Corp -> e-corp, then e-corp-2 and so on when others have it (PT-157). */
static struct str free_label(struct call *call, struct str org_name)
{
	struct str label = name_for_host(call->arena, org_name), candidate = label;

	for (int i = 2; candidate.size > 0 && is_taken(call, candidate); i++)
		candidate = str_format(call->arena, "%.*s-%d", STR_ARG(label), i);
	return candidate;
}

struct tenant_order tenant_order_of_call(struct call *call)
{
	struct str org_name = call_parameter(call, "org_name");

	return (struct tenant_order){
		.org_name = org_name,
		.label = free_label(call, org_name),
		.username = call_parameter(call, "username"),
		.password = call_parameter(call, "password"),
		.email = call_parameter(call, "email"),
		.is_pending = true,
	};
}

/* Both are judged before anything is written (PT-158). */
bool tenant_order_is_sound(struct call *call, const struct tenant_order *order,
			   struct validation *of_account, struct validation *of_user)
{
	struct record *account = tenant_account(call, order->org_name);
	struct record *user = record_new(call->arena, &users_table);

	record_set_text(user, "username", order->username);
	record_set_text(user, "email", order->email);
	validation_init(of_account, call->arena);
	validation_init(of_user, call->arena);
	resource_check(call, &account_resource, account, of_account);
	if (order->label.size == 0)
		validation_add(of_account, "domain", STR("can't be blank"));
	else if (order->label.size + sizeof ADMIN_SUFFIX - 1 > LABEL_BYTES_MAX)
		validation_add(of_account, "domain", STR("is invalid"));
	/* Unique only among the users of the tenant, who are none yet. */
	validation_check(of_user, call->database, user, user_resource.rules,
			 user_resource.rules_count);
	user_check_password(call, user, of_user);
	return validation_is_clean(of_account) && validation_is_clean(of_user);
}

struct record *tenant_carry_out(struct call *call, const struct tenant_order *order)
{
	struct record *user = tenant_create(call, order);
	struct record *token =
		tenant_token(call, user, "account management rw", "rw", ACCOUNT_SCOPE, STR(""));

	tenant_sample_data(call, user);
	mails_activation(call, user, record_text(call->tenant, "self_domain"));
	return token;
}

void tenant_signup(struct call *call)
{
	struct tenant_order order = tenant_order_of_call(call);
	struct validation of_account, of_user;

	if (tenant_order_is_sound(call, &order, &of_account, &of_user)) {
		struct record *token = tenant_carry_out(call, &order);

		reply_signup(call, 201, call->tenant, token);
	} else {
		reply_errors(call, &of_account, &of_user);
	}
}

/* One tenant. */

static struct record *tenant_of_path(struct call *call)
{
	return call_found(call, "tenant");
}

void tenant_show(struct call *call)
{
	reply_signup(call, 200, tenant_of_path(call), NULL);
}

static const struct tenant_event {
	const char *event, *from, *to;
	bool backend_follows; /* whether calls are authorized */
} tenant_events[] = {
	{"suspend", "created pending approved rejected suspended", "suspended", false},
	{"suspend", "scheduled_for_deletion", "suspended", true},
	{"resume", "suspended scheduled_for_deletion", "approved", true},
	{"schedule_for_deletion", "created pending approved rejected suspended",
	 "scheduled_for_deletion", true},
};

/* False when the state does not allow the event. */
static bool tenant_apply(struct call *call, struct record *tenant, const struct tenant_event *event)
{
	struct str from = str_from(event->from), state;

	while (str_next_field(&from, ' ', &state)) {
		if (!str_equal(state, record_text(tenant, "state")))
			continue;
		record_set_text(tenant, "state", str_from(event->to));
		record_set(tenant, "state_changed_at", value_time(database_now_us(call->database)));
		record_save(call->database, tenant);
		if (event->backend_follows)
			push_tenant_state(call, tenant);
		return true;
	}
	return false;
}

bool tenant_apply_event(struct call *call, struct record *tenant, struct str event)
{
	for (size_t i = 0; i < sizeof tenant_events / sizeof *tenant_events; i++) {
		if (str_equal(str_from(tenant_events[i].event), event) &&
		    tenant_apply(call, tenant, &tenant_events[i]))
			return true;
	}
	return account_change_state(call, tenant, str_cstr(call->arena, event));
}

/* One that is scheduled for deletion takes nothing but an event. */
void tenant_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, "account");
	struct record *tenant = tenant_of_path(call);
	bool is_going = str_equal(record_text(tenant, "state"), STR("scheduled_for_deletion"));
	struct str event;

	if (attributes == NULL)
		return;
	event = json_scalar_text(json_get(attributes, STR("state_event")));
	if (event.size > 0 && (str_equal(event, STR("schedule_for_deletion")) ||
			       !tenant_apply_event(call, tenant, event))) {
		reply_invalid_one(
			call, 422, "state",
			str_format(call->arena, "cannot transition via \"%.*s\"", STR_ARG(event)));
		return;
	}
	if (!is_going) {
		resource_assign(tenant, TENANT_ATTRIBUTES, attributes);
		if (!resource_save(call, &account_resource, tenant, attributes))
			return;
	}
	reply_signup(call, 200, tenant, NULL);
}

/* Whoever shows or changes a tenant still sees one that goes; whoever deletes does not. */
void tenant_delete(struct call *call)
{
	if (tenant_apply_event(call, tenant_of_path(call), STR("schedule_for_deletion")))
		reply_empty(call, 200);
	else
		reply_not_found(call);
}

void master_refuse(struct call *call)
{
	reply_status(call, 403, STR("Forbidden"));
}

/* Whose host it is. */

static bool gateway_serves(struct call *call, const char *column, struct str host)
{
	struct str sql = str_format(call->arena,
				    "SELECT count(*) FROM proxies WHERE lower(%s) = ?1 AND "
				    "service_id IN (SELECT id FROM "
				    "services WHERE state <> 'deleted')",
				    column);

	return database_int(call->database, sql, DATABASE_ARGUMENTS(value_text(host)), 0) > 0;
}

static void set_bool(struct call *call, struct json *object, const char *name, bool yes)
{
	json_set(object, str_from(name), json_new_bool(call->arena, yes));
}

void master_domain_show(struct call *call)
{
	struct str host =
		str_lower(call->arena, http_route_parameter(&call->path_parameters, STR("host")));
	struct json *body = json_new(call->arena, JSON_OBJECT), *apicast;
	enum face face = hosts_face_of_name(call, host);

	json_set(body, STR("domain"), json_new_str(call->arena, host));
	set_bool(call, body, "master", face == FACE_MASTER);
	set_bool(call, body, "provider", face == FACE_ADMIN);
	set_bool(call, body, "developer", face == FACE_DEVELOPER);
	apicast = json_set(body, STR("apicast"), json_new(call->arena, JSON_OBJECT));
	set_bool(call, apicast, "staging", gateway_serves(call, "staging_domain", host));
	set_bool(call, apicast, "production", gateway_serves(call, "production_domain", host));
	reply_json(call, 200, json_print(call->arena, body));
}
