#include "portal/representation.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/xml.h"
#include "portal/call.h"
#include "portal/fields.h"
#include "portal/release.h"
#include "portal/record.h"
#include "portal/settings.h"
#include "portal/time_zone.h"

#define LINK_BYTES_MAX 4096

/* The value of a property of that name. */
static struct value value_of_property(struct call *call,
				      const struct representation *representation,
				      const struct record *record, struct str name)
{
	const struct column *column;

	for (size_t i = 0; i < representation->derived_count; i++) {
		if (str_equal(str_from(representation->derived[i].name), name))
			return representation->derived[i].get(call, record);
	}
	column = table_column(record->table, name);
	BUG_IF(column == NULL);
	return record_column(record, column);
}

/* A value as JSON text. */
static void write_json_value(struct call *call, struct strbuf *out, struct value value)
{
	char time[48];

	switch (value.kind) {
	case VALUE_NULL:
	case VALUE_ABSENT:
		strbuf_append(out, STR("null"));
		break;
	case VALUE_TEXT:
		json_write_str(out, value.text);
		break;
	case VALUE_TIME:
		json_write_str(out, time_zone_format_iso(time, call_time_zone(call), value.number));
		break;
	case VALUE_INT:
	case VALUE_BOOL:
	case VALUE_DECIMAL:
	case VALUE_JSON:
		strbuf_append(out, value_to_text(call->arena, value));
		break;
	}
}

/* The template with its {names} replaced. */
static struct str link_path(struct call *call, const struct representation *representation,
			    const struct record *record, const char *template)
{
	struct str rest = str_from(template), before, name, text;
	struct strbuf path;

	strbuf_init(&path, LINK_BYTES_MAX);
	while (str_split_once(rest, '{', &before, &rest)) {
		strbuf_append(&path, before);
		str_split_once(rest, '}', &name, &rest);
		strbuf_append(&path,
			      value_to_text(call->arena,
					    value_of_property(call, representation, record, name)));
	}
	strbuf_append(&path, before);
	text = str_copy(call->arena, strbuf_str(&path));
	strbuf_free(&path);
	return text;
}

static void write_links(struct call *call, struct strbuf *out,
			const struct representation *representation, const struct record *record)
{
	for (size_t i = 0; i < representation->links_count; i++) {
		const struct link *link = &representation->links[i];
		struct str href = link_path(call, representation, record, link->path);

		if (!representation->links_are_paths)
			href = STR_CONCAT(call->arena, STR("https://"), call->host, href);
		strbuf_append_format(out, "%s{\"rel\":\"%s\",\"href\":", i > 0 ? "," : "",
				     link->rel);
		json_write_str(out, href);
		strbuf_append_char(out, '}');
	}
}

void representation_write_json(struct call *call, struct strbuf *out,
			       const struct representation *representation,
			       const struct record *record)
{
	struct str names = str_from(representation->json), name;
	bool any = false, linked = representation->links_count == 0;

	strbuf_append_char(out, '{');
	for (;;) {
		bool more = str_next_field(&names, ' ', &name);

		if ((!more || str_equal(name, STR("|"))) && !linked) {
			strbuf_append_format(out, "%s\"links\":[", any ? "," : "");
			write_links(call, out, representation, record);
			strbuf_append_char(out, ']');
			linked = any = true;
		}
		if (!more)
			break;
		if (name.size == 0 || str_equal(name, STR("|")) ||
		    !release_has_property(call->settings->release, &name))
			continue;

		if (str_equal(name, STR("*"))) {
			any = fields_write_json(call, out, record, !any) || any;
			continue;
		}

		bool keeps_null = representation->keeps_nulls || str_has_suffix(name, STR("!"));

		if (str_has_suffix(name, STR("!")))
			name = str_slice(name, 0, name.size - 1);

		struct value value = value_of_property(call, representation, record, name);

		if (value.kind == VALUE_ABSENT || (value.kind == VALUE_NULL && !keeps_null))
			continue;
		if (any)
			strbuf_append_char(out, ',');
		any = true;
		json_write_str(out, name);
		strbuf_append_char(out, ':');
		write_json_value(call, out, value);
	}
	strbuf_append_char(out, '}');
}

