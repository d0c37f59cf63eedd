#include "portal/pages/html.h"

#include "base/bug.h"
#include "base/xml.h"

void html_write(struct strbuf *out, const char *template, const struct str *values, size_t count)
{
	static const struct str escaped = STR_INIT("{}"), raw = STR_INIT("{!}");
	struct str rest = str_from(template);
	size_t used = 0, brace;

	while ((brace = str_find_char(rest, '{')) != STR_NOT_FOUND) {
		strbuf_append(out, str_slice(rest, 0, brace));
		rest = str_skip(rest, brace);
		if (str_has_prefix(rest, escaped)) {
			BUG_IF(used == count);
			xml_escape(out, values[used++]);
			rest = str_skip(rest, escaped.size);
		} else if (str_has_prefix(rest, raw)) {
			BUG_IF(used == count);
			strbuf_append(out, values[used++]);
			rest = str_skip(rest, raw.size);
		} else {
			strbuf_append_char(out, '{');
			rest = str_skip(rest, 1);
		}
	}
	strbuf_append(out, rest);
	BUG_IF(used != count);
}
