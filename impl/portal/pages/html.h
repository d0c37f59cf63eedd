/* HTML text, and the only place that escapes it: a template is written with the next value escaped
 * for each {}, or as it stands (markup of ours) for each {!}. Templates are literals; a template
 * that takes another number of values than it is given is a mistake of ours (BUG_IF).
 */
#ifndef PORTAL_PAGES_HTML_H
#define PORTAL_PAGES_HTML_H

#include <stddef.h>

#include "base/str.h"

void html_write(struct strbuf *out, const char *template, const struct str *values, size_t count);
#define HTML(out, template, ...)                                                                   \
	html_write((out), (template), (const struct str[]){__VA_ARGS__},                           \
		   sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

#endif
