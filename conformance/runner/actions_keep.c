/* What a call says to keep of its answer, for the calls that come after. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"
#include "conformance/runner/run_internal.h"
#include "conformance/runner/xml_path.h"

#define TEXT_BYTES_MAX (1024 * 1024)

/* "Location: /x\n...\n\nBODY" */
static struct str text_of(struct case_run *run, const struct record *record)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, TEXT_BYTES_MAX);
	for (size_t i = 0; i < record->answer_fields.count; i++)
		strbuf_append_format(&out, "%.*s: %.*s\n",
				     STR_ARG(record->answer_fields.items[i].name),
				     STR_ARG(record->answer_fields.items[i].value));
	strbuf_append_char(&out, '\n');
	strbuf_append(&out, record->answer_body);
	text = str_copy(run->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

/* What the group of a pattern matches in the fields and the body. */
static const struct json *keep_pattern(struct case_run *run, const struct json *kept,
				       const struct record *record)
{
	struct pattern *pattern = pattern_create_in(run->arena, kept->text, 0, NULL);
	struct str groups[2];

	if (pattern == NULL || pattern_find(pattern, text_of(run, record), 0, groups, 2) < 2)
		return NULL;
	return json_new_str(run->arena, groups[1]);
}

static const struct json *keep_json(struct case_run *run, struct str path,
				    const struct record *record)
{
	const struct json *whole =
		json_parse(run->arena, record->answer_body, LIMIT_CONFIG_BYTES, NULL);

	return json_path(whole, str_cstr(run->arena, path));
}

static const struct json *keep_xml(struct case_run *run, struct str path,
				   const struct record *record)
{
	struct str value;
	bool is_present = false;

	return xml_path_get(run->arena, record->answer_body, path, &is_present, &value, NULL) &&
			       is_present
		       ? json_new_str(run->arena, value)
		       : NULL;
}

static const struct json *keep_field(struct case_run *run, struct str name,
				     const struct record *record)
{
	if (!http_fields_has(&record->answer_fields, name))
		return NULL;
	return json_new_str(run->arena, http_fields_get(&record->answer_fields, name));
}

static const struct {
	struct str word;
	const struct json *(*keep)(struct case_run *run, struct str place,
				   const struct record *record);
} ways[] = {
	{STR_INIT("json"), keep_json},
	{STR_INIT("xml"), keep_xml},
	{STR_INIT("field"), keep_field},
};

/* NULL: there is no such thing. */
static const struct json *value_of(struct case_run *run, const struct json *kept,
				   const struct record *record)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const struct json *place = json_get(kept, ways[i].word);

		if (place != NULL)
			return ways[i].keep(run, json_scalar_text(place), record);
	}
	return keep_pattern(run, kept, record);
}

bool case_run_keep(struct case_run *run, const struct record *record)
{
	const struct json *keep = json_get(run->action, STR("keep"));

	if (run->has_kept)
		keep = placeholders_expand_json(&run->scene.placeholders, run->arena, keep);
	JSON_EACH (kept, keep) {
		const struct json *value = value_of(run, kept, record);

		if (value == NULL) {
			case_run_fail(run, STR_CONCAT(run->result_arena, STR("nothing to keep as "),
						      kept->key));
			return false;
		}
		placeholders_set_json(&run->scene.placeholders,
				      STR_CONCAT(run->arena, STR("kept."), kept->key), value);
		run->has_kept = true;
	}
	return true;
}
