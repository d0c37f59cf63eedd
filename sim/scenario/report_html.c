#include <inttypes.h>

#include "base/json.h"
#include "base/xml.h"
#include "sim/scenario/scenario.h"

static const char page_head[] =
	"<meta charset=\"utf-8\">\n"
	"<style>\n"
	"body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
	"1rem;color:#222;background:#fff}\n"
	"h2{text-transform:capitalize;border-bottom:1px solid #ccc;font-size:1.1rem}\n"
	"li{display:grid;grid-template-columns:7rem 1fr;gap:1rem;margin:.3rem 0}\n"
	"ol{list-style:none;padding:0}\n"
	"time{font-family:monospace;color:#666;text-align:right}\n"
	"li>div{min-width:0}\n"
	"code{display:block;font-size:.85em;overflow-wrap:anywhere;color:#246}\n"
	".bad{color:#a00}.shows{color:#555;display:block}\n"
	"@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}"
	".shows,time{color:#999}code{color:#8bd}.bad{color:#f66}}\n"
	"</style>\n";

static void write_step(struct strbuf *out, const struct scenario_step *step)
{
	strbuf_append_format(out, "<li%s><time>%" PRId64 ".%03d s</time><div>",
			     step->passed ? "" : " class=\"bad\"", step->began_us / 1000000,
			     (int)(step->began_us / 1000 % 1000));
	xml_text(out, step->text);
	if (step->seen.size > 0) {
		strbuf_append(out, STR("<code>"));
		xml_text(out, step->seen);
		strbuf_append(out, STR("</code>"));
	}
	if (step->shows.size > 0) {
		strbuf_append(out, STR("<span class=\"shows\">&rarr; "));
		xml_text(out, step->shows);
		strbuf_append(out, STR("</span>"));
	}
	if (step->problem.size > 0) {
		strbuf_append(out, STR("<span class=\"bad\"><br>"));
		xml_text(out, step->problem);
		strbuf_append(out, STR("</span>"));
	}
	strbuf_append(out, STR("</div></li>\n"));
}

void scenario_write_html(struct strbuf *out, const struct scenario *scenario,
			 const struct scenario_result *result)
{
	struct str section = {0};

	strbuf_append(out, STR("<!doctype html>\n<html lang=\"en\">\n"));
	strbuf_append(out, str_from(page_head));
	strbuf_append(out, STR("<title>"));
	xml_text(out, scenario->id);
	strbuf_append(out, STR("</title>\n"));
	strbuf_append(out, STR("<h1>"));
	xml_text(out, scenario->id);
	strbuf_append(out, STR(": "));
	xml_text(out, scenario->title);
	strbuf_append_format(
		out, "</h1>\n<p>%s, %" PRId64 " virtual seconds, trace %016" PRIx64 "</p>\n<p>",
		result->passed ? "passed" : "<b class=\"bad\">failed</b>",
		result->virtual_us / 1000000, result->trace_hash);
	xml_text(out, json_get_str(scenario->document, STR("story")));
	strbuf_append(out, STR("</p>\n"));
	for (size_t i = 0; i < result->steps.count; i++) {
		const struct scenario_step *step = &result->steps.items[i];

		if (!str_equal(step->section, section)) {
			if (section.size > 0)
				strbuf_append(out, STR("</ol>\n"));
			section = step->section;
			strbuf_append_format(out, "<h2>%.*s</h2>\n<ol>\n", STR_ARG(section));
		}
		write_step(out, step);
	}
	strbuf_append(out, section.size > 0 ? STR("</ol>\n</html>\n") : STR("</html>\n"));
}
