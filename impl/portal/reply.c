#include "portal/reply.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/xml.h"
#include "portal/call.h"
#include "portal/record.h"
#include "portal/representation.h"
#include "portal/validation.h"

#define TYPE_JSON STR("application/json; charset=utf-8")
#define TYPE_XML STR("application/xml; charset=utf-8")
#define TYPE_TEXT STR("text/plain; charset=utf-8")

static void reply(struct call *call, int status, struct str content_type, struct str body)
{
	call->answer =
		(struct answer){.status = status, .content_type = content_type, .body = body};
}

void reply_field(struct call *call, const char *name, struct str value)
{
	http_fields_add(&call->fields, str_from(name), value);
}

void reply_empty(struct call *call, int status)
{
	reply(call, status, STR(""), STR(""));
}

void portal_reply_text(struct call *call, int status, struct str text)
{
	reply(call, status, TYPE_TEXT, text);
}

void reply_json(struct call *call, int status, struct str body)
{
	reply(call, status, TYPE_JSON, body);
}

static bool wants_json(const struct call *call)
{
	return call->format != FORMAT_XML;
}

/* Ends `out` as the answer. An answer past the bound is an answer that cannot be given. */
void reply_document(struct call *call, int status, struct strbuf *out)
{
	if (strbuf_is_full(out))
		reply_json(call, 500, STR("{\"status\":\"Internal server error\"}"));
	else
		reply(call, status, wants_json(call) ? TYPE_JSON : TYPE_XML,
		      str_copy(call->arena, strbuf_str(out)));
	strbuf_free(out);
}

static void reply_named(struct call *call, int status, struct str name, struct str text)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	if (wants_json(call)) {
		strbuf_append_format(&out, "{\"%.*s\":", STR_ARG(name));
		json_write_str(&out, text);
		strbuf_append_char(&out, '}');
	} else {
		xml_declaration(&out);
		xml_element(&out, name, text);
	}
	reply_document(call, status, &out);
}

void reply_error(struct call *call, int status, struct str text)
{
	reply_named(call, status, STR("error"), text);
}

void reply_status(struct call *call, int status, struct str text)
{
	if (wants_json(call))
		reply_named(call, status, STR("status"), text);
	else
		reply_empty(call, status);
}

void reply_not_found(struct call *call)
{
	reply_status(call, 404, STR("Not found"));
}

void reply_permission_error(struct call *call)
{
	reply_error(call, 403, STR("Your access token does not have the correct permissions"));
}

void reply_access_denied(struct call *call)
{
	reply_error(call, 403, STR("Access denied"));
}

void reply_missing_parameter(struct call *call, const char *name)
{
	portal_reply_text(call, 400,
			  str_format(call->arena, "Required parameter missing: %s", name));
}

void reply_invalid(struct call *call, int status, const struct validation *validation)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	if (wants_json(call)) {
		strbuf_append(&out, STR("{\"errors\":"));
		validation_write_json(validation, &out);
		strbuf_append_char(&out, '}');
	} else {
		validation_write_xml(validation, &out);
	}
	reply_document(call, status, &out);
}

void reply_invalid_one(struct call *call, int status, const char *attribute, struct str text)
{
	struct validation validation;

	validation_init(&validation, call->arena);
	validation_add(&validation, attribute, text);
	reply_invalid(call, status, &validation);
}

void reply_state_error(struct call *call, const struct representation *representation,
		       const struct record *record, const char *event)
{
	struct str from = record_text(record, "state");
	struct str text = str_format(call->arena, "State cannot transition via \"%s\"", event);
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	if (wants_json(call)) {
		strbuf_append_format(&out,
				     "{\"error\":{\"from\":\"%.*s\",\"event\":\"%s\",\"error\":",
				     STR_ARG(from), event);
		json_write_str(&out, text);
		strbuf_append_format(&out, ",\"object\":{\"%s\":", representation->root);
		representation_write_json(call, &out, representation, record);
		strbuf_append(&out, STR("}}}"));
	} else {
		xml_declaration(&out);
		xml_open(&out, STR("error"));
		xml_element(&out, STR("from"), from);
		xml_element(&out, STR("event"), str_from(event));
		xml_element(&out, STR("error"), text);
		representation_write_xml(call, &out, representation, record);
		xml_close(&out, STR("error"));
	}
	reply_document(call, 422, &out);
}

void reply_record(struct call *call, int status, const struct representation *representation,
		  const struct record *record)
{
	struct strbuf out;

	representation = representation_for(call, representation, record);
	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	if (wants_json(call)) {
		strbuf_append_format(&out, "{\"%s\":", representation->root);
		representation_write_json(call, &out, representation, record);
		strbuf_append_char(&out, '}');
	} else {
		xml_declaration(&out);
		representation_write_xml(call, &out, representation, record);
	}
	reply_document(call, status, &out);
	if (table_column(record->table, STR("updated_at")) != NULL)
		call->answer.modified_us = record_get(record, "updated_at").number;
}

static void write_page(struct strbuf *out, const struct page *page, int64_t pages)
{
	strbuf_append_format(out,
			     " per_page=\"%" PRId64 "\" total_entries=\"%" PRId64
			     "\" total_pages=\"%" PRId64 "\" current_page=\"%" PRId64 "\"",
			     page->size, page->entries, pages, page->number);
}

static void write_list_opening(struct strbuf *out, const char *roots, const char *version,
			       const struct page *page)
{
	int64_t pages = page != NULL ? (page->entries + page->size - 1) / page->size : 1;

	strbuf_append_format(out, "<%s", roots);
	if (version != NULL) {
		strbuf_append_format(out, " version=\"%s\"><pagination", version);
		if (page != NULL)
			write_page(out, page, pages);
		strbuf_append(out, STR("/>"));
		return;
	}
	if (pages > 1)
		write_page(out, page, pages);
	strbuf_append_char(out, '>');
}

void reply_list(struct call *call, const struct representation *representation,
		const struct record_list *list, const struct page *page)
{
	const char *xml_roots = representation->xml_roots != NULL ? representation->xml_roots
								  : representation->roots;
	struct strbuf out;

	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	if (wants_json(call)) {
		strbuf_append_format(&out, "{\"%s\":[", representation->roots);
		representation_write_items(call, &out, representation, list, true);
		strbuf_append(&out, STR("]}"));
	} else {
		xml_declaration(&out);
		write_list_opening(&out, xml_roots, representation->xml_version, page);
		representation_write_items(call, &out, representation, list, false);
		xml_close(&out, str_from(xml_roots));
	}
	reply_document(call, 200, &out);
}