static void write_xml_value(struct call *call, struct strbuf *out,
			    const struct representation *representation, struct value value)
{
	char time[48];

	if (value.kind == VALUE_JSON)
		strbuf_append(out, value.text);
	else if (value.kind != VALUE_TIME)
		xml_text(out, value_to_text(call->arena, value));
	else if (representation->xml_times_as_sql)
		strbuf_append(out, time_zone_format_sql(time, call_time_zone(call), value.number));
	else
		strbuf_append(out, time_zone_format_iso(time, call_time_zone(call), value.number));
}

static void write_xml_opening(struct call *call, struct strbuf *out,
			      const struct representation *representation,
			      const struct record *record, struct str root)
{
	struct str names = str_from(representation->xml_attributes), name;

	strbuf_append_format(out, "<%.*s", STR_ARG(root));
	while (str_next_field(&names, ' ', &name)) {
		struct value value = value_of_property(call, representation, record, name);

		if (value.kind == VALUE_ABSENT)
			continue;
		strbuf_append_format(out, " %.*s=\"", STR_ARG(name));
		xml_escape(out, value_to_text(call->arena, value));
		strbuf_append_char(out, '"');
	}
	strbuf_append_char(out, '>');
}

void representation_write_xml(struct call *call, struct strbuf *out,
			      const struct representation *representation,
			      const struct record *record)
{
	struct str root = str_from(representation->xml_root != NULL ? representation->xml_root
								    : representation->root);
	struct str names = str_from(representation->xml), name;

	write_xml_opening(call, out, representation, record, root);
	while (str_next_field(&names, ' ', &name)) {
		bool is_element = str_has_prefix(name, STR("="));
		bool is_optional = str_has_prefix(name, STR("~"));
		struct value value;

		if (!release_has_property(call->settings->release, &name))
			continue;
		if (is_element || is_optional)
			name = str_skip(name, 1);
		value = value_of_property(call, representation, record, name);
		if (value.kind == VALUE_ABSENT ||
		    (value.kind == VALUE_NULL && (representation->xml_leaves_nulls || is_optional)))
			continue;
		if (is_element) {
			strbuf_append(out, value.text);
			continue;
		}
		if (value.kind == VALUE_NULL) {
			strbuf_append_format(out, "<%.*s/>", STR_ARG(name));
			continue;
		}
		xml_open(out, name);
		write_xml_value(call, out, representation, value);
		xml_close(out, name);
	}
	xml_close(out, root);
}

const struct representation *representation_for(struct call *call,
						const struct representation *representation,
						const struct record *record)
{
	const struct representation *other =
		representation->other != NULL ? representation->other(call, record) : NULL;

	return other != NULL ? other : representation;
}

void representation_write_items(struct call *call, struct strbuf *out,
				const struct representation *representation,
				const struct record_list *list, bool as_json)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct representation *own =
			representation_for(call, representation, list->items[i]);

		if (!as_json) {
			representation_write_xml(call, out, own, list->items[i]);
			continue;
		}
		strbuf_append_format(out, "%s{\"%s\":", i > 0 ? "," : "", own->root);
		representation_write_json(call, out, own, list->items[i]);
		strbuf_append_char(out, '}');
	}
}

static struct value taken_xml(struct call *call, struct strbuf *out)
{
	struct str text = str_copy(call->arena, strbuf_str(out));

	strbuf_free(out);
	return (struct value){.kind = VALUE_JSON, .text = text};
}

struct value representation_xml_element(struct call *call,
					const struct representation *representation,
					const struct record *record)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	representation_write_xml(call, &out, representation, record);
	return taken_xml(call, &out);
}

struct value representation_xml_elements(struct call *call,
					 const struct representation *representation,
					 const struct record_list *list)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	representation_write_items(call, &out, representation, list, false);
	return taken_xml(call, &out);
}
