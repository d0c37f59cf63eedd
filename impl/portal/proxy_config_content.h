/* The document a gateway reads: a service with its proxy, chain of policies and mapping rules, as
 * JSON text with the keys and the order of spec/portal.md 4.1. */
#ifndef PORTAL_PROXY_CONFIG_CONTENT_H
#define PORTAL_PROXY_CONFIG_CONTENT_H

#include "base/str.h"

struct call;
struct record;

struct str proxy_config_content(struct call *call, struct record *proxy);
/* "|a|b|" of the proxy's hosts; a NULL data pointer when there is none. */
struct str proxy_config_hosts(struct call *call, const struct record *proxy);

#endif
