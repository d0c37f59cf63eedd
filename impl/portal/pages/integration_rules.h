/* The table of mapping rules in the form of the integration page (spec/portal.md 7.6). */
#ifndef PORTAL_PAGES_INTEGRATION_RULES_H
#define PORTAL_PAGES_INTEGRATION_RULES_H

struct json;
struct record;
struct visit;

/* `sent`: proxy_rules_attributes of a form that was refused, whose values are shown over what is
 * stored; NULL = none. */
void integration_write_rules(struct visit *visit, const struct record *proxy,
			     const struct json *sent);

#endif
