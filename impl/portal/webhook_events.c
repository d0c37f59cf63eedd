#include "portal/webhook_events.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/xml.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

/* An event that was told of, in the call's arena. */
struct webhook_note {
	struct webhook_note *next;
	const char *action;
	const struct object_kind *kind;
	int64_t object_id;
	struct str xml; /* of an object that will be gone; else empty */
};

struct object_kind {
	const struct table *table;
	const char *type;
	const struct resource *resource;
	const char *account; /* column of the account that the object belongs to */
};

static const struct object_kind kinds[] = {
	{&accounts_table, "account", &account_resource, "id"},
	{&users_table, "user", &user_resource, "account_id"},
	{&contracts_table, "application", &application_resource, "user_account_id"},
};

static const struct object_kind *kind_of(const struct record *object)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (kinds[i].table == object->table)
			return &kinds[i];
	}
	return NULL;
}

static struct record *web_hook_of(struct call *call)
{
	return record_first(call->database, &web_hooks_table, "account_id = ?1",
			    DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
}

/* "application" and "created" are the switch application_created_on. */
static bool web_hook_wants(struct call *call, const struct record *web_hook, const char *type,
			   const char *action)
{
	const struct column *column =
		table_column(&web_hooks_table, str_format(call->arena, "%s_%s_on", type, action));

	return column != NULL && record_column(web_hook, column).number != 0;
}

/* Of the tenant's developers, not of the tenant itself. */
static bool is_of_developer(struct call *call, const struct record *object,
			    const struct object_kind *kind)
{
	return database_int(call->database,
			    STR("SELECT count(*) FROM accounts WHERE id = ?1 AND "
				"provider_account_id = ?2"),
			    DATABASE_ARGUMENTS(record_get(object, kind->account),
					       value_int(call_tenant_id(call))),
			    0) > 0;
}

static bool session_counts(struct call *call, const struct record *web_hook)
{
	if (call->identity.kind != IDENTITY_SESSION)
		return false;
	return record_int(call->identity.user, "account_id") != call_tenant_id(call) ||
	       record_bool(web_hook, "provider_actions");
}

static bool is_noted(const struct call *call, const char *action, const struct object_kind *kind,
		     int64_t object_id)
{
	for (const struct webhook_note *note = call->webhook_notes; note != NULL;
	     note = note->next) {
		if (note->kind == kind && note->object_id == object_id &&
		    str_equal(str_from(note->action), str_from(action)))
			return true;
	}
	return false;
}

/* As the API shows it in XML, whatever the call's format is. */
static struct str object_xml(struct call *call, const struct object_kind *kind,
			     const struct record *object)
{
	enum format format = call->format;
	struct str xml;

	call->format = FORMAT_XML;
	xml = representation_xml_element(
		      call, representation_for(call, kind->resource->representation, object),
		      object)
		      .text;
	call->format = format;
	return xml;
}

void webhook_event(struct call *call, const char *action, const struct record *object)
{
	const struct object_kind *kind = kind_of(object);
	struct webhook_note *note, **end = &call->webhook_notes;
	struct record *web_hook;

	if (kind == NULL || call->identity.kind != IDENTITY_SESSION ||
	    is_noted(call, action, kind, record_id(object)))
		return;
	web_hook = web_hook_of(call);
	if (web_hook == NULL || !record_bool(web_hook, "active") ||
	    !web_hook_wants(call, web_hook, kind->type, action) ||
	    !session_counts(call, web_hook) || !is_of_developer(call, object, kind))
		return;
	note = ARENA_NEW(call->arena, struct webhook_note);
	note->action = action;
	note->kind = kind;
	note->object_id = record_id(object);
	if (str_equal(str_from(action), STR("deleted")))
		note->xml = object_xml(call, kind, object);
	while (*end != NULL)
		end = &(*end)->next;
	*end = note;
}

static struct str event_xml(struct call *call, const struct webhook_note *note, struct str object)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	xml_declaration(&out);
	xml_open(&out, STR("event"));
	xml_element(&out, STR("action"), str_from(note->action));
	xml_element(&out, STR("type"), str_from(note->kind->type));
	xml_open(&out, STR("object"));
	strbuf_append(&out, object);
	xml_close(&out, STR("object"));
	xml_close(&out, STR("event"));
	text = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

/* 8-4-4-4-12 digits. */
static struct str new_uuid(struct call *call)
{
	struct str digits = call_random_hex(call, 32);

	return str_format(call->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", digits.data, digits.data + 8,
			  digits.data + 12, digits.data + 16, digits.data + 20);
}

static void store(struct call *call, const struct webhook_note *note, const struct record *web_hook)
{
	struct record *object = NULL, *delivery;
	struct str xml = note->xml;

	if (xml.size == 0)
		object = record_by_id(call->database, note->kind->table, note->object_id);
	if (object != NULL)
		xml = object_xml(call, note->kind, object);
	if (xml.size == 0)
		return; /* it came and went */
	delivery = call_new_record(call, &web_hook_deliveries_table);
	record_set_int(delivery, "account_id", call_tenant_id(call));
	record_set_text(delivery, "uuid", new_uuid(call));
	record_set(delivery, "url", record_get(web_hook, "url"));
	record_set(delivery, "push_application_content_type",
		   record_get(web_hook, "push_application_content_type"));
	record_set_text(delivery, "xml", event_xml(call, note, xml));
	record_set(delivery, "run_at", value_time(database_now_us(call->database)));
	record_save(call->database, delivery);
}

void webhook_events_store(struct call *call)
{
	struct record *web_hook;

	if (call->webhook_notes == NULL)
		return;
	web_hook = web_hook_of(call);
	for (const struct webhook_note *note = call->webhook_notes; note != NULL; note = note->next)
		store(call, note, web_hook);
	call->webhook_notes = NULL;
}
