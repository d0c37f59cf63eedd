#include "portal/pages/integration_rules.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/pages/html.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

#define FIELD "proxy[proxy_rules_attributes]["

static const struct str verbs[] = {
	STR_INIT("GET"),   STR_INIT("POST"), STR_INIT("DELETE"),  STR_INIT("PUT"),
	STR_INIT("PATCH"), STR_INIT("HEAD"), STR_INIT("OPTIONS"),
};

struct table_writer {
	struct visit *visit;
	struct record_list metrics;
	int64_t rows;
};

static struct str selected(bool yes)
{
	return yes ? STR(" selected") : STR("");
}

static void write_verbs(struct table_writer *writer, struct str n, const struct record *rule)
{
	struct strbuf *out = &writer->visit->content;

	HTML(out, "<tr><td><select name=\"" FIELD "{}][http_method]\">", n);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		HTML(out, "<option{!}>{}</option>",
		     selected(str_equal(verbs[i], record_text(rule, "http_method"))), verbs[i]);
	strbuf_append(out, STR("</select>"));
}

static void write_metrics(struct table_writer *writer, struct str n, const struct record *rule)
{
	struct strbuf *out = &writer->visit->content;

	HTML(out, "<td><select name=\"" FIELD "{}][metric_id]\">", n);
	for (size_t i = 0; i < writer->metrics.count; i++) {
		struct record *metric = writer->metrics.items[i];

		HTML(out, "<option value=\"{}\"{!}>{}</option>",
		     value_to_text(writer->visit->call->arena, record_get(metric, "id")),
		     selected(record_id(metric) == record_int(rule, "metric_id")),
		     record_text(metric, "system_name"));
	}
	strbuf_append(out, STR("</select>"));
}

/* n: the row's number, or a mark that the script replaces. */
static void write_row(struct table_writer *writer, struct str n, const struct record *rule)
{
	struct strbuf *out = &writer->visit->content;
	struct arena *arena = writer->visit->call->arena;

	write_verbs(writer, n, rule);
	if (!record_is_new(rule))
		HTML(out, "<input type=\"hidden\" name=\"" FIELD "{}][id]\" value=\"{}\">", n,
		     value_to_text(arena, record_get(rule, "id")));
	HTML(out,
	     "<td><input name=\"" FIELD "{}][pattern]\" value=\"{}\"><td><input size=\"3\" "
	     "name=\"" FIELD "{}][delta]\" value=\"{}\">",
	     n, record_text(rule, "pattern"), n, value_to_text(arena, record_get(rule, "delta")));
	write_metrics(writer, n, rule);
	HTML(out,
	     "<td><input type=\"hidden\" name=\"" FIELD "{}][last]\" value=\"0\"><input "
	     "type=\"checkbox\" name=\"" FIELD "{}][last]\" value=\"1\"{!}>"
	     "<td><input size=\"3\" name=\"" FIELD "{}][position]\" value=\"{}\">"
	     "<td><label><input type=\"checkbox\" name=\"" FIELD
	     "{}][_destroy]\" value=\"1\"> delete</label></tr>\n",
	     n, n, record_bool(rule, "last") ? STR(" checked") : STR(""), n,
	     value_to_text(arena, record_get(rule, "position")), n);
}

static void write_numbered(struct table_writer *writer, const struct record *rule)
{
	write_row(writer, str_format(writer->visit->call->arena, "%" PRId64, writer->rows++), rule);
}

/* Stored ones with what was sent for them. */
static void write_stored(struct table_writer *writer, const struct record *proxy,
			 const struct json *sent)
{
	struct record_list rules = record_all(writer->visit->call->database, &proxy_rules_table,
					      "proxy_id = ?1 ORDER BY position, id",
					      DATABASE_ARGUMENTS(value_int(record_id(proxy))));

	for (size_t i = 0; i < rules.count; i++) {
		JSON_EACH (row, sent) {
			if (json_int(json_get(row, STR("id")), 0) == record_id(rules.items[i]))
				resource_assign(rules.items[i], mapping_rule_resource.attributes,
						row);
		}
		write_numbered(writer, rules.items[i]);
	}
}

static void write_new(struct table_writer *writer, const struct json *sent)
{
	JSON_EACH (row, sent) {
		struct record *rule = call_new_record(writer->visit->call, &proxy_rules_table);

		if (json_int(json_get(row, STR("id")), 0) != 0)
			continue;
		resource_assign(rule, mapping_rule_resource.attributes, row);
		write_numbered(writer, rule);
	}
}

/* A row more for each press, numbered on. */
static void write_adder(struct table_writer *writer)
{
	struct call *call = writer->visit->call;

	strbuf_append(&writer->visit->content,
		      STR("</table>\n<template id=\"new-mapping-rule\"><table>"));
	write_row(writer, STR("NUMBER"), call_new_record(call, &proxy_rules_table));
	HTML(&writer->visit->content,
	     "</table></template>\n<button type=\"button\" id=\"add-mapping-rule\" "
	     "data-next=\"{}\">Add Mapping Rule</button>\n<script>\n{!}</script>\n",
	     str_format(call->arena, "%" PRId64, writer->rows),
	     STR("document.getElementById('add-mapping-rule').onclick = function () {\n"
		 "\tvar row = document.getElementById('new-mapping-rule').content"
		 ".querySelector('tr').cloneNode(true);\n"
		 "\trow.innerHTML = row.innerHTML.replace(/NUMBER/g, this.dataset.next++);\n"
		 "\tdocument.querySelector('#mapping-rules tbody').appendChild(row);\n"
		 "};\n"));
}

void integration_write_rules(struct visit *visit, const struct record *proxy,
			     const struct json *sent)
{
	struct table_writer writer = {.visit = visit};

	writer.metrics = record_all(visit->call->database, &metrics_table,
				    "service_id = ?1 ORDER BY parent_id, id",
				    DATABASE_ARGUMENTS(record_get(proxy, "service_id")));
	strbuf_append(&visit->content,
		      STR("<h2>Mapping rules</h2>\n<table id=\"mapping-rules\"><tr><th>Verb"
			  "<th>Pattern<th>+<th>Metric or Method<th>Last?<th>Position<th></tr>\n"));
	write_stored(&writer, proxy, sent);
	write_new(&writer, sent);
	write_adder(&writer);
}
