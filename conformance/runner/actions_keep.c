/* What a call says to keep of its answer, for the calls that come after. */
#include "base/arena.h"
#include "base/json.h"
#include "base/pattern.h"
#include "conformance/runner/run_internal.h"

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

bool case_run_keep(struct case_run *run, const struct record *record)
{
	struct str text = STR("");

	JSON_EACH (kept, json_get(run->action, STR("keep"))) {
		struct pattern *pattern = pattern_create_in(run->arena, kept->text, 0, NULL);
		struct str groups[2];

		if (text.size == 0)
			text = text_of(run, record);
		if (pattern == NULL || pattern_find(pattern, text, 0, groups, 2) < 2) {
			case_run_fail(run, STR_CONCAT(run->result_arena, STR("nothing to keep as "),
						      kept->key));
			return false;
		}
		placeholders_set(&run->scene.placeholders,
				 STR_CONCAT(run->arena, STR("kept."), kept->key), groups[1]);
		run->has_kept = true;
	}
	return true;
}
